-- Tokens of providers whose refresh tokens are good once. Who holds the claim refreshes; its number only ever grows.
CREATE TABLE tokens (
    credential   TEXT PRIMARY KEY,
    sealed       TEXT,                      -- encrypted; NULL before the first refresh
    claim        INTEGER NOT NULL,
    claimed      INTEGER NOT NULL,          -- 1: somebody refreshes
    expires_at   TEXT NOT NULL,             -- of the claim
    changed_at   TEXT                       -- when the tokens were kept
) STRICT;
