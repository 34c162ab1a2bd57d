//! Which resources AWS Backup protects, and which the selections of its plans take in.

use serde_json::Value;
use stateward_model::kinds::backup::{protected_resource, selection};
use stateward_model::policy::matches;
use stateward_model::{Gap, Resource};

use crate::check::{Reads, View};
use crate::checks::facts::{arn_of, known_tags};
use crate::inventory::Side;

/// What [`is_selected`] reads of selections.
pub const READS: Reads = Reads {
    kind: &selection::KIND,
    attributes: &[
        selection::RESOURCES.any(),
        selection::NOT_RESOURCES.any(),
        selection::SELECTION_TAG.any(),
        selection::CONDITION.any(),
    ],
};

/// What [`is_protected`] reads on the live side; on the declared side it is [`READS`].
pub const PROTECTED: Reads = Reads { kind: &protected_resource::KIND, attributes: &[] };

/// Whether AWS Backup protects the resource; in a state, which has no recovery points, whether a plan selects it.
///
/// # Errors
/// The gap of a listing.
pub fn is_protected(resource: &Resource, view: &View) -> Result<bool, Gap> {
    if view.side == Side::Declared {
        return is_selected(resource, view);
    }
    let found =
        view.inventory.lookup(&protected_resource::KIND, &resource.address.place, &arn_of(resource)?)?;
    Ok(found.is_some())
}

/// Whether a selection in the region takes the resource in. Needs its ARN, and its tags where a selection asks for any.
///
/// # Errors
/// The gap of the listing, of a selection, or of what it asks of the resource.
pub fn is_selected(resource: &Resource, view: &View) -> Result<bool, Gap> {
    let arn = arn_of(resource)?;
    for found in view.inventory.all_in(&selection::KIND, &resource.address.place)? {
        if takes(found, &arn, resource)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// "Assigning resources programmatically" in the AWS Backup guide: ARNs or tags name a resource, all conditions have to
/// hold, and an exclusion is final. A selection that names nothing takes everything.
fn takes(selection: &Resource, arn: &str, resource: &Resource) -> Result<bool, Gap> {
    let any = |patterns: &[String]| patterns.iter().any(|pattern| matches(pattern, arn));
    if any(&selection.get_or_default(&selection::NOT_RESOURCES)?) {
        return Ok(false);
    }
    let arns = selection.get_or_default(&selection::RESOURCES)?;
    let by_tag = blocks(selection.get(&selection::SELECTION_TAG)?);
    let conditions = blocks(selection.get(&selection::CONDITION)?);
    let named = any(&arns) || (arns.is_empty() && by_tag.is_empty());
    if !named && by_tag.is_empty() {
        return Ok(false);
    }
    if by_tag.is_empty() && conditions.is_empty() {
        return Ok(named);
    }
    let tags = known_tags(resource)?;
    let value_of = |block: &Value| {
        let key = block["key"].as_str().unwrap_or_default();
        tags.get(key.strip_prefix("aws:ResourceTag/").unwrap_or(key)).map(String::as_str)
    };
    let wanted = |block: &Value| block["value"].as_str().unwrap_or_default().to_owned();
    let tagged = by_tag.iter().any(|block| value_of(block) == Some(wanted(block).as_str()));
    let holds = |operator: &str, test: &dyn Fn(&Value) -> bool| {
        conditions.iter().flat_map(|block| block[operator].as_array().into_iter().flatten()).all(test)
    };
    Ok((named || tagged)
        && holds("string_equals", &|block| value_of(block) == Some(wanted(block).as_str()))
        && holds("string_not_equals", &|block| value_of(block) != Some(wanted(block).as_str()))
        && holds("string_like", &|block| value_of(block).is_some_and(|value| matches(&wanted(block), value)))
        && holds("string_not_like", &|block| {
            !value_of(block).is_some_and(|value| matches(&wanted(block), value))
        }))
}

fn blocks(value: Option<Value>) -> Vec<Value> {
    match value {
        Some(Value::Array(blocks)) => blocks,
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use stateward_model::{Place, Slot};

    const ARN: &str = "arn:aws:rds:us-west-2:1:db:orders";

    fn taken(selection: Value) -> bool {
        let place = Place::new("1", "us-west-2");
        let mut found = Resource::new(place.clone(), "aws_backup_selection", "s");
        for path in ["resources", "not_resources", "selection_tag", "condition"] {
            found.put_raw(path, Slot::Known(selection[path].clone()));
        }
        let mut database = Resource::new(place, "aws_db_instance", "orders");
        database.put_raw("tags", Slot::Known(json!({ "backup": "daily", "tier": "gold" })));
        takes(&found, ARN, &database).unwrap()
    }

    #[test]
    fn arns_and_tags_name_and_exclusions_are_final() {
        assert!(taken(json!({ "resources": ["arn:aws:rds:*"] })));
        assert!(!taken(json!({ "resources": ["arn:aws:dynamodb:*"] })));
        assert!(!taken(json!({ "resources": ["*"], "not_resources": [ARN] })));
        let daily = json!([{ "type": "STRINGEQUALS", "key": "backup", "value": "daily" }]);
        assert!(taken(json!({ "selection_tag": daily })));
        assert!(taken(json!({ "resources": ["arn:aws:dynamodb:*"], "selection_tag": daily })));
        assert!(!taken(json!({ "selection_tag": [{ "key": "backup", "value": "weekly" }] })));
        assert!(taken(json!({})), "a selection that names nothing takes everything");
    }

    #[test]
    fn all_conditions_have_to_hold() {
        let condition = |operator: &str, value: &str| json!({ "resources": ["*"], "condition": [{ operator: [{ "key": "aws:ResourceTag/tier", "value": value }] }] });
        assert!(taken(condition("string_equals", "gold")) && !taken(condition("string_equals", "lead")));
        assert!(taken(condition("string_like", "g*")) && !taken(condition("string_not_like", "g*")));
        assert!(
            taken(condition("string_not_equals", "lead")) && !taken(condition("string_not_equals", "gold"))
        );
    }

    #[test]
    fn tags_that_were_not_read_are_a_gap() {
        let place = Place::new("1", "us-west-2");
        let mut found = Resource::new(place.clone(), "aws_backup_selection", "s");
        for path in ["resources", "not_resources", "condition"] {
            found.put_raw(path, Slot::Known(json!([])));
        }
        found.put_raw("selection_tag", Slot::Known(json!([{ "key": "backup", "value": "daily" }])));
        assert!(takes(&found, ARN, &Resource::new(place, "aws_db_instance", "orders")).is_err());
    }
}
