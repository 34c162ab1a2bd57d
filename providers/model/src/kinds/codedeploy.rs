//! AWS CodeDeploy: deployment groups, and the live facts of how deployments ended.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::attr::{Absent, Attr, Equality::*, Nested};
use crate::kind::{Exclusion, Kind};
use crate::resource::Resource;

use super::common::{ARN, TAGS, TAGS_ALL};

/// `aws_codedeploy_deployment_group`.
pub mod group {
    use super::*;

    const READ: &[&str] = &["codedeploy:BatchGetDeploymentGroups"];

    /// The `auto_rollback_configuration` block.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct AutoRollback {
        /// Whether it rolls back by itself.
        pub enabled: Option<bool>,
        /// When: `DEPLOYMENT_FAILURE`, `DEPLOYMENT_STOP_ON_ALARM`, `DEPLOYMENT_STOP_ON_REQUEST`.
        pub events: Vec<String>,
    }

    /// The `ecs_service` block.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct EcsService {
        /// The cluster.
        pub cluster_name: String,
        /// The service.
        pub service_name: String,
    }

    /// The application.
    pub const APP_NAME: Attr<String> = Attr::new("app_name", Exact);
    /// Whether and when it rolls back by itself.
    pub const AUTO_ROLLBACK_CONFIGURATION: Attr<Vec<AutoRollback>> =
        Attr::new("auto_rollback_configuration", Exact)
            .absent(Absent::Zero)
            .nested(&[Nested::new("events", Set), Nested::new("enabled", Exact).absent(Absent::Zero)])
            .by(READ);
    /// The scaling groups that it deploys to.
    pub const AUTOSCALING_GROUPS: Attr<Vec<String>> = Attr::new("autoscaling_groups", Set).by(READ);
    /// How many targets at once.
    pub const DEPLOYMENT_CONFIG_NAME: Attr<String> = Attr::new("deployment_config_name", Exact)
        .absent(Absent::Default("\"CodeDeployDefault.OneAtATime\""))
        .by(READ);
    /// Its name.
    pub const DEPLOYMENT_GROUP_NAME: Attr<String> = Attr::new("deployment_group_name", Exact);
    /// The service of ECS that it deploys.
    pub const ECS_SERVICE: Attr<Vec<EcsService>> = Attr::new("ecs_service", Exact).by(READ);
    /// The role that deploys.
    pub const SERVICE_ROLE_ARN: Attr<String> = Attr::new("service_role_arn", Exact).by(READ);
    /// The tags of the resource itself.
    pub const GROUP_TAGS: Attr<BTreeMap<String, String>> = TAGS.by(&["codedeploy:ListTagsForResource"]);
    /// The tags.
    pub const GROUP_TAGS_ALL: Attr<BTreeMap<String, String>> =
        TAGS_ALL.by(&["codedeploy:ListTagsForResource"]);

    /// The kind; application and name are the identity.
    pub static KIND: Kind = Kind {
        name: "aws_codedeploy_deployment_group",
        service: "codedeploy",
        listed_by: &["codedeploy:ListApplications", "codedeploy:ListDeploymentGroups"],
        attributes: &[
            APP_NAME.any(),
            ARN.any(),
            AUTO_ROLLBACK_CONFIGURATION.any(),
            AUTOSCALING_GROUPS.any(),
            DEPLOYMENT_CONFIG_NAME.any(),
            DEPLOYMENT_GROUP_NAME.any(),
            ECS_SERVICE.any(),
            SERVICE_ROLE_ARN.any(),
            GROUP_TAGS.any(),
            GROUP_TAGS_ALL.any(),
        ],
        identity: |resource| {
            let text = |key| resource.get(key).ok().flatten().filter(|text: &String| !text.is_empty());
            Some(id_of(&text(&APP_NAME)?, &text(&DEPLOYMENT_GROUP_NAME)?))
        },
        ..Kind::BASE
    };

    /// The identity of a group, which is also what `terraform import` takes.
    pub fn id_of(application: &str, name: &str) -> String {
        format!("{application}:{name}")
    }
}

/// Deployments that were begun in the last 30 days; live only, its id is the deployment's.
pub mod deployment {
    use super::*;

    const READ: &[&str] = &["codedeploy:BatchGetDeployments"];

    /// The application.
    pub const APPLICATION: Attr<String> = Attr::live("application_name").by(READ);
    /// When it ended, RFC 3339; none while it runs.
    pub const COMPLETED_AT: Attr<String> = Attr::live("complete_time").by(READ);
    /// When it was begun, RFC 3339.
    pub const CREATED_AT: Attr<String> = Attr::live("create_time").by(READ);
    /// The deployment group.
    pub const GROUP: Attr<String> = Attr::live("deployment_group_name").by(READ);
    /// `Succeeded`, `Failed`, `Stopped`, `InProgress`, …
    pub const STATUS: Attr<String> = Attr::live("status").by(READ);

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_codedeploy_deployment",
        service: "codedeploy",
        listed_by: &["codedeploy:ListDeployments"],
        attributes: &[APPLICATION.any(), COMPLETED_AT.any(), CREATED_AT.any(), GROUP.any(), STATUS.any()],
        exclusion: |_: &Resource| Some(Exclusion { rule: "N19", reason: "a record that CodeDeploy keeps" }),
        manageable: false,
        ..Kind::BASE
    };
}

/// The kinds of this file.
pub const KINDS: &[&Kind] = &[&group::KIND, &deployment::KIND];

#[cfg(test)]
mod tests {
    use super::group::*;
    use crate::resource::{Place, Resource};

    #[test]
    fn a_group_is_known_by_its_application_and_its_name() {
        let mut declared = Resource::new(Place::new("1", "r"), KIND.name, "0000-1111");
        assert_eq!((KIND.identity)(&declared), None);
        declared.set(&APP_NAME, "shop".to_owned()).set(&DEPLOYMENT_GROUP_NAME, "blue".to_owned());
        assert_eq!((KIND.identity)(&declared).as_deref(), Some("shop:blue"));
    }
}
