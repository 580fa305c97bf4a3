-- Which process holds a lease or works on a run, so that another one on the same host can prove that it is dead.
ALTER TABLE leases ADD COLUMN process TEXT;
ALTER TABLE runs ADD COLUMN process TEXT;
-- The leases of a run are renewed together.
CREATE INDEX leases_of_run ON leases (run_id);

-- Which run a run goes on with, and which one found it dead or goes on with it.
ALTER TABLE runs ADD COLUMN resumes TEXT;
ALTER TABLE runs ADD COLUMN successor TEXT;
-- The last rows that stood there when the run began: its own come after them, and are found without reading the others.
ALTER TABLE runs ADD COLUMN history_after INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN outbox_after INTEGER NOT NULL DEFAULT 0;
CREATE INDEX runs_running ON runs (heartbeat_at) WHERE status = 'running';

-- The domains that a running run has ended, so that its report can be written by somebody else. They go with the run's own report.
CREATE TABLE ended_domains (
    run_id    TEXT NOT NULL REFERENCES runs,
    domain    TEXT NOT NULL,
    report    TEXT NOT NULL,                        -- JSON
    ended_at  TEXT NOT NULL,
    PRIMARY KEY (run_id, domain)
) STRICT;
