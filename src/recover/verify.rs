//! The whole verification: each scenario of each workload, with the way that takes longest and what decides.

use std::collections::{BTreeMap, BTreeSet};

use stateward_model::Gap;

use super::advice::advise;
use super::availability;
use super::dns::{self, Names};
use super::edges::Web;
use super::estate::{Declaration, Estate, Node};
use super::figure::{Figure, Grade, Interval, Span};
use super::gates;
use super::graph::Graph;
use super::path::{Choice, Fate, Fault, Gate, Path};
use super::paths::{self, Part};
use super::rehearsal;
use super::scenario::Scenario;
use super::scene::Scene;
use super::write;
use crate::check::View;
use crate::profile::{Exact, Profile, Role, WorkloadRule};
use crate::result::{
    Recovery, RecoveryAssumption, RecoveryAvailability, RecoveryFactor, RecoveryFlow, RecoveryGate,
    RecoveryNeeds, RecoveryOutcome, RecoveryRange, RecoveryScenario, RecoverySegment, RecoveryWorkload,
};

/// The name of the workload that is there without any configuration.
const WHOLE: &str = "estate";
/// Resources of a workload whose dependencies are given one by one: more than that nobody can look at in a drawing.
const DRAWN: usize = 200;

/// What a verification found, and what it could not read.
#[derive(Debug, Clone, PartialEq)]
pub struct Verification {
    /// What it found.
    pub recovery: Recovery,
    /// What was not read and would decide, by scenario.
    pub unread: Vec<Vec<Gap>>,
    /// What was not read of the availability, by workload.
    pub unmeasured: Vec<Vec<Gap>>,
}

/// Verifies the recovery of an estate. `declared` tells what states say of it.
pub fn verify(view: View, declared: &[Declaration]) -> Verification {
    let (home, mut notes) = home(view.profile);
    let scene = Scene::new(view, home);
    let estate = Estate::of(&scene, declared);
    let web = Web::of(&estate, declared, &scene);
    let names = Names::of(&scene);
    let mut run = Run { scene: &scene, estate: &estate, declared, web, names, uses: BTreeMap::new() };
    let (mut workloads, mut unmeasured) = (Vec::new(), Vec::new());
    let rules: Vec<Option<&WorkloadRule>> = match view.profile.recovery.workloads.as_slice() {
        [] => {
            notes.push(format!("no workload is declared: everything in {home} is taken for one, `{WHOLE}`"));
            vec![None]
        }
        rules => rules.iter().map(Some).collect(),
    };
    let all: Vec<Workload> = rules.into_iter().map(|rule| run.workload(rule)).collect();
    for workload in &all {
        let (described, gaps) = run.described(workload);
        workloads.push(described);
        unmeasured.push(gaps);
        if workload.unconnected > 0 {
            notes.push(format!(
                "{}: nothing tells what {} of its resources need; in the worst case they wait for every store",
                workload.name, workload.unconnected
            ));
        }
        let unread = workload.nodes.iter().filter(|number| run.web.gap(**number).is_some()).count();
        if unread > 0 {
            notes.push(format!(
                "{}: what {unread} of its resources need, or who needs them, was not read; in the worst case they wait \
                 for all that it may be",
                workload.name
            ));
        }
    }
    let fates = run.fates();
    let each = all.iter().flat_map(|workload| Scenario::ALL.map(|scenario| (workload, scenario)));
    let (scenarios, unread) =
        each.map(|(workload, scenario)| run.scenario(workload, scenario, &fates)).unzip();
    for name in &estate.empty {
        notes.push(format!("{name} is declared empty in the profile, and left out"));
    }
    let recovery = Recovery {
        home: home.to_owned(),
        targets: scene.targets().map(str::to_owned).collect(),
        assumptions: run.assumptions(&workloads),
        workloads,
        scenarios,
        rehearsals: rehearsal::rehearsals(&scene),
        notes,
        since: None,
    };
    Verification { recovery, unread, unmeasured }
}

/// The region that serves production.
fn home(profile: &Profile) -> (&str, Vec<String>) {
    let primary = profile.regions.iter().find(|region| region.role == Role::Primary);
    match (primary, profile.regions.first()) {
        (Some(region), _) => (&region.name, Vec::new()),
        (None, Some(region)) => {
            let note = format!("no region has the role primary: {} is taken for it", region.name);
            (&region.name, vec![note])
        }
        (None, None) => ("", Vec::new()),
    }
}

/// What belongs together.
struct Workload {
    name: String,
    rule: Option<WorkloadRule>,
    /// Numbers of its nodes and of all that they need, rising.
    nodes: Vec<u32>,
    /// What it needs, with the worst case for those of which nothing is known.
    graph: Graph,
    unconnected: usize,
    /// Why more may belong to it than is known.
    missing: Vec<Gap>,
}

/// What becomes of a node.
struct Assessed {
    fate: Fate,
    choice: Choice,
}

/// By scenario and target, of every node.
type Fates<'a> = BTreeMap<(Scenario, Option<&'a str>), Vec<Assessed>>;

struct Run<'r, 'a> {
    scene: &'r Scene<'a>,
    estate: &'r Estate<'a>,
    declared: &'r [Declaration],
    web: Web,
    names: Names<'a>,
    /// How many numbers rest on each assumption.
    uses: BTreeMap<String, usize>,
}

impl<'r, 'a> Run<'r, 'a> {
    fn workload(&self, rule: Option<&WorkloadRule>) -> Workload {
        let numbered = || (0u32..).zip(&self.estate.nodes);
        let members: Vec<u32> = match rule {
            None => numbered().map(|(number, _)| number).collect(),
            Some(rule) => {
                numbered().filter(|(_, node)| node.belongs_to(rule)).map(|(number, _)| number).collect()
            }
        };
        let mut nodes = self.web.graph.reach(&members);
        nodes.retain(|number| (*number as usize) < self.estate.nodes.len());
        let part = |number: u32| self.estate.nodes.get(number as usize).map(|node| node.part);
        let stores: Vec<u32> = nodes.iter().copied().filter(|it| part(*it) == Some(Part::Store)).collect();
        let known = self.web.graph.reaching(&stores);
        let is_known = |number: u32| known.get(number as usize).copied().unwrap_or(false);
        let open: Vec<u32> = nodes
            .iter()
            .copied()
            .filter(|it| {
                part(*it) == Some(Part::Compute) && !is_known(*it) && !self.web.blind.contains_key(it)
            })
            .collect();
        let graph = self.web.worst(&nodes, &open, part);
        let unconnected = if stores.is_empty() { 0 } else { open.len() };
        let missing = rule.map_or_else(Vec::new, |rule| self.missing(rule, &nodes));
        let name = rule.map_or_else(|| WHOLE.to_owned(), |rule| rule.name.clone());
        Workload { name, rule: rule.cloned(), nodes, graph, unconnected, missing }
    }

    /// Why a workload may have more members than were found: what they need, or whether they belong to it, was not read.
    fn missing(&self, rule: &WorkloadRule, nodes: &[u32]) -> Vec<Gap> {
        if nodes.len() == self.estate.nodes.len() {
            return Vec::new();
        }
        let others =
            (0u32..).zip(&self.estate.nodes).filter(|(number, _)| nodes.binary_search(number).is_err());
        let untagged = others.filter_map(|(_, node)| node.untagged(rule));
        let missing: BTreeSet<Gap> = self.web.missing(nodes).into_iter().chain(untagged).collect();
        missing.into_iter().collect()
    }

    fn node(&self, number: u32) -> &'r Node<'a> {
        &self.estate.nodes[number as usize]
    }

    fn described(&self, workload: &Workload) -> (RecoveryWorkload, Vec<Gap>) {
        let nodes = || workload.nodes.iter().map(|number| self.node(*number));
        let named = |node: &&&Node| {
            let entered = workload.rule.as_ref().is_some_and(|rule| node.is_named(&rule.entry_points));
            entered || node.part == Part::Entry
        };
        let entry_points: BTreeSet<String> =
            nodes().collect::<Vec<_>>().iter().filter(named).map(|node| node.label()).collect();
        let (availability, gaps) = self.availability(workload);
        let described = RecoveryWorkload {
            name: workload.name.clone(),
            strategy: workload.rule.as_ref().and_then(|rule| rule.strategy).map(|it| it.word().to_owned()),
            entry_points: entry_points.into_iter().collect(),
            resources: workload.nodes.len(),
            stores: nodes().filter(|node| node.part == Part::Store).count(),
            dependencies: (0u32..)
                .zip(&self.estate.nodes)
                .map(|(number, _)| self.web.graph.needs(number).len())
                .sum(),
            graph: (workload.nodes.len() <= DRAWN).then(|| self.drawn(workload)),
            availability,
        };
        (described, gaps)
    }

    /// What each resource of a workload needs, without what only passes on.
    fn drawn(&self, workload: &Workload) -> Vec<RecoveryNeeds> {
        let needs = |number: &u32| RecoveryNeeds {
            resource: self.node(*number).label(),
            part: write::part(self.node(*number).part).to_owned(),
            needs: self.needed(*number).into_iter().map(|needed| self.node(needed).label()).collect(),
        };
        let mut drawn: Vec<RecoveryNeeds> = workload.nodes.iter().map(needs).collect();
        drawn.iter_mut().for_each(|it| it.needs.sort());
        drawn.sort();
        drawn
    }

    /// The resources that one needs, through whatever only passes on.
    fn needed(&self, number: u32) -> BTreeSet<u32> {
        let mut found = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut open: Vec<u32> = self.web.graph.needs(number).to_vec();
        while let Some(one) = open.pop() {
            if (one as usize) < self.estate.nodes.len() {
                found.insert(one);
            } else if seen.insert(one) {
                open.extend_from_slice(self.web.graph.needs(one));
            }
        }
        found.remove(&number);
        found
    }

    fn availability(&self, workload: &Workload) -> (RecoveryAvailability, Vec<Gap>) {
        let found =
            availability::modelled(workload.nodes.iter().map(|number| self.node(*number)), self.scene);
        let profile = self.scene.view.profile;
        let objective = plain(profile.objectives.availability);
        let nodes = || workload.nodes.iter().map(|number| self.node(*number));
        let mut unread = found.gaps.clone();
        let measured = availability::measured(nodes(), self.scene).unwrap_or_else(|gap| {
            unread.push(gap);
            None
        });
        let modelled = found.percent;
        let lower = measured.as_ref().filter(|measured| measured.percent < modelled);
        let (percent, grade) = lower.map_or((modelled, found.grade), |it| (it.percent, Grade::B));
        // What was not read of the configuration was taken for the weaker one, so that only the model may be better than
        // it says; what was not measured may be worse than all that is known.
        let open = match percent >= objective {
            true => !self.estate.blind.is_empty() || unread.len() > found.gaps.len(),
            false => lower.is_none() && (!found.gaps.is_empty() || !self.estate.blind.is_empty()),
        };
        let outcome = match percent >= objective {
            _ if open || workload.nodes.is_empty() => RecoveryOutcome::Undetermined,
            true => passed(grade, profile),
            false => RecoveryOutcome::Fail,
        };
        let factor = |factor: availability::Factor| RecoveryFactor {
            commitment: factor.commitment,
            percent: factor.percent,
            stands_for: factor.stands_for,
            resources: factor.resources,
        };
        let availability = RecoveryAvailability {
            percent: modelled,
            measured,
            objective,
            grade,
            outcome,
            factors: found.factors.into_iter().map(factor).collect(),
            unread: unread.iter().map(ToString::to_string).collect(),
        };
        unread.extend(self.estate.blind.iter().cloned());
        (availability, unread)
    }

    /// What becomes of every node in every scenario.
    fn fates(&self) -> Fates<'a> {
        let mut fates = Fates::new();
        for scenario in Scenario::ALL {
            for target in self.targets(scenario) {
                let assess = |node: &Node| {
                    let fate = paths::fate(node.resource, scenario, target, self.scene);
                    Assessed { choice: Choice::of(&fate), fate }
                };
                fates.insert((scenario, target), self.estate.nodes.iter().map(assess).collect());
            }
        }
        fates
    }

    fn targets(&self, scenario: Scenario) -> Vec<Option<&'a str>> {
        let targets: Vec<Option<&'a str>> = self.scene.targets().map(Some).collect();
        if scenario == Scenario::Region && !targets.is_empty() { targets } else { vec![None] }
    }

    /// A scenario; of the loss of a region where it is brought back best.
    fn scenario(
        &mut self,
        workload: &Workload,
        scenario: Scenario,
        fates: &Fates<'a>,
    ) -> (RecoveryScenario, Vec<Gap>) {
        let mut best: Option<(RecoveryScenario, Vec<Gap>, Vec<String>)> = None;
        for target in self.targets(scenario) {
            let Some(assessed) = fates.get(&(scenario, target)) else { continue };
            let found = Evaluation { run: self, workload, scenario, target, assessed }.whole();
            let rank = |it: &RecoveryScenario| (it.outcome, later(it.rpo.high_s), later(it.rto.high_s));
            if best.as_ref().is_none_or(|(known, ..)| rank(&found.0) < rank(known)) {
                best = Some(found);
            }
        }
        let (found, gaps, assumptions) = best.unwrap_or_else(|| {
            let none = Evaluation { run: self, workload, scenario, target: None, assessed: &[] };
            none.whole()
        });
        for key in assumptions {
            *self.uses.entry(key).or_default() += 1;
        }
        (found, gaps)
    }

    fn assumptions(&self, workloads: &[RecoveryWorkload]) -> Vec<RecoveryAssumption> {
        let recovery = &self.scene.view.profile.recovery;
        let mut factors: BTreeMap<&str, usize> = BTreeMap::new();
        for factor in workloads.iter().flat_map(|workload| &workload.availability.factors) {
            *factors.entry(&factor.commitment).or_default() += 1;
        }
        let committed = factors.into_iter().filter_map(|(key, uses)| {
            let found = recovery.commitments.get(key).filter(|it| it.grade == Grade::D)?;
            Some(RecoveryAssumption {
                key: format!("recovery.commitments.{key}"),
                value: format!("{} %", plain(found.availability)),
                owner: found.owner.clone(),
                date: found.date.to_string(),
                uses,
            })
        });
        let told = self.uses.iter().filter_map(|(key, uses)| {
            let time = recovery.times.get(key)?;
            Some(RecoveryAssumption {
                key: format!("recovery.times.{key}"),
                value: Interval::new(time.low.as_secs(), time.high.as_secs()).to_string(),
                owner: time.owner.clone(),
                date: time.date.to_string(),
                uses: *uses,
            })
        });
        committed.chain(told).collect()
    }
}

/// An exact number, as people read it.
fn plain(exact: Exact) -> f64 {
    *exact.numer() as f64 / *exact.denom() as f64
}

/// For ever comes last.
fn later(seconds: Option<u64>) -> u64 {
    seconds.unwrap_or(u64::MAX)
}

/// A pass of this grade, as the profile takes it.
fn passed(grade: Grade, profile: &Profile) -> RecoveryOutcome {
    match grade {
        grade if grade > profile.recovery.least_grade => RecoveryOutcome::Undetermined,
        Grade::D => RecoveryOutcome::PassOnAssumption,
        _ => RecoveryOutcome::Pass,
    }
}

/// One scenario of one workload towards one target.
struct Evaluation<'e, 'r, 'a> {
    run: &'e Run<'r, 'a>,
    workload: &'e Workload,
    scenario: Scenario,
    target: Option<&'a str>,
    assessed: &'e [Assessed],
}

/// A step before or after the resources themselves.
struct Step {
    step: &'static str,
    figure: Figure,
    what: String,
}

impl Evaluation<'_, '_, '_> {
    fn assessed(&self) -> impl Iterator<Item = (u32, &Node<'_>, &Assessed)> {
        let of = |number: &u32| Some((*number, self.run.node(*number), self.assessed.get(*number as usize)?));
        self.workload.nodes.iter().filter_map(of)
    }

    fn lost(&self) -> impl Iterator<Item = (u32, &Node<'_>, &Assessed, &[Path])> {
        self.assessed().filter_map(|(number, node, assessed)| match &assessed.fate {
            Fate::Lost(paths) => Some((number, node, assessed, paths.as_slice())),
            Fate::Unaffected(_) => None,
        })
    }

    /// With what was not read of it, and the assumptions under it.
    fn whole(&self) -> (RecoveryScenario, Vec<Gap>, Vec<String>) {
        let (rpo, rpo_grade, decided) = self.data_lost();
        let steps = self.steps();
        let own = self.own();
        let ready = self.workload.graph.ready(&own);
        let last =
            self.workload.nodes.iter().copied().max_by_key(|number| {
                (ready.of(*number).high, ready.of(*number).low, std::cmp::Reverse(*number))
            });
        let mut acts = Interval::ZERO;
        for number in &self.workload.nodes {
            acts = acts.beside(ready.of(*number));
        }
        let around = steps.iter().fold(Interval::ZERO, |sum, step| sum.then(step.figure.interval));
        let whole = self.scenario_gates();
        let behind = |interval: Interval| whole.iter().fold(interval, |interval, gate| gate.pass(interval));
        let (rpo, rto) = (behind(rpo), behind(acts.then(around)));
        let way: Vec<u32> = last.map(|last| ready.way(last)).unwrap_or_default();
        let critical_path = self.critical_path(&steps, &way, &own);
        let rto_grade = critical_path
            .iter()
            .filter(|segment| segment.high_s != Some(0))
            .map(|segment| segment.grade)
            .max()
            .unwrap_or(Grade::C);
        let blind = !self.run.estate.blind.is_empty()
            || self.workload.nodes.is_empty()
            || !self.workload.missing.is_empty();
        let open = |interval: Interval| if blind { interval.opened() } else { interval };
        let (objective_rpo, objective_rto) = self.objectives();
        let last = last.map(|number| self.run.node(number).label());
        let rpo = self.range(open(rpo), objective_rpo, rpo_grade, decided);
        let rto = self.range(open(rto), objective_rto, rto_grade, last);
        let mut resources: Vec<_> = self
            .lost()
            .map(|(number, node, assessed, paths)| {
                write::resource(node, &assessed.choice, paths, ready.slack(number))
            })
            .collect();
        resources.sort_by(|a, b| {
            let rank = |it: &crate::result::RecoveryResource| {
                std::cmp::Reverse((later(it.rpo_high_s), later(it.act_high_s), later(it.rpo_low_s)))
            };
            rank(a).cmp(&rank(b)).then_with(|| a.name.cmp(&b.name))
        });
        let assumptions = self.assumptions(&steps);
        let unread = self.unread(&steps, &whole);
        let advice = advise(self.scenario, self.target, &resources, objective_rpo, objective_rto);
        let gated = self.run.scene.view.profile.recovery.gated.contains(&self.scenario);
        let scenario = RecoveryScenario {
            name: self.scenario,
            workload: self.workload.name.clone(),
            gated,
            target: self.target.map(str::to_owned),
            outcome: rpo.outcome.max(rto.outcome),
            rpo,
            rto,
            spread_s: self.spread(),
            critical_path,
            unaffected: self.assessed().count() - resources.len(),
            resources,
            gates: self.gates(&whole),
            unread: unread.keys().cloned().collect(),
            flows: self.flows(),
            advice,
        };
        (scenario, unread.into_values().collect(), assumptions)
    }

    /// The most that any store loses, and which one that is. The worst grade of all that lose counts: each has to hold.
    fn data_lost(&self) -> (Interval, Grade, Option<String>) {
        let mut lost = Interval::ZERO;
        let mut grade = None;
        let mut decided: Option<(Span, Span, String)> = None;
        for (_, node, assessed, _) in self.lost().filter(|(_, node, ..)| node.part == Part::Store) {
            let choice = &assessed.choice;
            lost = lost.beside(choice.rpo);
            grade = grade.max(Some(choice.rpo_grade));
            let later = decided
                .as_ref()
                .is_none_or(|(high, low, _)| (choice.rpo.high, choice.rpo.low) > (*high, *low));
            if later {
                decided = Some((choice.rpo.high, choice.rpo.low, node.label()));
            }
        }
        (lost, grade.unwrap_or(Grade::C), decided.map(|(.., label)| label))
    }

    /// The time of each number of the graph.
    fn own(&self) -> Vec<Interval> {
        let mut own = vec![Interval::ZERO; self.workload.graph.len()];
        for (number, _, assessed) in self.assessed() {
            own[number as usize] = assessed.choice.act;
        }
        own
    }

    /// Detection and decision before, health checks and names after.
    fn steps(&self) -> Vec<Step> {
        let scene = self.run.scene;
        if self.lost().next().is_none() {
            return Vec::new();
        }
        let manual = self.lost().any(|(_, _, assessed, _)| !assessed.choice.automatic);
        let mut steps = Vec::new();
        let step = |step, figure: Figure, what: &str| Step { step, figure, what: what.to_owned() };
        if self.scenario != Scenario::Region {
            // What fails over by itself has detection in its time.
            if manual {
                steps.push(step("detect", scene.time("detect"), "the failure is seen"));
                steps.push(step("decide", scene.time("decide"), "somebody decides to act"));
            }
            return steps;
        }
        let entries: Vec<&Node> =
            self.lost().filter(|(_, node, ..)| node.part == Part::Entry).map(|it| it.1).collect();
        let mut slowest: Option<dns::Switch> = None;
        for entry in &entries {
            let found = self.run.names.switch(entry.resource, scene);
            let later =
                slowest.as_ref().is_none_or(|known| found.dns.interval.high > known.dns.interval.high);
            if later {
                slowest = Some(found);
            }
        }
        let by_hand = slowest.as_ref().is_some_and(|found| !found.automatic);
        let detect = slowest.as_ref().and_then(|found| found.detect.clone());
        let detect = detect.unwrap_or_else(|| scene.time("detect"));
        steps.push(step("detect", detect, "the failure is seen"));
        if manual || by_hand {
            steps.push(step("decide", scene.time("decide"), "somebody decides to act"));
        }
        let checks = entries.iter().filter_map(|entry| dns::verify(entry.resource, scene));
        if let Some(verify) = checks.max_by_key(|figure| figure.interval.high) {
            steps.push(step("verify", verify, "targets are taken for healthy"));
        }
        if let Some(found) = slowest {
            steps.push(step("dns", found.dns, "users find the other region"));
        }
        steps
    }

    fn critical_path(&self, steps: &[Step], way: &[u32], own: &[Interval]) -> Vec<RecoverySegment> {
        let around = |step: &Step| RecoverySegment {
            step: step.step.to_owned(),
            what: step.what.clone(),
            resource: None,
            address: None,
            low_s: step.figure.interval.low.seconds(),
            high_s: step.figure.interval.high.seconds(),
            grade: step.figure.grade,
            commands: Vec::new(),
        };
        let first = steps.iter().filter(|step| matches!(step.step, "detect" | "decide")).map(around);
        let after = steps.iter().filter(|step| !matches!(step.step, "detect" | "decide")).map(around);
        let act = |number: &u32| {
            let (node, assessed) =
                (self.run.estate.nodes.get(*number as usize)?, self.assessed.get(*number as usize)?);
            let Fate::Lost(paths) = &assessed.fate else { return None };
            let path = assessed.choice.path.and_then(|index| paths.get(index));
            let interval = own.get(*number as usize)?;
            Some(RecoverySegment {
                step: "act".to_owned(),
                what: path.map_or_else(|| "no way back".to_owned(), |path| path.name.to_owned()),
                resource: Some(node.label()),
                address: node.address.map(str::to_owned),
                low_s: interval.low.seconds(),
                high_s: interval.high.seconds(),
                grade: assessed.choice.act_grade,
                commands: path.map(|path| path.steps.clone()).unwrap_or_default(),
            })
        };
        first.chain(way.iter().filter_map(act)).chain(after).collect()
    }

    fn objectives(&self) -> (u64, u64) {
        let profile = self.run.scene.view.profile;
        let of_scenario = profile.recovery.objectives.get(self.scenario.word());
        let of_workload = self.workload.rule.as_ref();
        let rpo = of_scenario.and_then(|it| it.rpo).or(of_workload.and_then(|it| it.rpo));
        let rto = of_scenario.and_then(|it| it.rto).or(of_workload.and_then(|it| it.rto));
        (rpo.unwrap_or(profile.objectives.rpo).as_secs(), rto.unwrap_or(profile.objectives.rto).as_secs())
    }

    fn range(
        &self,
        interval: Interval,
        objective: u64,
        grade: Grade,
        decided_by: Option<String>,
    ) -> RecoveryRange {
        let objective_span = Span::Seconds(objective);
        let outcome = match interval {
            it if it.high <= objective_span => passed(grade, self.run.scene.view.profile),
            it if it.low > objective_span => RecoveryOutcome::Fail,
            _ => RecoveryOutcome::Undetermined,
        };
        RecoveryRange {
            low_s: interval.low.seconds(),
            high_s: interval.high.seconds(),
            objective_s: objective,
            grade,
            outcome,
            decided_by,
        }
    }

    /// How far apart the moments are that stores come back to.
    fn spread(&self) -> Option<u64> {
        let stores = self.lost().filter(|(_, node, ..)| node.part == Part::Store);
        let ages: Option<Vec<u64>> =
            stores.map(|(_, _, assessed, _)| assessed.choice.rpo.high.seconds()).collect();
        let ages = ages?;
        Some(ages.iter().max()? - ages.iter().min()?)
    }

    /// What has to hold for the scenario as a whole, whatever the paths.
    fn scenario_gates(&self) -> Vec<Gate> {
        match self.target {
            Some(target) if self.lost().next().is_some() => {
                gates::of_region(target, self.run.scene, self.run.declared)
            }
            _ => Vec::new(),
        }
    }

    fn gates(&self, whole: &[Gate]) -> Vec<RecoveryGate> {
        let region = self.target.unwrap_or_default();
        let whole = whole.iter().map(|gate| write::gate(region, "", gate));
        let mut gates: Vec<RecoveryGate> = self
            .lost()
            .flat_map(|(_, node, _, paths)| {
                let label = node.label();
                paths.iter().flat_map(move |path| write::gates(&label, path)).collect::<Vec<_>>()
            })
            .chain(whole)
            .filter(|gate| gate.state != "open")
            .collect();
        gates.sort();
        gates.dedup();
        gates
    }

    /// What was not read and leaves the worst case open.
    fn unread(&self, steps: &[Step], whole: &[Gate]) -> BTreeMap<String, Gap> {
        let told = |gap: &Gap| (gap.to_string(), gap.clone());
        let blind = self.run.estate.blind.iter().chain(&self.workload.missing);
        let blind = blind.chain(whole.iter().filter_map(Gate::gap));
        let mut unread: BTreeMap<String, Gap> = blind.map(told).collect();
        if self.lost().next().is_some() {
            let gaps = self.workload.nodes.iter().filter_map(|it| Some((*it, self.run.web.gap(*it)?)));
            let of_node =
                |(number, gap): (u32, &Gap)| (named(&self.run.node(number).label(), gap), gap.clone());
            unread.extend(gaps.map(of_node));
        }
        for (_, node, assessed, paths) in self.lost() {
            let choice = &assessed.choice;
            let open = choice.act.high == Span::Never
                || (node.part == Part::Store && choice.rpo.high == Span::Never);
            // A path that is proved to be shut is not missed.
            let gaps = paths.iter().filter(|path| !path.is_shut()).filter_map(Path::gap);
            let of_node = |gap: &Gap| (named(&node.label(), gap), gap.clone());
            unread.extend(gaps.filter(|_| open).map(of_node));
        }
        unread.extend(steps.iter().filter_map(|step| step.figure.gap.as_ref()).map(told));
        unread
    }

    fn flows(&self) -> Vec<RecoveryFlow> {
        let Some(target) = self.target else { return Vec::new() };
        let world = |region: &str| region.split('-').next().unwrap_or_default().to_owned();
        let home = self.run.scene.home;
        if world(home) == world(target) {
            return Vec::new();
        }
        // A queue comes back empty, and of a copy that was not seen nobody knows where it is.
        let leaves = |node: &Node, assessed: &Assessed, paths: &[Path]| {
            let path = assessed.choice.path.and_then(|index| paths.get(index));
            let holds = node.part == Part::Store && node.resource.kind() != "aws_sqs_queue";
            holds && path.is_some_and(|it| !it.is_unseen())
        };
        let stores = self.lost().filter(|(_, node, assessed, paths)| leaves(node, assessed, paths));
        let mut flows: Vec<RecoveryFlow> = stores
            .map(|(_, node, ..)| RecoveryFlow {
                resource: node.label(),
                from: home.to_owned(),
                to: target.to_owned(),
            })
            .collect();
        flows.sort();
        flows
    }

    /// The assumptions under the numbers that count.
    fn assumptions(&self, steps: &[Step]) -> Vec<String> {
        let mut keys: Vec<String> = steps.iter().flat_map(|step| step.figure.assumptions.clone()).collect();
        for (_, node, assessed, paths) in self.lost() {
            let Some(path) = assessed.choice.path.and_then(|index| paths.get(index)) else { continue };
            keys.extend(path.act.assumptions.iter().cloned());
            keys.extend(path.delays().flat_map(|delay| delay.assumptions.iter().cloned()));
            if node.part == Part::Store {
                keys.extend(path.rpo.assumptions.iter().cloned());
            }
        }
        keys
    }
}

fn named(label: &str, gap: &Gap) -> String {
    format!("{gap}: {label}")
}

/// Why a gate does not hold, in words.
pub(super) fn why(fault: &Fault) -> (&'static str, String) {
    match fault {
        Fault::Broken(found) => ("shut", found.clone()),
        Fault::Unread(gap) => ("unknown", gap.to_string()),
    }
}
