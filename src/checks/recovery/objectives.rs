//! Objectives of recovery and availability, against what a verification of recovery found.

use stateward_model::kinds::autoscaling::group;
use stateward_model::kinds::backup::restore_job;
use stateward_model::kinds::cloudwatch::metric;
use stateward_model::kinds::dynamodb::table;
use stateward_model::kinds::ec2::compute::{instance, launch_template, volume};
use stateward_model::kinds::ec2::network::security_group;
use stateward_model::kinds::efs::{file_system, mount_target};
use stateward_model::kinds::elasticache::replication_group;
use stateward_model::kinds::elbv2::{load_balancer, target_group};
use stateward_model::kinds::lambda::function;
use stateward_model::kinds::rds::{cluster, cluster_instance, db_instance, global_cluster};
use stateward_model::kinds::s3::bucket;
use stateward_model::kinds::secretsmanager::secret;
use stateward_model::kinds::{ecs, eks, opensearch, redshift, sqs};
use stateward_model::{Cause, Gap};

use crate::check::{Category, Check, Effort, Outcome, Reads, Severity, Subject, Verdict, View};
use crate::checks::facts::{age_of, not_in_state};
use crate::inventory::Side;
use crate::recover::{Interval, REHEARSED, Scenario, Span, Verification};
use crate::result::{RecoveryFigure, RecoveryOutcome, RecoveryRange, RecoveryResource, RecoveryScenario};

/// Checks that judge a verification of recovery. With one of them an audit reads what a verification does.
pub const OF_RECOVERY: &[&str] = &["DR-23", "DR-38", "DR-39", OF_AVAILABILITY];

/// The one of them that declares all that it reads, where workloads are not told apart.
pub const OF_AVAILABILITY: &str = "DR-40";

/// What every workload consists of: without the stores nobody knows what is lost.
const STORES: &[Reads] = &[
    Reads { kind: &cluster::KIND, attributes: &[cluster::LATEST_RESTORABLE_TIME.any()] },
    Reads { kind: &db_instance::KIND, attributes: &[db_instance::LATEST_RESTORABLE_TIME.any()] },
    Reads { kind: &table::KIND, attributes: &[table::REPLICA.any(), table::LATEST_RESTORABLE.any()] },
    Reads { kind: &bucket::KIND, attributes: &[bucket::VERSIONING.any(), bucket::REPLICATION.any()] },
    Reads { kind: &volume::KIND, attributes: &[volume::ATTACHMENTS.any()] },
    Reads { kind: &file_system::KIND, attributes: &[file_system::AVAILABILITY_ZONE_NAME.any()] },
    Reads {
        kind: &replication_group::KIND,
        attributes: &[replication_group::SNAPSHOT_RETENTION_LIMIT.any()],
    },
];

pub const DR_38: Check = Check {
    id: "DR-38",
    alias: "rpo-evidenced",
    title: "Workload RPO evidenced",
    component: "dr",
    category: Category::Dr,
    severity: Severity::Critical,
    effort: Effort::Large,
    subject: Subject::Estate(data_lost),
    reads: STORES,
    page: include_str!("../../../docs/checks/DR-38.md"),
};

fn data_lost(view: &View) -> Verdict {
    objective(view, "data lost", |scenario| &scenario.rpo)
}

pub const DR_39: Check = Check {
    id: "DR-39",
    alias: "rto-estimated",
    title: "Workload RTO estimated",
    component: "dr",
    category: Category::Dr,
    severity: Severity::Critical,
    effort: Effort::Large,
    subject: Subject::Estate(time_to_recover),
    reads: STORES,
    page: include_str!("../../../docs/checks/DR-39.md"),
};

fn time_to_recover(view: &View) -> Verdict {
    objective(view, "time to recover", |scenario| &scenario.rto)
}

/// One objective in every scenario that decides.
fn objective(view: &View, what: &str, of: fn(&RecoveryScenario) -> &RecoveryRange) -> Verdict {
    let found = verification(view)?;
    let scenarios = found.recovery.scenarios.iter().zip(&found.unread);
    let gated: Vec<(&RecoveryScenario, &Vec<Gap>)> = scenarios.filter(|(it, _)| it.gated).collect();
    if gated.is_empty() {
        return Ok(Outcome::NotApplicable("the profile lets no scenario decide"));
    }
    if let Some(nothing) = nothing_to_bring_back(found, &found.unread) {
        return nothing;
    }
    let missed = gated.iter().filter(|(it, _)| of(it).outcome == RecoveryOutcome::Fail);
    let missed: Vec<String> = missed.map(|(it, _)| told(it, what, of(it))).collect();
    if !missed.is_empty() {
        return Ok(Outcome::Fail(missed.join("; ")));
    }
    match gated.iter().find(|(it, _)| of(it).outcome == RecoveryOutcome::Undetermined) {
        Some((open, gaps)) => Err(decisive(gaps, || told(open, what, of(open)))),
        None => Ok(Outcome::Pass),
    }
}

fn verification<'a>(view: &View<'a>) -> Result<&'a Verification, Gap> {
    match (view.side, view.recovery) {
        (Side::Live, Some(found)) => Ok(found),
        (Side::Live, None) => {
            Err(Gap::new("stateward recover", Cause::NotRequested, "recovery was not verified"))
        }
        (Side::Declared, _) => Err(not_in_state("how what runs is brought back")),
    }
}

/// The answer where no workload has a resource: it does not apply, or nobody knows.
fn nothing_to_bring_back(found: &Verification, gaps: &[Vec<Gap>]) -> Option<Verdict> {
    if found.recovery.workloads.iter().any(|workload| workload.resources > 0) {
        return None;
    }
    let gaps: Vec<Gap> = gaps.iter().flatten().cloned().collect();
    Some(match gaps.is_empty() {
        true => Ok(Outcome::NotApplicable("nothing was found that has to be brought back")),
        false => Err(decisive(&gaps, String::new)),
    })
}

/// What was refused comes before what nobody can tell; without either, the number itself is why.
fn decisive(gaps: &[Gap], number: impl Fn() -> String) -> Gap {
    let first = gaps.iter().min_by_key(|gap| (gap.cause != Cause::Denied, gap.cause == Cause::Unsupported));
    first.cloned().unwrap_or_else(|| Gap::new("stateward recover", Cause::Unsupported, number()))
}

fn told(scenario: &RecoveryScenario, what: &str, of: &RecoveryRange) -> String {
    let span = |seconds: Option<u64>| seconds.map_or(Span::Never, Span::Seconds);
    let number = Interval { low: span(of.low_s), high: span(of.high_s) };
    let to = scenario.target.as_ref().map(|target| format!(" to {target}")).unwrap_or_default();
    let by = of.decided_by.as_ref().map(|by| format!(", decided by {by}")).unwrap_or_default();
    format!(
        "{}, {}{to}: {what} {number}, objective {}, grade {}{by}",
        scenario.workload,
        scenario.name.title().to_lowercase(),
        Span::Seconds(of.objective_s),
        of.grade
    )
}

pub const DR_40: Check = Check {
    id: OF_AVAILABILITY,
    alias: "availability-objective",
    title: "Availability model reaches the objective",
    component: "dr",
    category: Category::MultiAz,
    severity: Severity::High,
    effort: Effort::Large,
    subject: Subject::Estate(availability),
    reads: &[
        Reads { kind: &load_balancer::KIND, attributes: &[load_balancer::AVAILABILITY_ZONES.any()] },
        Reads {
            kind: &group::KIND,
            attributes: &[group::DESIRED_CAPACITY.any(), group::INSTANCES.any(), group::TAG.any()],
        },
        Reads {
            kind: &instance::KIND,
            attributes: &[instance::AUTOSCALING_GROUP.any(), instance::INSTANCE_STATE.any()],
        },
        Reads { kind: &ecs::service::KIND, attributes: &[] },
        Reads { kind: &eks::cluster::KIND, attributes: &[] },
        Reads { kind: &function::KIND, attributes: &[] },
        Reads {
            kind: &cluster::KIND,
            attributes: &[
                cluster::ENGINE.any(),
                cluster::MEMBERS.any(),
                cluster::REPLICATION_SOURCE_IDENTIFIER.any(),
            ],
        },
        Reads {
            kind: &cluster_instance::KIND,
            attributes: &[cluster_instance::AVAILABILITY_ZONE.any(), cluster_instance::STATUS.any()],
        },
        Reads { kind: &global_cluster::KIND, attributes: &[global_cluster::GLOBAL_CLUSTER_MEMBERS.any()] },
        Reads {
            kind: &db_instance::KIND,
            attributes: &[db_instance::MULTI_AZ.any(), db_instance::REPLICATE_SOURCE_DB.any()],
        },
        Reads { kind: &table::KIND, attributes: &[table::REPLICA.any()] },
        Reads { kind: &bucket::KIND, attributes: &[] },
        Reads { kind: &volume::KIND, attributes: &[volume::ATTACHMENTS.any()] },
        Reads { kind: &file_system::KIND, attributes: &[file_system::AVAILABILITY_ZONE_NAME.any()] },
        Reads {
            kind: &replication_group::KIND,
            attributes: &[
                replication_group::ENGINE.any(),
                replication_group::GLOBAL_ROLE.any(),
                replication_group::MULTI_AZ_ENABLED.any(),
            ],
        },
        Reads { kind: &opensearch::domain::KIND, attributes: &[] },
        Reads { kind: &redshift::cluster::KIND, attributes: &[] },
        Reads {
            kind: &secret::KIND,
            attributes: &[secret::OWNING_SERVICE.any(), secret::PRIMARY_REGION.any()],
        },
        Reads { kind: &sqs::queue::KIND, attributes: &[] },
        // Where these were not read, nobody knows what belongs together.
        Reads { kind: &launch_template::KIND, attributes: &[] },
        Reads { kind: &mount_target::KIND, attributes: &[] },
        Reads { kind: &security_group::KIND, attributes: &[] },
        Reads { kind: &target_group::KIND, attributes: &[] },
        Reads {
            kind: &metric::KIND,
            attributes: &[
                metric::DIMENSIONS.any(),
                metric::BALANCER_FAILURES.any(),
                metric::BALANCER_REQUESTS.any(),
                metric::TARGET_FAILURES.any(),
            ],
        },
    ],
    page: include_str!("../../../docs/checks/DR-40.md"),
};

fn availability(view: &View) -> Verdict {
    let found = verification(view)?;
    if let Some(nothing) = nothing_to_bring_back(found, &found.unmeasured) {
        return nothing;
    }
    let mut missed = Vec::new();
    let mut open = None;
    for (workload, gaps) in found.recovery.workloads.iter().zip(&found.unmeasured) {
        let it = &workload.availability;
        let measured = it.measured.as_ref().map(|it| format!(", measured {} %", it.percent));
        let weakest = it.factors.first();
        let weakest =
            weakest.map(|it| format!("; the weakest factor is {} at {} %", it.stands_for, it.percent));
        let said = format!(
            "{}: modelled {} %{}, objective {} %{}",
            workload.name,
            it.percent,
            measured.unwrap_or_default(),
            it.objective,
            weakest.unwrap_or_default()
        );
        match it.outcome {
            RecoveryOutcome::Fail => missed.push(said),
            RecoveryOutcome::Undetermined => open = open.or_else(|| Some(decisive(gaps, || said.clone()))),
            RecoveryOutcome::Pass | RecoveryOutcome::PassOnAssumption => {}
        }
    }
    match (missed.is_empty(), open) {
        (false, _) => Ok(Outcome::Fail(missed.join("; "))),
        (true, Some(gap)) => Err(gap),
        (true, None) => Ok(Outcome::Pass),
    }
}

pub const DR_23: Check = Check {
    id: "DR-23",
    alias: "restore-fits-rto",
    title: "The rehearsed restore fits the RTO",
    component: "dr",
    category: Category::Dr,
    severity: Severity::High,
    effort: Effort::Large,
    subject: Subject::Estate(restore_fits),
    reads: &[Reads {
        kind: &restore_job::KIND,
        attributes: &[
            restore_job::BACKUP_SIZE.any(),
            restore_job::COMPLETED_AT.any(),
            restore_job::CREATED_AT.any(),
            restore_job::RESOURCE_TYPE.any(),
            restore_job::STATUS.any(),
            restore_job::VALIDATION_STATUS.any(),
        ],
    }],
    page: include_str!("../../../docs/checks/DR-23.md"),
};

/// Restores are what damaged data come back by.
fn restore_fits(view: &View) -> Verdict {
    let found = verification(view)?;
    view.inventory.all(&restore_job::KIND)?;
    let damaged = found.recovery.scenarios.iter().filter(|it| it.name == Scenario::Corruption);
    let (mut rehearsed, mut late) = (0, Vec::new());
    for scenario in damaged {
        let around = scenario.critical_path.iter().filter(|segment| segment.step != "act");
        let around: u64 = around.filter_map(|segment| segment.high_s).sum();
        let share = scenario.rto.objective_s.saturating_sub(around);
        for resource in &scenario.resources {
            let Some(took) = restored_in(resource, view)? else { continue };
            rehearsed += 1;
            if took > share {
                late.push(format!(
                    "{}: the restore takes {}, and {} of the {} are left for it",
                    resource.name,
                    Span::Seconds(took),
                    Span::Seconds(share),
                    Span::Seconds(scenario.rto.objective_s)
                ));
            }
        }
    }
    Ok(match (rehearsed, late.is_empty()) {
        (0, _) => Outcome::NotApplicable("no restore of what would have to come back is on record"),
        (_, true) => Outcome::Pass,
        (_, false) => Outcome::Fail(late.join("; ")),
    })
}

/// The shortest restore of a resource that rests on a rehearsal which is not too old.
fn restored_in(resource: &RecoveryResource, view: &View) -> Result<Option<u64>, Gap> {
    let mut shortest = None;
    for figure in resource.paths.iter().map(|path| &path.act).filter(|act| act.formula == REHEARSED) {
        if is_fresh(figure, view)? {
            shortest = shortest.into_iter().chain(figure.high_s).min();
        }
    }
    Ok(shortest)
}

fn is_fresh(figure: &RecoveryFigure, view: &View) -> Result<bool, Gap> {
    let Some(completed) = figure.inputs.iter().find(|input| input.name == "completed") else {
        return Ok(false);
    };
    let most = i64::try_from(view.profile.evidence.rehearsal.as_secs()).unwrap_or(i64::MAX);
    Ok(age_of(&completed.value, view)? <= most)
}
