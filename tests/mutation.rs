//! One change on the live side is exactly one drift, of the right class, address and path; a shuffle is none; and what was
//! refused turns unknown and nothing else. Thousands of generated cases, without AWS.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails that way")]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use stateward::audit::Question;
use stateward::drift::{Class, Coverage, Drift, Item, reconcile};
use stateward::inventory::Inventory;
use stateward::plan::Selection;
use stateward::profile::Profile;
use stateward::snapshot::Snapshot;
use stateward_model::{
    Absent, AnyAttr, Cause, Declared, Equality, Form, GLOBAL, Gap, Harvest, Kind, Place, Reading, Resource,
    Satellite, Scope, Slot, kinds,
};

const ACCOUNT: &str = "111111111111";
const REGION: &str = "us-west-2";

fn scope() -> Coverage {
    Coverage {
        accounts: BTreeSet::from([ACCOUNT.to_owned()]),
        regions: BTreeSet::from([REGION.to_owned()]),
        ..Coverage::default()
    }
}

fn place(kind: &Kind) -> Place {
    match kind.scope {
        Scope::Global => Place::new(ACCOUNT, GLOBAL),
        Scope::Regional => Place::new(ACCOUNT, REGION),
    }
}

type Attributes = BTreeMap<String, Value>;

fn resource(kind: &'static Kind, id: &str, attributes: &Attributes) -> Resource {
    let mut resource = Resource::new(place(kind), kind.name, id);
    for (path, value) in attributes {
        resource.put_raw(path.clone(), Slot::Known(value.clone()));
    }
    resource
}

fn declared(kind: &'static Kind, id: &str, attributes: &Attributes) -> Resource {
    let mut resource = resource(kind, id, attributes);
    let address = format!("{}.it", kind.name);
    resource.declared = Some(Declared { address, state: "s".into(), ..Declared::default() });
    resource
}

fn live(kind: &'static Kind, id: &str, attributes: &Attributes) -> Inventory {
    let harvest = Harvest { resources: vec![resource(kind, id, attributes)], gaps: vec![] };
    let kind_name = kind.name.to_owned();
    Inventory::live(vec![Reading {
        kind: kind_name,
        place: place(kind),
        observed_at: String::new(),
        harvest,
    }])
}

fn compared(kind: &Kind) -> impl Iterator<Item = &'static AnyAttr> {
    kind.attributes.iter().filter(|attr| {
        let parts = kind.satellites.iter().any(|part| is_in_atoms(part, attr.path));
        !matches!(attr.equality, Equality::Never(_)) && !attr.live_only && !attr.secret && !parts
    })
}

fn is_in_atoms(part: &Satellite, path: &str) -> bool {
    matches!(part.form, Form::Atoms { attributes, .. } if attributes.contains(&path))
}

fn document(action: &str) -> Value {
    let statement =
        json!({"Sid": "a", "Effect": "Allow", "Principal": "*", "Action": action, "Resource": "*"});
    json!(json!({"Version": "2012-10-17", "Statement": [statement]}).to_string())
}

/// Values of the shapes that an attribute of this equality may have, each with values that differ from it.
fn shapes(attr: &AnyAttr) -> Vec<(Value, Vec<Value>)> {
    let mut shapes = match attr.equality {
        Equality::Policy => vec![(document("a:Get"), vec![document("a:*"), document("b:Get"), json!("")])],
        Equality::Json => {
            vec![(json!("{\"a\":[1,2]}"), vec![json!("{\"a\":[2,1]}"), json!("{\"a\":[1]}"), json!("")])]
        }
        Equality::UnorderedJson => vec![(json!("{\"a\":[1,2]}"), vec![json!("{\"a\":[1,3]}"), json!("{}")])],
        Equality::Tags => {
            let other = [json!({"Team": "b"}), json!({}), json!({"Team": "a", "New": "x"}), Value::Null];
            vec![(json!({"Team": "a"}), other.to_vec())]
        }
        Equality::CaseFold => vec![(json!("Alpha"), vec![json!("Beta"), Value::Null])],
        Equality::Reference => vec![
            (json!("thing-a"), vec![json!("thing-b"), json!("arn:aws:x:r:1:thing/thing-b"), Value::Null]),
            (json!("arn:aws:x:r:1:thing/a"), vec![json!("arn:aws:x:r:1:thing/b"), json!("b"), json!("")]),
        ],
        Equality::Txt => vec![(json!("a b"), vec![json!("a  b"), json!("A b"), json!("")])],
        Equality::TagBlocks => {
            let tag = |value: &str, flag: bool| json!([{"key": "Team", "value": value, "propagate_at_launch": flag}]);
            vec![(tag("a", true), vec![tag("b", true), tag("a", false), json!([])])]
        }
        Equality::Domain => vec![(json!("a.example.com"), vec![json!("b.example.com"), json!("")])],
        Equality::Cidr => {
            vec![(json!("10.0.0.0/16"), vec![json!("10.1.0.0/16"), json!("10.0.0.0/8"), json!("")])]
        }
        Equality::Version => vec![(json!("13.7"), vec![json!("13.8"), json!("14"), json!("13.71")])],
        Equality::Set => {
            let others =
                [json!(["a"]), json!(["a", "b", "c"]), json!(["a", "c"]), json!(["a", "a", "b"]), json!([])];
            vec![(json!(["a", "b"]), others.to_vec())]
        }
        Equality::Exact => vec![
            (json!("a"), vec![json!("b"), json!("A"), json!("a "), Value::Null]),
            (json!(true), vec![json!(false)]),
            (json!(7), vec![json!(8), json!(0), json!(-7), Value::Null]),
            (json!(["a", "b"]), vec![json!(["b", "a"]), json!(["a"]), json!(["a", "b", "c"]), json!([])]),
            (
                json!([{"x": "a", "y": 1}]),
                vec![json!([{"x": "b", "y": 1}]), json!([{"x": "a", "y": 2}]), json!([])],
            ),
        ],
        Equality::Never(_) => Vec::new(),
    };
    shapes.extend(nested_shapes(attr));
    for (base, others) in &mut shapes {
        others.retain(|other| differs(attr, base, other));
    }
    shapes
}

/// A block for each path with a rule of its own: what the rule compares has to be found inside of blocks too.
fn nested_shapes(attr: &AnyAttr) -> Vec<(Value, Vec<Value>)> {
    let rules =
        attr.nested.iter().filter(|rule| !matches!(rule.equality, Equality::Never(_)) && !rule.secret);
    let at = |path: &str, value: &Value| {
        let inner = path.rsplit('.').fold(value.clone(), |inside, name| json!([{ name: inside }]));
        // The innermost wrap is of the block itself; members in between are blocks.
        inner
    };
    let mut shapes = Vec::new();
    for rule in rules {
        // A member below another one with a rule is reached through it, and may be excluded by it.
        let above = |other: &&stateward_model::Nested| {
            rule.path.starts_with(&format!("{}.", other.path)) && matches!(other.equality, Equality::Never(_))
        };
        if attr.nested.iter().any(|other| above(&other)) {
            continue;
        }
        let inside =
            AnyAttr { path: rule.path, equality: rule.equality, absent: rule.absent, nested: &[], ..*attr };
        for (base, others) in shapes_without_nested(&inside) {
            shapes.push((at(rule.path, &base), others.iter().map(|other| at(rule.path, other)).collect()));
        }
    }
    shapes
}

fn shapes_without_nested(attr: &AnyAttr) -> Vec<(Value, Vec<Value>)> {
    shapes(&AnyAttr { nested: &[], ..*attr })
}

/// False where the attribute's own rule of absence makes the two the same.
fn differs(attr: &AnyAttr, base: &Value, other: &Value) -> bool {
    let Absent::Default(text) = attr.absent else { return base != other };
    let default: Value = serde_json::from_str(text).unwrap_or(Value::Null);
    let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let unset = |value: &Value| {
        value.is_null() || value == &json!("") || value == &json!([]) || plain(value) == plain(&default)
    };
    base != other && !(unset(base) && unset(other))
}

/// What must hold of one changed attribute: one item, at its address, with paths inside the attribute.
fn expect_changed(drift: &Drift, address: &str, paths: &[&str], what: &str) {
    let [item] = drift.items.as_slice() else {
        panic!("{what}: {} items: {:#?}", drift.items.len(), drift.items)
    };
    assert_eq!(item.class, Class::Changed, "{what}: {item:#?}");
    assert_eq!(item.address.as_deref(), Some(address), "{what}");
    assert!(!item.changes.is_empty(), "{what}");
    for change in &item.changes {
        let root = change.path.split(['.', '[']).next().unwrap_or_default();
        assert!(paths.contains(&root), "{what}: path {}", change.path);
    }
    assert!(drift.in_sync.is_empty(), "{what}");
}

fn base_attributes(kind: &'static Kind) -> Attributes {
    compared(kind).filter_map(|attr| Some((attr.path.to_owned(), shapes(attr).first()?.0.clone()))).collect()
}

#[test]
fn one_changed_attribute_is_exactly_one_drift() {
    let mut cases = 0;
    let mut attributes_seen = 0;
    for kind in kinds::all().filter(|kind| kinds::satellite(kind.name).is_none()) {
        let base = base_attributes(kind);
        let address = format!("{}.it", kind.name);
        for attr in compared(kind) {
            attributes_seen += 1;
            for (value, others) in shapes(attr) {
                let mut was = base.clone();
                was.insert(attr.path.to_owned(), value.clone());
                let mut state = declared(kind, "id", &was);
                if matches!((kind.refine)(&state, *attr).equality, Equality::Never(_)) {
                    // Another attribute tells it, where a state has that.
                    was = Attributes::from([(attr.path.to_owned(), value.clone())]);
                    state = declared(kind, "id", &was);
                }
                let same = reconcile(|| std::iter::once(state.clone()), &live(kind, "id", &was), &scope());
                assert!(
                    same.items.is_empty() && same.in_sync == [address.clone()],
                    "{}.{}: {same:#?}",
                    kind.name,
                    attr.path
                );
                for other in others {
                    let mut now = was.clone();
                    now.insert(attr.path.to_owned(), other.clone());
                    let drift =
                        reconcile(|| std::iter::once(state.clone()), &live(kind, "id", &now), &scope());
                    let what = format!("{}.{}: {value} → {other}", kind.name, attr.path);
                    let roots = [attr.path, if attr.path == "tags_all" { "tags" } else { attr.path }];
                    expect_changed(&drift, &address, &roots, &what);
                    cases += 1;
                }
            }
        }
    }
    println!("{cases} changed values of {attributes_seen} attributes");
    assert!(cases >= 2_000, "{cases}");
}

#[test]
fn an_object_that_is_gone_is_missing_and_an_unread_one_unknown() {
    for kind in kinds::all().filter(|kind| kinds::satellite(kind.name).is_none()) {
        let state = declared(kind, "id", &base_attributes(kind));
        let mut inventory = Inventory::live(vec![Reading {
            kind: kind.name.to_owned(),
            place: place(kind),
            observed_at: String::new(),
            harvest: Harvest::default(),
        }]);
        let classes = |inventory: &Inventory| -> Vec<Class> {
            let drift = reconcile(|| std::iter::once(state.clone()), inventory, &scope());
            drift.items.iter().map(|item| item.class).collect()
        };
        assert_eq!(classes(&inventory), [Class::Missing], "{}", kind.name);
        let gap = Gap::new("x:List", Cause::Denied, "no");
        inventory = Inventory::live(vec![Reading {
            kind: kind.name.to_owned(),
            place: place(kind),
            observed_at: String::new(),
            harvest: Harvest { resources: vec![], gaps: vec![gap] },
        }]);
        assert_eq!(classes(&inventory), [Class::Unknown], "{}", kind.name);
        assert_eq!(classes(&Inventory::default()), [Class::Unknown], "{}", kind.name);
    }
}

/// One kind of part, with an owner that shows it.
struct Part {
    owner: &'static Kind,
    satellite: &'static Satellite,
    kind: &'static Kind,
    declared: Attributes,
    shown: Attributes,
}

const OWNER: &str = "owner-1";

fn parts() -> Vec<Part> {
    let rows: Vec<Value> = serde_json::from_str(include_str!("fixtures/mutation/parts.json")).unwrap();
    rows.iter().map(part).collect()
}

fn part(row: &Value) -> Part {
    let name = row["part"].as_str().unwrap();
    let (owner, satellite) = kinds::satellite(name).unwrap_or_else(|| panic!("{name} is no part"));
    let map = |value: &Value| -> Attributes { value.as_object().unwrap().clone().into_iter().collect() };
    let shown = map(&row["owner"]);
    let mut declared = map(&row["declared"]);
    for value in declared.values_mut().filter(|value| *value == "OWNER") {
        *value = json!(OWNER);
    }
    if let Form::Block { attribute, from_owner, .. } = satellite.form {
        let block: Map<String, Value> =
            from_owner(&shown[attribute]).unwrap_or_else(|| panic!("{name}: the owner shows no such block"));
        declared.extend(block);
    }
    Part { owner, satellite, kind: kinds::find(name).unwrap(), declared, shown }
}

fn owner_id(part: &Part) -> String {
    let state = declared(part.kind, "part", &part.declared);
    (part.satellite.owner_id)(&state).unwrap_or_else(|| panic!("{} names no owner", part.kind.name))
}

/// The value with one leaf changed, for every leaf and every member that can be left out.
fn mutants(value: &Value) -> Vec<Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Bool(on) => vec![json!(!on)],
        Value::Number(number) => vec![json!(number.as_i64().unwrap_or(0) + 1)],
        Value::String(text) => match text.parse::<ipnet::Ipv4Net>() {
            Ok(_) => vec![json!("172.16.0.0/12")],
            Err(_) if text.starts_with('{') => vec![json!(
                text.replace("Allow", "Deny")
                    .replace("expire", "keep")
                    .replace("arn:q", "arn:p")
                    .replace("denyAll", "allowAll")
            )],
            Err(_) => vec![json!(format!("{text}x"))],
        },
        Value::Array(items) => {
            let mut all = Vec::new();
            for (at, item) in items.iter().enumerate() {
                for mutant in mutants(item) {
                    let mut items = items.clone();
                    items[at] = mutant;
                    all.push(Value::Array(items));
                }
                let mut fewer = items.clone();
                fewer.remove(at);
                all.push(Value::Array(fewer));
            }
            all
        }
        Value::Object(map) => {
            let mut all = Vec::new();
            for (key, item) in map {
                for mutant in mutants(item) {
                    let mut map = map.clone();
                    map.insert(key.clone(), mutant);
                    all.push(Value::Object(map));
                }
            }
            all
        }
    }
}

/// Whether the owner still shows what the part says, told without the code under test but for the canonical form.
fn still_shown(part: &Part, id: &str, shown: &Attributes) -> bool {
    match part.satellite.form {
        Form::Block { attribute, from_owner, .. } => {
            let Some(now) = from_owner(&shown[attribute]) else { return false };
            // What the owner no longer tells (which version of a secret is meant, once it is rotated) is no difference.
            now.iter().all(|(name, value)| part.declared.get(name) == Some(value))
        }
        Form::Whole { attribute, listed, members } => {
            let texts = |list: &[Value]| list.iter().map(Value::to_string).collect::<BTreeSet<_>>();
            let listed = part.declared[listed].as_array().unwrap();
            let now = members(&shown[attribute]);
            now.len() == listed.len() && texts(&now) == texts(listed)
        }
        Form::Atoms { claims, atoms, .. } => {
            let owner = resource(part.owner, id, shown);
            claims(&declared(part.kind, "part", &part.declared)).iter().all(|(attribute, claim)| {
                let present = shown.get(*attribute).map(|value| atoms(&owner, attribute, value));
                present.unwrap_or_default().iter().any(|atom| says(atom, claim))
            })
        }
    }
}

/// True when the atom says what the claim says, whatever it says besides.
fn says(atom: &Value, claim: &Value) -> bool {
    match claim {
        Value::Object(claim) => claim.iter().all(|(name, value)| &atom[name] == value),
        other => atom == other,
    }
}

#[test]
fn every_kind_of_part_is_compared_where_its_owner_shows_it() {
    let parts = parts();
    let tested: BTreeSet<&str> = parts.iter().map(|part| part.kind.name).collect();
    let known: BTreeSet<&str> = kinds::all().flat_map(|kind| kind.satellites).map(|part| part.kind).collect();
    let missing: Vec<_> = known.difference(&tested).collect();
    assert!(missing.is_empty(), "no row in tests/fixtures/mutation/parts.json for {missing:?}");
    let mut cases = 0;
    for part in &parts {
        let address = format!("{}.it", part.kind.name);
        let id = owner_id(part);
        let state = declared(part.kind, "part", &part.declared);
        let run = |shown: &Attributes| {
            reconcile(|| std::iter::once(state.clone()), &live(part.owner, &id, shown), &scope())
        };
        let same = run(&part.shown);
        assert!(same.items.is_empty() && same.in_sync == [address.clone()], "{address}: {same:#?}");
        for (path, value) in &part.shown {
            for mutant in mutants(value) {
                let mut now = part.shown.clone();
                now.insert(path.clone(), mutant.clone());
                let drift = run(&now);
                let what = format!("{address}: {path} → {mutant}");
                if still_shown(part, &id, &now) {
                    assert!(drift.items.is_empty(), "{what}: {drift:#?}");
                    continue;
                }
                let managed: Vec<&Item> = drift.items.iter().filter(|item| item.address.is_some()).collect();
                let [item] = managed.as_slice() else { panic!("{what}: {managed:#?}\n{drift:#?}") };
                assert!(matches!(item.class, Class::Changed | Class::Missing), "{what}: {item:#?}");
                assert_eq!(item.address.as_deref(), Some(address.as_str()), "{what}");
                cases += 1;
            }
        }
    }
    println!("{cases} changed parts of {} kinds", parts.len());
    assert!(cases >= parts.len());
}

#[test]
fn a_part_of_an_owner_that_could_not_be_read_is_unknown() {
    for part in parts() {
        let id = owner_id(&part);
        let state = declared(part.kind, "part", &part.declared);
        let mut owner = resource(part.owner, &id, &part.shown);
        for path in part.shown.keys() {
            owner.put_raw(path.clone(), Slot::Unread(Gap::new("x:Get", Cause::Denied, "no")));
        }
        let harvest = Harvest { resources: vec![owner], gaps: vec![] };
        let reading = Reading {
            kind: part.owner.name.into(),
            place: place(part.owner),
            observed_at: String::new(),
            harvest,
        };
        let drift = reconcile(|| std::iter::once(state.clone()), &Inventory::live(vec![reading]), &scope());
        let classes: Vec<Class> = drift.items.iter().map(|item| item.class).collect();
        assert_eq!(classes, [Class::Unknown], "{}", part.kind.name);
    }
}

// ---- the recorded estate ----------------------------------------------------------------------------------------------

fn recorded() -> Snapshot {
    Snapshot::from_reader("estate", &include_bytes!("../demo/estate.stw")[..]).unwrap()
}

fn estate_scope(snapshot: &Snapshot) -> Coverage {
    let profile = Profile::built_in_default().unwrap();
    Coverage {
        accounts: snapshot.accounts.iter().map(|account| account.id.clone()).collect(),
        regions: profile.regions.iter().map(|region| region.name.clone()).collect(),
        unmanaged: kinds::all()
            .filter(|kind| kind.manageable && !kind.listed_by.is_empty())
            .map(|kind| kind.name.to_owned())
            .collect(),
        lineages: snapshot
            .states
            .iter()
            .map(|state| (state.facts.uri.clone(), state.facts.lineage.clone()))
            .collect(),
        ..Coverage::default()
    }
}

fn instances(snapshot: &Snapshot) -> Vec<Resource> {
    snapshot.states.iter().flat_map(|state| state.resources.iter()).collect()
}

/// The class of every managed instance.
fn classes(drift: &Drift) -> BTreeMap<String, Class> {
    let in_sync = drift.in_sync.iter().map(|address| (address.clone(), Class::InSync));
    let items = drift.items.iter().filter_map(|item| Some((item.address.clone()?, item.class)));
    in_sync.chain(items).collect()
}

/// The kind whose reading decides about an instance.
fn subject(name: &str) -> &'static Kind {
    kinds::satellite(name).map_or_else(|| kinds::find(name).unwrap(), |(owner, _)| owner)
}

fn operations(snapshot: &Snapshot) -> BTreeSet<&'static str> {
    let profile = Profile::built_in_default().unwrap();
    let selection = Selection::default();
    let question = Question::drift(&profile, &selection, true).unwrap();
    let wanted = question.wanted(&snapshot.states);
    kinds::all()
        .filter(|kind| wanted.has_kind(kind.name))
        .flat_map(|kind| kind.listed_by.iter().chain(kind.attributes.iter().flat_map(|attr| attr.read_by)))
        .copied()
        .collect()
}

/// The same recording, had `operation` been refused everywhere.
fn refused(snapshot: &Snapshot, operation: &'static str) -> Vec<Reading> {
    let gap = || Gap::new(operation, Cause::Denied, "refused");
    let mut readings = snapshot.unpacked();
    for reading in &mut readings {
        let Some(kind) = kinds::find(&reading.kind) else { continue };
        if kind.listed_by.contains(&operation) {
            reading.harvest = Harvest { resources: vec![], gaps: vec![gap()] };
            continue;
        }
        for resource in &mut reading.harvest.resources {
            for attr in kind.attributes.iter().filter(|attr| attr.read_by.contains(&operation)) {
                resource.put_raw(attr.path, Slot::Unread(gap()));
            }
        }
    }
    readings
}

#[test]
fn a_refused_operation_turns_what_it_touches_unknown_and_nothing_else() {
    let snapshot = recorded();
    let (states, scope) = (instances(&snapshot), estate_scope(&snapshot));
    let whole = reconcile(|| states.iter().cloned(), &Inventory::live(snapshot.unpacked()), &scope);
    let before = classes(&whole);
    assert_eq!(before.len(), states.len());
    let kind_of: BTreeMap<&str, &str> =
        states.iter().map(|one| (one.declared.as_ref().unwrap().address.as_str(), one.kind())).collect();
    let mut turned = BTreeSet::new();
    let operations = operations(&snapshot);
    for operation in &operations {
        let live = Inventory::live(refused(&snapshot, operation));
        let drift = reconcile(|| states.iter().cloned(), &live, &scope);
        let after = classes(&drift);
        for (address, class) in &after {
            let was = before[address];
            let kind = subject(kind_of[address.as_str()]);
            if kind.listed_by.contains(operation) {
                assert_eq!(*class, Class::Unknown, "{operation}: {address}");
            } else {
                let fine = *class == was || *class == Class::Unknown;
                assert!(fine, "{operation}: {address} was {was:?} and is {class:?}");
            }
            if *class == Class::Unknown && was != Class::Unknown {
                turned.insert(*operation);
            }
        }
        assert_eq!(after.len(), before.len(), "{operation}: every instance keeps a class");
        let unmanaged = |drift: &Drift| -> BTreeSet<String> {
            // "Possibly" carries its reason.
            let certain = |item: &&Item| item.class == Class::Unmanaged && item.reason.is_none();
            let items = drift.items.iter().filter(certain);
            items.map(|item| item.identity.to_string()).collect()
        };
        let more: Vec<_> = unmanaged(&drift).difference(&unmanaged(&whole)).cloned().collect();
        assert!(more.is_empty(), "{operation}: unmanaged only because something was refused: {more:?}");
    }
    println!("{} operations refused, {} of them decide about an instance", operations.len(), turned.len());
    assert!(turned.len() >= 40, "{turned:?}");
}

/// A fixed sequence of numbers, so that a failure comes again.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at + 1));
        }
    }
}

/// Shuffles every list under the value that is a set, by the rules of its attribute.
fn shuffle_sets(dice: &mut Dice, attr: &AnyAttr, inner: &str, equality: Equality, value: &mut Value) {
    let rule = |path: &str, inherited: Equality| {
        let own = attr.nested.iter().find(|nested| nested.path == path);
        own.map_or(inherited, |nested| nested.equality)
    };
    let inside = match equality {
        Equality::Set => Equality::Exact,
        other => other,
    };
    match value {
        Value::Array(items) => {
            if equality == Equality::Set {
                dice.shuffle(items);
            }
            for item in items {
                shuffle_sets(dice, attr, inner, inside, item);
            }
        }
        Value::Object(map) => {
            for (key, value) in map {
                let below = if inner.is_empty() { key.clone() } else { format!("{inner}.{key}") };
                shuffle_sets(dice, attr, &below, rule(&below, inside), value);
            }
        }
        Value::String(text) if equality == Equality::Policy => {
            if let Ok(mut document) = serde_json::from_str::<Value>(text) {
                shuffle_lists(dice, &mut document);
                *text = document.to_string();
            }
        }
        _ => {}
    }
}

/// No list of a policy document has an order.
fn shuffle_lists(dice: &mut Dice, value: &mut Value) {
    match value {
        Value::Array(items) => {
            dice.shuffle(items);
            items.iter_mut().for_each(|item| shuffle_lists(dice, item));
        }
        Value::Object(map) => map.values_mut().for_each(|item| shuffle_lists(dice, item)),
        _ => {}
    }
}

#[test]
fn the_order_of_sets_instances_and_readings_never_matters() {
    let snapshot = recorded();
    let scope = estate_scope(&snapshot);
    let mut states = instances(&snapshot);
    let whole = reconcile(|| states.iter().cloned(), &Inventory::live(snapshot.unpacked()), &scope);
    let facts = |drift: &Drift| -> BTreeSet<String> {
        let line = |item: &Item| {
            let paths: BTreeSet<&str> = item.changes.iter().map(|change| change.path.as_str()).collect();
            format!(
                "{:?} {:?} {:?} {} {paths:?} {:?}",
                item.class,
                item.address,
                item.owner,
                item.identity,
                item.label()
            )
        };
        drift.items.iter().chain(&drift.excluded).map(line).collect()
    };
    for seed in 0..25 {
        let mut dice = Dice(seed);
        let mut readings = snapshot.unpacked();
        dice.shuffle(&mut readings);
        dice.shuffle(&mut states);
        for reading in &mut readings {
            let Some(kind) = kinds::find(&reading.kind) else { continue };
            dice.shuffle(&mut reading.harvest.resources);
            for resource in &mut reading.harvest.resources {
                shuffle_resource(&mut dice, kind, resource);
            }
        }
        let drift = reconcile(|| states.iter().cloned(), &Inventory::live(readings), &scope);
        assert_eq!(facts(&drift), facts(&whole), "seed {seed}");
        assert_eq!(drift.in_sync, whole.in_sync, "seed {seed}");
    }
}

fn shuffle_resource(dice: &mut Dice, kind: &Kind, resource: &mut Resource) {
    for attr in kind.attributes {
        let Ok(mut value) = resource.raw(attr.path).cloned() else { continue };
        let atoms = kind.satellites.iter().any(|part| is_in_atoms(part, attr.path));
        let equality = if atoms { Equality::Set } else { attr.equality };
        shuffle_sets(dice, attr, "", equality, &mut value);
        resource.put_raw(attr.path, Slot::Known(value));
    }
}

#[test]
fn a_changed_leaf_of_the_recorded_estate_is_drift_of_the_instances_that_see_it() {
    let snapshot = recorded();
    let states = instances(&snapshot);
    let scope = Coverage { unmanaged: BTreeSet::new(), ..estate_scope(&snapshot) };
    let whole = reconcile(|| states.iter().cloned(), &Inventory::live(snapshot.unpacked()), &scope);
    let in_sync: BTreeSet<&String> = whole.in_sync.iter().collect();
    let mut cases = 0;
    for reading in &snapshot.unpacked() {
        let Some(kind) = kinds::find(&reading.kind) else { continue };
        for resource in &reading.harvest.resources {
            let own: Vec<Resource> = states
                .iter()
                .filter(|one| {
                    one.address == resource.address
                        && in_sync.contains(&one.declared.as_ref().unwrap().address)
                })
                .cloned()
                .collect();
            let [state] = own.as_slice() else { continue };
            for attr in compared(kind).filter(|attr| state.has(attr.path)) {
                let Ok(value) = resource.raw(attr.path) else { continue };
                for mutant in mutants(value) {
                    let mut changed = resource.clone();
                    changed.put_raw(attr.path, Slot::Known(mutant.clone()));
                    let harvest = Harvest { resources: vec![changed], gaps: vec![] };
                    let alone = Reading { harvest, ..reading.clone() };
                    let drift =
                        reconcile(|| std::iter::once(state.clone()), &Inventory::live(vec![alone]), &scope);
                    let what = format!("{} {}: {value} → {mutant}", resource.address, attr.path);
                    let declared = state.raw(attr.path).unwrap();
                    match stateward_model::compare(attr, declared, &mutant) {
                        stateward_model::Comparison::Changed(_) => {
                            let managed: Vec<_> =
                                drift.items.iter().filter(|item| item.address.is_some()).collect();
                            let [item] = managed.as_slice() else { panic!("{what}: {drift:#?}") };
                            assert_eq!(item.class, Class::Changed, "{what}");
                            cases += 1;
                        }
                        _ => assert!(
                            drift.items.iter().all(|item| item.address.is_none()),
                            "{what}: {drift:#?}"
                        ),
                    }
                }
            }
        }
    }
    println!("{cases} changed leaves");
    assert!(cases >= 500, "{cases}");
}
