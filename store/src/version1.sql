-- What is asked again and again: a command over an estate. Its runs are compared with each other.
CREATE TABLE series (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE run (
  id TEXT PRIMARY KEY,
  -- The order in which runs were finished; none for one that was not.
  seq INTEGER UNIQUE,
  series INTEGER REFERENCES series,
  -- What was asked for, before anything was read.
  asked TEXT NOT NULL,
  estate TEXT NOT NULL,
  command TEXT NOT NULL,
  version TEXT NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('running', 'finished', 'interrupted', 'failed')),
  reason TEXT,
  started_at TEXT NOT NULL,
  -- By then it has ended, one way or another.
  deadline TEXT NOT NULL,
  finished_at TEXT,
  as_of TEXT,
  catalogue_hash TEXT,
  profile_hash TEXT,
  decision TEXT,
  evidenced REAL,
  possible REAL,
  coverage REAL,
  errors INTEGER,
  calls INTEGER,
  passed INTEGER,
  failed INTEGER,
  unknown INTEGER,
  partial INTEGER,
  not_applicable INTEGER,
  waived INTEGER,
  in_sync INTEGER,
  drift_changed INTEGER,
  drift_missing INTEGER,
  drift_unmanaged INTEGER,
  drift_ghost INTEGER,
  drift_conflict INTEGER,
  drift_unknown INTEGER,
  drift_accepted INTEGER,
  drift_new INTEGER,
  drift_returned INTEGER,
  drift_resolved INTEGER,
  CHECK ((seq IS NOT NULL) = (outcome = 'finished'))
) STRICT;
CREATE INDEX run_by_series ON run (series, seq);
CREATE INDEX run_by_asked ON run (asked, seq);

-- The whole result, JSON compressed with Zstandard.
CREATE TABLE result (
  run TEXT PRIMARY KEY REFERENCES run ON DELETE CASCADE,
  json BLOB NOT NULL
) STRICT;

CREATE TABLE component (
  run TEXT NOT NULL REFERENCES run ON DELETE CASCADE,
  key TEXT NOT NULL,
  evidenced REAL,
  possible REAL,
  coverage REAL NOT NULL,
  PRIMARY KEY (run, key)
) STRICT, WITHOUT ROWID;

-- What a finding or a difference is about, once for all runs.
CREATE TABLE subject (
  id INTEGER PRIMARY KEY,
  fingerprint TEXT NOT NULL UNIQUE,
  -- The check; none for drift.
  check_id TEXT,
  title TEXT,
  component TEXT,
  category TEXT,
  type TEXT NOT NULL,
  resource TEXT NOT NULL,
  name TEXT,
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  address TEXT,
  state TEXT
) STRICT;

-- From which run to which a finding stayed as it is: the numbers are those of run.seq, and the last is open while it is.
CREATE TABLE finding (
  series INTEGER NOT NULL REFERENCES series,
  subject INTEGER NOT NULL REFERENCES subject,
  first INTEGER NOT NULL,
  last INTEGER,
  status TEXT NOT NULL,
  severity TEXT NOT NULL
) STRICT;
CREATE INDEX finding_by_series ON finding (series, last, first);
CREATE INDEX finding_by_subject ON finding (subject);

CREATE TABLE drift (
  series INTEGER NOT NULL REFERENCES series,
  subject INTEGER NOT NULL REFERENCES subject,
  first INTEGER NOT NULL,
  last INTEGER,
  class TEXT NOT NULL,
  label TEXT,
  accepted INTEGER NOT NULL
) STRICT;
CREATE INDEX drift_by_series ON drift (series, last, first);
CREATE INDEX drift_by_subject ON drift (subject);

CREATE VIEW finding_of_run AS
  SELECT run.id AS run, run.as_of, subject.fingerprint, check_id, title, component, category, type, resource, name,
    account, region, address, state, finding.status, finding.severity, finding.first
  FROM run
  JOIN finding ON finding.series = run.series AND finding.first <= run.seq
    AND (finding.last IS NULL OR finding.last >= run.seq)
  JOIN subject ON subject.id = finding.subject;

CREATE VIEW drift_of_run AS
  SELECT run.id AS run, run.as_of, subject.fingerprint, type, resource, name, account, region, address, state,
    drift.class, drift.label, drift.accepted, drift.first
  FROM run
  JOIN drift ON drift.series = run.series AND drift.first <= run.seq
    AND (drift.last IS NULL OR drift.last >= run.seq)
  JOIN subject ON subject.id = drift.subject;

-- Messages that are still to be delivered. A run may be forgotten; what waits is not.
CREATE TABLE spool (
  id INTEGER PRIMARY KEY,
  run TEXT,
  transport TEXT NOT NULL,
  recipient TEXT NOT NULL,
  -- The same message is spooled once, however often it is tried.
  key TEXT NOT NULL UNIQUE,
  message BLOB NOT NULL,
  created_at TEXT NOT NULL,
  next_at TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  last_error TEXT
) STRICT;
CREATE INDEX spool_by_time ON spool (next_at);

-- What became of deliveries.
CREATE TABLE receipt (
  id INTEGER PRIMARY KEY,
  run TEXT,
  transport TEXT NOT NULL,
  recipient TEXT NOT NULL,
  at TEXT NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('delivered', 'failed')),
  message_id TEXT,
  detail TEXT
) STRICT;
CREATE INDEX receipt_by_run ON receipt (run);
