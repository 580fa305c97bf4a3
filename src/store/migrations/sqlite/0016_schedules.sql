-- What a daemon knows of the schedule of a domain: its next due time. Whoever changes a row names the revision that it has read.
CREATE TABLE schedules (
    domain     TEXT PRIMARY KEY,
    schedule   TEXT NOT NULL,                       -- expression, zone and jitter that the times come from
    due_at     TEXT NOT NULL,
    starts_at  TEXT NOT NULL,                       -- with the jitter
    revision   INTEGER NOT NULL,
    run_id     TEXT                                 -- the last run that a schedule began
) STRICT;

-- Due times that had their run: each has one, whatever clocks do.
CREATE TABLE scheduled_runs (
    seq            INTEGER PRIMARY KEY AUTOINCREMENT,
    domain         TEXT NOT NULL,
    scheduled_for  TEXT NOT NULL,
    run_id         TEXT NOT NULL,
    UNIQUE (domain, scheduled_for)
) STRICT;
CREATE INDEX scheduled_runs_of ON scheduled_runs (domain, seq);

-- Domains on which no run works until a person says so.
CREATE TABLE pauses (
    domain  TEXT PRIMARY KEY,
    who     TEXT NOT NULL,
    reason  TEXT NOT NULL,
    at      TEXT NOT NULL
) STRICT;

-- What daemons did, the newest entries of it.
CREATE TABLE journal (
    seq            INTEGER PRIMARY KEY AUTOINCREMENT,
    at             TEXT NOT NULL,
    daemon         TEXT NOT NULL,                   -- process and host
    event          TEXT NOT NULL,
    domain         TEXT,
    scheduled_for  TEXT,
    run_id         TEXT,
    detail         TEXT NOT NULL                    -- in words
) STRICT;
CREATE INDEX journal_of ON journal (domain, seq);
