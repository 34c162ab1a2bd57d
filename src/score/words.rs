//! The words of the score: titles, bands, and the note where words and weights contradict each other.

use super::number::Number;
use crate::profile::{Exact, Profile};

/// Titles of the ten components, in the published order.
const TITLES: [(&str, &str); 10] = [
    ("container", "Container Orchestration"),
    ("network", "Network Security"),
    ("storage", "Storage & Backup"),
    ("monitoring", "Monitoring & Observability"),
    ("cicd", "CI/CD Pipeline"),
    ("iac", "Infrastructure as Code"),
    ("multienv", "Multi-Environment"),
    ("dr", "Disaster Recovery"),
    ("autoscaling", "Auto-scaling"),
    ("cloud", "Cloud Integration"),
];

/// The title of a component.
pub fn title(key: &str) -> &'static str {
    TITLES.iter().find(|(known, _)| *known == key).map_or("", |(_, title)| title)
}

/// A label for an evidenced score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Band {
    /// From 90.
    Strong,
    /// From 80.
    Sound,
    /// From 70.
    Fair,
    /// From 50.
    Weak,
    /// Below 50.
    Poor,
    /// No number, so no band.
    NotAssessed,
}

impl Band {
    /// The band of an evidenced score; the possible score has none.
    pub fn of(evidenced: Option<&Number>) -> Self {
        let Some(evidenced) = evidenced else { return Self::NotAssessed };
        let from = [(90, Self::Strong), (80, Self::Sound), (70, Self::Fair), (50, Self::Weak)];
        let reached = |bound: i128| *evidenced >= Number::from_exact(Exact::from_integer(bound));
        from.into_iter().find(|(bound, _)| reached(*bound)).map_or(Self::Poor, |(_, band)| band)
    }

    /// The word in reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Strong => "strong",
            Self::Sound => "sound",
            Self::Fair => "fair",
            Self::Weak => "weak",
            Self::Poor => "poor",
            Self::NotAssessed => "not assessed",
        }
    }
}

/// Where the impact words of the profile contradict its weights: a component that is called graver than another and
/// weighs no more. One sentence for each such component, against the least grave that it does not outweigh.
pub fn contradictions(profile: &Profile) -> Vec<String> {
    let components = profile.weights.each();
    let sum: Exact = components.iter().map(|(_, component)| component.weight).sum();
    let percent = |weight: Exact| Number::from_exact(weight * Exact::from_integer(100) / sum);
    let mut notes = Vec::new();
    for (key, graver) in components {
        let outweighing = components
            .iter()
            .filter(|(_, other)| other.impact < graver.impact && other.weight >= graver.weight)
            .min_by(|(_, a), (_, b)| a.impact.cmp(&b.impact).then(b.weight.cmp(&a.weight)));
        let Some((other_key, other)) = outweighing else { continue };
        let compared = if other.weight == graver.weight { "as much as" } else { "less than" };
        notes.push(format!(
            "{} is called {} and weighs {} %, {compared} {}, which is called {} and weighs {} %",
            title(key),
            graver.impact.word(),
            percent(graver.weight),
            title(other_key),
            other.impact.word(),
            percent(other.weight),
        ));
    }
    notes
}
