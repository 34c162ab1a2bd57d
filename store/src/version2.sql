-- Requests of a run that were throttled.
ALTER TABLE run ADD COLUMN throttled INTEGER;
-- States that a run could not read; of a run before this it is not known.
ALTER TABLE run ADD COLUMN unread_states INTEGER;

-- A page of findings is found by what it is sorted by alone; the rest is read of its rows.
DROP VIEW finding_of_run;
CREATE VIEW finding_of_run AS
  SELECT run.id AS run, run.as_of, subject.fingerprint, check_id, title, component, category, type, resource, name,
    account, region, address, state, finding.status, finding.severity, finding.first, finding.rowid AS span
  FROM run
  JOIN finding ON finding.series = run.series AND finding.first <= run.seq
    AND (finding.last IS NULL OR finding.last >= run.seq)
  JOIN subject ON subject.id = finding.subject;

-- What became of the jobs of the scheduler.
CREATE TABLE schedule (
  job TEXT PRIMARY KEY,
  -- When it runs, in words; where these change, it begins anew.
  plan TEXT NOT NULL,
  since TEXT NOT NULL,
  -- The last planned time that was dealt with.
  planned_at TEXT NOT NULL,
  -- The last run.
  outcome TEXT CHECK (outcome IN ('running', 'finished', 'failed', 'interrupted')),
  reason TEXT,
  code INTEGER,
  run TEXT,
  began_at TEXT,
  ended_at TEXT,
  last_seconds REAL,
  -- The last run that brought a result. It may be forgotten by now.
  good_run TEXT,
  good_began_at TEXT,
  good_ended_at TEXT,
  finished INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  interrupted INTEGER NOT NULL DEFAULT 0,
  skipped INTEGER NOT NULL DEFAULT 0,
  missed INTEGER NOT NULL DEFAULT 0,
  seconds REAL NOT NULL DEFAULT 0
) STRICT;

-- How far a run has come, while it is under way.
CREATE TABLE progress (
  run TEXT PRIMARY KEY REFERENCES run ON DELETE CASCADE,
  at TEXT NOT NULL,
  phase TEXT NOT NULL,
  calls INTEGER NOT NULL,
  done INTEGER NOT NULL,
  total INTEGER NOT NULL,
  gaps INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The list of runs is asked for by its beginning, page by page.
CREATE INDEX run_by_start ON run (started_at);
