-- What people decide about findings, which run holds one, and when a drift came about.
ALTER TABLE findings ADD COLUMN occurred_at timestamptz;                  -- by the item's own clock
ALTER TABLE findings ADD COLUMN held_by text COLLATE "C";                 -- a run
ALTER TABLE findings ADD COLUMN ignored_until timestamptz;                -- NULL while it is ignored: for good
ALTER TABLE findings ADD COLUMN ignored_why text;                         -- NULL: it is not ignored
ALTER TABLE findings ADD COLUMN interventions bigint NOT NULL DEFAULT 0;  -- how often people changed its state
ALTER TABLE findings ADD COLUMN owner text;                               -- never written by a run
-- Whoever wrote a held finding last is as good a name for the hold as any.
UPDATE findings SET held_by = run_id WHERE state = 'held';
CREATE INDEX findings_lapsing ON findings (domain, each_, ignored_until) WHERE state = 'ignored';
CREATE INDEX findings_held ON findings (held_by) WHERE state = 'held';

-- What a person did, and who it was; both NULL where a run wrote the row.
ALTER TABLE finding_history ADD COLUMN act text;
ALTER TABLE finding_history ADD COLUMN actor text;

-- Everything that was ever staged about a key.
CREATE INDEX outbox_of_finding ON outbox (domain, each_, key, seq);
