//! The shortest route to GO: a small set of repairs after which every gate passes, chosen greedily.

use std::collections::BTreeMap;

use super::book::{Answer, Book, Case, Entry, Situation};
use super::gate::{Facts, MAPPED, OBJECTIVES, Obstacle, Verdict, decisive, scores, threshold};
use super::number::{Number, Whole};
use super::overall::{Standing, Terms};
use super::plan::{Candidate, Repair};
use super::words::title;
use crate::judge::Status;
use crate::profile::{COMPONENT_KEYS, Gate};

/// A route longer than this is a programme and no route.
const STEPS: usize = 64;
/// How many different repairs are weighed for a step.
const WEIGHED: usize = 400;

/// One step of the route.
#[derive(Debug, Clone)]
pub struct Step {
    /// The repair, by its index in the plan.
    pub candidate: usize,
    /// The overall evidenced score after this step and those before it.
    pub evidenced: Number,
}

/// A set of repairs that leads to GO, or as far as repairs lead.
#[derive(Debug, Clone, Default)]
pub struct Route {
    /// The repairs in order. Empty when the decision is GO already.
    pub steps: Vec<Step>,
    /// True when every gate passes after the last step.
    pub reaches_go: bool,
    /// What no repair of a finding moves out of the way, in sentences.
    pub obstacles: Vec<String>,
}

/// Searches the route.
pub(super) fn route(
    book: &Book,
    terms: &Terms,
    worst: &Situation,
    plan: &[Candidate],
    verdict: &Verdict,
    facts: &Facts,
) -> Route {
    if verdict.decision.is_go() {
        return Route { reaches_go: true, ..Route::default() };
    }
    let mut order: Vec<usize> = (0..plan.len()).collect();
    order.sort_by_key(|at| is_single(&plan[*at].repair));
    let mut walk = Walk {
        order,
        book,
        terms,
        plan,
        facts,
        here: worst.clone(),
        done: vec![false; facts.findings.len()],
        taken: Vec::new(),
    };
    let mut obstacles = outside_of_findings(verdict, facts);
    let required = walk.required();
    walk.lift_blocks(&required);
    obstacles.extend(walk.make_assessed());
    obstacles.extend(walk.meet_criteria());
    let reaches_go = obstacles.is_empty() && walk.is_through(&walk.here, &walk.done, &required);
    if !reaches_go && obstacles.is_empty() {
        obstacles.push(format!("the way is longer than {STEPS} steps"));
    }
    if reaches_go {
        walk.drop_superfluous(worst, &required);
    }
    Route { steps: walk.steps(worst), reaches_go, obstacles }
}

/// Blockers that stay whatever is repaired.
fn outside_of_findings(verdict: &Verdict, facts: &Facts) -> Vec<String> {
    let stays = |obstacle: &Obstacle| match obstacle {
        Obstacle::OldEvidence | Obstacle::Outside => true,
        Obstacle::Objective(id) => !facts.findings.iter().any(|finding| finding.check.id == *id),
        Obstacle::Critical(_) | Obstacle::NotAssessed(_) => false,
    };
    let staying = verdict.blockers.iter().filter(|blocker| stays(&blocker.obstacle));
    staying.map(|blocker| blocker.sentence.clone()).collect()
}

fn is_single(repair: &Repair) -> bool {
    matches!(repair, Repair::Block { .. } | Repair::Finding(_))
}

struct Walk<'a> {
    book: &'a Book<'a>,
    terms: &'a Terms,
    plan: &'a [Candidate],
    facts: &'a Facts<'a>,
    /// The plan with the repairs of much before those of little, since not all of it is weighed.
    order: Vec<usize>,
    here: Situation,
    done: Vec<bool>,
    taken: Vec<usize>,
}

impl Walk<'_> {
    fn entry(&self, index: usize) -> Option<&Entry> {
        self.book.entries[index].as_ref()
    }

    /// Findings that have to pass before any GO: what caps or may cap, and in a release gate the objectives.
    fn required(&self) -> Vec<usize> {
        let is_open_objective = |index: usize| {
            self.facts.profile.score.prerelease
                && OBJECTIVES.contains(&self.facts.findings[index].check.id)
                && self.facts.waived[index].is_none()
                && self.facts.findings[index].status != Status::NotApplicable
        };
        let is_required = |index: &usize| {
            self.entry(*index).is_some_and(|entry| {
                entry.is_imperfect() && (entry.is_cause(Case::Worst) || is_open_objective(*index))
            })
        };
        (0..self.facts.findings.len()).filter(is_required).collect()
    }

    fn open<'b>(&'b self, candidate: &'b Candidate) -> impl Iterator<Item = usize> + 'b {
        candidate.findings.iter().copied().filter(|index| !self.done[*index])
    }

    fn after(&self, candidate: &Candidate) -> Situation {
        self.book.repaired(&self.here, self.open(candidate))
    }

    fn take(&mut self, candidate: usize) {
        let chosen = &self.plan[candidate];
        self.here = self.after(chosen);
        for index in &chosen.findings {
            self.done[*index] = true;
        }
        self.taken.push(candidate);
    }

    fn has_room(&self) -> bool {
        self.taken.len() < STEPS
    }

    /// Takes repairs until `required` is done: each time the one that covers most of it for the effort.
    fn lift_blocks(&mut self, required: &[usize]) {
        let mut wanted = vec![false; self.facts.findings.len()];
        for index in required {
            wanted[*index] = true;
        }
        while self.has_room() {
            let covered =
                |candidate: &Candidate| self.open(candidate).filter(|index| wanted[*index]).count() as u64;
            let Some(best) = self.best(|candidate| Some(covered(candidate)).filter(|covered| *covered > 0))
            else {
                return;
            };
            self.take(best);
        }
    }

    /// The repair with the greatest value for its effort; the earlier in the plan among equals.
    fn best(&self, value: impl Fn(&Candidate) -> Option<u64>) -> Option<usize> {
        let mut best: Option<(usize, u64)> = None;
        for (at, candidate) in self.plan.iter().enumerate() {
            let Some(value) = value(candidate) else { continue };
            let is_better = best.is_none_or(|(than, most)| {
                u128::from(value) * u128::from(self.plan[than].effort)
                    > u128::from(most) * u128::from(candidate.effort)
            });
            if is_better {
                best = Some((at, value));
            }
        }
        best.map(|(at, _)| at)
    }

    /// Reads what is needed for every component to be assessed, and says where that does not suffice.
    fn make_assessed(&mut self) -> Vec<String> {
        let mut obstacles = Vec::new();
        for (component, key) in COMPONENT_KEYS.into_iter().enumerate() {
            let is_assessed = |situation: &Situation| {
                self.terms.standing(self.book, component, situation) != Standing::NotAssessed
            };
            if is_assessed(&self.here) {
                continue;
            }
            if let Some(outage) = self.facts.outages.get(key) {
                obstacles.push(format!("{} is not assessed: {outage}", title(key)));
                continue;
            }
            let unread: Vec<usize> = self.unread(component).collect();
            if !is_assessed(&self.book.repaired(&self.here, unread.iter().copied())) {
                obstacles.push(format!(
                    "{} would not be assessed even with everything read: a waiver for the component is the only way",
                    title(key)
                ));
                continue;
            }
            self.read(component);
        }
        obstacles
    }

    fn unread(&self, component: usize) -> impl Iterator<Item = usize> {
        (0..self.facts.findings.len()).filter(move |index| {
            self.entry(*index).is_some_and(|entry| {
                !matches!(entry.answer, Answer::Known(_))
                    && self.book.rows[entry.row].component() == Some(component)
                    && !self.done[*index]
            })
        })
    }

    fn read(&mut self, component: usize) {
        while self.has_room()
            && self.terms.standing(self.book, component, &self.here) == Standing::NotAssessed
        {
            let unread: Vec<usize> = self.unread(component).collect();
            let covered = |candidate: &Candidate| {
                let is_reading = matches!(candidate.repair, Repair::Evidence { .. });
                let weight = |index: usize| self.facts.findings[index].check.severity as u64 + 1;
                let of = self.open(candidate).filter(|index| unread.binary_search(index).is_ok());
                let covered: u64 = of.map(weight).sum();
                (is_reading && covered > 0).then_some(covered)
            };
            let Some(best) = self.best(covered) else { return };
            self.take(best);
        }
    }

    /// Takes repairs until every criterion passes: each time the one that shortens the way most for its effort.
    fn meet_criteria(&mut self) -> Option<String> {
        while self.has_room() {
            let missing = self.missing(&self.here);
            if missing.is_zero() {
                return None;
            }
            let mut known: BTreeMap<Vec<Entry>, Number> = BTreeMap::new();
            let mut best: Option<(usize, Number)> = None;
            for at in self.order.iter().copied() {
                let candidate = &self.plan[at];
                let mut entries: Vec<Entry> =
                    self.open(candidate).filter_map(|i| self.entry(i).copied()).collect();
                entries.sort_unstable();
                if entries.is_empty() || (known.len() >= WEIGHED && !known.contains_key(&entries)) {
                    continue;
                }
                let nearer = known
                    .entry(entries)
                    .or_insert_with(|| missing.minus(&self.missing(&self.after(candidate))));
                let is_better = best.as_ref().is_none_or(|(than, most)| {
                    nearer.times(self.plan[*than].effort) > most.times(candidate.effort)
                });
                if is_better && !nearer.is_zero() {
                    best = Some((at, nearer.clone()));
                }
            }
            match best {
                Some((at, _)) => self.take(at),
                None => return Some(self.unmet()),
            }
        }
        None
    }

    /// What is missing to every threshold, added up; zero when all are passed.
    fn missing(&self, situation: &Situation) -> Number {
        // Equal to the threshold does not pass, so that a little is missing there too.
        let little = self.book.unit.over(&[100]);
        let mut sum = Whole::default();
        for ((key, _, _), found) in MAPPED.into_iter().zip(scores(self.book, self.terms, situation)) {
            let bound = self.book.units(threshold(self.facts.profile, key));
            let counted = match (self.facts.profile.score.gate, found) {
                (Gate::Mapped, [Some(mapped), _]) => vec![mapped],
                (_, [None, None]) => vec![Whole::default()],
                (_, found) => found.into_iter().flatten().collect(),
            };
            for score in counted.into_iter().filter(|score| *score <= bound) {
                sum.add(&bound.less(&score));
                sum.add(&little);
            }
        }
        let mut missing = Number::new(sum, &self.book.unit);
        let overall = self.terms.overall(self.book, situation);
        let bound = Number::from_exact(threshold(self.facts.profile, "overall"));
        if overall <= bound {
            let more = bound.minus(&overall).plus(&Number::new(little, &self.book.unit));
            missing = missing.plus(&more);
        }
        missing
    }

    /// True when every gate passes there.
    fn is_through(&self, there: &Situation, done: &[bool], required: &[usize]) -> bool {
        let is_assessed =
            |component| self.terms.standing(self.book, component, there) != Standing::NotAssessed;
        required.iter().all(|index| done[*index])
            && (0..COMPONENT_KEYS.len()).all(is_assessed)
            && self.missing(there).is_zero()
    }

    fn unmet(&self) -> String {
        let mut titles = Vec::new();
        for ((key, title, _), found) in MAPPED.into_iter().zip(scores(self.book, self.terms, &self.here)) {
            let score = decisive(self.facts.profile.score.gate, found, self.book, Case::Worst);
            if score <= self.book.units(threshold(self.facts.profile, key)) {
                titles.push(title);
            }
        }
        let overall = Number::from_exact(threshold(self.facts.profile, "overall"));
        if self.terms.overall(self.book, &self.here) <= overall {
            titles.push("Overall");
        }
        format!("no repair of a finding lifts {} above the threshold", titles.join(", "))
    }

    /// Greed takes steps that later ones make needless: drops them, the last first.
    fn drop_superfluous(&mut self, worst: &Situation, required: &[usize]) {
        for at in (0..self.taken.len()).rev() {
            let mut fewer = self.taken.clone();
            fewer.remove(at);
            let mut covered = vec![false; self.facts.findings.len()];
            for index in fewer.iter().flat_map(|candidate| &self.plan[*candidate].findings) {
                covered[*index] = true;
            }
            let repaired = (0..covered.len()).filter(|index| covered[*index]);
            let there = self.book.repaired(worst, repaired);
            if self.is_through(&there, &covered, required) {
                self.taken = fewer;
            }
        }
    }

    fn steps(&self, worst: &Situation) -> Vec<Step> {
        let mut done = vec![false; self.facts.findings.len()];
        let mut here = worst.clone();
        let mut steps = Vec::new();
        for candidate in &self.taken {
            let open: Vec<usize> =
                self.plan[*candidate].findings.iter().copied().filter(|index| !done[*index]).collect();
            for index in &open {
                done[*index] = true;
            }
            here = self.book.repaired(&here, open);
            steps.push(Step { candidate: *candidate, evidenced: self.terms.overall(self.book, &here) });
        }
        steps
    }
}
