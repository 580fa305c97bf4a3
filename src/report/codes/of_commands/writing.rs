//! A result cannot be put where it belongs.

use crate::report::codes::Code;

/// In the order of the alphabet.
pub(super) const OF_WRITING: &[Code] = &[
    Code {
        code: "export",
        exits: &[1, 2],
        means: "the file of an export cannot be written",
        help: "name another file, or make room",
    },
    Code {
        code: "file_exists",
        exits: &[2],
        means: "a file is there already, and nothing is overwritten",
        help: "name another file, or remove the old one",
    },
    Code {
        code: "out",
        exits: &[2],
        means: "the file behind `--out` cannot be written",
        help: "name another file, or make room",
    },
    Code {
        code: "output",
        exits: &[1],
        means: "the result cannot be written to standard output",
        help: "look at what it is piped into, and at the disk",
    },
    Code {
        code: "plan_file",
        exits: &[1, 2],
        means: "a saved plan cannot be written or carried out",
        help: "the message says why; make a new plan",
    },
    Code {
        code: "provider_exists",
        exits: &[2],
        means: "`new --template` would take the place of a provider that there is",
        help: "take another name before the dot of the domain, or `--feed` for a feed of that provider",
    },
    Code {
        code: "pushgateway",
        exits: &[1, 2],
        means: "the Pushgateway cannot be reached, or does not take what is pushed",
        help: "check its address and its log",
    },
    Code {
        code: "report_file",
        exits: &[1, 2, 3, 4, 5, 6, 7],
        means: "the file of a report cannot be written or removed",
        help: "check the folder that `report: {folder: ...}` names; the report is in the state store, and the exit code is at least 1",
    },
    Code {
        code: "textfile",
        exits: &[1],
        means: "the file for the textfile collector cannot be written",
        help: "check its folder and its rights",
    },
    Code {
        code: "to",
        exits: &[2],
        means: "what is generated cannot be written where `--to` says",
        help: "name another place",
    },
    Code {
        code: "unwritable",
        exits: &[2],
        means: "a file cannot be written, so that none was",
        help: "the message says which, and why; name another folder, or make room",
    },
];
