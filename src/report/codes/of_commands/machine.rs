//! The machine, or tieout itself, does not do what it should.

use crate::report::codes::Code;

/// In the order of the alphabet.
pub(super) const OF_THE_MACHINE: &[Code] = &[
    Code {
        code: "books",
        exits: &[1],
        means: "the books of the fake shop that `tieout init` begins with could not be made",
        help: "the message says why; the folder for temporary files may be full",
    },
    Code {
        code: "demo",
        exits: &[1],
        means: "the demo could not be prepared",
        help: "the message says why; name another folder, or remove what stands in it",
    },
    Code {
        code: "demo_differs",
        exits: &[1],
        means: "the demo found something else than what was planted: a bug in tieout",
        help: "report it with what the demo printed",
    },
    Code {
        code: "demo_not_repaired",
        exits: &[1],
        means: "the demo did not see every emitted finding repaired: a bug in tieout",
        help: "report it with what the demo printed",
    },
    Code {
        code: "heartbeat",
        exits: &[1],
        means: "the heartbeat of the daemon has ended: tieout made a mistake",
        help: "restart the daemon, and report the bug with the log",
    },
    Code {
        code: "listen",
        exits: &[1],
        means: "the address behind `--listen` cannot be listened on",
        help: "name another address, or end what listens there",
    },
    Code {
        code: "signals",
        exits: &[1],
        means: "signals cannot be listened to",
        help: "look at what restricts the process",
    },
    Code {
        code: "tests",
        exits: &[1],
        means: "the tests could not be played at all: there is no room for their state",
        help: "free some space in the folder of temporary files, or name another one by `TMPDIR`",
    },
];
