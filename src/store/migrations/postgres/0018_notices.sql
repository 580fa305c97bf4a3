-- What channels of `notify` were told about domains, so that they are told again only where something changed.
CREATE TABLE notices (
    channel   text COLLATE "C" NOT NULL,
    domain    text COLLATE "C" NOT NULL,
    troubles  text NOT NULL,                -- JSON: each trouble with the number of digits of how large it was
    told_at   timestamptz NOT NULL,
    run_id    text NOT NULL,
    PRIMARY KEY (channel, domain)
);
