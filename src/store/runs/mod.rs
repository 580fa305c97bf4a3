//! Runs and their reports, as they are kept.

mod keep;
mod row;

pub use row::{RunMode, RunRecord, RunRow, RunSummary, SliceRecord};
