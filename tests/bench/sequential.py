"""A plain reader of the same estate, as one writes it first: one call after another, one read an item.

usage: sequential.py ENDPOINT

It reads what the default audit reads of instances, volumes, buckets, tables, databases, groups, keys and networks, and
judges nothing. It is what the benchmark stands beside.
"""

import sys

import boto3
from botocore.exceptions import ClientError

REGIONS = ["us-west-2", "us-east-1", "eu-west-1"]
OF_A_BUCKET = [
    "get_bucket_location",
    "get_bucket_versioning",
    "get_bucket_encryption",
    "get_public_access_block",
    "get_bucket_replication",
    "get_bucket_logging",
    "get_bucket_policy",
    "get_bucket_policy_status",
    "get_bucket_acl",
    "get_object_lock_configuration",
]


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2

    def client(service: str, region: str):
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=sys.argv[1],
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    read = 0

    def ask(call, **arguments):
        nonlocal read
        try:
            answer = call(**arguments)
        except ClientError:
            return {}
        read += 1
        return answer

    s3 = client("s3", REGIONS[0])
    for bucket in ask(s3.list_buckets).get("Buckets", []):
        home = client("s3", bucket.get("BucketRegion", REGIONS[0]))
        for name in OF_A_BUCKET:
            ask(getattr(home, name), Bucket=bucket["Name"])
    for region in REGIONS:
        ec2 = client("ec2", region)
        for page in ec2.get_paginator("describe_instances").paginate():
            for reservation in page["Reservations"]:
                for instance in reservation["Instances"]:
                    ask(ec2.describe_instances, InstanceIds=[instance["InstanceId"]])
        for volume in ec2.describe_volumes()["Volumes"]:
            ask(ec2.describe_volumes, VolumeIds=[volume["VolumeId"]])
        for group in ec2.describe_security_groups()["SecurityGroups"]:
            ask(ec2.describe_security_groups, GroupIds=[group["GroupId"]])
        for network in ec2.describe_vpcs()["Vpcs"]:
            for attribute in ("enableDnsSupport", "enableDnsHostnames"):
                ask(ec2.describe_vpc_attribute, VpcId=network["VpcId"], Attribute=attribute)
        ask(ec2.describe_subnets)
        dynamodb = client("dynamodb", region)
        for page in dynamodb.get_paginator("list_tables").paginate():
            for table in page["TableNames"]:
                ask(dynamodb.describe_table, TableName=table)
                ask(dynamodb.describe_continuous_backups, TableName=table)
        rds = client("rds", region)
        for database in rds.describe_db_instances()["DBInstances"]:
            ask(rds.describe_db_instances, DBInstanceIdentifier=database["DBInstanceIdentifier"])
        kms = client("kms", region)
        for page in kms.get_paginator("list_keys").paginate():
            for key in page["Keys"]:
                ask(kms.describe_key, KeyId=key["KeyId"])
                ask(kms.get_key_rotation_status, KeyId=key["KeyId"])
                ask(kms.get_key_policy, KeyId=key["KeyId"], PolicyName="default")
    print(f"{read} reads answered", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
