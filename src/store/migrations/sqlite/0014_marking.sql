-- Whether a finding is over, as PostgreSQL's indexes ask for it, which name no state there.
ALTER TABLE findings ADD COLUMN is_over INTEGER
    GENERATED ALWAYS AS (CASE WHEN state IN ('repaired', 'healed') THEN 1 ELSE 0 END) VIRTUAL;

-- Keys come first: they are what differs, and a comparison ends with them.
DROP INDEX outbox_of_key;
DROP INDEX outbox_of_finding;
DROP INDEX finding_history_of;
CREATE INDEX outbox_of_key ON outbox (key, domain, each_, seq) WHERE state = 'pending';
CREATE INDEX outbox_of_finding ON outbox (key, domain, each_, seq);
CREATE INDEX finding_history_of ON finding_history (key, domain, each_, seq);
