-- Times are text of one width, in UTC, to the microsecond: the state store's own clock unless a line says otherwise.

-- One execution. The row is written first and finished on every exit path.
CREATE TABLE runs (
    run_id        TEXT PRIMARY KEY,
    mode          TEXT NOT NULL,            -- run, plan
    trigger       TEXT NOT NULL,
    args          TEXT NOT NULL,            -- JSON
    version       TEXT NOT NULL,            -- of the program
    status        TEXT NOT NULL,            -- running, done, partial, held, failed, skipped, interrupted
    exit_code     INTEGER,
    report        TEXT,                     -- JSON
    started_at    TEXT NOT NULL,            -- the process's clock
    heartbeat_at  TEXT NOT NULL,
    finished_at   TEXT
) STRICT;
CREATE INDEX runs_newest ON runs (started_at DESC, run_id DESC);

-- Who may write on behalf of a domain. The token only ever grows.
CREATE TABLE leases (
    domain       TEXT NOT NULL,
    each_        TEXT NOT NULL,             -- member of the fan-out, empty where there is none
    token        INTEGER NOT NULL,
    holder       TEXT,                      -- NULL: free
    run_id       TEXT,
    acquired_at  TEXT NOT NULL,
    expires_at   TEXT NOT NULL,
    PRIMARY KEY (domain, each_)
) STRICT;

-- The verified ranges of a domain along one clock: half-open, never touching each other. The bounds are the feed's time.
CREATE TABLE coverage (
    domain   TEXT NOT NULL,
    each_    TEXT NOT NULL,
    clock    TEXT NOT NULL,
    from_at  TEXT NOT NULL,
    to_at    TEXT NOT NULL,
    PRIMARY KEY (domain, each_, clock, from_at),
    CHECK (from_at < to_at)
) STRICT;

-- The last complete overlap scan.
CREATE TABLE overlap_scans (
    domain        TEXT NOT NULL,
    each_         TEXT NOT NULL,
    clock         TEXT NOT NULL,
    through       TEXT NOT NULL,            -- the feed's time
    completed_at  TEXT NOT NULL,
    PRIMARY KEY (domain, each_, clock)
) STRICT;

-- The slices that a run committed.
CREATE TABLE slices (
    run_id        TEXT NOT NULL REFERENCES runs,
    domain        TEXT NOT NULL,
    each_         TEXT NOT NULL,
    purpose       TEXT NOT NULL,            -- coverage, overlap
    from_at       TEXT NOT NULL,            -- the feed's time
    to_at         TEXT NOT NULL,
    counts        TEXT NOT NULL,            -- JSON
    committed_at  TEXT NOT NULL,
    PRIMARY KEY (run_id, domain, each_, purpose, from_at, to_at)
) STRICT;

-- The newest episode of every key on which the sides ever differed.
CREATE TABLE findings (
    domain           TEXT NOT NULL,
    each_            TEXT NOT NULL,
    key              TEXT NOT NULL,
    kind             TEXT NOT NULL,         -- missing, mismatched, orphaned, unreadable
    state            TEXT NOT NULL,         -- suspected, open, emitted, repaired, held, healed, recurring, ignored
    episode          INTEGER NOT NULL,
    reemissions      INTEGER NOT NULL,
    digest           TEXT NOT NULL,
    fields           TEXT NOT NULL,         -- JSON
    reason           TEXT,
    amount_minor     TEXT,                  -- a whole number of up to 39 digits
    currency         TEXT,
    clock_at         TEXT,                  -- the item's own time
    first_seen       TEXT NOT NULL,
    last_seen        TEXT NOT NULL,
    acknowledged_at  TEXT,
    closed_at        TEXT,
    event_id         TEXT,
    run_id           TEXT NOT NULL,
    PRIMARY KEY (domain, each_, key)
) STRICT;
CREATE INDEX findings_followed ON findings (domain, each_, first_seen, key)
    WHERE state IN ('suspected', 'open', 'emitted', 'held', 'recurring');
CREATE INDEX findings_by_event ON findings (event_id) WHERE event_id IS NOT NULL;
CREATE INDEX findings_by_state ON findings (state, first_seen);

-- Every state that a finding was ever in. Rows are only added.
CREATE TABLE finding_history (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,
    domain   TEXT NOT NULL,
    each_    TEXT NOT NULL,
    key      TEXT NOT NULL,
    episode  INTEGER NOT NULL,
    state    TEXT NOT NULL,
    at       TEXT NOT NULL,
    run_id   TEXT NOT NULL,
    note     TEXT
) STRICT;
CREATE INDEX finding_history_of ON finding_history (domain, each_, key, seq);

-- Events, committed together with their findings and delivered by the relay.
CREATE TABLE outbox (
    seq            INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id       TEXT NOT NULL UNIQUE,
    domain         TEXT NOT NULL,
    each_          TEXT NOT NULL,
    key            TEXT NOT NULL,
    kind           TEXT NOT NULL,
    episode        INTEGER NOT NULL,
    queue          TEXT NOT NULL,
    source         TEXT NOT NULL,
    type           TEXT NOT NULL,
    subject        TEXT NOT NULL,
    payload        TEXT NOT NULL,           -- the CloudEvent as JSON
    state          TEXT NOT NULL,           -- staged, pending, held, sent, dead, superseded
    class          TEXT,                    -- of a dead event
    reason         TEXT,                    -- why it is held or dead, or the last failed attempt
    attempts       INTEGER NOT NULL DEFAULT 0,
    run_id         TEXT NOT NULL,
    staged_at      TEXT NOT NULL,
    due_at         TEXT NOT NULL,           -- not sent before
    claimed_by     TEXT,
    claimed_until  TEXT,
    finished_at    TEXT                     -- sent, dead or superseded
) STRICT;
CREATE INDEX outbox_due ON outbox (queue, seq) WHERE state = 'pending';
CREATE INDEX outbox_of_key ON outbox (domain, each_, key, seq) WHERE state = 'pending';
CREATE INDEX outbox_staged ON outbox (domain, each_, seq) WHERE state = 'staged';
CREATE INDEX outbox_unsent ON outbox (state, domain, queue) WHERE state IN ('staged', 'pending', 'held', 'dead');
