//! The account service: whom AWS writes to.

use crate::attr::{Attr, Equality::*};
use crate::kind::{Kind, Scope};

/// `aws_account_alternate_contact`: that there is one. Name, address and number are personal data and stay out.
pub mod alternate_contact {
    use super::*;

    /// An account of the organization; null for the caller's own.
    pub const ACCOUNT_ID: Attr<String> = Attr::new("account_id", Never("a part of the identity"));
    /// `BILLING`, `OPERATIONS` or `SECURITY`: the identity.
    pub const ALTERNATE_CONTACT_TYPE: Attr<String> = Attr::new("alternate_contact_type", Exact);
    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_account_alternate_contact",
        service: "account",
        scope: Scope::Global,
        listed_by: &["account:GetAlternateContact"],
        attributes: &[ACCOUNT_ID.any(), ALTERNATE_CONTACT_TYPE.any()],
        identity: |resource| {
            let account = resource.get(&ACCOUNT_ID).ok().flatten().unwrap_or_default();
            let own = account.is_empty() || account == resource.account();
            resource.get(&ALTERNATE_CONTACT_TYPE).ok().flatten().filter(|_| own)
        },
        ..Kind::BASE
    };
}

/// The kinds of this file.
pub const KINDS: &[&Kind] = &[&alternate_contact::KIND];
