//! The state store: runs, leases, coverage, findings and the outbox, in SQLite or PostgreSQL.
//!
//! Every transaction is one method of [`Store`], short, and closed before it returns: none is ever open across a call to a
//! provider, a user database or a queue. Every write on behalf of a domain names its [`Lease`] and is refused once another
//! holder has taken over. Time is the database's own. What the rows mean is decided elsewhere.

mod error;
mod grant;
mod settings;

mod again;
mod database;
mod migrate;
mod sql;

mod bookmark;
mod by_hand;
mod coverage;
mod findings;
mod kept_page;
mod kept_state;
mod lease;
mod notices;
mod quarantine;
mod metrics;
mod replays;
mod runs;
mod saved_token;
mod schedules;
mod shared_rate;
mod slice_lease;
mod tokens;

mod commit;
mod outbox;
mod release;

pub use bookmark::{Bookmark, KeptBookmark};
pub use by_hand::{ByHand, Force, Rewind, Unlocked};
pub use commit::{Commit, Covered, OverlapDone, SliceDone};
pub use coverage::Overlap;
pub use database::Store;
pub use error::StoreError;
pub use findings::{
    ActsRefused, Approval, Did, FindingCount, FindingFilter, FindingRecord, HeldSet, HistoryEntry,
    StandingCount, Stood,
};
pub use kept_state::{Axis, KeptMember, KeptState, LeaseMark, TokenMark};
pub use lease::{LEASE_TIME, Lease, Led, OfJob, SIGN_OF_LIFE, Signs};
pub use metrics::{Backlog, Counted, DomainEnd, FindingGroup, Kept, Measured, MemberCoverage};
pub use migrate::{SCHEMA_VERSION, Upgrade, Version};
pub use notices::Notice;
pub use outbox::{
    By, CLAIM_TIME, Check, DeadFilter, DeadLetter, DecidedCount, Dropped, Fate, Fates, ITSELF, Keep,
    NextRetry, OutboxRow, OutboxState, Outgoing, Over, Purged, PutBack, Ready, Revived, SentCount, SentEvent,
    SentFilter, Shown, UnsentCount, as_it_is,
};
pub use quarantine::{QuarantineFilter, ReadAgain};
pub use release::{Release, Released, Staged, StagedBy};
pub use replays::{
    Begun, Cancelled, CarriedOn, NewReplay, NotAReplay, Progress, ReplayRecord, ReplayRequest,
    ReplaySelector, ReplayState, Turn, TurnStanding,
};
pub use runs::{NotASelector, Remains, RunMode, RunRecord, RunRow, RunSelector, RunSummary, SliceRecord};
pub use saved_token::SavedToken;
pub use schedules::{
    Agenda, Claim, Claimed, CutOff, Entry, Happened, JournalRow, KeptDue, Next, Pause, Resumed,
};
pub use settings::{NotAStore, StoreSettings};
pub use shared_rate::Standing;
pub use slice_lease::{Fence, SliceLease};
pub use tokens::{TOKEN_CLAIM_TIME, TokenClaim};

#[cfg(test)]
pub(crate) mod tests;
