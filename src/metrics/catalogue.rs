//! Every metric there is: its name, its labels and what it means. `docs/metrics.md` is checked against this table.
//!
//! Points in time are told as timestamps and never as ages, so that nothing grows old in a textfile or a Pushgateway. Every label has few
//! values: a domain, a word of a closed list, or a currency; never a key, a run or an address.

/// How a metric moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    /// It says how something stands.
    Gauge,
    /// It only grows. Summed in the state store, and told by `tieout serve` alone: what is pushed once a night has no rate.
    Counter,
}

impl MetricKind {
    /// The word of the exposition format.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gauge => "gauge",
            Self::Counter => "counter",
        }
    }
}

/// A metric.
#[derive(Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its whole name.
    pub name: &'static str,
    /// How it moves.
    pub kind: MetricKind,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// What it says.
    pub help: &'static str,
}

const fn gauge(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Metric {
    Metric { name, kind: MetricKind::Gauge, labels, help }
}

const fn counter(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Metric {
    Metric { name, kind: MetricKind::Counter, labels, help }
}

const DOMAIN: &[&str] = &["domain"];

pub(super) static LAST_SUCCESS: Metric = gauge(
    "tieout_domain_last_success_timestamp_seconds",
    DOMAIN,
    "When a run last did everything that was due for the domain; 0 before the first time",
);
pub(super) static LAST_COMPLETION: Metric = gauge(
    "tieout_domain_last_completion_timestamp_seconds",
    DOMAIN,
    "When a run last came to its end with the domain, well or not; 0 before the first time",
);
pub(super) static LAST_START: Metric = gauge(
    "tieout_domain_last_start_timestamp_seconds",
    DOMAIN,
    "When the newest run began that goes on or has ended; 0 before the first one",
);
pub(super) static VERIFIED_THROUGH: Metric = gauge(
    "tieout_domain_verified_through_timestamp_seconds",
    DOMAIN,
    "The instant up to which the coverage has no hole, of the member that is the furthest behind; 0 where there is none",
);
pub(super) static EXPECTED_INTERVAL: Metric = gauge(
    "tieout_domain_expected_interval_seconds",
    DOMAIN,
    "The longest time between two runs by the schedule, or metrics.expected_interval where the domain has none",
);
pub(super) static CREATED: Metric = gauge(
    "tieout_domain_created_timestamp_seconds",
    DOMAIN,
    "When the state store first heard of the domain",
);
pub(super) static PAUSED: Metric = gauge(
    "tieout_domain_paused",
    DOMAIN,
    "1 while a person has paused the domain, or its schedule is paused in its file, so that no run is expected",
);
pub(super) static LAST_RUN_STATUS: Metric = gauge(
    "tieout_domain_last_run_status",
    &["domain", "status"],
    "1 for how the last run that ended left the domain (ok, partial, failed, blocked), and 1 for running while one goes on",
);
pub(super) static LAST_RUN_DURATION: Metric = gauge(
    "tieout_domain_last_run_duration_seconds",
    DOMAIN,
    "How long the last run that ended worked on the domain",
);
pub(super) static LAST_RUN_STAGE_DURATION: Metric = gauge(
    "tieout_domain_last_run_stage_duration_seconds",
    &["domain", "stage"],
    "How long each stage of that took (follow_up, read, rest, release), and the delivery of all domains together (deliver)",
);
pub(super) static LAST_RUN_ITEMS: Metric = gauge(
    "tieout_domain_last_run_items",
    &["domain", "result"],
    "Items of the last run: all of a side (upstream, local), and what they were found to be",
);
pub(super) static LAST_RUN_COMPARED: Metric = gauge(
    "tieout_domain_last_run_compared_items",
    DOMAIN,
    "Items that the last run judged: matched, mismatched, missing and orphaned",
);
pub(super) static LAST_RUN_PAGES: Metric =
    gauge("tieout_domain_last_run_pages", DOMAIN, "Pages that the last run read");
pub(super) static LAST_RUN_EVENTS: Metric = gauge(
    "tieout_domain_last_run_events",
    &["domain", "outcome"],
    "Events of the last run: acknowledged by a queue (emitted), given up (failed), seen to have repaired their finding (confirmed)",
);
pub(super) static FINDINGS_OPEN: Metric = gauge(
    "tieout_findings_open",
    &["domain", "kind"],
    "Findings that are not over: suspected, open, emitted, held and recurring",
);
pub(super) static FINDINGS_OLDEST: Metric = gauge(
    "tieout_findings_oldest_open_timestamp_seconds",
    &["domain", "kind"],
    "When the oldest of them was first seen; 0 where there is none",
);
pub(super) static FINDINGS_UNCONFIRMED: Metric = gauge(
    "tieout_findings_unconfirmed",
    &["domain", "kind"],
    "Findings whose event a queue acknowledged and that are still there: emitted and recurring",
);
pub(super) static FINDINGS_HELD: Metric = gauge(
    "tieout_findings_held",
    DOMAIN,
    "Findings that a safety limit holds now, whichever run it was, until somebody approves; those of a baseline are not among them",
);
pub(super) static FINDINGS_AMOUNT: Metric = gauge(
    "tieout_findings_open_amount",
    &["domain", "currency"],
    "What the findings that are not over move, in major units; approximate, the report is exact",
);
pub(super) static UNEXPLAINED: Metric = gauge(
    "tieout_domain_last_run_unexplained_amount",
    &["domain", "currency"],
    "What no finding explains of the difference between the sides, in major units; it must be 0",
);
pub(super) static DLQ_ENTRIES: Metric =
    gauge("tieout_dlq_entries", DOMAIN, "Events that were given up and that nobody sent again or dropped");
pub(super) static DLQ_OLDEST: Metric = gauge(
    "tieout_dlq_oldest_timestamp_seconds",
    DOMAIN,
    "When the delivery of the oldest of them first failed; 0 where there is none",
);
pub(super) static API_REQUESTS: Metric = counter(
    "tieout_api_requests_total",
    &["domain", "code_class"],
    "Requests to the provider by how they were answered: ok, throttled, failed",
);
pub(super) static EVENTS_EMITTED: Metric = counter(
    "tieout_events_emitted_total",
    &["domain", "outcome"],
    "Events by what became of them in runs: emitted, failed, confirmed",
);
pub(super) static FUNNEL_DAY: Metric = gauge(
    "tieout_funnel_day_timestamp_seconds",
    DOMAIN,
    "When the day of the funnel began that was the last one over when the last run ended; 0 where no run told of one",
);
pub(super) static FUNNEL: Metric = gauge(
    "tieout_funnel_events",
    &["domain", "stage"],
    "What flowed through on that day: received, consumed, failed, waiting, unexplained; decided, re_emitted, repaired, unrepaired, dead, undelivered, superseded. A number that nobody told is not there",
);
pub(super) static CONSUMERS_BEHIND: Metric = gauge(
    "tieout_queue_consumers_behind",
    &["domain", "queue"],
    "Events of each queue of the domain that its consumers had not consumed when the last run ended, where the queue tells",
);
pub(super) static BUILD_INFO: Metric =
    gauge("tieout_build_info", &["version"], "1, with the version of the program");
pub(super) static PUSH_FAILURES: Metric = gauge(
    "tieout_metrics_push_failures",
    &["version"],
    "How often metrics could not be sent since they last were, all targets together",
);

/// Every metric, in the order of the exposition.
pub static ALL: [&Metric; 29] = [
    &LAST_SUCCESS,
    &LAST_COMPLETION,
    &LAST_START,
    &VERIFIED_THROUGH,
    &EXPECTED_INTERVAL,
    &CREATED,
    &PAUSED,
    &LAST_RUN_STATUS,
    &LAST_RUN_DURATION,
    &LAST_RUN_STAGE_DURATION,
    &LAST_RUN_ITEMS,
    &LAST_RUN_COMPARED,
    &LAST_RUN_PAGES,
    &LAST_RUN_EVENTS,
    &FINDINGS_OPEN,
    &FINDINGS_OLDEST,
    &FINDINGS_UNCONFIRMED,
    &FINDINGS_HELD,
    &FINDINGS_AMOUNT,
    &UNEXPLAINED,
    &DLQ_ENTRIES,
    &DLQ_OLDEST,
    &FUNNEL_DAY,
    &FUNNEL,
    &CONSUMERS_BEHIND,
    &API_REQUESTS,
    &EVENTS_EMITTED,
    &BUILD_INFO,
    &PUSH_FAILURES,
];
