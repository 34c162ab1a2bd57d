//! Losing evidence never improves anything.

use stateward_model::Slot;

use super::gates::connected;
use super::golden::estates;
use super::*;
use crate::result::Decision;

fn rank(decision: Decision) -> u8 {
    match decision {
        Decision::Go | Decision::GoWithWaivers => 0,
        Decision::Undetermined | Decision::NoGo => 1,
    }
}

fn later(seconds: Option<u64>) -> u64 {
    seconds.unwrap_or(u64::MAX)
}

#[test]
fn no_refused_listing_improves_a_worst_case_or_leads_to_go() {
    for (name, lab) in estates().into_iter().chain(connected()) {
        let (before, verdict) = lab.run();
        let listings: Vec<(&'static str, String)> = lab.readings.keys().cloned().collect();
        for (kind, region) in listings {
            let mut blind = lab.clone();
            blind.deny(kind, &region);
            let (after, blind_verdict) = blind.run();
            assert!(
                rank(blind_verdict.decision) >= rank(verdict.decision),
                "{name} without {kind} in {region}: {:?}",
                blind_verdict.decision
            );
            no_better(&before, &after, &format!("{name} without {kind} in {region}"));
        }
    }
}

/// As [`no_refused_listing_improves_a_worst_case_or_leads_to_go`], with single attributes.
#[test]
fn no_attribute_that_was_not_read_improves_a_worst_case_or_leads_to_go() {
    for (name, lab) in estates().into_iter().chain(connected()) {
        let (before, verdict) = lab.run();
        let mut tried = 0;
        for ((kind, region), harvest) in &lab.readings {
            for (at, found) in harvest.resources.iter().enumerate() {
                for (path, _) in found.slots() {
                    let mut blind = lab.clone();
                    let gap = Gap::new("call:It", Cause::Denied, "not authorized");
                    let all = &mut blind.readings.get_mut(&(*kind, region.clone())).unwrap().resources;
                    all[at].put_raw(path.to_owned(), Slot::Unread(gap));
                    let (after, blind_verdict) = blind.run();
                    let what = format!("{name} without {path} of {kind} {} in {region}", found.id());
                    assert!(
                        rank(blind_verdict.decision) >= rank(verdict.decision),
                        "{what}: {blind_verdict:?}"
                    );
                    no_better(&before, &after, &what);
                    tried += 1;
                }
            }
        }
        assert!(tried > 20, "{name}: {tried}");
    }
}

fn no_better(before: &Recovery, after: &Recovery, what: &str) {
    for (old, new) in before.scenarios.iter().zip(&after.scenarios) {
        let at = format!("{what}, {:?}", old.name);
        assert!(later(new.rpo.high_s) >= later(old.rpo.high_s), "{at}: data lost");
        assert!(later(new.rto.high_s) >= later(old.rto.high_s), "{at}: time to recover");
    }
}

#[test]
fn what_was_read_long_ago_is_not_believed() {
    for (name, lab) in estates() {
        let old = Lab { as_of: lab.as_of + time::Duration::days(3), ..lab };
        let (_, verdict) = old.run();
        assert_ne!(rank(verdict.decision), 0, "{name}");
    }
}
