//! Help of the commands about what was found, and about the reports of it.

use super::Help;

pub(in crate::cli) const STATUS: Help = Help {
    examples: &[
        ("tieout status", "how far, last run, open findings, money"),
        ("tieout status -o json", "the same for a program"),
        ("tieout status --config /etc/tieout.yaml", "of another configuration"),
    ],
    page: "runbook.md",
};

pub(in crate::cli) const REPORT: Help = Help {
    examples: &[
        ("tieout report list", "the newest 20 runs"),
        ("tieout report show", "the newest report, in full"),
        ("tieout report show latest~1 -o json", "the one before, for a program"),
    ],
    page: "reading.md",
};

pub(in crate::cli) const REPORT_LIST: Help = Help {
    examples: &[
        ("tieout report list", "the newest 20 runs"),
        ("tieout report list --limit 0", "every run whose report is kept"),
        ("tieout report list -o jsonl", "one line for each, for a program"),
    ],
    page: "reading.md",
};

pub(in crate::cli) const REPORT_SHOW: Help = Help {
    examples: &[
        ("tieout report show", "the newest report, in full"),
        ("tieout report show 019aa3c0", "that of a run, by the beginning of its id"),
        ("tieout report show latest:failed -o md", "the newest that failed, for a ticket"),
    ],
    page: "reading.md",
};

pub(in crate::cli) const REPORT_DIFF: Help = Help {
    examples: &[
        ("tieout report diff latest~1 latest", "what came, went and moved since the run before"),
        (
            "tieout report diff 019aa3c0 latest --limit 0",
            "since a run by the beginning of its id, and all of it",
        ),
        ("tieout report diff latest~7 latest -o json", "for a program"),
    ],
    page: "reading.md",
};

pub(in crate::cli) const REPORT_EXPORT: Help = Help {
    examples: &[
        ("tieout report export --to open.csv", "everything that is not over, for a spreadsheet"),
        ("tieout report export latest --to run.csv", "what the newest run reported"),
        ("tieout report export --as jsonl --to - --domain 'stripe.*'", "some domains, into a pipe"),
    ],
    page: "reading.md",
};

pub(in crate::cli) const REPORT_PRUNE: Help = Help {
    examples: &[
        ("tieout report prune --keep 400d --dry-run", "how many reports are older"),
        ("tieout report prune --keep 400d --yes", "take them out, in a cron line"),
        ("tieout report prune --keep-last 1000 --yes", "keep the newest thousand"),
    ],
    page: "state.md",
};

pub(in crate::cli) const FINDINGS: Help = Help {
    examples: &[
        ("tieout findings list", "what was found and where it stands"),
        ("tieout findings list 'stripe.*' --state held", "what a safety limit holds back"),
        (
            "tieout findings ignore stripe.charges/ch_1 --until 14d --reason 'refunded by hand'",
            "leave it alone",
        ),
    ],
    page: "findings.md",
};

pub(in crate::cli) const FINDINGS_LIST: Help = Help {
    examples: &[
        ("tieout findings list", "the oldest 20"),
        ("tieout findings list 'stripe.*' --state held", "what a safety limit holds back"),
        ("tieout findings list --owner - --older-than 3d", "what nobody takes care of, for three days"),
    ],
    page: "findings.md",
};

pub(in crate::cli) const FINDINGS_SHOW: Help = Help {
    examples: &[
        ("tieout findings show stripe.charges/ch_1", "both sides, and every step of its life"),
        ("tieout findings show stripe.charges/ch_1 --each acct_1", "of one member of a fan-out"),
        ("tieout findings show stripe.charges/ch_1 -o json", "the same for a program"),
    ],
    page: "findings.md",
};

pub(in crate::cli) const FINDINGS_IGNORE: Help = Help {
    examples: &[
        ("tieout findings ignore stripe.charges/ch_1 --reason 'refunded by hand'", "until upstream changes"),
        ("tieout findings ignore stripe.charges/ch_1 --until 14d --reason 'asked the bank'", "for two weeks"),
        ("tieout findings ignore --keys-from list.txt --reason 'a test of theirs'", "many, one a line"),
    ],
    page: "findings.md",
};

pub(in crate::cli) const FINDINGS_REOPEN: Help = Help {
    examples: &[
        ("tieout findings reopen stripe.charges/ch_1", "follow it again from the next run on"),
        ("tieout findings reopen stripe.charges/ch_1 --reason 'the bank says no'", "and say why"),
        (
            "tieout findings list --state ignored -o jsonl | tieout findings reopen --keys-from -",
            "all that are ignored",
        ),
    ],
    page: "findings.md",
};

pub(in crate::cli) const FINDINGS_ASSIGN: Help = Help {
    examples: &[
        ("tieout findings assign stripe.charges/ch_1 --to ada", "it stands in every list from now on"),
        ("tieout findings assign stripe.charges/ch_1 stripe.charges/ch_2 --to ada", "several"),
        ("tieout findings assign stripe.charges/ch_1 --to ada --by grace", "in the name of somebody"),
    ],
    page: "findings.md",
};

pub(in crate::cli) const FINDINGS_UNASSIGN: Help = Help {
    examples: &[
        ("tieout findings unassign stripe.charges/ch_1", "nobody in particular takes care of it"),
        ("tieout findings unassign stripe.charges/ch_1 stripe.charges/ch_2", "several"),
        (
            "tieout findings list --owner ada -o jsonl | tieout findings unassign --keys-from -",
            "all that somebody had",
        ),
    ],
    page: "findings.md",
};

pub(in crate::cli) const FINDINGS_NOTE: Help = Help {
    examples: &[
        ("tieout findings note stripe.charges/ch_1 --text 'asked the bank'", "one line for its history"),
        ("tieout findings note stripe.charges/ch_1 -m 'asked the bank'", "the same, shorter"),
        ("tieout findings note --keys-from list.txt -m 'ticket 4711'", "beside many, one a line"),
    ],
    page: "findings.md",
};

pub(in crate::cli) const EXPLAIN: Help = Help {
    examples: &[
        ("tieout explain stripe.charges/ch_1", "its life, why it stands where it stands, what happens next"),
        ("tieout explain stripe.charges/ch_1 --each acct_1", "of one member of a fan-out"),
        ("tieout explain limit_tripped", "what a code means that a program reads, and what to do"),
    ],
    page: "findings.md",
};

pub(in crate::cli) const APPROVE: Help = Help {
    examples: &[
        ("tieout approve latest --dry-run", "what the newest run that holds something keeps back"),
        ("tieout approve 019ac9 stripe.charges --expect 12", "let it go, if it is still twelve events"),
        ("tieout approve latest --expect 12 --no-drain", "let it go; the next run delivers it"),
    ],
    page: "findings.md",
};
