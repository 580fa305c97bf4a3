//! The summary of a step of GitHub Actions: the report of its run as Markdown, below what other commands of the step have written.
//!
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#adding-a-job-summary>

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;

use super::args::Format;
use super::output::Output;
use crate::report::RunReport;
use crate::report::text::markdown;

/// Where GitHub says which file it is.
const VARIABLE: &str = "GITHUB_STEP_SUMMARY";

/// A larger summary is not shown at all.
const MOST_BYTES: u64 = 1 << 20;

/// Adds a report to the summary, where annotations are wanted and there is one. That it cannot be written changes no result.
pub(super) fn add(report: &RunReport, output: &Output) {
    let path = std::env::var_os(VARIABLE).filter(|path| !path.is_empty());
    let Some(path) = path.filter(|_| output.format == Format::Github) else { return };
    let path = Path::new(&path);
    if let Err(error) = append(path, report, output) {
        tracing::warn!("the summary of this step cannot be written into {}: {error}", path.display());
    }
}

fn append(path: &Path, report: &RunReport, output: &Output) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    let room = MOST_BYTES.saturating_sub(file.metadata()?.len() + 1);
    // What stands before may have no end of a line.
    let text = format!("\n{}", markdown(report, &output.look, usize::try_from(room).unwrap_or(usize::MAX)));
    if text.len() as u64 > room + 1 {
        return Err(io::Error::other("what other commands have written leaves no room in it"));
    }
    file.write_all(text.as_bytes())
}
