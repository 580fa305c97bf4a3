//! A file for each report, beside the state store: for those who collect files, and for the run that the state store could not record.

use std::io;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::private_file;
use crate::report::{RunReport, json};

/// Writes a report into a folder as `RUN_ID.json`, whole or not at all, and says where. The folder must be there.
pub(crate) fn keep(folder: &Path, report: &RunReport) -> io::Result<PathBuf> {
    let path = place(folder, report.run_id);
    let text = json::run(report).map_err(io::Error::other)?;
    private_file::replace(&path, text.as_bytes())?;
    Ok(path)
}

/// Where the file of a run's report is.
pub(crate) fn place(folder: &Path, run_id: Uuid) -> PathBuf {
    folder.join(format!("{run_id}.json"))
}
