//! The slices of a domain shape themselves: where many pages come they get shorter, where few come longer, and a slice that
//! holds more than fits gives way to its halves. Pure; whatever is learned, the slices cover the same ranges, each once.

use std::collections::VecDeque;
use std::time::Duration;

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::reconciler::{Feed, Filter, Jobs};
use tieout_reconcilers::window::{Slice, Window};

/// The pages that a slice should have: enough for its last, shorter page not to count, and few enough to lose little in
/// an accident.
const PAGES: u64 = 64;
/// Slices within this factor of it stay as long as they are.
const TOLERANCE: u64 = 4;
/// How many times the span of the definition a slice may become where no longest one is given.
const LONGEST: u32 = 64;

/// What is left to be read.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    left: VecDeque<Slice>,
    span: Duration,
    shortest: Duration,
    longest: Duration,
    grain: Duration,
    /// A feed that is read whole has one slice, as it is.
    is_fixed: bool,
}

impl Shape {
    /// Slices as they were planned, oldest first.
    pub(super) fn new(feed: &Feed, slices: Vec<Slice>) -> Self {
        let (grain, shortest) = (grain(feed), shortest(feed));
        Self {
            left: slices.into(),
            span: feed.span.max(shortest),
            shortest,
            longest: feed.max_span.unwrap_or(feed.span.saturating_mul(stretch(feed))).max(shortest),
            grain,
            is_fixed: is_fixed(feed),
        }
    }

    /// How many slices are left, as they are cut now.
    pub(super) fn len(&self) -> usize {
        self.left.len()
    }

    /// The next slice.
    pub(super) fn next(&mut self) -> Option<Slice> {
        let mut slice = self.left.pop_front()?;
        if self.is_fixed {
            return Some(slice);
        }
        while let Some(longer) = self.left.front().and_then(|next| joined(&slice, next))
            && length(longer) <= self.span
        {
            slice.newest = self.left.pop_front().is_some_and(|next| next.newest);
            slice.window = longer;
        }
        if let Some((older, newer)) = self.cut(slice.window, slice.window.from() + self.span)
            && length(slice.window) > self.span
        {
            self.left.push_front(Slice { window: newer, ..slice.clone() });
            slice = Slice { window: older, newest: false, ..slice };
        }
        Some(slice)
    }

    /// The newest of the slices that are left, as long as the next one would be.
    pub(super) fn next_back(&mut self) -> Option<Slice> {
        let mut slice = self.left.pop_back()?;
        if self.is_fixed {
            return Some(slice);
        }
        while let Some(longer) = self.left.back().and_then(|before| joined(before, &slice))
            && length(longer) <= self.span
        {
            self.left.pop_back();
            slice.window = longer;
        }
        if length(slice.window) > self.span
            && let Some((older, newer)) = self.cut(slice.window, slice.window.to() - self.span)
        {
            self.left.push_back(Slice { window: older, newest: false, ..slice.clone() });
            slice.window = newer;
        }
        Some(slice)
    }

    /// Learns from a slice that was read how long the next ones should be.
    pub(super) fn learn(&mut self, read: Window, pages: u64) {
        let wanted = match pages {
            _ if pages > PAGES * TOLERANCE => length(read).mul_f64(ratio(PAGES, pages).max(0.25)),
            _ if pages < PAGES / TOLERANCE => length(read).mul_f64(ratio(PAGES, pages.max(1)).min(4.0)),
            _ => return,
        };
        // The rest of a range may be shorter than its slice could have been; that says nothing about the others.
        let is_news = pages > PAGES || wanted > self.span;
        if is_news {
            self.span = wanted.clamp(self.shortest, self.longest);
        }
    }

    /// The halves of a slice that holds too much, older first; nothing where it cannot be shorter. Slices that follow are no
    /// longer than a half.
    pub(super) fn halve(&mut self, slice: &Slice) -> Option<[Slice; 2]> {
        let halves = self.split(slice)?;
        self.longest = length(halves[1].window).max(self.shortest);
        Some(halves)
    }

    /// The halves of a slice that probably holds too much, older first; nothing where it cannot be shorter. Slices that follow
    /// begin no longer than a half, and may grow again.
    pub(super) fn split(&mut self, slice: &Slice) -> Option<[Slice; 2]> {
        if self.is_fixed || length(slice.window) < self.shortest * 2 {
            return None;
        }
        let (from, to) = (slice.window.from(), slice.window.to());
        let middle = Instant::from_micros(from.micros().midpoint(to.micros()));
        let (older, newer) = self.cut(slice.window, middle)?;
        self.span = self.span.min(length(newer).max(self.shortest));
        let older = Slice { window: older, newest: false, ..slice.clone() };
        Some([older, Slice { window: newer, ..slice.clone() }])
    }

    /// Two parts of a window that meet at a whole tick near an instant.
    fn cut(&self, window: Window, at: Instant) -> Option<(Window, Window)> {
        let at = at.floor(self.grain);
        let at = if at > window.from() { at } else { (window.from() + self.grain).floor(self.grain) };
        Some((Window::new(window.from(), at)?, Window::new(at, window.to())?))
    }
}

/// Whether a slice of a window can give way to its halves.
pub(super) fn is_divisible(feed: &Feed, window: Window) -> bool {
    !is_fixed(feed) && length(window) >= shortest(feed) * 2
}

fn is_fixed(feed: &Feed) -> bool {
    feed.filter == Filter::Client || feed.changes
}

fn grain(feed: &Feed) -> Duration {
    feed.grain.max(Duration::from_micros(1))
}

fn shortest(feed: &Feed) -> Duration {
    feed.min_span.max(grain(feed))
}

/// How many times the span of the definition a slice may become. The number of files says nothing about how much an export
/// holds.
const fn stretch(feed: &Feed) -> u32 {
    match feed.jobs {
        Jobs::None => LONGEST,
        Jobs::Several | Jobs::One => 1,
    }
}

/// The window of two slices that touch and are read for the same reason.
fn joined(slice: &Slice, next: &Slice) -> Option<Window> {
    let touches = slice.window.to() == next.window.from()
        && (&slice.each, slice.purpose, &slice.token) == (&next.each, next.purpose, &next.token);
    if touches { Window::new(slice.window.from(), next.window.to()) } else { None }
}

fn length(window: Window) -> Duration {
    Duration::from_micros(window.to().micros().abs_diff(window.from().micros()))
}

#[expect(clippy::cast_precision_loss, reason = "numbers of pages are far below 2^52")]
fn ratio(of: u64, to: u64) -> f64 {
    of as f64 / to as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tieout_reconcilers::window::Purpose;

    fn at(second: u64) -> Instant {
        Instant::from_micros(0) + Duration::from_secs(second)
    }

    fn slice(from: u64, to: u64, purpose: Purpose) -> Slice {
        Slice::new(Window::new(at(from), at(to)).unwrap(), purpose)
    }

    fn feed(span: u64) -> Feed {
        Feed { span: Duration::from_secs(span), ..Feed::default() }
    }

    fn planned(range: (u64, u64), span: u64) -> Vec<Slice> {
        let whole = slice(range.0, range.1, Purpose::Coverage);
        let pieces = whole.window.pieces(Duration::from_secs(span));
        pieces.into_iter().map(|window| Slice::new(window, Purpose::Coverage)).collect()
    }

    fn seconds(slice: &Slice) -> (u64, u64) {
        let second = |at: Instant| u64::try_from(at.micros() / 1_000_000).unwrap();
        (second(slice.window.from()), second(slice.window.to()))
    }

    #[test]
    fn slices_of_few_pages_are_joined_and_slices_of_many_are_cut() {
        let mut shape = Shape::new(&feed(10), planned((0, 400), 10));
        let first = shape.next().unwrap();
        shape.learn(first.window, 1);
        let second = shape.next().unwrap();
        assert_eq!((seconds(&first), seconds(&second)), ((0, 10), (10, 50)));
        shape.learn(second.window, PAGES * 10);
        assert_eq!(seconds(&shape.next().unwrap()), (50, 60));
    }

    #[test]
    fn slices_of_about_the_right_size_stay_and_requests_are_not_wasted_on_shorter_ones() {
        let mut shape = Shape::new(&feed(10), planned((0, 100), 10));
        let first = shape.next().unwrap();
        for pages in [PAGES / TOLERANCE, PAGES, PAGES * TOLERANCE] {
            shape.learn(first.window, pages);
        }
        assert_eq!(seconds(&shape.next().unwrap()), (10, 20));
    }

    #[test]
    fn what_is_too_much_is_halved_down_to_the_shortest_span_and_what_follows_is_no_longer() {
        let feed = Feed { min_span: Duration::from_secs(4), ..feed(16) };
        let mut shape = Shape::new(&feed, planned((0, 64), 16));
        let first = shape.next().unwrap();
        let [older, newer] = shape.halve(&first).unwrap();
        assert_eq!((seconds(&older), seconds(&newer)), ((0, 8), (8, 16)));
        let [older, _] = shape.halve(&older).unwrap();
        assert_eq!(shape.halve(&older), None);
        shape.learn(older.window, 0);
        assert_eq!(seconds(&shape.next().unwrap()), (16, 20));
    }

    #[test]
    fn ranges_that_are_read_for_another_reason_or_do_not_touch_are_never_joined() {
        let slices = vec![
            slice(0, 1, Purpose::Coverage),
            slice(1, 2, Purpose::Overlap),
            slice(3, 4, Purpose::Overlap),
        ];
        let mut shape = Shape::new(&feed(100), slices.clone());
        assert_eq!(std::iter::from_fn(|| shape.next()).collect::<Vec<_>>(), slices);
    }

    #[test]
    fn a_feed_that_is_read_whole_is_neither_cut_nor_halved() {
        let feed = Feed { filter: Filter::Client, ..feed(1) };
        let whole = slice(0, 100, Purpose::Coverage);
        let mut shape = Shape::new(&feed, vec![whole.clone()]);
        assert_eq!(shape.next(), Some(whole.clone()));
        assert_eq!(shape.halve(&whole), None);
    }

    proptest! {
        #[test]
        fn whatever_is_learned_the_slices_of_both_ends_cover_the_range_once_and_in_order(
            span in 1_u64..50,
            shortest in 1_u64..9,
            longest in proptest::option::of(1_u64..200),
            grain in 1_u64..5,
            range in (0_u64..20, 1_u64..400),
            lessons in proptest::collection::vec((0_u64..600, any::<bool>()), 0..40),
            from_behind in proptest::collection::vec(any::<bool>(), 0..40),
        ) {
            let feed = Feed {
                min_span: Duration::from_secs(shortest),
                max_span: longest.map(Duration::from_secs),
                grain: Duration::from_secs(grain),
                ..feed(span)
            };
            let (from, to) = (range.0, range.0 + range.1);
            let mut shape = Shape::new(&feed, planned((from, to), span));
            let mut lessons = lessons.into_iter();
            let mut from_behind = from_behind.into_iter();
            let mut covered = from;
            let mut uncovered = to;
            let mut waiting: Vec<Slice> = Vec::new();
            loop {
                if from_behind.next().unwrap_or(false)
                    && let Some(slice) = shape.next_back()
                {
                    let (start, end) = seconds(&slice);
                    prop_assert_eq!(end, uncovered);
                    prop_assert!(start < end);
                    uncovered = start;
                    continue;
                }
                let Some(slice) = waiting.pop().or_else(|| shape.next()) else { break };
                let (pages, is_too_much) = lessons.next().unwrap_or((PAGES, false));
                if is_too_much && let Some([older, newer]) = shape.halve(&slice) {
                    waiting.extend([newer, older]);
                    continue;
                }
                let (start, end) = seconds(&slice);
                prop_assert_eq!(start, covered);
                prop_assert!(end > start);
                covered = end;
                shape.learn(slice.window, pages);
            }
            prop_assert_eq!(covered, uncovered);
        }
    }
}
