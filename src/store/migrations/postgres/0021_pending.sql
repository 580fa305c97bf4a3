-- What the relay works with stands in a small table of its own: a claim and what gives it back change that alone. An event has a row there while it is
-- pending, put in and taken out together with its state. Pages have room for a claim.
CREATE TABLE outbox_pending (
    queue          text COLLATE "C" NOT NULL,
    seq            bigint NOT NULL,                 -- of the event in the outbox
    domain         text COLLATE "C" NOT NULL,
    each_          text COLLATE "C" NOT NULL,
    key            text COLLATE "C" NOT NULL,
    due_at         timestamptz NOT NULL,            -- not sent before
    claimed_by     text,
    claimed_until  timestamptz,
    PRIMARY KEY (queue, seq)
) WITH (fillfactor = 35);
INSERT INTO outbox_pending (queue, seq, domain, each_, key, due_at, claimed_by, claimed_until)
SELECT queue, seq, domain, each_, key, due_at, claimed_by, claimed_until FROM outbox WHERE state = 'pending' ORDER BY seq;
-- Its condition is always true. PostgreSQL does not plan by the ends of an index that has one, where it would read all that was delivered since the last vacuum.
CREATE INDEX outbox_pending_of_key ON outbox_pending (key, domain, each_, seq) WHERE seq > 0;

-- An event that is delivered goes from `pending` to `sent`, and by that changed an entry of all its indexes. No index of the outbox names its state or its
-- end any more, so PostgreSQL changes the row alone. `aside` names the state of what the relay does not see and somebody else has to find.
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
ALTER TABLE outbox ADD COLUMN aside text COLLATE "C"
    GENERATED ALWAYS AS (CASE WHEN state IN ('staged', 'held', 'dead') THEN state END) STORED;
CREATE INDEX outbox_staged ON outbox (domain, each_, seq) WHERE aside = 'staged';
CREATE INDEX outbox_unsent ON outbox (aside, domain, queue) WHERE aside IS NOT NULL;
CREATE INDEX outbox_dead ON outbox (seq) WHERE aside = 'dead';
-- What was decided in a range of time, and what of it may be old enough to be taken out.
CREATE INDEX outbox_decided ON outbox (domain, staged_at, aside);
