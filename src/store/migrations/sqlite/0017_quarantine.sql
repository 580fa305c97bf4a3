-- What cannot be read: items without a key, rows and pages. Hashes stand for what was sent, and nothing of it is kept.
CREATE TABLE quarantine (
    id           TEXT NOT NULL PRIMARY KEY,  -- a hash of what it is about
    domain       TEXT NOT NULL,
    each_        TEXT NOT NULL,
    kind         TEXT NOT NULL,              -- item, row or page
    class        TEXT NOT NULL,              -- key, value, shape or too_large
    place        TEXT NOT NULL,              -- where it was seen last
    key          TEXT,                       -- of a row that has one
    reason       TEXT NOT NULL,              -- never a value
    fingerprint  TEXT,                       -- what stands for what was sent
    from_at      TEXT NOT NULL,              -- the range that it holds back
    to_at        TEXT NOT NULL,
    state        TEXT NOT NULL,              -- open, accepted or gone
    first_seen   TEXT NOT NULL,
    last_seen    TEXT NOT NULL,
    times        INTEGER NOT NULL,           -- in how many runs it was seen
    first_run    TEXT NOT NULL,
    last_run     TEXT NOT NULL,
    accepted_at  TEXT,
    accepted_by  TEXT,
    accepted_why TEXT,
    CHECK (from_at < to_at)
) STRICT;
CREATE INDEX quarantine_of ON quarantine (domain, each_) WHERE state <> 'gone';
CREATE INDEX quarantine_gone ON quarantine (domain, each_, last_seen) WHERE state = 'gone';
