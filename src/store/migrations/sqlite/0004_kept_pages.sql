-- Pages that a provider may say are unchanged, sealed with a key that is not in this database.
CREATE TABLE kept_pages (
    provider  TEXT NOT NULL,
    request   TEXT NOT NULL,                -- digest of what was asked
    sealed    TEXT NOT NULL,                -- encrypted
    kept_at   TEXT NOT NULL,
    PRIMARY KEY (provider, request)
) STRICT;
