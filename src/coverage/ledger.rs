//! What a list of verified ranges says: which parts of a range it covers, where its holes are, how far it reaches.
//!
//! The ranges are sorted, and none touches another. Nothing here knows what the provider keeps or what is due.

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::window::Window;

/// The parts of `range` that `verified` does not cover.
#[must_use]
pub fn gaps(range: Window, verified: &[Window]) -> Vec<Window> {
    let mut gaps = Vec::new();
    let mut from = range.from();
    for known in verified {
        gaps.extend(Window::new(from, known.from().min(range.to())));
        from = from.max(known.to());
    }
    gaps.extend(Window::new(from, range.to()));
    gaps
}

/// The parts of `range` that `verified` covers.
pub(super) fn common(range: Window, verified: &[Window]) -> Vec<Window> {
    verified
        .iter()
        .filter_map(|known| Window::new(range.from().max(known.from()), range.to().min(known.to())))
        .collect()
}

/// The parts of some ranges that `verified` does not cover.
#[must_use]
pub fn without(ranges: &[Window], verified: &[Window]) -> Vec<Window> {
    ranges.iter().flat_map(|range| gaps(*range, verified)).collect()
}

/// The ranges between where coverage was asked to begin and its newest end that were never verified.
///
/// What is newer than that is no hole: no run has come to it yet.
#[must_use]
pub fn holes(verified: &[Window], begins: Option<Instant>) -> Vec<Window> {
    let whole = begins.zip(verified.last()).and_then(|(begins, last)| Window::new(begins, last.to()));
    whole.map_or_else(Vec::new, |whole| gaps(whole, verified))
}

/// The instant up to which coverage has no hole, from where it was asked to begin; ranges before that are somebody's own.
#[must_use]
pub fn verified_through(verified: &[Window], begins: Option<Instant>) -> Option<Instant> {
    let begins = begins?;
    verified.iter().find(|range| range.from() <= begins && begins < range.to()).map(Window::to)
}

/// The verified ranges at or after an instant: what is taken back by a rewind to it.
#[must_use]
pub fn from_on(verified: &[Window], to: Instant) -> Vec<Window> {
    verified.iter().filter_map(|range| Window::new(range.from().max(to), range.to())).collect()
}
