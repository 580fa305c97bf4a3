//! The outbox: events between their commit and the broker's acknowledgement. Claimed by state, never by "id after the last".
//!
//! `staged` (committed) becomes `pending` or `held` at the release; `pending` becomes `sent` or `dead` by the relay; what is
//! not sent becomes `superseded` when its drift has gone or changed. What is `dead` may be put back, or dropped for good. Only `purge`
//! takes rows out, and counts them.

mod acknowledge;
mod claim;
mod dead;
mod decided;
mod deliver;
mod drop;
mod due;
mod fate;
mod newest;
mod pending;
mod purge;
mod put_back;
mod recheck;
mod row;
mod sent;
mod stage;

pub use claim::CLAIM_TIME;
pub use dead::{DeadFilter, DeadLetter, Dropped, Shown};
pub use decided::DecidedCount;
pub use due::NextRetry;
pub use fate::{Fate, Fates, Over};
pub(super) use pending::LetGo;
pub use purge::{Keep, Purged};
pub use put_back::{By, ITSELF, PutBack};
pub use recheck::{Check, Ready, Revived, as_it_is};
pub use row::{OutboxRow, OutboxState, Outgoing, UnsentCount};
pub use sent::{SentCount, SentEvent, SentFilter};
pub(super) use stage::{events_of, lock, release, stage, supersede, withdraw};
