//! Reads Application Auto Scaling: targets and policies, of the services that are judged, and of all where a state is
//! compared.

use aws_sdk_applicationautoscaling::error::SdkError;
use aws_sdk_applicationautoscaling::operation::describe_scalable_targets::DescribeScalableTargetsOutput;
use aws_sdk_applicationautoscaling::operation::describe_scaling_policies::DescribeScalingPoliciesOutput;
use aws_sdk_applicationautoscaling::types::{
    CustomizedMetricSpecification, MetricDimension, ScalableTarget, ScalingPolicy, ServiceNamespace,
    StepAdjustment, StepScalingPolicyConfiguration, TargetTrackingScalingPolicyConfiguration,
};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use serde_json::{Value, json};
use stateward_model::kinds::appautoscaling::{
    RESOURCE_ID, SCALABLE_DIMENSION, SERVICE_NAMESPACE, id_of, policy, target,
};
use stateward_model::kinds::common::ARN;
use stateward_model::kinds::{dynamodb, ecs};
use stateward_model::{Attr, Harvest, Kind, Resource};

use crate::call::Call;
use crate::ec2::compute::{block, word};
use crate::rds::harvest;
use crate::session::{Collector, Session};

/// The listings give 50 items a page at most.
const PAGE: i32 = 50;

static TARGETS: Call = Call::new("application-autoscaling", "DescribeScalableTargets");
static POLICIES: Call = Call::new("application-autoscaling", "DescribeScalingPolicies");

/// The collectors of this file.
pub const COLLECTORS: &[Collector] = &[
    Collector { kind: &target::KIND, calls: &[&TARGETS], collect: |s| Box::pin(targets(s)) },
    Collector { kind: &policy::KIND, calls: &[&POLICIES], collect: |s| Box::pin(policies(s)) },
];

/// The services that checks judge, with the kinds that they scale.
const JUDGED: &[(ServiceNamespace, &Kind)] =
    &[(ServiceNamespace::Dynamodb, &dynamodb::table::KIND), (ServiceNamespace::Ecs, &ecs::service::KIND)];

/// The services to ask about, since a listing takes one at a time: of those that are judged the ones that the account
/// uses, and all for a comparison, which alone wants what no check reads.
fn namespaces<T>(s: &Session, kind: &Kind, compared: &Attr<T>) -> Vec<ServiceNamespace> {
    if s.wants(kind, compared) {
        return ServiceNamespace::values().iter().map(|name| ServiceNamespace::from(*name)).collect();
    }
    JUDGED.iter().filter(|(_, scaled)| s.may_have(scaled)).map(|(namespace, _)| namespace.clone()).collect()
}

/// A region that lacks a service does not know its name either, and there is nothing of it.
fn or_nothing<O, E, R>(
    namespace: &ServiceNamespace,
    read: Result<O, SdkError<E, R>>,
    nothing: O,
) -> Result<O, SdkError<E, R>>
where
    E: ProvideErrorMetadata,
{
    match read {
        Err(error)
            if error.code() == Some("ValidationException")
                && JUDGED.iter().all(|(judged, _)| judged != namespace) =>
        {
            Ok(nothing)
        }
        read => read,
    }
}

fn joined(parts: Vec<Harvest>) -> Harvest {
    let mut all = Harvest::default();
    for part in parts {
        all.resources.extend(part.resources);
        all.gaps.extend(part.gaps);
    }
    all.gaps.sort();
    all.gaps.dedup();
    all
}

async fn targets(s: &Session) -> Harvest {
    let asked = namespaces(s, &target::KIND, &target::ROLE_ARN);
    joined(s.each(asked, |namespace| targets_of(s, namespace)).await)
}

async fn targets_of(s: &Session, namespace: ServiceNamespace) -> Harvest {
    let pages = s
        .pages(
            &TARGETS,
            |token| {
                let request = s.applicationautoscaling().describe_scalable_targets();
                let request = request.service_namespace(namespace.clone()).max_results(PAGE);
                let sent = request.set_next_token(token).send();
                let nothing = DescribeScalableTargetsOutput::builder().build();
                let namespace = &namespace;
                async move { or_nothing(namespace, sent.await, nothing) }
            },
            |out| (out.scalable_targets.unwrap_or_default(), out.next_token),
        )
        .await;
    harvest(pages, |item| target_resource(s, item))
}

fn target_resource(s: &Session, item: &ScalableTarget) -> Resource {
    use target::*;
    let (service, dimension) = (item.service_namespace.as_str(), item.scalable_dimension.as_str());
    let id = id_of(service, &item.resource_id, dimension);
    let mut r = Resource::new(s.place(), KIND.name, id).with_name(item.resource_id.clone());
    r.arn = item.scalable_target_arn.clone();
    r.set_opt(&ARN, item.scalable_target_arn.clone())
        .set(&MAX_CAPACITY, i64::from(item.max_capacity))
        .set(&MIN_CAPACITY, i64::from(item.min_capacity))
        .set(&RESOURCE_ID, item.resource_id.clone())
        .set(&ROLE_ARN, item.role_arn.clone())
        .set(&SCALABLE_DIMENSION, dimension.to_owned())
        .set(&SERVICE_NAMESPACE, service.to_owned());
    r
}

async fn policies(s: &Session) -> Harvest {
    let mut asked = namespaces(s, &policy::KIND, &policy::POLICY_TYPE);
    // Of tables the targets alone are judged.
    if !s.wants(&policy::KIND, &policy::POLICY_TYPE) {
        asked.retain(|namespace| *namespace == ServiceNamespace::Ecs);
    }
    joined(s.each(asked, |namespace| policies_of(s, namespace)).await)
}

async fn policies_of(s: &Session, namespace: ServiceNamespace) -> Harvest {
    let pages = s
        .pages(
            &POLICIES,
            |token| {
                let request = s.applicationautoscaling().describe_scaling_policies();
                let request = request.service_namespace(namespace.clone()).max_results(PAGE);
                let sent = request.set_next_token(token).send();
                let nothing = DescribeScalingPoliciesOutput::builder().build();
                let namespace = &namespace;
                async move { or_nothing(namespace, sent.await, nothing) }
            },
            |out| (out.scaling_policies.unwrap_or_default(), out.next_token),
        )
        .await;
    harvest(pages, |item| policy_resource(s, item))
}

fn policy_resource(s: &Session, item: &ScalingPolicy) -> Resource {
    use policy::*;
    let (service, dimension) = (item.service_namespace.as_str(), item.scalable_dimension.as_str());
    let id = format!("{}/{}", id_of(service, &item.resource_id, dimension), item.policy_name);
    let mut r = Resource::new(s.place(), KIND.name, id).with_name(item.policy_name.clone());
    r.arn = Some(item.policy_arn.clone());
    r.set(&ARN, item.policy_arn.clone())
        .set(&NAME, item.policy_name.clone())
        .set(&POLICY_TYPE, item.policy_type.as_str().to_owned())
        .set(&RESOURCE_ID, item.resource_id.clone())
        .set(&SCALABLE_DIMENSION, dimension.to_owned())
        .set(&SERVICE_NAMESPACE, service.to_owned())
        .set(&STEP_SCALING, block(item.step_scaling_policy_configuration.as_ref(), steps))
        .set(&TARGET_TRACKING, block(item.target_tracking_scaling_policy_configuration.as_ref(), tracking));
    r
}

fn steps(of: &StepScalingPolicyConfiguration) -> Value {
    json!({
        "adjustment_type": word!(of.adjustment_type),
        "cooldown": of.cooldown,
        "metric_aggregation_type": word!(of.metric_aggregation_type),
        "min_adjustment_magnitude": of.min_adjustment_magnitude,
        "step_adjustment": of.step_adjustments().iter().map(step).collect::<Vec<_>>(),
    })
}

fn step(of: &StepAdjustment) -> Value {
    // The schema has the bounds of steps as text.
    let text = |number: Option<f64>| number.map(|number| number.to_string());
    json!({
        "metric_interval_lower_bound": text(of.metric_interval_lower_bound),
        "metric_interval_upper_bound": text(of.metric_interval_upper_bound),
        "scaling_adjustment": of.scaling_adjustment,
    })
}

fn tracking(of: &TargetTrackingScalingPolicyConfiguration) -> Value {
    json!({
        "customized_metric_specification": block(of.customized_metric_specification.as_ref(), customized),
        "disable_scale_in": of.disable_scale_in,
        "predefined_metric_specification": block(of.predefined_metric_specification.as_ref(), |metric| json!({
            "predefined_metric_type": metric.predefined_metric_type.as_str(),
            "resource_label": metric.resource_label,
        })),
        "scale_in_cooldown": of.scale_in_cooldown,
        "scale_out_cooldown": of.scale_out_cooldown,
        "target_value": of.target_value,
    })
}

fn customized(of: &CustomizedMetricSpecification) -> Value {
    json!({
        "dimensions": of.dimensions().iter().map(dimension).collect::<Vec<_>>(),
        "metric_name": of.metric_name,
        "namespace": of.namespace,
        "statistic": word!(of.statistic),
        "unit": of.unit,
    })
}

fn dimension(of: &MetricDimension) -> Value {
    json!({ "name": of.name, "value": of.value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::{ACCOUNT, Account, Asked, wanting, wanting_all};
    use stateward_model::{Place, Reading};

    const TARGET: &str = r#"{"ServiceNamespace":"ecs","ResourceId":"service/main/api",
        "ScalableDimension":"ecs:service:DesiredCount","MinCapacity":2,"MaxCapacity":6,"RoleARN":"arn:role",
        "CreationTime":0}"#;
    const POLICY: &str = r#"{"PolicyARN":"arn:policy","PolicyName":"cpu","ServiceNamespace":"ecs",
        "ResourceId":"service/main/api","ScalableDimension":"ecs:service:DesiredCount",
        "PolicyType":"TargetTrackingScaling","TargetTrackingScalingPolicyConfiguration":{"TargetValue":60.0,
        "PredefinedMetricSpecification":{"PredefinedMetricType":"ECSServiceAverageCPUUtilization"}},"CreationTime":0}"#;

    fn answer(asked: &Asked) -> (u16, String) {
        let of = |namespace: &str| asked.body.contains(&format!(r#""ServiceNamespace":"{namespace}""#));
        if of("workspaces") {
            return (400, r#"{"__type":"ValidationException","Message":"no such namespace"}"#.to_owned());
        }
        let (target, policy) = if of("ecs") { (TARGET, POLICY) } else { ("", "") };
        (200, format!(r#"{{"ScalableTargets":[{target}],"ScalingPolicies":[{policy}]}}"#))
    }

    fn without(kind: &Kind) -> Vec<Reading> {
        let place = Place::new(ACCOUNT, "us-west-2");
        let kind = kind.name.to_owned();
        vec![Reading { kind, place, observed_at: String::new(), harvest: Harvest::default() }]
    }

    #[tokio::test]
    async fn checks_ask_about_what_the_account_uses_of_two_services() {
        let account = Account::new(wanting(&target::KIND, &["max_capacity"]), answer);
        account.home().note_unused(&without(&dynamodb::table::KIND));
        let harvest = targets(account.home()).await;
        assert_eq!(account.calls("DescribeScalableTargets"), 1);
        let [found] = harvest.resources.as_slice() else { panic!("one target") };
        assert_eq!(found.id(), "ecs/service/main/api/ecs:service:DesiredCount");
        assert_eq!((target::KIND.identity)(found).as_deref(), Some(found.id()));
        let account = Account::new(wanting(&policy::KIND, &["resource_id"]), answer);
        account.home().note_unused(&without(&ecs::service::KIND));
        assert!(policies(account.home()).await.resources.is_empty());
        assert_eq!(account.calls("DescribeScalingPolicies"), 0);
    }

    #[tokio::test]
    async fn a_comparison_asks_about_all_and_an_unknown_service_is_none() {
        let account = Account::new(wanting_all(&policy::KIND), answer);
        let harvest = policies(account.home()).await;
        assert_eq!(account.calls("DescribeScalingPolicies") as usize, ServiceNamespace::values().len());
        assert_eq!(harvest.gaps, []);
        let [found] = harvest.resources.as_slice() else { panic!("one policy") };
        assert_eq!((policy::KIND.identity)(found).as_deref(), Some(found.id()));
        let tracking = found.get(&policy::TARGET_TRACKING).unwrap().unwrap();
        assert_eq!(tracking[0]["target_value"], 60.0);
        assert_eq!(found.get(&policy::STEP_SCALING), Ok(Some(json!([]))));
        assert!(policy::KIND.attributes.iter().all(|attr| found.has(attr.path)));
    }

    #[tokio::test]
    async fn a_refusal_of_what_is_judged_is_a_gap() {
        let refuse = |_: &Asked| (400, r#"{"__type":"ValidationException","Message":"no"}"#.to_owned());
        let account = Account::new(wanting(&target::KIND, &["max_capacity"]), refuse);
        let harvest = targets(account.home()).await;
        assert_eq!((account.calls("DescribeScalableTargets"), harvest.gaps.len()), (2, 1));
    }
}
