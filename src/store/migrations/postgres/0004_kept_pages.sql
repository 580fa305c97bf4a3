-- Pages that a provider may say are unchanged, sealed with a key that is not in this database.
CREATE TABLE kept_pages (
    provider  text COLLATE "C" NOT NULL,
    request   text COLLATE "C" NOT NULL,            -- digest of what was asked
    sealed    text NOT NULL,                        -- encrypted
    kept_at   timestamptz NOT NULL,
    PRIMARY KEY (provider, request)
);
