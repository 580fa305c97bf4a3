//! Help of the commands about events and what cannot be sent or read.

use super::Help;

pub(in crate::cli) const DLQ: Help = Help {
    examples: &[
        ("tieout dlq list", "what was given up, grouped by its cause"),
        ("tieout dlq retry --group 7f3a --limit 2 --rate 1/s", "try two of a group"),
        ("tieout dlq drop --group 7f3a --reason 'the shop was closed'", "never send them"),
    ],
    page: "dead-letters.md",
};

pub(in crate::cli) const DLQ_LIST: Help = Help {
    examples: &[
        ("tieout dlq list", "one line for each cause"),
        ("tieout dlq list --flat --since 24h", "one line for each event that died today"),
        ("tieout dlq list --dropped --flat", "what a person dropped"),
    ],
    page: "dead-letters.md",
};

pub(in crate::cli) const DLQ_SHOW: Help = Help {
    examples: &[
        ("tieout dlq show 7f3a", "a group, by the first characters of its id"),
        ("tieout dlq show 0199c3c0-93f2-5d0e-9a5c-3f0f10b4a6b1", "one event, with its finding"),
        ("tieout dlq show 7f3a --limit 0 -o json", "every event of a group, for a program"),
    ],
    page: "dead-letters.md",
};

pub(in crate::cli) const DLQ_RETRY: Help = Help {
    examples: &[
        ("tieout dlq retry --group 7f3a --dry-run", "count what would be sent, and what not"),
        (
            "tieout dlq retry --group 7f3a --force --yes --note 'the ledger wants all'",
            "also what nobody needs any more, in a script",
        ),
        ("tieout dlq retry --due", "what is due by itself, each hour"),
    ],
    page: "dead-letters.md",
};

pub(in crate::cli) const DLQ_DROP: Help = Help {
    examples: &[
        ("tieout dlq drop --group 7f3a --dry-run --reason test", "count what would never be sent"),
        ("tieout dlq drop --group 7f3a --reason 'the shop was closed'", "ask, and then never send them"),
        (
            "tieout dlq drop 0199c3c0-93f2-5d0e-9a5c-3f0f10b4a6b1 --reason 'sent by hand' --yes",
            "one event, in a script",
        ),
    ],
    page: "dead-letters.md",
};

pub(in crate::cli) const DLQ_EXPORT: Help = Help {
    examples: &[
        ("tieout dlq export --to dead.ndjson", "whole events, one a line"),
        ("tieout dlq export --to - --class poison", "some of them, into a pipe"),
        ("tieout dlq export --to dead.ndjson --overwrite", "over a file that is there"),
    ],
    page: "dead-letters.md",
};

pub(in crate::cli) const QUARANTINE: Help = Help {
    examples: &[
        ("tieout quarantine list", "what cannot be read, and what is wrong with it"),
        (
            "tieout quarantine retry --kind item --domain stripe.charges",
            "it is mended: read its ranges again",
        ),
        (
            "tieout quarantine drop 7f3a90c1 --reason 'a test of theirs'",
            "go on without it, as long as it stays so",
        ),
    ],
    page: "quarantine.md",
};

pub(in crate::cli) const QUARANTINE_LIST: Help = Help {
    examples: &[
        ("tieout quarantine list", "what is open"),
        ("tieout quarantine list --domain 'stripe.*' --kind row", "rows of some domains"),
        ("tieout quarantine list --gone --limit 0", "what is not there any more, all of it"),
    ],
    page: "quarantine.md",
};

pub(in crate::cli) const QUARANTINE_SHOW: Help = Help {
    examples: &[
        ("tieout quarantine show 7f3a90c1", "by the first characters of its id"),
        ("tieout quarantine show 7f3a90c1 -o json", "for a program"),
    ],
    page: "quarantine.md",
};

pub(in crate::cli) const QUARANTINE_RETRY: Help = Help {
    examples: &[
        ("tieout quarantine retry 7f3a90c1 --dry-run", "say which ranges would be read again"),
        ("tieout quarantine retry --kind item --domain stripe.charges", "it is mended: read them again"),
        ("tieout quarantine retry --all --yes", "everything, in a script"),
    ],
    page: "quarantine.md",
};

pub(in crate::cli) const QUARANTINE_DROP: Help = Help {
    examples: &[
        ("tieout quarantine drop 7f3a90c1 --reason 'a test of theirs'", "as long as it stays what it is"),
        (
            "tieout quarantine drop --kind row --domain stripe.charges --reason 'old rows' --dry-run",
            "count them",
        ),
        ("tieout quarantine drop 7f3a90c1 --reason 'ticket 4711' --yes", "in a script"),
    ],
    page: "quarantine.md",
};

pub(in crate::cli) const QUARANTINE_EXPORT: Help = Help {
    examples: &[
        ("tieout quarantine export --to bad.ndjson", "for a provider or a colleague"),
        ("tieout quarantine export --to - --domain stripe.charges", "of one domain, into a pipe"),
        ("tieout quarantine export --to bad.ndjson --overwrite", "over a file that is there"),
    ],
    page: "quarantine.md",
};

pub(in crate::cli) const REPLAY: Help = Help {
    examples: &[
        (
            "tieout replay --domain stripe.charges --since 24h --dry-run",
            "how many events were sent since then",
        ),
        ("tieout replay --queue billing --to billing-2 --force --rate 50/s", "refill another queue"),
        ("tieout replay --resume latest", "go on where that stopped"),
    ],
    page: "dead-letters.md",
};

pub(in crate::cli) const REPLAY_LIST: Help = Help {
    examples: &[
        ("tieout replay list", "what was replayed by whom, and how far it is"),
        ("tieout replay list --limit 0 -o jsonl", "all that is kept, for a program"),
    ],
    page: "dead-letters.md",
};

pub(in crate::cli) const REPLAY_SHOW: Help = Help {
    examples: &[
        ("tieout replay show", "the newest one: what was asked for, and how far it is"),
        ("tieout replay show 0199c3c0", "by the first characters of its id"),
    ],
    page: "dead-letters.md",
};

pub(in crate::cli) const SCHEMAS: Help = Help {
    examples: &[
        ("tieout schemas list", "what there is, and which domain uses it"),
        ("tieout schemas check --against published", "for CI: exit code 4 where a version breaks another"),
        ("tieout schemas sizes stripe.charges --jq '{id, amount}'", "bytes of thin, mapped, full, original"),
    ],
    page: "schemas.md",
};

pub(in crate::cli) const SCHEMAS_LIST: Help = Help {
    examples: &[
        ("tieout schemas list", "what there is, and which domain uses it"),
        ("tieout schemas list -o json", "for a program"),
    ],
    page: "schemas.md",
};

pub(in crate::cli) const SCHEMAS_CHECK: Help = Help {
    examples: &[
        ("tieout schemas check", "every version beside the one before"),
        ("tieout schemas check --against published", "and beside what it was: a checkout of what is in use"),
        ("tieout schemas check -o json", "for a program; exit code 4 where something breaks"),
    ],
    page: "schemas.md",
};

pub(in crate::cli) const SCHEMAS_SIZES: Help = Help {
    examples: &[
        ("tieout schemas sizes stripe.charges", "bytes of thin, mapped, full, original"),
        ("tieout schemas sizes stripe.charges --jq '{id, amount}'", "and of an expression"),
        ("tieout schemas sizes stripe.charges --limit 100", "of the newest hundred events"),
    ],
    page: "schemas.md",
};
