-- Keys are compared byte by byte ("C"), as SQLite does. Times are the state store's own clock unless a line says otherwise.

-- One execution. The row is written first and finished on every exit path.
CREATE TABLE runs (
    run_id        text COLLATE "C" PRIMARY KEY,
    mode          text NOT NULL,                    -- run, plan
    trigger       text NOT NULL,
    args          text NOT NULL,                    -- JSON
    version       text NOT NULL,                    -- of the program
    status        text NOT NULL,                    -- running, done, partial, held, failed, skipped, interrupted
    exit_code     bigint,
    report        text,                             -- JSON
    started_at    timestamptz NOT NULL,             -- the process's clock
    heartbeat_at  timestamptz NOT NULL,
    finished_at   timestamptz
);
CREATE INDEX runs_newest ON runs (started_at DESC, run_id DESC);

-- Who may write on behalf of a domain. The token only ever grows.
CREATE TABLE leases (
    domain       text COLLATE "C" NOT NULL,
    each_        text COLLATE "C" NOT NULL,         -- member of the fan-out, empty where there is none
    token        bigint NOT NULL,
    holder       text,                              -- NULL: free
    run_id       text,
    acquired_at  timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    PRIMARY KEY (domain, each_)
);

-- The verified ranges of a domain along one clock: half-open, never touching each other. The bounds are the feed's time.
CREATE TABLE coverage (
    domain   text COLLATE "C" NOT NULL,
    each_    text COLLATE "C" NOT NULL,
    clock    text COLLATE "C" NOT NULL,
    from_at  timestamptz NOT NULL,
    to_at    timestamptz NOT NULL,
    PRIMARY KEY (domain, each_, clock, from_at),
    CHECK (from_at < to_at)
);

-- The last complete overlap scan.
CREATE TABLE overlap_scans (
    domain        text COLLATE "C" NOT NULL,
    each_         text COLLATE "C" NOT NULL,
    clock         text COLLATE "C" NOT NULL,
    through       timestamptz NOT NULL,             -- the feed's time
    completed_at  timestamptz NOT NULL,
    PRIMARY KEY (domain, each_, clock)
);

-- The slices that a run committed.
CREATE TABLE slices (
    run_id        text COLLATE "C" NOT NULL REFERENCES runs,
    domain        text COLLATE "C" NOT NULL,
    each_         text COLLATE "C" NOT NULL,
    purpose       text NOT NULL,                    -- coverage, overlap
    from_at       timestamptz NOT NULL,             -- the feed's time
    to_at         timestamptz NOT NULL,
    counts        text NOT NULL,                    -- JSON
    committed_at  timestamptz NOT NULL,
    PRIMARY KEY (run_id, domain, each_, purpose, from_at, to_at)
);

-- The newest episode of every key on which the sides ever differed.
CREATE TABLE findings (
    domain           text COLLATE "C" NOT NULL,
    each_            text COLLATE "C" NOT NULL,
    key              text COLLATE "C" NOT NULL,
    kind             text NOT NULL,                 -- missing, mismatched, orphaned, unreadable
    state            text NOT NULL,                 -- suspected, open, emitted, repaired, held, healed, recurring, ignored
    episode          bigint NOT NULL,
    reemissions      bigint NOT NULL,
    digest           text NOT NULL,
    fields           text NOT NULL,                 -- JSON
    reason           text,
    amount_minor     text,                          -- a whole number of up to 39 digits
    currency         text,
    clock_at         timestamptz,                   -- the item's own time
    first_seen       timestamptz NOT NULL,
    last_seen        timestamptz NOT NULL,
    acknowledged_at  timestamptz,
    closed_at        timestamptz,
    event_id         text COLLATE "C",
    run_id           text NOT NULL,
    PRIMARY KEY (domain, each_, key)
);
CREATE INDEX findings_followed ON findings (domain, each_, first_seen, key)
    WHERE state IN ('suspected', 'open', 'emitted', 'held', 'recurring');
CREATE INDEX findings_by_event ON findings (event_id) WHERE event_id IS NOT NULL;
CREATE INDEX findings_by_state ON findings (state, first_seen);

-- Every state that a finding was ever in. Rows are only added.
CREATE TABLE finding_history (
    seq      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    domain   text COLLATE "C" NOT NULL,
    each_    text COLLATE "C" NOT NULL,
    key      text COLLATE "C" NOT NULL,
    episode  bigint NOT NULL,
    state    text NOT NULL,
    at       timestamptz NOT NULL,
    run_id   text NOT NULL,
    note     text
);
CREATE INDEX finding_history_of ON finding_history (domain, each_, key, seq);

-- Events, committed together with their findings and delivered by the relay.
CREATE TABLE outbox (
    seq            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id       text COLLATE "C" NOT NULL UNIQUE,
    domain         text COLLATE "C" NOT NULL,
    each_          text COLLATE "C" NOT NULL,
    key            text COLLATE "C" NOT NULL,
    kind           text NOT NULL,
    episode        bigint NOT NULL,
    queue          text COLLATE "C" NOT NULL,
    source         text NOT NULL,
    type           text NOT NULL,
    subject        text NOT NULL,
    payload        text NOT NULL,                   -- the CloudEvent as JSON
    state          text NOT NULL,                   -- staged, pending, held, sent, dead, superseded
    class          text,                            -- of a dead event
    reason         text,                            -- why it is held or dead, or the last failed attempt
    attempts       bigint NOT NULL DEFAULT 0,
    run_id         text NOT NULL,
    staged_at      timestamptz NOT NULL,
    due_at         timestamptz NOT NULL,            -- not sent before
    claimed_by     text,
    claimed_until  timestamptz,
    finished_at    timestamptz                      -- sent, dead or superseded
);
CREATE INDEX outbox_due ON outbox (queue, seq) WHERE state = 'pending';
CREATE INDEX outbox_of_key ON outbox (domain, each_, key, seq) WHERE state = 'pending';
CREATE INDEX outbox_staged ON outbox (domain, each_, seq) WHERE state = 'staged';
CREATE INDEX outbox_unsent ON outbox (state, domain, queue) WHERE state IN ('staged', 'pending', 'held', 'dead');
