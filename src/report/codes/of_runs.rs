//! Why a run did not end with 0, or a domain in it; some of them end other commands as well.

use super::Code;

/// In the order of the alphabet.
pub(super) const OF_RUNS: &[Code] = &[
    Code {
        code: "configuration",
        exits: &[2],
        means: "something that the configuration refers to cannot be read: a variable that is not set, a file that is not there",
        help: "set it; `tieout check --vars` names everything that is missing",
    },
    Code {
        code: "contradiction",
        exits: &[1],
        means: "the sums of a domain in the report do not add up: tieout made a mistake",
        help: "nothing was lost by it; report the bug with the report, and run again",
    },
    Code {
        code: "credentials_rejected",
        exits: &[7],
        means: "a provider or a database refuses the login",
        help: "check the secret and its rights; `tieout doctor` and `tieout check --online` say what is missing",
    },
    Code {
        code: "definition",
        exits: &[2],
        means: "the configuration or a definition is wrong, or does not fit the provider or the database",
        help: "mend what the message names, with its file and line; `tieout check` shows every problem at once",
    },
    Code {
        code: "died",
        exits: &[],
        means: "the process of a run died, so that it returned no exit code; the next run wrote its report",
        help: "look for what killed it (memory, the machine, an operator); nothing that was committed is lost, and `tieout run --resume` goes on",
    },
    Code {
        code: "differences",
        exits: &[4],
        means: "a plan would send something, or `run --detailed-exitcode` found differences",
        help: "nothing is wrong with the run; `tieout plan` and `tieout findings list` show what it is",
    },
    Code {
        code: "fail_on",
        exits: &[4],
        means: "what was found meets a condition of `--fail-on`, which stands behind the colon with the figure",
        help: "nothing is wrong with the run; `tieout findings list` shows what was found",
    },
    Code {
        code: "held",
        exits: &[5],
        means: "a safety limit of an earlier run still holds events of the domain back",
        help: "the report begins its next steps with the command that lets them go; `tieout approve latest --dry-run` lists them first",
    },
    Code {
        code: "interrupted",
        exits: &[130, 143],
        means: "a signal asked the process to end",
        help: "what was committed stays; run again, or go on with `tieout run --resume`",
    },
    Code {
        code: "lease_lost",
        exits: &[1, 3],
        means: "another process took the domain over while this one worked on it; nothing more was written",
        help: "find out who runs at the same time; the next run goes on from what was committed",
    },
    Code {
        code: "limit_tripped",
        exits: &[5],
        means: "a safety limit holds the events of a domain back",
        help: "look at what is held with `tieout approve latest --dry-run`, then approve it, or mend what the limit noticed",
    },
    Code {
        code: "locked",
        exits: &[6],
        means: "another run works on the domain",
        help: "wait for its end, or say `--if-locked skip`, `wait` or `join`; a lease whose holder is dead is free within seconds",
    },
    Code {
        code: "not_begun",
        exits: &[1, 2, 3, 7],
        means: "another domain failed before, and `--fail-fast` has a run begin no other one then",
        help: "see to the domain that failed; `tieout run --failed` then works on it and on those that were not begun",
    },
    Code {
        code: "panic",
        exits: &[1],
        means: "tieout made a mistake and gave up",
        help: "what was committed stays; report the bug with the message, and run again",
    },
    Code {
        code: "partial",
        exits: &[3],
        means: "something could not be read to its end, so a part of the range is not verified",
        help: "the report names the reason of each range; the next run reads it again",
    },
    Code {
        code: "paused",
        exits: &[3],
        means: "somebody paused the domain while a run worked on it",
        help: "`tieout state resume DOMAIN` lets runs work on it again",
    },
    Code {
        code: "queue_refuses",
        exits: &[7],
        means: "the queue of the domain refuses its events until somebody does something: its table is missing, the login or a right is refused",
        help: "`tieout doctor DOMAIN` says what is missing, and `tieout migrate queue QUEUE` prints a missing table; the events wait, and the next run sends them",
    },
    Code {
        code: "stalled",
        exits: &[3],
        means: "nothing moved for so long that the run ended itself",
        help: "look at the log for what it waited for (a provider, a database, a queue); the next run goes on",
    },
    Code {
        code: "state_store",
        exits: &[1, 2, 7],
        means: "the state store cannot be reached, refuses the login, or is not one that this version can use",
        help: "the message says which; check `state: {url: ...}` and its rights, or bring it up to date with `tieout migrate`",
    },
    Code {
        code: "undelivered",
        exits: &[3],
        means: "events of the domain wait for their queue, or were given up",
        help: "`tieout status` and `tieout dlq list` show them; the next run sends what waits, also for a queue that no domain names any more, as long as tieout.yaml has it under its old name",
    },
    Code {
        code: "unreachable",
        exits: &[3],
        means: "a provider or a database cannot be reached, or stopped answering",
        help: "check the network and the other side; the next run reads what is missing",
    },
];
