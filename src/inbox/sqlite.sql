-- What a consumer has seen, by the source and the id of the event.
CREATE TABLE IF NOT EXISTS "{name}" (
    consumer  TEXT NOT NULL,
    source    TEXT NOT NULL,
    event_id  TEXT NOT NULL,
    seen_at   TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    PRIMARY KEY (consumer, source, event_id)
) WITHOUT ROWID;
-- The newest version of each subject that a consumer has applied.
CREATE TABLE IF NOT EXISTS "{name}_versions" (
    consumer  TEXT NOT NULL,
    source    TEXT NOT NULL,
    subject   TEXT NOT NULL,
    version   NUMERIC NOT NULL,
    PRIMARY KEY (consumer, source, subject)
) WITHOUT ROWID;
