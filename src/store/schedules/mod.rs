//! Schedules as they are kept: the next due time of each domain, which due times had their run, pauses, and the journal of daemons.

mod claim;
mod cut_off;
mod journal;
mod kept;
mod pause;

pub use claim::{Claim, Claimed, Next};
pub use cut_off::CutOff;
pub use journal::{Entry, Happened, JournalRow};
pub use kept::{Agenda, KeptDue};
pub(super) use pause::refuse_paused;
pub use pause::{Pause, Resumed};
