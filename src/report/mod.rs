//! What a run says about itself: one value, rendered as text and as JSON.
//!
//! The value is built by the run; nothing here reads a store or decides anything.

mod amounts;
mod carried_out;
mod dead;
mod diff;
mod due;
mod export;
mod invariants;
mod lives;
mod schedule;
mod quarantine;
mod schemas;
mod seal;
mod state;
mod value;
mod views;

pub use amounts::{Amount, Money};
pub use carried_out::{CarriedOut, ItemCarriedOut, Outcome};
pub use dead::{
    ChosenView, DroppedView, ExportedView, GroupLine, GroupShown, LetterShown, LetterView, ReplayedView,
    RetriedView, Retryable,
};
pub use diff::{AmountLine, Change, DomainDiff, FindingChange, ReportDiff};
pub use due::DueLine;
pub use export::{ExportRow, csv};
pub use invariants::{Broken, check};
pub use lives::{HeldLine, Owner, Standing, Tonight, Took};
pub use quarantine::{EntryView, QuarantineDone, QuarantineLine, QuarantineReport};
pub use schedule::{JournalLine, PauseChanged, PauseView};
pub use schemas::SchemaLine;
pub use seal::seal;
pub use value::{
    DomainReport, EventCounts, Exit, FollowUp, ItemCounts, Limit, Members, OneSide, PlannedFinding, Requests,
    RunReport, SCHEMA, Status,
};

pub use state::{
    AxisView, BrokenLease, DomainState, Forgotten, HandView, LeaseState, LeaseView, MemberState, Range,
    Rewound, ScanView, TokenView,
};
pub use views::{ApprovedView, ExportedFindings, FindingView, PrunedView, RunLine, StatusLine};

pub mod codes;
pub mod exit;
pub mod explained;
pub mod github;
pub mod json;
pub mod text;
