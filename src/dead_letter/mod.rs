//! Events that the relay gave up: which of them died of one cause, and when those are tried again that may work by themselves. Pure:
//! it reads no store and sends nothing.

mod class;
mod group;
mod schedule;

pub use class::SCHEMA;
pub use group::{Group, GroupId, NotAGroup, cause};
pub use schedule::{MAX_RETRIES, TRANSIENT, next_retry};
