//! Amazon EC2 Auto Scaling: groups, what scales them, and launch configurations.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::attr::{Absent, Attr, Equality::*, Nested};
use crate::compare::hollow;
use crate::kind::{Exclusion, Form, Kind, Satellite, by_id};
use crate::resource::Resource;

use super::common::ARN;
use super::ec2::compute::{METADATA_RULES, MetadataOptions};

fn text(resource: &Resource, path: &str) -> Option<String> {
    resource.raw(path).ok()?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// The identity of what belongs to a group and is named within it: the group's name, a slash, its own name.
pub fn id_in_group(group: &str, name: &str) -> String {
    format!("{group}/{name}")
}

fn in_group(resource: &Resource, name: &str) -> Option<String> {
    Some(id_in_group(&text(resource, "autoscaling_group_name")?, &text(resource, name)?))
}

/// `aws_autoscaling_group`.
pub mod group {
    use super::*;

    /// A tag, and whether instances get it.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Tag {
        /// Its key.
        pub key: String,
        /// Its value.
        pub value: String,
        /// Whether instances get it at launch.
        pub propagate_at_launch: bool,
    }

    /// Which template, and which version of it.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct TemplateReference {
        /// `lt-…`.
        pub id: Option<String>,
        /// Its name.
        pub name: Option<String>,
        /// A number, `$Default` or `$Latest`; none is `$Default`.
        pub version: Option<String>,
    }

    /// An instance of the group.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Member {
        /// The instance.
        pub instance_id: String,
        /// Its zone.
        pub availability_zone: String,
        /// Its type.
        pub instance_type: Option<String>,
        /// `Healthy` or `Unhealthy`.
        pub health_status: Option<String>,
        /// `InService`, `Pending`, `Terminating`, `Standby`, …
        pub lifecycle_state: Option<String>,
    }

    /// A scaling activity that failed.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct FailedActivity {
        /// When it was begun, RFC 3339.
        pub start_time: Option<String>,
        /// What was attempted, in AWS's words.
        pub description: Option<String>,
        /// Why it failed, in AWS's words.
        pub status_message: Option<String>,
    }

    /// The zones.
    pub const AVAILABILITY_ZONES: Attr<Vec<String>> = Attr::new("availability_zones", Set);
    /// How instances are spread over zones.
    pub const AVAILABILITY_ZONE_DISTRIBUTION: Attr<Value> = Attr::new(
        "availability_zone_distribution",
        Exact,
    )
    .nested(&[Nested::new("capacity_distribution_strategy", Exact)
        .absent(Absent::Default("\"balanced-best-effort\""))]);
    /// Whether a spot instance is replaced before it is taken away.
    pub const CAPACITY_REBALANCE: Attr<bool> = Attr::new("capacity_rebalance", Exact).absent(Absent::Zero);
    /// Reserved for use by AWS.
    pub const CONTEXT: Attr<String> = Attr::new("context", Exact);
    /// When it was made, RFC 3339.
    pub const CREATED_TIME: Attr<String> = Attr::live("created_time");
    /// Seconds between simple scalings.
    pub const DEFAULT_COOLDOWN: Attr<i64> =
        Attr::new("default_cooldown", Exact).absent(Absent::Default("300"));
    /// Seconds until the metrics of a new instance count.
    pub const DEFAULT_INSTANCE_WARMUP: Attr<i64> =
        Attr::new("default_instance_warmup", Exact).absent(Absent::Zero);
    /// How many instances it should have; a scaling policy moves it (N13).
    pub const DESIRED_CAPACITY: Attr<i64> = Attr::new("desired_capacity", Exact);
    /// What the capacity counts.
    pub const DESIRED_CAPACITY_TYPE: Attr<String> =
        Attr::new("desired_capacity_type", Exact).absent(Absent::Default("\"units\""));
    /// Group metrics that are sent.
    pub const ENABLED_METRICS: Attr<Vec<String>> = Attr::new("enabled_metrics", Set);
    /// Activities of the last six weeks that failed, newest first.
    pub const FAILED_ACTIVITIES: Attr<Vec<FailedActivity>> =
        Attr::live("failed_activities").by(&["autoscaling:DescribeScalingActivities"]);
    /// Seconds until the health of a new instance counts.
    pub const HEALTH_CHECK_GRACE_PERIOD: Attr<i64> =
        Attr::new("health_check_grace_period", Exact).absent(Absent::Zero);
    /// `EC2` or `ELB`; several are joined by commas.
    pub const HEALTH_CHECK_TYPE: Attr<String> = Attr::new("health_check_type", Exact);
    /// Lifecycle hooks, those that were added later too.
    pub const INITIAL_LIFECYCLE_HOOK: Attr<Value> =
        Attr::new("initial_lifecycle_hook", Set).by(&["autoscaling:DescribeLifecycleHooks"]);
    /// Its instances.
    pub const INSTANCES: Attr<Vec<Member>> = Attr::live("instances");
    /// How many instances a replacement may take away at once.
    pub const INSTANCE_MAINTENANCE_POLICY: Attr<Value> =
        Attr::new("instance_maintenance_policy", Exact).absent(Absent::Zero);
    /// The launch configuration.
    pub const LAUNCH_CONFIGURATION: Attr<String> = Attr::new("launch_configuration", Exact);
    /// The launch template; none with a launch configuration or a mixed instances policy.
    pub const LAUNCH_TEMPLATE: Attr<Vec<TemplateReference>> = Attr::new("launch_template", Exact)
        .nested(&[Nested::new("version", Exact).absent(Absent::Default("\"$Default\""))]);
    /// Classic load balancers.
    pub const LOAD_BALANCERS: Attr<Vec<String>> = Attr::new("load_balancers", Set);
    /// Seconds that an instance may live.
    pub const MAX_INSTANCE_LIFETIME: Attr<i64> =
        Attr::new("max_instance_lifetime", Exact).absent(Absent::Zero);
    /// The largest size.
    pub const MAX_SIZE: Attr<i64> = Attr::new("max_size", Exact);
    /// How fine group metrics are.
    pub const METRICS_GRANULARITY: Attr<String> =
        Attr::new("metrics_granularity", Exact).absent(Absent::Default("\"1Minute\""));
    /// The smallest size.
    pub const MIN_SIZE: Attr<i64> = Attr::new("min_size", Exact);
    /// Several instance types or purchase options.
    pub const MIXED_INSTANCES_POLICY: Attr<Value> = Attr::new("mixed_instances_policy", Exact).nested(&[
        Nested::new("instances_distribution", Exact).absent(Absent::Unclaimed),
        Nested::new("instances_distribution.on_demand_allocation_strategy", Exact).absent(Absent::Unclaimed),
        Nested::new("instances_distribution.on_demand_base_capacity", Exact).absent(Absent::Zero),
        Nested::new("instances_distribution.spot_allocation_strategy", Exact).absent(Absent::Unclaimed),
        Nested::new("instances_distribution.spot_instance_pools", Exact).absent(Absent::Zero),
        Nested::new("launch_template.launch_template_specification.version", Exact)
            .absent(Absent::Default("\"$Default\"")),
        Nested::new("launch_template.override.instance_requirements", Exact).absent(Absent::Zero),
        Nested::new("launch_template.override.instance_requirements.accelerator_manufacturers", Set)
            .absent(Absent::Unclaimed),
        Nested::new("launch_template.override.instance_requirements.accelerator_names", Set)
            .absent(Absent::Unclaimed),
        Nested::new("launch_template.override.instance_requirements.accelerator_types", Set)
            .absent(Absent::Unclaimed),
        Nested::new("launch_template.override.instance_requirements.allowed_instance_types", Set)
            .absent(Absent::Unclaimed),
        Nested::new("launch_template.override.instance_requirements.bare_metal", Exact)
            .absent(Absent::Unclaimed),
        Nested::new("launch_template.override.instance_requirements.burstable_performance", Exact)
            .absent(Absent::Unclaimed),
        Nested::new("launch_template.override.instance_requirements.cpu_manufacturers", Set)
            .absent(Absent::Unclaimed),
        Nested::new("launch_template.override.instance_requirements.excluded_instance_types", Set)
            .absent(Absent::Unclaimed),
        Nested::new("launch_template.override.instance_requirements.instance_generations", Set)
            .absent(Absent::Unclaimed),
        Nested::new("launch_template.override.instance_requirements.local_storage", Exact)
            .absent(Absent::Unclaimed),
        Nested::new("launch_template.override.instance_requirements.local_storage_types", Set)
            .absent(Absent::Unclaimed),
    ]);
    /// Its name: the identity.
    pub const NAME: Attr<String> = Attr::new("name", Exact);
    /// The placement group.
    pub const PLACEMENT_GROUP: Attr<String> = Attr::new("placement_group", Exact);
    /// Whether new instances are protected from scale-in.
    pub const PROTECT_FROM_SCALE_IN: Attr<bool> =
        Attr::new("protect_from_scale_in", Exact).absent(Absent::Zero);
    /// The role in whose name it acts.
    pub const SERVICE_LINKED_ROLE_ARN: Attr<String> = Attr::new("service_linked_role_arn", Exact);
    /// Set while it is being deleted.
    pub const STATUS: Attr<String> = Attr::live("status");
    /// Processes that somebody halted.
    pub const SUSPENDED_PROCESSES: Attr<Vec<String>> = Attr::new("suspended_processes", Set);
    /// Its tags. A state holds them here or in [`TAG_MAPS`], and makes no claim in the other place.
    pub const TAG: Attr<Vec<Tag>> = Attr::new("tag", TagBlocks).absent(Absent::Unclaimed);
    /// Its tags as provider 3 also took them: as maps, flags as text.
    pub const TAG_MAPS: Attr<Value> = Attr::new("tags", TagBlocks).absent(Absent::Unclaimed);
    /// Target groups that its instances are registered with.
    pub const TARGET_GROUP_ARNS: Attr<Vec<String>> = Attr::new("target_group_arns", Set);
    /// Which instance goes first, in order.
    pub const TERMINATION_POLICIES: Attr<Vec<String>> =
        Attr::new("termination_policies", Exact).absent(Absent::Default("[\"Default\"]"));
    /// The subnets.
    pub const VPC_ZONE_IDENTIFIER: Attr<Vec<String>> = Attr::new("vpc_zone_identifier", Set);
    /// Instances kept ready.
    pub const WARM_POOL: Attr<Value> = Attr::new("warm_pool", Exact).absent(Absent::Zero).nested(&[
        Nested::new("pool_state", Exact).absent(Absent::Default("\"Stopped\"")),
        Nested::new("max_group_prepared_capacity", Exact).absent(Absent::Default("-1")),
    ]);

    /// N19: EKS makes the groups of managed node groups, and Elastic Beanstalk those of its environments.
    fn of_platform(resource: &Resource) -> Option<Exclusion> {
        let tags = resource.get(&TAG).ok().flatten().unwrap_or_default();
        let has = |key: &str| tags.iter().any(|tag| tag.key == key);
        if has("eks:nodegroup-name") {
            return Some(Exclusion { rule: "N19", reason: "made by EKS for a node group" });
        }
        has("elasticbeanstalk:environment-id")
            .then_some(Exclusion { rule: "N19", reason: "made by Elastic Beanstalk for an environment" })
    }

    fn attachments(part: &Resource) -> Vec<(&'static str, Value)> {
        let target_group = text(part, "lb_target_group_arn").or_else(|| text(part, "alb_target_group_arn"));
        let claim = |attribute, value: Option<String>| value.map(|value| (attribute, json!(value)));
        claim("target_group_arns", target_group)
            .into_iter()
            .chain(claim("load_balancers", text(part, "elb")))
            .collect()
    }

    fn names(_: &Resource, _: &'static str, value: &Value) -> Vec<Value> {
        value.as_array().cloned().unwrap_or_default()
    }

    const HOOK: &[&str] = &[
        "default_result",
        "heartbeat_timeout",
        "lifecycle_transition",
        "notification_metadata",
        "notification_target_arn",
        "role_arn",
    ];

    /// A hook: its name is the identity, and what is said of it the value.
    fn hook_atom(get: impl Fn(&str) -> Option<Value>) -> Option<Value> {
        let name = get("name")?.as_str().filter(|name| !name.is_empty())?.to_owned();
        let said = HOOK.iter().filter_map(|part| {
            let value = get(part).filter(|value| !hollow(value, Absent::Zero))?;
            Some(((*part).to_owned(), value))
        });
        Some(Value::Object(
            std::iter::once(("key".to_owned(), json!(name))).chain(said).collect::<Map<_, _>>(),
        ))
    }

    fn hooks(_: &Resource, _: &'static str, value: &Value) -> Vec<Value> {
        let blocks = value.as_array().map(Vec::as_slice).unwrap_or_default();
        blocks.iter().filter_map(|block| hook_atom(|part| block.get(part).cloned())).collect()
    }

    fn hook(part: &Resource) -> Vec<(&'static str, Value)> {
        hook_atom(|name| part.raw(name).ok().cloned())
            .map(|atom| ("initial_lifecycle_hook", atom))
            .into_iter()
            .collect()
    }

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_autoscaling_group",
        service: "autoscaling",
        listed_by: &["autoscaling:DescribeAutoScalingGroups"],
        attributes: &[
            ARN.any(),
            AVAILABILITY_ZONES.any(),
            AVAILABILITY_ZONE_DISTRIBUTION.any(),
            CAPACITY_REBALANCE.any(),
            CONTEXT.any(),
            CREATED_TIME.any(),
            DEFAULT_COOLDOWN.any(),
            DEFAULT_INSTANCE_WARMUP.any(),
            DESIRED_CAPACITY.any(),
            DESIRED_CAPACITY_TYPE.any(),
            ENABLED_METRICS.any(),
            FAILED_ACTIVITIES.any(),
            HEALTH_CHECK_GRACE_PERIOD.any(),
            HEALTH_CHECK_TYPE.any(),
            INITIAL_LIFECYCLE_HOOK.any(),
            INSTANCES.any(),
            INSTANCE_MAINTENANCE_POLICY.any(),
            LAUNCH_CONFIGURATION.any(),
            LAUNCH_TEMPLATE.any(),
            LOAD_BALANCERS.any(),
            MAX_INSTANCE_LIFETIME.any(),
            MAX_SIZE.any(),
            METRICS_GRANULARITY.any(),
            MIN_SIZE.any(),
            MIXED_INSTANCES_POLICY.any(),
            NAME.any(),
            PLACEMENT_GROUP.any(),
            PROTECT_FROM_SCALE_IN.any(),
            SERVICE_LINKED_ROLE_ARN.any(),
            STATUS.any(),
            SUSPENDED_PROCESSES.any(),
            TAG.any(),
            TAG_MAPS.any(),
            TARGET_GROUP_ARNS.any(),
            TERMINATION_POLICIES.any(),
            VPC_ZONE_IDENTIFIER.any(),
            WARM_POOL.any(),
        ],
        satellites: &[
            Satellite {
                kind: "aws_autoscaling_attachment",
                owner_id: |part| text(part, "autoscaling_group_name"),
                form: Form::Atoms {
                    attributes: &["target_group_arns", "load_balancers"],
                    claims: attachments,
                    atoms: names,
                },
            },
            Satellite {
                kind: "aws_autoscaling_lifecycle_hook",
                owner_id: |part| text(part, "autoscaling_group_name"),
                form: Form::Atoms { attributes: &["initial_lifecycle_hook"], claims: hook, atoms: hooks },
            },
        ],
        identity: |resource| text(resource, "name").or_else(|| by_id(resource)),
        exclusion: of_platform,
        ..Kind::BASE
    };
}

/// `aws_autoscaling_attachment`: registers a group with a target group or a classic load balancer.
pub mod attachment {
    use super::*;

    /// The target group (provider 3 and 4).
    pub const ALB_TARGET_GROUP_ARN: Attr<String> = Attr::new("alb_target_group_arn", Exact);
    /// The group.
    pub const AUTOSCALING_GROUP_NAME: Attr<String> = Attr::new("autoscaling_group_name", Exact);
    /// The classic load balancer.
    pub const ELB: Attr<String> = Attr::new("elb", Exact);
    /// The target group.
    pub const LB_TARGET_GROUP_ARN: Attr<String> = Attr::new("lb_target_group_arn", Exact);

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_autoscaling_attachment",
        service: "autoscaling",
        attributes: &[
            ALB_TARGET_GROUP_ARN.any(),
            AUTOSCALING_GROUP_NAME.any(),
            ELB.any(),
            LB_TARGET_GROUP_ARN.any(),
        ],
        ..Kind::BASE
    };
}

/// `aws_autoscaling_lifecycle_hook`.
pub mod lifecycle_hook {
    use super::*;

    /// The group.
    pub const AUTOSCALING_GROUP_NAME: Attr<String> = Attr::new("autoscaling_group_name", Exact);
    /// What happens when nobody answers.
    pub const DEFAULT_RESULT: Attr<String> = Attr::new("default_result", Exact);
    /// Seconds that are waited for an answer.
    pub const HEARTBEAT_TIMEOUT: Attr<i64> = Attr::new("heartbeat_timeout", Exact);
    /// At launch or at termination.
    pub const LIFECYCLE_TRANSITION: Attr<String> = Attr::new("lifecycle_transition", Exact);
    /// Its name within the group.
    pub const NAME: Attr<String> = Attr::new("name", Exact);
    /// What is sent along.
    pub const NOTIFICATION_METADATA: Attr<String> = Attr::new("notification_metadata", Exact);
    /// Who is told.
    pub const NOTIFICATION_TARGET_ARN: Attr<String> = Attr::new("notification_target_arn", Exact);
    /// The role in whose name it is told.
    pub const ROLE_ARN: Attr<String> = Attr::new("role_arn", Exact);

    /// The kind; its id in a state is not unique in a region.
    pub static KIND: Kind = Kind {
        name: "aws_autoscaling_lifecycle_hook",
        service: "autoscaling",
        attributes: &[
            AUTOSCALING_GROUP_NAME.any(),
            DEFAULT_RESULT.any(),
            HEARTBEAT_TIMEOUT.any(),
            LIFECYCLE_TRANSITION.any(),
            NAME.any(),
            NOTIFICATION_METADATA.any(),
            NOTIFICATION_TARGET_ARN.any(),
            ROLE_ARN.any(),
        ],
        identity: |resource| in_group(resource, "name"),
        ..Kind::BASE
    };
}

/// `aws_autoscaling_policy`.
pub mod policy {
    use super::*;

    /// Whether an adjustment counts instances, per cent, or sets the size.
    pub const ADJUSTMENT_TYPE: Attr<String> = Attr::new("adjustment_type", Exact);
    /// The group.
    pub const AUTOSCALING_GROUP_NAME: Attr<String> = Attr::new("autoscaling_group_name", Exact);
    /// Seconds after a simple scaling.
    pub const COOLDOWN: Attr<i64> = Attr::new("cooldown", Exact).absent(Absent::Zero);
    /// Whether it acts; none is yes.
    pub const ENABLED: Attr<bool> = Attr::new("enabled", Exact).absent(Absent::Default("true"));
    /// Seconds until the metrics of a new instance count.
    pub const ESTIMATED_INSTANCE_WARMUP: Attr<i64> =
        Attr::new("estimated_instance_warmup", Exact).absent(Absent::Zero);
    /// How points are put together.
    pub const METRIC_AGGREGATION_TYPE: Attr<String> = Attr::new("metric_aggregation_type", Exact);
    /// The least number of instances that a change in per cent moves.
    pub const MIN_ADJUSTMENT_MAGNITUDE: Attr<i64> =
        Attr::new("min_adjustment_magnitude", Exact).absent(Absent::Zero);
    /// Its name within the group.
    pub const NAME: Attr<String> = Attr::new("name", Exact);
    /// `SimpleScaling`, `StepScaling`, `TargetTrackingScaling` or `PredictiveScaling`.
    pub const POLICY_TYPE: Attr<String> =
        Attr::new("policy_type", Exact).absent(Absent::Default("\"SimpleScaling\""));
    /// Of predictive policies: `ForecastAndScale` or `ForecastOnly`.
    pub const PREDICTIVE_MODE: Attr<String> = Attr::live("predictive_mode");
    /// How much a simple policy adds or takes away.
    pub const SCALING_ADJUSTMENT: Attr<i64> = Attr::new("scaling_adjustment", Exact).absent(Absent::Zero);
    /// The steps of a step policy. The bounds are numbers that the schema writes as text.
    pub const STEP_ADJUSTMENT: Attr<Value> = Attr::new("step_adjustment", Set);
    /// What a target tracking policy holds, and at which value.
    pub const TARGET_TRACKING_CONFIGURATION: Attr<Value> =
        Attr::new("target_tracking_configuration", Exact).absent(Absent::Zero).nested(&[
            Nested::new("customized_metric_specification.metric_dimension", Set),
            Nested::new("customized_metric_specification.metrics", Exact).absent(Absent::Zero),
            Nested::new("customized_metric_specification.metrics.return_data", Exact)
                .absent(Absent::Default("true")),
            Nested::new("customized_metric_specification.metrics.metric_stat.metric.dimensions", Set),
        ]);

    /// The kind; its id in a state is not unique in a region.
    pub static KIND: Kind = Kind {
        name: "aws_autoscaling_policy",
        service: "autoscaling",
        listed_by: &["autoscaling:DescribePolicies"],
        attributes: &[
            ADJUSTMENT_TYPE.any(),
            ARN.any(),
            AUTOSCALING_GROUP_NAME.any(),
            COOLDOWN.any(),
            ENABLED.any(),
            ESTIMATED_INSTANCE_WARMUP.any(),
            METRIC_AGGREGATION_TYPE.any(),
            MIN_ADJUSTMENT_MAGNITUDE.any(),
            NAME.any(),
            POLICY_TYPE.any(),
            PREDICTIVE_MODE.any(),
            SCALING_ADJUSTMENT.any(),
            STEP_ADJUSTMENT.any(),
            TARGET_TRACKING_CONFIGURATION.any(),
        ],
        identity: |resource| in_group(resource, "name"),
        ..Kind::BASE
    };
}

/// `aws_autoscaling_schedule`.
pub mod schedule {
    use super::*;

    /// The group.
    pub const AUTOSCALING_GROUP_NAME: Attr<String> = Attr::new("autoscaling_group_name", Exact);
    /// The size it sets; none leaves it.
    pub const DESIRED_CAPACITY: Attr<i64> =
        Attr::new("desired_capacity", Exact).absent(Absent::Default("-1"));
    /// When it ends, RFC 3339.
    pub const END_TIME: Attr<String> = Attr::new("end_time", Exact);
    /// The largest size it sets; none leaves it.
    pub const MAX_SIZE: Attr<i64> = Attr::new("max_size", Exact).absent(Absent::Default("-1"));
    /// The smallest size it sets; none leaves it.
    pub const MIN_SIZE: Attr<i64> = Attr::new("min_size", Exact).absent(Absent::Default("-1"));
    /// A cron expression.
    pub const RECURRENCE: Attr<String> = Attr::new("recurrence", CaseFold);
    /// Its name within the group.
    pub const SCHEDULED_ACTION_NAME: Attr<String> = Attr::new("scheduled_action_name", Exact);
    /// When it begins, RFC 3339.
    pub const START_TIME: Attr<String> = Attr::new("start_time", Never("moves on with each recurrence"));
    /// The time zone of the recurrence.
    pub const TIME_ZONE: Attr<String> = Attr::new("time_zone", Exact).absent(Absent::Default("\"Etc/UTC\""));

    /// The kind; its id in a state is not unique in a region.
    pub static KIND: Kind = Kind {
        name: "aws_autoscaling_schedule",
        service: "autoscaling",
        listed_by: &["autoscaling:DescribeScheduledActions"],
        attributes: &[
            ARN.any(),
            AUTOSCALING_GROUP_NAME.any(),
            DESIRED_CAPACITY.any(),
            END_TIME.any(),
            MAX_SIZE.any(),
            MIN_SIZE.any(),
            RECURRENCE.any(),
            SCHEDULED_ACTION_NAME.any(),
            START_TIME.any(),
            TIME_ZONE.any(),
        ],
        identity: |resource| in_group(resource, "scheduled_action_name"),
        ..Kind::BASE
    };
}

/// `aws_launch_configuration`: cannot be changed, only replaced, so that its existence is all there is to compare.
pub mod launch_configuration {
    use super::*;

    const WHY: crate::attr::Equality = Never("cannot change");

    /// Whether instances get a public address; none when the subnet decides.
    pub const ASSOCIATE_PUBLIC_IP_ADDRESS: Attr<bool> = Attr::new("associate_public_ip_address", WHY);
    /// The image.
    pub const IMAGE_ID: Attr<String> = Attr::new("image_id", WHY);
    /// The type.
    pub const INSTANCE_TYPE: Attr<String> = Attr::new("instance_type", WHY);
    /// The metadata service.
    pub const METADATA_OPTIONS: Attr<Vec<MetadataOptions>> =
        Attr::new("metadata_options", WHY).nested(METADATA_RULES);
    /// Its name: the identity.
    pub const NAME: Attr<String> = Attr::new("name", WHY);

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_launch_configuration",
        service: "autoscaling",
        listed_by: &["autoscaling:DescribeLaunchConfigurations"],
        attributes: &[
            ARN.any(),
            ASSOCIATE_PUBLIC_IP_ADDRESS.any(),
            IMAGE_ID.any(),
            INSTANCE_TYPE.any(),
            METADATA_OPTIONS.any(),
            NAME.any(),
        ],
        ..Kind::BASE
    };
}

/// The kinds of this file.
pub const KINDS: &[&Kind] = &[
    &group::KIND,
    &attachment::KIND,
    &lifecycle_hook::KIND,
    &policy::KIND,
    &schedule::KIND,
    &launch_configuration::KIND,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{Comparison, compare};
    use crate::resource::{Place, Slot};

    fn resource(kind: &Kind, attributes: &[(&'static str, Value)]) -> Resource {
        let mut resource = Resource::new(Place::new("1", "us-west-2"), kind.name, "x");
        for (path, value) in attributes {
            resource.put_raw(*path, Slot::Known(value.clone()));
        }
        resource
    }

    #[test]
    fn what_is_named_within_a_group_is_told_apart_by_the_group() {
        let of = |group: &str| {
            resource(&policy::KIND, &[("autoscaling_group_name", json!(group)), ("name", json!("cpu"))])
        };
        assert_eq!((policy::KIND.identity)(&of("a")).as_deref(), Some("a/cpu"));
        assert_ne!((policy::KIND.identity)(&of("a")), (policy::KIND.identity)(&of("b")));
        assert_eq!((policy::KIND.identity)(&resource(&policy::KIND, &[("name", json!("cpu"))])), None);
    }

    #[test]
    fn hooks_and_attachments_claim_what_the_group_shows() {
        let [attachment, hook] = group::KIND.satellites else { panic!("two parts") };
        let Form::Atoms { claims, .. } = attachment.form else { panic!("atoms") };
        let old =
            resource(&attachment::KIND, &[("alb_target_group_arn", json!("arn:tg")), ("elb", json!(""))]);
        assert_eq!(claims(&old), vec![("target_group_arns", json!("arn:tg"))]);
        let classic = resource(&attachment::KIND, &[("elb", json!("classic"))]);
        assert_eq!(claims(&classic), vec![("load_balancers", json!("classic"))]);

        let Form::Atoms { claims, atoms, .. } = hook.form else { panic!("atoms") };
        let block = json!({
            "name": "drain", "heartbeat_timeout": 300, "notification_metadata": "",
            "lifecycle_transition": "autoscaling:EC2_INSTANCE_TERMINATING",
        });
        let part = resource(
            &lifecycle_hook::KIND,
            &[
                ("name", json!("drain")),
                ("heartbeat_timeout", json!(300)),
                ("lifecycle_transition", json!("autoscaling:EC2_INSTANCE_TERMINATING")),
                ("role_arn", Value::Null),
            ],
        );
        let present = atoms(&resource(&group::KIND, &[]), "initial_lifecycle_hook", &json!([block]));
        assert_eq!(claims(&part), vec![("initial_lifecycle_hook", present[0].clone())]);
    }

    #[test]
    fn tags_are_compared_where_the_state_holds_them() {
        let live = json!([{"key": "Name", "value": "web", "propagate_at_launch": true}]);
        assert_eq!(compare(&group::TAG.any(), &json!([]), &live), Comparison::Suppressed("N4"));
        let declared = json!([{"key": "Name", "value": "api", "propagate_at_launch": true}]);
        assert!(matches!(compare(&group::TAG.any(), &declared, &live), Comparison::Changed(_)));
        let maps = json!([{"key": "Name", "value": "web", "propagate_at_launch": "true"}]);
        assert_eq!(compare(&group::TAG_MAPS.any(), &maps, &live), Comparison::Suppressed("N1"));
    }

    #[test]
    fn a_group_of_a_platform_is_the_platforms() {
        let tagged = |key: &str| resource(&group::KIND, &[("tag", json!([{"key": key, "value": "x"}]))]);
        assert!((group::KIND.exclusion)(&tagged("eks:nodegroup-name")).is_some());
        assert!((group::KIND.exclusion)(&tagged("elasticbeanstalk:environment-id")).is_some());
        assert!((group::KIND.exclusion)(&tagged("Name")).is_none());
    }

    #[test]
    fn unset_sizes_of_a_schedule_are_minus_one_in_a_state() {
        let compare = |declared, live| compare(&schedule::MIN_SIZE.any(), &declared, &live);
        assert_eq!(compare(json!(-1), Value::Null), Comparison::Suppressed("N4"));
        assert!(matches!(compare(json!(0), Value::Null), Comparison::Changed(_)));
    }
}
