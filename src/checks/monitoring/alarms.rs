//! Alarms that watch nothing.

use stateward_model::kinds::autoscaling::group;
use stateward_model::kinds::cloudwatch::metric_alarm::{self, DIMENSIONS, NAMESPACE, STATE, STATE_SINCE};
use stateward_model::kinds::dynamodb::table;
use stateward_model::kinds::ec2::compute::instance;
use stateward_model::kinds::ec2::network::nat_gateway;
use stateward_model::kinds::efs::file_system;
use stateward_model::kinds::lambda::function;
use stateward_model::kinds::rds::{cluster, cluster_instance, db_instance};
use stateward_model::kinds::sqs::queue;
use stateward_model::{Kind, Resource};

use crate::check::{Category, Check, Effort, Outcome, Reads, Severity, Subject, Verdict, View};
use crate::checks::facts::{age_of, any_holds, span};
use crate::checks::told;

pub const MON_14: Check = Check {
    id: "MON-14",
    alias: "alarm-without-data",
    title: "No alarm watches nothing",
    component: "monitoring",
    category: Category::Observability,
    severity: Severity::Medium,
    effort: Effort::Small,
    subject: Subject::Each(&metric_alarm::KIND, watches_something),
    reads: &[
        Reads {
            kind: &metric_alarm::KIND,
            attributes: &[DIMENSIONS.any(), NAMESPACE.any(), STATE.any(), STATE_SINCE.any()],
        },
        Reads { kind: &group::KIND, attributes: &[] },
        Reads { kind: &table::KIND, attributes: &[] },
        Reads { kind: &instance::KIND, attributes: &[] },
        Reads { kind: &nat_gateway::KIND, attributes: &[] },
        Reads { kind: &file_system::KIND, attributes: &[] },
        Reads { kind: &function::KIND, attributes: &[] },
        Reads { kind: &cluster::KIND, attributes: &[] },
        Reads { kind: &cluster_instance::KIND, attributes: &[] },
        Reads { kind: &db_instance::KIND, attributes: &[] },
        Reads { kind: &queue::KIND, attributes: &[] },
    ],
    page: include_str!("../../../docs/checks/MON-14.md"),
};

/// Seconds without data after which an alarm is no longer taken for a new one.
const PATIENCE: i64 = 7 * 86_400;

/// Dimensions whose value is the id of an object: namespace, name, and what it may be.
const OBJECTS: &[(&str, &str, &[&Kind])] = &[
    ("AWS/DynamoDB", "TableName", &[&table::KIND]),
    ("AWS/EC2", "AutoScalingGroupName", &[&group::KIND]),
    ("AWS/EC2", "InstanceId", &[&instance::KIND]),
    ("AWS/EFS", "FileSystemId", &[&file_system::KIND]),
    ("AWS/Lambda", "FunctionName", &[&function::KIND]),
    ("AWS/NATGateway", "NatGatewayId", &[&nat_gateway::KIND]),
    ("AWS/RDS", "DBClusterIdentifier", &[&cluster::KIND]),
    ("AWS/RDS", "DBInstanceIdentifier", &[&cluster_instance::KIND, &db_instance::KIND]),
    ("AWS/SQS", "QueueName", &[&queue::KIND]),
];

fn watches_something(alarm: &Resource, view: &View) -> Verdict {
    // A state does not say this, so the declared side ends here: an object that it lacks may be in another state.
    let state = told(alarm.get(&STATE)?, "cloudwatch:DescribeAlarms")?;
    let namespace = alarm.get_or_default(&NAMESPACE)?;
    let dimensions = alarm.get_or_default(&DIMENSIONS)?;
    for (space, dimension, kinds) in OBJECTS {
        let Some(id) = dimensions.get(*dimension).filter(|_| namespace == *space) else { continue };
        let place = &alarm.address.place;
        let there = kinds.iter().map(|kind| Ok(view.inventory.lookup(kind, place, id)?.is_some()));
        if !any_holds(there)? {
            return Ok(Outcome::Fail(format!("watches the {dimension} {id}, which does not exist")));
        }
    }
    if state != "INSUFFICIENT_DATA" {
        return Ok(Outcome::Pass);
    }
    let age = age_of(&told(alarm.get(&STATE_SINCE)?, "cloudwatch:DescribeAlarms")?, view)?;
    if age > PATIENCE {
        return Ok(Outcome::Fail(format!("has had no data for {}", span(age))));
    }
    Ok(Outcome::Pass)
}
