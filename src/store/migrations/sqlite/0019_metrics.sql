-- What metrics say of domains, written with the end of each run, so that a scrape costs the same after years.
CREATE TABLE domain_metrics (
    domain              TEXT PRIMARY KEY,
    known_since         TEXT NOT NULL,
    started_at          TEXT,               -- of the last run over all that was due, by the process's clock
    completed_at        TEXT,               -- when such a run came to its end
    succeeded_at        TEXT,               -- when one was done, and nothing was left over
    last_run            TEXT,               -- JSON: what that run counted
    requests_ok         INTEGER NOT NULL DEFAULT 0,
    requests_throttled  INTEGER NOT NULL DEFAULT 0,
    requests_failed     INTEGER NOT NULL DEFAULT 0,
    events_emitted      INTEGER NOT NULL DEFAULT 0,
    events_failed       INTEGER NOT NULL DEFAULT 0,
    events_confirmed    INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Where metrics are sent, and how often that failed since it last went well.
CREATE TABLE metrics_pushes (
    target     TEXT PRIMARY KEY,            -- pushgateway, textfile, otlp
    failures   INTEGER NOT NULL,
    tried_at   TEXT NOT NULL
) STRICT;

-- Where the coverage of a domain began is found by an index.
CREATE INDEX slices_first ON slices (domain, each_, from_at) WHERE purpose = 'coverage';
