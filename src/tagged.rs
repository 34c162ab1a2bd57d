//! Which managed instances carry the tags that the profile requires.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stateward_model::{Cause, Gap, Kind, Resource, Slot, kinds, secret};

use crate::inventory::Inventory;

/// Where tags stand, by type: a map, or the blocks of a scaling group.
const PATHS: [&str; 3] = ["tags_all", "tags", "tag"];

/// What a state's managed instances tell of required tags.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TagFacts {
    /// Instances that can carry tags, and whose tags are known.
    pub known: usize,
    /// The keys that are lacking, by the address of the instance.
    pub lacking: BTreeMap<String, BTreeSet<String>>,
    /// Instances whose tags could not be read.
    pub unread: usize,
    /// Why the first of them could not be.
    pub gap: Option<Gap>,
}

impl TagFacts {
    /// Of `resources`, the managed instances of one state. Where a run reads a type live, the live tags count; what it
    /// does not read, the state tells.
    pub fn of(resources: impl Iterator<Item = Resource>, live: &Inventory, required: &[String]) -> Self {
        let mut facts = Self::default();
        for resource in resources {
            let Some(declared) = resource.declared.as_ref().filter(|facts| facts.deposed.is_none()) else {
                continue;
            };
            match keys_now(&resource, live) {
                Ok(None) => {}
                Ok(Some(keys)) => {
                    facts.known += 1;
                    let lacking: BTreeSet<String> =
                        required.iter().filter(|key| !keys.contains(*key)).cloned().collect();
                    if !lacking.is_empty() {
                        facts.lacking.insert(declared.address.clone(), lacking);
                    }
                }
                Err(gap) => {
                    facts.unread += 1;
                    facts.gap.get_or_insert(gap);
                }
            }
        }
        facts
    }
}

/// The keys of an instance's tags; `None` for what cannot carry any, and for what does not exist any more.
fn keys_now(resource: &Resource, live: &Inventory) -> Result<Option<BTreeSet<String>>, Gap> {
    let declared = keys(resource);
    if declared == Ok(None) {
        return declared;
    }
    let place = &resource.address.place;
    let read = |kind: &&'static Kind| {
        let tagged = PATHS.iter().any(|path| kind.attribute(path).is_some());
        tagged && live.places(kind).contains(place)
    };
    let Some(kind) = kinds::find(resource.kind()).filter(read) else { return declared };
    match live.find(&resource.address) {
        Some(found) => keys(found),
        None => live.complete(kind, place).map(|()| None),
    }
}

/// The keys of the tags of one side.
fn keys(resource: &Resource) -> Result<Option<BTreeSet<String>>, Gap> {
    let mut all = None;
    for path in PATHS {
        match resource.slot(path) {
            None => {}
            Some(Slot::Unread(gap)) => return Err(gap.clone()),
            Some(Slot::Known(value)) if secret::is_digest(value) => {
                let detail = "the state hides its tags, and they are not read live";
                return Err(Gap::new("state", Cause::NotInState, detail));
            }
            Some(Slot::Known(value)) => all.get_or_insert_with(BTreeSet::new).extend(keys_in(value)),
        }
    }
    Ok(all)
}

fn keys_in(tags: &Value) -> BTreeSet<String> {
    match tags {
        Value::Object(map) => map.keys().cloned().collect(),
        Value::Array(blocks) => {
            let key = |block: &Value| block.get("key").and_then(Value::as_str).map(str::to_owned);
            blocks.iter().filter_map(key).collect()
        }
        _ => BTreeSet::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use stateward_model::{Declared, Harvest, Place, Reading};

    fn resource(kind: &'static str, id: &str, attributes: &Value) -> Resource {
        let mut resource = Resource::new(Place::new("1", "r"), kind, id.to_owned());
        for (path, value) in attributes.as_object().unwrap() {
            resource.put_raw(path.clone(), Slot::Known(value.clone()));
        }
        resource
    }

    fn managed(kind: &'static str, id: &str, attributes: &Value) -> Resource {
        let mut resource = resource(kind, id, attributes);
        resource.declared = Some(Declared { address: format!("{kind}.{id}"), ..Declared::default() });
        resource
    }

    fn live(kind: &str, resources: Vec<Resource>, gaps: Vec<Gap>) -> Inventory {
        let (kind, place) = (kind.to_owned(), Place::new("1", "r"));
        let harvest = Harvest { resources, gaps };
        Inventory::live(vec![Reading { kind, place, observed_at: String::new(), harvest }])
    }

    fn facts(resource: Resource, live: &Inventory) -> TagFacts {
        TagFacts::of([resource].into_iter(), live, &["Owner".to_owned(), "Cost".to_owned()])
    }

    #[test]
    fn live_tags_count_where_they_are_read_and_those_of_the_state_elsewhere() {
        const QUEUE: &str = "aws_sqs_queue";
        let both = json!({ "tags": { "Owner": "a" }, "tags_all": { "Owner": "a", "Cost": "b" } });
        let queue = || managed(QUEUE, "jobs", &both);
        let nowhere = Inventory::live(Vec::new());
        assert_eq!(facts(queue(), &nowhere), TagFacts { known: 1, ..TagFacts::default() });
        let stripped = resource(QUEUE, "jobs", &json!({ "tags": {}, "tags_all": { "Owner": "" } }));
        let found = facts(queue(), &live(QUEUE, vec![stripped], Vec::new()));
        assert_eq!(found.lacking["aws_sqs_queue.jobs"], ["Cost".to_owned()].into(), "an empty value is one");
        let gone = facts(queue(), &live(QUEUE, Vec::new(), Vec::new()));
        assert_eq!(gone, TagFacts::default(), "what does not exist lacks nothing");
    }

    #[test]
    fn tags_that_could_not_be_read_are_unknown() {
        let queue =
            || managed("aws_sqs_queue", "jobs", &json!({ "tags_all": { "Owner": "a", "Cost": "b" } }));
        let gap = Gap::new("sqs:ListQueueTags", Cause::Denied, "no");
        let mut read = resource("aws_sqs_queue", "jobs", &json!({}));
        read.put_raw("tags_all", Slot::Unread(gap.clone()));
        let refused = facts(queue(), &live("aws_sqs_queue", vec![read], Vec::new()));
        assert_eq!((refused.unread, refused.gap.as_ref()), (1, Some(&gap)));
        let unlisted = facts(queue(), &live("aws_sqs_queue", Vec::new(), vec![gap.clone()]));
        assert_eq!((unlisted.unread, unlisted.known, unlisted.gap), (1, 0, Some(gap)));
    }

    #[test]
    fn tags_that_a_state_hides_are_unknown_unless_they_are_read_live() {
        let hidden = || {
            let tags = secret::digest(b"k", &json!({ "Owner": "a" }));
            managed("aws_sqs_queue", "jobs", &json!({ "tags_all": tags }))
        };
        let unknown = facts(hidden(), &Inventory::live(Vec::new()));
        assert_eq!((unknown.unread, unknown.gap.unwrap().cause), (1, Cause::NotInState));
        let read = resource("aws_sqs_queue", "jobs", &json!({ "tags_all": { "Owner": "a", "Cost": "b" } }));
        let known = facts(hidden(), &live("aws_sqs_queue", vec![read], Vec::new()));
        assert_eq!(known, TagFacts { known: 1, ..TagFacts::default() });
    }

    #[test]
    fn blocks_are_tags_too_and_what_has_none_is_left_out() {
        let nowhere = Inventory::live(Vec::new());
        let tag = json!([{ "key": "Owner", "value": "a", "propagate_at_launch": true }]);
        let group = managed("aws_autoscaling_group", "web", &json!({ "tag": tag, "tags": null }));
        assert_eq!(facts(group, &nowhere).lacking["aws_autoscaling_group.web"], ["Cost".to_owned()].into());
        let untaggable = managed("aws_iam_role_policy", "p", &json!({ "policy": "{}" }));
        assert_eq!(facts(untaggable, &nowhere), TagFacts::default());
        let bare = managed("aws_dax_cluster", "cache", &json!({ "tags_all": null }));
        assert_eq!(facts(bare, &nowhere).lacking["aws_dax_cluster.cache"].len(), 2);
    }
}
