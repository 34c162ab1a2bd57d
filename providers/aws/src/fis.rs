//! Reads the experiments of AWS Fault Injection Service. Parameters of actions, which may hold anything, are dropped.

use aws_sdk_fis::types::{
    Experiment, ExperimentAction, ExperimentStatus, ExperimentSummary, ExperimentTarget,
};
use stateward_model::kinds::fis::experiment;
use stateward_model::{Harvest, Resource};

use crate::call::Call;
use crate::rds::stamp;
use crate::session::{Collector, Session, put_gap};

/// `ListExperiments` allows 100 experiments a page.
const PAGE: i32 = 100;

static EXPERIMENTS: Call = Call::new("fis", "ListExperiments");
static EXPERIMENT: Call = Call::new("fis", "GetExperiment");

/// The collectors of this file.
pub const COLLECTORS: &[Collector] = &[Collector {
    kind: &experiment::KIND,
    calls: &[&EXPERIMENTS, &EXPERIMENT],
    collect: |s| Box::pin(experiments(s)),
}];

async fn experiments(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &EXPERIMENTS,
            |token| s.fis().list_experiments().max_results(PAGE).set_next_token(token).send(),
            |out| (out.experiments.unwrap_or_default(), out.next_token),
        )
        .await;
    let resources = s.each(pages.items, |summary| experiment_resource(s, summary)).await;
    Harvest { resources, gaps: pages.gap.into_iter().collect() }
}

async fn experiment_resource(s: &Session, summary: ExperimentSummary) -> Resource {
    use experiment::*;
    let id = summary.id.clone().unwrap_or_default();
    let mut r = Resource::new(s.place(), KIND.name, id.clone());
    r.arn = summary.arn.clone();
    let status = summary.state.as_ref().and_then(|state| state.status.clone());
    r.set_opt(&CREATED_AT, summary.creation_time.as_ref().and_then(stamp))
        .set_opt(&STATUS, status.as_ref().map(|status| status.as_str().to_owned()));
    // Nothing is judged by an experiment that did not come to its end.
    if status == Some(ExperimentStatus::Completed) && s.wants_call(&KIND, &EXPERIMENT) {
        let read = s.call(&EXPERIMENT, || s.fis().get_experiment().id(&id).send()).await;
        match read {
            Ok(out) => put_experiment(&mut r, out.experiment.as_ref()),
            Err(gap) => put_gap(&mut r, &KIND, &EXPERIMENT, &gap),
        }
    }
    r
}

fn put_experiment(r: &mut Resource, read: Option<&Experiment>) {
    use experiment::*;
    let actions = || read.and_then(|read| read.actions.as_ref()).into_iter().flat_map(|all| all.values());
    let targets = || read.and_then(|read| read.targets.as_ref()).into_iter().flat_map(|all| all.values());
    let mut ids: Vec<String> = actions().filter_map(|action| action.action_id.clone()).collect();
    ids.sort();
    ids.dedup();
    r.set(&ACTIONS, ids)
        .set_opt(&ENDED_AT, read.and_then(|read| read.end_time.as_ref()).and_then(stamp))
        .set(&ZONAL, actions().any(cuts_a_zone_off) || targets().any(is_chosen_by_zone));
}

/// <https://docs.aws.amazon.com/fis/latest/userguide/fis-actions-reference.html>
fn cuts_a_zone_off(action: &ExperimentAction) -> bool {
    let parameters = action.parameters.iter().flatten();
    let mut named = parameters.map(|(name, value)| names_a_zone(name) || value == "availability-zone");
    named.any(|named| named)
}

fn is_chosen_by_zone(target: &ExperimentTarget) -> bool {
    let filters = target.filters().iter().filter_map(|filter| filter.path.as_deref());
    let parameters = target.parameters.iter().flatten().map(|(name, _)| name.as_str());
    filters.chain(parameters).any(names_a_zone)
}

/// `Placement.AvailabilityZone`, `availabilityZoneIdentifier`, …
fn names_a_zone(name: &str) -> bool {
    name.to_ascii_lowercase().contains("availabilityzone")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::{Account, wanting_all};

    #[tokio::test]
    async fn only_completed_experiments_are_looked_into() {
        let account = Account::new(wanting_all(&experiment::KIND), |asked| {
            if asked.target.contains("/experiments/e-1") {
                let answer = r#"{"experiment":{"id":"e-1","endTime":1767225600,
                    "actions":{"stop":{"actionId":"aws:ec2:stop-instances","parameters":{"token":"hunter2"}}},
                    "targets":{"web":{"resourceType":"aws:ec2:instance",
                        "filters":[{"path":"Placement.AvailabilityZone","values":["us-west-2a"]}]}}}}"#;
                return (200, answer.to_owned());
            }
            let listed = r#"{"experiments":[{"id":"e-1","state":{"status":"completed"},"creationTime":1767225000},
                {"id":"e-2","state":{"status":"stopped"},"creationTime":1767225000}]}"#;
            (200, listed.to_owned())
        });
        let harvest = experiments(account.home()).await;
        let [completed, stopped] = harvest.resources.as_slice() else { panic!("two experiments") };
        assert_eq!(completed.get(&experiment::ZONAL), Ok(Some(true)));
        let actions = completed.get(&experiment::ACTIONS);
        assert_eq!(actions, Ok(Some(vec!["aws:ec2:stop-instances".to_owned()])));
        assert_eq!(completed.get(&experiment::ENDED_AT).unwrap().as_deref(), Some("2026-01-01T00:00:00Z"));
        assert_eq!(stopped.get(&experiment::STATUS).unwrap().as_deref(), Some("stopped"));
        assert_eq!(account.calls("GetExperiment"), 1);
        assert!(!format!("{harvest:?}").contains("hunter2"));
    }
}
