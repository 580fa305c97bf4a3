-- The slices that a run offers to other processes, which read them for it. A row is gone once its slice was read or taken back.
CREATE TABLE slice_leases (
    domain      text COLLATE "C" NOT NULL,
    each_       text COLLATE "C" NOT NULL,  -- member of the fan-out, empty where there is none
    purpose     text COLLATE "C" NOT NULL,  -- coverage, overlap
    from_at     timestamptz NOT NULL,
    to_at       timestamptz NOT NULL,
    is_newest   bigint NOT NULL,            -- 1 where it is the newest of its run
    begins_at   timestamptz NOT NULL,       -- where that run began to read
    run_id      text COLLATE "C" NOT NULL,  -- the run that offers it
    claim       text COLLATE "C",           -- fencing token: new with every claim, null while it is free
    reader_run  text COLLATE "C",           -- the run that reads it
    holder      text,                       -- in words
    process     text,
    expires_at  timestamptz,
    PRIMARY KEY (domain, each_, purpose, from_at, to_at)
);
-- A claim is renewed by its name.
CREATE INDEX slice_leases_by_claim ON slice_leases (claim);
