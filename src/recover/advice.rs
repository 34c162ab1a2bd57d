//! What would help most, in a sentence a resource.

use super::scenario::Scenario;
use crate::result::RecoveryResource;

/// Sentences that are given.
const MOST: usize = 10;

/// The change with the largest gain for each resource that comes back too late or with too little. They come with the
/// worst first, as the resources do.
pub fn advise(
    scenario: Scenario,
    target: Option<&str>,
    resources: &[RecoveryResource],
    rpo: u64,
    rto: u64,
) -> Vec<String> {
    let too_late = |seconds: Option<u64>, objective: u64| seconds.is_none_or(|seconds| seconds > objective);
    let wanting = resources.iter().filter(|resource| {
        let data = resource.part == "store" && too_late(resource.rpo_high_s, rpo);
        data || too_late(resource.act_high_s, rto)
    });
    let sentence = |resource: &RecoveryResource| {
        let change = change(scenario, &resource.kind, target.unwrap_or("another region"))?;
        Some(format!("{}: {change}", resource.name))
    };
    wanting.filter_map(sentence).take(MOST).collect()
}

fn change(scenario: Scenario, kind: &str, target: &str) -> Option<String> {
    Some(match (scenario, kind) {
        (Scenario::Instance | Scenario::Zone, "aws_db_instance") => "turn Multi-AZ on".to_owned(),
        (Scenario::Instance | Scenario::Zone, "aws_rds_cluster") => "add a member in another zone".to_owned(),
        (Scenario::Instance | Scenario::Zone, "aws_elasticache_replication_group") => {
            "turn automatic failover and Multi-AZ on, or tag it as a pure cache".to_owned()
        }
        (Scenario::Zone, "aws_autoscaling_group" | "aws_ecs_service") => {
            "spread it over two zones or more".to_owned()
        }
        (Scenario::Zone, "aws_instance") => "put it into a scaling group that spans zones".to_owned(),
        (Scenario::Zone, "aws_lb") => "enable it in two zones or more".to_owned(),
        (Scenario::Zone, "aws_ebs_volume") => {
            "move its data to storage that spans zones, or snapshot it more often".to_owned()
        }
        (Scenario::Zone, "aws_efs_file_system") => {
            "replicate it to a file system that spans zones".to_owned()
        }
        (Scenario::Region, "aws_db_instance") => {
            format!("keep a read replica in {target}, and rehearse its promotion")
        }
        (Scenario::Region, "aws_rds_cluster") => format!("add a cluster in {target} to a global database"),
        (Scenario::Region, "aws_dynamodb_table") => {
            format!("make it a global table with a replica in {target}")
        }
        (Scenario::Region, "aws_s3_bucket") => {
            format!("replicate it to a bucket in {target}, with replication time control and metrics")
        }
        (Scenario::Region, "aws_efs_file_system") => format!("replicate it to {target}"),
        (Scenario::Region, "aws_ebs_volume") => {
            format!("copy its snapshots to {target}, or declare it empty if nobody misses its content")
        }
        (Scenario::Region, "aws_secretsmanager_secret") => format!("replicate it to {target}"),
        (Scenario::Region, "aws_sqs_queue") => "declare it empty if nobody misses its messages".to_owned(),
        (
            Scenario::Region,
            "aws_lb" | "aws_autoscaling_group" | "aws_ecs_service" | "aws_lambda_function",
        ) => {
            format!("let the same stand in {target}, under the same name")
        }
        (Scenario::Region, "aws_instance") => {
            format!("copy its image to {target}, or let a scaling group stand there")
        }
        (Scenario::Corruption, "aws_s3_bucket") => "turn versioning on".to_owned(),
        (Scenario::Corruption, "aws_dynamodb_table") => "turn point-in-time recovery on".to_owned(),
        (Scenario::Corruption, "aws_db_instance" | "aws_rds_cluster") => {
            "keep automated backups, and rehearse a restore".to_owned()
        }
        (Scenario::Corruption, _) => "back it up more often, and rehearse a restore".to_owned(),
        (
            Scenario::Account,
            "aws_lb" | "aws_autoscaling_group" | "aws_ecs_service" | "aws_lambda_function",
        ) => return None,
        (Scenario::Account, _) => "copy its backups to another account".to_owned(),
        (Scenario::Key, _) => format!("keep a copy under another key, in {target}"),
        _ => return None,
    })
}
