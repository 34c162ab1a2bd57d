//! `stateward history export`: the history as Parquet files, for anyone's query engine.

use std::path::Path;

use anyhow::{Context, anyhow};
use parquet::errors::ParquetError;
use stateward::columns::{Cell, Table};
use stateward_store::{DriftStay, End, FindingStay, Stay, Store, StoredComponent, StoredRun};

use super::output::Beside;
use super::{Outside, runs};

const RUNS: &str = include_str!("export/runs.message");
const COMPONENTS: &str = include_str!("export/components.message");
const FINDINGS: &str = include_str!("export/findings.message");
const DRIFT: &str = include_str!("export/drift.message");

/// Writes the runs that began at `since` or later, and what they found, into four files of `folder`. The files take
/// their names when all of them are whole.
///
/// # Errors
/// A history that cannot be read, or a file that cannot be written.
pub fn parquet(store: &Store, folder: &Path, since: Option<&str>, outside: &Outside) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("{}: the folder cannot be made; name another", folder.display()))?;
    let file = |name: &str, schema: &str| File::open(&folder.join(name), schema);
    let mut runs = file("runs.parquet", RUNS)?;
    let mut components = file("components.parquet", COMPONENTS)?;
    let mut findings = file("findings.parquet", FINDINGS)?;
    let mut drift = file("drift.parquet", DRIFT)?;
    store.still::<_, anyhow::Error>(|store| {
        store.each_run(since, |row| runs.push(&run(&row, outside)?))?;
        store.each_component(since, |row| components.push(&component(&row)?))?;
        store.each_finding(since, |row| findings.push(&finding(&row)?))?;
        store.each_difference(since, |row| drift.push(&difference(&row)?))
    })?;
    let files = [runs, components, findings, drift];
    let whole = files.into_iter().map(File::finish).collect::<anyhow::Result<Vec<Whole>>>()?;
    for Whole { file, rows, shown } in whole {
        let bytes = file.keep()?;
        outside.say(&format!("{shown}: {rows} rows, {bytes} bytes"));
    }
    Ok(())
}

struct File {
    table: Table<Beside>,
    rows: usize,
    shown: String,
}

struct Whole {
    file: Beside,
    rows: usize,
    shown: String,
}

impl File {
    fn open(path: &Path, schema: &str) -> anyhow::Result<Self> {
        let shown = path.display().to_string();
        let table = Table::new(schema, Beside::open(path)?).map_err(|error| unwritten(&shown, &error))?;
        Ok(Self { table, rows: 0, shown })
    }

    fn push(&mut self, row: &[Cell]) -> anyhow::Result<()> {
        self.rows += 1;
        self.table.push(row).map_err(|error| unwritten(&self.shown, &error))
    }

    fn finish(self) -> anyhow::Result<Whole> {
        let Self { table, rows, shown } = self;
        let file = table.finish().map_err(|error| unwritten(&shown, &error))?;
        Ok(Whole { file, rows, shown })
    }
}

fn unwritten(shown: &str, error: &ParquetError) -> anyhow::Error {
    anyhow!(
        "{shown}: cannot be written ({error})\n  remedy: check that there is room on the disk; nothing took its name"
    )
}

fn text(text: Option<&String>) -> Cell<'_> {
    text.map_or(Cell::None, |text| Cell::Text(text))
}

fn real(number: Option<f64>) -> Cell<'static> {
    number.map_or(Cell::None, Cell::Real)
}

fn whole(number: Option<i64>) -> Cell<'static> {
    number.map_or(Cell::None, Cell::Whole)
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A moment of the history. One that is none is a fault of the file, and no absence.
fn time(moment: &str) -> anyhow::Result<Cell<'static>> {
    let read =
        super::moment(moment).map_err(|_| anyhow!("the history holds '{moment}', which is no time"))?;
    Ok(Cell::Time(read.unix_timestamp() * 1_000 + i64::from(read.millisecond())))
}

fn maybe_time(moment: Option<&String>) -> anyhow::Result<Cell<'static>> {
    moment.map_or(Ok(Cell::None), |moment| time(moment))
}

fn run<'a>(row: &'a StoredRun, outside: &Outside) -> anyhow::Result<Vec<Cell<'a>>> {
    let of = &row.run;
    let outcome = runs::outcome(of, outside);
    // Of a run that never came to its end nobody noted one yet.
    let ended = of.finished_at.as_ref().or(Some(&of.deadline).filter(|_| outcome != of.outcome));
    let reason = match (&of.reason, outcome != of.outcome) {
        (None, true) => Cell::Text("it never came to its end"),
        (reason, _) => text(reason.as_ref()),
    };
    let mut cells = vec![
        Cell::Text(&of.id),
        whole(row.series),
        whole(row.seq),
        Cell::Text(&of.command),
        Cell::Text(&of.estate),
        Cell::Text(&row.version),
        Cell::Text(outcome),
        reason,
        time(&of.started_at)?,
        maybe_time(ended.filter(|_| outcome != "running"))?,
        maybe_time(of.as_of.as_ref())?,
        text(row.catalogue_hash.as_ref()),
        text(row.profile_hash.as_ref()),
        text(of.decision.as_ref()),
        real(of.evidenced),
        real(of.possible),
        real(of.coverage),
        whole(of.errors.map(count)),
        whole(of.unread_states.map(count)),
        whole(of.calls.map(|calls| i64::try_from(calls).unwrap_or(i64::MAX))),
    ];
    let numbers = |known: Option<Vec<usize>>, columns: usize| match known {
        Some(numbers) => numbers.into_iter().map(|number| Cell::Whole(count(number))).collect(),
        None => vec![Cell::None; columns],
    };
    cells.extend(numbers(of.findings.map(Into::into), 6));
    let drift = of.drift.map(|it| {
        vec![it.in_sync, it.changed, it.missing, it.unmanaged, it.ghost, it.conflict, it.unknown, it.accepted]
    });
    cells.extend(numbers(drift, 8));
    cells.extend(numbers(of.drift.and_then(|drift| drift.since).map(Into::into), 3));
    Ok(cells)
}

fn component(row: &StoredComponent) -> anyhow::Result<[Cell<'_>; 8]> {
    Ok([
        Cell::Text(&row.run),
        Cell::Whole(row.series),
        Cell::Whole(row.seq),
        maybe_time(row.as_of.as_ref())?,
        Cell::Text(&row.key),
        real(row.evidenced),
        real(row.possible),
        Cell::Real(row.coverage),
    ])
}

fn finding(row: &FindingStay) -> anyhow::Result<Vec<Cell<'_>>> {
    let stay = &row.stay;
    let mut cells = span(stay)?;
    cells.extend([
        Cell::Text(&row.status),
        Cell::Text(&row.severity),
        text(stay.check.as_ref()),
        text(stay.title.as_ref()),
        text(stay.component.as_ref()),
        text(stay.category.as_ref()),
    ]);
    cells.extend(place(stay));
    Ok(cells)
}

fn difference(row: &DriftStay) -> anyhow::Result<Vec<Cell<'_>>> {
    let mut cells = span(&row.stay)?;
    cells.extend([Cell::Text(&row.class), text(row.label.as_ref()), Cell::Flag(row.accepted)]);
    cells.extend(place(&row.stay));
    Ok(cells)
}

fn span(stay: &Stay) -> anyhow::Result<Vec<Cell<'_>>> {
    let at = |end: &End| maybe_time(end.as_of.as_ref());
    Ok(vec![
        Cell::Whole(stay.series),
        Cell::Whole(stay.first.seq),
        Cell::Whole(stay.last.seq),
        text(stay.first.run.as_ref()),
        text(stay.last.run.as_ref()),
        at(&stay.first)?,
        at(&stay.last)?,
        Cell::Flag(stay.open),
        Cell::Text(&stay.fingerprint),
    ])
}

fn place(stay: &Stay) -> [Cell<'_>; 7] {
    [
        Cell::Text(&stay.kind),
        Cell::Text(&stay.resource),
        text(stay.name.as_ref()),
        Cell::Text(&stay.account),
        Cell::Text(&stay.region),
        text(stay.address.as_ref()),
        text(stay.state.as_ref()),
    ]
}
