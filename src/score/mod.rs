//! Findings and coverage → scorecard, in exact interval arithmetic.
//!
//! Everything is computed in two cases: in the worst each unknown counts as failed, in the best as passed. The model is
//! docs/scoring.md; nothing is sampled in this release, so there are no confidence bounds.

mod attribute;
mod book;
mod fresh;
mod gate;
mod grade;
mod number;
mod overall;
mod plan;
pub(crate) mod replay;
mod route;
#[cfg(test)]
mod tests;
mod waive;
mod words;

use std::collections::BTreeMap;

use time::OffsetDateTime;

pub use attribute::OtherLoss;
use book::{Answer, Book, COMPONENTS, Case, Entry, Situation};
pub use fresh::expire;
use gate::Facts;
pub use gate::{
    Blocker, Criterion, CriterionOutcome, Decision, Interval, Obstacle, Verdict, mapped_component,
};
pub use number::Number;
use overall::{Exceptions, Standing, Terms};
pub use plan::{Candidate, Repair};
pub use route::{Route, Step};
pub use waive::{WaiverOutcome, WaiverReport};
pub use words::{Band, contradictions, title};

use crate::check::{Check, Severity};
use crate::judge::{Finding, Status};
use crate::profile::{COMPONENT_KEYS, Exact, Level, Profile};

/// What a score is computed from.
#[derive(Debug, Clone)]
pub struct Input<'a, 'c> {
    /// The findings of the live side, after [`expire`].
    pub findings: &'a [Finding<'c>],
    /// Weights, thresholds and waivers.
    pub profile: &'a Profile,
    /// The audit's time; the only clock.
    pub as_of: OffsetDateTime,
    /// Components whose mandatory collector failed outright, by key, each with a sentence: never assessed.
    pub outages: BTreeMap<String, String>,
    /// The last evidenced score of components that were assessed in a run of the last 90 days, by key. Waiving one that
    /// has gone blind since gains nothing.
    pub last_evidenced: BTreeMap<String, Exact>,
    /// What blocks from outside, in sentences: a catalogue or profile that is not the approved one.
    pub blocking: Vec<String>,
}

impl<'a, 'c> Input<'a, 'c> {
    /// The input without anything from outside the findings.
    pub fn new(findings: &'a [Finding<'c>], profile: &'a Profile, as_of: OffsetDateTime) -> Self {
        let (outages, last_evidenced) = (BTreeMap::new(), BTreeMap::new());
        Self { findings, profile, as_of, outages, last_evidenced, blocking: Vec::new() }
    }
}

/// The whole result of scoring.
#[derive(Debug, Clone)]
pub struct Scorecard {
    /// The headline: each unknown taken as failed.
    pub evidenced: Number,
    /// Each unknown taken as passed.
    pub possible: Number,
    /// The unknown left out, over the assessed components; for information, never gated. None when none is assessed.
    pub assessed_only: Option<Number>,
    /// The known share of the weight, in percent.
    pub coverage: Number,
    /// The share of the components' weight that the score is over, in percent; below 100 with a waived component.
    pub weight_share: Number,
    /// The ten components, in the published order.
    pub components: Vec<Component>,
    /// The five criteria, in the published order.
    pub criteria: Vec<Criterion>,
    /// By index of the finding in the input.
    pub findings: Vec<FindingScore>,
    /// Points that no finding accounts for. With those of the findings they add up to what is missing to 100.
    pub other_losses: Vec<OtherLoss>,
    /// Repairs in the order in which they are worth doing.
    pub plan: Vec<Candidate>,
    /// The shortest route to GO.
    pub route: Route,
    /// The decision.
    pub verdict: Verdict,
    /// Every waiver of the profile with what became of it.
    pub waivers: Vec<WaiverReport>,
    /// The result as it would be without waivers; none when no waiver is in use.
    pub without_waivers: Option<Unwaived>,
    /// Sentences about the score itself.
    pub notes: Vec<String>,
}

/// One component.
#[derive(Debug, Clone)]
pub struct Component {
    /// Its key.
    pub key: &'static str,
    /// Its title.
    pub title: &'static str,
    /// Its weight, against the sum of all.
    pub weight: Exact,
    /// The word for its impact.
    pub impact: Level,
    /// How it enters the overall score.
    pub standing: ComponentStanding,
    /// Its score; none when it is not assessed.
    pub score: Option<Interval>,
    /// The known share of its weight, in percent.
    pub coverage: Number,
    /// Checks of which something is known.
    pub evaluated: u64,
    /// The ceiling that critical checks put on the evidenced score, where they do.
    pub cap: Option<u64>,
    /// Points that the overall score loses here; over all components they add up to what is missing to 100.
    pub points_lost: Number,
}

/// How a component enters the overall score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ComponentStanding {
    /// With its score.
    Assessed,
    /// Too little was read: as 0 in the worst case and 100 in the best.
    NotAssessed,
    /// Waived, and left out of both sums.
    Waived,
    /// Waived after it had gone blind: in both sums, at most as it was last evidenced.
    Held,
}

/// What one finding means for the score.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingScore {
    /// Its severity under the profile.
    pub severity: Severity,
    /// The waiver that covers it, by its index in the profile.
    pub waiver: Option<usize>,
    /// Points of its component that it costs, in the worst case.
    pub component_points_lost: Number,
    /// Points of the overall score that it costs, in the worst case.
    pub points_lost: Number,
    /// What the overall evidenced score gains when it alone passes.
    pub gain: Number,
}

/// The result without waivers.
#[derive(Debug, Clone)]
pub struct Unwaived {
    /// Each unknown taken as failed.
    pub evidenced: Number,
    /// Each unknown taken as passed.
    pub possible: Number,
    /// The decision.
    pub decision: Decision,
}

/// Scores the findings under a profile.
pub fn score(input: &Input) -> Scorecard {
    let Input { findings, profile, .. } = input;
    let day = input.as_of.to_offset(time::UtcOffset::UTC).date();
    let covering = waive::covering(findings, profile, day);
    let sheet = Sheet::new(input, &covering, waive::components(profile, day));
    let waivers = waive::report(findings, profile, day, |key| sheet.is_lifted(key));
    let used = waivers.iter().filter(|waiver| matches!(waiver.outcome, WaiverOutcome::Used(_))).count();
    let without_waivers =
        (used > 0).then(|| Sheet::new(input, &vec![None; findings.len()], Vec::new()).unwaived());

    let Sheet { book, terms, worst, best, criteria, blockers, old } = &sheet;
    let facts = sheet.facts(input, &covering, old);
    let decision = gate::decide(criteria, blockers, used);
    let mut reasons = gate::reasons(criteria, blockers, decision, used);
    let share = terms.share();
    if share < Number::from_exact(Exact::from_integer(100)) {
        reasons.push(format!("the score is over {share} % of the weight"));
    }
    reasons.extend(waivers.iter().filter_map(not_applied));
    let verdict = Verdict { decision, reasons, blockers: blockers.clone() };
    let attribution = attribute::attribute(book, terms, worst);
    let plan = plan::plan(book, terms, worst, findings);
    let route = route::route(book, terms, worst, &plan.candidates, &verdict, &facts);
    let components = sheet.components(profile, &attribution);
    let scores = findings.iter().zip(attribution.findings).zip(plan.gains).zip(&covering);
    let scores = scores.map(|(((finding, loss), gain), waiver)| FindingScore {
        severity: effective_severity(finding, profile),
        waiver: *waiver,
        component_points_lost: loss.component_points,
        points_lost: loss.points,
        gain,
    });
    Scorecard {
        evidenced: terms.overall(book, worst),
        possible: terms.overall(book, best),
        assessed_only: assessed_only(input, &covering, &sheet),
        coverage: terms.coverage(book, worst),
        weight_share: share,
        components,
        criteria: criteria.clone(),
        findings: scores.collect(),
        other_losses: attribution.others,
        plan: plan.candidates,
        route,
        verdict,
        waivers,
        without_waivers,
        notes: contradictions(profile),
    }
}

/// A waiver that was not applied, in a sentence.
fn not_applied(waiver: &WaiverReport) -> Option<String> {
    let WaiverReport { subject, ticket, expires, .. } = waiver;
    let why = match waiver.outcome {
        WaiverOutcome::Used(_) | WaiverOutcome::Unneeded => return None,
        WaiverOutcome::Refused => "is refused: an assessed component cannot be waived".to_owned(),
        WaiverOutcome::Expired => format!("expired on {expires} and was not applied"),
        WaiverOutcome::NotYet => "does not hold yet and was not applied".to_owned(),
    };
    Some(format!("the waiver {ticket} for {subject} {why}"))
}

/// The severity of a check under the profile.
pub fn severity_of(check: &Check, profile: &Profile) -> Severity {
    let settings = &profile.checks.severity;
    match settings.get(check.id).or_else(|| settings.get(check.alias)) {
        Some(Level::Critical) => Severity::Critical,
        Some(Level::High) => Severity::High,
        Some(Level::Medium) => Severity::Medium,
        Some(Level::Low) => Severity::Low,
        None => check.severity,
    }
}

/// The severity of a finding: that of its check under the profile, or what a rule of the catalogue downgraded it to.
pub fn effective_severity(finding: &Finding, profile: &Profile) -> Severity {
    let severity = severity_of(finding.check, profile);
    // Only a failure is downgraded; what is unknown may still turn out at full severity.
    let is_downgraded = finding.status == Status::Fail && finding.severity < finding.check.severity;
    if is_downgraded { severity.min(finding.severity) } else { severity }
}

/// The findings that count, with their checks in the order of ids.
type Entries<'c> = (Vec<Option<Entry>>, Vec<(&'c Check<'c>, Severity)>);

fn entries<'c>(
    input: &Input<'_, 'c>,
    covering: &[Option<usize>],
    counts: impl Fn(&Finding) -> bool,
) -> Entries<'c> {
    let Input { findings, profile, .. } = input;
    let counts = |finding: &Finding| finding.status != Status::NotApplicable && counts(finding);
    let checks: BTreeMap<&str, &'c Check<'c>> = findings
        .iter()
        .filter(|finding| counts(finding))
        .map(|finding| (finding.check.id, finding.check))
        .collect();
    let rows: BTreeMap<&str, usize> = checks.keys().enumerate().map(|(row, id)| (*id, row)).collect();
    let environments = &profile.environments;
    let [production, elsewhere] =
        book::proportional([Exact::from_integer(1), environments.nonproduction_weight]);
    let entry = |(finding, waiver): (&Finding, &Option<usize>)| {
        let row = *rows.get(finding.check.id).filter(|_| counts(finding))?;
        let mass = if environments.is_production(&finding.tags) { production } else { elsewhere };
        let answer = match finding.status {
            Status::Unknown if finding.blind => Answer::Blind,
            Status::Unknown => Answer::Unknown,
            Status::Fail => Answer::Known(grade::PARTS),
            Status::Partial => Answer::Known(grade::PARTS - finding.credit.map_or(0, grade::parts)),
            Status::Pass | Status::NotApplicable => Answer::Known(0),
        };
        let severity = effective_severity(finding, profile);
        Some(Entry { row, mass, answer, severity, waived: waiver.is_some() })
    };
    let entries = findings.iter().zip(covering).map(entry).collect();
    (entries, checks.into_values().map(|check| (check, severity_of(check, profile))).collect())
}

/// One complete computation: with waivers, or without.
struct Sheet<'c> {
    book: Book<'c>,
    terms: Terms,
    worst: Situation,
    best: Situation,
    criteria: Vec<Criterion>,
    blockers: Vec<Blocker>,
    /// Findings with evidence that is too old.
    old: Vec<usize>,
}

impl<'c> Sheet<'c> {
    fn new(input: &Input<'_, 'c>, covering: &[Option<usize>], waived: Vec<&str>) -> Self {
        let Input { findings, profile, .. } = input;
        let (entries, checks) = entries(input, covering, |_| true);
        let book = Book::new(entries, &checks, profile);
        let (worst, best) = (book.situation(Case::Worst), book.situation(Case::Best));
        let exceptions = Exceptions {
            waived: COMPONENT_KEYS.map(|key| waived.contains(&key)),
            outages: COMPONENT_KEYS.map(|key| input.outages.contains_key(key)),
            last: COMPONENT_KEYS.map(|key| input.last_evidenced.get(key).copied()),
        };
        let terms = Terms::new(&book, &worst, profile, &exceptions);
        let criteria = gate::criteria(&book, &terms, [&worst, &best], profile);
        let old = fresh::too_old(findings, profile, input.as_of);
        let mut sheet = Self { book, terms, worst, best, criteria, blockers: Vec::new(), old };
        let facts = sheet.facts(input, covering, &sheet.old);
        sheet.blockers = gate::blockers(&sheet.book, &sheet.terms, &sheet.worst, &facts);
        sheet
    }

    fn facts<'b>(&self, input: &'b Input, waived: &'b [Option<usize>], old: &'b [usize]) -> Facts<'b> {
        let Input { findings, profile, outages, blocking, .. } = input;
        Facts { findings, waived, profile, old, outside: blocking, outages }
    }

    /// True for a component that a waiver lifts.
    fn is_lifted(&self, key: &str) -> bool {
        let component = COMPONENT_KEYS.iter().position(|known| *known == key);
        let standing = component.map(|component| self.terms.standings[component]);
        matches!(standing, Some(Standing::LeftOut | Standing::Held))
    }

    fn unwaived(&self) -> Unwaived {
        Unwaived {
            evidenced: self.terms.overall(&self.book, &self.worst),
            possible: self.terms.overall(&self.book, &self.best),
            decision: gate::decide(&self.criteria, &self.blockers, 0),
        }
    }

    fn components(&self, profile: &Profile, attribution: &attribute::Attribution) -> Vec<Component> {
        let weights = profile.weights.each();
        let component = |component: usize| {
            let (key, weight) = weights[component];
            let number = |units| Number::new(units, &self.book.unit);
            let standing = match self.terms.standings[component] {
                Standing::Assessed => ComponentStanding::Assessed,
                Standing::NotAssessed => ComponentStanding::NotAssessed,
                Standing::Held => ComponentStanding::Held,
                Standing::LeftOut => ComponentStanding::Waived,
            };
            let score = |situation| number(self.book.score(component, situation));
            let score = (standing == ComponentStanding::Assessed)
                .then(|| Interval { evidenced: score(&self.worst), possible: score(&self.best) });
            let sums = self.worst.pool(component);
            Component {
                key,
                title: title(key),
                weight: weight.weight,
                impact: weight.impact,
                standing,
                score,
                coverage: number(self.book.coverage(component, &self.worst)),
                evaluated: sums.evaluated,
                cap: book::cap(sums.causes),
                points_lost: self.points_lost(component, attribution),
            }
        };
        (0..COMPONENTS).map(component).collect()
    }

    fn points_lost(&self, component: usize, attribution: &attribute::Attribution) -> Number {
        let is_here = |entry: &Option<Entry>| {
            entry.is_some_and(|entry| self.book.rows[entry.row].component() == Some(component))
        };
        let findings = self.book.entries.iter().zip(&attribution.findings);
        let findings = findings.filter(|(entry, _)| is_here(entry)).map(|(_, loss)| &loss.points);
        let key = COMPONENT_KEYS[component];
        let others =
            attribution.others.iter().filter(|other| other.component == key).map(|other| &other.points);
        let zero = Number::new(Default::default(), &attribution.unit);
        findings.chain(others).fold(zero, |sum, points| sum.plus(points))
    }
}

/// The score over what is known of the assessed components.
fn assessed_only(input: &Input, covering: &[Option<usize>], sheet: &Sheet) -> Option<Number> {
    let (entries, checks) = entries(input, covering, |finding| finding.status != Status::Unknown);
    let book = Book::new(entries, &checks, input.profile);
    let known = book.situation(Case::Worst);
    let is_assessed = |component: usize| sheet.terms.standings[component] == Standing::Assessed;
    let standings = std::array::from_fn(|component| match is_assessed(component) {
        true => Standing::Assessed,
        false => Standing::LeftOut,
    });
    let terms = Terms::settled(&book, input.profile, &Exceptions::default(), standings);
    terms.counted().next()?;
    Some(terms.overall(&book, &known))
}
