//! Losing evidence never improves anything.

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
    for (name, lab) in estates() {
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
            for (old, new) in before.scenarios.iter().zip(&after.scenarios) {
                let at = format!("{name} without {kind} in {region}, {:?}", old.name);
                assert!(later(new.rpo.high_s) >= later(old.rpo.high_s), "{at}: data lost");
                assert!(later(new.rto.high_s) >= later(old.rto.high_s), "{at}: time to recover");
            }
        }
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
