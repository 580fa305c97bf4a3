//! Reports for programs: one document, or one record per line. Money is a decimal string, times are RFC 3339 in UTC.
//!
//! Within a version of a schema, fields and enum values may be added and none goes away.

use serde::Serialize;
use tieout_reconcilers::instant::Instant;
use uuid::Uuid;

use super::dead::{GroupLine, LetterView};
use super::due::DueLine;
use super::explained::Explained;
use super::export::ExportRow;
use super::quarantine::EntryView;
use super::replay::ReplayView;
use super::schedule::{JournalLine, PauseChanged, PauseView};
use super::state::{BrokenLease, DomainState};
use super::touched::Touched;
use super::trial::Trial;
use super::value::{DomainReport, PlannedFinding, RunReport, Status};
use super::views::{FindingView, RunLine, StatusLine};
use crate::finding::Finding;

/// A run as one document.
pub fn run(report: &RunReport) -> serde_json::Result<String> {
    document(report)
}

/// `tieout status` as one document.
pub fn status(domains: &[StatusLine], now: Instant) -> serde_json::Result<String> {
    document(&StatusDocument { schema: "tieout.status/v1", now, domains })
}

/// `tieout next` as one document.
pub fn due(due: &[DueLine], unscheduled: &[&str], paused: &[PauseView]) -> serde_json::Result<String> {
    document(&DueDocument { schema: "tieout.next/v1", due, unscheduled, paused })
}

/// `tieout state pause` and `resume` as one document.
pub fn pause_changed(domains: &[PauseChanged]) -> serde_json::Result<String> {
    document(&PauseDocument { schema: "tieout.pause/v1", domains })
}

/// `tieout state journal` as one document.
pub fn journal(entries: &[JournalLine]) -> serde_json::Result<String> {
    document(&JournalDocument { schema: "tieout.journal/v1", entries })
}

/// `tieout state show` as one document.
pub fn state(domains: &[DomainState], now: Instant) -> serde_json::Result<String> {
    document(&StateDocument { schema: "tieout.state/v1", now, domains })
}

/// `tieout state unlock` as one document.
pub fn unlocked(domain: &str, broken: &[BrokenLease]) -> serde_json::Result<String> {
    document(&UnlockDocument { schema: "tieout.unlock/v1", domain, broken })
}

/// `tieout report list` as one document.
pub fn runs(runs: &[RunLine]) -> serde_json::Result<String> {
    document(&RunsDocument { schema: "tieout.runs/v1", runs })
}

/// `tieout findings list` and `show` as one document.
pub fn findings(findings: &[Finding], not_listed: u64) -> serde_json::Result<String> {
    let findings = findings.iter().map(FindingView::from).collect();
    document(&FindingsDocument { schema: "tieout.findings/v1", findings, not_listed })
}

/// `tieout explain` and `findings show` as one document: a finding per member of the fan-out.
pub fn explained(schema: &'static str, all: &[Explained<'_>]) -> serde_json::Result<String> {
    let findings = all.iter().map(Explained::view).collect();
    document(&ExplainedDocument { schema, findings, not_listed: 0 })
}

/// `tieout check` or `probe` as one document.
pub fn checked<T: Serialize>(command: &str, tests: &[T], exit: u8) -> serde_json::Result<String> {
    document(&CheckDocument { schema: format!("tieout.{command}/v1"), exit, tests })
}

/// `tieout test` as one document, with what the tests touch where that is wanted.
pub fn trials(trials: &[Trial], coverage: Option<&[Touched]>) -> serde_json::Result<String> {
    let failed = trials.iter().filter(|trial| !trial.passed).count();
    document(&TrialsDocument {
        schema: "tieout.test/v1",
        passed: trials.len() - failed,
        failed,
        tests: trials,
        coverage,
    })
}

/// `tieout dlq list` as one document.
pub fn dead_groups(groups: &[GroupLine], not_listed: u64) -> serde_json::Result<String> {
    document(&DeadGroupsDocument { schema: "tieout.dead_letter_groups/v1", groups, not_listed })
}

/// `tieout dlq list --flat` as one document.
pub fn dead_letters(events: &[LetterView<'_>], not_listed: u64) -> serde_json::Result<String> {
    document(&DeadLettersDocument { schema: "tieout.dead_letters/v1", events, not_listed })
}

/// `tieout quarantine list` as one document.
pub fn quarantine(entries: &[EntryView<'_>], not_listed: u64) -> serde_json::Result<String> {
    document(&QuarantineDocument { schema: "tieout.quarantine/v1", entries, not_listed })
}

/// `tieout replay list` as one document.
pub fn replays(replays: &[ReplayView], not_listed: u64) -> serde_json::Result<String> {
    document(&ReplaysDocument { schema: "tieout.replays/v1", replays, not_listed })
}

/// Exported findings as one document.
pub fn exported(findings: &[ExportRow]) -> serde_json::Result<String> {
    document(&ExportDocument { schema: "tieout.export/v1", findings })
}

/// A value of a command as one document of a schema.
pub fn whole(schema: &'static str, value: &impl Serialize) -> serde_json::Result<String> {
    document(&Whole { schema, value })
}

fn document(value: &impl Serialize) -> serde_json::Result<String> {
    serde_json::to_string_pretty(value).map(|text| text + "\n")
}

/// Values as lines, each with a `type` in front.
pub fn lines<T: Serialize>(name: &str, values: impl IntoIterator<Item = T>) -> serde_json::Result<String> {
    values.into_iter().map(|value| line(&Typed { name, value })).collect()
}

fn line(value: &impl Serialize) -> serde_json::Result<String> {
    serde_json::to_string(value).map(|text| text + "\n")
}

#[derive(Serialize)]
struct TrialsDocument<'a> {
    schema: &'static str,
    passed: usize,
    failed: usize,
    tests: &'a [Trial],
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage: Option<&'a [Touched]>,
}

#[derive(Serialize)]
struct QuarantineDocument<'a> {
    schema: &'static str,
    entries: &'a [EntryView<'a>],
    not_listed: u64,
}

#[derive(Serialize)]
struct ReplaysDocument<'a> {
    schema: &'static str,
    replays: &'a [ReplayView],
    not_listed: u64,
}

#[derive(Serialize)]
struct StatusDocument<'a> {
    schema: &'static str,
    now: Instant,
    domains: &'a [StatusLine],
}

#[derive(Serialize)]
struct DueDocument<'a> {
    schema: &'static str,
    due: &'a [DueLine],
    unscheduled: &'a [&'a str],
    paused: &'a [PauseView],
}

#[derive(Serialize)]
struct PauseDocument<'a> {
    schema: &'static str,
    domains: &'a [PauseChanged],
}

#[derive(Serialize)]
struct JournalDocument<'a> {
    schema: &'static str,
    entries: &'a [JournalLine],
}

#[derive(Serialize)]
struct StateDocument<'a> {
    schema: &'static str,
    now: Instant,
    domains: &'a [DomainState],
}

#[derive(Serialize)]
struct UnlockDocument<'a> {
    schema: &'static str,
    domain: &'a str,
    broken: &'a [BrokenLease],
}

#[derive(Serialize)]
struct RunsDocument<'a> {
    schema: &'static str,
    runs: &'a [RunLine],
}

#[derive(Serialize)]
struct FindingsDocument<'a> {
    schema: &'static str,
    findings: Vec<FindingView<'a>>,
    not_listed: u64,
}

#[derive(Serialize)]
struct ExportDocument<'a> {
    schema: &'static str,
    findings: &'a [ExportRow],
}

#[derive(Serialize)]
struct ExplainedDocument<T> {
    schema: &'static str,
    findings: Vec<T>,
    not_listed: u64,
}

#[derive(Serialize)]
struct DeadGroupsDocument<'a> {
    schema: &'static str,
    groups: &'a [GroupLine],
    not_listed: u64,
}

#[derive(Serialize)]
struct DeadLettersDocument<'a> {
    schema: &'static str,
    events: &'a [LetterView<'a>],
    not_listed: u64,
}

#[derive(Serialize)]
struct Whole<'a, T> {
    schema: &'static str,
    #[serde(flatten)]
    value: &'a T,
}

#[derive(Serialize)]
struct CheckDocument<'a, T> {
    schema: String,
    exit: u8,
    tests: &'a [T],
}

#[derive(Serialize)]
struct Typed<'a, T> {
    #[serde(rename = "type")]
    name: &'a str,
    #[serde(flatten)]
    value: T,
}

/// What is streamed while a run goes on, one line each.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Record<'a> {
    /// The run begins.
    RunStarted {
        /// When: RFC 3339, UTC.
        at: &'a str,
        /// Which run.
        run_id: Uuid,
        /// `run` or `plan`.
        mode: &'a str,
        /// The domains that were asked for.
        selected: &'a [String],
    },
    /// A domain begins.
    DomainStarted {
        /// When: RFC 3339, UTC.
        at: &'a str,
        /// The domain.
        domain: &'a str,
    },
    /// A domain is alive.
    Progress {
        /// When: RFC 3339, UTC.
        at: &'a str,
        /// The domain.
        domain: &'a str,
        /// Pages so far.
        pages: u64,
        /// Items so far.
        items: u64,
        /// Seconds that it waits for suspects to rest, where it does.
        resting_seconds: Option<u64>,
        /// Seconds that its requests wait, where they do.
        #[serde(skip_serializing_if = "Option::is_none")]
        waiting_seconds: Option<u64>,
        /// What they wait for then: `limit` or `outage`.
        #[serde(skip_serializing_if = "Option::is_none")]
        waiting_for: Option<&'a str>,
        /// How many findings that were sent are not repaired yet, where it waits for that.
        #[serde(skip_serializing_if = "Option::is_none")]
        unrepaired: Option<u64>,
    },
    /// A finding of a domain that ended.
    Finding {
        /// The domain.
        domain: &'a str,
        /// The finding.
        #[serde(flatten)]
        finding: &'a PlannedFinding,
    },
    /// A domain ended; its findings went before.
    DomainFinished {
        /// Its report, without the list of findings.
        #[serde(flatten)]
        report: &'a DomainReport,
    },
    /// The run ended; its domains went before.
    RunFinished {
        /// The report, without the list of domains.
        #[serde(flatten)]
        report: &'a RunReport,
    },
    /// The command failed.
    Error {
        /// A word for programs.
        code: &'a str,
        /// The exit code.
        exit: u8,
        /// What is wrong, for people.
        message: &'a str,
    },
}

impl Record<'_> {
    /// The record as one line with its end.
    pub fn to_line(self) -> serde_json::Result<String> {
        line(&self)
    }
}

/// The records of a domain that ended: its findings, then its report.
pub fn domain_lines(report: &DomainReport) -> serde_json::Result<String> {
    let bare = DomainReport { findings: Vec::new(), ..report.clone() };
    let findings = report
        .findings
        .iter()
        .map(|finding| Record::Finding { domain: &report.domain, finding }.to_line())
        .collect::<serde_json::Result<String>>()?;
    Ok(findings + &Record::DomainFinished { report: &bare }.to_line()?)
}

/// The record of a run that ended.
pub fn run_line(report: &RunReport) -> serde_json::Result<String> {
    let bare = RunReport { domains: Vec::new(), ..report.clone() };
    Record::RunFinished { report: &bare }.to_line()
}

/// A stored run as the lines that it would have streamed.
pub fn run_lines(report: &RunReport) -> serde_json::Result<String> {
    let RunReport { run_id, mode, selected, started_at: at, .. } = report;
    let started = Record::RunStarted { at, run_id: *run_id, mode, selected }.to_line()?;
    let domains = report
        .domains
        .iter()
        .filter(|domain| domain.status != Status::Running)
        .map(domain_lines)
        .collect::<serde_json::Result<String>>()?;
    Ok(started + &domains + &run_line(report)?)
}
