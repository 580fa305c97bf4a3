//! Replays as they are kept: what people send again of what was sent before, how far that is, and who carries it out.
//!
//! Whoever begins a replay or carries it on has a [`Turn`] of it; who has an earlier one writes nothing more. One that gives no sign of
//! life counts as interrupted, by the rule of runs.

mod begin;
mod end;
mod filter;
mod find;
mod keep;
mod row;
mod selector;

pub use begin::{Begun, CarriedOn};
pub use end::Cancelled;
pub use keep::{Standing as TurnStanding, Turn};
pub use row::{NewReplay, Progress, ReplayRecord, ReplayRequest, ReplayState};
pub use selector::{NotAReplay, ReplaySelector};
