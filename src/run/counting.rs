//! What a provider's own count of a slice is good for: a slice that it says holds more than the provider's cap is split
//! before it is walked in vain.
//!
//! A count is a hint. What it says is part of no coverage and no verdict, and one that was seen to mislead is not asked for
//! any more. Nothing that a count says can keep a slice from being walked.

use std::sync::OnceLock;

use tieout_reconcilers::reconciler::{Cap, Cure, Feed, Filter};

/// A count is only a hint, so it may be off by this factor.
const TOLERANCE: u64 = 4;

/// What the provider counts in a slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Count {
    /// The most rows that it hands out for one query.
    pub(super) cap: u64,
    /// The rows that it says there are.
    pub(super) said: u64,
}

impl Count {
    /// Whether it says that a walk would reach the cap, and so prove nothing.
    pub(super) const fn is_over(self) -> bool {
        self.said >= self.cap
    }

    /// Whether it is so far above what was seen that it makes ranges look full that are not.
    const fn misleads(self, seen: u64) -> bool {
        self.said > self.cap / 2 && self.said > seen.saturating_mul(TOLERANCE)
    }
}

/// Whether slices are still counted before they are walked.
#[derive(Debug, Default)]
pub(super) struct Counting {
    given_up: OnceLock<String>,
}

impl Counting {
    /// The cap of a feed where a count of its slices can save a walk.
    pub(super) fn cap(&self, feed: &Feed) -> Option<Cap> {
        let can_be_split = feed.filter == Filter::Server && !feed.changes;
        feed.cap.filter(|cap| can_be_split && cap.then == Cure::Halve && self.given_up.get().is_none())
    }

    /// Whether counts are still believed.
    pub(super) fn is_believed(&self) -> bool {
        self.given_up.get().is_none()
    }

    /// Why slices are not counted any more, if they are not.
    pub(super) fn why_not(&self) -> Option<&str> {
        self.given_up.get().map(String::as_str)
    }

    /// No slice is counted any more.
    pub(super) fn give_up(&self, why: String) {
        let _others_did_so_too = self.given_up.set(why);
    }

    /// Holds a count against what a complete walk of the same slice saw.
    pub(super) fn compare(&self, count: Count, seen: u64) {
        if count.misleads(seen) {
            let said = count.said;
            self.give_up(format!("the provider counted {said} rows in a range where {seen} were seen"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_count_that_is_about_right_or_too_low_is_believed(rows in 1_u64..100_000, seen in 0_u64..200_000, off in 0_u64..=400) {
            let said = seen.saturating_mul(off) / 100;
            let count = Count { cap: rows, said };
            prop_assert!(!count.misleads(seen));
        }

        #[test]
        fn a_count_over_the_cap_for_a_range_that_is_nearly_empty_is_not(rows in 4_u64..100_000, over in 1_u64..1_000) {
            let count = Count { cap: rows, said: rows + over };
            prop_assert!(count.misleads((rows + over) / 5));
        }
    }

    #[test]
    fn only_a_feed_whose_windows_can_be_halved_is_counted() {
        let feed = |then, filter, changes| Feed {
            cap: Some(Cap { rows: 10, then }),
            filter,
            changes,
            ..Feed::default()
        };
        let counting = Counting::default();
        assert!(counting.cap(&feed(Cure::Halve, Filter::Server, false)).is_some());
        for other in [
            feed(Cure::Rekey, Filter::Server, false),
            feed(Cure::Halve, Filter::Client, false),
            feed(Cure::Halve, Filter::Server, true),
            Feed::default(),
        ] {
            assert_eq!(counting.cap(&other), None);
        }
        counting.give_up("it cannot be asked".to_owned());
        assert_eq!(counting.cap(&feed(Cure::Halve, Filter::Server, false)), None);
    }
}
