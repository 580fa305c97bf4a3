-- Tokens of providers whose refresh tokens are good once. Who holds the claim refreshes; its number only ever grows.
CREATE TABLE tokens (
    credential   text COLLATE "C" PRIMARY KEY,
    sealed       text,                              -- encrypted; NULL before the first refresh
    claim        bigint NOT NULL,
    claimed      bigint NOT NULL,                   -- 1: somebody refreshes
    expires_at   timestamptz NOT NULL,              -- of the claim
    changed_at   timestamptz                        -- when the tokens were kept
);
