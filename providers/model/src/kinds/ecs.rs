//! Amazon ECS: clusters, services, task definitions, and the tasks and images that run.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::attr::{Absent, Attr, Equality::*, Nested};
use crate::kind::{Exclusion, Kind};
use crate::resource::Resource;
use crate::secret::is_secret_variable;

use super::common::{ARN, TAGS, TAGS_ALL};

/// The calls that tell which services and tasks there are.
const RUNNING: &[&str] = &[
    "ecs:ListClusters",
    "ecs:DescribeClusters",
    "ecs:ListServices",
    "ecs:DescribeServices",
    "ecs:ListTasks",
    "ecs:DescribeTasks",
];

/// The calls that describe a task definition: what runs decides which are described.
const DESCRIBED: &[&str] = &[
    "ecs:ListClusters",
    "ecs:DescribeClusters",
    "ecs:ListServices",
    "ecs:DescribeServices",
    "ecs:ListTasks",
    "ecs:DescribeTasks",
    "ecs:DescribeTaskDefinition",
];

/// The calls that tell who registered what services run: tasks are not asked for that alone.
const REGISTERED: &[&str] = &[
    "ecs:ListClusters",
    "ecs:DescribeClusters",
    "ecs:ListServices",
    "ecs:DescribeServices",
    "ecs:DescribeTaskDefinition",
];

/// What ECS tells of itself; no Terraform type makes it.
fn a_record(_: &Resource) -> Option<Exclusion> {
    Some(Exclusion { rule: "N19", reason: "ECS started it" })
}

/// `aws_ecs_cluster`.
pub mod cluster {
    use super::*;

    /// A setting with its value: `containerInsights`.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Setting {
        /// Its name.
        pub name: String,
        /// Its value.
        pub value: String,
    }

    /// Capacity providers. Newer providers declare them in `aws_ecs_cluster_capacity_providers`.
    pub const CAPACITY_PROVIDERS: Attr<Vec<String>> =
        Attr::new("capacity_providers", Set).absent(Absent::Unclaimed);
    /// How commands in containers are logged and encrypted.
    pub const CONFIGURATION: Attr<Value> = Attr::new("configuration", Exact).absent(Absent::Unclaimed);
    /// How tasks are spread over the capacity providers.
    pub const DEFAULT_CAPACITY_PROVIDER_STRATEGY: Attr<Value> =
        Attr::new("default_capacity_provider_strategy", Set).absent(Absent::Unclaimed);
    /// Its name.
    pub const NAME: Attr<String> = Attr::new("name", Exact);
    /// The namespace of Service Connect.
    pub const SERVICE_CONNECT_DEFAULTS: Attr<Value> =
        Attr::new("service_connect_defaults", Exact).absent(Absent::Unclaimed);
    /// Its settings.
    pub const SETTING: Attr<Vec<Setting>> = Attr::new("setting", Set).absent(Absent::Unclaimed);

    /// The kind; its id is the cluster's ARN.
    pub static KIND: Kind = Kind {
        name: "aws_ecs_cluster",
        service: "ecs",
        listed_by: &["ecs:ListClusters", "ecs:DescribeClusters"],
        attributes: &[
            ARN.any(),
            CAPACITY_PROVIDERS.any(),
            CONFIGURATION.any(),
            DEFAULT_CAPACITY_PROVIDER_STRATEGY.any(),
            NAME.any(),
            SERVICE_CONNECT_DEFAULTS.any(),
            SETTING.any(),
            TAGS.any(),
            TAGS_ALL.any(),
        ],
        exclusion: of_batch,
        // https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/ecs_cluster#import
        import_id: |resource| resource.get(&NAME).ok().flatten(),
        ..Kind::BASE
    };

    fn of_batch(resource: &Resource) -> Option<Exclusion> {
        let name = resource.get(&NAME).ok().flatten()?;
        name.starts_with("AWSBatch-")
            .then_some(Exclusion { rule: "N18", reason: "the cluster of a compute environment of AWS Batch" })
    }
}

/// `aws_ecs_service`.
pub mod service {
    use super::*;

    /// The `network_configuration` block.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Network {
        /// Whether its tasks get public addresses.
        pub assign_public_ip: bool,
        /// Their security groups.
        pub security_groups: Option<Vec<String>>,
        /// Their subnets.
        pub subnets: Vec<String>,
    }

    /// The `deployment_circuit_breaker` block.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Breaker {
        /// Whether a deployment that fails is ended.
        pub enable: bool,
        /// Whether the last good deployment then comes back.
        pub rollback: bool,
    }

    /// The `deployment_controller` block.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Controller {
        /// `ECS`, `CODE_DEPLOY` or `EXTERNAL`.
        pub r#type: String,
    }

    /// Whether ECS moves tasks when zones become uneven.
    pub const AVAILABILITY_ZONE_REBALANCING: Attr<String> =
        Attr::new("availability_zone_rebalancing", Exact).absent(Absent::Unclaimed);
    /// How tasks are spread over capacity providers.
    pub const CAPACITY_PROVIDER_STRATEGY: Attr<Value> =
        Attr::new("capacity_provider_strategy", Set).absent(Absent::Unclaimed);
    /// The cluster, by ARN or name.
    pub const CLUSTER: Attr<String> = Attr::new("cluster", Reference);
    /// What ends a deployment that fails.
    pub const DEPLOYMENT_CIRCUIT_BREAKER: Attr<Vec<Breaker>> =
        Attr::new("deployment_circuit_breaker", Exact).absent(Absent::Zero);
    /// Who deploys.
    pub const DEPLOYMENT_CONTROLLER: Attr<Vec<Controller>> = Attr::new("deployment_controller", Exact)
        .absent(Absent::Default(r#"[{"type":"ECS"}]"#))
        .nested(&[Nested::new("type", Exact).absent(Absent::Default("\"ECS\""))]);
    /// The most tasks during a deployment, in percent.
    pub const DEPLOYMENT_MAXIMUM_PERCENT: Attr<i64> =
        Attr::new("deployment_maximum_percent", Exact).absent(Absent::Unclaimed);
    /// The least healthy tasks during a deployment, in percent.
    pub const DEPLOYMENT_MINIMUM_HEALTHY_PERCENT: Attr<i64> =
        Attr::new("deployment_minimum_healthy_percent", Exact).absent(Absent::Unclaimed);
    /// How many tasks should run.
    pub const DESIRED_COUNT: Attr<i64> = Attr::new("desired_count", Exact).absent(Absent::Unclaimed);
    /// Whether ECS tags the tasks.
    pub const ENABLE_ECS_MANAGED_TAGS: Attr<bool> =
        Attr::new("enable_ecs_managed_tags", Exact).absent(Absent::Zero);
    /// Whether commands may be run in its containers.
    pub const ENABLE_EXECUTE_COMMAND: Attr<bool> =
        Attr::new("enable_execute_command", Exact).absent(Absent::Zero);
    /// Only an argument of an update.
    pub const FORCE_NEW_DEPLOYMENT: Attr<bool> =
        Attr::new("force_new_deployment", Never("an argument of an update, never returned by the API"));
    /// Seconds in which a new task may be unhealthy.
    pub const HEALTH_CHECK_GRACE_PERIOD_SECONDS: Attr<i64> =
        Attr::new("health_check_grace_period_seconds", Exact).absent(Absent::Zero);
    /// The role that registers tasks with a load balancer.
    pub const IAM_ROLE: Attr<String> =
        Attr::new("iam_role", Never("each version of the provider shortens it in its own way"));
    /// `EC2`, `FARGATE` or `EXTERNAL`; none where capacity providers decide.
    pub const LAUNCH_TYPE: Attr<String> = Attr::new("launch_type", Exact).absent(Absent::Unclaimed);
    /// The target groups of its tasks.
    pub const LOAD_BALANCER: Attr<Value> =
        Attr::new("load_balancer", Set)
            .nested(&[Nested::new("advanced_configuration", Exact).absent(Absent::Unclaimed)]);
    /// Its name.
    pub const NAME: Attr<String> = Attr::new("name", Exact);
    /// The addresses of its tasks; empty where tasks have none of their own.
    pub const NETWORK_CONFIGURATION: Attr<Vec<Network>> =
        Attr::new("network_configuration", Exact).nested(&[
            Nested::new("assign_public_ip", Exact).absent(Absent::Zero),
            Nested::new("security_groups", Set).absent(Absent::Unclaimed),
            Nested::new("subnets", Set),
        ]);
    /// How tasks are placed on instances.
    pub const ORDERED_PLACEMENT_STRATEGY: Attr<Value> = Attr::new("ordered_placement_strategy", Exact)
        .nested(&[Nested::new("field", CaseFold).absent(Absent::Unclaimed)]);
    /// On which instances tasks may run.
    pub const PLACEMENT_CONSTRAINTS: Attr<Value> = Attr::new("placement_constraints", Set);
    /// The version of Fargate.
    pub const PLATFORM_VERSION: Attr<String> =
        Attr::new("platform_version", Exact).absent(Absent::Default("\"LATEST\""));
    /// Whose tags tasks get: `SERVICE` or `TASK_DEFINITION`.
    pub const PROPAGATE_TAGS: Attr<String> =
        Attr::new("propagate_tags", Exact).absent(Absent::Default("\"NONE\""));
    /// `REPLICA`, or `DAEMON` for one task an instance.
    pub const SCHEDULING_STRATEGY: Attr<String> =
        Attr::new("scheduling_strategy", Exact).absent(Absent::Default("\"REPLICA\""));
    /// Service discovery.
    pub const SERVICE_REGISTRIES: Attr<Value> = Attr::new("service_registries", Exact).nested(&[
        Nested::new("container_port", Exact).absent(Absent::Zero),
        Nested::new("port", Exact).absent(Absent::Zero),
    ]);
    /// What its tasks are made from, with the revision. A state may name the family alone.
    pub const TASK_DEFINITION: Attr<String> = Attr::new("task_definition", Reference);
    /// Only an argument of Terraform.
    pub const WAIT_FOR_STEADY_STATE: Attr<bool> =
        Attr::new("wait_for_steady_state", Never("an argument of Terraform alone"));

    /// The kind; its id is the service's ARN.
    pub static KIND: Kind = Kind {
        name: "aws_ecs_service",
        service: "ecs",
        listed_by: &["ecs:ListClusters", "ecs:DescribeClusters", "ecs:ListServices", "ecs:DescribeServices"],
        attributes: &[
            AVAILABILITY_ZONE_REBALANCING.any(),
            CAPACITY_PROVIDER_STRATEGY.any(),
            CLUSTER.any(),
            DEPLOYMENT_CIRCUIT_BREAKER.any(),
            DEPLOYMENT_CONTROLLER.any(),
            DEPLOYMENT_MAXIMUM_PERCENT.any(),
            DEPLOYMENT_MINIMUM_HEALTHY_PERCENT.any(),
            DESIRED_COUNT.any(),
            ENABLE_ECS_MANAGED_TAGS.any(),
            ENABLE_EXECUTE_COMMAND.any(),
            FORCE_NEW_DEPLOYMENT.any(),
            HEALTH_CHECK_GRACE_PERIOD_SECONDS.any(),
            IAM_ROLE.any(),
            LAUNCH_TYPE.any(),
            LOAD_BALANCER.any(),
            NAME.any(),
            NETWORK_CONFIGURATION.any(),
            ORDERED_PLACEMENT_STRATEGY.any(),
            PLACEMENT_CONSTRAINTS.any(),
            PLATFORM_VERSION.any(),
            PROPAGATE_TAGS.any(),
            SCHEDULING_STRATEGY.any(),
            SERVICE_REGISTRIES.any(),
            TAGS.any(),
            TAGS_ALL.any(),
            TASK_DEFINITION.any(),
            WAIT_FOR_STEADY_STATE.any(),
        ],
        // https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/ecs_service#import
        import_id: |resource| {
            let cluster = resource.get(&CLUSTER).ok().flatten()?;
            let name = resource.get(&NAME).ok().flatten()?;
            Some(format!("{}/{name}", last(&cluster)))
        },
        ..Kind::BASE
    };
}

/// The name at the end of an ARN.
pub fn last(reference: &str) -> &str {
    reference.rsplit('/').next().unwrap_or(reference)
}

/// `aws_ecs_task_definition`: one revision, which never changes. Those that nothing runs are known by name alone.
pub mod task_definition {
    use super::*;

    /// A variable of a container, without its value.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Variable {
        /// Its name.
        pub name: String,
        /// Whether its value is a secret in the clear, by name or form.
        pub secret: bool,
    }

    /// A container, as far as checks look at it. No value of a variable is among it, and no command line.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Container {
        /// Its name.
        pub name: String,
        /// Its image.
        pub image: String,
        /// The user that it runs as; none leaves that to the image.
        pub user: Option<String>,
        /// Whether it may do on its host what root may.
        pub privileged: bool,
        /// Whether its root file system cannot be written to.
        pub readonly_root_filesystem: bool,
        /// Its variables.
        pub environment: Vec<Variable>,
        /// Variables whose values come from Secrets Manager or Parameter Store.
        pub secrets: Vec<String>,
    }

    impl Variable {
        /// A variable, judged by its value and without it.
        pub fn judged(name: &str, value: &str) -> Self {
            Self { name: name.to_owned(), secret: is_secret_variable(name, value) }
        }
    }

    /// The containers. In a state they are JSON text, of which the rest does not enter.
    pub const CONTAINER_DEFINITIONS: Attr<Vec<Container>> =
        Attr::new("container_definitions", Never("a revision never changes")).by(DESCRIBED);
    /// The role that ECS pulls images and writes logs with.
    pub const EXECUTION_ROLE_ARN: Attr<String> =
        Attr::new("execution_role_arn", Never("a revision never changes")).by(DESCRIBED);
    /// The family that revisions are counted in.
    pub const FAMILY: Attr<String> = Attr::new("family", Exact);
    /// `host` where its processes share that of the host.
    pub const IPC_MODE: Attr<String> = Attr::new("ipc_mode", Never("a revision never changes")).by(DESCRIBED);
    /// Whether a service or a task runs it now.
    pub const IN_USE: Attr<bool> = Attr::live("in_use").by(RUNNING);
    /// `awsvpc`, `bridge`, `host` or `none`.
    pub const NETWORK_MODE: Attr<String> =
        Attr::new("network_mode", Never("a revision never changes")).by(DESCRIBED);
    /// `LINUX` or a version of Windows.
    pub const OPERATING_SYSTEM: Attr<String> = Attr::live("operating_system_family").by(DESCRIBED);
    /// `host` where it sees the processes of the host.
    pub const PID_MODE: Attr<String> = Attr::new("pid_mode", Never("a revision never changes")).by(DESCRIBED);
    /// Who registered it, as an ARN; of a session of a role without the name of the session, which may be a person's.
    pub const REGISTERED_BY: Attr<String> = Attr::live("registered_by").by(REGISTERED);
    /// The number of the revision.
    pub const REVISION: Attr<i64> = Attr::new("revision", Never("computed"));
    /// The operating system, as Terraform declares it.
    pub const RUNTIME_PLATFORM: Attr<Value> =
        Attr::new("runtime_platform", Never("a revision never changes")).by(DESCRIBED);
    /// The role that its containers have.
    pub const TASK_ROLE_ARN: Attr<String> =
        Attr::new("task_role_arn", Never("a revision never changes")).by(DESCRIBED);

    /// The kind; its id is the ARN of the revision. The provider's own is the family.
    pub static KIND: Kind = Kind {
        name: "aws_ecs_task_definition",
        service: "ecs",
        listed_by: &["ecs:ListTaskDefinitions"],
        attributes: &[
            ARN.any(),
            CONTAINER_DEFINITIONS.any(),
            EXECUTION_ROLE_ARN.any(),
            FAMILY.any(),
            IN_USE.any(),
            IPC_MODE.any(),
            NETWORK_MODE.any(),
            OPERATING_SYSTEM.any(),
            PID_MODE.any(),
            REGISTERED_BY.any(),
            REVISION.any(),
            RUNTIME_PLATFORM.any(),
            TASK_ROLE_ARN.any(),
        ],
        identity: |resource| resource.get(&ARN).ok().flatten().filter(|arn| !arn.is_empty()),
        exclusion: unused,
        kept: |path, value| (path == "container_definitions").then(|| containers(value)),
        ..Kind::BASE
    };

    /// What stands before the number of a revision, and the number, of `FAMILY:7` or an ARN that ends so.
    pub fn revision_of(reference: &str) -> Option<(&str, u64)> {
        let (family, number) = reference.rsplit_once(':')?;
        Some((family, number.parse().ok()?))
    }

    /// True when `live`, the ARN of a revision, is a later one of the family that `declared` names with its revision.
    pub fn is_newer(declared: &str, live: &str) -> bool {
        let (Some((was, before)), Some((is, now))) = (revision_of(declared), revision_of(live)) else {
            return false;
        };
        let same = if was.starts_with("arn:") { was == is } else { was == last(is) };
        same && now > before
    }

    /// The role in what ECS says of who registered a revision (`arn:aws:sts::123456789012:assumed-role/ROLE`). Sessions
    /// of people who signed in through Identity Center are no role's.
    pub fn role_of(registered_by: &str) -> Option<&str> {
        let (_, rest) = registered_by.split_once(":assumed-role/")?;
        let role = rest.split('/').next().filter(|role| !role.is_empty())?;
        (!role.starts_with("AWSReservedSSO_")).then_some(role)
    }

    fn unused(resource: &Resource) -> Option<Exclusion> {
        (resource.get(&IN_USE).ok().flatten() == Some(false))
            .then_some(Exclusion { rule: "N19", reason: "a revision that nothing runs" })
    }

    /// The containers of a state's JSON text. What is no such text becomes something that no check can read as containers.
    fn containers(text: &Value) -> Value {
        let parsed = text.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
        match parsed.as_ref().and_then(Value::as_array) {
            Some(items) => items.iter().map(container).collect(),
            None => json!("not a list of containers"),
        }
    }

    /// The provider takes names of fields in any case, as the decoder of its language does.
    fn field<'a>(object: &'a Value, name: &str) -> &'a Value {
        let found =
            object.as_object().and_then(|map| map.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)));
        found.map_or(&Value::Null, |(_, value)| value)
    }

    fn container(from: &Value) -> Value {
        let text = |name: &str| field(from, name).as_str().unwrap_or_default();
        let items = |name: &str| field(from, name).as_array().into_iter().flatten();
        let of = |item: &Value, name: &str| field(item, name).as_str().unwrap_or_default().to_owned();
        let read = Container {
            name: text("name").to_owned(),
            image: text("image").to_owned(),
            user: field(from, "user").as_str().map(str::to_owned),
            privileged: is_true(field(from, "privileged")),
            readonly_root_filesystem: is_true(field(from, "readonlyRootFilesystem")),
            environment: items("environment")
                .map(|item| Variable::judged(&of(item, "name"), &of(item, "value")))
                .collect(),
            secrets: items("secrets").map(|item| of(item, "name")).collect(),
        };
        json!(read)
    }

    fn is_true(value: &Value) -> bool {
        value.as_bool() == Some(true) || value.as_str() == Some("true")
    }
}

/// Tasks that run now; live only, its id is the task's ARN.
pub mod task {
    use super::*;

    /// A container of a task.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Container {
        /// Its name.
        pub name: String,
        /// Its image, as the task definition names it.
        pub image: String,
        /// What that name meant when it was started.
        pub digest: Option<String>,
    }

    /// The zone that it runs in.
    pub const AVAILABILITY_ZONE: Attr<String> = Attr::live("availability_zone");
    /// The ARN of its cluster.
    pub const CLUSTER_ARN: Attr<String> = Attr::live("cluster_arn");
    /// Its containers.
    pub const CONTAINERS: Attr<Vec<Container>> = Attr::live("containers");
    /// `service:NAME` or `family:NAME`.
    pub const GROUP: Attr<String> = Attr::live("group");
    /// `PENDING`, `RUNNING`, `STOPPING`, …
    pub const LAST_STATUS: Attr<String> = Attr::live("last_status");
    /// What it was made from.
    pub const TASK_DEFINITION_ARN: Attr<String> = Attr::live("task_definition_arn");

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_ecs_task",
        service: "ecs",
        listed_by: &["ecs:ListClusters", "ecs:DescribeClusters", "ecs:ListTasks", "ecs:DescribeTasks"],
        attributes: &[
            AVAILABILITY_ZONE.any(),
            CLUSTER_ARN.any(),
            CONTAINERS.any(),
            GROUP.any(),
            LAST_STATUS.any(),
            TASK_DEFINITION_ARN.any(),
        ],
        exclusion: a_record,
        manageable: false,
        ..Kind::BASE
    };
}

/// Images that tasks run now, with what scans of them found; live only. Its id is repository and digest.
pub mod running_image {
    use super::*;

    /// A critical finding.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Finding {
        /// The vulnerability, `CVE-…`.
        pub name: String,
        /// Since when it is known, RFC 3339; none where the scan does not tell.
        pub since: Option<String>,
    }

    /// The critical findings of the last scan.
    pub const CRITICAL_FINDINGS: Attr<Vec<Finding>> =
        Attr::live("critical_findings").by(&["ecr:DescribeImageScanFindings"]);
    /// The digest; none where ECS does not tell.
    pub const DIGEST: Attr<String> = Attr::live("digest");
    /// Its name without digest and tag.
    pub const NAME: Attr<String> = Attr::live("name");
    /// The region of its registry; none where that is not of ECR.
    pub const REGISTRY_REGION: Attr<String> = Attr::live("registry_region");
    /// The account of its registry; none where that is not of ECR.
    pub const REGISTRY_ID: Attr<String> = Attr::live("registry_id");
    /// The repository in it; none where that is not of ECR.
    pub const REPOSITORY: Attr<String> = Attr::live("repository");
    /// When the last scan ended, RFC 3339.
    pub const SCANNED_AT: Attr<String> = Attr::live("scanned_at").by(&["ecr:DescribeImageScanFindings"]);
    /// `COMPLETE`, `ACTIVE`, `FAILED`, `UNSUPPORTED_IMAGE`, …; none where there was no scan.
    pub const SCAN_STATUS: Attr<String> = Attr::live("scan_status").by(&["ecr:DescribeImageScanFindings"]);

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_ecs_running_image",
        service: "ecs",
        listed_by: &["ecs:ListClusters", "ecs:DescribeClusters", "ecs:ListTasks", "ecs:DescribeTasks"],
        attributes: &[
            CRITICAL_FINDINGS.any(),
            DIGEST.any(),
            NAME.any(),
            REGISTRY_ID.any(),
            REGISTRY_REGION.any(),
            REPOSITORY.any(),
            SCANNED_AT.any(),
            SCAN_STATUS.any(),
        ],
        exclusion: a_record,
        manageable: false,
        ..Kind::BASE
    };
}

/// The kinds of this file.
pub const KINDS: &[&Kind] =
    &[&cluster::KIND, &service::KIND, &task_definition::KIND, &task::KIND, &running_image::KIND];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::Place;

    #[test]
    fn of_containers_names_enter_and_values_do_not() {
        let text = json!([{
            "Name": "app", "image": "app:1", "privileged": true, "command": ["--token", "hunter2"],
            "environment": [{"name": "DB_PASSWORD", "value": "hunter2"}, {"name": "LEVEL", "value": "info"}],
            "secrets": [{"name": "KEY", "valueFrom": "arn:aws:ssm:us-west-2:1:parameter/key"}],
        }]);
        let kept = (task_definition::KIND.kept)("container_definitions", &json!(text.to_string())).unwrap();
        assert!(!kept.to_string().contains("hunter2"));
        let kept: Vec<task_definition::Container> = serde_json::from_value(kept).unwrap();
        assert_eq!((kept[0].name.as_str(), kept[0].privileged, kept[0].user.as_deref()), ("app", true, None));
        let secret: Vec<bool> = kept[0].environment.iter().map(|variable| variable.secret).collect();
        assert_eq!((secret, kept[0].secrets.as_slice()), (vec![true, false], &["KEY".to_owned()][..]));
        assert_eq!((task_definition::KIND.kept)("family", &json!("app")), None);
    }

    #[test]
    fn a_text_that_is_no_list_is_not_taken_for_no_containers() {
        for text in [json!("{"), json!("{}"), json!(7)] {
            let kept = (task_definition::KIND.kept)("container_definitions", &text).unwrap();
            let mut r = Resource::new(Place::new("1", "r"), task_definition::KIND.name, "a");
            r.put_raw("container_definitions", crate::Slot::Known(kept));
            assert!(r.get(&task_definition::CONTAINER_DEFINITIONS).is_err());
        }
    }

    #[test]
    fn a_newer_revision_is_of_the_same_family_and_has_a_higher_number() {
        use task_definition::is_newer;
        let arn = |name: &str| format!("arn:aws:ecs:us-west-2:1:task-definition/{name}");
        assert!(is_newer("app:9", &arn("app:10")) && is_newer(&arn("app:9"), &arn("app:10")));
        let others = ["app:10", "app:11", "ap:9", "other:1", "app", "app:x"];
        assert!(others.iter().all(|declared| !is_newer(declared, &arn("app:10"))));
        assert!(
            !is_newer("arn:aws:ecs:us-west-2:2:task-definition/app:9", &arn("app:10")),
            "another account"
        );
    }

    #[test]
    fn only_a_session_of_a_role_is_a_role() {
        use task_definition::role_of;
        assert_eq!(role_of("arn:aws:sts::1:assumed-role/deploy"), Some("deploy"));
        assert_eq!(role_of("arn:aws:sts::1:assumed-role/deploy/run-7"), Some("deploy"));
        let others =
            ["arn:aws:iam::1:user/deploy", "arn:aws:iam::1:root", "arn:aws:sts::1:assumed-role/", ""];
        assert!(others.iter().all(|other| role_of(other).is_none()));
        assert_eq!(role_of("arn:aws:sts::1:assumed-role/AWSReservedSSO_Admin_0123/ann"), None);
    }

    #[test]
    fn a_revision_is_known_by_its_arn_and_a_service_is_imported_by_cluster_and_name() {
        let mut revision = Resource::new(Place::new("1", "r"), task_definition::KIND.name, "app");
        revision.set(&ARN, "arn:aws:ecs:us-west-2:1:task-definition/app:7".to_owned());
        let id = (task_definition::KIND.identity)(&revision);
        assert_eq!(id.as_deref(), Some("arn:aws:ecs:us-west-2:1:task-definition/app:7"));
        assert_eq!((task_definition::KIND.exclusion)(&revision), None, "not read is not unused");
        revision.set(&task_definition::IN_USE, false);
        assert!((task_definition::KIND.exclusion)(&revision).is_some());
        let mut service = Resource::new(Place::new("1", "r"), service::KIND.name, "arn");
        service.set(&service::CLUSTER, "arn:aws:ecs:us-west-2:1:cluster/main".to_owned());
        service.set(&service::NAME, "web".to_owned());
        assert_eq!((service::KIND.import_id)(&service).as_deref(), Some("main/web"));
    }
}
