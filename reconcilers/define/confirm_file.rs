//! The `confirm` block of a feed, as it is written and as it is meant.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::absence::GoneFile;
use super::body::TreeFile;
use super::checked::{Checked, Fault, FromText, Ordered, Placed};
use super::confirm::{ConfirmDefinition, Many, Search};
use super::document::Problems;
use super::line_or_words::{LineOrWords, Words};
use super::placeholder::{Placeholder, Slot};
use super::problem::Spot;
use super::request::RequestTemplate;
use super::request_file::{Encode, Ground, RequestFile};
use super::request_line::RequestLine;
use super::rows_file::{RowsDefinition, RowsFile};
use super::slots::Slots;
use super::template::Template;
use super::value::Length;
use super::words;
use crate::path::Path;
use crate::reconciler::{ClockKind, Feed, Filter};

/// How many keys one look-up asks about where a definition does not say.
const DEFAULT_MAX: usize = 100;

/// What a look-up of one item is made of.
const ONE_WORDS: [&str; 7] = ["request", "query", "headers", "body", "encode", "graphql", "vars"];

/// How an item is looked up by its key: `one`, `many` or `search`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ConfirmFile {
    /// One item by its key: on one line, or with its words.
    one: Option<Placed<OneFile>>,
    /// Several items in one request.
    many: Option<Placed<ManyFile>>,
    /// The list itself, filtered by the key.
    search: Option<Placed<LookUpFile>>,
    /// What of the answer to `one` is the item.
    unwrap: Option<Checked<Path>>,
    /// How the API says that there is no such item.
    gone: Option<Placed<GoneFile>>,
    /// How long an item must have been missing before that is believed.
    after: Option<Checked<Length>>,
    /// Whether the list shows only a part of each item.
    #[serde(default)]
    hydrate: bool,
}

/// A request for one item, with its words.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LookUpFile {
    /// What is asked for: `GET /orders/{id}`; in `search` the feed's own request where this is left out.
    request: Option<Checked<RequestLine>>,
    /// Parameters of the query. One whose placeholders are all unset is left out.
    #[serde(default)]
    query: Ordered<Checked<Template>>,
    /// Headers of the request. One whose placeholders are all unset is left out.
    #[serde(default)]
    headers: Ordered<Checked<Template>>,
    /// The body, as a tree; a text that is nothing but a placeholder keeps its type.
    body: Option<TreeFile>,
    /// How the body is written.
    #[schemars(extend("default" = "json"))]
    encode: Option<Checked<Encode>>,
    /// A GraphQL query that is posted in the place of a body.
    graphql: Option<Checked<String>>,
    /// The variables of the GraphQL query.
    vars: Option<TreeFile>,
    /// Where the rows of the answer are; as in the feed where this is left out.
    rows: Option<Placed<RowsFile>>,
    /// Of `search`: how far around the item's clock the list is searched: `window`, or a duration.
    within: Option<Checked<Within>>,
}

/// A request for several items.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ManyFile {
    /// What is asked for; it knows `{ids}`. The feed's own request where this is left out.
    request: Option<Checked<RequestLine>>,
    /// Parameters of the query. One whose placeholders are all unset is left out.
    #[serde(default)]
    query: Ordered<Checked<Template>>,
    /// Headers of the request. One whose placeholders are all unset is left out.
    #[serde(default)]
    headers: Ordered<Checked<Template>>,
    /// The body, as a tree; a text that is nothing but a placeholder keeps its type.
    body: Option<TreeFile>,
    /// How the body is written.
    #[schemars(extend("default" = "json"))]
    encode: Option<Checked<Encode>>,
    /// A GraphQL query that is posted in the place of a body.
    graphql: Option<Checked<String>>,
    /// The variables of the GraphQL query.
    vars: Option<TreeFile>,
    /// What each key is in the list `{ids}` of a body.
    ids_as: Option<TreeFile>,
    /// How many keys one request may name.
    #[schemars(extend("default" = DEFAULT_MAX))]
    max: Option<Placed<usize>>,
    /// Where the rows of the answer are.
    rows: Placed<RowsFile>,
}

/// A look-up of one item: a request on one line, or its words.
type OneFile = LineOrWords<LookUpFile>;

impl Words for LookUpFile {
    type Line = RequestLine;
    const EXPECTED: &'static str =
        "a request such as `GET /orders/{id}`, or a mapping with `request` or `graphql`";
}

/// How far around an item's clock a search looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    /// As far as a slice of the feed is long.
    Window,
    /// This far to either side.
    Reach(Duration),
}

impl FromText for Within {
    const WHAT: &'static str = "`window` or duration";
    const EXAMPLES: &'static [&'static str] = &["window", "12h"];

    fn from_text(text: &str) -> Result<Self, Fault> {
        if text == "window" {
            return Ok(Self::Window);
        }
        let length = Length::from_text(text).map_err(|_| words::refuse("range", text, &["window", "12h"]))?;
        if length.0.is_zero() {
            return Err(Fault::new("a range of nothing finds nothing"));
        }
        Ok(Self::Reach(length.0))
    }
}

/// What look-ups have from their feed.
pub(super) struct FeedGround<'g> {
    /// The provider's headers that differ between the members of a fan-out.
    pub(super) headers: &'g [(String, Template)],
    /// The feed's own request, as it is written.
    pub(super) request: &'g RequestFile,
    /// The placeholders of the feed's own request.
    pub(super) slots: &'g Slots,
    /// Where the rows of the feed are.
    pub(super) rows: &'g RowsDefinition,
    /// What its window is like.
    pub(super) window: &'g Feed,
    /// Whether that request begins a job.
    pub(super) is_export: bool,
}

impl FeedGround<'_> {
    fn line(&self) -> Option<&RequestLine> {
        self.request.line.as_ref()?.outcome.as_ref().ok()
    }

    /// What a look-up can use that knows `own`.
    fn own(&self, own: Slot) -> Slots {
        let why = "a look-up knows `{id}` in `one` and `search`, and `{ids}` in `many`".to_owned();
        Slots { always: vec![own], sometimes: Vec::new(), why, ..self.slots.clone() }
    }

    /// How far a search looks around an item's clock, so that the whole range is one that the provider takes.
    fn reach(&self, within: Within, spot: Spot, problems: &mut Problems<'_>) -> Duration {
        let Feed { span, max_span, grain, clock_format, clock_kind, filter, .. } = self.window;
        let mut refuse = |message: &str, help: &str| problems.add(spot, Fault::new(message).with_help(help));
        if *filter == Filter::Client || *clock_kind != Some(ClockKind::Created) {
            refuse(
                "only a clock that the provider filters by and that never moves says where to look for an item",
                "say `on: created` in `window` if it is one; an item that may have moved needs a look-up by its key alone",
            );
        }
        // Bounds are widened to what the provider compares.
        let step = (*grain).max(clock_format.resolution());
        let longest = max_span.map(|most| most.saturating_sub(step * 2) / 2);
        match within {
            Within::Window => longest.map_or(*span, |longest| longest.min(*span)),
            Within::Reach(reach) => {
                if longest.is_some_and(|longest| reach > longest) {
                    refuse(
                        "the range to either side is longer than the provider takes",
                        "see `span: {max: ...}` of `window`",
                    );
                }
                reach
            }
        }
    }

    fn compile(
        &self,
        file: RequestFile,
        slots: &Slots,
        spot: Spot,
        problems: &mut Problems<'_>,
    ) -> Option<RequestTemplate> {
        let ground = Ground { slots, headers: self.headers, line: self.line(), spot };
        file.compile(&ground, problems)
    }
}

impl ConfirmFile {
    pub(super) fn compile(
        self,
        spot: Spot,
        feed: &FeedGround<'_>,
        problems: &mut Problems<'_>,
    ) -> Option<ConfirmDefinition> {
        if self.one.is_none() && self.many.is_none() && self.search.is_none() {
            let help =
                "say `one: \"GET /path/{id}\"`, `many` or `search`; every suspect is looked up by its key";
            problems.add(spot, Fault::new("`confirm` needs `one`, `many` or `search`").with_help(help));
        }
        if let (Some(unwrap), None) = (&self.unwrap, &self.one) {
            let fault =
                Fault::new("`unwrap` says where the item is in the answer of `one`, which is not there");
            problems.add(unwrap.spot, fault);
        }
        let unwrap = problems.take_option(self.unwrap);
        let had = [self.one.is_some(), self.many.is_some(), self.search.is_some()];
        let one = self.one.and_then(|one| one.value.compile(one.spot, feed, problems));
        let many = self.many.and_then(|many| many.value.compile(many.spot, feed, problems));
        let search = self.search.and_then(|search| search.value.search(search.spot, feed, problems));
        let gone = self.gone.map(|gone| {
            let spot = gone.spot;
            let gone = gone.value.compile(spot, problems);
            if gone.lists_keys() && (!had[1] || feed.slots.parts > 1) {
                let fault = Fault::new("`keys` names the keys in the answer of `many`, each in one text");
                problems.add(spot, fault.with_help("use it with `many` and a key of one part"));
            }
            gone
        });
        let after = problems.take_option(self.after).map(|after| after.0).unwrap_or_default();
        let has = [one.is_some(), many.is_some(), search.is_some()];
        (had == has).then(|| ConfirmDefinition {
            one,
            many,
            search,
            unwrap,
            hydrate: self.hydrate,
            gone: gone.unwrap_or_default(),
            after,
        })
    }
}

impl OneFile {
    fn compile(
        self,
        spot: Spot,
        feed: &FeedGround<'_>,
        problems: &mut Problems<'_>,
    ) -> Option<RequestTemplate> {
        let words = match self {
            Self::Line(outcome) => {
                LookUpFile { request: Some(Checked { spot, outcome }), ..LookUpFile::default() }
            }
            Self::Words(words) => *words,
        };
        if let Some(within) = &words.within {
            problems.add(within.spot, words::refuse("key", "within", &ONE_WORDS));
        }
        if let Some(rows) = &words.rows {
            let fault = words::refuse("key", "rows", &ONE_WORDS);
            let help = "say where the item is beside `one`: `unwrap: data.order`";
            problems.add(rows.spot, fault.with_help(help));
        }
        if words.request.is_none() && words.graphql.is_none() {
            problems.add(spot, Fault::new("`one` names no `request`"));
            return None;
        }
        let (file, ..) = words.parts();
        let request = feed.compile(file, &feed.own(Slot::Id), spot, problems)?;
        asks_for_one(&request, "the look-up of one item", spot, problems);
        Some(request)
    }
}

fn asks_for_one(request: &RequestTemplate, what: &str, spot: Spot, problems: &mut Problems<'_>) {
    let uses = |place: &&Placeholder| matches!(place.slot, Slot::Id | Slot::IdPart(_));
    if !request.places().iter().any(uses) {
        problems.add(spot, Fault::new(format!("{what} does not use `{{id}}`")));
    }
}

impl LookUpFile {
    fn parts(self) -> (RequestFile, Option<Placed<RowsFile>>, Option<Checked<Within>>) {
        let file = RequestFile {
            line: self.request,
            query: self.query,
            headers: self.headers,
            body: self.body,
            encode: self.encode,
            graphql: self.graphql,
            vars: self.vars,
            ids_as: None,
        };
        (file, self.rows, self.within)
    }

    /// A search: a request of its own, or the feed's with some words changed.
    fn search(self, spot: Spot, feed: &FeedGround<'_>, problems: &mut Problems<'_>) -> Option<Search> {
        let (mut file, rows, within) = self.parts();
        let within_spot = within.as_ref().map(|within| within.spot).unwrap_or_default();
        let within = problems.take_option(within).map(|within| feed.reach(within, within_spot, problems));
        let mut slots = feed.own(Slot::Id);
        if file.line.is_none() && feed.is_export {
            let fault = Fault::new("an export is not searched for one item");
            problems
                .add(spot, fault.with_help("name the `request` of a list that can be filtered by the key"));
            return None;
        }
        let is_bound = |slot: &Slot| matches!(slot, Slot::From | Slot::To);
        let bounds: Vec<Slot> = feed
            .slots
            .always
            .iter()
            .chain(&feed.slots.sometimes)
            .filter(|slot| is_bound(slot))
            .cloned()
            .collect();
        if within.is_some() {
            slots.always.extend(bounds.iter().cloned());
        }
        if file.line.is_none() {
            file = feed.request.clone().changed(file);
            // Neither a window nor a cursor narrows the search.
            let narrowing = [Slot::From, Slot::To, Slot::Cursor, Slot::Rekey, Slot::Token];
            let (sometimes, always): (Vec<_>, Vec<_>) =
                feed.slots.always.iter().cloned().partition(|slot| narrowing.contains(slot));
            slots.always.extend(always);
            let sometimes = sometimes.into_iter().filter(|slot| within.is_none() || !is_bound(slot));
            let others = feed.slots.sometimes.iter().filter(|slot| within.is_none() || !is_bound(slot));
            slots.sometimes.extend(sometimes.chain(others.cloned()));
        }
        let rows = match rows {
            Some(rows) => rows.value.compile(rows.spot, problems)?,
            None => (feed.rows.shape.rows.clone(), feed.rows.shape.unwrap.clone()),
        };
        let request = feed.compile(file, &slots, spot, problems)?;
        asks_for_one(&request, "the search", spot, problems);
        if let Some(unused) = bounds.iter().find(|slot| within.is_some() && !request.uses(slot)) {
            let fault = Fault::new(format!("the search looks within a range and does not send `{unused}`"));
            problems.add(within_spot, fault);
        }
        Some(Search { request, rows, within })
    }
}

impl ManyFile {
    fn compile(self, spot: Spot, feed: &FeedGround<'_>, problems: &mut Problems<'_>) -> Option<Many> {
        let max = self.max.map_or(DEFAULT_MAX, |max| {
            if max.value == 0 {
                problems.add(max.spot, Fault::new("`max` must be at least 1"));
            }
            max.value.max(1)
        });
        let rows = self.rows.value.compile(self.rows.spot, problems);
        let file = RequestFile {
            line: self.request,
            query: self.query,
            headers: self.headers,
            body: self.body,
            encode: self.encode,
            graphql: self.graphql,
            vars: self.vars,
            ids_as: self.ids_as,
        };
        if file.line.is_none() && file.graphql.is_none() {
            problems.add(spot, Fault::new("`many` names no `request`"));
            return None;
        }
        let request = feed.compile(file, &feed.own(Slot::Ids), spot, problems)?;
        if !request.uses(&Slot::Ids) {
            let fault = Fault::new("the look-up of several items does not use `{ids}`");
            problems.add(spot, fault.with_help("write `{ids}` for a list or `{ids:csv}` in a text"));
        }
        Some(Many { request, max, rows: rows? })
    }
}
