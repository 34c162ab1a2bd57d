//! Reads EC2 Auto Scaling: one listing a kind; hooks and failed activities by group, where they are asked for.

use aws_sdk_autoscaling::types::{
    Activity, AutoScalingGroup, CustomizedMetricSpecification, Filter, LaunchConfiguration,
    LaunchTemplateOverrides, LaunchTemplateSpecification, LifecycleHook, MetricDimension,
    MixedInstancesPolicy, ScalingPolicy, ScheduledUpdateGroupAction, TargetTrackingConfiguration,
    TargetTrackingMetricDataQuery,
};
use serde_json::{Value, json};
use stateward_model::kinds::autoscaling::{group, id_in_group, launch_configuration, policy, schedule};
use stateward_model::kinds::common::ARN;
use stateward_model::kinds::ec2::compute::MetadataOptions;
use stateward_model::{Harvest, Resource};

use crate::call::Call;
use crate::ec2::compute::{block, requirements, word};
use crate::rds::{harvest, stamp};
use crate::session::{Collector, Session};

/// The most that a page holds.
const PAGE: i32 = 100;

static GROUPS: Call = Call::new("autoscaling", "DescribeAutoScalingGroups");
static HOOKS: Call = Call::new("autoscaling", "DescribeLifecycleHooks");
static ACTIVITIES: Call = Call::new("autoscaling", "DescribeScalingActivities");
static POLICIES: Call = Call::new("autoscaling", "DescribePolicies");
static SCHEDULES: Call = Call::new("autoscaling", "DescribeScheduledActions");
static LAUNCH_CONFIGURATIONS: Call = Call::new("autoscaling", "DescribeLaunchConfigurations");

/// The collectors of this file.
pub const COLLECTORS: &[Collector] = &[
    Collector {
        kind: &group::KIND,
        calls: &[&GROUPS, &HOOKS, &ACTIVITIES],
        collect: |s| Box::pin(groups(s)),
    },
    Collector { kind: &policy::KIND, calls: &[&POLICIES], collect: |s| Box::pin(policies(s)) },
    Collector { kind: &schedule::KIND, calls: &[&SCHEDULES], collect: |s| Box::pin(schedules(s)) },
    Collector {
        kind: &launch_configuration::KIND,
        calls: &[&LAUNCH_CONFIGURATIONS],
        collect: |s| Box::pin(launch_configurations(s)),
    },
];

fn new_resource(
    s: &Session,
    kind: &'static str,
    id: &str,
    name: Option<&str>,
    arn: Option<&str>,
) -> Resource {
    let mut resource = Resource::new(s.place(), kind, id).with_name(name.unwrap_or_default());
    resource.arn = arn.map(str::to_owned);
    resource.set_opt(&ARN, arn.map(str::to_owned));
    resource
}

async fn groups(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &GROUPS,
            |token| {
                s.autoscaling().describe_auto_scaling_groups().max_records(PAGE).set_next_token(token).send()
            },
            |out| (out.auto_scaling_groups.unwrap_or_default(), out.next_token),
        )
        .await;
    let Harvest { resources, gaps } = harvest(pages, |group| group_resource(s, group));
    let resources = s.each(resources, |resource| put_apart(s, resource)).await;
    Harvest { resources, gaps }
}

/// What is told of one group at a time. The hooks of groups that a platform made are nobody's to compare.
async fn put_apart(s: &Session, mut resource: Resource) -> Resource {
    use group::*;
    let name = resource.id().to_owned();
    if s.wants(&KIND, &INITIAL_LIFECYCLE_HOOK) && (KIND.exclusion)(&resource).is_none() {
        let read = s
            .call(&HOOKS, || s.autoscaling().describe_lifecycle_hooks().auto_scaling_group_name(&name).send())
            .await;
        let hooks = read.map(|out| json!(out.lifecycle_hooks().iter().map(hook).collect::<Vec<_>>()));
        resource.put(&INITIAL_LIFECYCLE_HOOK, hooks);
    }
    if s.wants(&KIND, &FAILED_ACTIVITIES) {
        let failed = Filter::builder().name("Status").values("Failed").build();
        let read = s
            .pages(
                &ACTIVITIES,
                |token| {
                    s.autoscaling()
                        .describe_scaling_activities()
                        .auto_scaling_group_name(&name)
                        .filters(failed.clone())
                        .max_records(PAGE)
                        .set_next_token(token)
                        .send()
                },
                |out| (out.activities.unwrap_or_default(), out.next_token),
            )
            .await;
        resource.put(&FAILED_ACTIVITIES, read.complete().map(|all| failed_activities(&all)));
    }
    resource
}

fn hook(hook: &LifecycleHook) -> Value {
    json!({
        "default_result": hook.default_result,
        "heartbeat_timeout": hook.heartbeat_timeout,
        "lifecycle_transition": hook.lifecycle_transition,
        "name": hook.lifecycle_hook_name,
        "notification_metadata": hook.notification_metadata,
        "notification_target_arn": hook.notification_target_arn,
        "role_arn": hook.role_arn,
    })
}

fn failed_activities(all: &[Activity]) -> Vec<group::FailedActivity> {
    let failed =
        |activity: &&Activity| activity.status_code.as_ref().is_some_and(|code| code.as_str() == "Failed");
    let mut found: Vec<group::FailedActivity> = all
        .iter()
        .filter(failed)
        .map(|activity| group::FailedActivity {
            start_time: activity.start_time.as_ref().and_then(stamp),
            description: activity.description.clone(),
            status_message: activity.status_message.clone(),
        })
        .collect();
    found.sort_by(|a, b| b.start_time.cmp(&a.start_time));
    found
}

fn group_resource(s: &Session, g: &AutoScalingGroup) -> Resource {
    use group::*;
    let name = g.auto_scaling_group_name.as_deref();
    let arn = g.auto_scaling_group_arn.as_deref();
    let mut r = new_resource(s, KIND.name, name.unwrap_or_default(), name, arn);
    let metrics: Vec<String> = g.enabled_metrics().iter().filter_map(|m| m.metric.clone()).collect();
    let subnets = g.vpc_zone_identifier.as_deref().unwrap_or_default().split(',').map(str::trim);
    r.set(&AVAILABILITY_ZONES, g.availability_zones().to_vec())
        .set(
            &AVAILABILITY_ZONE_DISTRIBUTION,
            block(
                g.availability_zone_distribution.as_ref(),
                |d| json!({ "capacity_distribution_strategy": word!(d.capacity_distribution_strategy) }),
            ),
        )
        .set_opt(&CAPACITY_REBALANCE, g.capacity_rebalance)
        .set_opt(&CONTEXT, g.context.clone())
        .set_opt(&CREATED_TIME, g.created_time.as_ref().and_then(stamp))
        .set_opt(&DEFAULT_COOLDOWN, g.default_cooldown.map(i64::from))
        .set_opt(&DEFAULT_INSTANCE_WARMUP, g.default_instance_warmup.map(i64::from))
        .set_opt(&DESIRED_CAPACITY, g.desired_capacity.map(i64::from))
        .set_opt(&DESIRED_CAPACITY_TYPE, g.desired_capacity_type.clone())
        .set_opt(&METRICS_GRANULARITY, g.enabled_metrics().first().and_then(|m| m.granularity.clone()))
        .set(&ENABLED_METRICS, metrics)
        .set_opt(&HEALTH_CHECK_GRACE_PERIOD, g.health_check_grace_period.map(i64::from))
        .set_opt(&HEALTH_CHECK_TYPE, g.health_check_type.clone())
        .set(&INSTANCES, members(g))
        .set(
            &INSTANCE_MAINTENANCE_POLICY,
            block(g.instance_maintenance_policy.as_ref(), |p| {
                json!({
                    "max_healthy_percentage": p.max_healthy_percentage,
                    "min_healthy_percentage": p.min_healthy_percentage,
                })
            }),
        )
        .set_opt(&LAUNCH_CONFIGURATION, g.launch_configuration_name.clone())
        .set(&LAUNCH_TEMPLATE, g.launch_template.iter().map(template).collect())
        .set(&LOAD_BALANCERS, g.load_balancer_names().to_vec())
        .set_opt(&MAX_INSTANCE_LIFETIME, g.max_instance_lifetime.map(i64::from))
        .set_opt(&MAX_SIZE, g.max_size.map(i64::from))
        .set_opt(&MIN_SIZE, g.min_size.map(i64::from))
        .set(&MIXED_INSTANCES_POLICY, block(g.mixed_instances_policy.as_ref(), mixed))
        .set_opt(&NAME, g.auto_scaling_group_name.clone())
        .set_opt(&PLACEMENT_GROUP, g.placement_group.clone())
        .set_opt(&PROTECT_FROM_SCALE_IN, g.new_instances_protected_from_scale_in)
        .set_opt(&SERVICE_LINKED_ROLE_ARN, g.service_linked_role_arn.clone())
        .set_opt(&STATUS, g.status.clone())
        .set(
            &SUSPENDED_PROCESSES,
            g.suspended_processes().iter().filter_map(|process| process.process_name.clone()).collect(),
        )
        .set(&TARGET_GROUP_ARNS, g.target_group_arns().to_vec())
        .set(&TERMINATION_POLICIES, g.termination_policies().to_vec())
        .set(&VPC_ZONE_IDENTIFIER, subnets.filter(|subnet| !subnet.is_empty()).map(str::to_owned).collect())
        .set(
            &WARM_POOL,
            block(g.warm_pool_configuration.as_ref(), |pool| {
                json!({
                    "instance_reuse_policy": block(pool.instance_reuse_policy.as_ref(), |p| json!({
                        "reuse_on_scale_in": p.reuse_on_scale_in,
                    })),
                    "max_group_prepared_capacity": pool.max_group_prepared_capacity,
                    "min_size": pool.min_size,
                    "pool_state": word!(pool.pool_state),
                })
            }),
        );
    put_group_tags(&mut r, g);
    r
}

fn put_group_tags(r: &mut Resource, g: &AutoScalingGroup) {
    let tags: Vec<group::Tag> = g
        .tags()
        .iter()
        .map(|tag| group::Tag {
            key: tag.key.clone().unwrap_or_default(),
            value: tag.value.clone().unwrap_or_default(),
            propagate_at_launch: tag.propagate_at_launch.unwrap_or_default(),
        })
        .collect();
    let maps: Vec<Value> = tags
        .iter()
        .map(|tag| {
            json!({
                "key": tag.key,
                "propagate_at_launch": tag.propagate_at_launch.to_string(),
                "value": tag.value,
            })
        })
        .collect();
    r.set(&group::TAG, tags).set(&group::TAG_MAPS, json!(maps));
}

fn members(g: &AutoScalingGroup) -> Vec<group::Member> {
    g.instances()
        .iter()
        .map(|instance| group::Member {
            instance_id: instance.instance_id.clone().unwrap_or_default(),
            availability_zone: instance.availability_zone.clone().unwrap_or_default(),
            instance_type: instance.instance_type.clone(),
            health_status: instance.health_status.clone(),
            lifecycle_state: word!(instance.lifecycle_state),
        })
        .collect()
}

fn template(t: &LaunchTemplateSpecification) -> group::TemplateReference {
    group::TemplateReference {
        id: t.launch_template_id.clone(),
        name: t.launch_template_name.clone(),
        version: t.version.clone(),
    }
}

fn long_template(t: &LaunchTemplateSpecification) -> Value {
    json!({
        "launch_template_id": t.launch_template_id,
        "launch_template_name": t.launch_template_name,
        "version": t.version,
    })
}

fn mixed(m: &MixedInstancesPolicy) -> Value {
    json!({
        "instances_distribution": block(m.instances_distribution.as_ref(), |d| json!({
            "on_demand_allocation_strategy": d.on_demand_allocation_strategy,
            "on_demand_base_capacity": d.on_demand_base_capacity,
            "on_demand_percentage_above_base_capacity": d.on_demand_percentage_above_base_capacity,
            "spot_allocation_strategy": d.spot_allocation_strategy,
            "spot_instance_pools": d.spot_instance_pools,
            "spot_max_price": d.spot_max_price,
        })),
        "launch_template": block(m.launch_template.as_ref(), |t| json!({
            "launch_template_specification": block(t.launch_template_specification.as_ref(), long_template),
            "override": t.overrides().iter().map(override_of).collect::<Vec<_>>(),
        })),
    })
}

fn override_of(o: &LaunchTemplateOverrides) -> Value {
    json!({
        "instance_requirements": block(o.instance_requirements.as_ref(), |r| requirements!(r)),
        "instance_type": o.instance_type,
        "launch_template_specification": block(o.launch_template_specification.as_ref(), long_template),
        "weighted_capacity": o.weighted_capacity,
    })
}

async fn policies(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &POLICIES,
            |token| s.autoscaling().describe_policies().max_records(PAGE).set_next_token(token).send(),
            |out| (out.scaling_policies.unwrap_or_default(), out.next_token),
        )
        .await;
    harvest(pages, |policy| policy_resource(s, policy))
}

fn policy_resource(s: &Session, p: &ScalingPolicy) -> Resource {
    use policy::*;
    let name = p.policy_name.as_deref();
    let id = id_in_group(p.auto_scaling_group_name.as_deref().unwrap_or_default(), name.unwrap_or_default());
    let mut r = new_resource(s, KIND.name, &id, name, p.policy_arn.as_deref());
    // The schema has the bounds of steps as text.
    let text = |number: Option<f64>| number.map(|number| number.to_string());
    let steps: Vec<Value> = p
        .step_adjustments()
        .iter()
        .map(|step| {
            json!({
                "metric_interval_lower_bound": text(step.metric_interval_lower_bound),
                "metric_interval_upper_bound": text(step.metric_interval_upper_bound),
                "scaling_adjustment": step.scaling_adjustment,
            })
        })
        .collect();
    let predictive = p.predictive_scaling_configuration.as_ref();
    r.set_opt(&ADJUSTMENT_TYPE, p.adjustment_type.clone())
        .set_opt(&AUTOSCALING_GROUP_NAME, p.auto_scaling_group_name.clone())
        .set_opt(&COOLDOWN, p.cooldown.map(i64::from))
        .set_opt(&ENABLED, p.enabled)
        .set_opt(&ESTIMATED_INSTANCE_WARMUP, p.estimated_instance_warmup.map(i64::from))
        .set_opt(&METRIC_AGGREGATION_TYPE, p.metric_aggregation_type.clone())
        .set_opt(
            &MIN_ADJUSTMENT_MAGNITUDE,
            p.min_adjustment_magnitude.or(p.min_adjustment_step).map(i64::from),
        )
        .set_opt(&NAME, p.policy_name.clone())
        .set_opt(&POLICY_TYPE, p.policy_type.clone())
        .set_opt(&PREDICTIVE_MODE, predictive.and_then(|p| word!(p.mode)))
        .set_opt(&SCALING_ADJUSTMENT, p.scaling_adjustment.map(i64::from))
        .set(&STEP_ADJUSTMENT, json!(steps))
        .set(&TARGET_TRACKING_CONFIGURATION, block(p.target_tracking_configuration.as_ref(), tracking));
    r
}

fn tracking(t: &TargetTrackingConfiguration) -> Value {
    json!({
        "customized_metric_specification": block(t.customized_metric_specification.as_ref(), customized),
        "disable_scale_in": t.disable_scale_in,
        "predefined_metric_specification": block(t.predefined_metric_specification.as_ref(), |m| json!({
            "predefined_metric_type": word!(m.predefined_metric_type),
            "resource_label": m.resource_label,
        })),
        "target_value": t.target_value,
    })
}

fn customized(m: &CustomizedMetricSpecification) -> Value {
    json!({
        "metric_dimension": m.dimensions().iter().map(dimension).collect::<Vec<_>>(),
        "metric_name": m.metric_name,
        "metrics": m.metrics().iter().map(query).collect::<Vec<_>>(),
        "namespace": m.namespace,
        "period": m.period,
        "statistic": word!(m.statistic),
        "unit": m.unit,
    })
}

fn dimension(d: &MetricDimension) -> Value {
    json!({ "name": d.name, "value": d.value })
}

fn query(q: &TargetTrackingMetricDataQuery) -> Value {
    json!({
        "expression": q.expression,
        "id": q.id,
        "label": q.label,
        "metric_stat": block(q.metric_stat.as_ref(), |stat| json!({
            "metric": block(stat.metric.as_ref(), |metric| json!({
                "dimensions": metric.dimensions().iter().map(dimension).collect::<Vec<_>>(),
                "metric_name": metric.metric_name,
                "namespace": metric.namespace,
            })),
            "period": stat.period,
            "stat": stat.stat,
            "unit": stat.unit,
        })),
        "return_data": q.return_data,
    })
}

async fn schedules(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &SCHEDULES,
            |token| {
                s.autoscaling().describe_scheduled_actions().max_records(PAGE).set_next_token(token).send()
            },
            |out| (out.scheduled_update_group_actions.unwrap_or_default(), out.next_token),
        )
        .await;
    harvest(pages, |action| schedule_resource(s, action))
}

fn schedule_resource(s: &Session, a: &ScheduledUpdateGroupAction) -> Resource {
    use schedule::*;
    let name = a.scheduled_action_name.as_deref();
    let id = id_in_group(a.auto_scaling_group_name.as_deref().unwrap_or_default(), name.unwrap_or_default());
    let mut r = new_resource(s, KIND.name, &id, name, a.scheduled_action_arn.as_deref());
    r.set_opt(&AUTOSCALING_GROUP_NAME, a.auto_scaling_group_name.clone())
        .set_opt(&DESIRED_CAPACITY, a.desired_capacity.map(i64::from))
        .set_opt(&END_TIME, a.end_time.as_ref().and_then(stamp))
        .set_opt(&MAX_SIZE, a.max_size.map(i64::from))
        .set_opt(&MIN_SIZE, a.min_size.map(i64::from))
        .set_opt(&RECURRENCE, a.recurrence.clone())
        .set_opt(&SCHEDULED_ACTION_NAME, a.scheduled_action_name.clone())
        .set_opt(&START_TIME, a.start_time.as_ref().and_then(stamp))
        .set_opt(&TIME_ZONE, a.time_zone.clone());
    r
}

async fn launch_configurations(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &LAUNCH_CONFIGURATIONS,
            |token| {
                s.autoscaling()
                    .describe_launch_configurations()
                    .max_records(PAGE)
                    .set_next_token(token)
                    .send()
            },
            |out| (out.launch_configurations.unwrap_or_default(), out.next_token),
        )
        .await;
    harvest(pages, |configuration| launch_configuration_resource(s, configuration))
}

fn launch_configuration_resource(s: &Session, c: &LaunchConfiguration) -> Resource {
    use launch_configuration::*;
    let name = c.launch_configuration_name.as_deref();
    let arn = c.launch_configuration_arn.as_deref();
    let mut r = new_resource(s, KIND.name, name.unwrap_or_default(), name, arn);
    let metadata = c
        .metadata_options
        .iter()
        .map(|options| MetadataOptions {
            http_endpoint: word!(options.http_endpoint),
            http_put_response_hop_limit: options.http_put_response_hop_limit.map(i64::from),
            http_tokens: word!(options.http_tokens),
            ..MetadataOptions::default()
        })
        .collect();
    r.set_opt(&ASSOCIATE_PUBLIC_IP_ADDRESS, c.associate_public_ip_address)
        .set_opt(&IMAGE_ID, c.image_id.clone())
        .set_opt(&INSTANCE_TYPE, c.instance_type.clone())
        .set(&METADATA_OPTIONS, metadata)
        .set_opt(&NAME, c.launch_configuration_name.clone());
    r
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::{Account, wanting_all};
    use aws_sdk_autoscaling::types::{
        InstanceRequirements, InstancesDistribution, LaunchTemplate, MemoryMiBRequest,
        ScalingActivityStatusCode,
    };
    use aws_smithy_types::DateTime;

    #[test]
    fn a_mixed_policy_has_terraforms_shape() {
        let policy = MixedInstancesPolicy::builder()
            .instances_distribution(InstancesDistribution::builder().on_demand_base_capacity(1).build())
            .launch_template(
                LaunchTemplate::builder()
                    .launch_template_specification(
                        LaunchTemplateSpecification::builder()
                            .launch_template_id("lt-1")
                            .version("$Latest")
                            .build(),
                    )
                    .overrides(LaunchTemplateOverrides::builder().instance_type("m5.large").build())
                    .overrides(
                        LaunchTemplateOverrides::builder()
                            .instance_requirements(
                                InstanceRequirements::builder()
                                    .memory_mib(MemoryMiBRequest::builder().min(1024).build())
                                    .build(),
                            )
                            .build(),
                    )
                    .build(),
            )
            .build();
        let value = mixed(&policy);
        let template = &value["launch_template"][0];
        assert_eq!(template["launch_template_specification"][0]["version"], "$Latest");
        assert_eq!(template["override"][0]["instance_type"], "m5.large");
        assert_eq!(template["override"][0]["instance_requirements"], json!([]));
        assert_eq!(template["override"][1]["instance_requirements"][0]["memory_mib"][0]["min"], 1024);
        assert_eq!(value["instances_distribution"][0]["on_demand_base_capacity"], 1);
    }

    #[test]
    fn failures_come_newest_first_and_without_the_rest() {
        let activity = |seconds, status| {
            Activity::builder().start_time(DateTime::from_secs(seconds)).status_code(status).build()
        };
        let all = [
            activity(10, ScalingActivityStatusCode::Failed),
            activity(30, ScalingActivityStatusCode::Successful),
            activity(20, ScalingActivityStatusCode::Failed),
        ];
        let found: Vec<_> = failed_activities(&all).into_iter().filter_map(|a| a.start_time).collect();
        assert_eq!(found, ["1970-01-01T00:00:20Z", "1970-01-01T00:00:10Z"]);
    }

    fn answer(action: &str, content: &str) -> (u16, String) {
        (200, format!("<{action}Response><{action}Result>{content}</{action}Result></{action}Response>"))
    }

    #[tokio::test]
    async fn hooks_are_asked_for_by_group_and_not_where_a_platform_made_it() {
        let one = |name: &str, tag: &str| {
            format!(
                "<member><AutoScalingGroupName>{name}</AutoScalingGroupName><MinSize>1</MinSize><Tags><member>\
                 <Key>{tag}</Key><Value>x</Value></member></Tags><VPCZoneIdentifier>subnet-1,subnet-2\
                 </VPCZoneIdentifier></member>"
            )
        };
        let listed = format!(
            "<AutoScalingGroups>{}{}</AutoScalingGroups>",
            one("ours", "Name"),
            one("theirs", "eks:nodegroup-name")
        );
        let account = Account::new(wanting_all(&group::KIND), move |asked| match asked.action() {
            "DescribeLifecycleHooks" => {
                let denied =
                    "<Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message></Error>";
                (403, format!("<ErrorResponse>{denied}</ErrorResponse>"))
            }
            action @ "DescribeScalingActivities" => {
                assert!(asked.body.contains("Failed"));
                answer(action, "<Activities/>")
            }
            action => answer(action, &listed),
        });
        let harvest = groups(account.home()).await;
        assert!(harvest.gaps.is_empty());
        let [ours, theirs] = harvest.resources.as_slice() else { panic!("two groups") };
        assert!(ours.get(&group::INITIAL_LIFECYCLE_HOOK).is_err());
        assert!(!theirs.has("initial_lifecycle_hook"));
        assert_eq!(ours.get(&group::FAILED_ACTIVITIES), Ok(Some(Vec::new())));
        assert_eq!(ours.get(&group::VPC_ZONE_IDENTIFIER).unwrap().unwrap(), ["subnet-1", "subnet-2"]);
        assert!(group::KIND.attributes.iter().all(|attr| ours.has(attr.path)));
        let asked = ["DescribeLifecycleHooks", "DescribeScalingActivities"];
        assert_eq!(asked.map(|operation| account.calls(operation)), [1, 2]);
    }

    #[tokio::test]
    async fn policies_and_schedules_carry_their_group_in_their_id() {
        let names = "<AutoScalingGroupName>g</AutoScalingGroupName>";
        let account = Account::new(wanting_all(&policy::KIND), move |asked| match asked.action() {
            action @ "DescribePolicies" => {
                let steps = "<StepAdjustments><member><MetricIntervalLowerBound>10.0</MetricIntervalLowerBound>\
                    <ScalingAdjustment>2</ScalingAdjustment></member></StepAdjustments>";
                let one = format!("<member>{names}<PolicyName>up</PolicyName>{steps}</member>");
                answer(action, &format!("<ScalingPolicies>{one}</ScalingPolicies>"))
            }
            action => {
                let one = format!("<member>{names}<ScheduledActionName>night</ScheduledActionName></member>");
                answer(action, &format!("<ScheduledUpdateGroupActions>{one}</ScheduledUpdateGroupActions>"))
            }
        });
        let found = policies(account.home()).await.resources;
        assert_eq!(found[0].id(), "g/up");
        assert_eq!((policy::KIND.identity)(&found[0]).as_deref(), Some("g/up"));
        let steps = found[0].get(&policy::STEP_ADJUSTMENT).unwrap().unwrap();
        assert_eq!(steps[0]["metric_interval_lower_bound"], "10");
        let found = schedules(account.home()).await.resources;
        assert_eq!((schedule::KIND.identity)(&found[0]).as_deref(), Some(found[0].id()));
    }
}
