//! What a run leaves of itself for the metrics: the figures of its report, without what nobody counts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tieout_reconcilers::instant::{Instant, TimeFormat};

use super::funnel::LastFunnel;
use crate::report::{DomainReport, ItemCounts, RunReport, Status};
use crate::store::{Counted, DomainEnd};

/// The last run of a domain, in figures.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LastRun {
    /// How it ended; nothing before the first one.
    pub status: Option<Status>,
    /// How long it took.
    pub seconds: f64,
    /// How long each stage took.
    pub stages: BTreeMap<String, f64>,
    /// The two sides, counted.
    pub items: ItemCounts,
    /// Pages read.
    pub pages: u64,
    /// Events that a queue acknowledged.
    pub emitted: u64,
    /// Events that were given up.
    pub failed: u64,
    /// Findings that were seen repaired.
    pub confirmed: u64,
    /// What nothing explains, by currency: decimal strings in major units.
    pub unexplained: BTreeMap<String, String>,
    /// What flowed through, where the domain counts it.
    pub funnel: Option<LastFunnel>,
}

impl LastRun {
    /// The figures of a report.
    #[must_use]
    pub fn of(report: &DomainReport) -> Self {
        let unexplained = report.amounts.iter();
        Self {
            status: Some(report.status),
            seconds: report.seconds,
            stages: report.stages.clone(),
            items: report.items,
            pages: report.pages,
            emitted: report.events.emitted,
            failed: report.events.dead,
            confirmed: report.repaired(),
            unexplained: unexplained
                .map(|amount| (amount.currency.clone(), amount.unexplained.clone()))
                .collect(),
            funnel: report.funnel.as_ref().map(LastFunnel::of),
        }
    }

    /// The figures as they were kept; what an earlier version did not keep is zero.
    #[must_use]
    pub fn from_json(json: &str) -> Self {
        serde_json::from_str(json).unwrap_or_default()
    }
}

/// How a run ended for its domains. `is_whole` says whether it looked at all that was due: a run over some keys or a range says
/// nothing about how the domain stands, and a domain that somebody else holds was not looked at.
#[must_use]
pub fn ends(report: &RunReport, is_whole: bool) -> Vec<DomainEnd> {
    if report.mode != "run" {
        return Vec::new();
    }
    let Some(started_at) = TimeFormat::Rfc3339.read(&report.started_at) else { return Vec::new() };
    report.domains.iter().map(|domain| end(domain, started_at, is_whole)).collect()
}

fn end(report: &DomainReport, started_at: Instant, is_whole: bool) -> DomainEnd {
    let tells = is_whole && report.status != Status::Skipped;
    DomainEnd {
        domain: report.domain.clone(),
        started_at,
        last_run_json: tells.then(|| serde_json::to_string(&LastRun::of(report)).ok()).flatten(),
        is_complete: report.status != Status::Interrupted,
        is_success: report.status == Status::Done,
        counted: Counted {
            requests_ok: report.api_requests.ok,
            requests_throttled: report.api_requests.throttled,
            requests_failed: report.api_requests.failed,
            events_emitted: report.events.emitted,
            events_failed: report.events.dead,
            events_confirmed: report.repaired(),
        },
    }
}
