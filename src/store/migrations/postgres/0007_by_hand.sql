-- What a person changed of a domain's state by hand. Rows are only added.
CREATE TABLE by_hand (
    seq     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    domain  text COLLATE "C" NOT NULL,
    each_   text COLLATE "C" NOT NULL,      -- member of the fan-out, empty where there is none
    act     text NOT NULL,                  -- rewind, unlock
    detail  text NOT NULL,                  -- in words
    who     text NOT NULL,
    at      timestamptz NOT NULL
);
CREATE INDEX by_hand_of ON by_hand (domain, seq);
