//! Reads ECS: clusters, services, task definitions, the tasks that run, and what scans found in their images.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_sdk_ecr::types::{ImageIdentifier, ImageScanFindings};
use aws_sdk_ecs::types::{
    CapacityProviderStrategyItem, Cluster, ClusterConfiguration, ClusterField, ContainerDefinition, Failure,
    Service, ServiceField, Tag, Task, TaskDefinition,
};
use serde_json::{Value, json};
use stateward_model::kinds::common::ARN;
use stateward_model::kinds::ecs::{cluster, running_image, service, task, task_definition};
use stateward_model::{Cause, Gap, Harvest, Resource};

use crate::call::Call;
use crate::rds::{put_tags, stamp};
use crate::session::{Collector, Pages, Session, put_gap};

/// The listings of ECS give 100 items a page at most, and clusters and tasks are described by as many.
const PAGE: usize = 100;

/// `DescribeServices` takes so many.
const SERVICES_AT_ONCE: usize = 10;

const RATES: &str = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html";

static LIST_CLUSTERS: Call = Call::new("ecs", "ListClusters").docs(RATES);
static CLUSTERS: Call = Call::new("ecs", "DescribeClusters").docs(RATES);
static LIST_SERVICES: Call = Call::new("ecs", "ListServices").docs(RATES);
static SERVICES: Call = Call::new("ecs", "DescribeServices").docs(RATES);
static LIST_TASKS: Call = Call::new("ecs", "ListTasks").docs(RATES);
static TASKS: Call = Call::new("ecs", "DescribeTasks").docs(RATES);
static LIST_DEFINITIONS: Call = Call::new("ecs", "ListTaskDefinitions").docs(RATES);
static DEFINITION: Call = Call::new("ecs", "DescribeTaskDefinition").docs(RATES);
static SCAN: Call = Call::new("ecr", "DescribeImageScanFindings");

/// The collectors of this file.
pub const COLLECTORS: &[Collector] = &[
    Collector {
        kind: &cluster::KIND,
        calls: &[&LIST_CLUSTERS, &CLUSTERS],
        collect: |s| Box::pin(cluster_resources(s)),
    },
    Collector {
        kind: &service::KIND,
        calls: &[&LIST_CLUSTERS, &CLUSTERS, &LIST_SERVICES, &SERVICES],
        collect: |s| Box::pin(service_resources(s)),
    },
    Collector {
        kind: &task_definition::KIND,
        calls: &[
            &LIST_CLUSTERS,
            &CLUSTERS,
            &LIST_SERVICES,
            &SERVICES,
            &LIST_TASKS,
            &TASKS,
            &LIST_DEFINITIONS,
            &DEFINITION,
        ],
        collect: |s| Box::pin(definitions(s)),
    },
    Collector {
        kind: &task::KIND,
        calls: &[&LIST_CLUSTERS, &CLUSTERS, &LIST_TASKS, &TASKS],
        collect: |s| Box::pin(task_resources(s)),
    },
    Collector {
        kind: &running_image::KIND,
        calls: &[&LIST_CLUSTERS, &CLUSTERS, &LIST_TASKS, &TASKS, &SCAN],
        collect: |s| Box::pin(running_images(s)),
    },
];

fn tags(list: &[Tag]) -> BTreeMap<String, String> {
    let tag = |tag: &Tag| Some((tag.key.clone()?, tag.value.clone().unwrap_or_default()));
    list.iter().filter_map(tag).collect()
}

/// What is described by name may be gone since it was listed; any other failure leaves something unread.
fn unread(call: &Call, failures: &[Failure]) -> Option<Gap> {
    let failure = failures.iter().find(|failure| failure.reason.as_deref() != Some("MISSING"))?;
    let reason = failure.reason.as_deref().unwrap_or("a failure without a reason");
    Some(Gap::new(call.name(), Cause::Malformed, reason.to_owned()))
}

/// Several reads as one; the first gap stands for all.
fn joined<T>(reads: impl IntoIterator<Item = Pages<T>>) -> Pages<T> {
    let mut all = Pages { items: Vec::new(), gap: None };
    for read in reads {
        all.items.extend(read.items);
        all.gap = all.gap.or(read.gap);
    }
    all
}

/// Names for calls that describe several at once.
fn chunks(names: &[String], size: usize) -> Vec<Vec<String>> {
    names.chunks(size).map(<[String]>::to_vec).collect()
}

async fn clusters(s: &Session) -> Arc<Pages<Cluster>> {
    s.once("ecs:DescribeClusters", async {
        let listed = s
            .pages(
                &LIST_CLUSTERS,
                |token| s.ecs().list_clusters().max_results(PAGE as i32).set_next_token(token).send(),
                |out| (out.cluster_arns.unwrap_or_default(), out.next_token),
            )
            .await;
        let described = s.each(chunks(&listed.items, PAGE), |arns| describe_clusters(s, arns)).await;
        let gap = listed.gap;
        let mut all = joined(described);
        all.gap = gap.or(all.gap);
        all.items.retain(|cluster| cluster.status.as_deref() != Some("INACTIVE"));
        all
    })
    .await
}

async fn describe_clusters(s: &Session, arns: Vec<String>) -> Pages<Cluster> {
    let include = vec![ClusterField::Configurations, ClusterField::Settings, ClusterField::Tags];
    let read = s.call(&CLUSTERS, || {
        let request = s.ecs().describe_clusters().set_clusters(Some(arns.clone()));
        request.set_include(Some(include.clone())).send()
    });
    match read.await {
        Ok(out) => Pages { gap: unread(&CLUSTERS, out.failures()), items: out.clusters.unwrap_or_default() },
        Err(gap) => Pages { items: Vec::new(), gap: Some(gap) },
    }
}

/// The ARNs of those clusters that hold what is asked for: their descriptions tell, so the others need no call.
fn holding(clusters: &Pages<Cluster>, holds: impl Fn(&Cluster) -> bool) -> Vec<String> {
    let holding = clusters.items.iter().filter(|cluster| holds(cluster));
    holding.filter_map(|cluster| cluster.cluster_arn.clone()).collect()
}

async fn services(s: &Session) -> Arc<Pages<Service>> {
    s.once("ecs:DescribeServices", async {
        let clusters = clusters(s).await;
        let with_services = holding(&clusters, |cluster| cluster.active_services_count > 0);
        let mut all = joined(s.each(with_services, |arn| services_of(s, arn)).await);
        all.gap = clusters.gap.clone().or(all.gap);
        all.items.retain(|service| service.status.as_deref() != Some("INACTIVE"));
        all
    })
    .await
}

async fn services_of(s: &Session, cluster: String) -> Pages<Service> {
    let listed = s
        .pages(
            &LIST_SERVICES,
            |token| {
                let request = s.ecs().list_services().cluster(&cluster).max_results(PAGE as i32);
                request.set_next_token(token).send()
            },
            |out| (out.service_arns.unwrap_or_default(), out.next_token),
        )
        .await;
    let described =
        s.each(chunks(&listed.items, SERVICES_AT_ONCE), |arns| describe_services(s, &cluster, arns)).await;
    let mut all = joined(described);
    all.gap = listed.gap.or(all.gap);
    all
}

async fn describe_services(s: &Session, cluster: &str, arns: Vec<String>) -> Pages<Service> {
    let read = s.call(&SERVICES, || {
        let request = s.ecs().describe_services().cluster(cluster).set_services(Some(arns.clone()));
        request.include(ServiceField::Tags).send()
    });
    match read.await {
        Ok(out) => Pages { gap: unread(&SERVICES, out.failures()), items: out.services.unwrap_or_default() },
        Err(gap) => Pages { items: Vec::new(), gap: Some(gap) },
    }
}

async fn tasks(s: &Session) -> Arc<Pages<Task>> {
    s.once("ecs:DescribeTasks", async {
        let clusters = clusters(s).await;
        let running = |cluster: &Cluster| cluster.running_tasks_count + cluster.pending_tasks_count > 0;
        let mut all = joined(s.each(holding(&clusters, running), |arn| tasks_of(s, arn)).await);
        all.gap = clusters.gap.clone().or(all.gap);
        all
    })
    .await
}

async fn tasks_of(s: &Session, cluster: String) -> Pages<Task> {
    // Without a status asked for, those are listed that ought to run.
    let listed = s
        .pages(
            &LIST_TASKS,
            |token| {
                let request = s.ecs().list_tasks().cluster(&cluster).max_results(PAGE as i32);
                request.set_next_token(token).send()
            },
            |out| (out.task_arns.unwrap_or_default(), out.next_token),
        )
        .await;
    let mut all = joined(s.each(chunks(&listed.items, PAGE), |arns| describe_tasks(s, &cluster, arns)).await);
    all.gap = listed.gap.or(all.gap);
    all
}

async fn describe_tasks(s: &Session, cluster: &str, arns: Vec<String>) -> Pages<Task> {
    let read =
        s.call(&TASKS, || s.ecs().describe_tasks().cluster(cluster).set_tasks(Some(arns.clone())).send());
    match read.await {
        Ok(out) => Pages { gap: unread(&TASKS, out.failures()), items: out.tasks.unwrap_or_default() },
        Err(gap) => Pages { items: Vec::new(), gap: Some(gap) },
    }
}

async fn cluster_resources(s: &Session) -> Harvest {
    let all = clusters(s).await;
    let resources = all.items.iter().map(|item| cluster_resource(s, item)).collect();
    Harvest { resources, gaps: all.gap.iter().cloned().collect() }
}

fn cluster_resource(s: &Session, item: &Cluster) -> Resource {
    use cluster::*;
    let arn = item.cluster_arn.clone().unwrap_or_default();
    let name = item.cluster_name.clone().unwrap_or_default();
    let mut r =
        Resource::new(s.place(), KIND.name, arn.clone()).with_arn(arn.clone()).with_name(name.clone());
    let setting = |setting: &aws_sdk_ecs::types::ClusterSetting| Setting {
        name: setting.name.as_ref().map(|name| name.as_str().to_owned()).unwrap_or_default(),
        value: setting.value.clone().unwrap_or_default(),
    };
    let namespace = item.service_connect_defaults.as_ref().and_then(|defaults| defaults.namespace.as_ref());
    r.set(&ARN, arn)
        .set(&CAPACITY_PROVIDERS, item.capacity_providers().to_vec())
        .set(&CONFIGURATION, item.configuration.as_ref().map_or_else(|| json!([]), configuration))
        .set(&DEFAULT_CAPACITY_PROVIDER_STRATEGY, strategy(item.default_capacity_provider_strategy()))
        .set(&NAME, name)
        .set(
            &SERVICE_CONNECT_DEFAULTS,
            namespace.map_or_else(|| json!([]), |namespace| json!([{ "namespace": namespace }])),
        )
        .set(&SETTING, item.settings().iter().map(setting).collect());
    put_tags(&mut r, Ok(tags(item.tags())));
    r
}

fn configuration(of: &ClusterConfiguration) -> Value {
    let log = |log: &aws_sdk_ecs::types::ExecuteCommandLogConfiguration| {
        json!({
            "cloud_watch_encryption_enabled": log.cloud_watch_encryption_enabled,
            "cloud_watch_log_group_name": log.cloud_watch_log_group_name,
            "s3_bucket_encryption_enabled": log.s3_encryption_enabled,
            "s3_bucket_name": log.s3_bucket_name,
            "s3_key_prefix": log.s3_key_prefix,
        })
    };
    let commands = of.execute_command_configuration.iter().map(|command| {
        json!({
            "kms_key_id": command.kms_key_id,
            "log_configuration": command.log_configuration.iter().map(log).collect::<Vec<_>>(),
            "logging": command.logging.as_ref().map(|logging| logging.as_str()),
        })
    });
    let storage = of.managed_storage_configuration.iter().map(|storage| {
        json!({
            "fargate_ephemeral_storage_kms_key_id": storage.fargate_ephemeral_storage_kms_key_id,
            "kms_key_id": storage.kms_key_id,
        })
    });
    json!([{
        "execute_command_configuration": commands.collect::<Vec<_>>(),
        "managed_storage_configuration": storage.collect::<Vec<_>>(),
    }])
}

fn strategy(items: &[CapacityProviderStrategyItem]) -> Value {
    let item = |item: &CapacityProviderStrategyItem| json!({ "base": item.base, "capacity_provider": item.capacity_provider, "weight": item.weight });
    items.iter().map(item).collect()
}

async fn service_resources(s: &Session) -> Harvest {
    let all = services(s).await;
    let resources = all.items.iter().map(|item| service_resource(s, item)).collect();
    Harvest { resources, gaps: all.gap.iter().cloned().collect() }
}

fn service_resource(s: &Session, item: &Service) -> Resource {
    use service::*;
    let arn = item.service_arn.clone().unwrap_or_default();
    let name = item.service_name.clone().unwrap_or_default();
    let mut r = Resource::new(s.place(), KIND.name, arn.clone()).with_arn(arn).with_name(name.clone());
    let deployment = item.deployment_configuration.as_ref();
    let breaker = deployment.and_then(|deployment| deployment.deployment_circuit_breaker.as_ref());
    let breaker = breaker.map(|breaker| Breaker { enable: breaker.enable, rollback: breaker.rollback });
    let controller = item.deployment_controller.as_ref();
    let controller = controller.map(|it| Controller { r#type: it.r#type.as_str().to_owned() });
    let rebalancing = item.availability_zone_rebalancing.as_ref();
    r.set_opt(&AVAILABILITY_ZONE_REBALANCING, rebalancing.map(|setting| setting.as_str().to_owned()))
        .set(&CAPACITY_PROVIDER_STRATEGY, strategy(item.capacity_provider_strategy()))
        .set_opt(&CLUSTER, item.cluster_arn.clone())
        .set(&DEPLOYMENT_CIRCUIT_BREAKER, breaker.into_iter().collect())
        .set(&DEPLOYMENT_CONTROLLER, controller.into_iter().collect())
        .set_opt(&DEPLOYMENT_MAXIMUM_PERCENT, deployment.and_then(|it| it.maximum_percent).map(i64::from))
        .set_opt(
            &DEPLOYMENT_MINIMUM_HEALTHY_PERCENT,
            deployment.and_then(|it| it.minimum_healthy_percent).map(i64::from),
        )
        .set(&DESIRED_COUNT, i64::from(item.desired_count))
        .set(&ENABLE_ECS_MANAGED_TAGS, item.enable_ecs_managed_tags)
        .set(&ENABLE_EXECUTE_COMMAND, item.enable_execute_command)
        .set_opt(&HEALTH_CHECK_GRACE_PERIOD_SECONDS, item.health_check_grace_period_seconds.map(i64::from))
        .set_opt(&IAM_ROLE, item.role_arn.clone())
        .set_opt(&LAUNCH_TYPE, item.launch_type.as_ref().map(|launch| launch.as_str().to_owned()))
        .set(&LOAD_BALANCER, balancers(item))
        .set(&NAME, name)
        .set(&NETWORK_CONFIGURATION, network(item))
        .set(&ORDERED_PLACEMENT_STRATEGY, placement(item))
        .set(&PLACEMENT_CONSTRAINTS, constraints(item))
        .set_opt(&PLATFORM_VERSION, item.platform_version.clone())
        .set_opt(&PROPAGATE_TAGS, item.propagate_tags.as_ref().map(|whose| whose.as_str().to_owned()))
        .set_opt(&SCHEDULING_STRATEGY, item.scheduling_strategy.as_ref().map(|it| it.as_str().to_owned()))
        .set(&SERVICE_REGISTRIES, registries(item))
        .set_opt(&TASK_DEFINITION, item.task_definition.clone());
    put_tags(&mut r, Ok(tags(item.tags())));
    r
}

fn balancers(item: &Service) -> Value {
    let one = |it: &aws_sdk_ecs::types::LoadBalancer| {
        json!({
            "container_name": it.container_name,
            "container_port": it.container_port,
            "elb_name": it.load_balancer_name,
            "target_group_arn": it.target_group_arn,
        })
    };
    item.load_balancers().iter().map(one).collect()
}

fn network(item: &Service) -> Vec<service::Network> {
    let vpc = item.network_configuration.as_ref().and_then(|network| network.awsvpc_configuration.as_ref());
    let network = vpc.map(|vpc| service::Network {
        assign_public_ip: vpc.assign_public_ip == Some(aws_sdk_ecs::types::AssignPublicIp::Enabled),
        security_groups: vpc.security_groups.clone(),
        subnets: vpc.subnets.clone(),
    });
    network.into_iter().collect()
}

fn placement(item: &Service) -> Value {
    let one = |it: &aws_sdk_ecs::types::PlacementStrategy| json!({ "field": it.field, "type": it.r#type.as_ref().map(|sort| sort.as_str()) });
    item.placement_strategy().iter().map(one).collect()
}

fn constraints(item: &Service) -> Value {
    let one = |it: &aws_sdk_ecs::types::PlacementConstraint| json!({ "expression": it.expression, "type": it.r#type.as_ref().map(|sort| sort.as_str()) });
    item.placement_constraints().iter().map(one).collect()
}

fn registries(item: &Service) -> Value {
    let one = |it: &aws_sdk_ecs::types::ServiceRegistry| {
        json!({
            "container_name": it.container_name,
            "container_port": it.container_port,
            "port": it.port,
            "registry_arn": it.registry_arn,
        })
    };
    item.service_registries().iter().map(one).collect()
}

/// The revisions that services name or tasks run, and why there may be more. Where it does not matter what nothing runs,
/// those of services are enough.
async fn used(s: &Session) -> (BTreeSet<String>, Option<Gap>) {
    let services = services(s).await;
    let tasks = match s.wants_call(&task_definition::KIND, &TASKS) {
        true => tasks(s).await,
        false => Arc::new(Pages { items: Vec::new(), gap: None }),
    };
    let named = services.items.iter().flat_map(|service| {
        let deployed = service.deployments().iter().filter_map(|it| it.task_definition.clone());
        service.task_definition.clone().into_iter().chain(deployed)
    });
    let run = tasks.items.iter().filter_map(|task| task.task_definition_arn.clone());
    (named.chain(run).collect(), services.gap.clone().or_else(|| tasks.gap.clone()))
}

async fn definitions(s: &Session) -> Harvest {
    use task_definition::KIND;
    let listed = s
        .pages(
            &LIST_DEFINITIONS,
            |token| s.ecs().list_task_definitions().max_results(PAGE as i32).set_next_token(token).send(),
            |out| (out.task_definition_arns.unwrap_or_default(), out.next_token),
        )
        .await;
    let gaps = listed.gap.into_iter().collect();
    let mut arns: BTreeSet<String> = listed.items.into_iter().collect();
    if !s.wants_call(&KIND, &SERVICES) {
        let resources = arns.into_iter().map(|arn| definition_of(s, arn)).collect();
        return Harvest { resources, gaps };
    }
    let (used, unknown) = used(s).await;
    // A service may run a revision that was taken out of the list.
    arns.extend(used.iter().cloned());
    let resources = s.each(arns.into_iter().collect(), |arn| judged(s, arn, &used, unknown.as_ref())).await;
    Harvest { resources, gaps }
}

fn definition_of(s: &Session, arn: String) -> Resource {
    use task_definition::*;
    let name = arn.rsplit('/').next().unwrap_or_default().to_owned();
    let mut r =
        Resource::new(s.place(), KIND.name, arn.clone()).with_arn(arn.clone()).with_name(name.clone());
    let (family, revision) = name.rsplit_once(':').unwrap_or((&name, ""));
    r.set(&ARN, arn).set(&FAMILY, family.to_owned()).set_opt(&REVISION, revision.parse().ok());
    r
}

/// A revision, described where something runs it.
async fn judged(s: &Session, arn: String, used: &BTreeSet<String>, unknown: Option<&Gap>) -> Resource {
    use task_definition::*;
    let mut r = definition_of(s, arn.clone());
    let in_use = used.contains(&arn);
    if let Some(gap) = unknown.filter(|_| !in_use) {
        put_gap(&mut r, &KIND, &SERVICES, gap);
        return r;
    }
    if s.wants(&KIND, &IN_USE) {
        r.set(&IN_USE, in_use);
    }
    if in_use && s.wants_call(&KIND, &DEFINITION) {
        match s.call(&DEFINITION, || s.ecs().describe_task_definition().task_definition(&arn).send()).await {
            Ok(out) => put_definition(&mut r, out.task_definition.as_ref()),
            Err(gap) => put_gap(&mut r, &KIND, &DEFINITION, &gap),
        }
    }
    r
}

fn put_definition(r: &mut Resource, definition: Option<&TaskDefinition>) {
    use task_definition::*;
    let Some(definition) = definition else {
        let gap = Gap::new(DEFINITION.name(), Cause::Malformed, "the answer leaves it out");
        return put_gap(r, &KIND, &DEFINITION, &gap);
    };
    let platform = definition.runtime_platform.as_ref();
    let system = platform.and_then(|it| it.operating_system_family.as_ref());
    let platforms = platform.map(|it| {
        json!({
            "cpu_architecture": it.cpu_architecture.as_ref().map(|cpu| cpu.as_str()),
            "operating_system_family": it.operating_system_family.as_ref().map(|os| os.as_str()),
        })
    });
    r.set(&CONTAINER_DEFINITIONS, definition.container_definitions().iter().map(container).collect())
        .set_opt(&EXECUTION_ROLE_ARN, definition.execution_role_arn.clone())
        .set_opt(&IPC_MODE, definition.ipc_mode.as_ref().map(|mode| mode.as_str().to_owned()))
        .set_opt(&NETWORK_MODE, definition.network_mode.as_ref().map(|mode| mode.as_str().to_owned()))
        .set_opt(&OPERATING_SYSTEM, system.map(|system| system.as_str().to_owned()))
        .set_opt(&PID_MODE, definition.pid_mode.as_ref().map(|mode| mode.as_str().to_owned()))
        .set_opt(&REGISTERED_BY, definition.registered_by.as_deref().map(principal))
        .set(&RUNTIME_PLATFORM, platforms.into_iter().collect())
        .set_opt(&TASK_ROLE_ARN, definition.task_role_arn.clone());
}

/// Who registered a revision; sessions of roles are often called after a person.
fn principal(arn: &str) -> String {
    let session = arn.split_once(":assumed-role/").and_then(|(_, rest)| rest.split_once('/'));
    let length = session.map_or(0, |(_, session)| session.len() + 1);
    arn[..arn.len() - length].to_owned()
}

/// A container; the values of its variables are judged here and go no further.
fn container(of: &ContainerDefinition) -> task_definition::Container {
    let variable = |pair: &aws_sdk_ecs::types::KeyValuePair| {
        let (name, value) = (pair.name.as_deref(), pair.value.as_deref());
        task_definition::Variable::judged(name.unwrap_or_default(), value.unwrap_or_default())
    };
    task_definition::Container {
        name: of.name.clone().unwrap_or_default(),
        image: of.image.clone().unwrap_or_default(),
        user: of.user.clone(),
        privileged: of.privileged == Some(true),
        readonly_root_filesystem: of.readonly_root_filesystem == Some(true),
        environment: of.environment().iter().map(variable).collect(),
        secrets: of.secrets().iter().map(|secret| secret.name.clone()).collect(),
    }
}

async fn task_resources(s: &Session) -> Harvest {
    let all = tasks(s).await;
    let resources = all.items.iter().map(|item| task_resource(s, item)).collect();
    Harvest { resources, gaps: all.gap.iter().cloned().collect() }
}

fn task_resource(s: &Session, item: &Task) -> Resource {
    use task::*;
    let arn = item.task_arn.clone().unwrap_or_default();
    let mut r = Resource::new(s.place(), KIND.name, arn.clone()).with_arn(arn);
    r.set_opt(&AVAILABILITY_ZONE, item.availability_zone.clone())
        .set_opt(&CLUSTER_ARN, item.cluster_arn.clone())
        .set(&CONTAINERS, item.containers().iter().map(run_container).collect())
        .set_opt(&GROUP, item.group.clone())
        .set_opt(&LAST_STATUS, item.last_status.clone())
        .set_opt(&TASK_DEFINITION_ARN, item.task_definition_arn.clone());
    r
}

fn run_container(of: &aws_sdk_ecs::types::Container) -> task::Container {
    task::Container {
        name: of.name.clone().unwrap_or_default(),
        image: of.image.clone().unwrap_or_default(),
        digest: of.image_digest.clone(),
    }
}

/// An image by its parts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Image {
    /// Without tag and digest.
    name: String,
    digest: Option<String>,
}

impl Image {
    fn of(container: &aws_sdk_ecs::types::Container) -> Option<Self> {
        let image = container.image.as_deref().filter(|image| !image.is_empty())?;
        let (named, pinned) = image.split_once('@').map_or((image, None), |(name, pin)| (name, Some(pin)));
        let tag = named.rfind(':').filter(|colon| named.rfind('/').is_none_or(|slash| slash < *colon));
        let name = tag.map_or(named, |colon| &named[..colon]).to_owned();
        let digest = container.image_digest.as_deref().or(pinned).filter(|digest| !digest.is_empty());
        Some(Self { name, digest: digest.map(str::to_owned) })
    }

    /// Account, region and repository of an image in ECR, by the forms of its addresses: `ID.dkr.ecr.REGION.amazonaws.com`,
    /// `ID.dkr.ecr-fips.REGION.amazonaws.com`, `ID.dkr-ecr.REGION.on.aws`.
    fn in_ecr(&self) -> Option<(&str, &str, &str)> {
        let (host, repository) = self.name.split_once('/')?;
        let (account, rest) = host.split_once(".dkr")?;
        let rest = rest.strip_prefix(['.', '-'])?;
        let rest = rest.strip_prefix("ecr.").or_else(|| rest.strip_prefix("ecr-fips."))?;
        let (region, domain) = rest.split_once('.')?;
        let known = domain.starts_with("amazonaws.com") || domain.starts_with("on.");
        (known && account.len() == 12).then_some((account, region, repository))
    }
}

async fn running_images(s: &Session) -> Harvest {
    let all = tasks(s).await;
    let images: BTreeSet<Image> =
        all.items.iter().flat_map(|task| task.containers()).filter_map(Image::of).collect();
    let resources = s.each(images.into_iter().collect(), |image| running_image_resource(s, image)).await;
    Harvest { resources, gaps: all.gap.iter().cloned().collect() }
}

async fn running_image_resource(s: &Session, image: Image) -> Resource {
    use running_image::*;
    let digest = image.digest.clone().unwrap_or_default();
    let id = if digest.is_empty() { image.name.clone() } else { format!("{}@{digest}", image.name) };
    let mut r = Resource::new(s.place(), KIND.name, id).with_name(image.name.clone());
    let registry = image.in_ecr();
    r.set_opt(&DIGEST, image.digest.clone())
        .set(&NAME, image.name.clone())
        .set_opt(&REGISTRY_ID, registry.map(|(account, _, _)| account.to_owned()))
        .set_opt(&REGISTRY_REGION, registry.map(|(_, region, _)| region.to_owned()))
        .set_opt(&REPOSITORY, registry.map(|(_, _, repository)| repository.to_owned()));
    let Some(registry) = registry.filter(|_| !digest.is_empty() && s.wants_call(&KIND, &SCAN)) else {
        return r;
    };
    // Calls are counted and limited by region, and a session is of one.
    if registry.1 != s.region() {
        let gap =
            Gap::new(SCAN.name(), Cause::NotRequested, "its registry is in another region than its task");
        put_gap(&mut r, &KIND, &SCAN, &gap);
        return r;
    }
    match scan(s, registry, &digest).await {
        Ok(scan) => {
            r.set(&CRITICAL_FINDINGS, scan.findings)
                .set_opt(&SCANNED_AT, scan.at)
                .set_opt(&SCAN_STATUS, scan.status);
        }
        Err(gap) => put_gap(&mut r, &KIND, &SCAN, &gap),
    }
    r
}

/// What the last scan of an image said.
#[derive(Default)]
struct Scan {
    status: Option<String>,
    at: Option<String>,
    findings: Vec<running_image::Finding>,
}

/// How ECR says that it never scanned an image, or no longer has it.
const NO_SCAN: &[&str] = &["ScanNotFoundException", "ImageNotFoundException", "RepositoryNotFoundException"];

async fn scan(s: &Session, registry: (&str, &str, &str), digest: &str) -> Result<Scan, Gap> {
    let (account, _, repository) = registry;
    let image = ImageIdentifier::builder().image_digest(digest).build();
    let (mut scan, mut token) = (Scan::default(), None::<String>);
    loop {
        let read = s.call_or_none(&SCAN, NO_SCAN, || {
            let request = s.ecr().describe_image_scan_findings().registry_id(account);
            let request = request.repository_name(repository).image_id(image.clone()).max_results(1000);
            request.set_next_token(token.clone()).send()
        });
        let Some(out) = read.await? else { return Ok(scan) };
        let status = out.image_scan_status.and_then(|status| status.status);
        scan.status = status.map(|status| status.as_str().to_owned());
        if let Some(found) = &out.image_scan_findings {
            scan.at = found.image_scan_completed_at.as_ref().and_then(stamp);
            scan.findings.extend(critical(found));
        }
        let next = out.next_token.filter(|next| !next.is_empty());
        if next.is_none() {
            return Ok(scan);
        }
        if next == token {
            return Err(Gap::new(SCAN.name(), Cause::Malformed, "the same page token came twice"));
        }
        token = next;
    }
}

/// The critical findings of basic scanning, which do not tell since when, and of Inspector, which do.
fn critical(found: &ImageScanFindings) -> Vec<running_image::Finding> {
    let basic = found
        .findings()
        .iter()
        .filter(|it| it.severity.as_ref().is_some_and(|severity| severity.as_str() == "CRITICAL"));
    let basic =
        basic.map(|it| running_image::Finding { name: it.name.clone().unwrap_or_default(), since: None });
    let enhanced = found.enhanced_findings().iter().filter(|it| {
        it.severity.as_deref() == Some("CRITICAL") && it.status.as_deref().unwrap_or("ACTIVE") == "ACTIVE"
    });
    let enhanced = enhanced.map(|it| {
        let package = it.package_vulnerability_details.as_ref();
        let name = package.and_then(|package| package.vulnerability_id.clone()).or_else(|| it.title.clone());
        running_image::Finding {
            name: name.unwrap_or_default(),
            since: it.first_observed_at.as_ref().and_then(stamp),
        }
    });
    basic.chain(enhanced).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::{Account, Asked, wanting, wanting_all};

    const CLUSTER: &str = "arn:aws:ecs:us-west-2:123456789012:cluster/main";
    const DEFINED: &str = "arn:aws:ecs:us-west-2:123456789012:task-definition/app:2";
    const IMAGE: &str = "123456789012.dkr.ecr.us-west-2.amazonaws.com/shop/app";

    fn answer(asked: &Asked) -> (u16, String) {
        let body = match asked.operation.as_str() {
            "ListClusters" => format!(r#"{{"clusterArns":["{CLUSTER}"]}}"#),
            "DescribeClusters" => format!(
                r#"{{"clusters":[{{"clusterArn":"{CLUSTER}","clusterName":"main","status":"ACTIVE",
                    "runningTasksCount":1,"activeServicesCount":1}}]}}"#
            ),
            "ListServices" => r#"{"serviceArns":["arn:web"]}"#.into(),
            "DescribeServices" => format!(
                r#"{{"services":[{{"serviceArn":"arn:web","serviceName":"web","clusterArn":"{CLUSTER}","status":"ACTIVE",
                    "desiredCount":2,"taskDefinition":"{DEFINED}"}}]}}"#
            ),
            "ListTasks" => r#"{"taskArns":["arn:task"]}"#.into(),
            "DescribeTasks" => format!(
                r#"{{"tasks":[{{"taskArn":"arn:task","clusterArn":"{CLUSTER}","group":"service:web",
                    "taskDefinitionArn":"{DEFINED}","lastStatus":"RUNNING","availabilityZone":"us-west-2a",
                    "containers":[{{"name":"app","image":"{IMAGE}:2","imageDigest":"sha256:1"}}]}}]}}"#
            ),
            "ListTaskDefinitions" => format!(
                r#"{{"taskDefinitionArns":["{DEFINED}","arn:aws:ecs:us-west-2:123456789012:task-definition/app:1"]}}"#
            ),
            "DescribeTaskDefinition" => format!(
                r#"{{"taskDefinition":{{"taskDefinitionArn":"{DEFINED}",
                    "registeredBy":"arn:aws:sts::123456789012:assumed-role/deploy/ann@acme.example","containerDefinitions":[{{"name":"app",
                    "environment":[{{"name":"DB_PASSWORD","value":"hunter2"}}]}}]}}}}"#
            ),
            "DescribeImageScanFindings" => {
                r#"{"imageScanStatus":{"status":"ACTIVE"},"imageScanFindings":{"enhancedFindings":[
                    {"severity":"CRITICAL","status":"ACTIVE","firstObservedAt":0,"title":"CVE-2026-1 - x",
                     "packageVulnerabilityDetails":{"vulnerabilityId":"CVE-2026-1"}},
                    {"severity":"CRITICAL","status":"CLOSED","title":"CVE-2026-2"},
                    {"severity":"HIGH","status":"ACTIVE","title":"CVE-2026-3"}]}}"#
                    .into()
            }
            other => panic!("{other}"),
        };
        (200, body)
    }

    fn refusing(operation: &'static str) -> impl Fn(&Asked) -> (u16, String) + Send + Sync {
        move |asked| match asked.operation == operation {
            true => (400, r#"{"__type":"AccessDeniedException"}"#.to_owned()),
            false => answer(asked),
        }
    }

    #[tokio::test]
    async fn only_the_revisions_that_run_are_described_and_no_value_is_kept() {
        use task_definition::*;
        let account = Account::new(wanting_all(&KIND), answer);
        let harvest = definitions(account.home()).await;
        let [old, new] = harvest.resources.as_slice() else { panic!("two revisions") };
        assert_eq!((old.get(&IN_USE), new.get(&IN_USE)), (Ok(Some(false)), Ok(Some(true))));
        assert_eq!(account.calls("DescribeTaskDefinition"), 1);
        let containers = new.get(&CONTAINER_DEFINITIONS).unwrap().unwrap();
        assert!(containers[0].environment[0].secret && !format!("{new:?}").contains("hunter2"));
        let by = Ok(Some("arn:aws:sts::123456789012:assumed-role/deploy".to_owned()));
        assert_eq!(new.get(&REGISTERED_BY), by, "without the name of a person");
        assert_eq!((new.get(&FAMILY), new.get(&REVISION)), (Ok(Some("app".into())), Ok(Some(2))));
    }

    #[tokio::test]
    async fn where_services_are_not_read_an_idle_revision_is_not_known_to_be_idle() {
        use task_definition::*;
        let account = Account::new(wanting_all(&KIND), refusing("ListServices"));
        let harvest = definitions(account.home()).await;
        let [old, new] = harvest.resources.as_slice() else { panic!("two revisions") };
        assert!(old.get(&IN_USE).is_err() && old.get(&CONTAINER_DEFINITIONS).is_err());
        assert_eq!(new.get(&IN_USE), Ok(Some(true)), "a task runs it");
    }

    #[tokio::test]
    async fn who_registered_a_revision_is_asked_without_the_tasks() {
        use task_definition::*;
        let wanted = || wanting(&KIND, &[REGISTERED_BY.path()]);
        let account = Account::new(wanted(), answer);
        let harvest = definitions(account.home()).await;
        let [old, new] = harvest.resources.as_slice() else { panic!("two revisions") };
        assert_eq!((account.calls("ListTasks"), account.calls("DescribeTaskDefinition")), (0, 1));
        assert!(new.get(&REGISTERED_BY).unwrap().is_some() && new.get(&IN_USE).is_err());
        assert!(old.get(&REGISTERED_BY).is_err(), "it is not looked for");
        let account = Account::new(wanted(), refusing("DescribeTaskDefinition"));
        let harvest = definitions(account.home()).await;
        assert!(
            harvest.resources[1]
                .get(&REGISTERED_BY)
                .is_err_and(|gap| gap.call == "ecs:DescribeTaskDefinition")
        );
        assert_eq!(principal("arn:aws:iam::123456789012:user/ci"), "arn:aws:iam::123456789012:user/ci");
    }

    #[tokio::test]
    async fn only_open_critical_findings_count_and_a_registry_elsewhere_is_not_asked() {
        use running_image::*;
        let account = Account::new(wanting_all(&KIND), answer);
        let harvest = running_images(account.home()).await;
        let [image] = harvest.resources.as_slice() else { panic!("one image") };
        assert_eq!(image.id(), format!("{IMAGE}@sha256:1"));
        assert_eq!(image.get(&REGISTRY_REGION), Ok(Some("us-west-2".into())));
        let elsewhere = running_images(&account.region("us-east-1")).await;
        assert!(elsewhere.resources[0].get(&SCAN_STATUS).is_err());
        assert_eq!(account.calls("DescribeImageScanFindings"), 1);
        let found = image.get(&CRITICAL_FINDINGS).unwrap().unwrap();
        let since = Some("1970-01-01T00:00:00Z".to_owned());
        assert_eq!(found, [Finding { name: "CVE-2026-1".into(), since }]);
        let account = Account::new(wanting_all(&KIND), refusing("DescribeImageScanFindings"));
        assert!(running_images(account.home()).await.resources[0].get(&CRITICAL_FINDINGS).is_err());
    }

    #[tokio::test]
    async fn an_image_that_was_never_scanned_has_no_status() {
        use running_image::*;
        let account =
            Account::new(wanting_all(&KIND), |asked| match asked.operation == "DescribeImageScanFindings" {
                true => (400, r#"{"__type":"ScanNotFoundException"}"#.to_owned()),
                false => answer(asked),
            });
        assert_eq!(running_images(account.home()).await.resources[0].get(&SCAN_STATUS), Ok(None));
    }

    #[tokio::test]
    async fn tasks_and_services_leave_a_gap_where_clusters_are_refused() {
        let account = Account::new(wanting_all(&task::KIND), refusing("DescribeClusters"));
        assert_eq!(task_resources(account.home()).await.gaps[0].call, "ecs:DescribeClusters");
        assert_eq!(service_resources(account.home()).await.gaps[0].call, "ecs:DescribeClusters");
        assert_eq!(account.calls("DescribeClusters"), 1, "it is asked once");
    }

    #[test]
    fn images_are_taken_apart() {
        let image = |image: &str, digest: Option<&str>| {
            let container = aws_sdk_ecs::types::Container::builder().image(image);
            Image::of(&container.set_image_digest(digest.map(str::to_owned)).build()).unwrap()
        };
        let hub = image("localhost:5000/nginx", None);
        assert_eq!(
            (hub.name.as_str(), hub.digest.as_deref(), hub.in_ecr()),
            ("localhost:5000/nginx", None, None)
        );
        let pinned = image("nginx:1@sha256:2", None);
        assert_eq!((pinned.name.as_str(), pinned.digest.as_deref()), ("nginx", Some("sha256:2")));
        for host in [
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
            "123456789012.dkr.ecr-fips.eu-west-1.amazonaws.com",
            "123456789012.dkr-ecr.eu-west-1.on.aws",
        ] {
            let own = image(&format!("{host}/shop/app:7"), Some("sha256:3"));
            assert_eq!(own.in_ecr(), Some(("123456789012", "eu-west-1", "shop/app")), "{host}");
        }
        assert_eq!(image("public.ecr.aws/nginx/nginx", None).in_ecr(), None);
    }

    #[test]
    fn a_failure_other_than_missing_is_a_gap() {
        let failure = |reason: &str| Failure::builder().reason(reason).build();
        assert_eq!(unread(&TASKS, &[failure("MISSING")]), None);
        assert!(unread(&TASKS, &[failure("MISSING"), failure("ACCESS_DENIED")]).is_some());
    }

    #[tokio::test]
    async fn a_cluster_becomes_its_terraform_type() {
        let account = Account::new(wanting_all(&cluster::KIND), answer);
        let found = cluster_resources(account.home()).await.resources.remove(0);
        let missing: Vec<&str> =
            cluster::KIND.attributes.iter().map(|attr| attr.path).filter(|path| !found.has(path)).collect();
        assert!(missing.is_empty(), "{missing:?}");
        assert_eq!(found.get(&cluster::NAME), Ok(Some("main".into())));
    }
}
