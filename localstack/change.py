"""Change twenty things behind the back of an estate that Terraform applied.

usage: change.py ENDPOINT SHOW

SHOW is the output of `terraform show -json`; it is read for ids alone. Prints what was done, as JSON. The recorded estate
needs none of this: its changes are recorded too.
"""

import json
import sys
import time
from collections.abc import Callable

import boto3

WORLD = "0.0.0.0/0"
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


class Estate:
    """The applied estate: its clients, and the ids of its resources by address."""

    def __init__(self, endpoint: str, show: dict) -> None:
        self.endpoint = endpoint
        self.values: dict[str, dict] = {}
        self.gather(show["values"]["root_module"])

    def gather(self, module: dict) -> None:
        self.values |= {resource["address"]: resource["values"] for resource in module.get("resources", [])}
        for child in module.get("child_modules", []):
            self.gather(child)

    def id(self, address: str) -> str:
        return self.values[address]["id"]

    def client(self, service: str, region: str = "us-west-2"):
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.endpoint,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )


def resize_instance(estate: Estate) -> None:
    ec2, instance = estate.client("ec2"), estate.id("module.web_usw2.aws_instance.worker[0]")
    ec2.stop_instances(InstanceIds=[instance])
    time.sleep(1)
    ec2.modify_instance_attribute(InstanceId=instance, InstanceType={"Value": "t3.2xlarge"})
    ec2.start_instances(InstanceIds=[instance])


def open_port(estate: Estate, address: str, port: int) -> None:
    rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": WORLD}]}
    estate.client("ec2").authorize_security_group_ingress(GroupId=estate.id(address), IpPermissions=[rule])


def retag_instance(estate: Estate) -> None:
    estate.client("ec2").create_tags(
        Resources=[estate.id("module.web_usw2.aws_instance.worker[1]")],
        Tags=[{"Key": "Role", "Value": "bastion"}, {"Key": "Backup", "Value": "never"}],
    )


def start_instance(estate: Estate) -> None:
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "hand-made"}]}]
    estate.client("ec2", "eu-west-1").run_instances(
        ImageId="ami-12c6146b", MinCount=1, MaxCount=1, InstanceType="m5.4xlarge", TagSpecifications=tags
    )


def start_database(estate: Estate) -> None:
    estate.client("rds", "us-east-1").create_db_instance(
        DBInstanceIdentifier="shadow-db",
        DBInstanceClass="db.t3.micro",
        Engine="mysql",
        MasterUsername="u",
        MasterUserPassword="passw0rd!",
        AllocatedStorage=20,
        PubliclyAccessible=True,
    )


# Name, address (none for what Terraform does not know), class, and how it is done.
CHANGES: list[tuple[str, str | None, str, Callable[[Estate], object]]] = [
    (
        "pitr-off",
        'aws_dynamodb_table.t["sessions"]',
        "changed",
        lambda e: e.client("dynamodb").update_continuous_backups(
            TableName="acme-sessions",
            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False},
        ),
    ),
    ("instance-type", "module.web_usw2.aws_instance.worker[0]", "changed", resize_instance),
    (
        "sg-open-world",
        "module.net_usw2.aws_security_group.db",
        "changed",
        lambda e: open_port(e, "module.net_usw2.aws_security_group.db", 22),
    ),
    (
        "sg-inline-open-world",
        "module.net_usw2.aws_security_group.alb",
        "changed",
        lambda e: open_port(e, "module.net_usw2.aws_security_group.alb", 3389),
    ),
    (
        "volume-deleted",
        'module.web_usw2.aws_ebs_volume.data["us-west-2b"]',
        "deleted",
        lambda e: e.client("ec2").delete_volume(VolumeId=e.id('module.web_usw2.aws_ebs_volume.data["us-west-2b"]')),
    ),
    (
        "unmanaged-bucket",
        None,
        "unmanaged",
        lambda e: e.client("s3").create_bucket(
            Bucket="acme-shadow-exports", CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
        ),
    ),
    ("unmanaged-instance", None, "unmanaged", start_instance),
    ("unmanaged-rds", None, "unmanaged", start_database),
    ("tag-changed", "module.web_usw2.aws_instance.worker[1]", "changed", retag_instance),
    (
        "default-tag-removed",
        "module.net_euw1.aws_vpc.this",
        "changed",
        lambda e: e.client("ec2", "eu-west-1").delete_tags(
            Resources=[e.id("module.net_euw1.aws_vpc.this")], Tags=[{"Key": "ManagedBy"}]
        ),
    ),
    (
        "rds-multi-az-off",
        "aws_db_instance.orders",
        "changed",
        lambda e: e.client("rds").modify_db_instance(
            DBInstanceIdentifier="acme-orders", MultiAZ=False, BackupRetentionPeriod=1, ApplyImmediately=True
        ),
    ),
    (
        "s3-versioning-suspended",
        "aws_s3_bucket.assets",
        "changed",
        lambda e: e.client("s3").put_bucket_versioning(
            Bucket="acme-prod-assets", VersioningConfiguration={"Status": "Suspended"}
        ),
    ),
    (
        "s3-pab-removed",
        "aws_s3_bucket_public_access_block.assets",
        "deleted",
        lambda e: e.client("s3").delete_public_access_block(Bucket="acme-prod-assets"),
    ),
    (
        "s3-encryption-removed",
        "aws_s3_bucket.dr",
        "changed",
        lambda e: e.client("s3", "eu-west-1").delete_bucket_encryption(Bucket="acme-prod-assets-dr"),
    ),
    (
        "kms-rotation-off",
        "module.kms_euw1.aws_kms_key.this",
        "changed",
        lambda e: e.client("kms", "eu-west-1").disable_key_rotation(KeyId=e.id("module.kms_euw1.aws_kms_key.this")),
    ),
    (
        "alarm-deleted",
        "aws_cloudwatch_metric_alarm.rds",
        "deleted",
        lambda e: e.client("cloudwatch").delete_alarms(AlarmNames=["acme-orders-cpu"]),
    ),
    (
        "asg-capacity",
        "module.web_use1.aws_autoscaling_group.this",
        "changed",
        lambda e: e.client("autoscaling", "us-east-1").update_auto_scaling_group(
            AutoScalingGroupName="acme-use1-asg", MinSize=1, DesiredCapacity=1
        ),
    ),
    (
        "log-retention",
        "aws_cloudwatch_log_group.app",
        "changed",
        lambda e: e.client("logs").put_retention_policy(logGroupName="/acme/app", retentionInDays=3),
    ),
    (
        "ebs-default-enc-off",
        "aws_ebs_encryption_by_default.euw1",
        "changed",
        lambda e: e.client("ec2", "eu-west-1").disable_ebs_encryption_by_default(),
    ),
    (
        "iam-policy-attached",
        'aws_iam_role.app["web"]',
        "changed",
        lambda e: e.client("iam").put_role_policy(
            RoleName="acme-web", PolicyName="hotfix", PolicyDocument=json.dumps(EVERYTHING)
        ),
    ),
]


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    with open(sys.argv[2], encoding="utf-8") as file:
        estate = Estate(sys.argv[1], json.load(file))
    done = []
    for name, address, kind, change in CHANGES:
        entry = {"name": name, "address": address, "kind": kind, "ok": True}
        try:
            change(estate)
        except Exception as error:  # an emulator may lack one of them; the others are worth having
            entry |= {"ok": False, "error": f"{type(error).__name__}: {error}"[:300]}
        done.append(entry)
    json.dump(done, sys.stdout, indent=1)
    print()
    return 0 if all(entry["ok"] for entry in done) else 1


if __name__ == "__main__":
    sys.exit(main())
