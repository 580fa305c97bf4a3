//! `tieout report`: the runs that the state store remembers, and one of them in full.

use super::failure::Failure;
use super::output::Output;
use crate::report::{RunLine, RunReport, exit, json, text};

/// Writes `report list`.
pub fn list(runs: &[RunLine], output: &Output) -> Result<u8, Failure> {
    output.show(|look| text::runs(runs, look), || json::runs(runs), || json::lines("run", runs))?;
    Ok(exit::DONE)
}

/// Writes `report show`. Showing succeeds, however the run ended.
pub fn show(report: &RunReport, output: &Output) -> Result<u8, Failure> {
    output.show(|look| text::show(report, look), || json::run(report), || json::run_lines(report))?;
    Ok(exit::DONE)
}
