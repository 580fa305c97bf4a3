-- The slices that a run offers to other processes, which read them for it. A row is gone once its slice was read or taken back.
CREATE TABLE slice_leases (
    domain      TEXT NOT NULL,
    each_       TEXT NOT NULL,              -- member of the fan-out, empty where there is none
    purpose     TEXT NOT NULL,              -- coverage, overlap
    from_at     TEXT NOT NULL,
    to_at       TEXT NOT NULL,
    is_newest   INTEGER NOT NULL,           -- 1 where it is the newest of its run
    begins_at   TEXT NOT NULL,              -- where that run began to read
    run_id      TEXT NOT NULL,              -- the run that offers it
    claim       TEXT,                       -- fencing token: new with every claim, null while it is free
    reader_run  TEXT,                       -- the run that reads it
    holder      TEXT,                       -- in words
    process     TEXT,
    expires_at  TEXT,
    PRIMARY KEY (domain, each_, purpose, from_at, to_at)
) STRICT;
-- A claim is renewed by its name.
CREATE INDEX slice_leases_by_claim ON slice_leases (claim);
