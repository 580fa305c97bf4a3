-- What channels of `notify` were told about domains, so that they are told again only where something changed.
CREATE TABLE notices (
    channel   TEXT NOT NULL,
    domain    TEXT NOT NULL,
    troubles  TEXT NOT NULL,                -- JSON: each trouble with the number of digits of how large it was
    told_at   TEXT NOT NULL,
    run_id    TEXT NOT NULL,
    PRIMARY KEY (channel, domain)
) STRICT, WITHOUT ROWID;
