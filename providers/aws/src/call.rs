//! Declared calls: every operation that Stateward may send, with its IAM action and its documented quota.

/// One read operation. The set of all of them is the allow list and the least-privilege policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// Service prefix in IAM spelling, for example `elasticloadbalancing`.
    pub service: &'static str,
    /// Operation name in the SDK's spelling, for example `ListBuckets`.
    pub operation: &'static str,
    /// IAM action where it is not `service:operation`; empty otherwise.
    action: &'static str,
    /// Sustained requests per second that this tool allows itself in one account and region. It leaves head-room
    /// below the documented quota for the account's other users.
    pub per_second: u32,
    /// Requests that may go out at once after a pause.
    pub burst: u32,
    /// Where the quota is documented; empty where the vendor publishes none.
    pub docs: &'static str,
}

impl Call {
    /// `operation` of `service` at 10 requests a second, 20 at once: below every published default.
    pub const fn new(service: &'static str, operation: &'static str) -> Self {
        Self { service, operation, action: "", per_second: 10, burst: 20, docs: "" }
    }

    /// Names the IAM action where it differs from the operation (`s3:ListAllMyBuckets`).
    pub const fn action(mut self, action: &'static str) -> Self {
        self.action = action;
        self
    }

    /// Sets the quota.
    pub const fn quota(mut self, per_second: u32, burst: u32) -> Self {
        self.per_second = per_second;
        self.burst = burst;
        self
    }

    /// Says where the quota is documented.
    pub const fn docs(mut self, docs: &'static str) -> Self {
        self.docs = docs;
        self
    }

    /// `service:operation`, as the kinds name it.
    pub fn name(&self) -> String {
        format!("{}:{}", self.service, self.operation)
    }

    /// The IAM action that permits it.
    pub fn iam_action(&self) -> String {
        if self.action.is_empty() { self.name() } else { self.action.to_owned() }
    }

    /// True when the operation's verb only reads.
    pub fn only_reads(&self) -> bool {
        const VERBS: &[&str] =
            &["Describe", "List", "Get", "Head", "Lookup", "BatchGet", "Search", "Simulate"];
        // IAM writes the report for its reader; nothing of the account changes.
        const REPORTS: &[&str] = &["GenerateCredentialReport"];
        VERBS.iter().any(|verb| self.operation.starts_with(verb)) || REPORTS.contains(&self.operation)
    }
}
