-- What people send again of what was sent before: what was asked for, and how far it is.
CREATE TABLE replays (
    replay_id     text COLLATE "C" PRIMARY KEY,
    who           text COLLATE "C" NOT NULL,
    likeness      text COLLATE "C" NOT NULL, -- the same where the same is asked for, `24h` at another time too
    filter        text NOT NULL,            -- JSON, with instants for times
    queue         text,                     -- NULL: each event goes where it went before
    forced        bigint NOT NULL,          -- 1: also what is over
    most          bigint,                   -- at most so many events
    apart_us      bigint NOT NULL,          -- microseconds between two events
    eligible      bigint NOT NULL,          -- events that were to be sent when it began
    after_seq     bigint NOT NULL,          -- the event of the outbox up to which all is done, in the order in which it sends
    sent          bigint NOT NULL,          -- up to there, as the other three
    refused       bigint NOT NULL,
    unfit         bigint NOT NULL,
    left_out      bigint NOT NULL,          -- their findings are over
    state         text NOT NULL,            -- running, done, interrupted, cancelled
    why           text,                     -- it was interrupted
    ended_by      text,                     -- who cancelled it
    turn          bigint NOT NULL,          -- grows whenever somebody carries it on: who has an earlier one writes nothing more
    process       text,
    begun_at      timestamptz NOT NULL,
    heartbeat_at  timestamptz NOT NULL,
    finished_at   timestamptz
);
CREATE INDEX replays_newest ON replays (begun_at DESC, replay_id DESC);
CREATE INDEX replays_alike ON replays (likeness, who);
CREATE UNIQUE INDEX replays_running ON replays (likeness, who) WHERE state = 'running';
