//! Help of the commands that make files for other programs.

use super::Help;

pub(in crate::cli) const ASYNCAPI: Help = Help {
    examples: &[
        ("tieout asyncapi", "the document of everything that is sent, as YAML"),
        ("tieout asyncapi --domain 'stripe.*' --out asyncapi.yaml", "what some domains send, into a file"),
        ("tieout asyncapi -o json", "the same for a program"),
    ],
    page: "asyncapi.md",
};

pub(in crate::cli) const GENERATE: Help = Help {
    examples: &[
        ("tieout generate systemd --to /etc/systemd/system", "a service and its timer"),
        ("tieout generate alerts > tieout.rules.yaml", "rules for Prometheus; `dashboard` is for Grafana"),
        ("tieout generate completions bash", "or zsh, fish, elvish, powershell"),
    ],
    page: "systemd.md",
};

pub(in crate::cli) const GENERATE_ALERTS: Help = Help {
    examples: &[
        ("tieout generate alerts > /etc/prometheus/tieout.rules.yaml", "as they are shipped"),
        (
            "tieout generate alerts --runbook https://wiki.example.com/tieout",
            "which lead to a runbook of yours",
        ),
        (
            "tieout generate alerts --otlp > tieout.rules.yaml",
            "where metrics come by OTLP alone, once a night",
        ),
    ],
    page: "alerts.md",
};

pub(in crate::cli) const GENERATE_DASHBOARD: Help = Help {
    examples: &[
        ("tieout generate dashboard > tieout.json", "to import by hand"),
        (
            "tieout generate dashboard > /var/lib/grafana/dashboards/tieout.json",
            "into a folder that Grafana is provisioned from",
        ),
        (
            "tieout generate dashboard --runbook https://wiki.example.com/tieout",
            "with a link to a runbook of yours",
        ),
    ],
    page: "alerts.md",
};

pub(in crate::cli) const GENERATE_CATALOG: Help = Help {
    examples: &[
        ("tieout generate catalog --owner group:default/payments", "beside an asyncapi.yaml"),
        ("tieout generate catalog --owner group:default/payments --inline", "with the document in it"),
        (
            "tieout generate catalog --owner group:default/payments --out catalog-info.yaml",
            "into the file that Backstage looks for",
        ),
    ],
    page: "asyncapi.md",
};

pub(in crate::cli) const GENERATE_SCHEMA: Help = Help {
    examples: &[
        ("tieout generate schema run > tieout.run.schema.json", "of the reports that this version writes"),
        ("tieout run -o json > report.json", "a report that fits it"),
    ],
    page: "reading.md",
};

pub(in crate::cli) const GENERATE_K8S_JOB: Help = Help {
    examples: &[
        (
            "kubectl get cronjob tieout-nightly -o json | tieout generate k8s-job -- run stripe.charges --since 2d | kubectl create -f -",
            "now",
        ),
        ("tieout generate k8s-job --from cronjob.json -- backfill stripe.charges", "of a CronJob in a file"),
        (
            "tieout generate k8s-job --container reconcile --from cronjob.json -- plan",
            "where a pod has several containers",
        ),
    ],
    page: "kubernetes.md",
};

pub(in crate::cli) const GENERATE_SYSTEMD: Help = Help {
    examples: &[
        ("tieout generate systemd", "look at both units"),
        (
            "tieout generate systemd --to /etc/systemd/system --credential stripe_key",
            "at 02:00 UTC, with one secret",
        ),
        (
            "tieout generate systemd --name tieout-hourly --on-calendar hourly -- run 'stripe.*'",
            "another one beside it",
        ),
    ],
    page: "systemd.md",
};

pub(in crate::cli) const GENERATE_COMPLETIONS: Help = Help {
    examples: &[
        ("tieout generate completions bash > /etc/bash_completion.d/tieout", "bash"),
        ("tieout generate completions zsh > \"${fpath[1]}/_tieout\"", "zsh"),
        ("tieout generate completions fish > ~/.config/fish/completions/tieout.fish", "fish"),
    ],
    page: "reference/cli.md",
};

pub(in crate::cli) const GENERATE_MAN: Help = Help {
    examples: &[
        ("tieout generate man --to /usr/local/share/man/man1", "for everybody on this machine"),
        ("tieout generate man --to man", "into a folder of this one, which must be there"),
    ],
    page: "reference/cli.md",
};
