-- What metrics say of domains, written with the end of each run, so that a scrape costs the same after years.
CREATE TABLE domain_metrics (
    domain              text COLLATE "C" PRIMARY KEY,
    known_since         timestamptz NOT NULL,
    started_at          timestamptz,        -- of the last run over all that was due, by the process's clock
    completed_at        timestamptz,        -- when such a run came to its end
    succeeded_at        timestamptz,        -- when one was done, and nothing was left over
    last_run            text,               -- JSON: what that run counted
    requests_ok         bigint NOT NULL DEFAULT 0,
    requests_throttled  bigint NOT NULL DEFAULT 0,
    requests_failed     bigint NOT NULL DEFAULT 0,
    events_emitted      bigint NOT NULL DEFAULT 0,
    events_failed       bigint NOT NULL DEFAULT 0,
    events_confirmed    bigint NOT NULL DEFAULT 0
);

-- Where metrics are sent, and how often that failed since it last went well.
CREATE TABLE metrics_pushes (
    target     text COLLATE "C" PRIMARY KEY, -- pushgateway, textfile, otlp
    failures   bigint NOT NULL,
    tried_at   timestamptz NOT NULL
);

-- Where the coverage of a domain began is found by an index.
CREATE INDEX slices_first ON slices (domain, each_, from_at) WHERE purpose = 'coverage';
