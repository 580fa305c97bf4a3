-- Where the next run of a change feed goes on: the provider's own token, as of the last complete read.
CREATE TABLE saved_tokens (
    domain    text COLLATE "C" NOT NULL,
    each_     text COLLATE "C" NOT NULL,            -- member of the fan-out, empty where there is none
    feed      text COLLATE "C" NOT NULL,            -- provider/feed
    token     text NOT NULL,
    run_id    text COLLATE "C" NOT NULL,
    saved_at  timestamptz NOT NULL,
    PRIMARY KEY (domain, each_, feed)
);
