-- How far a slice is that a run reads: where its walk can be carried on, and what its comparison needs for that.
-- Gone with the commit of the slice. It holds keys, clocks, counts and hashes, and no value of an item.
CREATE TABLE bookmarks (
    domain       TEXT NOT NULL,
    each_        TEXT NOT NULL,             -- member of the fan-out, empty where there is none
    purpose      TEXT NOT NULL,             -- coverage, overlap
    from_at      TEXT NOT NULL,
    to_at        TEXT NOT NULL,
    run_id       TEXT NOT NULL,
    format       INTEGER NOT NULL,          -- of the state
    fingerprint  TEXT NOT NULL,             -- of everything that must be the same for the state to mean something
    state        TEXT NOT NULL,             -- JSON
    checksum     TEXT NOT NULL,             -- of the whole row
    written_at   TEXT NOT NULL,
    PRIMARY KEY (domain, each_, purpose, from_at, to_at)
) STRICT;
