//! A large estate and its states, made of copies of the recorded one: what is drifted in it is known by construction.
//!
//! A copy is the genuine text of the recorded estate with another suffix on every id and name, on both sides alike, so
//! that sizes, kinds and relations are those of an estate that Terraform built.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use serde_json::{Map, Value, json};
use stateward::audit::{Question, evaluate};
use stateward::drift::atoms::owner_address;
use stateward::plan::Selection;
use stateward::profile::Profile;
use stateward::result::Run;
use stateward::snapshot::Snapshot;
use stateward_model::{Address, Resource, kinds};
use time::OffsetDateTime;

const RECORDING: &[u8] = include_bytes!("../../demo/estate.stw");
const STATE: &str = include_str!("../fixtures/estate/terraform.tfstate");

/// Where the suffix of the copy goes into a text.
const MARK: char = '\u{1}';

/// What can be changed on the live side without touching another resource.
const CHANGES: &[(&str, &str, &str)] = &[
    ("aws_instance", "instance_type", "\"m5.metal\""),
    ("aws_ebs_volume", "size", "4321"),
    ("aws_sqs_queue", "visibility_timeout_seconds", "4321"),
    ("aws_cloudwatch_log_group", "retention_in_days", "3653"),
    ("aws_cloudwatch_metric_alarm", "threshold", "98765"),
    ("aws_db_instance", "backup_retention_period", "31"),
];

/// What can go, or can be there once more, without touching another resource.
const LEAVES: &[&str] = &["aws_cloudwatch_metric_alarm", "aws_sqs_queue", "aws_cloudwatch_log_group"];

/// What was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Made {
    /// Instances in the states.
    pub instances: usize,
    /// Of them, those whose object differs.
    pub changed: usize,
    /// Of them, those whose object is gone.
    pub missing: usize,
    /// Objects in no state.
    pub unmanaged: usize,
    /// Bytes of the state files.
    pub state_bytes: u64,
    /// Bytes of the recording, unpacked.
    pub recorded_bytes: u64,
}

/// A text with places for the suffix.
struct Template(Vec<String>);

impl Template {
    fn new(text: &str, tokens: &BTreeSet<String>) -> Self {
        let mut marked = String::with_capacity(text.len());
        let mut word = String::new();
        for letter in text.chars().chain(['\n']) {
            if letter.is_ascii_alphanumeric() || letter == '-' || letter == '_' {
                word.push(letter);
                continue;
            }
            marked.push_str(&word);
            if tokens.contains(&word) {
                marked.push(MARK);
            }
            word.clear();
            marked.push(letter);
        }
        Self(marked.trim_end_matches('\n').split(MARK).map(str::to_owned).collect())
    }

    fn write(&self, suffix: &str, to: &mut impl Write) -> std::io::Result<u64> {
        let mut bytes = 0;
        for (number, piece) in self.0.iter().enumerate() {
            if number > 0 {
                to.write_all(suffix.as_bytes())?;
                bytes += suffix.len();
            }
            to.write_all(piece.as_bytes())?;
            bytes += piece.len();
        }
        Ok(bytes as u64)
    }
}

struct Live {
    kind: String,
    as_recorded: Template,
    changed: Option<Template>,
}

/// One copy of the estate.
struct Estate {
    instances: usize,
    blocks: Vec<Template>,
    /// By reading, the number of which is that of the recording.
    live: BTreeMap<usize, Vec<Live>>,
    snapshot: Value,
}

#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Changed,
    Missing,
    Twice,
}

fn recorded() -> Snapshot {
    Snapshot::from_reader("demo/estate.stw", RECORDING).expect("the recorded estate")
}

/// Addresses in the states that differ from the recording, or of which a part does.
fn drifted(snapshot: &Snapshot) -> BTreeSet<String> {
    let profile = Profile::built_in_default().expect("the default profile");
    let selection = Selection::default();
    let question = Question::drift(&profile, &selection, true).expect("a question");
    let run = Run { command: "drift".to_owned(), ..Run::default() };
    let document = evaluate(snapshot.clone(), &question, OffsetDateTime::UNIX_EPOCH, run);
    let items = document.drift.expect("a comparison").items;
    items.into_iter().filter_map(|item| item.address.or(item.owner)).collect()
}

/// The identity of the object that an instance stands on.
fn subject(resource: &Resource) -> Address {
    let owner = kinds::satellite(resource.kind()).and_then(|(kind, satellite)| {
        let id = (satellite.owner_id)(resource)?;
        Some(owner_address(kind, &resource.address.place, id))
    });
    owner.unwrap_or_else(|| resource.address.clone())
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-' && letter != '_')
}

/// Words of ids that name one thing of this estate.
fn tokens(resources: &[&Resource]) -> BTreeSet<String> {
    let places: BTreeSet<&str> =
        resources.iter().flat_map(|resource| [resource.account(), resource.region()]).collect();
    let named = |word: &&str| {
        word.len() > 4 && word.contains(|letter: char| letter == '-' || letter.is_ascii_digit())
    };
    let ids = resources.iter().flat_map(|resource| words(resource.id()));
    ids.filter(named).filter(|word| !places.contains(word)).map(str::to_owned).collect()
}

fn estate() -> Estate {
    let snapshot = recorded();
    let drifted = drifted(&snapshot);
    let declared: Vec<Resource> = snapshot.states.iter().flat_map(|state| state.resources.iter()).collect();
    let seen: Vec<Resource> =
        snapshot.readings.iter().flat_map(|reading| reading.harvest.resources.iter()).collect();
    let address = |resource: &Resource| resource.declared.clone().unwrap_or_default().address;
    let spoilt: BTreeSet<Address> =
        declared.iter().filter(|one| drifted.contains(&address(one))).map(subject).collect();
    let owned: BTreeSet<&Address> = declared.iter().map(|one| &one.address).collect();
    let kept: Vec<&Resource> = declared
        .iter()
        .filter(|one| !spoilt.contains(&subject(one)) && owned.contains(&subject(one)))
        .filter(|one| seen.iter().any(|live| live.address == subject(one)))
        .collect();
    let subjects: BTreeSet<Address> = kept.iter().map(|one| subject(one)).collect();
    let live: Vec<&Resource> = seen.iter().filter(|one| subjects.contains(&one.address)).collect();
    let both: Vec<&Resource> = kept.iter().chain(&live).copied().collect();
    let tokens = tokens(&both);
    // What has no name of its own (a setting of a region) is there once, and cannot be copied.
    let single = |one: &Resource| !words(&subject(one).id).any(|word| tokens.contains(word));
    let copied: BTreeSet<String> = kept.iter().filter(|one| !single(one)).map(|one| address(one)).collect();

    let (blocks, instances) = blocks(&copied, &tokens);
    let snapshot = serde_json::to_value(&snapshot).expect("a recording in JSON");
    let readings = snapshot["readings"].as_array().expect("readings");
    let mut by_reading: BTreeMap<usize, Vec<Live>> = BTreeMap::new();
    for (number, reading) in readings.iter().enumerate() {
        for resource in reading["harvest"]["resources"].as_array().expect("resources") {
            let parsed: Resource = serde_json::from_value(resource.clone()).expect("a resource");
            if subjects.contains(&parsed.address) && !single(&parsed) {
                by_reading.entry(number).or_default().push(live_template(&parsed, resource, &tokens));
            }
        }
    }
    Estate { instances, blocks, live: by_reading, snapshot }
}

/// The blocks of the state as text, with those instances alone that are copied, and how many these are.
fn blocks(copied: &BTreeSet<String>, tokens: &BTreeSet<String>) -> (Vec<Template>, usize) {
    let state: Value = serde_json::from_str(STATE).expect("the state of the estate");
    let (mut blocks, mut count) = (Vec::new(), 0);
    for block in state["resources"].as_array().expect("resources") {
        let text = |name: &str| block[name].as_str().unwrap_or_default();
        let module = text("module");
        let base = format!("{}.{}", text("type"), text("name"));
        let base = if module.is_empty() { base } else { format!("{module}.{base}") };
        let address = |instance: &Value| match &instance["index_key"] {
            Value::Null => base.clone(),
            key => format!("{base}[{key}]"),
        };
        let instances = block["instances"].as_array().cloned().unwrap_or_default();
        let instances: Vec<Value> =
            instances.into_iter().filter(|instance| copied.contains(&address(instance))).collect();
        if instances.is_empty() || text("mode") != "managed" {
            continue;
        }
        count += instances.len();
        let mut copy = Map::new();
        let above = if module.is_empty() { String::new() } else { format!(".{module}") };
        copy.insert("module".to_owned(), format!("module.stack{MARK}{above}").into());
        copy.extend(
            block
                .as_object()
                .into_iter()
                .flatten()
                .filter(|(name, _)| *name != "module")
                .map(|(name, value)| (name.clone(), value.clone())),
        );
        copy.insert("instances".to_owned(), instances.into());
        // Terraform indents what it writes, and writes the instances last.
        let instances = copy.remove("instances").unwrap_or_default();
        let mut pretty = serde_json::to_string_pretty(&copy).expect("a block in JSON");
        pretty.truncate(pretty.len() - 2);
        let instances = serde_json::to_string_pretty(&instances).expect("instances in JSON");
        pretty.push_str(&format!(",\n  \"instances\": {}\n}}", instances.replace('\n', "\n  ")));
        let escaped = MARK.escape_unicode().to_string().replace("\\u{1}", "\\u0001");
        let pretty = pretty.replace(&escaped, &MARK.to_string()).replace('\n', "\n    ");
        blocks.push(Template::new(&pretty, tokens));
    }
    (blocks, count)
}

fn live_template(parsed: &Resource, recorded: &Value, tokens: &BTreeSet<String>) -> Live {
    let changed =
        CHANGES.iter().filter(|(kind, _, _)| *kind == parsed.kind()).find_map(|(_, path, value)| {
            parsed.raw(path).ok()?;
            let mut changed = recorded.clone();
            changed["attributes"][*path] = json!({"known": serde_json::from_str::<Value>(value).ok()?});
            Some(Template::new(&changed.to_string(), tokens))
        });
    Live {
        kind: parsed.kind().to_owned(),
        as_recorded: Template::new(&recorded.to_string(), tokens),
        changed,
    }
}

/// What becomes of the objects of every copy: of a hundred instances one is changed, of a thousand one is gone, and one
/// object more is there. By copy, reading and place in it.
fn fates(estate: &Estate, copies: usize) -> BTreeMap<(usize, usize, usize), Fate> {
    let places = |wanted: &dyn Fn(&Live) -> bool| -> Vec<(usize, usize)> {
        let all = estate.live.iter();
        let all = all.flat_map(|(reading, live)| live.iter().enumerate().map(move |one| (*reading, one)));
        all.filter(|(_, (_, live))| wanted(live)).map(|(reading, (place, _))| (reading, place)).collect()
    };
    let changeable = places(&|live| live.changed.is_some());
    let leaves = places(&|live| LEAVES.contains(&live.kind.as_str()));
    let (mut fates, mut turn) = (BTreeMap::new(), 0);
    let mut spread = |copy: usize, every: usize, among: &[(usize, usize)], fate: Fate| {
        let due = |copies: usize| copies * estate.instances / every;
        for _ in due(copy)..due(copy + 1) {
            // The next that has no fate yet.
            for _ in 0..among.len() {
                let (reading, place) = among[turn % among.len()];
                turn += 1;
                if let std::collections::btree_map::Entry::Vacant(free) = fates.entry((copy, reading, place))
                {
                    free.insert(fate);
                    break;
                }
            }
        }
    };
    for copy in 0..copies {
        spread(copy, 100, &changeable, Fate::Changed);
        spread(copy, 1000, &leaves, Fate::Missing);
        spread(copy, 1000, &leaves, Fate::Twice);
    }
    fates
}

/// Writes `big.stw` and `states/NNN.tfstate` into the folder: at least `instances` instances in `files` states.
pub fn write(folder: &Path, instances: usize, files: usize) -> std::io::Result<Made> {
    let estate = estate();
    let copies = instances.div_ceil(estate.instances);
    let fates = fates(&estate, copies);
    let states = folder.join("states");
    std::fs::create_dir_all(&states)?;
    let mut state_bytes = 0;
    for file in 0..files {
        let path = states.join(format!("{file:03}.tfstate"));
        let mut to = BufWriter::with_capacity(1 << 20, File::create(path)?);
        let lineage = format!("00000000-0000-4000-8000-{file:012}");
        write!(
            to,
            "{{\n  \"version\": 4,\n  \"terraform_version\": \"1.11.4\",\n  \"serial\": 7,\n  \"lineage\": \
             \"{lineage}\",\n  \"outputs\": {{}},\n  \"resources\": ["
        )?;
        let mut separator = "\n    ";
        for copy in copies * file / files..copies * (file + 1) / files {
            for block in &estate.blocks {
                to.write_all(separator.as_bytes())?;
                state_bytes += block.write(&suffix(copy), &mut to)?;
                separator = ",\n    ";
            }
        }
        to.write_all(b"\n  ]\n}\n")?;
        to.flush()?;
    }
    let recorded_bytes = record(&folder.join("big.stw"), &estate, copies, &fates)?;
    let count = |wanted: Fate| fates.values().filter(|fate| **fate == wanted).count();
    Ok(Made {
        instances: copies * estate.instances,
        changed: count(Fate::Changed),
        missing: count(Fate::Missing),
        unmanaged: count(Fate::Twice),
        state_bytes,
        recorded_bytes,
    })
}

fn suffix(copy: usize) -> String {
    format!("x{copy:05}")
}

fn record(
    path: &Path,
    estate: &Estate,
    copies: usize,
    fates: &BTreeMap<(usize, usize, usize), Fate>,
) -> std::io::Result<u64> {
    let mut to = BufWriter::with_capacity(1 << 20, zstd::Encoder::new(File::create(path)?, 1)?);
    let mut bytes = 0;
    to.write_all(b"{")?;
    // The order in which the program writes them: the format is the first.
    for name in ["format", "recorded_by", "as_of", "accounts", "regions"] {
        write!(to, "\"{name}\":{},", estate.snapshot[name])?;
    }
    to.write_all(b"\"readings\":[")?;
    let readings = estate.snapshot["readings"].as_array().expect("readings");
    for (number, reading) in readings.iter().enumerate() {
        let comma = if number == 0 { "" } else { "," };
        write!(
            to,
            "{comma}{{\"kind\":{},\"place\":{},\"observed_at\":{},\"harvest\":{{\"resources\":[",
            reading["kind"], reading["place"], reading["observed_at"]
        )?;
        let mut comma = "";
        for copy in 0..copies {
            for (place, live) in estate.live.get(&number).into_iter().flatten().enumerate() {
                let fate = fates.get(&(copy, number, place));
                let template = match fate {
                    Some(Fate::Missing) => continue,
                    Some(Fate::Changed) => live.changed.as_ref().unwrap_or(&live.as_recorded),
                    _ => &live.as_recorded,
                };
                to.write_all(comma.as_bytes())?;
                bytes += template.write(&suffix(copy), &mut to)?;
                comma = ",";
                if fate == Some(&Fate::Twice) {
                    to.write_all(b",")?;
                    bytes += template.write(&format!("u{copy:05}"), &mut to)?;
                }
            }
        }
        write!(to, "],\"gaps\":{}}}}}", reading["harvest"]["gaps"])?;
    }
    to.write_all(b"],")?;
    for name in ["operations", "errors", "wall_ms"] {
        write!(to, "\"{name}\":{},", estate.snapshot[name])?;
    }
    to.write_all(b"\"states\":[]}")?;
    let encoder = to.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    encoder.finish()?;
    Ok(bytes)
}
