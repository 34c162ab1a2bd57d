//! AWS Lambda: functions with their policies.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::attr::{Absent, Attr, Equality::*, Nested};
use crate::kind::Kind;

use super::common::ARN;

/// `aws_lambda_function`.
pub mod function {
    use super::*;

    /// The `vpc_config` block.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Network {
        /// Its security groups.
        pub security_group_ids: Vec<String>,
        /// Its subnets.
        pub subnet_ids: Vec<String>,
        /// The VPC; none or empty outside of one.
        pub vpc_id: Option<String>,
    }

    /// The processors that it runs on.
    pub const ARCHITECTURES: Attr<Vec<String>> =
        Attr::new("architectures", Exact).absent(Absent::Default("[\"x86_64\"]"));
    /// Where events go that could not be handled.
    pub const DEAD_LETTER_CONFIG: Attr<Value> = Attr::new("dead_letter_config", Exact);
    /// For people.
    pub const DESCRIPTION: Attr<String> = Attr::new("description", Exact);
    /// Its name: the identity.
    pub const FUNCTION_NAME: Attr<String> = Attr::new("function_name", Exact);
    /// What is called.
    pub const HANDLER: Attr<String> = Attr::new("handler", Exact);
    /// The key of its variables.
    pub const KMS_KEY_ARN: Attr<String> = Attr::new("kms_key_arn", Reference);
    /// Its layers, in order.
    pub const LAYERS: Attr<Vec<String>> = Attr::new("layers", Exact);
    /// Memory, in MiB.
    pub const MEMORY_SIZE: Attr<i64> = Attr::new("memory_size", Exact).absent(Absent::Default("128"));
    /// `Zip` or `Image`.
    pub const PACKAGE_TYPE: Attr<String> =
        Attr::new("package_type", Exact).absent(Absent::Default("\"Zip\""));
    /// Who may call it, JSON text; none when nobody else may.
    pub const POLICY: Attr<String> = Attr::live("policy").by(&["lambda:GetPolicy"]);
    /// The role that it has.
    pub const ROLE: Attr<String> = Attr::new("role", Reference);
    /// What runs its code; none for an image.
    pub const RUNTIME: Attr<String> = Attr::new("runtime", Exact);
    /// Seconds that a call may take.
    pub const TIMEOUT: Attr<i64> = Attr::new("timeout", Exact).absent(Absent::Default("3"));
    /// Whether calls are traced.
    pub const TRACING_CONFIG: Attr<Value> = Attr::new("tracing_config", Exact).absent(Absent::Unclaimed);
    /// The network.
    pub const VPC_CONFIG: Attr<Vec<Network>> = Attr::new("vpc_config", Exact).nested(&[
        Nested::new("ipv6_allowed_for_dual_stack", Exact).absent(Absent::Zero),
        Nested::new("security_group_ids", Set),
        Nested::new("subnet_ids", Set),
        Nested::new("vpc_id", Never("computed")),
    ]);

    /// The kind. Variables are left out: their values are secrets too often.
    pub static KIND: Kind = Kind {
        name: "aws_lambda_function",
        service: "lambda",
        listed_by: &["lambda:ListFunctions"],
        attributes: &[
            ARCHITECTURES.any(),
            ARN.any(),
            DEAD_LETTER_CONFIG.any(),
            DESCRIPTION.any(),
            FUNCTION_NAME.any(),
            HANDLER.any(),
            KMS_KEY_ARN.any(),
            LAYERS.any(),
            MEMORY_SIZE.any(),
            PACKAGE_TYPE.any(),
            POLICY.any(),
            ROLE.any(),
            RUNTIME.any(),
            TIMEOUT.any(),
            TRACING_CONFIG.any(),
            VPC_CONFIG.any(),
        ],
        ..Kind::BASE
    };
}

/// The kinds of this file.
pub const KINDS: &[&Kind] = &[&function::KIND];
