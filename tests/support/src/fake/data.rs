//! The answers of DynamoDB, RDS and KMS.

use serde_json::json;

use super::Reply::{Empty, Fixed, Make, Missing};
use super::ec2::key_arn;
use super::estate::{ACCOUNT, Estate, Kind, Thing};
use super::wire::{list, maybe, tag};
use super::{Ask, Body, Refused, Row, Sizes};

/// 15 January 2026.
const MADE: f64 = 1_768_464_000.0;

pub(super) const ROWS: &[Row] = &[
    Row("dynamodb", "ListTables", Make(tables)),
    Row("dynamodb", "DescribeTable", Make(table)),
    Row("dynamodb", "DescribeContinuousBackups", Make(continuous_backups)),
    Row(
        "dynamodb",
        "DescribeTimeToLive",
        Fixed(r#"{"TimeToLiveDescription":{"TimeToLiveStatus":"DISABLED"}}"#),
    ),
    Row(
        "dynamodb",
        "ListTagsOfResource",
        Fixed(r#"{"Tags":[{"Key":"Environment","Value":"prod"},{"Key":"ManagedBy","Value":"terraform"}]}"#),
    ),
    Row("dynamodb", "DescribeContributorInsights", Fixed(r#"{"ContributorInsightsStatus":"DISABLED"}"#)),
    Row("dynamodb", "DescribeKinesisStreamingDestination", Empty(&["KinesisDataStreamDestinations"])),
    Row("dynamodb", "GetResourcePolicy", Missing(400, "PolicyNotFoundException")),
    Row("dynamodb", "ListBackups", Empty(&["BackupSummaries"])),
    Row("dynamodb", "ListGlobalTables", Empty(&["GlobalTables"])),
    Row("rds", "DescribeDBInstances", Make(databases)),
    Row("rds", "DescribeDBClusters", Empty(&["DBClusters"])),
    Row("rds", "DescribeGlobalClusters", Empty(&["GlobalClusters"])),
    Row("rds", "DescribeDBSnapshots", Empty(&["DBSnapshots"])),
    Row("rds", "DescribeDBClusterSnapshots", Empty(&["DBClusterSnapshots"])),
    Row("rds", "DescribeDBSubnetGroups", Empty(&["DBSubnetGroups"])),
    Row("rds", "DescribeDBParameterGroups", Empty(&["DBParameterGroups"])),
    Row("rds", "DescribeDBClusterParameterGroups", Empty(&["DBClusterParameterGroups"])),
    Row("rds", "DescribeDBParameters", Empty(&["Parameters"])),
    Row("rds", "DescribeDBClusterParameters", Empty(&["Parameters"])),
    Row("rds", "DescribeOptionGroups", Empty(&["OptionGroupsList"])),
    Row("rds", "DescribeEventSubscriptions", Empty(&["EventSubscriptionsList"])),
    Row("rds", "DescribeDBProxies", Empty(&["DBProxies"])),
    Row("rds", "DescribeDBInstanceAutomatedBackups", Empty(&["DBInstanceAutomatedBackups"])),
    Row("rds", "DescribeDBClusterAutomatedBackups", Empty(&["DBClusterAutomatedBackups"])),
    Row("rds", "ListTagsForResource", Empty(&["TagList"])),
    Row("kms", "ListKeys", Make(keys)),
    Row("kms", "ListAliases", Make(aliases)),
    Row("kms", "DescribeKey", Make(key)),
    Row("kms", "GetKeyRotationStatus", Make(rotation)),
    Row("kms", "GetKeyPolicy", Make(key_policy)),
    Row(
        "kms",
        "ListResourceTags",
        Fixed(r#"{"Tags":[{"TagKey":"Environment","TagValue":"prod"}],"Truncated":false}"#),
    ),
    Row("kms", "ListKeyPolicies", Fixed(r#"{"PolicyNames":["default"],"Truncated":false}"#)),
    Row("kms", "ListGrants", Fixed(r#"{"Grants":[],"Truncated":false}"#)),
    Row("kms", "ListKeyRotations", Fixed(r#"{"Rotations":[],"Truncated":false}"#)),
];

fn table_name(table: Thing) -> String {
    format!("acme-table-{:05}", table.number)
}

/// DynamoDB's token is the last name of the page before.
fn tables(estate: &Estate, ask: &Ask) -> Body {
    let mut names: Vec<String> = estate.of(Kind::Table, ask.region()).into_iter().map(table_name).collect();
    if let Some(last) = ask.text("ExclusiveStartTableName") {
        names.retain(|name| *name > last);
    }
    let sizes = Sizes { limit: "Limit", token: "", default: 100, most: 100 };
    let (page, next) = ask.page(&names, sizes)?;
    let mut body = json!({ "TableNames": page });
    if next.is_some() {
        body["LastEvaluatedTableName"] = json!(page.last());
    }
    Ok(body.to_string())
}

fn asked_table(estate: &Estate, ask: &Ask) -> Result<Thing, Refused> {
    let wanted = ask.text("TableName").unwrap_or_default();
    // A table is named by its name or its ARN.
    let wanted = wanted.rsplit('/').next().unwrap_or_default();
    let found = estate.of(Kind::Table, ask.region()).into_iter().find(|table| table_name(*table) == wanted);
    found.ok_or(Refused::Error(400, "ResourceNotFoundException"))
}

fn table(estate: &Estate, ask: &Ask) -> Body {
    let table = asked_table(estate, ask)?;
    let name = table_name(table);
    let mut body = json!({
        "TableName": name,
        "TableStatus": "ACTIVE",
        "TableArn": format!("arn:aws:dynamodb:{}:{ACCOUNT}:table/{name}", table.region()),
        "TableId": table.uuid(),
        "CreationDateTime": MADE,
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
        "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 0, "WriteCapacityUnits": 0},
        "TableSizeBytes": 0,
        "ItemCount": 0,
        "DeletionProtectionEnabled": table.good,
    });
    if table.good {
        let key = key_arn(table.partner(estate.per_region(Kind::Key)));
        body["SSEDescription"] = json!({"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": key});
    }
    Ok(json!({ "Table": body }).to_string())
}

fn continuous_backups(estate: &Estate, ask: &Ask) -> Body {
    let table = asked_table(estate, ask)?;
    let recovery = if table.good {
        json!({"PointInTimeRecoveryStatus": "ENABLED", "RecoveryPeriodInDays": 35,
            "EarliestRestorableDateTime": MADE, "LatestRestorableDateTime": MADE})
    } else {
        json!({"PointInTimeRecoveryStatus": "DISABLED"})
    };
    let description =
        json!({"ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": recovery});
    Ok(json!({ "ContinuousBackupsDescription": description }).to_string())
}

fn databases(estate: &Estate, ask: &Ask) -> Body {
    let mut all = estate.of(Kind::Database, ask.region());
    let name = |thing: &Thing| format!("acme-db-{:05}", thing.number);
    if let Some(wanted) = ask.text("DBInstanceIdentifier") {
        all.retain(|thing| name(thing) == wanted);
        if all.is_empty() {
            return Err(Refused::Error(404, "DBInstanceNotFound"));
        }
    }
    let sizes = Sizes { limit: "MaxRecords", token: "Marker", default: 100, most: 100 };
    let (page, next) = ask.page(&all, sizes)?;
    let one = |thing: &Thing| {
        let key = tag("KmsKeyId", key_arn(thing.partner(estate.per_region(Kind::Key))));
        tag("DBInstanceIdentifier", name(thing))
            + &tag("DBInstanceArn", format!("arn:aws:rds:{}:{ACCOUNT}:db:{}", thing.region(), name(thing)))
            + &tag("DbiResourceId", format!("db-{:026}", thing.number))
            + "<DBInstanceClass>db.r5.large</DBInstanceClass><Engine>postgres</Engine>"
            + "<EngineVersion>15.4</EngineVersion><DBInstanceStatus>available</DBInstanceStatus>"
            + "<MasterUsername>app</MasterUsername><AllocatedStorage>100</AllocatedStorage>"
            + "<StorageType>gp3</StorageType><InstanceCreateTime>2026-01-15T08:00:00.000Z</InstanceCreateTime>"
            + "<PreferredBackupWindow>03:00-04:00</PreferredBackupWindow>"
            + &tag("BackupRetentionPeriod", if thing.good { "14" } else { "0" })
            + "<DBSecurityGroups/><VpcSecurityGroups/><DBParameterGroups/>"
            + &tag("AvailabilityZone", thing.zone())
            + "<PreferredMaintenanceWindow>sun:05:00-sun:06:00</PreferredMaintenanceWindow><PendingModifiedValues/>"
            + &tag("MultiAZ", thing.good.to_string())
            + "<AutoMinorVersionUpgrade>true</AutoMinorVersionUpgrade>"
            + "<ReadReplicaDBInstanceIdentifiers/><LicenseModel>postgresql-license</LicenseModel>"
            + &tag("PubliclyAccessible", (!thing.good).to_string())
            + &tag("StorageEncrypted", thing.good.to_string())
            + if thing.good { &key } else { "" }
            + "<CACertificateIdentifier>rds-ca-rsa2048-g1</CACertificateIdentifier>"
            + &tag("CopyTagsToSnapshot", thing.good.to_string())
            + "<MonitoringInterval>0</MonitoringInterval>"
            + "<IAMDatabaseAuthenticationEnabled>false</IAMDatabaseAuthenticationEnabled>"
            + "<PerformanceInsightsEnabled>false</PerformanceInsightsEnabled>"
            + &tag("DeletionProtection", thing.good.to_string())
            + "<TagList><Tag><Key>Environment</Key><Value>prod</Value></Tag></TagList>"
    };
    Ok(list("DBInstances", "DBInstance", page, one) + &maybe("Marker", &next))
}

/// A key of the estate, or the one of each region that AWS manages.
struct Key {
    id: String,
    arn: String,
    alias: String,
    rotates: bool,
    manager: &'static str,
}

/// The keys of a region. What AWS manages is not among the resources of the estate.
fn all_keys(estate: &Estate, region: &str) -> Vec<Key> {
    let own = |key: Thing| Key {
        id: key.uuid(),
        arn: key_arn(key),
        alias: format!("alias/acme-{}", key.number),
        rotates: key.good,
        manager: "CUSTOMER",
    };
    let mut keys: Vec<Key> = estate.of(Kind::Key, region).into_iter().map(own).collect();
    let id = "00000000-0000-4000-9000-000000000001";
    keys.push(Key {
        id: id.to_owned(),
        arn: format!("arn:aws:kms:{region}:{ACCOUNT}:key/{id}"),
        alias: "alias/aws/ebs".to_owned(),
        rotates: true,
        manager: "AWS",
    });
    keys
}

fn keys(estate: &Estate, ask: &Ask) -> Body {
    let all = all_keys(estate, ask.region());
    let sizes = Sizes { limit: "Limit", token: "Marker", default: 100, most: 1000 };
    let (page, next) = ask.page(&all, sizes)?;
    let keys: Vec<_> = page.iter().map(|key| json!({"KeyId": key.id, "KeyArn": key.arn})).collect();
    Ok(truncated(json!({ "Keys": keys }), next))
}

/// KMS says whether there is more, and where.
fn truncated(mut body: serde_json::Value, next: Option<String>) -> String {
    body["Truncated"] = json!(next.is_some());
    if let Some(next) = next {
        body["NextMarker"] = json!(next);
    }
    body.to_string()
}

fn aliases(estate: &Estate, ask: &Ask) -> Body {
    let mut all = all_keys(estate, ask.region());
    if let Some(wanted) = ask.text("KeyId") {
        all.retain(|key| key.id == wanted || key.arn == wanted);
    }
    let sizes = Sizes { limit: "Limit", token: "Marker", default: 50, most: 100 };
    let (page, next) = ask.page(&all, sizes)?;
    let one = |key: &Key| {
        let arn = format!("arn:aws:kms:{}:{ACCOUNT}:{}", ask.region(), key.alias);
        json!({"AliasName": key.alias, "AliasArn": arn, "TargetKeyId": key.id, "CreationDate": MADE})
    };
    Ok(truncated(json!({ "Aliases": page.iter().map(one).collect::<Vec<_>>() }), next))
}

fn asked_key(estate: &Estate, ask: &Ask) -> Result<Key, Refused> {
    let wanted = ask.text("KeyId").unwrap_or_default();
    let wanted = wanted.rsplit('/').next().unwrap_or_default();
    let found = all_keys(estate, ask.region()).into_iter().find(|key| key.id == wanted);
    found.ok_or(Refused::Error(400, "NotFoundException"))
}

fn key(estate: &Estate, ask: &Ask) -> Body {
    let key = asked_key(estate, ask)?;
    let metadata = json!({
        "AWSAccountId": ACCOUNT,
        "KeyId": key.id,
        "Arn": key.arn,
        "CreationDate": MADE,
        "Enabled": true,
        "Description": "made by the fake",
        "KeyUsage": "ENCRYPT_DECRYPT",
        "KeyState": "Enabled",
        "Origin": "AWS_KMS",
        "KeyManager": key.manager,
        "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "KeySpec": "SYMMETRIC_DEFAULT",
        "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
        "MultiRegion": false,
    });
    Ok(json!({ "KeyMetadata": metadata }).to_string())
}

fn rotation(estate: &Estate, ask: &Ask) -> Body {
    let key = asked_key(estate, ask)?;
    Ok(json!({ "KeyRotationEnabled": key.rotates, "KeyId": key.arn }).to_string())
}

fn key_policy(estate: &Estate, ask: &Ask) -> Body {
    asked_key(estate, ask)?;
    let statement = json!({"Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{ACCOUNT}:root")},
        "Action": "kms:*", "Resource": "*"});
    let policy = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
    Ok(json!({ "Policy": policy, "PolicyName": "default" }).to_string())
}
