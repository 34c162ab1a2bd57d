//! AWS Lambda: functions with their policies.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::attr::{Absent, AnyAttr, Attr, Equality::*, Nested};
use crate::compare::hollow;
use crate::kind::Kind;
use crate::resource::Resource;

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
    /// The hash of the code: of a package its SHA-256 in base64, of an image its digest.
    pub const CODE_SHA256: Attr<String> = Attr::new("code_sha256", Exact).absent(Absent::Unclaimed);
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
    /// Its image.
    pub const IMAGE_URI: Attr<String> = Attr::new(
        "image_uri",
        Never(
            "lambda:GetFunction alone tells it, which hands out the code as well; the hash of the code has its digest",
        ),
    );
    /// When it was last touched, as Lambda writes it.
    pub const LAST_MODIFIED: Attr<String> = Attr::new("last_modified", Never("computed"));
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
    /// The hash of the code, as far as the provider kept it up to date.
    pub const SOURCE_CODE_HASH: Attr<String> = Attr::new("source_code_hash", Exact).absent(Absent::Unclaimed);
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
            CODE_SHA256.any(),
            DEAD_LETTER_CONFIG.any(),
            DESCRIPTION.any(),
            FUNCTION_NAME.any(),
            HANDLER.any(),
            IMAGE_URI.any(),
            KMS_KEY_ARN.any(),
            LAST_MODIFIED.any(),
            LAYERS.any(),
            MEMORY_SIZE.any(),
            PACKAGE_TYPE.any(),
            POLICY.any(),
            ROLE.any(),
            RUNTIME.any(),
            SOURCE_CODE_HASH.any(),
            TIMEOUT.any(),
            TRACING_CONFIG.any(),
            VPC_CONFIG.any(),
        ],
        refine: hash_of_the_code,
        ..Kind::BASE
    };

    /// Since version 5.51 the provider leaves `source_code_hash` as the configuration has it, whatever that is a hash of,
    /// and writes the hash of the code into `code_sha256`. Before, there was only the one, and it was the code's.
    fn hash_of_the_code(resource: &Resource, attr: AnyAttr) -> AnyAttr {
        let kept = resource.raw("code_sha256").is_ok_and(|hash| !hollow(hash, Absent::Empty));
        if attr.path != "source_code_hash" || !kept {
            return attr;
        }
        AnyAttr { equality: Never("compared through code_sha256"), ..attr }
    }

    /// True for an attribute that tells which code it is.
    pub fn is_hash(path: &str) -> bool {
        path == CODE_SHA256.path() || path == SOURCE_CODE_HASH.path()
    }
}

/// The kinds of this file.
pub const KINDS: &[&Kind] = &[&function::KIND];
