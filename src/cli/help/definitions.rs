//! Help of the commands that look at configuration, definitions and feeds.

use super::Help;

pub(in crate::cli) const CONFIG: Help = Help {
    examples: &[
        ("tieout config show", "every setting with its file and line, variable or flag"),
        ("tieout config show -o json", "the same for a program"),
        ("tieout config schema > tieout.schema.json", "what an editor completes and checks the file by"),
    ],
    page: "configuration.md",
};

pub(in crate::cli) const CONFIG_SCHEMA: Help = Help {
    examples: &[
        ("tieout config schema > tieout.schema.json", "of tieout.yaml"),
        ("tieout config schema definition > definition.schema.json", "of provider files and domain files"),
    ],
    page: "configuration.md",
};

pub(in crate::cli) const INIT: Help = Help {
    examples: &[
        ("tieout init recon", "asks at most four questions; works at once, offline"),
        ("tieout init recon --yes", "asks nothing"),
        (
            "tieout init recon --feed stripe/charges --database postgres --state postgres --queue postgres",
            "what a team begins with",
        ),
    ],
    page: "start.md",
};

pub(in crate::cli) const NEW: Help = Help {
    examples: &[
        ("tieout new stripe.charges --feed stripe/charges", "on a shipped feed, or on one of yours"),
        ("tieout new shop.orders --template cursor", "with a provider file of your own to fill in"),
        ("tieout new stripe.refunds --feed stripe/refunds --table app.refunds --dry-run", "look at it first"),
    ],
    page: "domains.md",
};

pub(in crate::cli) const CHECK: Help = Help {
    examples: &[
        ("tieout check", "definitions only: neither secrets nor network needed"),
        ("tieout check --vars", "also: is every secret there?"),
        ("tieout check --online", "also: does every login work, and does every column exist?"),
    ],
    page: "domains.md",
};

pub(in crate::cli) const DOCTOR: Help = Help {
    examples: &[
        ("tieout doctor", "rights, scopes, webhooks, clocks, queues, locks, disk"),
        ("tieout doctor 'stripe.*'", "of some domains only"),
        ("tieout doctor -o json", "the same for a program"),
    ],
    page: "doctor.md",
};

pub(in crate::cli) const PREVIEW: Help = Help {
    examples: &[
        ("tieout preview stripe/charges", "the first page of the newest day"),
        ("tieout preview github/issues --each repo=acme/web", "for one member of its `each`, not the first"),
        ("tieout preview stripe/charges -o json", "the same for a program"),
    ],
    page: "providers.md",
};

pub(in crate::cli) const PROBE: Help = Help {
    examples: &[
        ("tieout probe stripe/charges", "does next lead on, does the filter filter, is the id unique?"),
        ("tieout probe stripe/charges --since 14d", "in a range that has at least two pages"),
        ("tieout probe stripe/charges -o json", "the same for a program"),
    ],
    page: "providers.md",
};

pub(in crate::cli) const TEST: Help = Help {
    examples: &[
        (
            "tieout test --coverage",
            "all tests of all domains, and what none touches; needs no secret and no network",
        ),
        ("tieout test 'stripe.charges/*' --update", "take what comes of them as what is to come of them"),
        ("tieout test -o junit > tests.xml", "for a build server; `-o github` annotates the definitions"),
    ],
    page: "testing.md",
};

pub(in crate::cli) const RECORD: Help = Help {
    examples: &[
        ("tieout record stripe.charges --to fixtures/night", "the newest hour that a run would judge"),
        (
            "tieout record stripe.charges --to fixtures/noon --until 2d --window 10m",
            "ten minutes of two days ago",
        ),
        ("tieout record shop.orders --to fixtures/orders --redact note,phone", "with more placeholders"),
    ],
    page: "testing.md",
};
