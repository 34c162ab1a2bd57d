//! Where declared resources live: from their own attributes, or else from their provider's other resources.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use stateward_model::{GLOBAL, Kind, Place, Resource, Scope};

/// Account and region that a resource's own attributes tell; empty where they do not.
pub(crate) fn own_place(kind: Option<&Kind>, hints: &Map<String, Value>) -> Place {
    let text = |name: &str| hints.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let arn = ["arn", "id"].iter().filter_map(|name| text(name)).find_map(arn_place);
    let account = arn.as_ref().map(|(_, account)| account.clone()).filter(|account| !account.is_empty());
    let account = account.or_else(|| text("owner_id").map(str::to_owned)).unwrap_or_default();
    if kind.is_some_and(|kind| kind.scope == Scope::Global) {
        return Place::new(account, GLOBAL);
    }
    let region = text("region")
        .map(str::to_owned)
        .or_else(|| arn.map(|(region, _)| region).filter(|region| !region.is_empty()))
        .or_else(|| text("availability_zone").and_then(zone_region))
        .unwrap_or_default();
    Place::new(account, region)
}

/// Region and account of an ARN; either may be empty.
fn arn_place(text: &str) -> Option<(String, String)> {
    let mut parts = text.strip_prefix("arn:")?.splitn(5, ':');
    let (_partition, _service) = (parts.next()?, parts.next()?);
    Some((parts.next()?.to_owned(), parts.next()?.to_owned()))
}

/// `us-west-2a` is in `us-west-2`; local zones carry longer names and are left alone.
fn zone_region(zone: &str) -> Option<String> {
    let region = zone.strip_suffix(|letter: char| letter.is_ascii_lowercase())?;
    region.ends_with(|digit: char| digit.is_ascii_digit()).then(|| region.to_owned())
}

/// What the resources of the states say of where their providers work. Observe all first, then settle each.
#[derive(Debug, Default)]
pub struct Places {
    regions: BTreeMap<(String, String), BTreeMap<String, usize>>,
    accounts: BTreeMap<(String, String), BTreeMap<String, usize>>,
}

impl Places {
    /// Takes note of what the resource's own attributes tell.
    pub fn observe(&mut self, resource: &Resource) {
        let Some(key) = provider(resource) else { return };
        let place = &resource.address.place;
        if !place.region.is_empty() && place.region != GLOBAL {
            *self.regions.entry(key.clone()).or_default().entry(place.region.clone()).or_default() += 1;
        }
        if !place.account.is_empty() {
            *self.accounts.entry(key).or_default().entry(place.account.clone()).or_default() += 1;
        }
    }

    /// Gives a resource whose attributes do not tell its region or account those of most of its provider's other
    /// resources in the same state; `account` stands in where a state names none.
    pub fn settle(&self, resource: &mut Resource, account: &str) {
        let place = &resource.address.place;
        if !place.region.is_empty() && !place.account.is_empty() {
            return;
        }
        let Some(key) = provider(resource) else { return };
        let place = &mut resource.address.place;
        if place.region.is_empty() {
            place.region = most(self.regions.get(&key)).unwrap_or_default();
        }
        if place.account.is_empty() {
            place.account = most(self.accounts.get(&key)).unwrap_or_else(|| account.to_owned());
        }
    }
}

fn provider(resource: &Resource) -> Option<(String, String)> {
    resource.declared.as_ref().map(|facts| (facts.state.clone(), facts.provider.clone()))
}

fn most(counts: Option<&BTreeMap<String, usize>>) -> Option<String> {
    counts.and_then(|counts| counts.iter().max_by_key(|(_, count)| **count)).map(|(name, _)| name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use stateward_model::Declared;

    fn place(hints: Value) -> Place {
        own_place(None, hints.as_object().unwrap())
    }

    #[test]
    fn attributes_tell_the_place() {
        assert_eq!(
            place(json!({"arn": "arn:aws:rds:us-east-1:123456789012:db:x"})).to_string(),
            "123456789012/us-east-1"
        );
        assert_eq!(place(json!({"arn": "arn:aws:s3:::b", "region": "eu-west-1"})).region, "eu-west-1");
        assert_eq!(place(json!({"availability_zone": "us-west-2b"})).region, "us-west-2");
        assert_eq!(place(json!({"id": "sgrule-1"})).region, "");
    }

    #[test]
    fn a_provider_alias_tells_what_attributes_do_not() {
        let resource = |id: &str, place: Place| {
            let mut resource = Resource::new(place, "aws_x", id);
            resource.declared = Some(Declared { provider: "aws.east".into(), ..Declared::default() });
            resource
        };
        let mut all = [
            resource("a", Place::new("1", "us-east-1")),
            resource("b", Place::new("", "")),
            resource("c", Place::new("1", GLOBAL)),
        ];
        let mut places = Places::default();
        all.iter().for_each(|resource| places.observe(resource));
        all.iter_mut().for_each(|resource| places.settle(resource, "9"));
        assert_eq!(all[1].address.place, Place::new("1", "us-east-1"));
        assert_eq!(all[2].region(), GLOBAL);
    }
}
