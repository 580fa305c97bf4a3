-- The oldest pending events are found by an index that has pending events alone. It orders by an expression, because the primary key orders by
-- `seq` too: PostgreSQL could take that one, and be led through everything that was sent before it finds what is pending.
-- Pages have room for a claim, so that it changes no index.
DROP INDEX outbox_due;
CREATE INDEX outbox_next ON outbox (queue, (seq + 0)) WHERE state = 'pending';
ALTER TABLE outbox SET (fillfactor = 50);
ALTER TABLE findings SET (fillfactor = 70);
