//! What cannot be read and so holds a range back: items without a key, rows and pages. Pure: what is known of them, what a slice
//! says about them, and what a person may do.
//!
//! What can be named is a finding, and is followed by its key. What cannot be named is here, by a hash of what was sent: nothing of
//! what it holds is kept.

mod entry;
mod known;

#[cfg(test)]
mod tests;

pub use entry::{Acted, Class, Entry, EntryId, Kind, NotAnEntryId, Sighting, State};
pub use known::{Known, MOST, Read, Weighed};
