-- What people send again of what was sent before: what was asked for, and how far it is.
CREATE TABLE replays (
    replay_id     TEXT PRIMARY KEY,
    who           TEXT NOT NULL,
    likeness      TEXT NOT NULL,            -- the same where the same is asked for, `24h` at another time too
    filter        TEXT NOT NULL,            -- JSON, with instants for times
    queue         TEXT,                     -- NULL: each event goes where it went before
    forced        INTEGER NOT NULL,         -- 1: also what is over
    most          INTEGER,                  -- at most so many events
    apart_us      INTEGER NOT NULL,         -- microseconds between two events
    eligible      INTEGER NOT NULL,         -- events that were to be sent when it began
    after_seq     INTEGER NOT NULL,         -- the event of the outbox up to which all is done, in the order in which it sends
    sent          INTEGER NOT NULL,         -- up to there, as the other three
    refused       INTEGER NOT NULL,
    unfit         INTEGER NOT NULL,
    left_out      INTEGER NOT NULL,         -- their findings are over
    state         TEXT NOT NULL,            -- running, done, interrupted, cancelled
    why           TEXT,                     -- it was interrupted
    ended_by      TEXT,                     -- who cancelled it
    turn          INTEGER NOT NULL,         -- grows whenever somebody carries it on: who has an earlier one writes nothing more
    process       TEXT,
    begun_at      TEXT NOT NULL,
    heartbeat_at  TEXT NOT NULL,
    finished_at   TEXT
) STRICT;
CREATE INDEX replays_newest ON replays (begun_at DESC, replay_id DESC);
CREATE INDEX replays_alike ON replays (likeness, who);
CREATE UNIQUE INDEX replays_running ON replays (likeness, who) WHERE state = 'running';
