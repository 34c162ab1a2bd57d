//! RDS databases and their snapshots.

use stateward_model::kinds::common::{ARN, TAGS, TAGS_ALL};
use stateward_model::kinds::ec2::network::{route_table, route_table_association, subnet};
use stateward_model::kinds::rds::{
    Parameter, TLS_PARAMETERS, cluster, cluster_instance, cluster_parameter_group, cluster_snapshot,
    db_instance, db_snapshot, parameter_group, subnet_group,
};
use stateward_model::{Cause, Gap, Place, Resource};

use crate::check::{Category, Check, Effort, Outcome, Reads, Severity, Subject, Verdict, View};
use crate::checks::facts::{in_production, not_in_state};
use crate::checks::selection::{self, is_protected, is_selected};
use crate::inventory::Side;

/// True for an instance or cluster that replicates another.
pub fn is_replica(resource: &Resource) -> Result<bool, Gap> {
    let source = match resource.kind() == cluster::KIND.name {
        true => resource.get(&cluster::REPLICATION_SOURCE_IDENTIFIER)?,
        false => resource.get(&db_instance::REPLICATE_SOURCE_DB)?,
    };
    Ok(source.is_some_and(|source| !source.is_empty()))
}

pub const STO_18: Check = Check {
    id: "STO-18",
    alias: "rds-storage-encrypted",
    title: "RDS storage encrypted",
    component: "storage",
    category: Category::Encryption,
    severity: Severity::High,
    effort: Effort::Large,
    subject: Subject::EachOf(&[&db_instance::KIND, &cluster::KIND], storage_encrypted),
    reads: &[
        Reads { kind: &db_instance::KIND, attributes: &[db_instance::STORAGE_ENCRYPTED.any()] },
        Reads { kind: &cluster::KIND, attributes: &[cluster::STORAGE_ENCRYPTED.any()] },
    ],
    page: include_str!("../../../docs/checks/STO-18.md"),
};

fn storage_encrypted(resource: &Resource, _: &View) -> Verdict {
    // Instances and clusters have the flag under the same name.
    if resource.get_or_default(&db_instance::STORAGE_ENCRYPTED)? {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail("the storage is not encrypted, nor are its backups and replicas".into()))
}

pub const STO_19: Check = Check {
    id: "STO-19",
    alias: "rds-not-public",
    title: "No database has a public endpoint",
    component: "storage",
    category: Category::Exposure,
    severity: Severity::Critical,
    effort: Effort::Medium,
    subject: Subject::EachOf(&[&db_instance::KIND, &cluster_instance::KIND], not_public),
    reads: &[
        Reads {
            kind: &db_instance::KIND,
            attributes: &[
                db_instance::PUBLICLY_ACCESSIBLE.any(),
                db_instance::SUBNET_IDS.any(),
                db_instance::DB_SUBNET_GROUP_NAME.any(),
            ],
        },
        Reads {
            kind: &cluster_instance::KIND,
            attributes: &[
                cluster_instance::PUBLICLY_ACCESSIBLE.any(),
                cluster_instance::SUBNET_IDS.any(),
                cluster_instance::DB_SUBNET_GROUP_NAME.any(),
            ],
        },
        Reads { kind: &subnet_group::KIND, attributes: &[subnet_group::SUBNET_IDS.any()] },
        Reads { kind: &subnet::KIND, attributes: &[subnet::VPC_ID.any()] },
        Reads {
            kind: &route_table::KIND,
            attributes: &[route_table::MAIN.any(), route_table::VPC_ID.any(), route_table::ROUTE.any()],
        },
        Reads {
            kind: &route_table_association::KIND,
            attributes: &[route_table_association::ROUTE_TABLE_ID.any()],
        },
    ],
    page: include_str!("../../../docs/checks/STO-19.md"),
};

fn not_public(resource: &Resource, view: &View) -> Verdict {
    if !resource.get_or_default(&db_instance::PUBLICLY_ACCESSIBLE)? {
        return Ok(Outcome::Pass);
    }
    // The flag fails in any case. Only proof that no route leads there makes it less severe.
    Ok(match reached_from_internet(resource, view) {
        Ok(false) => Outcome::FailAs(
            Severity::High,
            "publicly accessible is on, though no subnet of it has a route to the internet yet".into(),
        ),
        Ok(true) => Outcome::Fail("its name resolves to a public address, and its subnets are public".into()),
        Err(gap) => Outcome::Fail(format!("publicly accessible is on; its routes are not known ({gap})")),
    })
}

/// Whether a subnet of the database has a default route to an internet gateway.
fn reached_from_internet(resource: &Resource, view: &View) -> Result<bool, Gap> {
    let place = &resource.address.place;
    let subnets = match view.side {
        Side::Live => resource.get_or_default(&db_instance::SUBNET_IDS)?,
        Side::Declared => {
            let name = resource.get_or_default(&db_instance::DB_SUBNET_GROUP_NAME)?;
            let group = view.inventory.lookup(&subnet_group::KIND, place, &name)?;
            group
                .ok_or_else(|| not_in_state(subnet_group::KIND.name))?
                .get_or_default(&subnet_group::SUBNET_IDS)?
        }
    };
    if subnets.is_empty() {
        return Err(Gap::new("rds:DescribeDBInstances", Cause::Malformed, "its subnets are not named"));
    }
    for id in &subnets {
        let table = table_of(id, place, view)?;
        let open = |route: &route_table::Route| {
            matches!(route.destination(), Some("0.0.0.0/0" | "::/0"))
                && route.target().is_some_and(|target| target.starts_with("igw-"))
        };
        if table.get_or_default(&route_table::ROUTE)?.iter().any(open) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The route table of a subnet: its own, or else the main one of its VPC.
fn table_of<'a>(subnet_id: &str, place: &Place, view: &View<'a>) -> Result<&'a Resource, Gap> {
    let missing = |what: &'static str| match view.side {
        Side::Live => {
            Gap::new("ec2:DescribeRouteTables", Cause::Malformed, format!("no {what} for {subnet_id}"))
        }
        Side::Declared => not_in_state(what),
    };
    if let Some(own) = view.inventory.lookup(&route_table_association::KIND, place, subnet_id)? {
        let id = own.get_or_default(&route_table_association::ROUTE_TABLE_ID)?;
        return view.inventory.lookup(&route_table::KIND, place, &id)?.ok_or_else(|| missing("route table"));
    }
    // Another state may associate a table that this one does not show.
    if view.side == Side::Declared {
        return Err(missing("route table"));
    }
    let subnet = view.inventory.lookup(&subnet::KIND, place, subnet_id)?.ok_or_else(|| missing("subnet"))?;
    let vpc = subnet.get(&subnet::VPC_ID)?;
    for table in view.inventory.all_in(&route_table::KIND, place)? {
        if table.get_or_default(&route_table::MAIN)? && table.get(&route_table::VPC_ID)? == vpc {
            return Ok(table);
        }
    }
    Err(missing("main route table"))
}

pub const STO_20: Check = Check {
    id: "STO-20",
    alias: "rds-snapshots-not-public",
    title: "No database snapshot is shared with everyone",
    component: "storage",
    category: Category::Exposure,
    severity: Severity::Critical,
    effort: Effort::Small,
    subject: Subject::EachOf(&[&db_snapshot::KIND, &cluster_snapshot::KIND], snapshot_private),
    reads: &[
        Reads { kind: &db_snapshot::KIND, attributes: &[db_snapshot::SHARED_ACCOUNTS.any()] },
        Reads { kind: &cluster_snapshot::KIND, attributes: &[cluster_snapshot::SHARED_ACCOUNTS.any()] },
    ],
    page: include_str!("../../../docs/checks/STO-20.md"),
};

fn snapshot_private(resource: &Resource, _: &View) -> Verdict {
    let accounts = resource.get_or_default(&db_snapshot::SHARED_ACCOUNTS)?;
    if accounts.iter().any(|account| account == "all") {
        return Ok(Outcome::Fail("every AWS account may restore the snapshot".into()));
    }
    Ok(Outcome::Pass)
}

pub const STO_21: Check = Check {
    id: "STO-21",
    alias: "rds-snapshots-encrypted",
    title: "Database snapshots encrypted",
    component: "storage",
    category: Category::Encryption,
    severity: Severity::Medium,
    effort: Effort::Medium,
    subject: Subject::EachOf(&[&db_snapshot::KIND, &cluster_snapshot::KIND], snapshot_encrypted),
    reads: &[
        Reads { kind: &db_snapshot::KIND, attributes: &[db_snapshot::ENCRYPTED.any()] },
        Reads { kind: &cluster_snapshot::KIND, attributes: &[cluster_snapshot::STORAGE_ENCRYPTED.any()] },
    ],
    page: include_str!("../../../docs/checks/STO-21.md"),
};

fn snapshot_encrypted(resource: &Resource, _: &View) -> Verdict {
    let encrypted = match resource.kind() == cluster_snapshot::KIND.name {
        true => resource.get_or_default(&cluster_snapshot::STORAGE_ENCRYPTED)?,
        false => resource.get_or_default(&db_snapshot::ENCRYPTED)?,
    };
    Ok(if encrypted { Outcome::Pass } else { Outcome::Fail("the snapshot is not encrypted".into()) })
}

pub const STO_22: Check = Check {
    id: "STO-22",
    alias: "rds-backup-retention",
    title: "Automated database backups kept long enough",
    component: "storage",
    category: Category::Backup,
    severity: Severity::High,
    effort: Effort::Small,
    subject: Subject::EachOf(&[&db_instance::KIND, &cluster::KIND], backup_retention),
    reads: &[
        Reads {
            kind: &db_instance::KIND,
            attributes: &[db_instance::BACKUP_RETENTION_PERIOD.any(), db_instance::REPLICATE_SOURCE_DB.any()],
        },
        Reads {
            kind: &cluster::KIND,
            attributes: &[
                cluster::BACKUP_RETENTION_PERIOD.any(),
                cluster::REPLICATION_SOURCE_IDENTIFIER.any(),
            ],
        },
    ],
    page: include_str!("../../../docs/checks/STO-22.md"),
};

fn backup_retention(resource: &Resource, view: &View) -> Verdict {
    if is_replica(resource)? {
        return Ok(Outcome::NotApplicable("a read replica; its source is backed up"));
    }
    let needed = i64::from(view.profile.backup.retention_days);
    Ok(match resource.get_or_default(&db_instance::BACKUP_RETENTION_PERIOD)? {
        days if days >= needed => Outcome::Pass,
        0 => Outcome::Fail("automated backups are off".into()),
        days => Outcome::Fail(format!("automated backups are kept for {days} of at least {needed} days")),
    })
}

pub const STO_23: Check = Check {
    id: "STO-23",
    alias: "rds-deletion-protection",
    title: "Databases protected from deletion",
    component: "storage",
    category: Category::Backup,
    severity: Severity::Medium,
    effort: Effort::Small,
    subject: Subject::EachOf(&[&db_instance::KIND, &cluster::KIND], deletion_protection),
    reads: &[
        Reads {
            kind: &db_instance::KIND,
            attributes: &[db_instance::DELETION_PROTECTION.any(), TAGS.any(), TAGS_ALL.any()],
        },
        Reads {
            kind: &cluster::KIND,
            attributes: &[cluster::DELETION_PROTECTION.any(), TAGS.any(), TAGS_ALL.any()],
        },
    ],
    page: include_str!("../../../docs/checks/STO-23.md"),
};

fn deletion_protection(resource: &Resource, view: &View) -> Verdict {
    if resource.get_or_default(&db_instance::DELETION_PROTECTION)? {
        return Ok(Outcome::Pass);
    }
    if !in_production(resource, view)? {
        return Ok(Outcome::NotApplicable("its tags name an environment that is not production"));
    }
    Ok(Outcome::Fail("one call deletes it: deletion protection is off".into()))
}

pub const STO_24: Check = Check {
    id: "STO-24",
    alias: "rds-force-tls",
    title: "Databases force TLS",
    component: "storage",
    category: Category::Encryption,
    severity: Severity::Medium,
    effort: Effort::Medium,
    subject: Subject::EachOf(&[&db_instance::KIND, &cluster::KIND], force_tls),
    reads: &[
        Reads {
            kind: &db_instance::KIND,
            attributes: &[
                db_instance::ENGINE.any(),
                db_instance::PARAMETER_GROUP_NAME.any(),
                db_instance::PARAMETER_APPLY_STATUS.any(),
            ],
        },
        Reads {
            kind: &cluster::KIND,
            attributes: &[
                cluster::ENGINE.any(),
                cluster::DB_CLUSTER_PARAMETER_GROUP_NAME.any(),
                cluster::MEMBERS.any(),
            ],
        },
        Reads {
            kind: &parameter_group::KIND,
            attributes: &[parameter_group::TLS.any(), parameter_group::PARAMETER.any()],
        },
        Reads {
            kind: &cluster_parameter_group::KIND,
            attributes: &[cluster_parameter_group::TLS.any(), cluster_parameter_group::PARAMETER.any()],
        },
    ],
    page: include_str!("../../../docs/checks/STO-24.md"),
};

fn force_tls(resource: &Resource, view: &View) -> Verdict {
    let engine = resource.get_or_default(&db_instance::ENGINE)?;
    if ["oracle", "custom-oracle", "db2"].iter().any(|other| engine.starts_with(other)) {
        return Ok(Outcome::NotApplicable("its engine does not force TLS by a parameter"));
    }
    let (name, found) = tls_parameters(resource, view)?;
    let on = |parameter: &&Parameter| {
        let value = parameter.value.as_deref().unwrap_or_default();
        ["1", "on", "true"].iter().any(|word| value.eq_ignore_ascii_case(word))
    };
    if !found.iter().any(|parameter| on(&parameter)) {
        return Ok(Outcome::Fail(match found.first() {
            Some(Parameter { name: parameter, value: Some(value), .. }) => {
                format!("{parameter} is {value} in {name}: the database also answers in clear")
            }
            Some(Parameter { name: parameter, .. }) => {
                format!("{parameter} is not set in {name}: the database also answers in clear")
            }
            None => format!("{name} has no parameter that forces TLS"),
        }));
    }
    match out_of_sync(resource, view)? {
        Some(status) => Ok(Outcome::Fail(format!("{name} forces TLS, but is not in effect yet ({status})"))),
        None => Ok(Outcome::Pass),
    }
}

/// The parameter group in use, and those of its parameters that force TLS. A state knows only what it sets.
fn tls_parameters(resource: &Resource, view: &View) -> Result<(String, Vec<Parameter>), Gap> {
    let of_cluster = resource.kind() == cluster::KIND.name;
    let name = match of_cluster {
        true => resource.get_or_default(&cluster::DB_CLUSTER_PARAMETER_GROUP_NAME)?,
        false => resource.get_or_default(&db_instance::PARAMETER_GROUP_NAME)?,
    };
    let kind = if of_cluster { &cluster_parameter_group::KIND } else { &parameter_group::KIND };
    let found = view.inventory.lookup(kind, &resource.address.place, &name)?;
    let Some(group) = found else {
        return Err(match view.side {
            Side::Declared => not_in_state(kind.name),
            Side::Live => {
                Gap::new(kind.name, Cause::Malformed, format!("the group in use, {name}, is not listed"))
            }
        });
    };
    let parameters = match view.side {
        Side::Live => group.get_or_default(&parameter_group::TLS)?,
        Side::Declared => {
            let mut set = group.get_or_default(&parameter_group::PARAMETER)?;
            set.retain(|parameter| TLS_PARAMETERS.contains(&parameter.name.as_str()));
            if set.is_empty() {
                return Err(not_in_state("rds parameters that are left to the engine"));
            }
            set
        }
    };
    Ok((name, parameters))
}

/// The status of a parameter group that is not in effect everywhere.
fn out_of_sync(resource: &Resource, view: &View) -> Result<Option<String>, Gap> {
    if view.side == Side::Declared {
        return Ok(None);
    }
    let statuses: Vec<String> = match resource.kind() == cluster::KIND.name {
        true => {
            let members = resource.get_or_default(&cluster::MEMBERS)?;
            members.into_iter().map(|member| member.parameter_status).collect()
        }
        false => resource.get(&db_instance::PARAMETER_APPLY_STATUS)?.into_iter().collect(),
    };
    Ok(statuses.into_iter().find(|status| status != "in-sync"))
}

pub const STO_25: Check = Check {
    id: "STO-25",
    alias: "rds-in-backup-plan",
    title: "Databases are in a backup plan",
    component: "storage",
    category: Category::Backup,
    severity: Severity::Medium,
    effort: Effort::Small,
    subject: Subject::EachOf(&[&db_instance::KIND, &cluster::KIND], in_backup_plan),
    reads: &[
        Reads { kind: &db_instance::KIND, attributes: &[ARN.any(), TAGS.any(), TAGS_ALL.any()] },
        Reads { kind: &cluster::KIND, attributes: &[ARN.any(), TAGS.any(), TAGS_ALL.any()] },
        selection::PROTECTED,
        selection::READS,
    ],
    page: include_str!("../../../docs/checks/STO-25.md"),
};

fn in_backup_plan(resource: &Resource, view: &View) -> Verdict {
    if is_protected(resource, view)? {
        return Ok(Outcome::Pass);
    }
    // The verdict stands; what the selections say only tells what to do.
    Ok(Outcome::Fail(match view.side == Side::Live && is_selected(resource, view) == Ok(true) {
        true => "a backup plan selects it, but it has no recovery point yet".into(),
        false => "AWS Backup has no recovery point of it, and no backup plan selects it".into(),
    }))
}
