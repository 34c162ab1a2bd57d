//! Who made what no state has: objects of other tools left aside, and the rest by creator, day, type and tag.

use std::collections::{BTreeMap, BTreeSet};

use ::time::UtcOffset;
use ::time::format_description::well_known::Rfc3339;
use serde_json::Value;
use stateward_model::{Address, Place, Resource};

use super::Item;
use super::fresh::created_at;
use crate::live::LiveSide;
use crate::result::{DriftItem, UnmanagedGroup};

/// How a reason begins that names the tool which manages an object.
const ELSEWHERE: &str = "N19: managed elsewhere: ";

/// Why an object counts as managed by another tool than Terraform. Only tags that begin with `aws:` decide, because
/// nobody but AWS can write them: any other would let everyone hide an object by a tag.
pub fn managed_elsewhere(resource: &Resource) -> Option<String> {
    let tags = resource.tags();
    let tag = |key: &str| tags.get(key).filter(|value| !value.is_empty());
    if let Some(stack) = tag("aws:cloudformation:stack-name") {
        // All of them deploy stacks; the other tags only name the tool.
        let by = match () {
            () if tag("aws:servicecatalog:provisionedProductArn").is_some() => "Service Catalog, ",
            () if tags.keys().any(|key| key.starts_with("aws-cdk:")) => "CDK, ",
            () if tag("lambda:createdBy").is_some_and(|by| by == "SAM") => "SAM, ",
            () => "",
        };
        return Some(format!("{ELSEWHERE}{by}CloudFormation stack {stack}"));
    }
    if let Some(product) = tag("aws:servicecatalog:provisionedProductArn") {
        return Some(format!("{ELSEWHERE}Service Catalog product {product}"));
    }
    if let Some(cluster) = tag("aws:eks:cluster-name") {
        return Some(format!("{ELSEWHERE}EKS cluster {cluster}"));
    }
    tag("aws:backup:source-resource").map(|source| format!("{ELSEWHERE}AWS Backup of {source}"))
}

/// Who made an object, as its tags say; the value of AWS's own tag stands before what people write.
fn creator(tags: &BTreeMap<String, String>) -> Option<&String> {
    const KEYS: [&str; 4] = ["awscreatedby", "createdby", "creator", "launchedby"];
    KEYS.iter().find_map(|known| tags.iter().find(|(key, _)| plain(key) == *known).map(|(_, value)| value))
}

/// A tag's key without what spellings differ in.
fn plain(key: &str) -> String {
    key.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

/// Tags that say something of one object alone, or that group by creator already.
fn is_common(key: &str) -> bool {
    let plain = plain(key);
    !key.starts_with("aws:")
        && plain != "name"
        && !matches!(plain.as_str(), "createdby" | "creator" | "launchedby")
}

/// Fills in who made the unmanaged objects and when, and groups them.
pub(crate) fn groups(items: &mut [DriftItem], live: &dyn LiveSide, excluded: &[Item]) -> Vec<UnmanagedGroup> {
    let mut groups: BTreeMap<(usize, String), BTreeSet<String>> = BTreeMap::new();
    for item in items.iter_mut().filter(|item| item.class == "unmanaged" && item.owner.is_none()) {
        let place = Place::new(item.account.clone(), item.region.clone());
        let identity = Address { place, kind: item.kind.clone().into(), id: item.id.clone() };
        let Some(resource) = live.find(&identity) else { continue };
        let tags = resource.tags();
        item.creator = creator(&tags).cloned();
        let born = created_at(&resource).map(|born| born.to_offset(UtcOffset::UTC));
        item.created_at = born.and_then(|born| born.replace_nanosecond(0).ok()?.format(&Rfc3339).ok());
        let unsaid = if tags_were_read(&resource) { "no tag says" } else { "tags were not read" };
        let day = born.map_or_else(|| "its service does not say".to_owned(), |born| born.date().to_string());
        let mut names = vec![
            (0, item.creator.clone().unwrap_or_else(|| unsaid.to_owned())),
            (1, day),
            (2, item.kind.clone()),
        ];
        let common = tags.iter().filter(|(key, _)| is_common(key));
        names.extend(common.map(|(key, value)| (3, format!("{key}={value}"))));
        for name in names {
            groups.entry(name).or_default().insert(item.fingerprint.clone());
        }
    }
    let mut elsewhere: BTreeMap<&str, usize> = BTreeMap::new();
    for item in excluded {
        if let Some(by) = item.reason.as_deref().and_then(|reason| reason.strip_prefix(ELSEWHERE)) {
            *elsewhere.entry(by).or_default() += 1;
        }
    }
    const DIMENSIONS: [&str; 4] = ["creator", "day", "type", "tag"];
    let grouped = groups.into_iter().map(|((by, name), items)| UnmanagedGroup {
        by: DIMENSIONS[by].to_owned(),
        name,
        objects: items.len(),
        items: items.into_iter().collect(),
    });
    let elsewhere = elsewhere.into_iter().map(|(name, objects)| UnmanagedGroup {
        by: "managed_elsewhere".to_owned(),
        name: name.to_owned(),
        objects,
        items: Vec::new(),
    });
    grouped.chain(elsewhere).collect()
}

/// Where looking for existence alone did not bring the tags, their absence says nothing.
fn tags_were_read(resource: &Resource) -> bool {
    let read = |path: &str| resource.raw(path).is_ok_and(Value::is_object);
    read("tags_all") || read("tags")
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use stateward_model::{Harvest, Reading, Slot};

    use super::*;
    use crate::inventory::Inventory;

    fn resource(id: &str, attributes: Value) -> Resource {
        let mut resource = Resource::new(Place::new("1", "us-west-2"), "aws_instance", id);
        for (path, value) in attributes.as_object().unwrap() {
            resource.put_raw(path.clone(), Slot::Known(value.clone()));
        }
        resource
    }

    #[test]
    fn only_tags_of_aws_name_another_manager() {
        let by = |tags: Value| managed_elsewhere(&resource("i", json!({"tags_all": tags})));
        let stack = by(json!({"aws:cloudformation:stack-name": "shop"})).unwrap();
        assert_eq!(stack, "N19: managed elsewhere: CloudFormation stack shop");
        let cdk = by(json!({"aws:cloudformation:stack-name": "s", "aws-cdk:auto-delete-objects": "true"}));
        assert!(cdk.unwrap().contains("CDK"));
        let sam = by(json!({"aws:cloudformation:stack-name": "s", "lambda:createdBy": "SAM"}));
        assert!(sam.unwrap().contains("SAM"));
        for key in
            ["aws:servicecatalog:provisionedProductArn", "aws:eks:cluster-name", "aws:backup:source-resource"]
        {
            assert!(by(json!({ key: "x" })).is_some(), "{key}");
        }
        for key in ["cloudformation:stack-name", "eks:cluster-name", "CreatedBy", "lambda:createdBy"] {
            assert_eq!(by(json!({ key: "SAM" })), None, "{key}: anybody can write it");
        }
    }

    #[test]
    fn objects_are_grouped_by_creator_day_type_and_tag() {
        let place = Place::new("1", "us-west-2");
        let resources = vec![
            resource("i-1", json!({"tags_all": {"created-by": "ann", "Team": "web", "Name": "x"}})),
            resource("i-2", json!({"tags_all": {"Team": "web"}, "launch_time": "2026-03-01T23:30:00-01:00"})),
            resource("i-3", json!({})),
        ];
        let mut items: Vec<DriftItem> = resources
            .iter()
            .map(|resource| DriftItem {
                class: "unmanaged".into(),
                kind: "aws_instance".into(),
                id: resource.id().into(),
                fingerprint: resource.id().into(),
                account: "1".into(),
                region: "us-west-2".into(),
                ..DriftItem::default()
            })
            .collect();
        let harvest = Harvest { resources, gaps: vec![] };
        let kind = "aws_instance".to_owned();
        let live = Inventory::live(vec![Reading { kind, place, observed_at: String::new(), harvest }]);
        let mut stack = Item::live(live.resources().next().unwrap(), super::super::Class::Excluded);
        stack.reason = Some(format!("{ELSEWHERE}CloudFormation stack shop"));
        let groups = groups(&mut items, &live, &[stack.clone(), stack]);
        let said: Vec<String> =
            groups.iter().map(|group| format!("{}/{}/{}", group.by, group.name, group.objects)).collect();
        assert_eq!(
            said,
            [
                "creator/ann/1",
                "creator/no tag says/1",
                "creator/tags were not read/1",
                "day/2026-03-02/1",
                "day/its service does not say/2",
                "type/aws_instance/3",
                "tag/Team=web/2",
                "managed_elsewhere/CloudFormation stack shop/2",
            ]
        );
        assert_eq!(items[0].creator.as_deref(), Some("ann"));
        assert_eq!(items[1].created_at.as_deref(), Some("2026-03-02T00:30:00Z"));
    }
}
