-- What becomes of an event after the relay gave it up. `attempts` counts on over all of its lives.
ALTER TABLE outbox ADD COLUMN retries INTEGER NOT NULL DEFAULT 0;  -- how often it was put back after it was given up
ALTER TABLE outbox ADD COLUMN first_failed_at TEXT;             -- when its delivery failed for the first time
ALTER TABLE outbox ADD COLUMN dropped_at TEXT;                  -- it is a tombstone: dead, and never sent again
ALTER TABLE outbox ADD COLUMN dropped_by TEXT;
ALTER TABLE outbox ADD COLUMN dropped_why TEXT;
CREATE INDEX outbox_dead ON outbox (seq) WHERE state = 'dead';
-- What is kept only for so long after it was sent or superseded.
CREATE INDEX outbox_finished ON outbox (domain, finished_at) WHERE state IN ('sent', 'superseded');
