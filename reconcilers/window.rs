//! Half-open time ranges and the slices that a run works through.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::instant::Instant;
use crate::name::Each;

/// A half-open time range `[from, to)`, never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Window {
    from: Instant,
    to: Instant,
}

impl Window {
    /// The range `[from, to)`, or nothing where it would be empty.
    #[must_use]
    pub fn new(from: Instant, to: Instant) -> Option<Self> {
        (from < to).then_some(Self { from, to })
    }

    /// The first instant inside.
    #[must_use]
    pub const fn from(&self) -> Instant {
        self.from
    }

    /// The first instant after it.
    #[must_use]
    pub const fn to(&self) -> Instant {
        self.to
    }

    /// Whether an instant lies inside.
    #[must_use]
    pub fn contains(&self, at: Instant) -> bool {
        self.from <= at && at < self.to
    }

    /// The part before `limit`, or nothing where all of it lies at or after `limit`.
    #[must_use]
    pub fn until(&self, limit: Instant) -> Option<Self> {
        Self::new(self.from, self.to.min(limit))
    }

    /// Consecutive pieces of at most `span`, oldest first, that cover the window exactly; the whole window where
    /// `span` is too short to cut anything.
    #[must_use]
    pub fn pieces(&self, span: Duration) -> Vec<Self> {
        if self.from + span == self.from {
            return vec![*self];
        }
        let mut pieces = Vec::new();
        let mut from = self.from;
        while let Some(piece) = Self::new(from, (from + span).min(self.to)) {
            pieces.push(piece);
            from = piece.to;
        }
        pieces
    }
}

/// Why a slice is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// The range was never verified, or lies in a hole of the coverage.
    Coverage,
    /// The range is verified and read again because its items may have changed since (`overlap_scan`).
    Overlap,
}

/// The unit of work: one domain x one window x one `each` value.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Slice {
    /// Which member of the feed's fan-out; empty where there is none.
    pub each: Each,
    /// The range of the feed's clock.
    pub window: Window,
    /// Why it is read.
    pub purpose: Purpose,
    /// The saved token that a change feed goes on from, where there is one.
    pub token: Option<Box<str>>,
    /// Whether no slice of the run lies after it. An `open` feed is then asked without an upper bound, so that items
    /// which change all the time cannot slip out of every window.
    pub newest: bool,
}

impl Slice {
    /// A slice of a feed without fan-out and without a saved token.
    #[must_use]
    pub fn new(window: Window, purpose: Purpose) -> Self {
        Self { each: Each::default(), window, purpose, token: None, newest: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn pieces_cover_the_window_without_gap_or_overlap(from in 0_i64..1_000, len in 1_i64..1_000, span in 0_u64..300) {
            let window = Window::new(Instant::from_micros(from), Instant::from_micros(from + len)).unwrap();
            let pieces = window.pieces(Duration::from_micros(span));
            prop_assert_eq!(pieces.first().unwrap().from(), window.from());
            prop_assert_eq!(pieces.last().unwrap().to(), window.to());
            prop_assert!(pieces.windows(2).all(|pair| pair[0].to() == pair[1].from()));
        }
    }
}
