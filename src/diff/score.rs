//! The change of the score, taken apart: the changes are taken to have happened one sort after the other, and after each
//! the whole is scored again. So every part is a difference of two honest scores, and the parts add up.

use std::collections::BTreeMap;

use super::{Pair, says};
use crate::check::{Category, Check, Effort, Outcome, Severity, Subject};
use crate::profile::{COMPONENT_KEYS, Exact, Profile, decimal};
use crate::result::{
    Cause, ComponentChange, Document, Finding, Interval, LikeForLike, Part, Score, ScoreChange, ScoreTerms,
};
use crate::score::replay::{Judged, Replayed, Special, replay};
use crate::score::{self, Number};

/// The severity of a word; an unknown word weighs least.
pub(super) fn severity(word: &str) -> Severity {
    let all = [Severity::Critical, Severity::High, Severity::Medium];
    all.into_iter().find(|severity| severity.word() == word).unwrap_or(Severity::Low)
}

fn category(word: &str) -> Category {
    let all = [
        Category::MultiAz,
        Category::Encryption,
        Category::Backup,
        Category::Drift,
        Category::Dr,
        Category::Exposure,
        Category::Observability,
        Category::Scaling,
        Category::Delivery,
        Category::Iac,
    ];
    all.into_iter().find(|category| category.word() == word).unwrap_or(Category::Cost)
}

/// The change of the score from `old` to `new`.
pub(super) fn change(
    old: &Document,
    new: &Document,
    pairs: &[Pair],
    comparable: bool,
) -> Option<ScoreChange> {
    let (was, is) = (old.score.as_ref()?, new.score.as_ref()?);
    let change = |old: f64, new: f64| (hundredths(new) - hundredths(old)) as f64 / 100.0;
    let catalogue = Catalogue::of(pairs);
    let taken = Stages::new(old, new, pairs, &catalogue).map(|stages| {
        let like_for_like = (!comparable).then(|| stages.like_for_like());
        (stages.parts(), like_for_like)
    });
    let (parts, like_for_like, not_taken_apart) = match taken {
        Ok((parts, like_for_like)) => (parts, like_for_like, None),
        Err(why) => (Vec::new(), None, Some(why)),
    };
    Some(ScoreChange {
        change: Interval {
            evidenced: change(was.evidenced, is.evidenced),
            possible: change(was.possible, is.possible),
        },
        parts,
        not_taken_apart,
        like_for_like,
        components: components(was, is),
    })
}

fn hundredths(value: f64) -> i64 {
    (value * 100.0).round() as i64
}

fn components(old: &Score, new: &Score) -> Vec<ComponentChange> {
    let interval = |score: &Score, key: &str| {
        let component = score.components.iter().find(|component| component.key == key)?;
        Some(Interval { evidenced: component.evidenced?, possible: component.possible? })
    };
    let change = |component: &crate::result::Component| ComponentChange {
        key: component.key.clone(),
        title: component.title.clone(),
        old: interval(old, &component.key),
        new: interval(new, &component.key),
    };
    new.components.iter().map(change).collect()
}

/// The checks that either result names, as far as the score knows checks.
struct Catalogue<'a>(BTreeMap<&'a str, Check<'a>>);

impl<'a> Catalogue<'a> {
    fn of(pairs: &[Pair<'a>]) -> Self {
        let findings = pairs.iter().flat_map(|pair| [pair.old, pair.new]).flatten();
        let check = |finding: &'a Finding| Check {
            id: &finding.check,
            alias: &finding.check,
            title: &finding.title,
            component: &finding.component,
            category: category(&finding.category),
            severity: of_check(finding),
            effort: Effort::Small,
            subject: Subject::Estate(|_| Ok(Outcome::Pass)),
            reads: &[],
            page: "",
        };
        Self(findings.map(|finding| (finding.check.as_str(), check(finding))).collect())
    }
}

/// The severity of a finding's check.
fn of_check(finding: &Finding) -> Severity {
    severity(super::of_check(finding))
}

/// All that the score of one result rests on.
struct Side {
    profile: Profile,
    special: Special,
}

impl Side {
    /// The terms of a result, if its published score comes out under them.
    fn of(document: &Document, judged: &[Option<Judged>], which: &str) -> Result<Self, String> {
        let Some(score) = &document.score else { return Err(format!("the {which} result has no score")) };
        let profile = profile(score)?;
        let waived = COMPONENT_KEYS.map(|key| {
            let title = score::title(key);
            let active = |outcome: &str| outcome == "used" || outcome == "refused";
            document.waivers.iter().any(|waiver| waiver.subject == title && active(&waiver.outcome))
        });
        let judged: Vec<Judged> = judged.iter().flatten().copied().collect();
        let mut special = Special { waived, ..Special::default() };
        let plain = replay(&judged, &profile, &special);
        special.outages = std::array::from_fn(|at| {
            let component = score.components.iter().find(|component| component.key == COMPONENT_KEYS[at]);
            plain.assessed[at] && component.is_some_and(|component| !component.assessed)
        });
        let again = rounded(&replay(&judged, &profile, &special));
        if again != [hundredths(score.evidenced), hundredths(score.possible)] {
            return Err(format!(
                "the score of the {which} result does not come out of its findings, so another version made it, or \
                 somebody changed it"
            ));
        }
        Ok(Self { profile, special })
    }
}

fn rounded(replayed: &Replayed) -> [i64; 2] {
    let hundredths = |number: &Number| i64::try_from(number.hundredths()).unwrap_or(i64::MAX);
    [hundredths(&replayed.overall.evidenced), hundredths(&replayed.overall.possible)]
}

fn interval([evidenced, possible]: [i64; 2]) -> Interval {
    Interval { evidenced: evidenced as f64 / 100.0, possible: possible as f64 / 100.0 }
}

/// The default profile with what a result tells of its own. A result of before these were told had the default's.
fn profile(score: &Score) -> Result<Profile, String> {
    let mut profile = Profile::built_in_default().map_err(|error| error.to_string())?;
    let Some(terms) = &score.terms else {
        for component in &score.components {
            set(&mut profile, &component.key, component.weight)?;
        }
        return Ok(profile);
    };
    let ScoreTerms { severities, components, minimum_coverage, minimum_checks, overall_cap } = terms;
    for (key, weight) in components {
        set(&mut profile, key, *weight)?;
    }
    let weights = &mut profile.score.severity;
    for (word, weight) in severities {
        let place = match word.as_str() {
            "critical" => &mut weights.critical,
            "high" => &mut weights.high,
            "medium" => &mut weights.medium,
            _ => &mut weights.low,
        };
        *place = number(*weight)?;
    }
    profile.score.minimum_coverage = number(*minimum_coverage)?;
    profile.score.minimum_checks = *minimum_checks;
    profile.score.overall_cap = number(*overall_cap)?;
    Ok(profile)
}

fn set(profile: &mut Profile, key: &str, weight: f64) -> Result<(), String> {
    let weight = number(weight)?;
    if let Some(component) = profile.weights.get_mut(key) {
        component.weight = weight;
    }
    Ok(())
}

fn number(value: f64) -> Result<Exact, String> {
    const LARGEST: f64 = 1e6;
    let plain = (0.0..=LARGEST).contains(&value).then(|| decimal(&format!("{value}"))).flatten();
    plain.ok_or_else(|| format!("{value} is no weight that a profile can have"))
}

/// The estate between the two results, change after change.
struct Stages<'p, 'a> {
    pairs: &'p [Pair<'a>],
    old: Vec<Option<Judged<'p>>>,
    new: Vec<Option<Judged<'p>>>,
    before: Side,
    after: Side,
}

impl<'p, 'a> Stages<'p, 'a> {
    fn new(
        old: &Document,
        new: &Document,
        pairs: &'p [Pair<'a>],
        catalogue: &'p Catalogue<'a>,
    ) -> Result<Self, String> {
        let judged = |finding: Option<&Finding>| -> Result<Option<Judged<'p>>, String> {
            let Some(finding) = finding else { return Ok(None) };
            let (Some(says), Some(check)) = (says(finding), catalogue.0.get(finding.check.as_str())) else {
                return Ok(None);
            };
            Ok(Some(Judged {
                check,
                of_check: of_check(finding),
                severity: severity(&finding.severity),
                weight: finding.weight.map_or(Ok(Exact::from_integer(1)), number)?,
                says,
                waived: finding.status == crate::result::Status::Waived,
            }))
        };
        let was: Vec<_> = pairs.iter().map(|pair| judged(pair.old)).collect::<Result<_, _>>()?;
        let is: Vec<_> = pairs.iter().map(|pair| judged(pair.new)).collect::<Result<_, _>>()?;
        let (before, after) = (Side::of(old, &was, "earlier")?, Side::of(new, &is, "later")?);
        Ok(Self { pairs, old: was, new: is, before, after })
    }

    /// The findings of the earlier result as they would weigh in the later.
    fn weighed(&self) -> Vec<Option<Judged<'p>>> {
        let severities: BTreeMap<&str, Severity> =
            self.new.iter().flatten().map(|one| (one.check.id, one.of_check)).collect();
        let weigh = |(old, new): (&Option<Judged<'p>>, &Option<Judged<'p>>)| {
            let old = (*old)?;
            let of_check = severities.get(old.check.id).copied().unwrap_or(old.of_check);
            let severity = if old.severity == old.of_check { of_check } else { old.severity };
            Some(Judged { of_check, severity, weight: new.map_or(old.weight, |new| new.weight), ..old })
        };
        self.old.iter().zip(&self.new).map(weigh).collect()
    }

    fn parts(&self) -> Vec<Part> {
        let mut now = self.old.clone();
        let (mut profile, mut special) = (&self.before.profile, self.before.special);
        let mut last = totals(&now, profile, &special);
        let mut parts = Vec::new();
        for cause in Cause::ALL {
            let mine = |at: &usize| self.pairs[*at].cause == Some(cause);
            let changed: Vec<usize> = (0..self.pairs.len()).filter(mine).collect();
            match cause {
                Cause::WeightsChanged => {
                    now = self.weighed();
                    profile = &self.after.profile;
                }
                Cause::WaiversChanged => special.waived = self.after.special.waived,
                Cause::EvidenceGained => {
                    let (was, is) = (special.outages, self.after.special.outages);
                    special.outages = std::array::from_fn(|at| was[at] && is[at]);
                }
                Cause::EvidenceLost => special.outages = self.after.special.outages,
                _ if changed.is_empty() => {
                    parts.push(part(cause, 0, last, last));
                    continue;
                }
                _ => {}
            }
            for at in &changed {
                now[*at] = self.new[*at];
            }
            let next = totals(&now, profile, &special);
            parts.push(part(cause, changed.len(), last, next));
            last = next;
        }
        parts
    }

    fn like_for_like(&self) -> LikeForLike {
        let both = |at: usize| self.old[at].is_some() && self.new[at].is_some();
        let shared: Vec<usize> = (0..self.pairs.len()).filter(|at| both(*at)).collect();
        let weighed = self.weighed();
        let Side { profile, special } = &self.after;
        let of = |side: &[Option<Judged>]| {
            let judged: Vec<Option<Judged>> = shared.iter().map(|at| side[*at]).collect();
            interval(totals(&judged, profile, special))
        };
        LikeForLike { pairs: shared.len(), old: of(&weighed), new: of(&self.new) }
    }
}

fn totals(judged: &[Option<Judged>], profile: &Profile, special: &Special) -> [i64; 2] {
    let judged: Vec<Judged> = judged.iter().flatten().copied().collect();
    rounded(&replay(&judged, profile, special))
}

fn part(cause: Cause, findings: usize, last: [i64; 2], next: [i64; 2]) -> Part {
    Part { cause, findings, points: interval([next[0] - last[0], next[1] - last[1]]) }
}
