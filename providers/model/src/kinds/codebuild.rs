//! AWS CodeBuild: projects. Values of environment variables are never kept, only whether they look like credentials.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::attr::{Absent, Attr, Equality::*, Nested};
use crate::kind::Kind;
use crate::resource::Resource;

use super::common::{ARN, TAGS, TAGS_ALL};

const READ: &[&str] = &["codebuild:BatchGetProjects"];

/// The tags of the resource itself.
pub const BUILD_TAGS: Attr<BTreeMap<String, String>> = TAGS.by(READ);
/// The tags.
pub const BUILD_TAGS_ALL: Attr<BTreeMap<String, String>> = TAGS_ALL.by(READ);

/// `aws_codebuild_project`.
pub mod project {
    use super::*;

    /// A variable of the builds, without its value.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Variable {
        /// Its name.
        pub name: String,
        /// `PLAINTEXT`, `PARAMETER_STORE` or `SECRETS_MANAGER`; none is `PLAINTEXT`.
        #[serde(rename = "type")]
        pub kind: Option<String>,
    }

    /// What builds run in.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Environment {
        /// The certificate of a server that builds fetch from, in S3.
        pub certificate: Option<String>,
        /// `BUILD_GENERAL1_SMALL`, …
        pub compute_type: String,
        /// The variables.
        pub environment_variable: Vec<Variable>,
        /// The image.
        pub image: String,
        /// `CODEBUILD` or `SERVICE_ROLE`.
        pub image_pull_credentials_type: Option<String>,
        /// Whether builds may run a Docker daemon, which gives them the host.
        pub privileged_mode: Option<bool>,
        /// `LINUX_CONTAINER`, …
        #[serde(rename = "type")]
        pub kind: String,
    }

    const ENVIRONMENT_RULES: &[Nested] = &[
        Nested::new("environment_variable", Set),
        Nested::new("environment_variable.type", Exact).absent(Absent::Default("\"PLAINTEXT\"")),
        Nested::new("environment_variable.value", Never("may be a secret: judged and dropped")).secret(),
        Nested::new("image_pull_credentials_type", Exact).absent(Absent::Default("\"CODEBUILD\"")),
        Nested::new("privileged_mode", Exact).absent(Absent::Zero),
        Nested::new("registry_credential", Never("not read")),
        Nested::new("fleet", Never("not read")),
        Nested::new("docker_server", Never("not read")),
    ];

    /// Where the results of builds go.
    pub const ARTIFACTS: Attr<Value> = Attr::new("artifacts", Exact).absent(Absent::Zero).by(READ);
    /// Whether anybody may see whether builds pass.
    pub const BADGE_ENABLED: Attr<bool> = Attr::new("badge_enabled", Exact).absent(Absent::Zero).by(READ);
    /// Minutes that a build may take.
    pub const BUILD_TIMEOUT: Attr<i64> =
        Attr::new("build_timeout", Exact).absent(Absent::Default("60")).by(READ);
    /// What is kept between builds.
    pub const CACHE: Attr<Value> = Attr::new("cache", Exact)
        .nested(&[
            Nested::new("type", Exact).absent(Absent::Default("\"NO_CACHE\"")),
            Nested::new("cache_namespace", Exact).absent(Absent::Empty),
        ])
        .by(READ);
    /// How many builds may run at once; none is no limit.
    pub const CONCURRENT_BUILD_LIMIT: Attr<i64> =
        Attr::new("concurrent_build_limit", Exact).absent(Absent::Zero).by(READ);
    /// Names of the plain variables whose value looks like a credential.
    pub const CREDENTIAL_VARIABLES: Attr<Vec<String>> = Attr::live("credential_variables").by(READ);
    /// What it is for, in words.
    pub const DESCRIPTION: Attr<String> = Attr::new("description", Exact).by(READ);
    /// The key of the results.
    pub const ENCRYPTION_KEY: Attr<String> =
        Attr::new("encryption_key", Reference).absent(Absent::Unclaimed).by(READ);
    /// What builds run in.
    pub const ENVIRONMENT: Attr<Vec<Environment>> =
        Attr::new("environment", Exact).nested(ENVIRONMENT_RULES).by(READ);
    /// Where builds log.
    pub const LOGS_CONFIG: Attr<Value> = Attr::new("logs_config", Exact)
        .absent(Absent::Unclaimed)
        .nested(&[
            Nested::new("cloudwatch_logs.status", Exact).absent(Absent::Default("\"ENABLED\"")),
            Nested::new("s3_logs.status", Exact).absent(Absent::Default("\"DISABLED\"")),
            Nested::new("s3_logs.encryption_disabled", Exact).absent(Absent::Zero),
        ])
        .by(READ);
    /// Its name: the identity.
    pub const NAME: Attr<String> = Attr::new("name", Exact);
    /// `PRIVATE`, or `PUBLIC_READ`: anybody may read its logs and results.
    pub const PROJECT_VISIBILITY: Attr<String> =
        Attr::new("project_visibility", Exact).absent(Absent::Default("\"PRIVATE\"")).by(READ);
    /// Minutes that a build may wait.
    pub const QUEUED_TIMEOUT: Attr<i64> =
        Attr::new("queued_timeout", Exact).absent(Absent::Default("480")).by(READ);
    /// The role of builds.
    pub const SERVICE_ROLE: Attr<String> = Attr::new("service_role", Reference).by(READ);
    /// Where the source is.
    pub const SOURCE: Attr<Value> = Attr::new("source", Exact)
        .absent(Absent::Zero)
        .nested(&[
            Nested::new("auth", Never("names what holds a credential")),
            Nested::new("build_status_config", Never("not read")),
        ])
        .by(READ);
    /// The branch, tag or commit that is built.
    pub const SOURCE_VERSION: Attr<String> = Attr::new("source_version", Exact).by(READ);
    /// The network of builds.
    pub const VPC_CONFIG: Attr<Value> = Attr::new("vpc_config", Exact)
        .nested(&[Nested::new("security_group_ids", Set), Nested::new("subnets", Set)])
        .by(READ);

    /// The kind; its id is the name, which Terraform's is only after an import by name.
    pub static KIND: Kind = Kind {
        name: "aws_codebuild_project",
        service: "codebuild",
        listed_by: &["codebuild:ListProjects"],
        attributes: &[
            ARN.any(),
            ARTIFACTS.any(),
            BADGE_ENABLED.any(),
            BUILD_TIMEOUT.any(),
            CACHE.any(),
            CONCURRENT_BUILD_LIMIT.any(),
            CREDENTIAL_VARIABLES.any(),
            DESCRIPTION.any(),
            ENCRYPTION_KEY.any(),
            ENVIRONMENT.any(),
            LOGS_CONFIG.any(),
            NAME.any(),
            PROJECT_VISIBILITY.any(),
            QUEUED_TIMEOUT.any(),
            SERVICE_ROLE.any(),
            SOURCE.any(),
            SOURCE_VERSION.any(),
            BUILD_TAGS.any(),
            BUILD_TAGS_ALL.any(),
            VPC_CONFIG.any(),
        ],
        identity: |resource: &Resource| resource.get(&NAME).ok().flatten().filter(|name| !name.is_empty()),
        ..Kind::BASE
    };
}

/// The kinds of this file.
pub const KINDS: &[&Kind] = &[&project::KIND];

#[cfg(test)]
mod tests {
    use super::project::*;
    use crate::compare::{Comparison, compare};
    use serde_json::json;

    #[test]
    fn variables_are_compared_by_name_and_type_alone() {
        let environment = |variables: serde_json::Value| {
            json!([{ "compute_type": "BUILD_GENERAL1_SMALL", "image": "i", "type": "LINUX_CONTAINER",
                "environment_variable": variables }])
        };
        let declared = environment(json!([
            { "name": "A", "type": "PLAINTEXT", "value": "(sensitive, digest 00000000)" },
            { "name": "B", "type": "PARAMETER_STORE", "value": "(sensitive, digest 00000001)" }
        ]));
        let live: Vec<Environment> = serde_json::from_value(environment(json!([
            { "name": "B", "type": "PARAMETER_STORE" }, { "name": "A" }
        ])))
        .unwrap();
        let mut live = serde_json::to_value(live).unwrap();
        let same = compare(&ENVIRONMENT.any(), &declared, &live);
        assert!(matches!(same, Comparison::Suppressed(_)), "{same:?}");
        live[0]["privileged_mode"] = json!(true);
        assert!(matches!(compare(&ENVIRONMENT.any(), &declared, &live), Comparison::Changed(_)));
    }
}
