//! Application Auto Scaling: what may be scaled, and by which policies.

use serde_json::Value;

use crate::attr::{Absent, Attr, Equality::*, Nested};
use crate::kind::Kind;
use crate::resource::Resource;

use super::common::ARN;

/// What is scaled: `service/CLUSTER/SERVICE`, `table/NAME`.
pub const RESOURCE_ID: Attr<String> = Attr::new("resource_id", Exact);
/// What of it: `ecs:service:DesiredCount`.
pub const SCALABLE_DIMENSION: Attr<String> = Attr::new("scalable_dimension", Exact);
/// Of which service: `ecs`, `dynamodb`.
pub const SERVICE_NAMESPACE: Attr<String> = Attr::new("service_namespace", Exact);

/// The kinds that decide which services are asked about.
const AFTER: &[&str] = &["aws_dynamodb_table", "aws_ecs_service"];

/// The id of a target, which is also what an import takes.
pub fn id_of(service: &str, resource: &str, dimension: &str) -> String {
    format!("{service}/{resource}/{dimension}")
}

fn target_id(resource: &Resource) -> Option<String> {
    let text = |key: &Attr<String>| resource.get(key).ok().flatten().filter(|text| !text.is_empty());
    Some(id_of(&text(&SERVICE_NAMESPACE)?, &text(&RESOURCE_ID)?, &text(&SCALABLE_DIMENSION)?))
}

/// `aws_appautoscaling_target`.
pub mod target {
    use super::*;

    /// The most.
    pub const MAX_CAPACITY: Attr<i64> = Attr::new("max_capacity", Exact).absent(Absent::Zero);
    /// The least.
    pub const MIN_CAPACITY: Attr<i64> = Attr::new("min_capacity", Exact).absent(Absent::Zero);
    /// The role that scales; AWS gives its own where none is named.
    pub const ROLE_ARN: Attr<String> = Attr::new("role_arn", Reference).absent(Absent::Unclaimed);

    /// The kind; its id in a state is the resource's alone, which may have several targets.
    pub static KIND: Kind = Kind {
        name: "aws_appautoscaling_target",
        service: "application-autoscaling",
        after: AFTER,
        listed_by: &["application-autoscaling:DescribeScalableTargets"],
        attributes: &[
            ARN.any(),
            MAX_CAPACITY.any(),
            MIN_CAPACITY.any(),
            RESOURCE_ID.any(),
            ROLE_ARN.any(),
            SCALABLE_DIMENSION.any(),
            SERVICE_NAMESPACE.any(),
        ],
        identity: target_id,
        ..Kind::BASE
    };
}

/// `aws_appautoscaling_policy`.
pub mod policy {
    use super::*;

    /// Its name.
    pub const NAME: Attr<String> = Attr::new("name", Exact);
    /// `TargetTrackingScaling`, `StepScaling` or `PredictiveScaling`.
    pub const POLICY_TYPE: Attr<String> =
        Attr::new("policy_type", Exact).absent(Absent::Default("\"StepScaling\""));
    /// The steps of a step policy. The bounds are numbers that the schema writes as text.
    pub const STEP_SCALING: Attr<Value> =
        Attr::new("step_scaling_policy_configuration", Exact).absent(Absent::Zero).nested(&[
            Nested::new("cooldown", Exact).absent(Absent::Zero),
            Nested::new("min_adjustment_magnitude", Exact).absent(Absent::Zero),
            Nested::new("step_adjustment", Set),
        ]);
    /// What a target tracking policy holds, and at which value.
    pub const TARGET_TRACKING: Attr<Value> =
        Attr::new("target_tracking_scaling_policy_configuration", Exact).absent(Absent::Zero).nested(&[
            Nested::new("customized_metric_specification.dimensions", Set),
            Nested::new("customized_metric_specification.metrics", Never("not read")),
            Nested::new("disable_scale_in", Exact).absent(Absent::Zero),
            Nested::new("scale_in_cooldown", Exact).absent(Absent::Unclaimed),
            Nested::new("scale_out_cooldown", Exact).absent(Absent::Unclaimed),
        ]);

    /// The kind; its id in a state is its name alone.
    pub static KIND: Kind = Kind {
        name: "aws_appautoscaling_policy",
        service: "application-autoscaling",
        after: AFTER,
        listed_by: &["application-autoscaling:DescribeScalingPolicies"],
        attributes: &[
            ARN.any(),
            NAME.any(),
            POLICY_TYPE.any(),
            RESOURCE_ID.any(),
            SCALABLE_DIMENSION.any(),
            SERVICE_NAMESPACE.any(),
            STEP_SCALING.any(),
            TARGET_TRACKING.any(),
        ],
        identity: |resource| {
            let name = resource.get(&NAME).ok().flatten().filter(|name| !name.is_empty())?;
            Some(format!("{}/{name}", target_id(resource)?))
        },
        ..Kind::BASE
    };
}

/// The kinds of this file.
pub const KINDS: &[&Kind] = &[&target::KIND, &policy::KIND];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{Comparison, compare};
    use crate::resource::Place;
    use serde_json::json;

    #[test]
    fn a_policy_is_known_by_its_target_and_name() {
        let mut policy = Resource::new(Place::new("1", "r"), policy::KIND.name, "cpu");
        policy
            .set(&policy::NAME, "cpu".to_owned())
            .set(&RESOURCE_ID, "service/main/api".to_owned())
            .set(&SERVICE_NAMESPACE, "ecs".to_owned());
        assert_eq!((policy::KIND.identity)(&policy), None);
        policy.set(&SCALABLE_DIMENSION, "ecs:service:DesiredCount".to_owned());
        let id = (policy::KIND.identity)(&policy);
        assert_eq!(id.as_deref(), Some("ecs/service/main/api/ecs:service:DesiredCount/cpu"));
    }

    #[test]
    fn steps_have_no_order_and_what_was_left_out_is_no_change() {
        let attr = policy::STEP_SCALING.any();
        let step = |lower: &str, upper: &str, by: i64| json!({ "metric_interval_lower_bound": lower, "metric_interval_upper_bound": upper, "scaling_adjustment": by });
        let declared = json!([{ "adjustment_type": "ChangeInCapacity", "cooldown": 60, "metric_aggregation_type": "Maximum",
            "min_adjustment_magnitude": 0, "step_adjustment": [step("0", "10", 1), step("10", "", 2)] }]);
        let live = json!([{ "adjustment_type": "ChangeInCapacity", "cooldown": 60, "metric_aggregation_type": "Maximum",
            "min_adjustment_magnitude": null, "step_adjustment": [
                { "metric_interval_lower_bound": "10", "metric_interval_upper_bound": null, "scaling_adjustment": 2 },
                step("0", "10", 1)] }]);
        assert!(!matches!(compare(&attr, &declared, &live), Comparison::Changed(_)));
        let mut other = live.clone();
        other[0]["step_adjustment"][0]["scaling_adjustment"] = json!(3);
        assert!(matches!(compare(&attr, &declared, &other), Comparison::Changed(_)));
    }
}
