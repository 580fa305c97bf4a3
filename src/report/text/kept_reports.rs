//! What became of reports and findings that somebody exported or pruned, in a line.

use crate::report::views::{ExportedFindings, PrunedView};

use super::escape::safe;
use super::grid::{counted, figure};

/// `tieout report export`.
#[must_use]
pub fn exported_findings(view: &ExportedFindings) -> String {
    let more = match view.not_listed {
        0 => String::new(),
        more => format!("; {} more are not listed in the report", figure(more)),
    };
    format!("exported {} to {}{more}\n", counted(view.exported, "finding"), safe(&view.to))
}

/// `tieout report prune`.
#[must_use]
pub fn pruned(view: &PrunedView) -> String {
    let what = if view.is_done { "took out" } else { "would take out" };
    format!("{what} {} and {}\n", counted(view.reports, "report"), counted(view.files, "file"))
}
