//! The sentence about who made a difference.

use std::fmt::Write as _;

use super::words;
use crate::result::{DriftItem, Who};

/// The sentence of an item, where it was asked who made it.
pub fn sentence(item: &DriftItem) -> Option<String> {
    let who = item.who.as_ref()?;
    let Some(event) = &who.event else {
        return Some(format!("not found: {}", who.reason.as_deref().unwrap_or("no reason given")));
    };
    let mut text = format!("{}: {}", who.confidence, actor(who));
    if let Some(through) = &who.through {
        let _ = write!(text, " through {through}");
    }
    let _ = write!(text, ", {event}{}", agent(who.agent.as_deref()));
    if let Some(time) = &who.time {
        let _ = write!(text, ", {}", words::moment(time));
    }
    if let Some(address) = &who.address {
        let _ = write!(text, ", from {address}");
    }
    // Said only where it is not the whole.
    let mut changed: Vec<&str> = item.changes.iter().map(|change| change.path.as_str()).collect();
    changed.sort_unstable();
    changed.dedup();
    if !who.paths.is_empty() && who.paths.len() < changed.len() {
        let _ = write!(text, ", for {}", who.paths.join(", "));
    }
    if let Some(reason) = &who.reason {
        let _ = write!(text, "; {reason}");
    }
    Some(text)
}

fn actor(who: &Who) -> String {
    let name = who.actor.as_deref().unwrap_or("somebody");
    match who.actor_kind.as_deref() {
        Some("root") => "the ROOT user of the account".to_owned(),
        Some("account") => format!("account {name}"),
        _ => name.to_owned(),
    }
}

fn agent(of: Option<&str>) -> &'static str {
    match of {
        Some("console") => " in the console",
        Some("cli") => " with the AWS command line",
        Some("sdk") => " with an SDK",
        Some("terraform") => " with Terraform",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::sample;

    #[test]
    fn every_item_that_was_asked_about_has_a_sentence() {
        let document = sample::drift_only();
        let items = &document.drift.as_ref().unwrap().items;
        let sentences: Vec<String> = items.iter().filter_map(sentence).collect();
        insta::assert_snapshot!(sentences.join("\n"));
    }
}
