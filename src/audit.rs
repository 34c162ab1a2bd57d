//! The whole path over a recorded estate: fold → drift → judge → score → result. Nothing but the recording enters.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use stateward_model::trail::{Lookup, Trail};
use stateward_model::{Address, GLOBAL, Gap, Kind, Place, Reading, Resource, Wanted, kinds};
use time::OffsetDateTime;

use crate::check::{Check, DriftFacts, StateFacts, Subject, View};
use crate::declared::{DeclaredSide, States};
use crate::drift::fresh::created_at;
use crate::drift::ignored::{Belonging, ConfigFacts, Definitions, Used};
use crate::drift::time::{Memory, Sight, unusable};
use crate::drift::{self, Class, Coverage, Drift, Item, Label, accept, who};
use crate::inventory::{Inventory, Side};
use crate::judge::{self, Addresses, Finding, Statuses};
use crate::live::LiveSide;
use crate::packed::PackedSide;
use crate::plan::{self, Selection, UnknownWord};
use crate::profile::{Exact, Profile};
use crate::recover;
use crate::result::{Document, Run, build};
use crate::score;
use crate::snapshot::{RecordedAccount, RecordedReading, RecordedRegion, RecordedState, Snapshot};
use crate::tagged::TagFacts;

/// What a run asks of an estate.
pub struct Question<'a> {
    /// Thresholds, regions, exceptions.
    pub profile: &'a Profile,
    /// What was selected on the command line.
    pub selection: &'a Selection,
    /// The checks to make; none for `stateward drift`.
    pub checks: Vec<&'a Check<'a>>,
    /// Every check that there is: the catalogue and the custom checks.
    pub all: Vec<&'a Check<'a>>,
    /// Whether the states are compared with the estate.
    pub drift: bool,
    /// Whether objects that no state has are looked for.
    pub unmanaged: bool,
    /// Whether it ends in a score and a verdict.
    pub verdict: bool,
    /// Whether recovery is verified; its verdict is then that of the run.
    pub recovery: bool,
    /// The result that drift is held against, to tell what is new and what is resolved.
    pub previous: Option<&'a Document>,
    /// The last evidenced score of components that were assessed in a run of the last 90 days, by key.
    pub last_evidenced: BTreeMap<String, Exact>,
}

impl<'a> Question<'a> {
    /// `stateward audit`: the selected checks, and the comparison where it belongs to the selection.
    ///
    /// # Errors
    /// A word of the selection that names nothing.
    pub fn audit(profile: &'a Profile, selection: &'a Selection) -> Result<Self, UnknownWord> {
        Self::audit_with(profile, selection, &[])
    }

    /// `stateward audit` with custom checks beside the catalogue.
    ///
    /// # Errors
    /// A word of the selection that names nothing.
    pub fn audit_with(
        profile: &'a Profile,
        selection: &'a Selection,
        custom: &'a [Check<'a>],
    ) -> Result<Self, UnknownWord> {
        let mut all: Vec<&'a Check<'a>> = crate::checks::all().collect();
        all.extend(custom);
        let checks = selection.choose(&all, &profile.checks.disable)?;
        let drift = selection.includes_drift(&all);
        Ok(Self {
            profile,
            selection,
            checks,
            all,
            drift,
            unmanaged: drift,
            verdict: true,
            recovery: false,
            previous: None,
            last_evidenced: BTreeMap::new(),
        })
    }

    /// `stateward drift`: the comparison alone.
    ///
    /// # Errors
    /// A word of the selection that names nothing.
    pub fn drift(
        profile: &'a Profile,
        selection: &'a Selection,
        unmanaged: bool,
    ) -> Result<Self, UnknownWord> {
        selection.select(&[])?;
        let (checks, all) = (Vec::new(), crate::checks::all().collect());
        Ok(Self {
            profile,
            selection,
            checks,
            all,
            drift: true,
            unmanaged,
            verdict: false,
            recovery: false,
            previous: None,
            last_evidenced: BTreeMap::new(),
        })
    }

    /// `stateward recover`: what would be lost, and how long it would take to come back.
    pub fn recovery(profile: &'a Profile, selection: &'a Selection) -> Self {
        let (checks, all) = (Vec::new(), crate::checks::all().collect());
        Self {
            profile,
            selection,
            checks,
            all,
            drift: false,
            unmanaged: false,
            verdict: false,
            recovery: true,
            previous: None,
            last_evidenced: BTreeMap::new(),
        }
    }

    /// What has to be read to answer it, given the declared resources.
    pub fn wanted(&self, states: &[RecordedState]) -> Wanted {
        let mut wanted = Wanted::default();
        // Without a state there is nothing that checks on states could judge.
        let judged =
            |check: &&'a Check<'a>| !states.is_empty() || !matches!(check.subject, Subject::State(_));
        let checks: Vec<&'a Check<'a>> = self.checks.iter().copied().filter(judged).collect();
        if self.drift && !states.is_empty() {
            for state in states {
                plan::for_states(&state.resources.carried(), self.profile, &mut wanted);
            }
            if self.unmanaged {
                plan::for_existence(&mut wanted);
            }
        }
        // A selection of services narrows the comparison; what a selected check needs beside, it gets.
        let mut wanted = plan::only_services(&wanted, &self.selection.services);
        plan::for_checks(&checks, self.profile, &mut wanted);
        if self.recovery || checks.iter().any(|check| self.verifies_whole(check)) {
            recover::wanted(&mut wanted);
        }
        wanted
    }

    /// Whether a check judges what a verification of recovery reads beside what the check declares.
    fn verifies_whole(&self, check: &Check) -> bool {
        // Of the one workload that is everything, the availability does not depend on who belongs to it.
        let whole = check.id != crate::checks::OF_AVAILABILITY;
        crate::checks::OF_RECOVERY.contains(&check.id)
            && (whole || !self.profile.recovery.workloads.is_empty())
    }

    /// Whether recovery is verified, for the command or for a check that judges what comes of it.
    fn looks_at_recovery(&self) -> bool {
        self.recovery || self.checks.iter().any(|check| crate::checks::OF_RECOVERY.contains(&check.id))
    }

    /// Whether a check judges the older versions of the states.
    pub fn looks_at_history(&self) -> bool {
        self.checks.iter().any(|check| check.id == crate::checks::OF_HISTORY)
    }

    /// Checks of the catalogue that are not made, by id.
    pub fn left_out(&self) -> Vec<String> {
        if !self.verdict {
            return Vec::new();
        }
        let made: BTreeSet<&str> = self.checks.iter().map(|check| check.id).collect();
        let all = self.all.iter().map(|check| check.id);
        let left: BTreeSet<String> = all.filter(|id| !made.contains(id)).map(str::to_owned).collect();
        left.into_iter().collect()
    }
}

/// Everything that was found, before it is put into the result.
pub(crate) struct Found<'a> {
    pub(crate) live: Box<dyn LiveSide>,
    pub(crate) drift: Option<Drift>,
    pub(crate) idle_rules: Vec<String>,
    /// What became of the configurations.
    pub(crate) configurations: Vec<Used>,
    pub(crate) findings: Vec<Finding<'a>>,
    pub(crate) declared: Statuses<'a>,
    pub(crate) scorecard: Option<score::Scorecard>,
    /// Where every managed instance stands, by its Terraform address.
    pub(crate) identities: BTreeMap<String, Identity>,
    /// Where the configurations define the managed instances.
    pub(crate) definitions: Definitions<'a>,
}

impl<'a> Found<'a> {
    /// What a comparison found, before anything is judged.
    fn compared(live: Box<dyn LiveSide>, compared: Compared, configurations: &'a [ConfigFacts]) -> Self {
        Self {
            live,
            drift: compared.drift,
            idle_rules: compared.idle_rules,
            configurations: compared.used,
            findings: Vec::new(),
            declared: Statuses::new(),
            scorecard: None,
            identities: BTreeMap::new(),
            definitions: Definitions::of(configurations, compared.belonging),
        }
    }
}

/// What a managed instance is.
pub(crate) struct Identity {
    /// Its own identity.
    pub(crate) own: Address,
    /// For a part: the identity of its owner.
    pub(crate) owner: Option<Address>,
}

/// Answers `question` over `snapshot` as of `as_of`.
pub fn evaluate(snapshot: Snapshot, question: &Question, as_of: OffsetDateTime, run: Run) -> Document {
    let (recorded, readings, configurations, trail) = laid_out(snapshot, question);
    let scope = coverage(question, &recorded.accounts, &recorded.states);
    if question.checks.is_empty() && !question.verdict && !question.recovery {
        // Nothing else is asked of the estate, so both sides stay packed: the path for estates of any size.
        let live = packed(readings, &recorded, question);
        let compared = compared(&recorded, &live, &configurations, trail.as_ref(), question, as_of);
        let found = Found::compared(Box::new(live), compared, &configurations);
        return conclude(&recorded, found, &scope, question, as_of, run);
    }
    let mut live = Inventory::live(readings.into_iter().map(Reading::from).collect());
    let (accounts, regions) = expected(&recorded, question);
    live.expect(&accounts, &regions);
    let declared = || recorded.states.iter().flat_map(|state| state.resources.iter());
    let identities = identities(declared(), &live);
    let facts: Vec<StateFacts> =
        recorded.states.iter().map(|state| with_tags(state, &live, question.profile)).collect();

    let compared = compared(&recorded, &live, &configurations, trail.as_ref(), question, as_of);
    let drift = &compared.drift;
    let drift_facts = drift.as_ref().map(|drift| drift_facts(drift, &live, question.profile, as_of));
    let addresses = addresses(declared(), &live);
    let view = View {
        side: Side::Live,
        inventory: &live,
        profile: question.profile,
        as_of,
        states: &facts,
        drift: drift_facts.as_ref(),
        configurations: &configurations,
        recovery: None,
    };
    let verified =
        question.looks_at_recovery().then(|| recover::verify(view, &declarations(&recorded.states)));
    let view = View { recovery: verified.as_ref(), ..view };
    let mut findings = judge::judge(&question.checks, &view, &addresses);
    score::expire(&mut findings, question.profile, as_of);
    let declared = declared_statuses(question, &recorded.states, declared(), &view);
    let scorecard = question.verdict.then(|| {
        let outages = outages(&question.checks, &live);
        let last_evidenced = question.last_evidenced.clone();
        let input = score::Input::new(&findings, question.profile, as_of);
        score::score(&score::Input { outages, last_evidenced, ..input })
    });
    let recovery = verified.filter(|_| question.recovery).map(|verified| verified.recovery);
    let compared = Found::compared(Box::new(live), compared, &configurations);
    let found = Found { findings, declared, scorecard, identities, ..compared };
    let mut document = conclude(&recorded, found, &scope, question, as_of, run);
    if let Some(mut recovery) = recovery {
        let accounts: Vec<String> = document.scope.accounts.iter().map(|it| it.id.clone()).collect();
        recovery.since = question.previous.map(|earlier| recover::since(earlier, &recovery, &accounts));
        document.verdict = Some(recover::verdict(&recovery, question.profile));
        document.recovery = Some(recovery);
    }
    document
}

/// Where managed instances stand, and what Terraform says that they depend on.
fn declarations(states: &[RecordedState]) -> Vec<recover::Declaration> {
    let states = States(states);
    let told = states.sketched(|_| false).filter_map(|resource| {
        let resource = resource.into_owned();
        let facts = resource.declared.filter(|facts| facts.deposed.is_none())?;
        Some(recover::Declaration {
            identity: resource.address,
            address: facts.address,
            state: facts.state,
            dependencies: facts.dependencies,
        })
    });
    told.collect()
}

/// What a state is, with what its managed instances tell of the tags that the profile requires.
fn with_tags(state: &RecordedState, live: &Inventory, profile: &Profile) -> StateFacts {
    let required = &profile.state.required_tags;
    let tagged = (!required.is_empty()).then(|| TagFacts::of(state.resources.iter(), live, required));
    StateFacts { tagged, ..state.facts.clone() }
}

/// The result, beside what an earlier one said and with what the profile accepts.
fn conclude(
    recorded: &build::Recorded,
    found: Found,
    scope: &Coverage,
    question: &Question,
    as_of: OffsetDateTime,
    run: Run,
) -> Document {
    let past = question.previous.zip(found.drift.as_ref()).map(|(previous, drift)| {
        let refused = unusable(previous, &scope.accounts, &recorded.states, as_of);
        let memory = if refused.is_none() { Memory::of(previous) } else { Memory::default() };
        let sight = Sight { drift, live: found.live.as_ref(), states: &recorded.states, coverage: scope };
        let fates = memory.fates(&sight);
        (previous, memory, fates, refused)
    });
    let mut document = build::document(recorded, found, question, run);
    if let Some(drift) = &mut document.drift {
        accept::apply(drift, &question.profile.drift.accept, as_of.date());
    }
    match past {
        Some((previous, memory, fates, None)) => memory.place(&mut document, previous, &fates),
        Some((previous, .., Some(refused))) => drift::time::refuse(&mut document, previous, refused),
        None => {}
    }
    document
}

/// A recording as the question asks for it, and the events that were looked up for it.
fn laid_out(
    snapshot: Snapshot,
    question: &Question,
) -> (build::Recorded, Vec<RecordedReading>, Vec<ConfigFacts>, Option<Trail>) {
    let Snapshot {
        accounts,
        regions,
        readings,
        operations,
        errors,
        wall_ms,
        states,
        configurations,
        trail,
        ..
    } = asked(snapshot, question);
    let mut recorded = build::Recorded { accounts, regions, operations, errors, wall_ms, states };
    for state in &mut recorded.states {
        // Only checks look at what instances tell of their state, and the walk through all of them is dear.
        if !question.checks.is_empty() {
            state.facts.observe(state.resources.iter(), &question.profile.environments);
        }
        state.facts.unread = state.gap.clone();
    }
    (recorded, readings, configurations, trail)
}

/// Where everything that was read at all should have been read: the accounts, and the regions of the profile.
fn expected(recorded: &build::Recorded, question: &Question) -> (Vec<(String, Option<Gap>)>, Vec<String>) {
    let accounts = recorded.accounts.iter().map(|account| (account.id.clone(), account.gap.clone()));
    let regions = question.profile.regions.iter().map(|region| region.name.clone());
    (accounts.collect(), regions.collect())
}

fn packed(readings: Vec<RecordedReading>, recorded: &build::Recorded, question: &Question) -> PackedSide {
    let mut live = PackedSide::new(readings);
    let (accounts, regions) = expected(recorded, question);
    live.listings_mut().expect(&accounts, &regions);
    live
}

/// State against live, and what became of the rules that take something out of it.
#[derive(Default)]
struct Compared {
    /// Without what the profile ignores; none where nothing was to be compared.
    drift: Option<Drift>,
    /// Ignore rules of the profile without effect.
    idle_rules: Vec<String>,
    /// What became of the configurations.
    used: Vec<Used>,
    /// Which states they belong to.
    belonging: Belonging,
}

fn compared(
    recorded: &build::Recorded,
    live: &dyn LiveSide,
    configurations: &[ConfigFacts],
    trail: Option<&Trail>,
    question: &Question,
    as_of: OffsetDateTime,
) -> Compared {
    let declared = States(&recorded.states);
    let belonging = match configurations {
        [] => Belonging::default(),
        some => Belonging::of(some, declared.sketched(|_| false).map(Cow::into_owned)),
    };
    if !question.drift || recorded.states.is_empty() {
        return Compared { belonging, ..Compared::default() };
    }
    let scope = coverage(question, &recorded.accounts, &recorded.states);
    let mut drift = drift::reconcile(States(&recorded.states), live, &scope);
    if let Some(trail) = trail {
        who::publications(&mut drift, live, trail, &self::scene(question, recorded, as_of));
    }
    let mut used = Vec::new();
    if !configurations.is_empty() {
        used = drift.ignored_by(configurations, &belonging);
    }
    let idle_rules = drift.ignore(question.profile, as_of.date());
    if let Some(trail) = trail {
        let declared = declared.all().map(Cow::into_owned);
        who::attribute(&mut drift, declared, trail, &scene(question, recorded, as_of));
    }
    Compared { drift: Some(drift), idle_rules, used, belonging }
}

/// What to look up in CloudTrail, so that the result over `snapshot` can say who made the differences.
pub fn lookups(snapshot: &Snapshot, question: &Question, as_of: OffsetDateTime) -> Vec<Lookup> {
    let (recorded, readings, configurations, _) = laid_out(snapshot.clone(), question);
    let live = packed(readings, &recorded, question);
    let compared = compared(&recorded, &live, &configurations, None, question, as_of);
    let scene = scene(question, &recorded, as_of);
    let states = States(&recorded.states);
    let declared = states.all().map(Cow::into_owned);
    compared.drift.map(|drift| who::lookups(&drift, declared, &scene)).unwrap_or_default()
}

fn scene<'a>(question: &'a Question, recorded: &build::Recorded, as_of: OffsetDateTime) -> who::Scene<'a> {
    let written = |state: &RecordedState| Some((state.facts.uri.clone(), state.facts.written_at.clone()?));
    let settings = &question.profile.drift;
    let accounts = recorded.accounts.iter().map(|account| account.id.clone());
    let first = question.profile.regions.first();
    who::Scene {
        as_of,
        written: recorded.states.iter().filter_map(written).collect(),
        home: who::home_of_global_services(first.map_or("", |region| &region.name)).to_owned(),
        pipeline_roles: &settings.pipeline_roles,
        pseudonyms: settings.pseudonyms.then(|| who::key_of(&settings.pseudonym_key, accounts)),
    }
}

/// Of a recording, what the question asks: a replay must not see regions, types or errors that a live run would not
/// have looked for. Of a live run this is everything.
fn asked(mut snapshot: Snapshot, question: &Question) -> Snapshot {
    let wanted = question.wanted(&snapshot.states);
    let regions = &question.profile.regions;
    let audited = |region: &str| region == GLOBAL || regions.iter().any(|known| known.name == region);
    snapshot.readings.retain(|reading| wanted.has_kind(&reading.kind) && audited(&reading.place.region));
    let read: BTreeSet<Place> = snapshot.readings.iter().map(|reading| reading.place.clone()).collect();
    snapshot.regions = read
        .iter()
        .filter(|place| place.region != GLOBAL)
        .map(|place| {
            let here = snapshot.readings.iter().filter(|reading| &reading.place == place);
            let failed = here.clone().filter(|reading| !reading.harvest.gaps.is_empty()).count();
            RecordedRegion { place: place.clone(), read: here.count() - failed, failed }
        })
        .collect();
    // An operation that no kind names is the backend's or proves an identity: always asked, wherever it was.
    let named = |name: &str| {
        let mut fills = kinds::all().filter(|kind| fills(kind, name)).peekable();
        let asked = fills.peek().is_none();
        asked || fills.any(|kind| asks(&wanted, kind, name))
    };
    let home =
        |region: &str| audited(region) || !snapshot.regions.iter().any(|known| known.place.region == region);
    snapshot
        .operations
        .retain(|one| named(&format!("{}:{}", one.service, one.operation)) && home(&one.region));
    snapshot.errors.retain(|one| named(&format!("{}:{}", one.service, one.operation)) && home(&one.region));
    snapshot
}

fn fills(kind: &Kind, call: &str) -> bool {
    kind.listed_by.contains(&call) || kind.attributes.iter().any(|attr| attr.read_by.contains(&call))
}

fn asks(wanted: &Wanted, kind: &Kind, call: &str) -> bool {
    let listed = wanted.has_kind(kind.name) && kind.listed_by.contains(&call);
    let attributes = kind.attributes.iter().filter(|attr| attr.read_by.contains(&call));
    listed || attributes.into_iter().any(|attr| wanted.has(kind.name, attr.path))
}

/// Judges the states by the same checks, so that a drift knows what it breaks.
fn declared_statuses<'a>(
    question: &Question<'a>,
    states: &[RecordedState],
    resources: impl Iterator<Item = Resource>,
    live: &View,
) -> Statuses<'a> {
    if states.is_empty() || question.checks.is_empty() {
        return Statuses::new();
    }
    let gaps = states.iter().filter_map(|state| state.gap.clone()).collect();
    let inventory = crate::fold::declared(resources, gaps);
    let view = View { side: Side::Declared, inventory: &inventory, ..*live };
    judge::statuses(&question.checks, &view, live.inventory)
}

/// What a component cannot be assessed without: when none of its listings could be read anywhere, the component has no
/// ground to stand on, whatever its other checks say.
const MANDATORY: &[(&str, &[&str])] = &[
    ("network", &["aws_security_group"]),
    ("storage", &["aws_s3_bucket", "aws_db_instance"]),
    ("monitoring", &["aws_cloudwatch_metric_alarm"]),
    ("dr", &["aws_db_instance"]),
    ("autoscaling", &["aws_autoscaling_group"]),
    ("cloud", &["aws_iam_role"]),
];

/// Components whose mandatory listings all failed, each with a sentence.
fn outages(checks: &[&Check], live: &Inventory) -> BTreeMap<String, String> {
    let mut outages = BTreeMap::new();
    for (component, mandatory) in MANDATORY {
        if !checks.iter().any(|check| check.component == *component) {
            continue;
        }
        let lost = mandatory.iter().filter_map(|name| kinds::find(name)).find_map(|kind| {
            let places = live.places(kind);
            let gaps: Vec<_> = places.iter().filter_map(|place| live.complete(kind, place).err()).collect();
            let gap = gaps.first().filter(|_| gaps.len() == places.len())?;
            Some(format!("{} could not be read anywhere ({gap})", kind.name))
        });
        outages.extend(lost.map(|sentence| ((*component).to_owned(), sentence)));
    }
    outages
}

pub(crate) fn coverage(
    question: &Question,
    accounts: &[RecordedAccount],
    states: &[RecordedState],
) -> Coverage {
    // An account that could not be entered is audited all the same: what it holds is unknown, and not beyond the scope.
    let accounts = accounts.iter().map(|account| account.id.clone());
    let unread = states.iter().filter(|state| state.gap.is_some());
    let services = &question.selection.services;
    let counted = kinds::all().filter(|kind| {
        kind.manageable
            && !kind.listed_by.is_empty()
            && (services.is_empty() || services.iter().any(|name| name == kind.service))
    });
    let mut backends = BTreeSet::new();
    for facts in states.iter().map(|state| &state.facts) {
        if let Some((bucket, _)) = &facts.s3 {
            backends.insert(("aws_s3_bucket".to_owned(), bucket.clone()));
        }
        if let Some(table) = &facts.lock_table {
            backends.insert(("aws_dynamodb_table".to_owned(), table.clone()));
        }
    }
    Coverage {
        accounts: accounts.filter(|id| !id.is_empty()).collect(),
        regions: question.profile.regions.iter().map(|region| region.name.clone()).collect(),
        unmanaged: counted.filter(|_| question.unmanaged).map(|kind| kind.name.to_owned()).collect(),
        unread_states: unread.map(|state| state.facts.uri.clone()).collect(),
        backends,
        lineages: states.iter().map(|state| (state.facts.uri.clone(), state.facts.lineage.clone())).collect(),
        services: services.clone(),
        ignored_tags: question.profile.drift.ignore_tags.clone(),
        pipeline_roles: question.profile.drift.pipeline_roles.clone(),
    }
}

/// Where the live resources stand in the states.
fn addresses(resources: impl Iterator<Item = Resource>, live: &Inventory) -> Addresses {
    let mut addresses = Addresses::new();
    for resource in resources {
        let Some(facts) = resource.declared.filter(|facts| facts.deposed.is_none()) else { continue };
        if live.find(&resource.address).is_some() {
            addresses.entry(resource.address).or_insert_with(|| (facts.address, facts.state));
        }
    }
    addresses
}

/// What the managed instances are whose object, or whose owner, lives.
fn identities(resources: impl Iterator<Item = Resource>, live: &Inventory) -> BTreeMap<String, Identity> {
    let mut identities = BTreeMap::new();
    for resource in resources {
        let owner = kinds::satellite(resource.kind()).and_then(|(kind, satellite)| {
            let id = (satellite.owner_id)(&resource)?;
            Some(drift::atoms::owner_address(kind, &resource.address.place, id))
        });
        let subject = owner.as_ref().unwrap_or(&resource.address);
        if live.find(subject).is_none() {
            continue;
        }
        if let Some(facts) = resource.declared {
            identities.insert(facts.address, Identity { own: resource.address, owner });
        }
    }
    identities
}

/// What the checks on drift may look at.
fn drift_facts(drift: &Drift, live: &Inventory, profile: &Profile, as_of: OffsetDateTime) -> DriftFacts {
    let addresses = |class: Class| -> Vec<String> {
        drift
            .items
            .iter()
            .filter(|item| item.class == class)
            .filter_map(|item| item.address.clone())
            .collect()
    };
    let old_enough = |item: &&Item| {
        let born = live.find(&item.identity).and_then(created_at);
        born.is_none_or(|born| as_of - born >= profile.drift.unmanaged_grace)
    };
    let objects = drift.items.iter().filter(|item| item.class == Class::Unmanaged && item.owner.is_none());
    let loosening = drift.items.iter().filter(|item| {
        item.label() == Some(Label::Loosening) && (item.address.is_some() || item.owner.is_some())
    });
    let loosening: BTreeSet<String> =
        loosening.filter_map(|item| item.address.clone().or_else(|| item.owner.clone())).collect();
    DriftFacts {
        in_sync: drift.in_sync.len(),
        changed: addresses(Class::Changed),
        missing: addresses(Class::Missing),
        unmanaged: objects.filter(old_enough).count(),
        unknown: drift.items.iter().filter(|item| item.class == Class::Unknown).count(),
        loosening: loosening.into_iter().collect(),
        conflicts: addresses(Class::Conflict),
        ghosts: addresses(Class::Ghost),
    }
}
