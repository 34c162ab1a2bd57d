//! What became worse since an earlier verification, and why.

use super::golden::estates;
use super::*;
use crate::recover::since;
use crate::result::{Decision, Document, RecoverySince, sample};

/// The document of a run over `lab`.
fn document(lab: &Lab) -> Document {
    let (recovery, verdict) = lab.run();
    let mut document = Document { verdict: Some(verdict), recovery: Some(recovery), ..sample::recovery() };
    document.scope.accounts.truncate(1);
    document
}

fn held(earlier: &Document, now: &Document) -> RecoverySince {
    let accounts: Vec<String> = now.scope.accounts.iter().map(|it| it.id.clone()).collect();
    since(earlier, now.recovery.as_ref().unwrap(), &accounts)
}

fn warm_standby() -> Lab {
    estates().into_iter().find(|(name, _)| *name == "warm standby").unwrap().1
}

#[test]
fn the_same_estate_has_not_changed_although_ages_have() {
    for (name, lab) in estates() {
        let earlier = document(&lab);
        assert_eq!(held(&earlier, &earlier).changes, [], "{name}");
        let before = Lab { as_of: lab.as_of - time::Duration::seconds(20), ..lab };
        assert_eq!(held(&document(&before), &earlier).changes, [], "{name}, 20 s later");
    }
}

#[test]
fn a_scenario_that_became_worse_comes_first_and_says_what_did_it() {
    let lab = warm_standby();
    let earlier = document(&lab);
    let mut lost = lab.clone();
    // Somebody deletes the standby of the load balancer.
    let standby = balancer_in(AWAY, "web").id().to_owned();
    lost.readings
        .get_mut(&("aws_lb", AWAY.to_owned()))
        .unwrap()
        .resources
        .retain(|found| found.id() != standby);
    let since = held(&earlier, &document(&lost));
    assert_eq!(
        (since.decision, since.note.as_deref()),
        (earlier.verdict.as_ref().map(|it| it.decision), None)
    );
    let first = &since.changes[0];
    assert_eq!((first.scenario, first.direction.as_str()), (Scenario::Region, "worse"));
    assert!(first.outcome > first.outcome_before);
    assert!(first.causes.iter().any(|cause| cause.contains("no way back instead of")), "{:?}", first.causes);

    let back = held(&document(&lost), &earlier);
    assert_eq!(back.changes[0].direction, "better");
    assert_eq!(back.note.as_deref(), Some("it did not pass itself"));
}

#[test]
fn evidence_that_went_missing_is_named() {
    let lab = warm_standby();
    let earlier = document(&lab);
    let mut blind = lab.clone();
    blind.deny("aws_lb", AWAY);
    let since = held(&earlier, &document(&blind));
    let region = since.changes.iter().find(|change| change.scenario == Scenario::Region).unwrap();
    assert_eq!(region.direction, "worse");
    assert!(region.causes.iter().any(|cause| cause.starts_with("now not read: ")), "{:?}", region.causes);
}

#[test]
fn what_speaks_of_another_estate_is_not_held_against_it() {
    let now = document(&warm_standby());
    let other = Document { recovery: None, ..now.clone() };
    assert_eq!(held(&other, &now).note.as_deref(), Some("it is no verification of recovery"));
    let mut elsewhere = now.clone();
    elsewhere.scope.accounts[0].id = "999999999999".into();
    assert_eq!(held(&elsewhere, &now).note.as_deref(), Some("it is of other accounts"));
    let mut moved = now.clone();
    moved.recovery.as_mut().unwrap().home = "eu-north-1".into();
    let since = held(&moved, &now);
    assert_eq!((since.note.as_deref(), since.changes.len()), (Some("its home region was eu-north-1"), 0));
    assert_ne!(now.verdict.unwrap().decision, Decision::NoGo);
}
