-- When the next request within a limit is due that several processes share, by this database's clock.
CREATE TABLE shared_rates (
    name     TEXT PRIMARY KEY,              -- provider, class of routes, and digests of credential and origin
    next_at  TEXT NOT NULL
) STRICT;

-- For which job a domain was last worked on, and by which of its runs: what one has done no other begins anew.
ALTER TABLE leases ADD COLUMN job TEXT;
ALTER TABLE leases ADD COLUMN job_run TEXT;
