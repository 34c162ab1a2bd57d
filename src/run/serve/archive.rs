//! The history as the dashboard looks at it: opened anew for each page, so that a file that was put in its place counts, with
//! the results that were read last kept in memory.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use stateward::dashboard::{
    self, Chosen, DriftAsked, FindingsAsked, Outline, Overview, Pages, ROWS, Refusal, Route, RunsAsked,
    Section, Shell, TREND,
};
use stateward::diff::compare;
use stateward::report::ReportError;
use stateward::result::{Comparison, Document};
use stateward_store::{Progress, RunRow, RunSieve, Sieve, Store, StoreError, Tally};
use time::OffsetDateTime;

use super::super::{ledger, now};
use super::desk::{Compared, Desk};

/// Bytes of results that are kept.
const KEPT: usize = 256 * 1024 * 1024;
/// Results and counts that are kept at most.
const ENTRIES: usize = 32;
/// Runs that can be chosen from for a comparison.
const CHOICE: usize = 100;
/// New findings on the overview.
const NEW: usize = 8;
/// Runs without a result that an overview tells of.
const UNFINISHED: usize = 3;

/// Something that is served.
#[derive(Debug)]
pub struct Answer {
    /// Its media type.
    pub media: &'static str,
    /// Its content.
    pub body: String,
}

/// The history and what was read of it last.
#[derive(Debug)]
pub struct Archive {
    path: PathBuf,
    pages: Pages,
    shelf: Mutex<Shelf>,
    /// Held while a result is read, so that it is read once.
    reading: Mutex<()>,
    desk: Arc<Desk<Comparison>>,
}

#[derive(Debug, Default)]
struct Shelf {
    outlines: VecDeque<(String, Arc<Outline>)>,
    tallies: VecDeque<(String, Arc<Vec<Tally>>)>,
}

/// Which run is shown, and how it was chosen.
struct Shown {
    run: RunRow,
    pinned: bool,
}

impl Archive {
    /// Opens the history, to find out whether it can be used.
    ///
    /// # Errors
    /// A history that cannot.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        Store::open_read_only(path)?;
        Ok(Self {
            path: path.to_owned(),
            pages: Pages::new()?,
            shelf: Mutex::default(),
            reading: Mutex::default(),
            desk: Arc::default(),
        })
    }

    /// The page that says why there is none.
    pub fn refusal(&self, refusal: &Refusal, signed_in: bool) -> String {
        let shell = Shell { signed_in, ..Shell::bare(now(), Section::Elsewhere) };
        self.pages.refusal(refusal, &shell)
    }

    /// Reads the latest runs, so that their pages need not wait for it.
    pub fn warm(&self) {
        let Ok(store) = self.store() else { return };
        for wanted in [is_judged as fn(&RunRow) -> bool, |run| run.command == "recover"] {
            let latest = latest(&store, None, wanted);
            if let Ok(Some(run)) = latest
                && self.outline(&store, &run).is_ok()
            {
                let _ = self.tally(&store, &run.id);
            }
        }
    }

    /// How far a run has come.
    pub fn progress(&self, id: &str) -> Result<(RunRow, Option<Progress>), Refusal> {
        let store = self.store()?;
        let run = store.find(id).map_err(refused)?;
        let progress = store.progress(&run.id).map_err(refused)?;
        Ok((run, progress))
    }

    /// What a route leads to.
    ///
    /// # Errors
    /// Why it leads to nothing.
    pub fn page(self: &Arc<Self>, route: &Route, signed_in: bool) -> Result<Answer, Refusal> {
        let shell = Shell { signed_in, ..Shell::bare(now(), section(route)) };
        let page = match route {
            Route::Style => {
                return Ok(Answer { media: "text/css; charset=utf-8", body: dashboard::STYLE.to_owned() });
            }
            Route::Script => {
                return Ok(Answer {
                    media: "text/javascript; charset=utf-8",
                    body: dashboard::SCRIPT.to_owned(),
                });
            }
            Route::Icon => return Ok(Answer { media: "image/svg+xml", body: dashboard::ICON.to_owned() }),
            Route::Result(id) => return self.result(id),
            Route::Overview(chosen) => self.overview(&shell, chosen),
            Route::Components(chosen) => self.components(&shell, chosen),
            Route::Regions(chosen) => self.regions(&shell, chosen),
            Route::Findings(asked) => self.findings(&shell, asked),
            Route::Finding(chosen, print) => self.finding(&shell, chosen, print),
            Route::Drift(asked) => self.drift(&shell, asked),
            Route::Difference(chosen, print) => self.difference(&shell, chosen, print),
            Route::Recovery(chosen) => self.recovery(&shell, chosen),
            Route::Unread(chosen) => self.unread(&shell, chosen),
            Route::Runs(asked) => self.runs(&shell, asked),
            Route::Run(id) => self.run(&shell, id),
            Route::Compare(names) => self.compare(&shell, names.as_ref()),
            Route::Events(_) | Route::SignIn | Route::SignOut => Err(Refusal::Absent),
        };
        Ok(Answer { media: "text/html; charset=utf-8", body: page? })
    }

    fn store(&self) -> Result<Store, Refusal> {
        Store::open_read_only(&self.path).map_err(refused)
    }

    /// The result of a run without its findings.
    fn outline(&self, store: &Store, run: &RunRow) -> Result<Arc<Outline>, Refusal> {
        let kept = || locked(&self.shelf).outline(&run.id);
        if let Some(outline) = kept() {
            return Ok(outline);
        }
        let _alone = locked(&self.reading);
        if let Some(outline) = kept() {
            return Ok(outline);
        }
        let text = store.result(run).map_err(refused)?;
        let outline = Outline::read(&format!("run {}", run.id), text).map_err(|error| {
            tracing::warn!("{error}");
            Refusal::Unusable(
                "The result of this run cannot be read by this version of stateward.".to_owned(),
            )
        })?;
        let outline = Arc::new(outline);
        locked(&self.shelf).keep(&run.id, outline.clone());
        Ok(outline)
    }

    fn tally(&self, store: &Store, id: &str) -> Result<Arc<Vec<Tally>>, Refusal> {
        if let Some(tally) = locked(&self.shelf).tally(id) {
            return Ok(tally);
        }
        let tally = Arc::new(store.tally(id).map_err(refused)?);
        let mut shelf = locked(&self.shelf);
        shelf.tallies.push_front((id.to_owned(), tally.clone()));
        shelf.tallies.truncate(ENTRIES);
        Ok(tally)
    }

    fn result(&self, id: &str) -> Result<Answer, Refusal> {
        let store = self.store()?;
        let run = store.find(id).map_err(refused)?;
        Ok(Answer { media: "application/json", body: store.result(&run).map_err(refused)? })
    }

    /// Shows what a page makes of a run.
    fn of_run(
        &self,
        shell: &Shell,
        chosen: &Chosen,
        wanted: fn(&RunRow) -> bool,
        page: impl FnOnce(&Shell, &Store, &RunRow, &Outline) -> Result<String, Refusal>,
    ) -> Result<String, Refusal> {
        let store = self.store()?;
        let Some(shown) = choose(&store, chosen, wanted)? else {
            return Err(Refusal::Missing("No such run is stored yet".to_owned()));
        };
        let later = match shown.pinned {
            true => store.next(&shown.run.id).map_err(refused)?,
            false => None,
        };
        let outline = self.outline(&store, &shown.run)?;
        let shell = Shell {
            run: Some(&shown.run),
            pinned: shown.pinned,
            estate: chosen.estate.as_deref(),
            later: later.as_ref(),
            ..*shell
        };
        page(&shell, &store, &shown.run, &outline)
    }

    fn overview(&self, shell: &Shell, chosen: &Chosen) -> Result<String, Refusal> {
        let store = self.store()?;
        if choose(&store, chosen, is_judged)?.is_none() {
            let unfinished = store.page_of_runs(&RunSieve::default(), 0, UNFINISHED).map_err(refused)?;
            return rendered(self.pages.nothing_yet(shell, &unfinished));
        }
        drop(store);
        self.of_run(shell, chosen, is_judged, |shell, store, run, outline| {
            let trend = store.up_to(&run.id, TREND).map_err(refused)?;
            let unfinished = match shell.pinned {
                true => Vec::new(),
                false => store.unfinished_since(&run.id, UNFINISHED).map_err(refused)?,
            };
            let tally = self.tally(store, &run.id)?;
            let sieve = Sieve { statuses: &["fail"], only_new: true, ..Sieve::default() };
            let new = match trend.len() {
                0 | 1 => None,
                _ => Some((
                    store.page_of_findings(&run.id, &sieve, 0, NEW).map_err(refused)?,
                    store.count_findings(&run.id, &sieve).map_err(refused)?,
                )),
            };
            let others = store.latest_of_each().map_err(refused)?;
            rendered(self.pages.overview(
                shell,
                &Overview {
                    run,
                    outline,
                    trend: &trend,
                    unfinished: &unfinished,
                    tally: &tally,
                    new: new.as_ref().map(|(found, number)| (found.as_slice(), *number)),
                    others: &others,
                },
            ))
        })
    }

    fn components(&self, shell: &Shell, chosen: &Chosen) -> Result<String, Refusal> {
        self.of_run(shell, chosen, is_judged, |shell, store, run, outline| {
            let before = store.up_to(&run.id, 2).map_err(refused)?;
            let before = match before.get(1) {
                Some(before) => store.components(&before.id).map_err(refused)?,
                None => Vec::new(),
            };
            rendered(self.pages.components(shell, outline, &self.tally(store, &run.id)?, &before))
        })
    }

    fn regions(&self, shell: &Shell, chosen: &Chosen) -> Result<String, Refusal> {
        self.of_run(shell, chosen, is_judged, |shell, store, run, outline| {
            rendered(self.pages.regions(shell, outline, &self.tally(store, &run.id)?))
        })
    }

    fn findings(&self, shell: &Shell, asked: &FindingsAsked) -> Result<String, Refusal> {
        self.of_run(shell, &asked.chosen, is_judged, |shell, store, run, outline| {
            let tally = self.tally(store, &run.id)?;
            let sieve = Sieve {
                statuses: asked.statuses(),
                severities: asked.severities(),
                component: asked.component.as_deref(),
                region: asked.region.as_deref(),
                account: asked.account.as_deref(),
                check: asked.check.as_deref(),
                words: &asked.words,
                only_new: asked.only_new,
            };
            let rows =
                store.page_of_findings(&run.id, &sieve, (asked.page - 1) * ROWS, ROWS).map_err(refused)?;
            let total = match asked.counted(&tally) {
                Some(total) => total,
                None => store.count_findings(&run.id, &sieve).map_err(refused)?,
            };
            let components = outline.document.score.as_ref().map_or(&[][..], |score| &score.components);
            rendered(self.pages.findings(shell, asked, &rows, total, &tally, components))
        })
    }

    fn finding(&self, shell: &Shell, chosen: &Chosen, print: &str) -> Result<String, Refusal> {
        self.of_run(shell, chosen, is_judged, |shell, _, _, outline| match outline.finding(print) {
            Some(finding) => rendered(self.pages.finding(shell, &finding)),
            None => Err(Refusal::Missing("This run has no such finding".to_owned())),
        })
    }

    fn drift(&self, shell: &Shell, asked: &DriftAsked) -> Result<String, Refusal> {
        self.of_run(shell, &asked.chosen, has_drift, |shell, _, _, outline| {
            rendered(self.pages.drift(shell, asked, outline))
        })
    }

    fn difference(&self, shell: &Shell, chosen: &Chosen, print: &str) -> Result<String, Refusal> {
        self.of_run(shell, chosen, has_drift, |shell, _, _, outline| {
            let mut items = outline.document.drift.iter().flat_map(|drift| &drift.items);
            match items.find(|item| item.fingerprint == print) {
                Some(item) => rendered(self.pages.difference(shell, item, outline)),
                None => Err(Refusal::Missing("This run has no such difference".to_owned())),
            }
        })
    }

    fn recovery(&self, shell: &Shell, chosen: &Chosen) -> Result<String, Refusal> {
        let is_recovery = |run: &RunRow| run.command == "recover";
        let store = self.store()?;
        if choose(&store, chosen, is_recovery)?.is_none() {
            return rendered(self.pages.no_recovery(shell));
        }
        drop(store);
        self.of_run(shell, chosen, is_recovery, |shell, _, _, outline| {
            rendered(self.pages.recovery(shell, outline))
        })
    }

    fn unread(&self, shell: &Shell, chosen: &Chosen) -> Result<String, Refusal> {
        self.of_run(shell, chosen, is_judged, |shell, store, run, outline| {
            rendered(self.pages.unread(shell, outline, &self.tally(store, &run.id)?))
        })
    }

    fn runs(&self, shell: &Shell, asked: &RunsAsked) -> Result<String, Refusal> {
        let store = self.store()?;
        let sieve =
            RunSieve { command: asked.command, estate: asked.estate.as_deref(), outcome: asked.outcome };
        let rows = store.page_of_runs(&sieve, (asked.page - 1) * ROWS, ROWS).map_err(refused)?;
        let total = store.count_runs(&sieve).map_err(refused)?;
        let mut estates: Vec<String> =
            store.latest_of_each().map_err(refused)?.into_iter().map(|run| run.estate).collect();
        estates.retain(|estate| !estate.is_empty());
        estates.dedup();
        rendered(self.pages.runs(shell, asked, &rows, total, &estates))
    }

    fn run(&self, shell: &Shell, id: &str) -> Result<String, Refusal> {
        let store = self.store()?;
        let run = store.find(id).map_err(refused)?;
        let before = store.up_to(&run.id, 2).map_err(refused)?.into_iter().nth(1);
        let after = store.next(&run.id).map_err(refused)?;
        let progress = store.progress(&run.id).map_err(refused)?;
        rendered(self.pages.run(shell, &run, before.as_ref(), after.as_ref(), progress.as_ref()))
    }

    fn compare(self: &Arc<Self>, shell: &Shell, names: Option<&(String, String)>) -> Result<String, Refusal> {
        let store = self.store()?;
        let finished = RunSieve { outcome: Some("finished"), ..RunSieve::default() };
        let mut runs = store.page_of_runs(&finished, 0, CHOICE).map_err(refused)?;
        let Some((old, new)) = names else { return rendered(self.pages.choice(shell, &runs)) };
        let (old, new) = (store.find(old).map_err(refused)?, store.find(new).map_err(refused)?);
        for run in [&old, &new] {
            if runs.iter().all(|known| known.id != run.id) {
                runs.push(run.clone());
            }
        }
        let work = {
            let (this, old, new) = (self.clone(), old.clone(), new.clone());
            move || Ok(compare(&this.document(&old)?, &this.document(&new)?))
        };
        match self.desk.compared(&format!("{} {}", old.id, new.id), work) {
            Compared::Found(found) => rendered(self.pages.comparison(shell, &old, &new, &found, &runs)),
            Compared::UnderWay => rendered(self.pages.comparing(shell)),
            Compared::Failed(refusal) => Err(refusal),
        }
    }

    fn document(&self, run: &RunRow) -> Result<Document, Refusal> {
        let store = self.store()?;
        ledger::document(&store, run).map_err(|error| match error.downcast::<StoreError>() {
            Ok(error) => refused(error),
            Err(error) => {
                tracing::warn!("{error:#}");
                Refusal::Unusable("A result cannot be read by this version of stateward.".to_owned())
            }
        })
    }
}

impl Shelf {
    fn outline(&mut self, id: &str) -> Option<Arc<Outline>> {
        let at = self.outlines.iter().position(|(known, _)| known == id)?;
        let found = self.outlines.remove(at)?;
        self.outlines.push_front(found);
        self.outlines.front().map(|(_, outline)| outline.clone())
    }

    fn tally(&mut self, id: &str) -> Option<Arc<Vec<Tally>>> {
        self.tallies.iter().find(|(known, _)| known == id).map(|(_, tally)| tally.clone())
    }

    /// Keeps a result, and of the others those that were asked for last.
    fn keep(&mut self, id: &str, outline: Arc<Outline>) {
        self.outlines.push_front((id.to_owned(), outline));
        self.outlines.truncate(ENTRIES);
        let mut room = KEPT;
        let mut first = true;
        self.outlines.retain(|(_, outline)| {
            let size = outline.text().len();
            let fits = first || size <= room;
            first = false;
            room = room.saturating_sub(size);
            fits
        });
    }
}

pub fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    // A page that failed leaves nothing half done.
    of.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn is_judged(run: &RunRow) -> bool {
    run.command != "recover"
}

fn has_drift(run: &RunRow) -> bool {
    run.command != "recover" && run.drift.is_some()
}

/// The run that is asked for, or the latest that will do.
fn choose(store: &Store, chosen: &Chosen, wanted: fn(&RunRow) -> bool) -> Result<Option<Shown>, Refusal> {
    if let Some(name) = &chosen.run {
        let run = store.find(name).map_err(refused)?;
        return Ok(Some(Shown { run, pinned: true }));
    }
    let found = latest(store, chosen.estate.as_deref(), wanted)?;
    if found.is_none() && chosen.estate.is_some() {
        return Err(Refusal::Missing("No such run of this estate is stored".to_owned()));
    }
    Ok(found.map(|run| Shown { run, pinned: false }))
}

/// The latest finished run that will do: one with a verdict before one without.
fn latest(
    store: &Store,
    estate: Option<&str>,
    wanted: fn(&RunRow) -> bool,
) -> Result<Option<RunRow>, Refusal> {
    let all = store.latest_of_each().map_err(refused)?;
    let fits = all.into_iter().filter(|run| estate.is_none_or(|estate| run.estate == estate) && wanted(run));
    let moment = |run: &RunRow| run.finished_at.clone().unwrap_or_else(|| run.started_at.clone());
    Ok(fits.max_by_key(|run| (run.decision.is_some(), moment(run))))
}

const fn section(route: &Route) -> Section {
    match route {
        Route::Overview(_) => Section::Overview,
        Route::Components(_) => Section::Components,
        Route::Regions(_) => Section::Regions,
        Route::Findings(_) | Route::Finding(..) => Section::Findings,
        Route::Drift(_) | Route::Difference(..) => Section::Drift,
        Route::Recovery(_) => Section::Recovery,
        Route::Unread(_) => Section::Unread,
        Route::Runs(_) | Route::Run(_) | Route::Compare(_) => Section::Runs,
        _ => Section::Elsewhere,
    }
}

fn rendered(page: Result<String, ReportError>) -> Result<String, Refusal> {
    page.map_err(|error| {
        tracing::error!("{error}");
        Refusal::Broken
    })
}

/// What is said of an error to whoever asked; all of it goes to the log.
fn refused(error: StoreError) -> Refusal {
    let unusable = |said: String| {
        tracing::warn!("{error}");
        Refusal::Unusable(said)
    };
    match &error {
        StoreError::NoRun { wanted, .. } => Refusal::Missing(format!("There is no run “{wanted}”")),
        StoreError::Ambiguous { wanted, .. } => {
            Refusal::Missing(format!("Several runs begin with “{wanted}”; write more of the id"))
        }
        StoreError::NoResult { outcome, .. } => {
            let first = outcome.lines().next().unwrap_or_default();
            Refusal::Missing(format!(
                "This run has no result: it {}",
                first.split(" (").next().unwrap_or(first)
            ))
        }
        StoreError::Absent { .. } => {
            unusable("It is not where it was when this dashboard was started.".to_owned())
        }
        StoreError::Newer { found, known, .. } => unusable(format!(
            "It has version {found}, and this program knows {known}. Use the version of stateward that wrote it, or a later \
             one. The file was not touched."
        )),
        StoreError::Damaged { .. } => {
            unusable("It is damaged. Put a copy of it back. The file was not touched.".to_owned())
        }
        StoreError::Foreign { .. } => unusable("What lies in its place is something else.".to_owned()),
        StoreError::Busy { .. } => {
            unusable("Another process has been writing for too long. Try again.".to_owned())
        }
        _ => unusable("The log of the dashboard says why.".to_owned()),
    }
}

/// Whether a run has ended at a moment, one way or another.
pub fn has_ended(run: &RunRow, now: OffsetDateTime) -> bool {
    dashboard::outcome(run, now) != "running"
}
