//! How a half-open window is said to a provider whose bounds include or exclude other edges, and tick more coarsely.
//!
//! The provider is taken to compare its clock at the declared grain. Bounds are widened, never narrowed: what lies
//! outside the window is dropped by whoever asked.

use std::time::Duration;

use super::checked::{Fault, FromText};
use super::words;
use crate::instant::{Instant, TimeFormat};
use crate::window::Window;

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
}

impl FromText for Edges {
    fn from_text(text: &str) -> Result<Self, Fault> {
        use Edge::{Excluded, Included};
        let edges = |lower, upper| Self { lower, upper };
        words::choose(
            "edges",
            text,
            &[
                ("[)", edges(Included, Some(Excluded))),
                ("[]", edges(Included, Some(Included))),
                ("(]", edges(Excluded, Some(Included))),
                ("()", edges(Excluded, Some(Excluded))),
                ("[", edges(Included, None)),
                ("(", edges(Excluded, None)),
            ],
        )
    }
}

impl Edges {
    /// The values of `{from}` and `{to}` that cover a window.
    #[must_use]
    pub fn bounds(self, window: Window, grain: Duration, format: TimeFormat) -> (String, Option<String>) {
        let grain = grain.max(format.resolution());
        let from = window.from().floor(grain);
        let from = match self.lower {
            Edge::Included => from,
            Edge::Excluded => from - grain,
        };
        let to = ceil(window.to(), grain);
        let to = self.upper.map(|edge| match edge {
            Edge::Excluded => to,
            Edge::Included => to - grain,
        });
        (format.write(from), to.map(|to| format.write(to)))
    }
}

/// The first multiple of `grain` at or after an instant.
fn ceil(at: Instant, grain: Duration) -> Instant {
    let floor = at.floor(grain);
    if floor == at { at } else { floor + grain }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [&str; 6] = ["[)", "[]", "(]", "()", "[", "("];

    /// A provider that compares at its grain: does it answer with an item?
    fn answers(edges: Edges, from: Instant, to: Option<Instant>, at: Instant) -> bool {
        let above = if edges.lower == Edge::Included { at >= from } else { at > from };
        let below = match (edges.upper, to) {
            (Some(Edge::Included), Some(to)) => at <= to,
            (Some(Edge::Excluded), Some(to)) => at < to,
            _ => true,
        };
        above && below
    }

    proptest! {
        #[test]
        fn no_edges_lose_an_instant_of_the_window(
            from in 0_i64..4_000_000_000_000_000,
            length in 1_i64..200_000_000_000,
            inside in 0.0_f64..1.0,
            grain in prop::sample::select(vec![1_u64, 1_000, 1_000_000, 60_000_000, 86_400_000_000]),
            which in 0_usize..6,
        ) {
            let window = Window::new(Instant::from_micros(from), Instant::from_micros(from + length)).unwrap();
            #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a point inside")]
            let at = Instant::from_micros(from + (inside * (length - 1) as f64) as i64);
            prop_assert!(window.contains(at));
            let edges = Edges::from_text(ALL[which]).unwrap();
            for format in [TimeFormat::Epoch, TimeFormat::EpochMs, TimeFormat::EpochUs, TimeFormat::Rfc3339, TimeFormat::Sql] {
                let grain = Duration::from_micros(grain).max(format.resolution());
                let (from, to) = edges.bounds(window, grain, format);
                let from = format.read(&from).unwrap();
                let to = to.map(|to| format.read(&to).unwrap());
                prop_assert!(answers(edges, from, to, at.floor(grain)), "{:?} {grain:?} {format:?}", ALL[which]);
            }
        }

        #[test]
        fn consecutive_windows_leave_no_gap_between_their_bounds(
            cut in 1_000_000_000_000_i64..4_000_000_000_000_000,
            which in 0_usize..4,
        ) {
            let edges = Edges::from_text(ALL[which]).unwrap();
            let day = 86_400_000_000;
            let grain = Duration::from_secs(1);
            let window = |from, to| Window::new(Instant::from_micros(from), Instant::from_micros(to)).unwrap();
            let (_, to) = edges.bounds(window(cut - day, cut), grain, TimeFormat::Epoch);
            let (from, _) = edges.bounds(window(cut, cut + day), grain, TimeFormat::Epoch);
            let (to, from): (i64, i64) = (to.unwrap().parse().unwrap(), from.parse().unwrap());
            for second in to - 2..=from + 2 {
                let at = Instant::from_micros(second * 1_000_000);
                let bound = |s: i64| Instant::from_micros(s * 1_000_000);
                let first = answers(edges, Instant::from_micros(0), Some(bound(to)), at);
                let second = answers(edges, bound(from), None, at);
                prop_assert!(first || second, "{:?} loses {at}", ALL[which]);
            }
        }
    }

    #[test]
    fn edges_as_providers_want_them() {
        let window = Window::new(Instant::from_micros(10_500_000), Instant::from_micros(20_000_000)).unwrap();
        let bounds = |text: &str| {
            Edges::from_text(text).unwrap().bounds(window, Duration::from_secs(1), TimeFormat::Epoch)
        };
        assert_eq!(bounds("[)"), ("10".to_owned(), Some("20".to_owned())));
        assert_eq!(bounds("[]"), ("10".to_owned(), Some("19".to_owned())));
        assert_eq!(bounds("(]"), ("9".to_owned(), Some("19".to_owned())));
        assert_eq!(bounds("["), ("10".to_owned(), None));
        assert!(Edges::from_text("[[").is_err());
    }
}
