-- Where the next run of a change feed goes on: the provider's own token, as of the last complete read.
CREATE TABLE saved_tokens (
    domain    TEXT NOT NULL,
    each_     TEXT NOT NULL,                -- member of the fan-out, empty where there is none
    feed      TEXT NOT NULL,                -- provider/feed
    token     TEXT NOT NULL,
    run_id    TEXT NOT NULL,
    saved_at  TEXT NOT NULL,
    PRIMARY KEY (domain, each_, feed)
) STRICT;
