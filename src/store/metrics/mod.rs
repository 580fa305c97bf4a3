//! What metrics are made of: what ended runs left for them, and what the other tables say now. Few questions, and none that takes
//! longer after years.

mod ends;
mod measured;
mod pushes;

pub use ends::{Counted, DomainEnd};
pub use measured::{Backlog, FindingGroup, Kept, Measured, MemberCoverage};

pub(in crate::store) use ends::{record, unrecorded};
