//! The `window`, `order` and `overlap_scan` of a feed, as written and as meant, with the doubts they raise.

use std::time::Duration;

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::checked::{Checked, Fault, FromText};
use super::document::Problems;
use super::edges::{Edge, Edges};
use super::problem::Spot;
use super::value::Length;
use super::words;
use crate::instant::TimeFormat;
use crate::path::Path;
use crate::reconciler::{ClockKind, Feed, Filter, Order, OverlapScan};

/// The longest window of one slice where a definition does not say.
const DEFAULT_SPAN: Duration = Duration::from_hours(24);

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WindowFile {
    clock: Checked<Path>,
    #[serde(rename = "as")]
    format: Checked<TimeFormat>,
    grain: Option<Checked<Length>>,
    edges: Option<Checked<Edges>>,
    span: Option<Checked<Length>>,
    lag: Option<Checked<Length>>,
    filter: Option<Checked<Filter>>,
    #[serde(default)]
    open: bool,
    on: Option<Checked<ClockKind>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OverlapFile {
    back: Checked<Length>,
    every: Checked<Length>,
}

impl FromText for Filter {
    fn from_text(text: &str) -> Result<Self, Fault> {
        words::choose("filter", text, &[("server", Self::Server), ("client", Self::Client)])
    }
}

impl FromText for ClockKind {
    fn from_text(text: &str) -> Result<Self, Fault> {
        words::choose("clock", text, &[("created", Self::Created), ("updated", Self::Updated)])
    }
}

/// What a feed guarantees about the order of its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OrderWord {
    /// Along a clock.
    Along(ClockKind, Order),
    /// Along the ids, or none: nothing that a window could use.
    Other,
}

impl FromText for OrderWord {
    fn from_text(text: &str) -> Result<Self, Fault> {
        use ClockKind::{Created, Updated};
        words::choose(
            "order",
            text,
            &[
                ("created desc", Self::Along(Created, Order::Descending)),
                ("created asc", Self::Along(Created, Order::Ascending)),
                ("updated desc", Self::Along(Updated, Order::Descending)),
                ("updated asc", Self::Along(Updated, Order::Ascending)),
                ("id asc", Self::Other),
                ("none", Self::Other),
            ],
        )
    }
}

/// The window of a feed: what a run needs to know, and how its bounds are said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WindowDefinition {
    pub(super) feed: Feed,
    pub(super) clock: Path,
    pub(super) edges: Edges,
}

impl WindowDefinition {
    pub(super) fn compile(
        window: Spanned<WindowFile>,
        order: Option<Checked<OrderWord>>,
        mutable: bool,
        overlap: Option<OverlapFile>,
        problems: &mut Problems<'_>,
    ) -> Option<Self> {
        let (spot, file) = (Spot::from(window.referenced), window.value);
        let order_spot = order.as_ref().map_or(spot, |order| order.spot);
        let on = problems.take_option(file.on);
        let (clock_kind, order) = match (problems.take_option(order), on) {
            // An order along another clock than the window's is of no use to it.
            (Some(OrderWord::Along(kind, _)), Some(on)) if kind != on => (Some(on), Order::None),
            (Some(OrderWord::Along(kind, order)), _) => (Some(kind), order),
            (Some(OrderWord::Other) | None, on) => (on, Order::None),
        };
        let (clock, format) = (problems.take(file.clock), problems.take(file.format));
        let grain = length(file.grain, problems);
        let span = length_above_zero(file.span, problems).unwrap_or(DEFAULT_SPAN);
        let lag = length(file.lag, problems).unwrap_or_default();
        let filter = problems.take_option(file.filter).unwrap_or_default();
        let edges = problems.take_option(file.edges);
        let overlap = overlap.and_then(|overlap| {
            let back = length_above_zero(Some(overlap.back), problems)?;
            Some(OverlapScan { back, every: length_above_zero(Some(overlap.every), problems)? })
        });
        let (clock, format) = (clock?, format?);
        let feed = Feed {
            clock: clock.to_string(),
            clock_format: format,
            clock_kind,
            order,
            filter,
            mutable,
            lag,
            grain: grain.unwrap_or_default().max(format.resolution()),
            span,
            overlap,
            ..Feed::default()
        };
        doubts(&feed, spot, order_spot, problems);
        let whole = Edges { lower: Edge::Included, upper: Some(Edge::Excluded) };
        let mut edges = edges.unwrap_or(whole);
        if file.open {
            edges.upper = None;
        }
        Some(Self { feed, clock, edges })
    }
}

fn length(checked: Option<Checked<Length>>, problems: &mut Problems<'_>) -> Option<Duration> {
    problems.take_option(checked).map(|length| length.0)
}

fn length_above_zero(checked: Option<Checked<Length>>, problems: &mut Problems<'_>) -> Option<Duration> {
    let spot = checked.as_ref()?.spot;
    let length = length(checked, problems)?;
    if length.is_zero() {
        problems.add(spot, Fault::new("this duration must be longer than zero"));
    }
    Some(length)
}

/// What is legal and rarely meant.
fn doubts(feed: &Feed, spot: Spot, order_spot: Spot, problems: &mut Problems<'_>) {
    if feed.filter == Filter::Client {
        return;
    }
    match feed.clock_kind {
        Some(ClockKind::Created) if feed.mutable && feed.overlap.is_none() => problems.warn(
            spot,
            Fault::new(
                "items of this feed change after their window was verified, and nothing reads them again",
            )
            .with_help(
                "say `overlap_scan: {back: 30d, every: 1d}`, or `mutable: false` if they never change",
            ),
        ),
        Some(ClockKind::Updated) if feed.order == Order::Descending => problems.warn(
            order_spot,
            Fault::new("an item that changes during the walk moves to pages that were read already")
                .with_help("ask for `updated asc` if the provider offers it"),
        ),
        None => problems.warn(
            spot,
            Fault::new(
                "nothing says what the window's clock measures, so nothing missing upstream can be proved",
            )
            .with_help("say `on: created` or `on: updated`"),
        ),
        _ => {}
    }
}
