//! The funnel: what the application received on a day, what became of it, and what tieout had to send again. What nobody told is unknown,
//! and so is every sum that it belongs to.
//!
//! Read it in this order: what is known of a number (`number`), the days (`day`), the numbers of a day and how they add up (`flow`); only
//! `read` asks anybody.

mod day;
mod flow;
mod number;
mod read;

pub use day::{Day, days};
pub use flow::{Arrivals, Flow, Mistake};
pub use number::{NotKnown, Number};
pub use read::{Consumers, Funnel, Sources, queues_of, read};
