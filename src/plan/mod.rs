//! What is to be done about what was found: pure, decided whole, then carried out without further choice.
//!
//! A plan says for every key how its finding goes on and which events are staged or superseded. It sends nothing, stores
//! nothing and knows no clock but the `now` it is told.

mod act;
mod limits;
mod planner;
mod step;

#[cfg(test)]
mod tests;

pub use act::{Act, Acted, Refusal, act};
pub use limits::{Exposure, tripped, truth_is_empty};
pub use planner::{Look, Observation, Plan, Planner, Stand};
pub use step::MAX_REEMISSIONS;
