//! Runs that are made up, with as many findings as wanted.
#![allow(dead_code, reason = "each test takes what it needs")]

use stateward_store::{
    Begun, ComponentRow, DriftCounts, Item, Judgement, Keep, Record, Store, StoreError, Subject,
};

/// Names of findings, once for all runs.
pub struct Estate {
    names: Vec<[String; 4]>,
}

const CHECKS: [&str; 20] = [
    "ASC-01", "ASC-02", "CLD-01", "CLD-10", "DR-01", "DR-10", "ENV-01", "IAC-08", "IAC-22", "MON-01",
    "MON-14", "NET-01", "NET-03", "NET-10", "STO-01", "STO-07", "STO-18", "STO-22", "STO-26", "CICD-03",
];

impl Estate {
    pub fn of(findings: usize) -> Self {
        let names = (0..findings).map(|at| {
            let print = format!("{:016x}", (at as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let id = format!("acme-{:05}", at / CHECKS.len());
            let address = format!("module.m{}.aws_s3_bucket.b[\"{id}\"]", at % 40);
            [print, id, address, CHECKS[at % CHECKS.len()].to_owned()]
        });
        Self { names: names.collect() }
    }

    fn status(&self, at: usize, run: usize) -> &'static str {
        // One of a hundred changes from run to run.
        match (at * 7 + run / 2 * usize::from(at % 50 == run % 50)) % 10 {
            0 => "fail",
            1 => "unknown",
            _ => "pass",
        }
    }

    pub fn record<'a>(&'a self, run: usize, json: &'a str, times: &'a [String; 3]) -> Record<'a> {
        let subject = |names: &'a [String; 4], check: bool| Subject {
            fingerprint: &names[0],
            check: check.then_some(names[3].as_str()),
            title: check.then_some("Something holds"),
            component: check.then_some("storage"),
            category: check.then_some("encryption"),
            kind: "aws_s3_bucket",
            resource: &names[1],
            name: None,
            account: "123456789012",
            region: "us-west-2",
            address: Some(&names[2]),
            state: Some("s3://acme-tfstate/prod.tfstate"),
        };
        let judged = |(at, names): (usize, &'a [String; 4])| Judgement {
            subject: subject(names, true),
            status: self.status(at, run),
            severity: ["critical", "high", "medium", "low"][at % 4],
        };
        Record {
            series: "audit of prod".to_owned(),
            accounts: "123456789012".to_owned(),
            json,
            finished_at: &times[1],
            as_of: &times[2],
            catalogue_hash: "c",
            profile_hash: "p",
            decision: Some("no_go"),
            evidenced: Some(50.0 + (run % 40) as f64 / 2.0),
            possible: Some(90.0),
            coverage: Some(97.5),
            errors: 2,
            calls: 320,
            throttled: 3,
            unread_states: 1,
            components: vec![ComponentRow {
                key: "storage",
                evidenced: Some(70.0),
                possible: Some(80.0),
                coverage: 98.0,
            }],
            findings: self.names.iter().enumerate().map(judged).collect(),
            drift: Some(DriftCounts {
                in_sync: 90,
                changed: 2,
                since: Some([1, 0, 1]),
                ..DriftCounts::default()
            }),
            items: Vec::new(),
        }
    }

    pub fn items(&self, count: usize) -> Vec<Item<'_>> {
        self.names
            .iter()
            .take(count)
            .map(|names| Item {
                subject: Subject {
                    fingerprint: &names[2],
                    kind: "aws_instance",
                    resource: &names[1],
                    ..Subject::default()
                },
                class: "changed",
                label: Some("capacity"),
                accepted: false,
            })
            .collect()
    }
}

/// When a run began, ended, and what it counts ages from; a day apart.
pub fn times(run: usize) -> [String; 3] {
    let (year, day) = (2026 + run / 336, run % 336);
    let date = format!("{year}-{:02}-{:02}", 1 + day / 28, 1 + day % 28);
    [format!("{date}T06:00:00Z"), format!("{date}T06:05:00Z"), format!("{date}T06:00:00Z")]
}

pub fn begin(store: &mut Store, id: &str, run: usize) -> Result<(), StoreError> {
    let [started, ..] = times(run);
    store.begin(&Begun {
        id,
        command: "audit",
        asked: "audit of prod",
        estate: "prod",
        version: "0.1.0",
        started_at: &started,
        deadline: &times(run + 1)[0],
    })
}

/// Begins and finishes a run.
pub fn write(
    store: &mut Store,
    estate: &Estate,
    id: &str,
    run: usize,
    json: &str,
    keep: &Keep,
) -> Result<(), StoreError> {
    begin(store, id, run)?;
    store.finish(id, &estate.record(run, json, &times(run)), keep)
}

/// A result in JSON as long as a real one, and as repetitive.
pub fn json(findings: usize, run: usize) -> String {
    let mut text = String::from("{\"findings\":[");
    for at in 0..findings {
        text.push_str(&format!(
            "{{\"fingerprint\":\"{:016x}\",\"check\":\"{}\",\"title\":\"Something holds\",\"component\":\"storage\",\
             \"status\":\"pass\",\"resource\":{{\"type\":\"aws_s3_bucket\",\"id\":\"acme-{at:05}\"}},\"message\":\"It is as it \
             should be\",\"points_lost\":{}}},",
            (at as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15),
            CHECKS[at % CHECKS.len()],
            (at * run) % 97,
        ));
    }
    text.pop();
    text.push_str("]}");
    text
}
