-- What the relay works with stands in a small table of its own: a claim and what gives it back change that alone. An event has a row there while it is
-- pending, put in and taken out together with its state.
CREATE TABLE outbox_pending (
    queue          TEXT NOT NULL,
    seq            INTEGER NOT NULL,                -- of the event in the outbox
    domain         TEXT NOT NULL,
    each_          TEXT NOT NULL,
    key            TEXT NOT NULL,
    due_at         TEXT NOT NULL,                   -- not sent before
    claimed_by     TEXT,
    claimed_until  TEXT,
    PRIMARY KEY (queue, seq)
) STRICT, WITHOUT ROWID;
INSERT INTO outbox_pending (queue, seq, domain, each_, key, due_at, claimed_by, claimed_until)
SELECT queue, seq, domain, each_, key, due_at, claimed_by, claimed_until FROM outbox WHERE state = 'pending' ORDER BY seq;
CREATE INDEX outbox_pending_of_key ON outbox_pending (key, domain, each_, seq);

-- `aside` names the state of what the relay does not see and somebody else has to find, as PostgreSQL's indexes ask for it, which name no state there.
DROP INDEX outbox_next;
DROP INDEX outbox_of_key;
DROP INDEX outbox_staged;
DROP INDEX outbox_unsent;
DROP INDEX outbox_dead;
DROP INDEX outbox_finished;
DROP INDEX outbox_decided;
ALTER TABLE outbox DROP COLUMN claimed_by;
ALTER TABLE outbox DROP COLUMN claimed_until;
-- When it was due the last time, for whoever reads of it. A program of before, which would let an event go and tell no relay, does not find its column.
ALTER TABLE outbox RENAME COLUMN due_at TO last_due_at;
ALTER TABLE outbox ADD COLUMN aside TEXT
    GENERATED ALWAYS AS (CASE WHEN state IN ('staged', 'held', 'dead') THEN state END) VIRTUAL;
CREATE INDEX outbox_staged ON outbox (domain, each_, seq) WHERE aside = 'staged';
CREATE INDEX outbox_unsent ON outbox (aside, domain, queue) WHERE aside IS NOT NULL;
CREATE INDEX outbox_dead ON outbox (seq) WHERE aside = 'dead';
-- What was decided in a range of time, and what of it may be old enough to be taken out.
CREATE INDEX outbox_decided ON outbox (domain, staged_at, aside);
