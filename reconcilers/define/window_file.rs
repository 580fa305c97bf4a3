//! The `window`, `order` and `overlap_scan` of a feed, as written and as meant.

use std::time::Duration;

use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::Deserialize;

use super::checked::{Checked, Fault, Placed, Word};
use super::clock_file::{FormatWord, clock_format};
use super::document::Problems;
use super::edges::Edges;
use super::problem::Spot;
use super::reader::Signal;
use super::span_file::SpanFile;
use super::value::Length;
use crate::clock_format::ClockFormat;
use crate::path::Path;
use crate::reconciler::{Cap, ClockKind, Cure, Feed, Filter, NO_CLOCK, Order, OverlapScan};
use crate::spoken::Spoken;

/// The member by which the API filters, and how.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WindowFile {
    /// The path of that member, or `none` for items without any time.
    clock: Checked<Path>,
    /// How it is written: a word, or a pattern such as `%Y-%m-%d %H:%M`. Needed unless `clock: none`.
    #[serde(rename = "as")]
    format: Option<Checked<FormatWord>>,
    /// Whose clocks times without an offset are of; UTC where this is left out.
    zone: Option<Checked<Tz>>,
    /// The shortest step of the API's own comparison; that of the format where this is left out.
    grain: Option<Checked<Length>>,
    /// Which bounds belong to a range.
    #[schemars(extend("default" = "[)"))]
    edges: Option<Checked<Edges>>,
    /// The range of one slice: a day, and a year where there is only a lower bound, where this is left out.
    span: Option<Placed<SpanFile>>,
    /// How long the API keeps what it lists.
    keep: Option<Checked<Length>>,
    /// How late an item may appear in the list.
    #[schemars(extend("default" = "0s"))]
    lag: Option<Checked<Length>>,
    /// How far below the verified range each run begins again.
    #[schemars(extend("default" = "0s"))]
    overlap: Option<Checked<Length>>,
    /// Where the answer says up to when it is whole.
    ceiling: Option<Checked<Signal>>,
    /// Who applies the window: the API, or tieout, which then reads the list whole.
    #[schemars(extend("default" = "server"))]
    filter: Option<Checked<Filter>>,
    /// Whether the newest window is asked for without an upper bound.
    #[schemars(extend("default" = false))]
    open: Option<Placed<bool>>,
    /// How many rows the API lists of one window at most, and what to do then.
    cap: Option<Placed<CapFile>>,
    /// What the clock measures, where `order` does not say.
    on: Option<Checked<ClockKind>>,
}

/// How far back verified ranges are read again, and how often.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OverlapFile {
    /// How far back.
    back: Checked<Length>,
    /// How often.
    every: Checked<Length>,
}

/// How many rows the API lists of one window at most.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CapFile {
    /// That number.
    rows: Placed<u64>,
    /// What to do: read the halves, or begin anew behind the last id.
    then: Option<Checked<Cure>>,
    /// Of `rekey`: the path of the id; that of the key where this is left out.
    key: Option<Checked<Path>>,
}

impl Word for Filter {
    const WHAT: &'static str = "filter";

    fn words() -> Vec<(&'static str, Self)> {
        vec![("server", Self::Server), ("client", Self::Client)]
    }
}

impl Word for ClockKind {
    const WHAT: &'static str = "clock";

    fn words() -> Vec<(&'static str, Self)> {
        vec![("created", Self::Created), ("updated", Self::Updated)]
    }
}

impl Word for Cure {
    const WHAT: &'static str = "cure";

    fn words() -> Vec<(&'static str, Self)> {
        vec![("halve", Self::Halve), ("rekey", Self::Rekey)]
    }
}

/// What a feed guarantees about the order of its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum OrderWord {
    /// Along a clock.
    Along(ClockKind, Order),
    /// Along the ids, smallest first.
    Id,
    /// None.
    #[default]
    None,
}

impl Word for OrderWord {
    const WHAT: &'static str = "order";

    fn words() -> Vec<(&'static str, Self)> {
        use ClockKind::{Created, Updated};
        vec![
            ("created desc", Self::Along(Created, Order::Descending)),
            ("created asc", Self::Along(Created, Order::Ascending)),
            ("updated desc", Self::Along(Updated, Order::Descending)),
            ("updated asc", Self::Along(Updated, Order::Ascending)),
            ("id asc", Self::Id),
            ("none", Self::None),
        ]
    }
}

/// The window of a feed: what a run needs to know, and how its bounds are said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WindowDefinition {
    pub(super) feed: Feed,
    /// Where a row has it; nothing where it has none.
    pub(super) clock: Option<Path>,
    pub(super) edges: Edges,
    /// Where a page says up to when it is whole.
    pub(super) ceiling: Option<Signal>,
    /// Where a row has the id that a query can begin behind, if that is not its key.
    pub(super) rekey: Option<Path>,
    pub(super) sorted: OrderWord,
    /// Where the order is written, or the window if it is not.
    pub(super) order_spot: Spot,
}

impl WindowDefinition {
    pub(super) fn compile(
        window: Placed<WindowFile>,
        order: Option<Checked<OrderWord>>,
        mutable: bool,
        overlap: Option<OverlapFile>,
        problems: &mut Problems<'_>,
    ) -> Option<Self> {
        let (spot, mut file) = (window.spot, window.value);
        if file.clock.outcome.as_ref().is_ok_and(|path| path.to_string() == NO_CLOCK) {
            return Some(file.compile_without_clock(spot, order, mutable, overlap.as_ref(), problems));
        }
        let order_spot = order.as_ref().map_or(spot, |order| order.spot);
        let sorted = problems.take_option(order).unwrap_or_default();
        let on = problems.take_option(file.on.take());
        let (clock_kind, order) = match (sorted, on) {
            // An order along another clock than the window's is of no use to it.
            (OrderWord::Along(kind, _), Some(on)) if kind != on => (Some(on), Order::None),
            (OrderWord::Along(kind, order), _) => (Some(kind), order),
            (OrderWord::Id | OrderWord::None, on) => (on, Order::None),
        };
        let filter = problems.take_option(file.filter.take()).unwrap_or_default();
        if filter == Filter::Client {
            file.doubt_what_the_provider_would_do(problems);
        }
        let clock = problems.take(file.clock);
        let Some(format) = file.format else {
            let help =
                "say `as: epoch`, or another format; `clock: none` is for items that have no time at all";
            problems.add(spot, Fault::new("the key `as` is missing in this block").with_help(help));
            return None;
        };
        let format = clock_format(format, file.zone, problems);
        let grain = format.as_ref().and_then(|format| grain(file.grain, format, problems));
        let (cap, rekey) = file.cap.map_or((None, None), |cap| compile_cap(cap, sorted, problems));
        let overlap = overlap.and_then(|overlap| {
            let back = length_above_zero(Some(overlap.back), problems)?;
            Some(OverlapScan { back, every: length_above_zero(Some(overlap.every), problems)? })
        });
        let edges = problems.take_option(file.edges).unwrap_or_default();
        let span = SpanFile::compile(file.span, edges, grain.unwrap_or_default(), problems);
        let open = file.open.is_some_and(|open| open.value);
        let feed = Feed {
            lag: length(file.lag, problems).unwrap_or_default(),
            margin: length(file.overlap, problems).unwrap_or_default(),
            retention: length_above_zero(file.keep, problems),
            clock: clock.as_ref().map(ToString::to_string).unwrap_or_default(),
            clock_format: format?,
            clock_kind,
            order,
            filter,
            mutable,
            grain: grain?,
            span: span.prefer,
            max_span: span.max,
            min_span: span.min,
            cap,
            open: open || edges.upper.is_none(),
            overlap,
            ..Feed::default()
        };
        let ceiling = problems.take_option(file.ceiling);
        let edges = Edges { open, ..edges };
        Some(Self { feed, clock: Some(clock?), edges, ceiling, rekey, sorted, order_spot })
    }
}

impl WindowFile {
    /// The window of a feed whose items have no time: there is none, and the feed is walked whole.
    fn compile_without_clock(
        self,
        spot: Spot,
        order: Option<Checked<OrderWord>>,
        mutable: bool,
        overlap: Option<&OverlapFile>,
        problems: &mut Problems<'_>,
    ) -> WindowDefinition {
        let stray = [
            ("as", self.format.as_ref().map(|word| word.spot)),
            ("zone", self.zone.as_ref().map(|word| word.spot)),
            ("grain", self.grain.as_ref().map(|word| word.spot)),
            ("edges", self.edges.as_ref().map(|word| word.spot)),
            ("span", self.span.as_ref().map(|word| word.spot)),
            ("keep", self.keep.as_ref().map(|word| word.spot)),
            ("overlap", self.overlap.as_ref().map(|word| word.spot)),
            ("filter", self.filter.as_ref().map(|word| word.spot)),
            ("open", self.open.as_ref().map(|word| word.spot)),
            ("on", self.on.as_ref().map(|word| word.spot)),
            ("overlap_scan", overlap.map(|overlap| overlap.back.spot)),
        ];
        for (word, spot) in stray.into_iter().filter_map(|(word, spot)| Some((word, spot?))) {
            let fault = Fault::new(format!("`{word}` means nothing beside `clock: none`"));
            problems.add(spot, fault.with_help("the feed is read whole every time; leave the word out"));
        }
        let order_spot = order.as_ref().map_or(spot, |order| order.spot);
        let sorted = problems.take_option(order).unwrap_or_default();
        let (cap, rekey) = self.cap.map_or((None, None), |cap| compile_cap(cap, sorted, problems));
        let feed = Feed {
            clock: NO_CLOCK.to_owned(),
            timeless: true,
            filter: Filter::Client,
            lag: length(self.lag, problems).unwrap_or_default(),
            mutable,
            cap,
            ..Feed::default()
        };
        let ceiling = problems.take_option(self.ceiling);
        WindowDefinition { feed, clock: None, edges: Edges::default(), ceiling, rekey, sorted, order_spot }
    }

    /// Words that say how the provider filters have no meaning where we do.
    fn doubt_what_the_provider_would_do(&self, problems: &mut Problems<'_>) {
        let given = [
            ("edges", self.edges.as_ref().map(|word| word.spot)),
            ("span", self.span.as_ref().map(|word| word.spot)),
            ("open", self.open.as_ref().map(|word| word.spot)),
            ("overlap", self.overlap.as_ref().map(|word| word.spot)),
        ];
        for (word, spot) in given {
            if let Some(spot) = spot {
                let fault = Fault::new(format!("`{word}` means nothing beside `filter: client`"));
                problems.warn(spot, fault.with_help("the feed is read whole every time; leave the word out"));
            }
        }
    }
}

/// The provider's grain. Bounds have to name every tick of it.
fn grain(
    written: Option<Checked<Length>>,
    format: &ClockFormat,
    problems: &mut Problems<'_>,
) -> Option<Duration> {
    let Some(written) = written else { return Some(format.resolution()) };
    let spot = written.spot;
    let grain = problems.take(written)?.0;
    if grain < format.resolution() {
        let coarse = humantime::format_duration(format.resolution());
        let message = format!(
            "the times of this format are told apart by {}, which is coarser than the grain",
            Spoken(format.resolution())
        );
        let help = format!("say `grain: {coarse}`, or a format that shows more of the time");
        problems.add(spot, Fault::new(message).with_help(help));
        return None;
    }
    Some(grain)
}

fn compile_cap(
    cap: Placed<CapFile>,
    sorted: OrderWord,
    problems: &mut Problems<'_>,
) -> (Option<Cap>, Option<Path>) {
    let (spot, file) = (cap.spot, cap.value);
    if file.rows.value == 0 {
        problems.add(file.rows.spot, Fault::new("a cap of no rows lets nothing be read"));
    }
    if file.then.is_none() {
        let help = "say `then: halve`, or `then: rekey` where more rows than the cap can share one instant";
        let fault = Fault::new("the cap does not say how the rows behind it are reached");
        problems.add(spot, fault.with_help(help));
    }
    let then = problems.take_option(file.then);
    if then == Some(Cure::Rekey) && sorted != OrderWord::Id {
        let help = "sort by the id and say `order: id asc`, or say `then: halve`";
        problems.add(
            spot,
            Fault::new("only a list in the order of its ids can begin anew behind one").with_help(help),
        );
    }
    if let (Some(Cure::Halve), Some(key)) = (then, &file.key) {
        problems.add(key.spot, Fault::new("`key` means nothing beside `then: halve`"));
    }
    (then.map(|then| Cap { rows: file.rows.value, then }), problems.take_option(file.key))
}

fn length(checked: Option<Checked<Length>>, problems: &mut Problems<'_>) -> Option<Duration> {
    problems.take_option(checked).map(|length| length.0)
}

pub(super) fn length_above_zero(
    checked: Option<Checked<Length>>,
    problems: &mut Problems<'_>,
) -> Option<Duration> {
    let spot = checked.as_ref()?.spot;
    let length = length(checked, problems)?;
    if length.is_zero() {
        problems.add(spot, Fault::new("this duration must be longer than zero"));
    }
    Some(length)
}
