//! Reads the policies of Amazon Data Lifecycle Manager. Scripts that run before and after a snapshot are left out: their
//! parameters may hold anything.

use std::collections::BTreeMap;

use aws_sdk_dlm::types::{
    Action, CreateRule, CrossRegionCopyAction, CrossRegionCopyRule, EventSource, LifecyclePolicy,
    LifecyclePolicySummary, PolicyDetails, RetentionIntervalUnitValues, Schedule, Tag,
};
use serde_json::{Value, json};
use stateward_model::kinds::common::ARN;
use stateward_model::kinds::dlm::lifecycle_policy;
use stateward_model::{Harvest, Resource};

use crate::call::Call;
use crate::rds::put_tags;
use crate::session::{Collector, Session, put_gap};

static POLICIES: Call = Call::new("dlm", "GetLifecyclePolicies");
static POLICY: Call = Call::new("dlm", "GetLifecyclePolicy");

/// The collectors of this file.
pub const COLLECTORS: &[Collector] = &[Collector {
    kind: &lifecycle_policy::KIND,
    calls: &[&POLICIES, &POLICY],
    collect: |s| Box::pin(policies(s)),
}];

/// The listing has no pages: an account has 100 policies in a region at most.
async fn policies(s: &Session) -> Harvest {
    let read = s.call(&POLICIES, || s.dlm().get_lifecycle_policies().send()).await;
    let (listed, gaps) = match read {
        Ok(out) => (out.policies.unwrap_or_default(), Vec::new()),
        Err(gap) => (Vec::new(), vec![gap]),
    };
    s.items(&POLICIES, listed.len());
    Harvest { resources: s.each(listed, |summary| policy_resource(s, summary)).await, gaps }
}

async fn policy_resource(s: &Session, summary: LifecyclePolicySummary) -> Resource {
    use lifecycle_policy::*;
    let id = summary.policy_id.clone().unwrap_or_default();
    let mut r = Resource::new(s.place(), KIND.name, id.clone());
    r.set_opt(&DESCRIPTION, summary.description.clone())
        .set_opt(&STATE, summary.state.as_ref().map(|state| state.as_str().to_owned()));
    put_tags(&mut r, Ok(summary.tags.unwrap_or_default().into_iter().collect()));
    if s.wants_call_for(&KIND, &POLICY, &id) {
        match s.call(&POLICY, || s.dlm().get_lifecycle_policy().policy_id(&id).send()).await {
            Ok(out) => put_policy(&mut r, &out.policy.unwrap_or_else(|| LifecyclePolicy::builder().build())),
            Err(gap) => put_gap(&mut r, &KIND, &POLICY, &gap),
        }
    }
    r
}

fn put_policy(r: &mut Resource, policy: &LifecyclePolicy) {
    use lifecycle_policy::*;
    r.arn = policy.policy_arn.clone();
    let details = policy.policy_details.as_ref();
    let covers = details.and_then(|details| details.resource_type.as_ref());
    let default = covers.filter(|_| policy.default_policy == Some(true));
    r.set_opt(&ARN, policy.policy_arn.clone())
        .set_opt(&DEFAULT_POLICY, default.map(|kind| kind.as_str().to_owned()))
        .set_opt(&EXECUTION_ROLE_ARN, policy.execution_role_arn.clone())
        .set_opt(&POLICY_DETAILS, details.map(|details| json!([details_block(details)])));
}

fn details_block(of: &PolicyDetails) -> Value {
    let exclusions = of.exclusions.as_ref().map(|of| {
        json!({
            "exclude_boot_volumes": of.exclude_boot_volumes,
            "exclude_tags": tags(of.exclude_tags()),
            "exclude_volume_types": of.exclude_volume_types,
        })
    });
    let parameters = of
        .parameters
        .as_ref()
        .map(|of| json!({ "exclude_boot_volume": of.exclude_boot_volume, "no_reboot": of.no_reboot }));
    let targets = of.cross_region_copy_targets().iter();
    json!({
        "action": of.actions().iter().map(action).collect::<Vec<_>>(),
        "copy_tags": of.copy_tags,
        "create_interval": of.create_interval,
        "cross_region_copy_targets":
            targets.map(|of| json!({ "target_region": of.target_region })).collect::<Vec<_>>(),
        "event_source": of.event_source.as_ref().map(|of| vec![event_source(of)]),
        "exclusions": exclusions.map(|block| vec![block]),
        "extend_deletion": of.extend_deletion,
        "parameters": parameters.map(|block| vec![block]),
        "policy_language": of.policy_language.as_ref().map(|of| of.as_str()),
        "policy_type": of.policy_type.as_ref().map(|of| of.as_str()),
        "resource_locations": words(of.resource_locations(), |of| of.as_str()),
        "resource_type": of.resource_type.as_ref().map(|of| of.as_str()),
        "resource_types": words(of.resource_types(), |of| of.as_str()),
        "retain_interval": of.retain_interval,
        "schedule": of.schedules().iter().map(schedule).collect::<Vec<_>>(),
        "target_tags": tags(of.target_tags()),
    })
}

fn words<T>(list: &[T], word: impl Fn(&T) -> &str) -> Vec<String> {
    list.iter().map(|item| word(item).to_owned()).collect()
}

fn tags(list: &[Tag]) -> BTreeMap<&str, &str> {
    list.iter()
        .filter_map(|tag| Some((tag.key.as_deref()?, tag.value.as_deref().unwrap_or_default())))
        .collect()
}

/// So many units of time, or so many snapshots.
fn span(count: Option<i32>, interval: Option<i32>, unit: Option<&RetentionIntervalUnitValues>) -> Vec<Value> {
    vec![json!({ "count": count, "interval": interval, "interval_unit": unit.map(|unit| unit.as_str()) })]
}

fn schedule(of: &Schedule) -> Value {
    let retain = of.retain_rule.as_ref().map(|of| span(of.count, of.interval, of.interval_unit.as_ref()));
    let deprecate =
        of.deprecate_rule.as_ref().map(|of| span(of.count, of.interval, of.interval_unit.as_ref()));
    let fast = of.fast_restore_rule.as_ref().map(|of| {
        let mut block = span(of.count, of.interval, of.interval_unit.as_ref());
        block[0]["availability_zones"] = json!(of.availability_zones());
        block
    });
    let archive = of.archive_rule.as_ref().and_then(|of| of.retain_rule.as_ref());
    let tier = archive.and_then(|of| of.retention_archive_tier.as_ref());
    let archive = tier.map(|of| {
        let tier = span(of.count, of.interval, of.interval_unit.as_ref());
        json!([{ "archive_retain_rule": [{ "retention_archive_tier": tier }] }])
    });
    let shares = of.share_rules().iter().map(|of| {
        json!({
            "target_accounts": of.target_accounts(),
            "unshare_interval": of.unshare_interval,
            "unshare_interval_unit": of.unshare_interval_unit.as_ref().map(|unit| unit.as_str()),
        })
    });
    json!({
        "archive_rule": archive,
        "copy_tags": of.copy_tags,
        "create_rule": of.create_rule.as_ref().map(|of| vec![create_rule(of)]),
        "cross_region_copy_rule": of.cross_region_copy_rules().iter().map(copy_rule).collect::<Vec<_>>(),
        "deprecate_rule": deprecate,
        "fast_restore_rule": fast,
        "name": of.name,
        "retain_rule": retain,
        "share_rule": shares.collect::<Vec<_>>(),
        "tags_to_add": tags(of.tags_to_add()),
        "variable_tags": tags(of.variable_tags()),
    })
}

fn create_rule(of: &CreateRule) -> Value {
    json!({
        "cron_expression": of.cron_expression,
        "interval": of.interval,
        "interval_unit": of.interval_unit.as_ref().map(|unit| unit.as_str()),
        "location": of.location.as_ref().map(|of| of.as_str()),
        "times": of.times(),
    })
}

fn copy_rule(of: &CrossRegionCopyRule) -> Value {
    let retain = of.retain_rule.as_ref().map(|of| span(None, of.interval, of.interval_unit.as_ref()));
    let deprecate = of.deprecate_rule.as_ref().map(|of| span(None, of.interval, of.interval_unit.as_ref()));
    json!({
        "cmk_arn": of.cmk_arn,
        "copy_tags": of.copy_tags,
        "deprecate_rule": deprecate,
        "encrypted": of.encrypted,
        "retain_rule": retain,
        "target": of.target,
        "target_region": of.target_region,
    })
}

/// What a policy does when an event happens.
fn action(of: &Action) -> Value {
    let copy = |of: &CrossRegionCopyAction| {
        let encryption = of.encryption_configuration.as_ref();
        let encryption = encryption.map(|of| json!([{ "encrypted": of.encrypted, "cmk_arn": of.cmk_arn }]));
        let retain = of.retain_rule.as_ref().map(|of| span(None, of.interval, of.interval_unit.as_ref()));
        json!({ "target": of.target, "encryption_configuration": encryption, "retain_rule": retain })
    };
    let copies: Vec<Value> = of.cross_region_copy().iter().map(copy).collect();
    json!({ "name": of.name, "cross_region_copy": copies })
}

fn event_source(of: &EventSource) -> Value {
    let parameters = of.parameters.as_ref().map(|of| {
        json!([{
            "description_regex": of.description_regex,
            "event_type": of.event_type.as_ref().map(|of| of.as_str()),
            "snapshot_owner": of.snapshot_owner,
        }])
    });
    json!({ "type": of.r#type.as_ref().map(|of| of.as_str()), "parameters": parameters })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::{Account, wanting_all};
    use stateward_model::compare::{Comparison, compare};

    const LISTED: &str = r#"{"Policies":[{"PolicyId":"policy-1","Description":"nightly","State":"ENABLED",
        "Tags":{"Environment":"prod"}}]}"#;
    const READ: &str = r#"{"Policy":{"PolicyId":"policy-1","Description":"nightly","State":"ENABLED",
        "ExecutionRoleArn":"arn:aws:iam::1:role/dlm","PolicyArn":"arn:aws:dlm:us-west-2:1:policy/policy-1",
        "PolicyDetails":{"PolicyType":"EBS_SNAPSHOT_MANAGEMENT","ResourceTypes":["VOLUME"],"ResourceLocations":["CLOUD"],
            "TargetTags":[{"Key":"Backup","Value":"yes"}],"PolicyLanguage":"STANDARD",
            "Schedules":[{"Name":"nightly","CopyTags":false,
                "CreateRule":{"Location":"CLOUD","Interval":24,"IntervalUnit":"HOURS","Times":["03:00"],
                    "Scripts":[{"ExecutionHandler":"hunter2"}]},
                "RetainRule":{"Count":14},
                "CrossRegionCopyRules":[{"TargetRegion":"eu-west-1","Encrypted":true,"CopyTags":false,
                    "RetainRule":{"Interval":1,"IntervalUnit":"MONTHS"}}]}]}}}"#;

    async fn read(policy: (u16, &'static str)) -> Harvest {
        let account = Account::new(wanting_all(&lifecycle_policy::KIND), move |asked| {
            let (code, text) =
                if asked.target.contains("/policies/policy-1") { policy } else { (200, LISTED) };
            (code, text.to_owned())
        });
        policies(account.home()).await
    }

    #[tokio::test]
    async fn a_policy_is_as_the_provider_writes_it_down() {
        let harvest = read((200, READ)).await;
        let [policy] = harvest.resources.as_slice() else { panic!("{harvest:?}") };
        // As Terraform's state holds it, with what the configuration leaves out as null or at its default.
        let declared = json!([{
            "action": [], "copy_tags": null, "event_source": [], "parameters": [], "policy_language": "",
            "policy_type": "EBS_SNAPSHOT_MANAGEMENT", "resource_locations": ["CLOUD"], "resource_types": ["VOLUME"],
            "target_tags": { "Backup": "yes" },
            "schedule": [{
                "name": "nightly", "copy_tags": false, "tags_to_add": null, "variable_tags": null,
                "create_rule": [{ "interval": 24, "interval_unit": "HOURS", "location": "CLOUD", "times": ["03:00"],
                    "cron_expression": "" }],
                "retain_rule": [{ "count": 14, "interval": 0, "interval_unit": "" }],
                "deprecate_rule": [], "fast_restore_rule": [], "share_rule": [],
                "cross_region_copy_rule": [{ "target_region": "eu-west-1", "target": "", "encrypted": true,
                    "cmk_arn": "", "copy_tags": false, "deprecate_rule": [],
                    "retain_rule": [{ "interval": 1, "interval_unit": "MONTHS" }] }],
            }],
        }]);
        let attr = lifecycle_policy::POLICY_DETAILS.any();
        let live = policy.raw("policy_details").unwrap();
        assert!(!matches!(compare(&attr, &declared, live), Comparison::Changed(_)), "{live:#}");
        let mut changed = declared;
        changed[0]["schedule"][0]["retain_rule"][0]["count"] = json!(30);
        let Comparison::Changed(changes) = compare(&attr, &changed, live) else { panic!("{live:#}") };
        let paths: Vec<_> = changes.iter().map(|change| change.path.as_str()).collect();
        assert_eq!(paths, ["policy_details[0].schedule[0].retain_rule[0].count"]);
        assert!(!format!("{harvest:?}").contains("hunter2"));
    }

    #[tokio::test]
    async fn a_refused_policy_is_listed_and_unread() {
        let refused = r#"{"__type":"AccessDeniedException","message":"no"}"#;
        let harvest = read((403, refused)).await;
        let [policy] = harvest.resources.as_slice() else { panic!("{harvest:?}") };
        assert_eq!(policy.get(&lifecycle_policy::DESCRIPTION).unwrap().as_deref(), Some("nightly"));
        assert!(policy.get(&lifecycle_policy::POLICY_DETAILS).is_err());
        assert!(policy.get(&lifecycle_policy::EXECUTION_ROLE_ARN).is_err());
        assert!(harvest.gaps.is_empty());
    }
}
