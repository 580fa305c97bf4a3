-- Wakes whoever listens to the channel that is called like the table: once for each transaction that inserts.
CREATE OR REPLACE FUNCTION {schema}"{name}_notify"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('{name}', '');
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER "{name}_notify" AFTER INSERT ON {schema}"{name}"
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}"{name}_notify"();

-- Hands out the oldest events whose turn it is, at most one of each subject: an event waits while an older one of its
-- subject is neither consumed nor dead. What was handed out `max_attempts` times without an outcome is dead.
CREATE OR REPLACE FUNCTION {schema}"{name}_claim"(
    consumer text, batch integer DEFAULT 10, visibility interval DEFAULT '1 minute', max_attempts integer DEFAULT 12
) RETURNS TABLE (
    seq bigint, event_id text, source text, type text, subject text, event json, attempts integer, claim uuid
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    token   uuid := gen_random_uuid();
    heads   bigint[];
    seen    bigint;
    stretch integer;
    firsts  bigint[];
BEGIN
    IF (consumer IS NOT NULL AND batch > 0 AND visibility > interval '0' AND max_attempts > 0) IS NOT TRUE THEN
        RAISE EXCEPTION 'a claim needs a consumer, and a batch, visibility and max_attempts above zero'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    LOOP
        heads := ARRAY[]::bigint[];
        seen := 0;
        stretch := greatest(batch, 100);
        -- In stretches, each twice as long as the one before, of which only the first event of each subject is
        -- looked at: thousands may wait behind one.
        LOOP
            SELECT array_agg(of_subject.first), max(of_subject.last) INTO firsts, seen FROM (
                SELECT min(part.seq) AS first, max(part.seq) AS last FROM (
                    SELECT one.seq, one.source, one.subject FROM {schema}"{name}" AS one
                    WHERE one.consumed_at IS NULL AND one.dead_at IS NULL AND one.seq > seen
                    ORDER BY one.seq LIMIT stretch
                ) AS part GROUP BY part.source, part.subject
            ) AS of_subject;
            EXIT WHEN firsts IS NULL;
            heads := heads || ARRAY (
                SELECT one.seq FROM {schema}"{name}" AS one
                WHERE one.seq = ANY (firsts) AND one.consumed_at IS NULL AND one.dead_at IS NULL
                  AND (one.visible_at IS NULL OR one.visible_at <= clock_timestamp())
                  AND one.seq = (
                      SELECT oldest.seq FROM {schema}"{name}" AS oldest
                      WHERE oldest.source = one.source AND oldest.subject = one.subject
                        AND oldest.consumed_at IS NULL AND oldest.dead_at IS NULL
                      ORDER BY oldest.seq LIMIT 1)
                ORDER BY one.seq LIMIT batch - cardinality(heads) FOR UPDATE OF one SKIP LOCKED);
            EXIT WHEN cardinality(heads) >= batch;
            stretch := least(2 * stretch, 10000);
        END LOOP;
        EXIT WHEN cardinality(heads) = 0;
        UPDATE {schema}"{name}" AS spent
        SET claim = NULL, dead_at = clock_timestamp(),
            dead_reason = coalesce(spent.last_error, 'no outcome') || ' (after ' || spent.attempts || ' attempts)'
        WHERE spent.seq = ANY (heads) AND spent.attempts >= max_attempts;
        RETURN QUERY WITH handed AS (
            UPDATE {schema}"{name}" AS one
            SET attempts = one.attempts + 1, claim = token, claimed_by = consumer,
                visible_at = clock_timestamp() + visibility
            WHERE one.seq = ANY (heads) AND one.dead_at IS NULL
            RETURNING one.*
        )
        SELECT handed.seq, handed.event_id, handed.source, handed.type, handed.subject, handed.event::json,
               handed.attempts, handed.claim
        FROM handed ORDER BY handed.seq;
        EXIT WHEN FOUND;
    END LOOP;
END $$;

-- The events are done. Counts those that were still held by this claim.
CREATE OR REPLACE FUNCTION {schema}"{name}_ack"(event_ids text[], claim uuid) RETURNS bigint LANGUAGE sql AS $$
    WITH done AS (
        UPDATE {schema}"{name}" AS held
        SET consumed_at = clock_timestamp(), claim = NULL, visible_at = NULL
        WHERE held.event_id = ANY ($1) AND held.claim = $2
          AND held.consumed_at IS NULL AND held.dead_at IS NULL
        RETURNING 1
    )
    SELECT count(*) FROM done
$$;

-- The event failed and comes again, or is dead: `waiting`, `dead`, or `lost` where the claim does not hold it any more.
CREATE OR REPLACE FUNCTION {schema}"{name}_fail"(
    event_id text, claim uuid, reason text, retry_after interval DEFAULT '1 minute', max_attempts integer DEFAULT 12
) RETURNS text LANGUAGE sql AS $$
    WITH failed AS (
        UPDATE {schema}"{name}" AS held
        SET claim = NULL, last_error = $3, visible_at = clock_timestamp() + $4,
            dead_at = CASE WHEN held.attempts >= $5 THEN clock_timestamp() END,
            dead_reason = CASE WHEN held.attempts >= $5
                THEN coalesce($3, 'no reason') || ' (after ' || held.attempts || ' attempts)' END
        WHERE held.event_id = $1 AND held.claim = $2 AND held.consumed_at IS NULL AND held.dead_at IS NULL
        RETURNING held.dead_at
    )
    SELECT coalesce((SELECT CASE WHEN failed.dead_at IS NULL THEN 'waiting' ELSE 'dead' END FROM failed), 'lost')
$$;

-- The events stay with this claim for so long from now on. Counts those that were still held by it.
CREATE OR REPLACE FUNCTION {schema}"{name}_extend"(
    event_ids text[], claim uuid, visibility interval DEFAULT '1 minute'
) RETURNS bigint LANGUAGE sql AS $$
    WITH kept AS (
        UPDATE {schema}"{name}" AS held
        SET visible_at = clock_timestamp() + $3
        WHERE held.event_id = ANY ($1) AND held.claim = $2
          AND held.consumed_at IS NULL AND held.dead_at IS NULL
        RETURNING 1
    )
    SELECT count(*) FROM kept
$$;

-- The event will never succeed. It stays in the table and holds its subject no longer.
CREATE OR REPLACE FUNCTION {schema}"{name}_dead"(event_id text, claim uuid, reason text) RETURNS boolean LANGUAGE sql AS $$
    WITH buried AS (
        UPDATE {schema}"{name}" AS held
        SET claim = NULL, last_error = $3, dead_at = clock_timestamp(), dead_reason = coalesce($3, 'no reason')
        WHERE held.event_id = $1 AND held.claim = $2 AND held.consumed_at IS NULL AND held.dead_at IS NULL
        RETURNING 1
    )
    SELECT EXISTS (SELECT FROM buried)
$$;

-- Dead events come again, with all their attempts. Counts them.
CREATE OR REPLACE FUNCTION {schema}"{name}_requeue"(event_ids text[]) RETURNS bigint LANGUAGE sql AS $$
    WITH risen AS (
        UPDATE {schema}"{name}" AS buried
        SET attempts = 0, visible_at = NULL, dead_at = NULL, dead_reason = NULL
        WHERE buried.event_id = ANY ($1) AND buried.dead_at IS NOT NULL AND buried.consumed_at IS NULL
        RETURNING 1
    ), told AS MATERIALIZED (
        SELECT count(*) AS risen FROM risen
    )
    SELECT told.risen FROM told, pg_notify('{name}', '')
$$;

-- Deletes what was consumed longer ago than this. Counts it.
CREATE OR REPLACE FUNCTION {schema}"{name}_purge"(older_than interval DEFAULT '14 days') RETURNS bigint LANGUAGE sql AS $$
    WITH gone AS (
        DELETE FROM {schema}"{name}" AS done WHERE done.consumed_at < clock_timestamp() - $1 RETURNING 1
    )
    SELECT count(*) FROM gone
$$;
