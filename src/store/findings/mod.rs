//! Findings and their history, as they are kept. What a state means and when it changes is decided elsewhere.

mod acts;
mod approve;
mod held;
mod letters;
mod read;
mod record;
mod row;
mod sent;
mod standing;
mod then;
mod write;

pub use acts::{ActsRefused, Did};
pub use approve::Approval;
pub use held::HeldSet;
pub(super) use letters::{note_events, park};
pub use read::{FindingCount, FindingFilter, FindingRecord, HistoryEntry};
pub(super) use row::amount;
pub use standing::StandingCount;
pub use then::Stood;
pub(super) use write::{acknowledge, hold, interventions, upsert};
