-- How far a slice is that a run reads: where its walk can be carried on, and what its comparison needs for that.
-- Gone with the commit of the slice. It holds keys, clocks, counts and hashes, and no value of an item.
CREATE TABLE bookmarks (
    domain       text COLLATE "C" NOT NULL,
    each_        text COLLATE "C" NOT NULL, -- member of the fan-out, empty where there is none
    purpose      text COLLATE "C" NOT NULL, -- coverage, overlap
    from_at      timestamptz NOT NULL,
    to_at        timestamptz NOT NULL,
    run_id       text COLLATE "C" NOT NULL,
    format       bigint NOT NULL,           -- of the state
    fingerprint  text COLLATE "C" NOT NULL, -- of everything that must be the same for the state to mean something
    state        text NOT NULL,             -- JSON
    checksum     text COLLATE "C" NOT NULL, -- of the whole row
    written_at   timestamptz NOT NULL,
    PRIMARY KEY (domain, each_, purpose, from_at, to_at)
);
