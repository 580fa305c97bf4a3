//! `tieout run` and `tieout plan`, after the work: the report is written and its exit code returned.

use super::args::Format;
use super::failure::Failure;
use super::output::{Output, written};
use super::watch::Audience;
use crate::report::text::Look;
use crate::report::{RunReport, github, json, seal, text};

/// Writes the report of a run or plan that is over, and returns the exit code of the process.
///
/// The report that is stored must be the sealed one too, so seal it before storing; sealing twice changes nothing.
pub fn finish(
    report: RunReport,
    audience: &dyn Audience,
    output: &Output,
    told: impl FnOnce(&RunReport, &Look) -> String,
) -> Result<u8, Failure> {
    let report = seal(report);
    written(audience.end(&report))?;
    match output.format {
        // A stream has everything already.
        Format::Jsonl => {}
        Format::Github => output.write(&github::of_run(&report, &output.look))?,
        _ => {
            let human =
                |look: &_| if output.quiet { text::brief(&report, look) } else { told(&report, look) };
            output.show(human, || json::run(&report), || Ok(String::new()))?;
        }
    }
    Ok(report.exit.code)
}
