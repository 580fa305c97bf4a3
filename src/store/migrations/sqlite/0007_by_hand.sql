-- What a person changed of a domain's state by hand. Rows are only added.
CREATE TABLE by_hand (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    domain  TEXT NOT NULL,
    each_   TEXT NOT NULL,                  -- member of the fan-out, empty where there is none
    act     TEXT NOT NULL,                  -- rewind, unlock
    detail  TEXT NOT NULL,                  -- in words
    who     TEXT NOT NULL,
    at      TEXT NOT NULL
) STRICT;
CREATE INDEX by_hand_of ON by_hand (domain, seq);
