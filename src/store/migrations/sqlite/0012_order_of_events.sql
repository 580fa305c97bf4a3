-- The oldest pending events are found by an index that has pending events alone, and orders by an expression as PostgreSQL's does.
DROP INDEX outbox_due;
CREATE INDEX outbox_next ON outbox (queue, (seq + 0)) WHERE state = 'pending';
