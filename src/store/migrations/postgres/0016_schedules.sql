-- What a daemon knows of the schedule of a domain: its next due time. Whoever changes a row names the revision that it has read.
CREATE TABLE schedules (
    domain     text COLLATE "C" PRIMARY KEY,
    schedule   text NOT NULL,                       -- expression, zone and jitter that the times come from
    due_at     timestamptz NOT NULL,
    starts_at  timestamptz NOT NULL,                -- with the jitter
    revision   bigint NOT NULL,
    run_id     text COLLATE "C"                     -- the last run that a schedule began
);

-- Due times that had their run: each has one, whatever clocks do.
CREATE TABLE scheduled_runs (
    seq            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    domain         text COLLATE "C" NOT NULL,
    scheduled_for  timestamptz NOT NULL,
    run_id         text COLLATE "C" NOT NULL,
    UNIQUE (domain, scheduled_for)
);
CREATE INDEX scheduled_runs_of ON scheduled_runs (domain, seq);

-- Domains on which no run works until a person says so.
CREATE TABLE pauses (
    domain  text COLLATE "C" PRIMARY KEY,
    who     text NOT NULL,
    reason  text NOT NULL,
    at      timestamptz NOT NULL
);

-- What daemons did, the newest entries of it.
CREATE TABLE journal (
    seq            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at             timestamptz NOT NULL,
    daemon         text NOT NULL,                   -- process and host
    event          text NOT NULL,
    domain         text COLLATE "C",
    scheduled_for  timestamptz,
    run_id         text COLLATE "C",
    detail         text NOT NULL                    -- in words
);
CREATE INDEX journal_of ON journal (domain, seq);
