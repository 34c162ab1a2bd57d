//! What to read: only what an enabled check or a compared type needs, and nothing twice.

use std::collections::{BTreeMap, BTreeSet};

use stateward_model::kind::Form;
use stateward_model::{Equality, Kind, Wanted, kinds};

use crate::check::{Check, Subject};
use crate::checks;
use crate::compliance;
use crate::drift::atoms::tells_of_others;
use crate::profile::{Pattern, Profile};

/// Which checks a run makes; empty lists select everything.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Services in IAM spelling (`ec2`, `s3`).
    pub services: Vec<String>,
    /// Check ids or aliases.
    pub checks: Vec<String>,
    /// Categories.
    pub categories: Vec<String>,
    /// Component keys.
    pub components: Vec<String>,
    /// Keys of compliance frameworks: the checks that support any of their controls.
    pub frameworks: Vec<String>,
}

/// A word of the selection that names nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no {what} '{word}'{}\n  remedy: choose of {known}", near.as_ref().map(|near| format!("; did you mean '{near}'?")).unwrap_or_default())]
pub struct UnknownWord {
    /// check, category, component, framework or service.
    pub what: &'static str,
    /// As given.
    pub word: String,
    /// The nearest known word.
    pub near: Option<String>,
    /// The known words, or where to find them.
    pub known: String,
}

impl Selection {
    /// True when nothing was narrowed down.
    pub fn is_everything(&self) -> bool {
        self.services.is_empty()
            && self.checks.is_empty()
            && self.categories.is_empty()
            && self.components.is_empty()
            && self.frameworks.is_empty()
    }

    /// True when drift belongs to what was selected.
    pub fn includes_drift(&self, all: &[&Check]) -> bool {
        self.selects_drift_check(all) || (self.is_everything() || self.only_services())
    }

    fn only_services(&self) -> bool {
        self.checks.is_empty()
            && self.categories.is_empty()
            && self.components.is_empty()
            && self.frameworks.is_empty()
    }

    fn selects_drift_check(&self, all: &[&Check]) -> bool {
        !self.only_services()
            && self.choose(all, &[]).is_ok_and(|checks| checks.iter().any(|check| check.needs_drift()))
    }

    /// The checks selected, without those that the profile disables (ids or aliases).
    ///
    /// # Errors
    /// The first word that names nothing.
    pub fn select(&self, disabled: &[String]) -> Result<Vec<&'static Check<'static>>, UnknownWord> {
        self.choose(&checks::all().collect::<Vec<_>>(), disabled)
    }

    /// As [`Selection::select`], of `all` checks: those of the catalogue and custom ones.
    ///
    /// # Errors
    /// The first word that names nothing.
    pub fn choose<'a>(
        &self,
        all: &[&'a Check<'a>],
        disabled: &[String],
    ) -> Result<Vec<&'a Check<'a>>, UnknownWord> {
        self.verify(all)?;
        let named = |check: &Check, names: &[String]| {
            names
                .iter()
                .any(|name| check.id.eq_ignore_ascii_case(name) || check.alias.eq_ignore_ascii_case(name))
        };
        Ok(all
            .iter()
            .copied()
            .filter(|check| !named(check, disabled))
            .filter(|check| self.checks.is_empty() || named(check, &self.checks))
            .filter(|check| {
                self.categories.is_empty() || self.categories.iter().any(|word| word == check.category.word())
            })
            .filter(|check| {
                self.components.is_empty() || self.components.iter().any(|word| word == check.component)
            })
            .filter(|check| self.services.is_empty() || check.services().any(|name| self.has_service(name)))
            .filter(|check| self.frameworks.is_empty() || compliance::supports(check.id, &self.frameworks))
            .collect())
    }

    fn has_service(&self, name: &str) -> bool {
        self.services.iter().any(|word| word == name)
    }

    fn verify(&self, all: &[&Check]) -> Result<(), UnknownWord> {
        let ids: Vec<&str> = all.iter().flat_map(|check| [check.id, check.alias]).collect();
        verify_words("check", &self.checks, &ids, Some("`stateward checks`"))?;
        let words: BTreeSet<&str> = all.iter().map(|check| check.category.word()).collect();
        verify_words("category", &self.categories, &words.into_iter().collect::<Vec<_>>(), None)?;
        verify_words("component", &self.components, &crate::profile::COMPONENT_KEYS, None)?;
        verify_words("framework", &self.frameworks, &compliance::KEYS, None)?;
        let words: BTreeSet<&str> = kinds::all().map(|kind| kind.service).collect();
        verify_words("service", &self.services, &words.into_iter().collect::<Vec<_>>(), None)
    }
}

fn verify_words(
    what: &'static str,
    words: &[String],
    known: &[&str],
    list: Option<&str>,
) -> Result<(), UnknownWord> {
    let is_known = |word: &String| known.iter().any(|known| known.eq_ignore_ascii_case(word));
    let Some(word) = words.iter().find(|word| !is_known(word)) else { return Ok(()) };
    let folded = word.to_lowercase();
    let near = known
        .iter()
        .map(|known| (strsim::damerau_levenshtein(&known.to_lowercase(), &folded), *known))
        .filter(|(distance, _)| *distance <= 3)
        .min()
        .map(|(_, known)| known.to_owned());
    let known = list.map_or_else(|| known.join(", "), |list| format!("those that {list} lists"));
    Err(UnknownWord { what, word: word.clone(), near, known })
}

impl Check<'_> {
    /// The kinds that it judges, when it judges resources.
    pub fn kinds(&self) -> Vec<&'static Kind> {
        match self.subject {
            Subject::Each(kind, _) | Subject::EachIncludingExcluded(kind, _) | Subject::Custom(kind, _) => {
                vec![kind]
            }
            Subject::EachOf(kinds, _) | Subject::EachOfIncludingExcluded(kinds, _) => kinds.to_vec(),
            Subject::Region(_) | Subject::Estate(_) | Subject::State(_) | Subject::Configuration(_) => {
                Vec::new()
            }
        }
    }

    /// The kind that it judges, when it judges resources; the first of several.
    pub fn kind(&self) -> Option<&'static Kind> {
        self.kinds().first().copied()
    }

    /// Services whose resources it reads.
    pub fn services(&self) -> impl Iterator<Item = &'static str> {
        let own = self.kinds().into_iter().map(|kind| kind.service);
        own.chain(self.reads.iter().map(|reads| reads.kind.service))
    }

    /// True when it judges what drift found.
    pub fn needs_drift(&self) -> bool {
        self.category == crate::check::Category::Drift && matches!(self.subject, Subject::Estate(_))
    }
}

/// Attributes that a check needs of some resources alone, by the profile's names for them.
type Named = (&'static str, &'static str, fn(&Profile) -> &[Pattern]);
const NAMED: &[Named] =
    &[("STO-09", "object_lock_configuration", |profile| &profile.storage.immutable_buckets)];

/// What `checks` read. Kinds that a check only looks up while it judges others are wanted as far as there are others.
pub fn for_checks(checks: &[&Check], profile: &Profile, wanted: &mut Wanted) {
    for check in checks {
        let subjects: Vec<&'static Kind> = check.kinds();
        for kind in &subjects {
            wanted.kind(kind.name);
        }
        for reads in check.reads {
            // What is read last cannot decide whether anything else is read.
            if subjects.is_empty() || subjects.iter().any(|kind| !kind.after.is_empty()) {
                wanted.kind(reads.kind.name);
            } else {
                wanted.support(reads.kind.name, subjects.iter().map(|kind| kind.name.to_owned()));
            }
            for attr in reads.attributes {
                let named = NAMED.iter().find(|(id, path, _)| *id == check.id && *path == attr.path);
                match named {
                    Some((_, _, names)) => {
                        let names: Vec<String> = names(profile).iter().map(ToString::to_string).collect();
                        wanted.attribute_of(reads.kind.name, attr.path, &names)
                    }
                    None => wanted.attribute(reads.kind.name, attr.path),
                };
            }
        }
    }
}

/// What comparing instances needs: of every type the attributes that any of them carries.
pub fn for_states(
    carried: &BTreeMap<&'static str, BTreeSet<&'static str>>,
    profile: &Profile,
    wanted: &mut Wanted,
) {
    for (name, paths) in carried {
        // States of providers before default_tags have no tags_all, and are compared by it all the same.
        let mut paths = paths.clone();
        let named = kinds::find(name).is_some_and(|kind| kind.attribute("tags_all").is_some());
        if named && paths.contains("tags") {
            paths.insert("tags_all");
        }
        match kinds::satellite(name) {
            Some((owner, satellite)) => {
                wanted.kind(owner.name);
                match satellite.form {
                    Form::Block { attribute, .. } | Form::Whole { attribute, .. } => {
                        wanted.attribute(owner.name, attribute);
                    }
                    Form::Atoms { attributes, .. } => {
                        for attribute in attributes {
                            wanted.attribute(owner.name, attribute);
                        }
                    }
                }
            }
            None => compared(name, &paths, wanted),
        }
    }
    // N13 is decided by what scales a group: its policies, its schedules, the tags of a cluster's autoscaler.
    if wanted.has_kind("aws_autoscaling_group") {
        wanted.attribute("aws_autoscaling_group", "tag");
        wanted.kind("aws_autoscaling_policy").attribute("aws_autoscaling_policy", "autoscaling_group_name");
        let of_schedules = ["autoscaling_group_name", "desired_capacity", "min_size", "max_size"];
        wanted.kind("aws_autoscaling_schedule");
        for path in of_schedules {
            wanted.attribute("aws_autoscaling_schedule", path);
        }
    }
    // Counts of tasks and throughput of tables may be a target of Application Auto Scaling.
    let is_scaled = |(name, path): &(&str, &str)| carried.get(name).is_some_and(|paths| paths.contains(path));
    const SCALED: &[(&str, &str)] = &[
        ("aws_ecs_service", "desired_count"),
        ("aws_dynamodb_table", "read_capacity"),
        ("aws_dynamodb_table", "write_capacity"),
    ];
    if SCALED.iter().any(is_scaled) {
        wanted.kind("aws_appautoscaling_target");
        for path in ["min_capacity", "max_capacity"] {
            wanted.attribute("aws_appautoscaling_target", path);
        }
    }
    // N14 is decided by who registered what a service runs. Without a pipeline that may have, nobody is asked.
    let deployed =
        ["aws_ecs_service", "aws_ecs_task_definition"].iter().any(|name| carried.contains_key(name));
    if deployed && !profile.drift.pipeline_roles.is_empty() {
        wanted.kind("aws_ecs_task_definition").attribute("aws_ecs_task_definition", "registered_by");
    }
}

fn compared(name: &'static str, paths: &BTreeSet<&'static str>, wanted: &mut Wanted) {
    wanted.kind(name);
    let Some(kind) = kinds::find(name) else { return };
    for attr in kind.attributes {
        let is_list_of_parts = kind.satellites.iter().any(|satellite| {
            matches!(satellite.form, Form::Atoms { attributes, .. } if attributes.contains(&attr.path))
        });
        let is_compared = paths.contains(attr.path) && !matches!(attr.equality, Equality::Never(_));
        if is_compared || (is_list_of_parts && tells_of_others(kind, attr)) {
            wanted.attribute(name, attr.path);
        }
    }
}

/// Every kind that can be listed and managed, for unmanaged objects of all types.
pub fn for_existence(wanted: &mut Wanted) {
    for kind in kinds::all().filter(|kind| kind.manageable && !kind.listed_by.is_empty()) {
        wanted.kind(kind.name);
    }
    // What a former member of a scaling group left behind is told by the template of the group.
    wanted.attribute("aws_launch_template", "block_device_mappings");
    // Every revision that was ever registered is listed, and only those that run are there to be managed.
    wanted.attribute("aws_ecs_task_definition", "in_use");
}

/// Every attribute of every kind, for a recording that any later audit can be run over.
pub fn for_everything(wanted: &mut Wanted) {
    for kind in kinds::all().filter(|kind| !kind.listed_by.is_empty()) {
        wanted.kind(kind.name);
        for attr in kind.attributes {
            wanted.attribute(kind.name, attr.path);
        }
    }
}

/// What is asked for of one service alone.
pub fn only_services(wanted: &Wanted, services: &[String]) -> Wanted {
    if services.is_empty() {
        return wanted.clone();
    }
    let mut narrowed = Wanted::default();
    for name in wanted
        .kinds()
        .filter(|name| kinds::find(name).is_some_and(|kind| services.iter().any(|s| s == kind.service)))
    {
        narrowed.kind(name);
        for attr in kinds::find(name).map(|kind| kind.attributes).unwrap_or_default() {
            if wanted.has(name, attr.path) {
                narrowed.attribute(name, attr.path);
            }
        }
    }
    narrowed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shelf::Shelf;

    #[test]
    fn a_word_that_names_nothing_gets_the_near_one() {
        let selection = Selection { categories: vec!["encription".into()], ..Selection::default() };
        let error = selection.select(&[]).unwrap_err();
        assert_eq!(error.near.as_deref(), Some("encryption").filter(|near| error.known.contains(near)));
        let selection = Selection { components: vec!["storag".into()], ..Selection::default() };
        assert!(selection.select(&[]).unwrap_err().to_string().contains("did you mean 'storage'"));
    }

    #[test]
    fn a_disabled_check_is_not_selected_and_asks_for_nothing() {
        let all = Selection::default().select(&[]).unwrap();
        let disabled: Vec<String> = all.iter().map(|check| check.alias.to_owned()).collect();
        assert!(Selection::default().select(&disabled).unwrap().is_empty());
        let mut wanted = Wanted::default();
        for_checks(&[], &Profile::built_in_default().unwrap(), &mut wanted);
        assert_eq!(wanted, Wanted::default());
    }

    #[test]
    fn who_registered_a_revision_is_asked_where_a_pipeline_may_have() {
        let asked = |text: &str| {
            let read = |_: &std::path::Path| Ok(text.to_owned());
            let profile = Profile::load(&["./p.toml".to_owned()], read).unwrap();
            let mut wanted = Wanted::default();
            let carried = BTreeMap::from([("aws_ecs_service", BTreeSet::from(["task_definition"]))]);
            for_states(&carried, &profile, &mut wanted);
            (
                wanted.has("aws_ecs_task_definition", "registered_by"),
                wanted.has("aws_ecs_task_definition", "in_use"),
            )
        };
        assert_eq!(asked("[drift]\npipeline_roles = [\"deploy\"]"), (true, false));
        assert_eq!(asked(""), (false, false));
    }

    #[test]
    fn what_is_read_last_is_no_reason_to_read_and_none_not_to() {
        let of = |id: &str| {
            let selection = Selection { checks: vec![id.into()], ..Selection::default() };
            let mut wanted = Wanted::default();
            let profile = Profile::built_in_default().unwrap();
            for_checks(&selection.select(&[]).unwrap(), &profile, &mut wanted);
            wanted
        };
        let quotas = of("ASC-15");
        assert!(
            quotas.has_kind("aws_cloudwatch_metric") && quotas.supports("aws_cloudwatch_metric").is_none()
        );
        assert!(of("ASC-13").supports("aws_appautoscaling_target").is_some());
    }

    #[test]
    fn a_state_asks_for_what_its_instances_carry() {
        let mut bucket =
            stateward_model::Resource::new(stateward_model::Place::new("1", "r"), "aws_s3_bucket", "b");
        bucket.put_raw("versioning", stateward_model::Slot::Known(serde_json::json!([])));
        let mut wanted = Wanted::default();
        for_states(&Shelf::from_iter([bucket]).carried(), &Profile::built_in_default().unwrap(), &mut wanted);
        assert!(wanted.has("aws_s3_bucket", "versioning") && !wanted.has("aws_s3_bucket", "logging"));
    }
}
