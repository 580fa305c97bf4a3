-- What cannot be read: items without a key, rows and pages. Hashes stand for what was sent, and nothing of it is kept.
CREATE TABLE quarantine (
    id           text COLLATE "C" NOT NULL PRIMARY KEY,  -- a hash of what it is about
    domain       text COLLATE "C" NOT NULL,
    each_        text COLLATE "C" NOT NULL,
    kind         text NOT NULL,                          -- item, row or page
    class        text NOT NULL,                          -- key, value, shape or too_large
    place        text NOT NULL,                          -- where it was seen last
    key          text,                                   -- of a row that has one
    reason       text NOT NULL,                          -- never a value
    fingerprint  text,                                   -- what stands for what was sent
    from_at      timestamptz NOT NULL,                   -- the range that it holds back
    to_at        timestamptz NOT NULL,
    state        text NOT NULL,                          -- open, accepted or gone
    first_seen   timestamptz NOT NULL,
    last_seen    timestamptz NOT NULL,
    times        bigint NOT NULL,                        -- in how many runs it was seen
    first_run    text NOT NULL,
    last_run     text NOT NULL,
    accepted_at  timestamptz,
    accepted_by  text,
    accepted_why text,
    CHECK (from_at < to_at)
);
CREATE INDEX quarantine_of ON quarantine (domain, each_) WHERE state <> 'gone';
CREATE INDEX quarantine_gone ON quarantine (domain, each_, last_seen) WHERE state = 'gone';
