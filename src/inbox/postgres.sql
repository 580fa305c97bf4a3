-- What a consumer has seen, by the source and the id of the event.
CREATE TABLE IF NOT EXISTS {schema}"{name}" (
    consumer  text NOT NULL,
    source    text NOT NULL,
    event_id  text NOT NULL,
    seen_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer, source, event_id)
);
-- The newest version of each subject that a consumer has applied.
CREATE TABLE IF NOT EXISTS {schema}"{name}_versions" (
    consumer  text NOT NULL,
    source    text NOT NULL,
    subject   text NOT NULL,
    version   numeric NOT NULL,
    PRIMARY KEY (consumer, source, subject)
);

-- Whether an event is to be applied: `apply`; `duplicate` where it was seen before; `stale` where a newer version of its
-- subject was applied. Ask in the transaction that applies it: what rolls back was not seen. Without a version only the id counts.
CREATE OR REPLACE FUNCTION {schema}"{name}_seen"(
    consumer text, source text, event_id text, subject text DEFAULT NULL, version numeric DEFAULT NULL
) RETURNS text LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    INSERT INTO {schema}"{name}" (consumer, source, event_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN 'duplicate';
    ELSIF $4 IS NULL OR $5 IS NULL THEN
        RETURN 'apply';
    END IF;
    INSERT INTO {schema}"{name}_versions" AS applied (consumer, source, subject, version) VALUES ($1, $2, $4, $5)
    ON CONFLICT (consumer, source, subject) DO UPDATE SET version = excluded.version
        WHERE applied.version <= excluded.version;
    RETURN CASE WHEN FOUND THEN 'apply' ELSE 'stale' END;
END $$;

-- Forgets ids that were seen longer ago than this; versions stay. Counts them.
CREATE OR REPLACE FUNCTION {schema}"{name}_purge"(older_than interval DEFAULT '30 days') RETURNS bigint LANGUAGE sql AS $$
    WITH gone AS (
        DELETE FROM {schema}"{name}" AS old WHERE old.seen_at < clock_timestamp() - $1 RETURNING 1
    )
    SELECT count(*) FROM gone
$$;
