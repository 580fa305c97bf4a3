CREATE TABLE IF NOT EXISTS {schema}"{name}" (
    seq          bigserial PRIMARY KEY,
    event_id     text NOT NULL UNIQUE,
    source       text NOT NULL,
    type         text NOT NULL,
    subject      text NOT NULL,
    event        json NOT NULL,
    enqueued_at  timestamptz NOT NULL DEFAULT now(),
    consumed_at  timestamptz
);

-- What consumers need. A table that was made before they did gets it without losing a row.
ALTER TABLE {schema}"{name}"
    ADD COLUMN IF NOT EXISTS attempts     integer NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS visible_at   timestamptz,
    ADD COLUMN IF NOT EXISTS claim        uuid,
    ADD COLUMN IF NOT EXISTS claimed_by   text,
    ADD COLUMN IF NOT EXISTS last_error   text,
    ADD COLUMN IF NOT EXISTS dead_at      timestamptz,
    ADD COLUMN IF NOT EXISTS dead_reason  text;

CREATE INDEX IF NOT EXISTS "{name}_open" ON {schema}"{name}" (seq)
    WHERE consumed_at IS NULL AND dead_at IS NULL;
CREATE INDEX IF NOT EXISTS "{name}_subject" ON {schema}"{name}" (source, subject, seq)
    WHERE consumed_at IS NULL AND dead_at IS NULL;
