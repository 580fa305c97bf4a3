//! Runs, reports and findings do not stand in a way that the command could go on from.

use crate::report::codes::Code;

/// In the order of the alphabet.
pub(super) const OF_STANDING: &[Code] = &[
    Code {
        code: "alive",
        exits: &[6],
        means: "the run that is meant gives signs of life",
        help: "wait for its end, or end it first",
    },
    Code {
        code: "definition_changed",
        exits: &[2],
        means: "the definitions are others than those that the saved plan was made with",
        help: "make a new plan",
    },
    Code {
        code: "no_report",
        exits: &[1],
        means: "the run has no report: it goes on, or its process died",
        help: "wait for its end; the next run writes the report of a run that died",
    },
    Code {
        code: "not_ended",
        exits: &[2],
        means: "a run that is to be compared has not ended",
        help: "wait for its end",
    },
    Code {
        code: "not_in_report",
        exits: &[2],
        means: "the report says nothing about the domains that were asked for",
        help: "the message names those that it is about",
    },
    Code {
        code: "not_interrupted",
        exits: &[2],
        means: "the run that `--resume` names was not interrupted",
        help: "start a run without `--resume`",
    },
    Code {
        code: "nothing_failed",
        exits: &[2],
        means: "no domain of the last run failed",
        help: "there is nothing to run again",
    },
    Code {
        code: "nothing_held",
        exits: &[2],
        means: "the run that was named, or every one, holds nothing back",
        help: "`tieout status` shows what is held",
    },
    Code {
        code: "nothing_left",
        exits: &[2],
        means: "the interrupted run left nothing that could be gone on with",
        help: "start a run without `--resume`",
    },
    Code {
        code: "page",
        exits: &[2],
        means: "a page in quarantine cannot be dropped",
        help: "mend the definition or the provider's page, and say `tieout quarantine retry`",
    },
    Code {
        code: "refused",
        exits: &[2],
        means: "some of the findings cannot be changed in this way; the message says which, and why",
        help: "name the others, or do first what the message says",
    },
    Code {
        code: "replay_over",
        exits: &[2],
        means: "the replay that is meant is done or was cancelled",
        help: "begin a new one; `tieout replay show` says what this one was asked for",
    },
    Code {
        code: "replay_runs",
        exits: &[6],
        means: "a replay of the same events to the same queue goes on already, by the same person",
        help: "wait for its end, or say `tieout replay --cancel` first",
    },
    Code {
        code: "report",
        exits: &[1],
        means: "the report cannot be read, because another version wrote it or the state store was changed by hand",
        help: "use the version that wrote it",
    },
    Code {
        code: "run_args",
        exits: &[1],
        means: "nothing usable was recorded of what the run was asked for",
        help: "start it again with its arguments",
    },
];
