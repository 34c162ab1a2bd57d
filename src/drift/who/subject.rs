//! What CloudTrail calls the things that drifted.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use stateward_model::kind::{Form, Satellite};
use stateward_model::trail::{LookupBy, TrailEvent, TrailResource, table};
use stateward_model::{Address, GLOBAL, Kind, Place, Resource, Scope, kinds};

use crate::drift::{Class, Drift, Item, label};

/// The resource behind an item: the item's own, or the owner of a part.
#[derive(Debug, Clone)]
pub struct Subject {
    /// Its type.
    pub kind: &'static Kind,
    /// Where it is.
    pub place: Place,
    /// By what it is looked up.
    pub by: LookupBy,
    /// Its names in CloudTrail, likeliest first.
    pub names: Vec<String>,
    /// For what CloudTrail knows only by its container (a record of a zone): the name that a request has to say.
    pub own: Option<String>,
    /// For a part: what it is of the owner.
    pub part: Option<&'static Satellite>,
    /// For a declared part: the elements that it claims.
    pub claims: Vec<(&'static str, Value)>,
}

/// True for items whose maker is asked for: what changed or went, and what came and bears on security.
pub fn is_asked(item: &Item) -> bool {
    match item.class {
        Class::Changed | Class::Missing => true,
        Class::Unmanaged => item.owner.is_some() || label::guards(&item.identity.kind),
        _ => false,
    }
}

/// The subjects of the items that are asked for, by their index.
pub fn subjects(drift: &Drift, declared: impl Iterator<Item = Resource>) -> BTreeMap<usize, Subject> {
    let asked: Vec<(usize, &Item)> =
        drift.items.iter().enumerate().filter(|(_, item)| is_asked(item)).collect();
    let stands = |item: &Item| {
        let part = kinds::satellite(&item.identity.kind).is_some();
        let address = item.owner.as_ref().or(item.address.as_ref()).filter(|_| part)?;
        Some((item.state.clone().unwrap_or_default(), address.clone()))
    };
    let wanted: BTreeSet<(String, String)> = asked.iter().filter_map(|(_, item)| stands(item)).collect();
    let mut known: BTreeMap<(String, String), Resource> = BTreeMap::new();
    // The states are not unpacked for what no part needs.
    for resource in declared.take_while(|_| !wanted.is_empty()) {
        let Some(facts) = resource.declared.as_ref().filter(|facts| facts.deposed.is_none()) else {
            continue;
        };
        let key = (facts.state.clone(), facts.address.clone());
        if wanted.contains(&key) {
            known.insert(key, resource);
        }
    }
    asked
        .into_iter()
        .filter_map(|(index, item)| {
            let resource = stands(item).and_then(|key| known.get(&key));
            Some((index, subject(item, resource)?))
        })
        .collect()
}

/// The subject of an item that is no part of another.
pub fn of_whole(item: &Item) -> Option<Subject> {
    let part = kinds::satellite(&item.identity.kind).is_some();
    if part { None } else { subject(item, None) }
}

fn subject(item: &Item, resource: Option<&Resource>) -> Option<Subject> {
    let Some((owner, part)) = kinds::satellite(&item.identity.kind) else {
        let kind = kinds::find(&item.identity.kind)?;
        return of(kind, &item.identity, item.arn.as_deref());
    };
    let resource = resource?;
    if item.owner.is_some() {
        let subject = of(owner, &resource.address, resource.arn.as_deref())?;
        return Some(Subject { part: Some(part), ..subject });
    }
    let id = (part.owner_id)(resource)?;
    let address = crate::drift::atoms::owner_address(owner, &resource.address.place, id);
    let claims = match part.form {
        Form::Atoms { claims, .. } => claims(resource),
        Form::Block { .. } | Form::Whole { .. } => Vec::new(),
    };
    Some(Subject { part: Some(part), claims, ..of(owner, &address, None)? })
}

fn of(kind: &'static Kind, address: &Address, arn: Option<&str>) -> Option<Subject> {
    let (by, names, own) = match events_of_a_setting(kind) {
        Some(events) => (LookupBy::Event, events, None),
        None => {
            let (names, own) = names(kind, &address.id, arn);
            (LookupBy::Resource, names, own)
        }
    };
    let place = address.place.clone();
    (!names.is_empty()).then_some(Subject { kind, place, by, names, own, part: None, claims: Vec::new() })
}

/// Settings of an account are no resource to CloudTrail.
fn events_of_a_setting(kind: &Kind) -> Option<Vec<String>> {
    const SETTINGS: &[&str] = &[
        "aws_ebs_encryption_by_default",
        "aws_ecr_replication_configuration",
        "aws_ecr_registry_scanning_configuration",
        "aws_s3_account_public_access_block",
    ];
    if !SETTINGS.contains(&kind.name) {
        return None;
    }
    let rows = table::rows(table::source(kind.service)?).iter().filter(|row| row.kind == kind.name);
    let events: BTreeSet<&str> = rows.map(|row| row.event).collect();
    Some(events.into_iter().map(str::to_owned).collect())
}

/// The names of a resource, and its own within the first of them where CloudTrail knows its container alone.
fn names(kind: &Kind, id: &str, arn: Option<&str>) -> (Vec<String>, Option<String>) {
    let container = match kind.name {
        "aws_cloudwatch_log_metric_filter" => id.split_once(':'),
        "aws_autoscaling_policy" | "aws_autoscaling_schedule" => id.split_once('/'),
        "aws_route53_record" => id.split_once('_'),
        _ => None,
    };
    if let Some((container, own)) = container {
        let own = match kind.name {
            // ZONE_NAME_TYPE: names hold underlines, types do not.
            "aws_route53_record" => own.rsplit_once('_').map_or(own, |(name, _)| name),
            _ => own,
        };
        return (vec![container.to_owned()], Some(own.to_owned()));
    }
    let arn = arn.or_else(|| id.starts_with("arn:").then_some(id)).filter(|arn| arn.starts_with("arn:"));
    let short = arn.and_then(|arn| short_name(kind, arn));
    let found = match kind.service {
        // Its ids are unique, and events have nothing else.
        "ec2" => [Some(id.to_owned()), None, None],
        // These are resources to CloudTrail by their ARN.
        "kms" | "sns" | "sqs" | "secretsmanager" | "elasticloadbalancing" => {
            [arn.map(str::to_owned), Some(id.to_owned()), short]
        }
        _ => [Some(id.to_owned()), arn.map(str::to_owned), short],
    };
    let mut names: Vec<String> = Vec::new();
    for name in found.into_iter().flatten().filter(|name| !name.is_empty()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    (names, None)
}

/// The name inside an ARN, where events may have that alone.
fn short_name(kind: &Kind, arn: &str) -> Option<String> {
    let last = stateward_model::compare::last_segment(arn);
    match kind.name {
        // arn:…:secret:NAME-RANDOM
        "aws_secretsmanager_secret" => {
            let name = arn.rsplit(':').next()?;
            name.rsplit_once('-').map(|(name, _)| name.to_owned())
        }
        // arn:…:loadbalancer/app/NAME/HASH, arn:…:targetgroup/NAME/HASH
        "aws_lb" | "aws_lb_target_group" => arn.rsplit('/').nth(1).map(str::to_owned),
        "aws_lb_listener" | "aws_lb_listener_rule" => None,
        // The name alone would be that of the stages of other APIs too.
        "aws_api_gateway_stage" | "aws_apigatewayv2_stage" => None,
        _ => Some(last.to_owned()),
    }
}

impl Subject {
    /// Where its events are looked up: those of global services are in one region.
    pub fn looked_up_in(&self, home: &str) -> Place {
        match self.kind.scope {
            Scope::Global => Place::new(self.place.account.clone(), home),
            Scope::Regional => self.place.clone(),
        }
    }

    /// True when the event is about this very resource.
    pub fn is_of(&self, event: &TrailEvent) -> bool {
        let global = self.kind.scope == Scope::Global || self.place.region == GLOBAL;
        let here =
            event.place.account == self.place.account && (global || event.place.region == self.place.region);
        let service = table::source(self.kind.service) == Some(event.source.as_str());
        here && service
            && match self.by {
                LookupBy::Event => self.names.contains(&event.name),
                LookupBy::Resource => event.resources.iter().any(|one| self.is_named(one)),
            }
    }

    fn is_named(&self, resource: &TrailResource) -> bool {
        self.names.contains(&resource.name) && !is_another_type(self.kind, &resource.kind)
    }

    /// The attributes of the subject that a change at `path` of the item is a change of.
    pub fn attributes<'a>(&self, path: &'a str) -> Vec<&'a str> {
        match self.part.map(|part| part.form) {
            Some(Form::Block { attribute, .. } | Form::Whole { attribute, .. }) => vec![attribute],
            _ => vec![path.split(['.', '[']).next().unwrap_or(path)],
        }
    }

    /// The attributes that the part stands for as a whole.
    pub fn whole_part(&self) -> Vec<&'static str> {
        match self.part.map(|part| part.form) {
            Some(Form::Block { attribute, .. } | Form::Whole { attribute, .. }) => vec![attribute],
            Some(Form::Atoms { attributes, .. }) => attributes.to_vec(),
            None => Vec::new(),
        }
    }
}

/// A role and a group of IAM may have one name: `AWS::IAM::Group` is not the role's.
fn is_another_type(kind: &Kind, cloudtrail: &str) -> bool {
    let plain = |text: &str| text.replace('_', "").to_lowercase();
    let Some(last) = cloudtrail.rsplit("::").next().filter(|last| !last.is_empty()) else { return false };
    let last = plain(last);
    let called = |kind: &Kind| plain(kind.name).ends_with(&last);
    !called(kind) && kinds::all().any(|other| other.service == kind.service && called(other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use stateward_model::kinds;

    fn named(kind: &str, id: &str, arn: Option<&str>) -> (Vec<String>, Option<String>) {
        names(kinds::find(kind).unwrap(), id, arn)
    }

    #[test]
    fn each_service_has_its_own_names() {
        let arn = Some("arn:aws:ec2:us-west-2:123456789012:security-group/sg-1");
        assert_eq!(named("aws_security_group", "sg-1", arn).0, ["sg-1"]);
        let queue = named("aws_sqs_queue", "jobs", Some("arn:aws:sqs:us-west-2:123456789012:jobs"));
        assert_eq!(queue.0, ["arn:aws:sqs:us-west-2:123456789012:jobs", "jobs"]);
        let secret = "arn:aws:secretsmanager:us-west-2:123456789012:secret:orders-db-AbCdEf";
        assert_eq!(named("aws_secretsmanager_secret", secret, None).0, [secret, "orders-db"]);
        let lb = "arn:aws:elasticloadbalancing:us-west-2:123456789012:loadbalancer/app/web/50dc6c495c0c9188";
        assert_eq!(named("aws_lb", lb, None).0, [lb, "web"]);
        let policy = "arn:aws:iam::123456789012:policy/team/deploy";
        assert_eq!(named("aws_iam_policy", policy, None).0, [policy, "deploy"]);
        let record = named("aws_route53_record", "Z1_a_b.acme.example_TXT", None);
        assert_eq!(record, (vec!["Z1".into()], Some("a_b.acme.example".into())));
    }

    #[test]
    fn a_name_of_another_type_is_another_thing() {
        let role = kinds::find("aws_iam_role").unwrap();
        assert!(is_another_type(role, "AWS::IAM::Group") && is_another_type(role, "AWS::IAM::User"));
        assert!(!is_another_type(role, "AWS::IAM::Role") && !is_another_type(role, ""));
        assert!(!is_another_type(role, "AWS::IAM::SomethingElse"));
        let queue = kinds::find("aws_sqs_queue").unwrap();
        assert!(!is_another_type(queue, "AWS::SQS::Queue"));
    }

    #[test]
    fn a_setting_of_the_account_is_found_by_its_events() {
        let events = events_of_a_setting(kinds::find("aws_ebs_encryption_by_default").unwrap()).unwrap();
        assert!(events.contains(&"DisableEbsEncryptionByDefault".to_owned()), "{events:?}");
        assert_eq!(events_of_a_setting(kinds::find("aws_vpc").unwrap()), None);
    }
}
