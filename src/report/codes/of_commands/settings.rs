//! What the configuration or the environment says does not serve the command, or is not said.

use crate::report::codes::Code;

/// In the order of the alphabet.
pub(super) const OF_SETTINGS: &[Code] = &[
    Code {
        code: "bad_log_setting",
        exits: &[2],
        means: "`TIEOUT_LOG` or `TIEOUT_LOG_FORMAT` has a value that is not known",
        help: "say `error`, `warn`, `info`, `debug` or `trace`, and `text` or `json`",
    },
    Code {
        code: "no_channels",
        exits: &[2],
        means: "the configuration has no `notify` channels to test",
        help: "write one into `tieout.yaml`",
    },
    Code {
        code: "no_domains",
        exits: &[2],
        means: "no domain is defined",
        help: "name a folder with domain files under `reconcilers:`",
    },
    Code {
        code: "no_folder",
        exits: &[2],
        means: "`reconcilers:` of the configuration names no folder that a definition could be put into",
        help: "add `reconcilers: [reconcilers]`, and make the folder",
    },
    Code {
        code: "no_pushgateway",
        exits: &[2],
        means: "no Pushgateway is named",
        help: "give its address, or write `metrics: {pushgateway: {url: ...}}` into `tieout.yaml`",
    },
    Code {
        code: "no_schedule",
        exits: &[2],
        means: "no domain that was named has a schedule",
        help: "write `schedule: {cron: ...}` into its file",
    },
    Code {
        code: "other_state",
        exits: &[2],
        means: "the configuration that the daemon was asked to load names another state store",
        help: "restart the daemon to change it",
    },
    Code {
        code: "queue",
        exits: &[2],
        means: "the queue is no table, so nothing has to be made for it",
        help: "leave the command out",
    },
    Code {
        code: "state",
        exits: &[2],
        means: "`state: {url: ...}` is not the address of a state store",
        help: "write `sqlite:FILE` or a `postgres://` address",
    },
    Code {
        code: "stdout",
        exits: &[2],
        means: "the queue writes to standard output, where results go as well",
        help: "choose another queue, or another `--format`",
    },
    Code {
        code: "table",
        exits: &[2],
        means: "the name of the table does not fit the database",
        help: "leave its schema or database out",
    },
];
