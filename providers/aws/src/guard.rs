//! The last look before a request goes out: nothing that is not on the allow list leaves this process.

use std::collections::BTreeSet;
use std::sync::Arc;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeSerializationInterceptorContextRef;
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

use crate::call::Call;

/// Refuses every operation that no collector declares, whatever code path built it.
#[derive(Debug, Clone)]
pub struct AllowList(Arc<BTreeSet<&'static str>>);

impl AllowList {
    /// Allows `calls`, as far as their verbs only read.
    pub fn new<'a>(calls: impl IntoIterator<Item = &'a Call>) -> Self {
        Self(Arc::new(
            calls.into_iter().filter(|call| call.only_reads()).map(|call| call.operation).collect(),
        ))
    }

    /// Allows the one operation that hands a message to SES, for a client that can do nothing else. No session has it.
    pub(crate) fn of_mail() -> Self {
        Self(Arc::new(BTreeSet::from(["SendEmail"])))
    }

    /// True when the operation may be sent.
    pub fn allows(&self, operation: &str) -> bool {
        self.0.contains(operation)
    }
}

#[aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint]
impl Intercept for AllowList {
    fn name(&self) -> &'static str {
        "StatewardAllowList"
    }

    fn read_before_serialization(
        &self,
        _context: &BeforeSerializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        match cfg.load::<Metadata>() {
            Some(metadata) if self.allows(metadata.name()) => Ok(()),
            Some(metadata) => Err(format!("{} is not on the allow list", metadata.name()).into()),
            None => Err("an operation without a name is not on the allow list".into()),
        }
    }
}
