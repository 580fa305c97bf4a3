//! A run as a row and back.

use std::collections::BTreeMap;

use tieout_reconcilers::instant::Instant;
use uuid::Uuid;

use crate::report::Status;
use crate::store::error::StoreError;
use crate::store::sql::Row;

/// What a run was asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunMode {
    /// The whole job.
    Run,
    /// Everything before the first write.
    Plan,
}

impl RunMode {
    /// The word used in columns and reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Plan => "plan",
        }
    }

    /// The mode of a stored word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Run, Self::Plan].into_iter().find(|mode| mode.as_str() == word)
    }
}

/// A run that begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRow {
    /// A UUID of version 7.
    pub run_id: Uuid,
    /// By the process's clock, read once.
    pub started_at: Instant,
    /// What it was asked to do.
    pub mode: RunMode,
    /// Who asked: `manual`, `schedule` and so on.
    pub trigger: String,
    /// The arguments as JSON.
    pub args_json: String,
    /// The program's version.
    pub version: String,
    /// The run that it goes on with.
    pub resumes: Option<Uuid>,
}

/// A run in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunSummary {
    /// Which run.
    pub run_id: Uuid,
    /// What it was asked to do.
    pub mode: RunMode,
    /// Who asked.
    pub trigger: String,
    /// The program's version.
    pub version: String,
    /// How it ended.
    pub status: Status,
    /// What the process returned; absent while it runs and where it vanished.
    pub exit_code: Option<i32>,
    /// By the process's clock.
    pub started_at: Instant,
    /// The last sign of life, by the store's clock.
    pub heartbeat_at: Instant,
    /// By the store's clock.
    pub finished_at: Option<Instant>,
    /// The run that it goes on with.
    pub resumes: Option<Uuid>,
    /// The run that found it dead, or that goes on with it.
    pub successor: Option<Uuid>,
}

/// A run with what it recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRecord {
    /// The run.
    pub summary: RunSummary,
    /// The arguments as JSON.
    pub args_json: String,
    /// The report as JSON; absent while it runs.
    pub report_json: Option<String>,
}

/// What the state store knows of a run that did not write its own report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remains {
    /// The reports of the domains that it ended, as JSON, by domain.
    pub ended: BTreeMap<String, String>,
    /// The slices that it committed, in the order of their commits.
    pub slices: Vec<SliceRecord>,
    /// How many findings it brought into a state, by domain and state.
    pub findings: BTreeMap<(String, String), u64>,
    /// How many events it made, by domain and by the state in which they are now.
    pub events: BTreeMap<(String, String), u64>,
}

/// A slice that a run committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SliceRecord {
    /// The domain.
    pub domain: String,
    /// The member of the fan-out.
    pub each: String,
    /// Whether it was part of a wider re-read.
    pub is_overlap: bool,
    /// Its first instant, in the feed's time.
    pub from: Instant,
    /// The first instant after it.
    pub to: Instant,
    /// Its counts as JSON, as they were committed.
    pub counts_json: String,
}

pub(super) fn record(row: &Row) -> Result<RunRecord, StoreError> {
    Ok(RunRecord {
        summary: summary(row)?,
        args_json: row.text("args")?,
        report_json: row.text_or_null("report")?,
    })
}

pub(super) fn summary(row: &Row) -> Result<RunSummary, StoreError> {
    Ok(RunSummary {
        run_id: row.uuid("run_id")?,
        mode: row.word("mode", RunMode::from_word)?,
        trigger: row.text("trigger")?,
        version: row.text("version")?,
        status: row.word("status", Status::from_word)?,
        exit_code: row.int_or_null("exit_code")?.map(|_| row.count("exit_code")).transpose()?,
        started_at: row.time("started_at")?,
        heartbeat_at: row.time("heartbeat_at")?,
        finished_at: row.time_or_null("finished_at")?,
        resumes: row.uuid_or_null("resumes")?,
        successor: row.uuid_or_null("successor")?,
    })
}
