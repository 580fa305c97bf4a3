//! Runs and their reports, as they are kept.

mod keep;
mod remains;
mod row;
mod selector;

pub(super) use keep::begin;
pub use row::{Remains, RunMode, RunRecord, RunRow, RunSummary, SliceRecord};
pub use selector::{NotASelector, RunSelector};
