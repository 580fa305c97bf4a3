//! Help of the commands that look at providers: once, or whenever it is time.

use super::Help;

pub(in crate::cli) const RUN: Help = Help {
    examples: &[
        ("tieout run", "every domain, from where its coverage ends"),
        ("tieout run 'stripe.*' --since 2d", "read the last two days again, verified or not"),
        ("tieout run --select tag:money --window 3h", "what an hourly run looks at"),
    ],
    page: "runs.md",
};

pub(in crate::cli) const PLAN: Help = Help {
    examples: &[
        ("tieout plan", "exit code 4 says that it would send something"),
        ("tieout plan stripe.charges --limit 0", "show every finding"),
        ("tieout plan --out plan.json", "keep it, for `tieout run --plan plan.json` within an hour"),
    ],
    page: "plans.md",
};

pub(in crate::cli) const BACKFILL: Help = Help {
    examples: &[
        ("tieout backfill stripe.charges", "fill its holes, oldest first"),
        ("tieout backfill stripe.charges --since 2025-01-01", "also what lies before its beginning"),
        ("tieout backfill 'stripe.*' --deadline 50m", "stop in time; the same command goes on"),
    ],
    page: "coverage.md",
};

pub(in crate::cli) const DAEMON: Help = Help {
    examples: &[
        ("tieout daemon", "every domain that has a schedule"),
        ("tieout daemon 'stripe.*' --deadline 50m", "some of them; no run takes longer"),
        ("tieout daemon -v", "also say what begins and ends; `tieout state journal` shows it too"),
    ],
    page: "schedules.md",
};

pub(in crate::cli) const NEXT: Help = Help {
    examples: &[
        ("tieout next", "the next ten times of all domains"),
        ("tieout next 'stripe.*' --count 3", "the next three of some"),
        ("tieout next --after 2027-03-27T12:00:00Z", "what a change of clocks does to them"),
    ],
    page: "schedules.md",
};

pub(in crate::cli) const DEMO: Help = Help {
    examples: &[
        ("tieout demo", "leaves its files in ./tieout-demo"),
        ("tieout demo --dir /tmp/tieout-demo", "somewhere else"),
        ("tieout status --config tieout-demo/tieout.yaml", "look around afterwards"),
    ],
    page: "start.md",
};

pub(in crate::cli) const NOTIFY: Help = Help {
    examples: &[
        ("tieout notify test", "does everybody hear of a run? sends each channel a test"),
        ("tieout notify test ops", "one channel only"),
        ("tieout notify test -o json", "the same for a program"),
    ],
    page: "notifications.md",
};

pub(in crate::cli) const SERVE: Help = Help {
    examples: &[
        ("tieout serve", "answer on http://127.0.0.1:9464/metrics"),
        ("tieout serve --listen 0.0.0.0:9464", "beyond this machine, as in a pod; there is no login"),
        ("tieout serve --config /etc/tieout.yaml", "of another configuration"),
    ],
    page: "metrics.md",
};

pub(in crate::cli) const METRICS: Help = Help {
    examples: &[
        ("tieout metrics show", "as text, to look at"),
        ("tieout metrics show --textfile tieout.prom", "for the textfile collector"),
        ("tieout metrics push http://127.0.0.1:9091", "into a Pushgateway, a group for each domain"),
    ],
    page: "metrics.md",
};

pub(in crate::cli) const METRICS_SHOW: Help = Help {
    examples: &[
        ("tieout metrics show", "as Prometheus reads them"),
        ("tieout metrics show --textfile /var/lib/node_exporter/tieout.prom", "for the textfile collector"),
        ("tieout metrics show | promtool check metrics", "what Prometheus thinks of them"),
    ],
    page: "metrics.md",
};

pub(in crate::cli) const METRICS_PUSH: Help = Help {
    examples: &[
        ("tieout metrics push", "to the Pushgateway that tieout.yaml names"),
        ("tieout metrics push http://127.0.0.1:9091", "to another"),
        ("tieout metrics push env:PUSHGATEWAY_URL", "to one whose address holds a password"),
    ],
    page: "metrics.md",
};

pub(in crate::cli) const METRICS_PRUNE: Help = Help {
    examples: &[
        ("tieout metrics prune", "lists what would go, and asks"),
        ("tieout metrics prune --yes", "does not ask, as in a script"),
        ("tieout metrics prune http://127.0.0.1:9091", "at another Pushgateway"),
    ],
    page: "metrics.md",
};
