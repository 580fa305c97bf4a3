//! Two sides of a slice become suspects. Pure: it is handed pages and rows and asks nobody.
//!
//! Items wait in hand until the local rows of their clock range have streamed past; then what agreed is forgotten and
//! only what did not is kept. Memory is bounded by the batch and by the number of differences, never by the slice.

mod faulty;
mod hand;
mod keyed;
mod pair;
mod saved;
mod slice;
mod suspect;
mod take;
mod unmatched;

#[cfg(test)]
mod tests;

pub use faulty::{AllFaulty, Faulty};
pub use keyed::KeyedDiff;
pub use saved::SavedDiff;
pub use slice::{BATCH, SliceDiff};
pub use suspect::{Difference, Doubt, Looks, Suspect, Tally};
pub use unmatched::Unmatched;
