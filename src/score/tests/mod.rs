//! Tests of the score over small synthetic estates.

mod abuse;
mod comparison;
mod decision;
mod estate;
mod golden;
mod numbers;
mod plan;
mod properties;
mod reference;

use std::collections::BTreeMap;

use stateward_model::{Address, Cause, Gap, Place};
use time::OffsetDateTime;
use time::macros::datetime;

use super::*;
use crate::check::{Category, Effort, Outcome, Subject};
use crate::judge::{Evidence, Target};

pub(super) const NOW: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);

/// A check that stays in memory, as those of the catalogue do.
fn check(
    id: &'static str,
    component: &'static str,
    category: Category,
    severity: Severity,
) -> &'static Check<'static> {
    Box::leak(Box::new(Check {
        id,
        alias: id,
        title: "something holds",
        component,
        category,
        severity,
        effort: Effort::Small,
        subject: Subject::Estate(|_| Ok(Outcome::Pass)),
        reads: &[],
        page: "",
    }))
}

fn finding(check: &'static Check<'static>, id: &str, status: Status) -> Finding<'static> {
    let identity =
        Address { place: Place::new("1", "us-west-2"), kind: "aws_thing".into(), id: id.to_owned() };
    Finding {
        check,
        target: Target { identity, arn: None, name: None, address: None, state: None },
        status,
        severity: check.severity,
        credit: None,
        message: String::new(),
        gap: (status == Status::Unknown).then(|| Gap::new("svc:DescribeThings", Cause::Denied, "")),
        evidence: Vec::<Evidence>::new(),
        tags: BTreeMap::new(),
        blind: false,
    }
}

/// Findings of one check on resources of its own, one letter each: pass, fail, unknown, not applicable, blind.
fn row(check: &'static Check<'static>, answers: &str) -> Vec<Finding<'static>> {
    let status = |letter| match letter {
        'p' => Status::Pass,
        'f' => Status::Fail,
        'n' => Status::NotApplicable,
        'u' | 'b' => Status::Unknown,
        other => panic!("no answer {other}"),
    };
    let answers = answers.chars().enumerate();
    answers
        .map(|(at, letter)| Finding {
            blind: letter == 'b',
            ..finding(check, &format!("{}-{at}", check.id), status(letter))
        })
        .collect()
}

fn profile() -> Profile {
    Profile::built_in_default().unwrap()
}

/// The default profile with a layer over it.
fn profile_with(layer: &str) -> Profile {
    Profile::load(&["team.toml".to_owned()], |_| Ok(layer.to_owned())).unwrap()
}

fn scored(findings: &[Finding<'static>], profile: &Profile) -> Scorecard {
    score(&Input::new(findings, profile, NOW))
}

fn component<'a>(card: &'a Scorecard, key: &str) -> &'a Component {
    card.components.iter().find(|component| component.key == key).unwrap()
}

fn exact(number: &Number) -> Exact {
    number.exact().unwrap()
}

/// Worst and best case of an assessed component.
fn interval(card: &Scorecard, key: &str) -> (Exact, Exact) {
    let score = component(card, key).score.as_ref().unwrap();
    (exact(&score.evidenced), exact(&score.possible))
}
