//! Help of the commands about what the state store keeps.

use super::Help;

pub(in crate::cli) const STATE: Help = Help {
    examples: &[
        ("tieout state show stripe.charges", "verified ranges, holes, re-reads, leases"),
        ("tieout state rewind stripe.charges --to 2025-11-01 --yes", "read everything from there on again"),
        (
            "tieout state pause stripe.charges --reason 'the bank is closed'",
            "let no run work on it; `resume` ends that",
        ),
    ],
    page: "coverage.md",
};

pub(in crate::cli) const STATE_SHOW: Help = Help {
    examples: &[
        ("tieout state show", "of every domain"),
        ("tieout state show 'stripe.*'", "of some"),
        ("tieout state show stripe.charges -o json", "for a program"),
    ],
    page: "coverage.md",
};

pub(in crate::cli) const STATE_REWIND: Help = Help {
    examples: &[
        (
            "tieout state rewind stripe.charges --to 2025-11-01",
            "show what would be read again; change nothing",
        ),
        ("tieout state rewind stripe.charges --to 2025-11-01 --yes", "do it"),
        ("tieout state rewind stripe.charges --to 2025-11-01 --each acct_1", "for one member of a fan-out"),
    ],
    page: "coverage.md",
};

pub(in crate::cli) const STATE_UNLOCK: Help = Help {
    examples: &[
        ("tieout state unlock stripe.charges", "where its holder is dead; exit code 6 where it is alive"),
        ("tieout state unlock stripe.charges --each acct_1", "one member of a fan-out"),
        ("tieout state unlock stripe.charges --force", "all the same: its run writes nothing more and fails"),
    ],
    page: "stopping.md",
};

pub(in crate::cli) const STATE_PAUSE: Help = Help {
    examples: &[
        ("tieout state pause stripe.charges --reason 'the bank is closed'", "one domain"),
        ("tieout state pause 'stripe.*'", "several; whoever meets the pause reads who made it"),
        ("tieout state pause '*' --by grace", "everything, in the name of somebody"),
    ],
    page: "schedules.md",
};

pub(in crate::cli) const STATE_RESUME: Help = Help {
    examples: &[
        ("tieout state resume stripe.charges", "one domain"),
        ("tieout state resume '*'", "whatever is paused"),
        ("tieout state resume stripe.charges --reason 'it is open again'", "and say why"),
    ],
    page: "schedules.md",
};

pub(in crate::cli) const STATE_JOURNAL: Help = Help {
    examples: &[
        ("tieout state journal", "the newest 50 entries"),
        ("tieout state journal stripe.charges", "of one domain"),
        ("tieout state journal --limit 0 -o jsonl", "everything, for a program"),
    ],
    page: "schedules.md",
};

pub(in crate::cli) const MIGRATE: Help = Help {
    examples: &[
        ("tieout migrate info", "what is there, and what is missing"),
        ("tieout migrate queue billing", "the table of a queue and what its consumers call, as SQL"),
        ("tieout migrate run", "before the nightly run, where `state: {migrate: by_hand}` says so"),
    ],
    page: "state.md",
};

pub(in crate::cli) const MIGRATE_RUN: Help = Help {
    examples: &[
        ("tieout migrate run", "of many that do so at once, one does it"),
        ("tieout migrate run --config /etc/tieout.yaml", "of another configuration"),
        ("tieout migrate run -o json", "for a program"),
    ],
    page: "state.md",
};

pub(in crate::cli) const MIGRATE_INFO: Help = Help {
    examples: &[
        ("tieout migrate info", "what is there, and what is missing"),
        ("tieout migrate info --config /etc/tieout.yaml", "of another configuration"),
        ("tieout migrate info -o json", "for a program"),
    ],
    page: "state.md",
};

pub(in crate::cli) const MIGRATE_QUEUE: Help = Help {
    examples: &[
        ("tieout migrate queue billing", "look at the statements"),
        (
            "tieout migrate queue billing | psql \"$QUEUE_DATABASE\"",
            "carry them out; again after each upgrade",
        ),
        ("tieout migrate queue billing > queue.sql", "for whoever may change that database"),
    ],
    page: "queues.md",
};

pub(in crate::cli) const MIGRATE_INBOX: Help = Help {
    examples: &[
        ("tieout migrate inbox | psql \"$APP_DATABASE\"", "for PostgreSQL"),
        ("tieout migrate inbox --for sqlite | sqlite3 app.db", "for SQLite"),
        (
            "tieout migrate inbox --for mysql --table seen | mysql app",
            "for MySQL and MariaDB, by another name",
        ),
    ],
    page: "queues.md",
};
