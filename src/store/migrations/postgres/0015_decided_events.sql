-- What was decided in a range of time is found by an index, whatever became of it.
CREATE INDEX outbox_decided ON outbox (domain, staged_at);
