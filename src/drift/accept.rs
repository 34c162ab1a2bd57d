//! Marks accepted drift, and says what became of every acceptance.

use ::time::Date;

use super::label::Label;
use crate::profile::{Acceptance, Standing};
use crate::result::{AcceptanceUse, Accepted, Drift, DriftChange, DriftItem};

/// Marks in `drift` what `acceptances` cover on `day`. An accepted item stays where it is and keeps its label; it counts
/// in its class and among the accepted.
pub fn apply(drift: &mut Drift, acceptances: &[Acceptance], day: Date) {
    let mut uses: Vec<AcceptanceUse> = acceptances.iter().enumerate().map(usage).collect();
    for item in &mut drift.items {
        accept(item, acceptances, &mut uses, day);
    }
    for (acceptance, one) in acceptances.iter().zip(&mut uses) {
        one.outcome = match acceptance.standing(day) {
            Standing::Active if one.covers > 0 => "used",
            Standing::Active | Standing::NotYet => "idle",
            Standing::Expired => "expired",
        }
        .to_owned();
    }
    drift.summary.accepted = drift.items.iter().filter(|item| item.accepted.is_some()).count();
    drift.acceptances = uses;
}

fn usage((at, acceptance): (usize, &Acceptance)) -> AcceptanceUse {
    let origin = match acceptance.origin.as_str() {
        "" => format!("drift.accept[{at}] of the profile"),
        origin => origin.to_owned(),
    };
    AcceptanceUse {
        subject: acceptance.to_string(),
        origin,
        owner: acceptance.owner.clone(),
        reason: acceptance.reason.clone(),
        expires: acceptance.expires.to_string(),
        outcome: String::new(),
        covers: 0,
        note: None,
    }
}

/// How an acceptance stands to a difference.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cover {
    No,
    Yes,
    /// By its words, but what opens something is accepted by fingerprint alone: no pattern covers it in advance.
    TooWide,
}

fn accept(item: &mut DriftItem, acceptances: &[Acceptance], uses: &mut [AcceptanceUse], day: Date) {
    if item.class == "unknown" {
        return;
    }
    let mut by: Vec<usize> = Vec::new();
    let changes = if item.class == "changed" { item.changes.len() } else { 1 };
    let mut covered = 0;
    for at in 0..changes {
        let change = if item.class == "changed" { item.changes.get(at) } else { None };
        let mut active = None;
        for (index, acceptance) in acceptances.iter().enumerate() {
            match cover(acceptance, item, change) {
                Cover::No => {}
                Cover::TooWide => {
                    let note = "what loosens security is accepted by its fingerprint only";
                    uses[index].note = Some(note.to_owned());
                }
                Cover::Yes => {
                    uses[index].covers += 1;
                    active = active.or(Some(index).filter(|_| acceptance.standing(day) == Standing::Active));
                }
            }
        }
        // What a controller changed by right needs nobody's acceptance.
        let needless = change.is_some_and(|change| change.label == Label::ControllerOwned.word());
        covered += usize::from(active.is_some() || needless);
        let Some(index) = active else { continue };
        by.push(index);
        if let Some(change) = item.changes.get_mut(at).filter(|_| item.class == "changed") {
            change.accepted = true;
        }
    }
    let first = by.into_iter().filter_map(|index| acceptances.get(index)).min_by_key(|one| one.expires);
    item.accepted = first.filter(|_| covered == changes).map(|one| Accepted {
        owner: one.owner.clone(),
        reason: one.reason.clone(),
        expires: one.expires.to_string(),
    });
}

fn cover(acceptance: &Acceptance, item: &DriftItem, change: Option<&DriftChange>) -> Cover {
    let print = match change {
        Some(change) => change.fingerprint.as_deref().unwrap_or_default(),
        None => &item.fingerprint,
    };
    if acceptance.fingerprint.as_ref().is_some_and(|known| known != print) {
        return Cover::No;
    }
    let stands = item.address.as_ref().or(item.owner.as_ref()).unwrap_or(&item.id);
    let words = acceptance.class.as_ref().is_none_or(|class| *class == item.class)
        && acceptance.kind.as_ref().is_none_or(|kind| kind.matches(&item.kind))
        && acceptance.address.as_ref().is_none_or(|address| address.matches(stands));
    // A part is known by the owner's attribute that it is in.
    let part = item.changes.first().filter(|_| item.owner.is_some());
    let path = match (&acceptance.path, change.or(part)) {
        (Some(pattern), Some(change)) => pattern.matches(&change.path),
        (Some(_), None) => false,
        (None, Some(_)) => acceptance.fingerprint.is_some(),
        (None, None) => true,
    };
    if !words || !path {
        return Cover::No;
    }
    let label = change.map(|change| change.label.as_str()).or(item.label.as_deref());
    match acceptance.fingerprint {
        None if label == Some(Label::Loosening.word()) => Cover::TooWide,
        _ => Cover::Yes,
    }
}

/// An acceptance file that covers what `drift` has and nobody accepted yet, for a person to complete.
pub fn draft(drift: &Drift, expires: Date) -> String {
    let mut text = String::from(
        "# Drafted by `stateward drift --write-ignore`. Delete what should be repaired. For what stays, say who answers\n\
         # for it and why, then give this file with `--accept`. An entry with an empty owner or reason is refused.\n",
    );
    for item in drift.items.iter().filter(|item| item.class != "unknown" && item.accepted.is_none()) {
        if item.class != "changed" {
            entry(
                &mut text,
                item,
                item.changes.first().filter(|_| item.owner.is_some()),
                &item.fingerprint,
                expires,
            );
        }
        let open = |change: &&DriftChange| !change.accepted && change.label != Label::ControllerOwned.word();
        for change in item.changes.iter().filter(|_| item.class == "changed").filter(open) {
            entry(&mut text, item, Some(change), change.fingerprint.as_deref().unwrap_or_default(), expires);
        }
    }
    text
}

fn entry(text: &mut String, item: &DriftItem, change: Option<&DriftChange>, print: &str, expires: Date) {
    let label = change.map(|change| change.label.as_str()).or(item.label.as_deref());
    let warning = if label == Some(Label::Loosening.word()) { "# Loosens security.\n" } else { "" };
    let mut lines = vec![format!("\n{warning}[[accept]]")];
    let mut key = |name: &str, value: &str| lines.push(format!("{name} = {}", toml::Value::from(value)));
    key("fingerprint", print);
    key("class", &item.class);
    if item.address.is_none() {
        key("type", &item.kind);
    }
    // Patterns know no escape: what a name has of their signs they match all the same.
    key("address", item.address.as_ref().or(item.owner.as_ref()).unwrap_or(&item.id));
    if let Some(change) = change {
        key("path", &change.path);
    }
    key("owner", "");
    key("reason", "");
    lines.push(format!("expires = {expires}"));
    *text += &lines.join("\n");
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use ::time::macros::date;
    use serde_json::json;

    use super::*;
    use crate::profile::{Pattern, Profile};

    const DAY: Date = date!(2026 - 03 - 01);

    fn changed(paths: &[(&str, &str)]) -> Drift {
        let changes = paths.iter().map(|(path, label)| DriftChange {
            path: (*path).into(),
            declared: json!(1),
            live: json!(2),
            label: (*label).into(),
            fingerprint: Some(super::super::print::hash(&[path])),
            ..DriftChange::default()
        });
        let label = paths.iter().any(|(_, label)| *label == "security-loosening");
        let item = DriftItem {
            class: "changed".into(),
            kind: "aws_instance".into(),
            address: Some("module.a.aws_instance.b[\"x\"]".into()),
            label: label.then(|| "security-loosening".into()),
            changes: changes.collect(),
            ..DriftItem::default()
        };
        Drift { items: vec![item], ..Drift::default() }
    }

    fn acceptance(address: &str, path: Option<&str>) -> Acceptance {
        Acceptance {
            fingerprint: None,
            kind: None,
            address: Some(Pattern::new(address)),
            path: path.map(Pattern::new),
            class: None,
            owner: "ops".into(),
            reason: "r".into(),
            expires: DAY,
            origin: String::new(),
        }
    }

    #[test]
    fn an_item_is_accepted_when_each_of_its_changes_is() {
        let mut drift = changed(&[("ami", "other"), ("tags.A", "tag")]);
        let one = acceptance("module.a.*", Some("ami"));
        apply(&mut drift, std::slice::from_ref(&one), DAY);
        assert!(drift.items[0].accepted.is_none() && drift.items[0].changes[0].accepted);
        assert_eq!((drift.summary.accepted, drift.acceptances[0].covers), (0, 1));
        let mut drift = changed(&[("ami", "other"), ("tags.A", "tag")]);
        let later = Acceptance { expires: date!(2026 - 04 - 01), ..acceptance("module.a.*", Some("tags.*")) };
        apply(&mut drift, &[later, one], DAY);
        assert_eq!(
            drift.items[0].accepted.as_ref().unwrap().expires,
            "2026-03-01",
            "the earliest end counts"
        );
        assert_eq!(drift.summary.accepted, 1);
    }

    #[test]
    fn over_and_idle_ones_are_reported_and_accept_nothing() {
        let mut drift = changed(&[("ami", "other")]);
        let over = Acceptance { expires: date!(2026 - 02 - 28), ..acceptance("*", Some("ami")) };
        let idle = acceptance("module.z.*", Some("*"));
        let whole = acceptance("module.a.*", None);
        apply(&mut drift, &[over, idle, whole], DAY);
        assert!(drift.items[0].accepted.is_none() && !drift.items[0].changes[0].accepted);
        let outcomes: Vec<(&str, usize)> =
            drift.acceptances.iter().map(|one| (one.outcome.as_str(), one.covers)).collect();
        assert_eq!(outcomes, [("expired", 1), ("idle", 0), ("idle", 0)]);
        assert_eq!(drift.acceptances[1].origin, "drift.accept[1] of the profile");
    }

    #[test]
    fn what_loosens_security_is_accepted_by_fingerprint_only() {
        let mut drift = changed(&[("public", "security-loosening")]);
        apply(&mut drift, &[acceptance("*b*", Some("*"))], DAY);
        assert!(drift.items[0].accepted.is_none());
        assert!(drift.acceptances[0].note.is_some() && drift.acceptances[0].outcome == "idle");
        let named = Acceptance {
            fingerprint: drift.items[0].changes[0].fingerprint.clone(),
            ..acceptance("*", None)
        };
        apply(&mut drift, &[named], DAY);
        assert!(drift.items[0].accepted.is_some());
        assert_eq!(drift.items[0].label.as_deref(), Some("security-loosening"));
    }

    #[test]
    fn a_draft_is_refused_until_it_is_filled_in_and_then_covers_everything() {
        let mut drift = changed(&[("ami", "other"), ("public", "security-loosening")]);
        drift.items.push(DriftItem {
            class: "unmanaged".into(),
            kind: "aws_s3_bucket".into(),
            id: "quote\"and\\slash".into(),
            fingerprint: "0123456789abcdef".into(),
            ..DriftItem::default()
        });
        drift.items.push(DriftItem { class: "unknown".into(), ..DriftItem::default() });
        let text = draft(&drift, date!(2026 - 04 - 01));
        let load = |text: &str| {
            let mut profile = Profile::built_in_default().unwrap();
            profile.accept(&["a.toml"], DAY, |_| Ok(text.to_owned())).map(|()| profile)
        };
        assert!(load(&text).unwrap_err().to_string().contains("no owner"));
        let filled =
            text.replace("owner = \"\"", "owner = \"ops\"").replace("reason = \"\"", "reason = \"r\"");
        let profile = load(&filled).unwrap();
        assert_eq!(profile.drift.accept.len(), 3);
        apply(&mut drift, &profile.drift.accept, DAY);
        assert_eq!(drift.summary.accepted, 2);
        assert!(drift.acceptances.iter().all(|one| one.outcome == "used"), "{:#?}", drift.acceptances);
        assert!(!draft(&drift, DAY).contains("[[accept]]"), "what is accepted is not drafted again");
    }
}
