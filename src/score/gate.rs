//! Criteria, blockers and the decision.

use super::book::{Book, Case, Situation, breadth_pool};
use super::number::{Number, Whole};
use super::overall::{Standing, Terms, unread};
use super::words::title;
use crate::check::Severity;
use crate::judge::{Finding, Status};
use crate::profile::{COMPONENT_KEYS, Exact, Gate, Profile};

/// The four criteria beside the overall score: key, title and the component that each is mapped to.
pub(super) const MAPPED: [(&str, &str, &str); 4] = [
    ("security", "Security", "network"),
    ("reliability", "Reliability", "dr"),
    ("scalability", "Scalability", "autoscaling"),
    ("automation", "Automation", "cicd"),
];

/// The component that a criterion is mapped to, by key; none for the overall one.
pub fn mapped_component(criterion: &str) -> Option<&'static str> {
    MAPPED.iter().find(|(key, _, _)| *key == criterion).map(|(_, _, component)| *component)
}

/// Checks of recovery objectives, which block a release while they are not proved.
pub(super) const OBJECTIVES: [&str; 2] = ["DR-38", "DR-39"];

/// Worst and best case of one quantity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interval {
    /// Each unknown taken as failed.
    pub evidenced: Number,
    /// Each unknown taken as passed.
    pub possible: Number,
}

/// Whether a criterion is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CriterionOutcome {
    /// Even the worst case is above the threshold.
    Pass,
    /// Even the best case is not.
    Fail,
    /// The unknown decides.
    Undetermined,
}

impl CriterionOutcome {
    /// The word in results.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Undetermined => "undetermined",
        }
    }
}

/// One criterion of the gate.
#[derive(Debug, Clone)]
pub struct Criterion {
    /// Its key, `security`.
    pub key: &'static str,
    /// Its title.
    pub title: &'static str,
    /// It passes above this, in percent.
    pub threshold: Exact,
    /// The score of its component; for `overall` the overall score. None for a component that is waived out of the sums.
    pub mapped: Option<Interval>,
    /// The score over all checks of its categories; none where no such check applies, and for `overall`.
    pub breadth: Option<Interval>,
    /// What is held against the threshold.
    pub score: Interval,
    /// The result.
    pub outcome: CriterionOutcome,
}

/// The decision of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Every criterion passes, nothing blocks, nothing is waived.
    Go,
    /// The same, with waivers in use.
    GoWithWaivers,
    /// A criterion fails, or something of known cause blocks.
    NoGo,
    /// More evidence is needed.
    Undetermined,
}

impl Decision {
    /// The word in results.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Go => "go",
            Self::GoWithWaivers => "go_with_waivers",
            Self::NoGo => "no_go",
            Self::Undetermined => "undetermined",
        }
    }

    /// The exit code of a run; part of the contract.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Go | Self::GoWithWaivers => 0,
            Self::NoGo => 2,
            Self::Undetermined => 3,
        }
    }

    /// True for the two that let a release through.
    pub const fn is_go(self) -> bool {
        matches!(self, Self::Go | Self::GoWithWaivers)
    }
}

/// What sort of thing stands in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// An unwaived critical failure of this check.
    Critical(String),
    /// A component that is not assessed, by key.
    NotAssessed(&'static str),
    /// A recovery objective that is not proved, in a release gate.
    Objective(&'static str),
    /// Evidence older than the profile allows.
    OldEvidence,
    /// A fact from outside the score, such as a catalogue that is not the approved one.
    Outside,
}

/// Something that blocks GO whatever the numbers are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocker {
    /// What sort of thing.
    pub obstacle: Obstacle,
    /// True when the cause is known, so that more evidence would not lift it.
    pub known: bool,
    /// A sentence.
    pub sentence: String,
    /// The findings behind it, by index.
    pub findings: Vec<usize>,
}

/// The decision with its reasons.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// The decision.
    pub decision: Decision,
    /// Why, in sentences; the gravest first.
    pub reasons: Vec<String>,
    /// What blocks.
    pub blockers: Vec<Blocker>,
}

/// Mapped and breadth score of the four criteria in units.
pub(super) fn scores(book: &Book, terms: &Terms, situation: &Situation) -> [[Option<Whole>; 2]; 4] {
    std::array::from_fn(|criterion| {
        let (_, _, key) = MAPPED[criterion];
        let component = COMPONENT_KEYS.iter().position(|known| *known == key);
        let pool = breadth_pool(criterion);
        let breadth = (!book.is_empty(pool)).then(|| book.score(pool, situation));
        [component.and_then(|component| terms.score(book, component, situation)), breadth]
    })
}

/// What counts of the two. A component that is waived out of the sums leaves the breadth; breadth without any
/// applicable check leaves the component; without either nothing is known.
pub(super) fn decisive(gate: Gate, scores: [Option<Whole>; 2], book: &Book, case: Case) -> Whole {
    match (gate, scores) {
        (Gate::Min, [Some(mapped), Some(breadth)]) => mapped.min(breadth),
        (_, [Some(score), _] | [None, Some(score)]) => score,
        (_, [None, None]) => unread(book, case),
    }
}

/// The five criteria.
pub(super) fn criteria(
    book: &Book,
    terms: &Terms,
    [worst, best]: [&Situation; 2],
    profile: &Profile,
) -> Vec<Criterion> {
    let number = |units: Whole| Number::new(units, &book.unit);
    let pair = |low: Option<Whole>, high: Option<Whole>| {
        Some(Interval { evidenced: number(low?), possible: number(high?) })
    };
    let (low, high) = (scores(book, terms, worst), scores(book, terms, best));
    let gate = profile.score.gate;
    let mut criteria = Vec::new();
    for (((key, title, _), low), high) in MAPPED.into_iter().zip(low).zip(high) {
        let score = Interval {
            evidenced: number(decisive(gate, low.clone(), book, Case::Worst)),
            possible: number(decisive(gate, high.clone(), book, Case::Best)),
        };
        let ([low_mapped, low_breadth], [high_mapped, high_breadth]) = (low, high);
        let (mapped, breadth) = (pair(low_mapped, high_mapped), pair(low_breadth, high_breadth));
        criteria.push(criterion(key, title, mapped, breadth, score, profile));
    }
    let overall = Interval { evidenced: terms.overall(book, worst), possible: terms.overall(book, best) };
    criteria.push(criterion("overall", "Overall", Some(overall.clone()), None, overall, profile));
    criteria
}

fn criterion(
    key: &'static str,
    title: &'static str,
    mapped: Option<Interval>,
    breadth: Option<Interval>,
    score: Interval,
    profile: &Profile,
) -> Criterion {
    let threshold = threshold(profile, key);
    let bound = Number::from_exact(threshold);
    let outcome = match (score.evidenced > bound, score.possible > bound) {
        (true, _) => CriterionOutcome::Pass,
        (false, true) => CriterionOutcome::Undetermined,
        (false, false) => CriterionOutcome::Fail,
    };
    Criterion { key, title, threshold, mapped, breadth, score, outcome }
}

pub(super) fn threshold(profile: &Profile, key: &str) -> Exact {
    let thresholds = profile.criteria.each();
    thresholds
        .iter()
        .find(|(known, _)| *known == key)
        .map_or_else(Exact::default, |(_, threshold)| *threshold)
}

/// What the gate has to know besides the numbers.
pub(super) struct Facts<'a> {
    pub findings: &'a [Finding<'a>],
    pub waived: &'a [Option<usize>],
    pub profile: &'a Profile,
    /// Findings with evidence that is too old, by index.
    pub old: &'a [usize],
    /// Sentences of what blocks from outside.
    pub outside: &'a [String],
    /// Sentences about mandatory collectors that failed, by component key.
    pub outages: &'a std::collections::BTreeMap<String, String>,
}

/// Everything that blocks.
pub(super) fn blockers(book: &Book, terms: &Terms, worst: &Situation, facts: &Facts) -> Vec<Blocker> {
    let mut blockers = critical(book, facts);
    let not_assessed = (0..COMPONENT_KEYS.len())
        .filter(|component| terms.standings[*component] == Standing::NotAssessed)
        .map(|component| not_assessed(book, terms, worst, component, facts));
    blockers.extend(not_assessed);
    if facts.profile.score.prerelease {
        blockers.extend(OBJECTIVES.into_iter().filter_map(|id| objective(id, facts)));
    }
    if !facts.old.is_empty() {
        let sentence = format!(
            "evidence of {} is older than the profile allows: read the estate again",
            count(facts.old.len(), "finding")
        );
        let findings = facts.old.to_vec();
        blockers.push(Blocker { obstacle: Obstacle::OldEvidence, known: false, sentence, findings });
    }
    blockers.extend(facts.outside.iter().map(|sentence| Blocker {
        obstacle: Obstacle::Outside,
        known: true,
        sentence: sentence.clone(),
        findings: Vec::new(),
    }));
    blockers
}

fn critical(book: &Book, facts: &Facts) -> Vec<Blocker> {
    let mut blockers = Vec::new();
    for row in book.rows.iter().filter(|row| row.severity == Severity::Critical) {
        let is_cause = |index: &usize| book.entries[*index].is_some_and(|entry| entry.is_cause(Case::Best));
        let findings: Vec<usize> = row.findings.iter().copied().filter(is_cause).collect();
        // The first by name, so that the sentence does not depend on the order of the findings.
        let names = findings.iter().map(|index| {
            let target = &facts.findings[*index].target;
            target.address.as_deref().unwrap_or(&target.identity.id)
        });
        let Some(name) = names.min() else { continue };
        let others = match findings.len() {
            1 => String::new(),
            more => format!(" and {}", count(more - 1, "other")),
        };
        let sentence =
            format!("{} ({}) is critical and fails on {name}{others}", row.check.id, row.check.title);
        let obstacle = Obstacle::Critical(row.check.id.to_owned());
        blockers.push(Blocker { obstacle, known: true, sentence, findings });
    }
    blockers
}

fn not_assessed(book: &Book, terms: &Terms, worst: &Situation, component: usize, facts: &Facts) -> Blocker {
    let key = COMPONENT_KEYS[component];
    let settings = &facts.profile.score;
    let coverage = Number::new(book.coverage(component, worst), &book.unit);
    let why = if let Some(outage) = facts.outages.get(key) {
        outage.clone()
    } else if book.is_empty(component) {
        "no check of it applies to anything that was read".to_owned()
    } else if coverage < Number::from_exact(settings.minimum_coverage) {
        format!("its coverage is {coverage} %, below {} %", settings.minimum_coverage)
    } else {
        let evaluated = usize::try_from(worst.pool(component).evaluated).unwrap_or(usize::MAX);
        format!("{} evaluated, at least {} needed", count(evaluated, "check"), settings.minimum_checks)
    };
    debug_assert_eq!(terms.standings[component], Standing::NotAssessed);
    Blocker {
        obstacle: Obstacle::NotAssessed(key),
        known: false,
        sentence: format!("{} is not assessed: {why}", title(key)),
        findings: Vec::new(),
    }
}

fn objective(id: &'static str, facts: &Facts) -> Option<Blocker> {
    let of_check = || (0..facts.findings.len()).filter(|index| facts.findings[*index].check.id == id);
    let is_open = |index: &usize| {
        let status = facts.findings[*index].status;
        !matches!(status, Status::Pass | Status::NotApplicable) && facts.waived[*index].is_none()
    };
    let findings: Vec<usize> = of_check().filter(is_open).collect();
    let missing = of_check().next().is_none();
    if findings.is_empty() && !missing {
        return None;
    }
    let known = findings.iter().any(|index| facts.findings[*index].status != Status::Unknown);
    let why = match (missing, known) {
        (true, _) => "it was not evaluated",
        (_, true) => "the evidence is against it",
        (_, false) => "there is no evidence for it",
    };
    let sentence = format!("the recovery objective {id} is not proved, which a release needs: {why}");
    Some(Blocker { obstacle: Obstacle::Objective(id), known, sentence, findings })
}

/// The decision over criteria and blockers.
pub(super) fn decide(criteria: &[Criterion], blockers: &[Blocker], waivers: usize) -> Decision {
    let any = |outcome| criteria.iter().any(|criterion| criterion.outcome == outcome);
    if any(CriterionOutcome::Fail) || blockers.iter().any(|blocker| blocker.known) {
        return Decision::NoGo;
    }
    if any(CriterionOutcome::Undetermined) || !blockers.is_empty() {
        return Decision::Undetermined;
    }
    if waivers > 0 { Decision::GoWithWaivers } else { Decision::Go }
}

/// Why, in sentences: what fails, what blocks, what is undetermined, and what was waived.
pub(super) fn reasons(
    criteria: &[Criterion],
    blockers: &[Blocker],
    decision: Decision,
    waivers: usize,
) -> Vec<String> {
    let failing =
        criteria.iter().filter(|criterion| criterion.outcome == CriterionOutcome::Fail).map(|criterion| {
            let Criterion { title, threshold, score, .. } = criterion;
            format!(
                "{title} fails: at most {} is possible, and more than {threshold} is needed",
                score.possible
            )
        });
    let open = criteria.iter().filter(|criterion| criterion.outcome == CriterionOutcome::Undetermined);
    let open = open.map(|criterion| {
        let Criterion { title, threshold, score, .. } = criterion;
        format!(
            "{title} is undetermined: {} is evidenced and {} possible, and more than {threshold} is needed",
            score.evidenced, score.possible
        )
    });
    let blocking = |known: bool| {
        let alike = blockers.iter().filter(move |blocker| blocker.known == known);
        alike.map(|blocker| blocker.sentence.clone())
    };
    let mut reasons: Vec<String> = failing.chain(blocking(true)).chain(blocking(false)).chain(open).collect();
    if decision.is_go() {
        reasons.push("every criterion passes in the worst case, and nothing blocks".into());
    }
    if waivers > 0 {
        reasons.push(format!("{} in use", count(waivers, "waiver")));
    }
    reasons
}

/// A number with its noun.
pub(super) fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
