-- The little application of the laptop: what its webhooks are to fill.
CREATE TABLE charges (
    id text PRIMARY KEY,
    amount_minor bigint,
    currency text,
    status text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON charges (created_at);
