-- A finding whose event was acknowledged goes from `open` to `emitted`, and by that changed an entry of all its indexes. No index names its state
-- any more, and pages have room for a second version of each row, so PostgreSQL changes the row alone. `is_over` is the state's as well, but a finding
-- keeps its value until it is repaired or healed.
ALTER TABLE findings SET (fillfactor = 45);
ALTER TABLE findings ADD COLUMN is_over bigint NOT NULL
    GENERATED ALWAYS AS (CASE WHEN state IN ('repaired', 'healed') THEN 1 ELSE 0 END) STORED;
DROP INDEX findings_followed;
DROP INDEX findings_by_state;
DROP INDEX findings_lapsing;
DROP INDEX findings_held;
CREATE INDEX findings_followed ON findings (domain, each_, first_seen, key) WHERE is_over = 0;
CREATE INDEX findings_newest ON findings (first_seen) WHERE is_over = 0;
CREATE INDEX findings_lapsing ON findings (domain, each_, ignored_until) WHERE ignored_until IS NOT NULL;
CREATE INDEX findings_held ON findings (held_by) WHERE held_by IS NOT NULL;

-- Keys come first: they are what differs, and a comparison ends with them.
DROP INDEX outbox_of_key;
DROP INDEX outbox_of_finding;
DROP INDEX finding_history_of;
CREATE INDEX outbox_of_key ON outbox (key, domain, each_, seq) WHERE state = 'pending';
CREATE INDEX outbox_of_finding ON outbox (key, domain, each_, seq);
CREATE INDEX finding_history_of ON finding_history (key, domain, each_, seq);
