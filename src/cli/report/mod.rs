//! `tieout report`: the runs that the state store remembers, one of them in full, and what is made of them.

mod args;
mod diff;
mod export;
mod prune;

pub use args::{DiffArgs, ExportArgs, ExportKind, PruneArgs, ReportCommand};

use super::args::Format;
use super::desk::Desk;
use super::failure::Failure;
use super::output::Output;
use super::{overview, wire};
use crate::config::Loaded;
use crate::report::{RunLine, RunReport, Status, exit, json, text};
use crate::store::{RunSelector, Store};

/// Carries a verb of `report` out.
pub(super) async fn carry_out(desk: &Desk, command: ReportCommand) -> Result<u8, Failure> {
    match command {
        ReportCommand::List { limit } => overview::runs(desk, limit).await,
        ReportCommand::Show { run, domain } => overview::run(desk, &run, &domain).await,
        ReportCommand::Diff(args) => diff::diff(desk, &args).await,
        ReportCommand::Export(args) => export::export(desk, &args).await,
        ReportCommand::Prune(args) => prune::prune(desk, &args).await,
    }
}

/// The report of a run as it is stored.
pub(super) async fn reported(store: &Store, selector: &RunSelector) -> Result<RunReport, Failure> {
    let record = store.find_run(selector).await.map_err(|error| wire::store_failure(&error))?;
    let no_report = || {
        let (run_id, status) = (record.summary.run_id, record.summary.status);
        let last_sign = record.summary.heartbeat_at;
        let why = if status == Status::Running {
            "if it is dead, the next run writes its report"
        } else {
            "`tieout report prune` took it out"
        };
        let status = status.as_str();
        Failure::failed(
            "no_report",
            format!(
                "the run {run_id} has no report: it is {status}, and gave its last sign of life at {last_sign}\n{why}"
            ),
        )
    };
    let json = record.report_json.as_deref().ok_or_else(no_report)?;
    let report: RunReport = serde_json::from_str(json)
        .map_err(|error| Failure::failed("report", format!("the report cannot be read: {error}")))?;
    // Who came after it is known only since then.
    Ok(RunReport { successor: record.summary.successor, ..report })
}

/// What a report says about the domains that any of `patterns` fits; everything where there is no pattern.
pub(super) fn only(report: RunReport, loaded: &Loaded, patterns: &[String]) -> Result<RunReport, Failure> {
    if patterns.is_empty() {
        return Ok(report);
    }
    let meant = wire::selected(loaded, patterns)?;
    let is_meant = |name: &str| meant.iter().any(|domain| domain.domain().as_str() == name);
    let (domains, others): (Vec<_>, Vec<_>) =
        report.domains.into_iter().partition(|domain| is_meant(&domain.domain));
    if domains.is_empty() {
        let others: Vec<String> = others.into_iter().map(|domain| domain.domain).collect();
        let message =
            format!("run {} was about none of these domains, but: {}", report.run_id, others.join(", "));
        return Err(Failure::usage("not_in_report", message));
    }
    Ok(RunReport { domains, ..report })
}

/// Writes `report list`.
pub fn list(runs: &[RunLine], output: &Output) -> Result<u8, Failure> {
    output.show(|look| text::runs(runs, look), || json::runs(runs), || json::lines("run", runs))?;
    Ok(exit::DONE)
}

/// Writes `report show`. Showing succeeds, however the run ended.
pub fn show(report: &RunReport, output: &Output) -> Result<u8, Failure> {
    if output.format == Format::Md {
        output.write(&text::markdown(report, &output.look, usize::MAX))?;
        return Ok(exit::DONE);
    }
    output.show(|look| text::show(report, look), || json::run(report), || json::run_lines(report))?;
    Ok(exit::DONE)
}
