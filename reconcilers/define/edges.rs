//! How a half-open window is said to a provider whose bounds include or exclude other edges, and tick more coarsely.
//!
//! The provider is taken to compare its clock at the declared grain, on its own wall. Bounds are widened, never narrowed:
//! what lies outside the window is dropped by whoever asked. A bound that a wall clock shows twice, or never, is moved
//! outwards past the hour in which its hands were moved.

use std::ops::{Add as _, Sub as _};
use std::time::Duration;

use super::checked::Word;
use crate::clock_format::ClockFormat;
use crate::instant::Instant;
use crate::window::{Slice, Window};

/// Whether a bound belongs to what it bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// The provider answers with items at the bound.
    Included,
    /// It does not.
    Excluded,
}

/// The provider's edges. Without an upper edge there is only a lower bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edges {
    /// The lower edge.
    pub lower: Edge,
    /// The upper edge, where the provider has one.
    pub upper: Option<Edge>,
    /// Whether the newest window of a run goes without its upper bound.
    pub open: bool,
}

impl Default for Edges {
    fn default() -> Self {
        Self { lower: Edge::Included, upper: Some(Edge::Excluded), open: false }
    }
}

impl Word for Edges {
    const WHAT: &'static str = "edges";

    fn words() -> Vec<(&'static str, Self)> {
        use Edge::{Excluded, Included};
        let edges = |lower, upper| Self { lower, upper, open: false };
        vec![
            ("[)", edges(Included, Some(Excluded))),
            ("[]", edges(Included, Some(Included))),
            ("(]", edges(Excluded, Some(Included))),
            ("()", edges(Excluded, Some(Excluded))),
            ("[", edges(Included, None)),
            ("(", edges(Excluded, None)),
        ]
    }
}

impl Edges {
    /// The edges of a slice: the newest of an open feed has no upper one.
    #[must_use]
    pub fn of(self, slice: &Slice) -> Self {
        let upper = self.upper.filter(|_| !(self.open && slice.newest));
        Self { upper, ..self }
    }

    /// The values of `{from}` and `{to}` that cover a window.
    #[must_use]
    pub fn bounds(self, window: Window, grain: Duration, format: &ClockFormat) -> (String, Option<String>) {
        let ticks = Ticks { grain, step: grain.max(format.resolution()), format };
        let from = ticks.from(window.from(), self.lower);
        let to = self.upper.map(|edge| ticks.to(window.to(), edge));
        (format.write(from), to.map(|to| format.write(to)))
    }
}

/// What the provider compares: its clock, cut down to its grain, with bounds that may be said more coarsely than that.
struct Ticks<'f> {
    grain: Duration,
    /// The step from one bound that can be said to the next.
    step: Duration,
    format: &'f ClockFormat,
}

impl Ticks<'_> {
    /// The latest bound at or before an instant that lets everything pass from there on.
    fn from(&self, at: Instant, edge: Edge) -> i64 {
        let tick = Instant::from_micros(self.format.wall(at)).floor(self.grain);
        let tick = if edge == Edge::Included { tick } else { tick - self.grain };
        self.certain(tick.floor(self.step), Instant::sub)
    }

    /// The earliest bound at or after an instant that lets everything pass up to there.
    fn to(&self, at: Instant, edge: Edge) -> i64 {
        let tick = ceil(Instant::from_micros(self.format.wall(at)), self.grain);
        let tick = if edge == Edge::Excluded { tick } else { tick - self.grain };
        self.certain(ceil(tick, self.step), Instant::add)
    }

    /// What the clock shows, moved on until it means one instant: nobody knows which of two the provider takes.
    fn certain(&self, from: Instant, step: fn(Instant, Duration) -> Instant) -> i64 {
        let far = multiple(self.step, HALF_AN_HOUR);
        let moves = std::iter::successors(Some(from), |at| Some(step(*at, far)));
        let mut tried = moves.map(Instant::micros).take(MOST_STEPS);
        tried.find(|wall| self.format.is_certain(*wall)).unwrap_or_else(|| from.micros())
    }
}

/// The first multiple of `step` at or after an instant.
fn ceil(at: Instant, step: Duration) -> Instant {
    let floor = at.floor(step);
    if floor == at { at } else { floor + step }
}

/// Clocks are put forward and back by this or more.
const HALF_AN_HOUR: Duration = Duration::from_mins(30);

/// More than any zone ever skipped, in half hours.
const MOST_STEPS: usize = 100;

/// The shortest multiple of `grain` that is at least `length`.
fn multiple(grain: Duration, length: Duration) -> Duration {
    let times = length.as_micros().div_ceil(grain.as_micros().max(1));
    grain.saturating_mul(u32::try_from(times).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock_format::every_format;
    use crate::define::checked::FromText;
    use crate::instant::TimeFormat;
    use crate::window::Purpose;
    use proptest::prelude::*;

    const ALL: [&str; 6] = ["[)", "[]", "(]", "()", "[", "("];

    /// Around days on which some zone's clocks were put forward, put back or left out a day, and any other time.
    const DAYS: [i64; 6] =
        [1_741_500_000, 1_762_063_200, 1_761_436_800, 1_743_868_800, 1_325_239_200, 1_700_000_000];

    fn slice(from: i64, to: i64) -> Slice {
        let window = Window::new(Instant::from_micros(from), Instant::from_micros(to)).unwrap();
        Slice::new(window, Purpose::Coverage)
    }

    fn passes(edges: Edges, from: i64, to: Option<i64>, at: i64) -> bool {
        let above = if edges.lower == Edge::Included { at >= from } else { at > from };
        let below = match (edges.upper, to) {
            (Some(Edge::Included), Some(to)) => at <= to,
            (Some(Edge::Excluded), Some(to)) => at < to,
            _ => true,
        };
        above && below
    }

    /// What a text shows on the provider's wall.
    fn shown(format: &ClockFormat, text: &str) -> i64 {
        format.wall(format.read(text).unwrap())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn no_edges_lose_a_row_whose_clock_lies_in_the_window(
            day in prop::sample::select(DAYS.to_vec()),
            start in -90_000_000_000_i64..90_000_000_000,
            length in prop_oneof![1_i64..10_000_000, 1_i64..7_200_000_000, 1_i64..100_000_000_000],
            inside in 0.0_f64..1.0,
            grain in prop::sample::select(vec![1_u64, 1_000_000, 60_000_000, 86_400_000_000]),
            which in 0_usize..6,
            format in prop::sample::select(every_format()),
        ) {
            let from = day * 1_000_000 + start;
            let grain = Duration::from_micros(grain);
            let edges = Edges::from_text(ALL[which]).unwrap();
            // The row may have happened an hour after the time that its text is taken for.
            #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a point inside or close to it")]
            let happened = Instant::from_micros(from + (inside * (length as f64 + 4e9)) as i64);
            let wall = format.wall(happened);
            let cut = |wall: i64, grain| Instant::from_micros(wall).floor(grain).micros();
            let clock = format.read(&format.write(cut(wall, format.resolution()))).unwrap();
            let slice = slice(from, from + length);
            if !slice.window.contains(clock) {
                return Ok(());
            }
            let (from, to) = edges.bounds(slice.window, grain, &format);
            // A provider that compares what its wall shows.
            let (low, high) = (shown(&format, &from), to.as_deref().map(|to| shown(&format, to)));
            prop_assert!(passes(edges, low, high, cut(wall, grain)), "{format:?} {grain:?} {from} {to:?} {happened}");
            // A provider that compares instants: every bound means only one.
            prop_assert!(format.is_certain(low) && high.is_none_or(|high| format.is_certain(high)));
            if grain < Duration::from_mins(30) {
                let instant = |text: &str| format.read(text).unwrap().micros();
                let tick = happened.micros() - (wall - cut(wall, grain));
                let (low, high) = (instant(&from), to.as_deref().map(instant));
                prop_assert!(passes(edges, low, high, tick), "{format:?} {grain:?} {from} {to:?} {happened}");
            }
        }

        #[test]
        fn consecutive_windows_leave_no_gap_between_their_bounds(
            cut in 1_000_000_000_000_i64..4_000_000_000_000_000,
            which in 0_usize..4,
        ) {
            let edges = Edges::from_text(ALL[which]).unwrap();
            let day = 86_400_000_000;
            let bounds =
                |from, to| edges.bounds(slice(from, to).window, Duration::from_secs(1), &TimeFormat::Epoch.into());
            let (_, to) = bounds(cut - day, cut);
            let (from, _) = bounds(cut, cut + day);
            let (to, from): (i64, i64) = (to.unwrap().parse().unwrap(), from.parse().unwrap());
            for at in to - 2..=from + 2 {
                let first = passes(edges, 0, Some(to), at);
                let second = passes(edges, from, None, at);
                prop_assert!(first || second, "{:?} loses {at}", ALL[which]);
            }
        }
    }

    #[test]
    fn edges_as_providers_want_them() {
        let slice = slice(10_500_000, 20_000_000);
        let second = Duration::from_secs(1);
        let bounds = |text: &str| {
            Edges::from_text(text).unwrap().bounds(slice.window, second, &TimeFormat::Epoch.into())
        };
        assert_eq!(bounds("[)"), ("10".to_owned(), Some("20".to_owned())));
        assert_eq!(bounds("[]"), ("10".to_owned(), Some("19".to_owned())));
        assert_eq!(bounds("(]"), ("9".to_owned(), Some("19".to_owned())));
        assert_eq!(bounds("["), ("10".to_owned(), None));
        assert!(Edges::from_text("[[").is_err());
    }

    #[test]
    fn only_the_newest_window_of_an_open_feed_has_no_upper_bound() {
        let edges = Edges { open: true, ..Edges::default() };
        let bounds = |slice: &Slice| {
            edges.of(slice).bounds(slice.window, Duration::from_secs(1), &TimeFormat::Epoch.into()).1
        };
        let older = slice(0, 5_000_000);
        assert_eq!(bounds(&older), Some("5".to_owned()));
        assert_eq!(bounds(&Slice { newest: true, ..older }), None);
    }

    #[test]
    fn bounds_stay_clear_of_the_hour_that_comes_twice() {
        let zone = Some(chrono_tz::America::New_York);
        let wall = crate::wall_time::WallTime::new("%Y-%m-%d %H:%M", zone).unwrap();
        let format = ClockFormat::Wall(std::sync::Arc::new(wall));
        // 01:15 to 01:45, the first time round.
        let slice = slice(1_762_060_500_000_000, 1_762_062_300_000_000);
        let bounds = Edges::default().bounds(slice.window, Duration::from_mins(1), &format);
        assert_eq!(bounds, ("2025-11-02 00:45".to_owned(), Some("2025-11-02 02:15".to_owned())));
    }
}
