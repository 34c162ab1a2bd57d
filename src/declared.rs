//! What a comparison asks of the declared side: it is walked more than once, and never in memory together.

use std::borrow::Cow;

use stateward_model::{Kind, Resource, kinds};

use crate::snapshot::RecordedState;

/// The declared instances, to be walked as often as needed.
pub trait DeclaredSide {
    /// Every instance.
    fn all(&self) -> Box<dyn Iterator<Item = Cow<'_, Resource>> + '_>;

    /// Every instance; where it is cheaper without attributes, unless `whole` wants those of its type.
    fn sketched(&self, whole: fn(&str) -> bool) -> Box<dyn Iterator<Item = Cow<'_, Resource>> + '_> {
        let _ = whole;
        self.all()
    }

    /// The instances that may claim parts of others.
    fn claiming(&self) -> Box<dyn Iterator<Item = Cow<'_, Resource>> + '_> {
        Box::new(self.all().filter(|resource| claims_parts(resource.kind())))
    }
}

/// True when instances of a type may claim parts of others: they are parts themselves, or claim them elsewhere.
pub fn claims_parts(kind: &str) -> bool {
    kinds::satellite(kind).is_some() || kinds::find(kind).is_some_and(Kind::claims_elsewhere)
}

/// Whatever gives the instances anew each time it is asked.
impl<F, I> DeclaredSide for F
where
    F: Fn() -> I,
    I: Iterator<Item = Resource>,
{
    fn all(&self) -> Box<dyn Iterator<Item = Cow<'_, Resource>> + '_> {
        // The iterator may hold on to the closure's own borrows only as long as it runs.
        Box::new(self().collect::<Vec<_>>().into_iter().map(Cow::Owned))
    }
}

/// The states of a run.
pub struct States<'a>(pub &'a [RecordedState]);

impl DeclaredSide for States<'_> {
    fn all(&self) -> Box<dyn Iterator<Item = Cow<'_, Resource>> + '_> {
        Box::new(self.0.iter().flat_map(|state| state.resources.each()))
    }

    fn sketched(&self, whole: fn(&str) -> bool) -> Box<dyn Iterator<Item = Cow<'_, Resource>> + '_> {
        Box::new(self.0.iter().flat_map(move |state| state.resources.sketched(whole)))
    }

    fn claiming(&self) -> Box<dyn Iterator<Item = Cow<'_, Resource>> + '_> {
        Box::new(self.0.iter().flat_map(|state| state.resources.of_kinds(claims_parts)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_and_exclusive_attachments_claim_and_owners_do_not() {
        assert!(claims_parts("aws_security_group_rule") && claims_parts("aws_iam_policy_attachment"));
        let owners = ["aws_security_group", "aws_instance", "random_id"];
        assert!(owners.iter().all(|kind| !claims_parts(kind)));
    }
}
