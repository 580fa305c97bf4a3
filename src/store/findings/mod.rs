//! Findings and their history, as they are kept. What a state means and when it changes is decided elsewhere.

mod read;
mod row;
mod write;

pub use read::{FindingCount, FindingFilter, FindingRecord, HistoryEntry};
pub(super) use write::{acknowledge, hold, upsert};
