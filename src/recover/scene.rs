//! What is asked while paths are looked for: the estate, the scenario's places, times of the profile, ages and gates.

use stateward_model::kinds::backup::{copy_job, recovery_point, restore_job};
use stateward_model::kinds::cloudwatch::metric::{self, Figures};
use stateward_model::kinds::kms::key;
use stateward_model::{Attr, Cause, Gap, Kind, Place, Resource};

use super::figure::{Figure, Grade, Input, Interval, Span};
use super::gates::{self, Quotas};
use super::index::{Index, Lookup};
use super::path::Gate;
use crate::check::View;
use crate::checks::facts::{arn_account, find_key, time_of};
use crate::checks::measured::shown;
use crate::profile::Role;

/// Gibibytes, in bytes.
const GIB: u64 = 1 << 30;

/// How a restore that was rehearsed is worked out.
pub const REHEARSED: &str = "rehearsed duration × max(1, size / size then)";

/// Values that a series needs before it is believed, where it is measured only while something is written.
const WRITTEN: i64 = 12;

/// The estate, as recovery looks at it.
pub struct Scene<'a> {
    /// Everything that was read.
    pub view: View<'a>,
    /// The region that serves production, and that is lost in the scenario of a region.
    pub home: &'a str,
    /// The same, sorted by what is looked for.
    pub index: Index<'a>,
    /// What was found of quotas so far.
    pub quotas: Quotas,
}

impl<'a> Scene<'a> {
    /// Looks at an estate.
    pub fn new(view: View<'a>, home: &'a str) -> Self {
        Self { view, home, index: Index::of(view.inventory), quotas: Quotas::default() }
    }

    /// The regions in which a workload is brought back: those with the role dr, then the secondary ones; without either all
    /// others.
    pub fn targets(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let home = self.home;
        let regions = &self.view.profile.regions;
        let of = move |role: Role| regions.iter().filter(move |it| it.role == role && it.name != home);
        let mut named: Vec<&'a str> =
            of(Role::Dr).chain(of(Role::Secondary)).map(|region| region.name.as_str()).collect();
        if named.is_empty() {
            named.extend(regions.iter().filter(|it| it.name != home).map(|region| region.name.as_str()));
        }
        named.into_iter()
    }

    /// The place of a region in the account of a resource.
    pub fn place(&self, resource: &Resource, region: &str) -> Place {
        Place::new(resource.account(), region)
    }

    /// Why a kind is not known whole in a place, if so.
    pub fn unseen(&self, kind: &Kind, place: &Place, lookup: &Lookup) -> Option<Gap> {
        self.view.inventory.complete(kind, place).err().or_else(|| lookup.torn_in(&place.region).cloned())
    }

    /// A time of the profile.
    pub fn time(&self, name: &str) -> Figure {
        let key = format!("recovery.times.{name}");
        let Some(time) = self.view.profile.recovery.times.get(name) else {
            let gap = Gap::new(key.clone(), Cause::NotRequested, "the profile gives no time");
            return Figure::unread(Span::ZERO, name, gap);
        };
        let interval = Interval::new(time.low.as_secs(), time.high.as_secs());
        let mut source = format!("profile {key}, {} {}", time.owner, time.date);
        if !time.source.is_empty() {
            source = format!("{source}, {}", time.source);
        }
        let mut figure = Figure::new(interval, time.grade, name).from(name, interval, source);
        if time.grade == Grade::D {
            figure.assumptions.push(name.to_owned());
        }
        figure
    }

    /// How old something was at the as-of time.
    pub fn age(&self, what: &str, stamp: &str, call: &str) -> Figure {
        match self.seconds_since(stamp) {
            Ok(seconds) => Figure::new(Interval::exactly(seconds), Grade::B, format!("as-of time − {what}"))
                .from("as-of time", super::stamp(self.view.as_of), "run")
                .from(what, stamp, call),
            Err(gap) => Figure::unread(Span::ZERO, format!("as-of time − {what}"), gap),
        }
    }

    /// Seconds from a time to the as-of time; none for the future.
    pub fn seconds_since(&self, stamp: &str) -> Result<u64, Gap> {
        let seconds = (self.view.as_of - time_of(stamp)?).whole_seconds();
        Ok(u64::try_from(seconds).unwrap_or(0))
    }

    /// What a metric says of the series with a dimension's value: the worst of `pick` over all series that `wanted`
    /// accepts, in seconds of `unit` each, and at least `least`.
    pub fn lag(&self, of: &Lag<'_>, wanted: impl Fn(&Resource) -> bool) -> Figure {
        let name = of.key.path().rsplit(':').next().unwrap_or_default();
        let formula = match of.least {
            0 => format!("{} of {name} over 24 h", of.word),
            least => format!("max({} of {name} over 24 h, {least} s)", of.word),
        };
        let best = Span::ZERO;
        let unread = |gap: Gap| Figure::unread(best, formula.clone(), gap);
        let call = metric::KIND.listed_by.first().copied().unwrap_or_default();
        if let Some(gap) = self.unseen(&metric::KIND, of.place, &self.index.series) {
            return unread(gap);
        }
        if let Err(gap) = self.is_fresh(&metric::KIND, of.place) {
            return unread(gap);
        }
        let (mut worst, mut newest): (Option<f64>, f64) = (None, f64::MAX);
        let mut inputs = Vec::new();
        for series in self.index.series.of(&format!("{}/{}", of.key.path(), of.value)) {
            if series.address.place != *of.place || !wanted(series) {
                continue;
            }
            let figures: Figures = match series.get_or_default(of.key) {
                Ok(figures) => figures,
                Err(gap) => return unread(gap),
            };
            let least =
                if of.steady { metric::of(of.key).map_or(1, metric::Row::most_points) / 2 } else { WRITTEN };
            if figures.points < least {
                let detail = format!("{name} has {} values; at least {least} are needed", figures.points);
                return unread(Gap::new(call, Cause::Unsupported, detail));
            }
            if figures.newest < 0.0 {
                let broken =
                    Figure::new(Interval::NEVER, Grade::B, format!("{name} is {}", shown(figures.newest)));
                return broken.from(name, shown(figures.newest), call);
            }
            let value = (of.pick)(&figures) / of.unit;
            inputs.push(Input::new(
                format!("{} of {name}, {} values until {}", of.word, figures.points, figures.newest_at),
                format!("{} s", shown(value)),
                call,
            ));
            worst = Some(worst.map_or(value, |known| known.max(value)));
            newest = newest.min(figures.newest / of.unit);
        }
        let Some(worst) = worst else {
            return unread(Gap::new(call, Cause::Unsupported, format!("nothing was measured as {name}")));
        };
        // Rounded up: a part of a second is never lost to the better.
        let seconds = (worst.max(0.0).ceil() as u64).max(of.least);
        let low = (newest.max(0.0) as u64).min(seconds);
        Figure { inputs, ..Figure::new(Interval::new(low, seconds), Grade::B, formula) }
    }

    /// Whether a kind was read recently enough to be believed.
    pub fn is_fresh(&self, kind: &Kind, place: &Place) -> Result<(), Gap> {
        let evidence = &self.view.profile.evidence;
        let measured = kind.name == metric::KIND.name;
        let most = if measured { evidence.metrics } else { evidence.configuration };
        let observed = self.view.inventory.observed_at(kind.name, place);
        if observed.is_empty() {
            return Ok(());
        }
        let age = self.seconds_since(observed)?;
        if age <= most.as_secs() {
            return Ok(());
        }
        let call = kind.listed_by.first().copied().unwrap_or(kind.name);
        Err(Gap::new(call, Cause::Stale, format!("read {} before the as-of time", Span::Seconds(age))))
    }

    /// How long a restore takes: as it was rehearsed, or else as the profile takes it to be.
    pub fn restore(&self, of: &Restore<'_>) -> Figure {
        let figure = self.restore_as_known(of);
        // What is larger than is known takes longer, and without the records nobody knows whether a rehearsal says
        // otherwise.
        let place = &of.resource.address.place;
        let unrecorded = || self.unseen(&restore_job::KIND, place, &self.index.restores);
        match of.unsized_by.clone().or_else(unrecorded).or_else(|| self.unread_rehearsal(of)) {
            Some(gap) => Figure { interval: figure.interval.opened(), gap: Some(gap), ..figure },
            None => figure,
        }
    }

    /// What was not read of a job that may be a rehearsal.
    fn unread_rehearsal(&self, of: &Restore<'_>) -> Option<Gap> {
        let unread = |job: &&Resource| {
            let times = job.get(&restore_job::COMPLETED_AT).and_then(|_| job.get(&restore_job::CREATED_AT));
            let standing = times
                .and_then(|_| job.get(&restore_job::STATUS))
                .and_then(|_| job.get(&restore_job::VALIDATION_STATUS));
            standing.err().or_else(|| job.get(&restore_job::BACKUP_SIZE).err())
        };
        self.index.restores.of(of.class).iter().find_map(unread)
    }

    fn restore_as_known(&self, of: &Restore<'_>) -> Figure {
        if let Some(figure) = self.rehearsed(of) {
            return figure;
        }
        let mut figure = self.time(of.time);
        if let Some(bytes) = of.bytes.filter(|bytes| *bytes > 0) {
            let per = self.time("restore-per-100-gib");
            let scaled = |span: Span| match span {
                Span::Seconds(seconds) => Span::Seconds(seconds.saturating_mul(bytes.div_ceil(GIB)) / 100),
                Span::Never => Span::Never,
            };
            let interval = Interval { low: scaled(per.interval.low), high: scaled(per.interval.high) };
            let size = format!("{} GiB", bytes.div_ceil(GIB));
            let whole = Figure { interval, formula: format!("{} × size / 100 GiB", per.formula), ..per };
            figure = figure.then(whole.from("size", size, of.size_call));
        }
        figure
    }

    /// The newest rehearsal of a class, scaled by size. Grade A only within a factor of two in size and the age that the
    /// profile allows.
    fn rehearsed(&self, of: &Restore<'_>) -> Option<Figure> {
        let call = "backup:ListRestoreJobs";
        let jobs = self.index.restores.of(of.class).iter();
        let newest = jobs.filter_map(|job| {
            let done = job.get(&restore_job::COMPLETED_AT).ok()??;
            let begun = job.get(&restore_job::CREATED_AT).ok()??;
            let validation = job.get(&restore_job::VALIDATION_STATUS).ok()?;
            let completed = job.get(&restore_job::STATUS).ok()?.as_deref() == Some("COMPLETED");
            let refuted = validation.as_deref() == Some("FAILED");
            // What nobody finished looking at was restored, and is not proved to be whole.
            let proved = matches!(validation.as_deref(), None | Some("SUCCESSFUL"));
            (completed && !refuted).then_some((done, begun, proved, *job))
        });
        let (done, begun, proved, job) = newest.max_by(|a, b| a.0.cmp(&b.0))?;
        let took = u64::try_from((time_of(&done).ok()? - time_of(&begun).ok()?).whole_seconds()).ok()?;
        let age = self.seconds_since(&done).ok()?;
        let then =
            job.get(&restore_job::BACKUP_SIZE).ok().flatten().and_then(|size| u64::try_from(size).ok());
        let sizes = of.bytes.zip(then.filter(|size| *size > 0));
        let scaled = sizes.map_or(took, |(now, then)| {
            let scaled = u128::from(took) * u128::from(now.max(then)) / u128::from(then);
            u64::try_from(scaled).unwrap_or(u64::MAX)
        });
        let alike =
            sizes.is_some_and(|(now, then)| now <= then.saturating_mul(2) && then <= now.saturating_mul(2));
        let fresh = age <= self.view.profile.evidence.rehearsal.as_secs();
        let grade = if alike && fresh && proved { Grade::A } else { Grade::B };
        let mut figure = Figure::new(Interval::exactly(scaled), grade, REHEARSED)
            .from(format!("restore job {}", job.id()), Span::Seconds(took), call)
            .from("completed", done, call);
        if let Some((now, then)) = sizes {
            figure = figure.from("size", format!("{} GiB", now.div_ceil(GIB)), of.size_call).from(
                "size then",
                format!("{} GiB", then.div_ceil(GIB)),
                call,
            );
        }
        Some(figure)
    }

    /// The newest whole recovery point of AWS Backup in a region: age and key.
    pub fn backup(&self, of: &Restore<'_>, arn: &str, region: &str) -> Vec<super::Path> {
        const NAME: &str = "recovery point of AWS Backup";
        let call = "backup:ListRecoveryPointsByBackupVault";
        let place = self.place(of.resource, region);
        if let Some(gap) = self.unseen(&recovery_point::KIND, &place, &self.index.points) {
            return vec![super::Path::unseen(NAME, region, gap)];
        }
        let here = self.index.points.of(arn).iter().filter(|point| point.address.place == place);
        let whole = here.filter_map(|point| {
            let status = point.get(&recovery_point::STATUS).ok()??;
            let continuous = status == "AVAILABLE";
            let made = point.get(&recovery_point::CREATED_AT).ok()??;
            (continuous || status == "COMPLETED").then_some((continuous, made, *point))
        });
        let Some((continuous, made, point)) = whole.max_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1))) else {
            return Vec::new();
        };
        let mut rpo = self.age("the newest recovery point", &made, call);
        if continuous {
            // It stands for every moment since then; how near to now is not told.
            rpo.interval.low = Span::ZERO;
        } else if region != of.resource.region() {
            rpo = rpo.then(self.copying(arn, of.resource));
        }
        let id = point.id();
        let steps = vec![format!(
            "aws backup start-restore-job --region {region} --recovery-point-arn {id} --iam-role-arn ROLE --metadata \
             file://restore.json"
        )];
        let path = super::Path::manual(NAME, region, rpo, self.restore(of), steps);
        let key = match point.get(&recovery_point::ENCRYPTED) {
            Ok(Some(true)) => point.get(&recovery_point::ENCRYPTION_KEY_ARN),
            Ok(_) => Ok(None),
            Err(gap) => Err(gap),
        };
        vec![path.gate(self.key_gate(key, &place))]
    }

    /// How long copies of a resource take: what is being copied while the region is lost does not arrive.
    fn copying(&self, arn: &str, resource: &Resource) -> Figure {
        let formula = "p95 of the duration of its copy jobs";
        let call = "backup:ListCopyJobs";
        let place = &resource.address.place;
        if let Some(gap) = self.unseen(&copy_job::KIND, place, &self.index.copies) {
            return Figure::unread(Span::ZERO, formula, gap);
        }
        let mut took: Vec<u64> = Vec::new();
        for job in self.index.copies.of(arn) {
            let times = job.get(&copy_job::COMPLETED_AT).and_then(|done| {
                let begun = job.get(&copy_job::CREATED_AT)?;
                Ok(done.zip(begun))
            });
            let (done, begun) = match times {
                Ok(Some(times)) => times,
                Ok(None) => continue,
                Err(gap) => return Figure::unread(Span::ZERO, formula, gap),
            };
            let (Ok(done), Ok(begun)) = (time_of(&done), time_of(&begun)) else { continue };
            took.extend(u64::try_from((done - begun).whole_seconds()));
        }
        took.sort_unstable();
        let rank = (took.len() * 95).div_ceil(100).saturating_sub(1);
        let p95 = took.get(rank).copied().unwrap_or(0);
        Figure::new(Interval::new(0, p95), Grade::B, formula).from("copy jobs of 30 days", took.len(), call)
    }

    /// Whether what is encrypted under a key can be opened in a place.
    pub fn key_gate(&self, reference: Result<Option<String>, Gap>, place: &Place) -> Gate {
        const NAME: &str = "key";
        let reference = match reference {
            Ok(reference) => reference.filter(|text| !text.is_empty()),
            Err(gap) => return Gate::new(NAME, place.region.clone(), Err(gap)),
        };
        let Some(reference) = reference else { return Gate::new(NAME, "not encrypted with a key", Ok(None)) };
        Gate::new(NAME, reference.clone(), self.key_fault(&reference, place))
    }

    fn key_fault(&self, reference: &str, place: &Place) -> Result<Option<String>, Gap> {
        if reference.contains("alias/aws/") {
            return Ok(None);
        }
        if arn_account(reference).is_some_and(|account| account != place.account) {
            let detail = format!("the key {reference} belongs to another account");
            return Err(Gap::new("kms:DescribeKey", Cause::Unsupported, detail));
        }
        // A key works only in its region: one of another region opens nothing here.
        let there = crate::checks::facts::arn_region(reference);
        if let Some(other) = there.filter(|region| *region != place.region) {
            return Ok(Some(format!("the key {reference} is in {other} and works only there")));
        }
        let Some(found) = find_key(reference, place, &self.view)? else {
            return Ok(Some(format!("the key {reference} does not exist in {}", place.region)));
        };
        let state = found.get_or_default(&key::KEY_STATE)?;
        match state.as_str() {
            "Enabled" => gates::key_policy(found),
            "PendingDeletion" => Ok(Some(format!("the key {} is about to be deleted", found.id()))),
            _ => Ok(Some(format!("the key {} is {state}", found.id()))),
        }
    }

    /// Whether a kind has at least one resource in a place that a restore needs.
    pub fn needs_one(&self, name: &'static str, kind: &Kind, what: &str, place: &Place) -> Gate {
        let found = self
            .view
            .inventory
            .all_in(kind, place)
            .map(|all| all.is_empty().then(|| format!("there is no {what} in {}", place.region)));
        Gate::new(name, place.region.clone(), found)
    }
}

/// Which metric tells how far a copy is behind.
pub struct Lag<'k> {
    /// The metric.
    pub key: &'k Attr<Figures>,
    /// The value of the dimension that names the thing.
    pub value: &'k str,
    /// Where it is measured.
    pub place: &'k Place,
    /// Units of the metric in a second.
    pub unit: f64,
    /// The figure that counts.
    pub pick: fn(&Figures) -> f64,
    /// The figure in a word.
    pub word: &'static str,
    /// Seconds that it is taken for at least.
    pub least: u64,
    /// Whether it is measured all the time.
    pub steady: bool,
}

/// What is restored.
pub struct Restore<'r> {
    /// The resource.
    pub resource: &'r Resource,
    /// Its class in the words of AWS Backup.
    pub class: &'static str,
    /// The time of the profile.
    pub time: &'static str,
    /// Its size, where it makes a restore slower.
    pub bytes: Option<u64>,
    /// Why its size is not known, if so.
    pub unsized_by: Option<Gap>,
    /// What read the size.
    pub size_call: &'static str,
}

impl<'r> Restore<'r> {
    /// Of a resource whose size does not count, or is not known.
    pub fn of(resource: &'r Resource, class: &'static str, time: &'static str) -> Self {
        Self { resource, class, time, bytes: None, unsized_by: None, size_call: "" }
    }

    /// With a size in gibibytes.
    pub fn sized(mut self, size: Result<Option<i64>, Gap>, call: &'static str) -> Self {
        self.size_call = call;
        match size {
            Ok(size) => self.bytes = gib(size),
            Err(gap) => self.unsized_by = Some(gap),
        }
        self
    }
}

/// Bytes of so many gibibytes.
fn gib(size: Option<i64>) -> Option<u64> {
    u64::try_from(size?).ok().map(|size| size.saturating_mul(GIB))
}
