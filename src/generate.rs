//! The binary generates its own reference: check pages, IAM policy, JSON Schema.
