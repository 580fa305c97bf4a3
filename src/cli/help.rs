//! What the help says besides the flags: examples that can be pasted, and the table of exit codes.

pub(super) const ROOT: &str = "\
Examples:
  tieout demo                      watch it work, without network or account
  tieout plan                      show what would be emitted; send nothing
  tieout run --config tieout.yaml  compare, emit, report: what a nightly cron line calls

`tieout --help` lists the exit codes.";

pub(super) const ROOT_LONG: &str = "\
Examples:
  tieout demo                      watch it work, without network or account
  tieout plan                      show what would be emitted; send nothing
  tieout run --config tieout.yaml  compare, emit, report: what a nightly cron line calls

Exit codes, the same in every command (treat one you do not know as a failure):
  0    done: everything in scope was read to the end; differences, if any, were emitted
  1    failed: no domain finished, or the state store cannot be reached     try again
  2    the command line, the selection or a definition is wrong             a person must act
  3    partial: something failed in a way that a retry may fix              try again
  4    differences were found (plan, run --detailed-exitcode)
  5    a safety limit holds events back                                     a person must act
  6    another run works on a domain (--if-locked skip or join makes it 0, wait waits)
  7    credentials were rejected                                            a person must act
  130  interrupted (SIGINT); what was done is kept                          try again
  143  terminated (SIGTERM); what was done is kept                          try again
Where several apply, the first of 130, 143, 2, 6, 1, 3, 7, 5, 4 wins; the JSON report lists all.

Results go to stdout, progress and logs to stderr. Logs follow two variables:
  TIEOUT_LOG         error, warn, info, debug or trace; warn when left out
  TIEOUT_LOG_FORMAT  text or json";

pub(super) const RUN: &str = "\
Examples:
  tieout run                                    every domain, from where its coverage ends
  tieout run 'stripe.*' --since 2025-11-01      read a range again, verified or not
  tieout run --plan plan.json                   send what a saved plan says, as far as it still holds";

pub(super) const PLAN: &str = "\
Examples:
  tieout plan                                   exit code 4 says that there are differences
  tieout plan stripe.charges --limit 0          show every finding
  tieout plan --out plan.json                   keep it, for `tieout run --plan plan.json` within an hour";

pub(super) const BACKFILL: &str = "\
Examples:
  tieout backfill stripe.charges                fill its holes, oldest first
  tieout backfill stripe.charges --since 2025-01-01   also what lies before its beginning
  tieout backfill 'stripe.*' --deadline 50m     stop in time; the same command goes on";

pub(super) const DAEMON: &str = "\
Examples:
  tieout daemon                                 every domain that has a schedule
  tieout daemon 'stripe.*' --deadline 50m       some of them; no run takes longer
  tieout daemon -v                              also say what begins and ends; `tieout state journal` shows it too";

pub(super) const NEXT: &str = "\
Examples:
  tieout next                                   the next ten times of all domains
  tieout next 'stripe.*' --count 3              the next three of some
  tieout next --after 2027-03-27T12:00:00Z      what a change of clocks does to them";

pub(super) const NOTIFY: &str = "\
Examples:
  tieout notify test                            does everybody hear of a run? sends each channel a test
  tieout notify test ops                        one channel only
  tieout notify test --format json              the same for a program";

pub(super) const SERVE: &str = "\
Examples:
  tieout serve                                  answer on http://127.0.0.1:9464/metrics
  tieout serve --listen 0.0.0.0:9464            beyond this machine, as in a pod; there is no login
  tieout serve --config /etc/tieout.yaml        of another configuration";

pub(super) const METRICS: &str = "\
Examples:
  tieout metrics show                           as text, to look at
  tieout metrics show --textfile /var/lib/node_exporter/tieout.prom   for the textfile collector
  tieout metrics push http://127.0.0.1:9091     into a Pushgateway, a group for each domain";

pub(super) const STATE: &str = "\
Examples:
  tieout state show stripe.charges              verified ranges, holes, re-reads, leases
  tieout state rewind stripe.charges --to 2025-11-01 --yes   read everything from there on again
  tieout state pause stripe.charges --reason 'the bank is closed'   let no run work on it; `resume` ends that";

pub(super) const MIGRATE: &str = "\
Examples:
  tieout migrate info                           what is there, and what is missing
  tieout migrate queue billing                  the table of a queue and what its consumers call, as SQL
  tieout migrate run                            before the nightly run, where `state: {migrate: by_hand}` says so";

pub(super) const STATUS: &str = "\
Examples:
  tieout status                                 how far, last run, open findings, money
  tieout status --format json                   the same for a program
  tieout status --config /etc/tieout.yaml       of another configuration";

pub(super) const REPORT: &str = "\
Examples:
  tieout report list                            the newest 20 runs
  tieout report show                            the newest report, in full
  tieout report show latest~1 --format json     the one before, for a program";

pub(super) const REPORT_DIFF: &str = "\
Examples:
  tieout report diff latest~1 latest            what came, went and moved since the run before
  tieout report diff 019aa3c0 latest --limit 0  since a run by the beginning of its id, and all of it
  tieout report diff latest~7 latest --format json   for a program";

pub(super) const REPORT_EXPORT: &str = "\
Examples:
  tieout report export --to open.csv            everything that is not over, for a spreadsheet
  tieout report export latest --to run.csv      what the newest run reported
  tieout report export --as jsonl --to - --domain 'stripe.*'   some domains, into a pipe";

pub(super) const REPORT_PRUNE: &str = "\
Examples:
  tieout report prune --keep 400d --dry-run     how many reports are older
  tieout report prune --keep 400d --yes         take them out, in a cron line
  tieout report prune --keep-last 1000 --yes    keep the newest thousand";

pub(super) const FINDINGS: &str = "\
Examples:
  tieout findings list                          what was found and where it stands
  tieout findings list 'stripe.*' --state held  what a safety limit holds back
  tieout findings ignore stripe.charges/ch_1 --until 14d --reason 'refunded by hand'   leave it alone";

pub(super) const EXPLAIN: &str = "\
Examples:
  tieout explain stripe.charges/ch_1            its life, why it stands where it stands, what happens next
  tieout explain stripe.charges/ch_1 --each acct_1   of one member of a fan-out
  tieout explain stripe.charges/ch_1 --format json   the same for a program";

pub(super) const APPROVE: &str = "\
Examples:
  tieout approve latest --dry-run               what the newest run holds back
  tieout approve 019ac9 stripe.charges --expect 12   let it go, if it is still twelve events
  tieout approve latest --expect 12 --no-drain  let it go; the next run delivers it";

pub(super) const DLQ: &str = "\
Examples:
  tieout dlq list                               what was given up, grouped by its cause
  tieout dlq retry --group 7f3a --limit 2 --rate 1/s   try two of a group
  tieout dlq drop --group 7f3a --reason 'the shop was closed'   never send them";

pub(super) const QUARANTINE: &str = "\
Examples:
  tieout quarantine list                        what cannot be read, and what is wrong with it
  tieout quarantine retry --kind item --domain stripe.charges   it is mended: read its ranges again
  tieout quarantine drop 7f3a90c1 --reason 'a test of theirs'   go on without it, as long as it stays so";

pub(super) const REPLAY: &str = "\
Examples:
  tieout replay --since 2025-11-20T02:00:00Z --dry-run   how many events were sent since then
  tieout replay --domain stripe.charges --run latest   what the newest run sent, once more
  tieout replay --queue billing --to billing-2 --force --rate 50/s   refill another queue";

pub(super) const ASYNCAPI: &str = "\
Examples:
  tieout asyncapi                               the document of everything that is sent, as YAML
  tieout asyncapi --domain 'stripe.*' --out asyncapi.yaml   what some domains send, into a file
  tieout asyncapi --format json                 the same for a program";

pub(super) const GENERATE: &str = "\
Examples:
  tieout generate systemd --to /etc/systemd/system   a service and its timer
  tieout generate alerts > tieout.rules.yaml    rules for Prometheus; `dashboard` is for Grafana
  tieout generate completions bash              or zsh, fish, elvish, powershell";

pub(super) const GENERATE_ALERTS: &str = "\
Examples:
  tieout generate alerts > /etc/prometheus/tieout.rules.yaml   as they are shipped
  tieout generate alerts --runbook https://wiki.example.com/tieout   which lead to a runbook of yours";

pub(super) const GENERATE_DASHBOARD: &str = "\
Examples:
  tieout generate dashboard > /var/lib/grafana/dashboards/tieout.json   into a folder that Grafana is provisioned from";

pub(super) const GENERATE_K8S_JOB: &str = "\
Examples:
  kubectl get cronjob tieout-nightly -o json | tieout generate k8s-job -- run stripe.charges --since 2025-11-20 | kubectl create -f -
  tieout generate k8s-job --from cronjob.json -- backfill stripe.charges   of a CronJob in a file
  tieout generate k8s-job --container reconcile --from cronjob.json -- plan   where a pod has several containers";

pub(super) const GENERATE_SYSTEMD: &str = "\
Examples:
  tieout generate systemd                       look at both units
  tieout generate systemd --to /etc/systemd/system --credential stripe_key   at 02:00 UTC, with one secret
  tieout generate systemd --name tieout-hourly --on-calendar hourly -- run 'stripe.*'   another one beside it";

pub(super) const GENERATE_COMPLETIONS: &str = "\
Examples:
  tieout generate completions bash > /etc/bash_completion.d/tieout
  tieout generate completions zsh > \"${fpath[1]}/_tieout\"
  tieout generate completions fish > ~/.config/fish/completions/tieout.fish";

pub(super) const GENERATE_MAN: &str = "\
Examples:
  tieout generate man --to /usr/local/share/man/man1
  tieout generate man --to man                  into a folder of this one, which must be there";

pub(super) const SCHEMAS: &str = "\
Examples:
  tieout schemas list                          what there is, and which domain uses it
  tieout schemas check --against published     for CI: exit code 4 where a version breaks another
  tieout schemas sizes stripe.charges --jq '{id, amount}'   bytes of thin, mapped, full, original";

pub(super) const CONFIG: &str = "\
Examples:
  tieout config show                           every setting with its file and line, variable or flag
  tieout config show --config prod.yaml        of another configuration
  tieout config show --format json             the same for a program";

pub(super) const CHECK: &str = "\
Examples:
  tieout check                                  definitions only: neither secrets nor network needed
  tieout check --vars                           also: is every secret there?
  tieout check --online                         also: does every login work, and does every column exist?";

pub(super) const DOCTOR: &str = "\
Examples:
  tieout doctor                                 may the logins do more than they need, or less? do the clocks agree?
  tieout doctor 'stripe.*'                      of some domains only
  tieout doctor --format json                   the same for a program";

pub(super) const PREVIEW: &str = "\
Examples:
  tieout preview stripe/charges                 the first page of the newest day
  tieout preview github/issues --each repo=acme/web   for one member of its `each`, not the first
  tieout preview stripe/charges --format json   the same for a program";

pub(super) const PROBE: &str = "\
Examples:
  tieout probe stripe/charges                   does next lead on, does the filter filter, is the id unique?
  tieout probe stripe/charges --since 2025-11-01   in a range that has at least two pages
  tieout probe stripe/charges --format json     the same for a program";

pub(super) const DEMO: &str = "\
Examples:
  tieout demo                                   leaves its files in ./tieout-demo
  tieout demo --dir /tmp/tieout-demo            somewhere else
  tieout status --config tieout-demo/tieout.yaml   look around afterwards";
