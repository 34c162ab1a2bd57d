//! Collects an estate from an endpoint and prints how it differs from a state file, type by type: a working tool for
//! those who write collectors. It knows neither classes nor satellites; the engine does.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::disallowed_methods)]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use stateward_aws::{Aws, Options};
use stateward_model::{Comparison, Declared, Place, Resource, Slot, Wanted, compare, kinds};

#[tokio::main]
async fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (endpoint, state) = (args[0].clone(), std::fs::read_to_string(&args[1]).unwrap());
    let types: BTreeSet<&str> = args[2..].iter().map(String::as_str).collect();
    let regions = ["us-west-2", "us-east-1", "eu-west-1"].map(str::to_owned).to_vec();
    let aws = Aws::connect(Options { regions, endpoint_url: Some(endpoint), ..Options::default() }).await;
    println!("accounts: {:?}", aws.accounts);
    let mut wanted = Wanted::default();
    for kind in kinds::all().filter(|kind| types.is_empty() || types.contains(kind.name)) {
        wanted.kind(kind.name);
        for attr in kind.attributes {
            wanted.attribute(kind.name, attr.path);
        }
    }
    let collected = aws.collect(wanted, "now", &|_| {}).await;
    for error in &collected.errors {
        println!(
            "ERROR {}:{} {} {} {}",
            error.service, error.operation, error.region, error.code, error.message
        );
    }
    let mut live: BTreeMap<(String, String), Resource> = BTreeMap::new();
    for reading in collected.readings {
        for gap in &reading.harvest.gaps {
            println!("GAP {} {} {gap}", reading.kind, reading.place);
        }
        for resource in reading.harvest.resources {
            for (path, slot) in resource.slots() {
                if let Slot::Unread(gap) = slot {
                    println!("GAP {} {path} {gap}", resource.address);
                }
            }
            live.insert((resource.kind().to_owned(), resource.id().to_owned()), resource);
        }
    }
    let state: Value = serde_json::from_str(&state).unwrap();
    for resource in state["resources"].as_array().unwrap().iter().filter(|r| r["mode"] == "managed") {
        let name = resource["type"].as_str().unwrap();
        if !types.is_empty() && !types.contains(name) {
            continue;
        }
        let Some(kind) = kinds::find(name) else {
            println!("UNSUPPORTED {name}");
            continue;
        };
        for instance in resource["instances"].as_array().unwrap() {
            let attributes = instance["attributes"].as_object().unwrap();
            let id = attributes["id"].as_str().unwrap_or_default();
            let mut declared = Resource::new(Place::new("", ""), name.to_owned(), id);
            declared.declared = Some(Declared::default());
            for attr in kind.attributes {
                if let Some(value) = attributes.get(attr.path) {
                    declared.put_raw(attr.path, Slot::Known(value.clone()));
                }
            }
            let id = (kind.identity)(&declared).unwrap_or_default();
            let address =
                format!("{}.{name}.{}", resource["module"].as_str().unwrap_or(""), resource["name"]);
            let Some(found) = live.remove(&(kind.name.to_owned(), id.clone())) else {
                println!(
                    "MISSING {address} {id}{}",
                    if kind.listed_by.is_empty() { " (a satellite)" } else { "" }
                );
                continue;
            };
            for attr in kind.attributes {
                let (Ok(a), Ok(b)) = (declared.raw(attr.path), found.raw(attr.path)) else {
                    if declared.has(attr.path)
                        && !matches!(attr.equality, stateward_model::Equality::Never(_))
                    {
                        println!("NOT READ {address} {}", attr.path);
                    }
                    continue;
                };
                if let Comparison::Changed(changes) = compare(attr, a, b) {
                    for change in changes {
                        println!("CHANGED {address} {}: {} -> {}", change.path, change.declared, change.live);
                    }
                }
            }
        }
    }
    for ((name, id), resource) in &live {
        let excluded = kinds::find(name).and_then(|kind| (kind.exclusion)(resource));
        println!("LIVE ONLY {name} {id} {:?} excluded: {:?}", resource.name, excluded.map(|e| e.rule));
    }
    for count in collected.operations {
        println!(
            "CALLS {}:{} {} {} failed {}",
            count.service, count.operation, count.region, count.calls, count.failed
        );
    }
}
