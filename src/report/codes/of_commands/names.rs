//! What a call names is not there, or is several things.

use crate::report::codes::Code;

/// In the order of the alphabet.
pub(super) const OF_NAMES: &[Code] = &[
    Code {
        code: "no_run",
        exits: &[2],
        means: "there was no run yet, or none that fits",
        help: "`tieout report list` shows the runs",
    },
    Code {
        code: "no_such_channel",
        exits: &[2],
        means: "there is no `notify` channel of this name",
        help: "the message names those that there are",
    },
    Code {
        code: "no_such_domain",
        exits: &[2],
        means: "no domain has this name, or fits this pattern",
        help: "the message names those that there are",
    },
    Code {
        code: "no_such_entry",
        exits: &[2],
        means: "nothing in quarantine has this id",
        help: "`tieout quarantine list` shows the ids",
    },
    Code {
        code: "no_such_event",
        exits: &[2],
        means: "no dead letter has this id",
        help: "`tieout dlq list` shows the ids",
    },
    Code {
        code: "no_such_feed",
        exits: &[2],
        means: "there is no feed of this name",
        help: "name it as `provider/feed`; the message names those that there are",
    },
    Code {
        code: "no_such_finding",
        exits: &[2],
        means: "nothing was ever found about this key",
        help: "write it as `tieout findings list` does",
    },
    Code {
        code: "no_such_group",
        exits: &[2],
        means: "no dead letter is in this group",
        help: "`tieout dlq list` shows the groups",
    },
    Code {
        code: "no_such_member",
        exits: &[2],
        means: "the feed is not read for this member",
        help: "`tieout findings list` writes members in brackets; the message names those that there are",
    },
    Code {
        code: "no_such_setting",
        exits: &[2],
        means: "the configuration has no database or no queue of that name, or none at all",
        help: "name one that it has; `tieout config show` lists them",
    },
    Code {
        code: "no_such_tag",
        exits: &[2],
        means: "no domain file has this tag among its `tags`",
        help: "the message names those that there are",
    },
    Code {
        code: "no_such_test",
        exits: &[2],
        means: "no test has this name, or no domain has tests at all",
        help: "name a domain, a test or both as `domain/name`; the message lists what there is",
    },
    Code {
        code: "several_domains",
        exits: &[2],
        means: "the pattern fits several domains, and the command is about one",
        help: "name one of those that the message lists",
    },
    Code {
        code: "several_entries",
        exits: &[2],
        means: "the id begins those of several entries",
        help: "write more of it",
    },
    Code {
        code: "several_groups",
        exits: &[2],
        means: "the id begins those of several groups",
        help: "write more of it",
    },
    Code {
        code: "several_members",
        exits: &[2],
        means: "the key was found for several members",
        help: "say which, as the message shows",
    },
];
