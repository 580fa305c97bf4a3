//! What a daemon is made of: a planner that decides by a clock that it is handed, and a heartbeat that hands it over.
//!
//! Nothing here starts a run or asks a store: the planner takes what is kept and returns what is to be done.

mod heartbeat;
mod planner;
mod retries;
mod watch;

pub use heartbeat::Heartbeat;
pub use planner::{Passed, Replanned, Step, step};
pub use retries::Retries;
pub use watch::{Beat, Jump, Watch};
