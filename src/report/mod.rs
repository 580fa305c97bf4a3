//! What a run says about itself: one value, rendered as text and as JSON.
//!
//! The value is built by the run; nothing here reads a store or decides anything.

mod amounts;
mod call;
mod carried_out;
mod dead;
mod diff;
mod due;
mod export;
mod found;
mod gate;
mod invariants;
mod lives;
mod named;
mod origin;
mod schedule;
mod quarantine;
mod replay;
mod run_schema;
mod schemas;
mod seal;
mod stake;
mod state;
mod value;
mod views;

pub use amounts::{Amount, Money};
pub use call::{CallArgs, Said, Trigger};
pub use carried_out::{CarriedOut, ItemCarriedOut, Outcome};
pub use dead::{
    ChosenView, DroppedView, ExportedView, GroupLine, GroupShown, LetterShown, LetterView, RetriedView,
    Retryable,
};
pub use diff::{AmountLine, Change, DomainDiff, FindingChange, ReportDiff};
pub use due::DueLine;
pub use export::{ExportRow, csv};
pub use found::Found;
pub use gate::{Gate, NotAGate};
pub use invariants::{Broken, check};
pub use junit::junit;
pub use lives::{HeldLine, Owner, Standing, Tonight, Took};
pub use named::{Named, NamedItem, Verdict};
pub use origin::Origin;
pub use quarantine::{EntryView, QuarantineDone, QuarantineLine, QuarantineReport};
pub use replay::{ReplayView, ReplayedView};
pub use run_schema::run_schema;
pub use schedule::{JournalLine, PauseChanged, PauseView};
pub use schemas::SchemaLine;
pub use seal::seal;
pub use stake::Stake;
pub use value::{
    DomainReport, EventCounts, Exit, FollowUp, ItemCounts, ItsDeadLetter, Limit, LookedAgain, Members,
    OneSide, PlannedFinding, Requests, RunReport, SCHEMA, Status,
};

pub use state::{
    AxisView, BrokenLease, DomainState, Forgotten, HandView, LeaseState, LeaseView, MemberState, Range,
    Rewound, ScanView, TokenView,
};
pub use views::{
    ApprovedView, ExportedFindings, FindingView, LastRun, PrunedView, RunLine, Running, StatusLine,
};

pub mod codes;
pub mod exit;
pub mod explained;
pub mod github;
pub mod json;
mod junit;
pub mod text;
pub mod touched;
pub mod trial;
