//! A feed of a provider file: one list endpoint, compiled.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::body::TreeFile;
use super::checked::{Checked, Fault, Ordered};
use super::confirm::ConfirmDefinition;
use super::confirm_file::{ConfirmFile, FeedGround};
use super::document::Problems;
use super::each_file::{EachDefinition, EachFile};
use super::edges::Edges;
use super::events_file::{EventsDefinition, EventsFile};
use super::fill::Bounds;
use super::gone_file::{GoneIf, GoneIfFile};
use super::id_file::IdFile;
use super::lang::Lang;
use super::lint::{self, Spots};
use super::nested_file::NestedFile;
use super::next_file::NextFile;
use super::paging::{By, CursorStart, First, Keep, Paging};
use super::problem::{Problem, Spot};
use super::reader::Reader;
use super::request::RequestTemplate;
use super::request_file::{Encode, Ground, RequestFile};
use super::request_line::RequestLine;
use super::rows_file::{FormatWord, RowsDefinition, RowsFile, RowsWords};
use super::slots::Slots;
use super::template::{Known, Slot, Template};
use super::window_file::{OrderWord, OverlapFile, WindowDefinition, WindowFile};
use super::words;
use crate::format::{Children, Unpack};
use crate::path::Path;
use crate::projection::{At, MAP_KEY};
use crate::reconciler::{Cap, Cure, Feed, Filter};
use crate::window::{Purpose, Slice, Window};

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FeedFile {
    request: Checked<RequestLine>,
    #[serde(default)]
    query: Ordered<Checked<Template>>,
    #[serde(default)]
    headers: Ordered<Checked<Template>>,
    body: Option<TreeFile>,
    encode: Option<Checked<Encode>>,
    graphql: Option<Checked<String>>,
    vars: Option<TreeFile>,
    lang: Option<Checked<Lang>>,
    each: Option<EachFile>,
    rows: Option<Spanned<RowsFile>>,
    unwrap: Option<Checked<Path>>,
    explode: Option<Checked<At>>,
    scalar: Option<Checked<String>>,
    format: Option<Checked<FormatWord>>,
    unpack: Option<Checked<Unpack>>,
    children: Option<Checked<Children>>,
    #[serde(default)]
    nested: Vec<NestedFile>,
    gone_if: Option<Spanned<GoneIfFile>>,
    id: IdFile,
    version: Option<Checked<Path>>,
    order: Option<Checked<OrderWord>>,
    mutable: Option<bool>,
    next: Spanned<NextFile>,
    window: Spanned<WindowFile>,
    overlap_scan: Option<OverlapFile>,
    confirm: Option<Spanned<ConfirmFile>>,
    events: Option<EventsFile>,
}

/// One list endpoint of a provider.
#[derive(Debug, Clone)]
pub struct FeedDefinition {
    /// What a run needs to know.
    pub feed: Feed,
    /// Where the rows of a page are, and what they are.
    pub rows: RowsDefinition,
    /// Where the parts of the key of a row are; one for most feeds.
    pub id: Vec<Path>,
    /// Where the clock of a row is.
    pub clock: Path,
    /// Where the change marker of a row is.
    pub version: Option<Path>,
    /// What is legal and rarely meant.
    pub warnings: Vec<Problem>,
    pub(super) request: RequestTemplate,
    pub(super) paging: Paging,
    pub(super) edges: Edges,
    /// Where a page says up to when it is whole.
    pub(super) ceiling: Option<Reader>,
    /// Where a row has the id that a query can begin behind, where a cap makes it do so.
    pub(super) rekey: Option<Path>,
    pub(super) confirm: ConfirmDefinition,
    /// For whom it is read, where it says so itself.
    pub(super) each: Option<EachDefinition>,
    /// Where the provider lists its own events about the items.
    pub events: Option<EventsDefinition>,
}

impl FeedDefinition {
    /// `headers` are the provider's headers that differ between the members of a fan-out.
    pub(super) fn compile(
        file: FeedFile,
        headers: &[(String, Template)],
        spot: Spot,
        problems: &mut Problems<'_>,
    ) -> Option<Self> {
        let earlier = std::mem::take(&mut problems.warnings);
        let next_spot = Spot::from(file.next.referenced);
        let window_spot = Spot::from(file.window.referenced);
        let paging = file.next.value.compile(next_spot, problems);
        let mutable = file.mutable.unwrap_or(true);
        let window = WindowDefinition::compile(file.window, file.order, mutable, file.overlap_scan, problems);
        let lang = problems.take_option(file.lang);
        let each_spot = file.each.as_ref().map_or(spot, EachFile::spot);
        let each = file.each.map(|each| each.compile(problems));
        if file.confirm.is_none() {
            let help =
                "say `confirm: {one: \"GET /path/{id}\", gone: 404}`; every suspect is looked up by its key";
            problems.add(spot, Fault::new("the feed has no `confirm`").with_help(help));
        }
        let asked = RequestFile {
            line: Some(file.request),
            query: file.query,
            headers: file.headers,
            body: file.body,
            encode: file.encode,
            graphql: file.graphql,
            vars: file.vars,
            ids_as: None,
        };
        let rows = RowsWords {
            rows: file.rows,
            unwrap: file.unwrap,
            explode: file.explode,
            scalar: file.scalar,
            format: file.format,
            unpack: file.unpack,
            children: file.children,
            nested: file.nested,
            gone: GoneIf::compile(file.gone_if, problems),
        };
        let rows = rows.compile(spot, problems);
        let id_spot = file.id.0.spot;
        let id = problems.take(file.id.0);
        let version_spot = file.version.as_ref().map(|version| version.spot).unwrap_or_default();
        let version = problems.take_option(file.version);
        if let (Some(rows), Some(id)) = (&rows, &id) {
            for path in id {
                rows.check(path, id_spot, problems);
            }
            if let Some(path) = &version {
                rows.check(path, version_spot, problems);
            }
            if rows.format.is_rows()
                && paging.as_ref().is_some_and(|paging| paging.signals().iter().any(Option::is_some))
            {
                let fault = Fault::new("a body of this `format` has nothing beside its rows");
                problems
                    .add(next_spot, fault.with_help("read `next` from a header, such as `header:X-Next`"));
            }
        }
        let (paging, mut window, rows, id) = (paging?, window?, rows?, id?);
        window.feed.changes = paging.save.is_some();
        let places = Spots { next: next_spot, window: window_spot, order: window.order_spot };
        lint::lint(&paging, &window, places, problems);
        let rekey = rekey(&window, &id, window_spot, problems);
        let events = file.events.map(|events| events.compile(id.len(), problems));
        let slots = Slots { parts: id.len(), lang, ..slots_of(&paging, &window) };
        let known = problems.problems.len();
        let ground = Ground { slots: &slots, headers, line: None, spot };
        let request = asked.clone().compile(&ground, problems);
        let ground =
            FeedGround { headers, request: &asked, slots: &slots, rows: &rows, window: &window.feed };
        let confirm = file.confirm?;
        let confirm = confirm.value.compile(confirm.referenced.into(), &ground, problems);
        let (request, confirm) = (request?, confirm?);
        // A placeholder that was refused is not also missing.
        if problems.problems.len() == known {
            must_use(&request, &paging, &window, [next_spot, window_spot], problems);
            keeps(&paging, &request, next_spot, problems);
        }
        holds_its_key(&confirm, &id, id_spot, problems);
        let mut definition = Self {
            feed: Feed { confirm_after: confirm.after, look_up_by: confirm.look_up_by(), ..window.feed },
            rows,
            id,
            clock: window.clock,
            version,
            warnings: Vec::new(),
            request,
            paging,
            edges: window.edges,
            ceiling: window.ceiling,
            rekey,
            confirm,
            each: each.flatten(),
            events: events.flatten(),
        };
        definition.check_each(each_spot, problems);
        definition.warnings = std::mem::replace(&mut problems.warnings, earlier);
        Some(definition)
    }

    /// The places of a page's own values: those that [`Paging::said`] expects, then the ceiling.
    pub(super) fn signals(&self) -> Vec<Option<Path>> {
        let mut signals = self.paging.signals();
        signals.push(self.ceiling.as_ref().and_then(Reader::signal));
        signals
    }

    /// The bounds of a range, where the provider applies them.
    pub(super) fn bounds_of(&self, window: Window) -> Option<Bounds> {
        self.bounds(&Slice::new(window, Purpose::Coverage))
    }

    /// The bounds of a slice, where the provider applies them.
    pub(super) fn bounds(&self, slice: &Slice) -> Option<Bounds> {
        let Feed { grain, clock_format, filter, .. } = &self.feed;
        let edges = self.edges.of(slice);
        let bounds = Bounds { window: slice.window, edges, grain: *grain, format: clock_format.clone() };
        (*filter == Filter::Server).then_some(bounds)
    }

    /// A value of `each` that no request uses would read the same list for every member.
    fn check_each(&self, spot: Spot, problems: &mut Problems<'_>) {
        let Some(each) = &self.each else { return };
        let (own, used) = (each.names(), self.each_names());
        if let Some(unknown) = used.iter().find(|name| !own.contains(*name)) {
            let fault = Fault::new(format!("`each` gives no value for `{{each.{unknown}}}`"));
            problems.add(spot, fault.with_help(words::advice(unknown, &own)));
        }
        if !own.iter().any(|name| self.request.each_names().contains(name)) {
            let fault = Fault::new("the request is the same for every member of `each`");
            let help = format!("use `{{each.{}}}` in the request", own.first().unwrap_or(&"NAME"));
            problems.warn(spot, fault.with_help(help));
        }
    }

    /// The names of the values of a fan-out that its requests use.
    #[must_use]
    pub fn each_names(&self) -> BTreeSet<&str> {
        let look_ups = self.confirm.requests_of().flat_map(RequestTemplate::each_names);
        self.request.each_names().into_iter().chain(look_ups).collect()
    }

    /// Paths like those that it asks for.
    pub(super) fn sample_paths(&self) -> impl Iterator<Item = String> {
        std::iter::once(&self.request).chain(self.confirm.requests_of()).map(RequestTemplate::sample_path)
    }

    /// Puts what is known in place; the error is a placeholder that must be set and is not.
    pub(super) fn bind<'k>(&self, known: &impl Fn(&Slot) -> Known<'k>) -> Result<Self, Slot> {
        Ok(Self { request: self.request.bind(known)?, confirm: self.confirm.bind(known)?, ..self.clone() })
    }
}

/// The answer of a look-up of one item shows the item and not the map that it lies in.
fn holds_its_key(confirm: &ConfirmDefinition, id: &[Path], spot: Spot, problems: &mut Problems<'_>) {
    if confirm.one.is_some()
        && id.iter().any(|path| path.split_first().is_some_and(|(first, _)| first == MAP_KEY))
    {
        let fault = Fault::new("the answer of `confirm: {one: ...}` does not hold `^key`");
        problems.add(spot, fault.with_help("look the items up by `many`, with `rows: {map: ...}`"));
    }
}

/// Where a row has the id that a query can begin behind: its key, unless `cap` names another.
fn rekey(window: &WindowDefinition, id: &[Path], spot: Spot, problems: &mut Problems<'_>) -> Option<Path> {
    window.feed.cap.filter(|cap| cap.then == Cure::Rekey)?;
    let only = if let [only] = id { Some(only.clone()) } else { None };
    let key = window.rekey.clone().or(only);
    if key.is_none() {
        let help = "say `cap: {key: PATH}`, the member that the list is sorted by";
        problems
            .add(spot, Fault::new("a query cannot begin anew behind a key of several parts").with_help(help));
    }
    key
}

/// `keep` names what there is to keep.
fn keeps(paging: &Paging, request: &RequestTemplate, spot: Spot, problems: &mut Problems<'_>) {
    let Keep::Named(names) = &paging.keep else { return };
    let known = request.kept_names();
    for name in names.iter().filter(|name| !known.contains(&name.as_str())) {
        let fault = Fault::new(format!("`keep` names `{name}`, which the request does not send"));
        problems.add(spot, fault.with_help(words::advice(name, &known)));
    }
}

/// Which placeholders a page request of a feed can fill.
fn slots_of(paging: &Paging, window: &WindowDefinition) -> Slots {
    let (filter, edges) = (window.feed.filter, window.edges);
    let mut slots = Slots::default();
    let mut why = Vec::new();
    if paging.size.is_some() {
        slots.always.push(Slot::Size);
    } else {
        why.push("`{size}` is set by `next: {size: ...}`");
    }
    match paging.by.start() {
        CursorStart::Unset => slots.sometimes.push(Slot::Cursor),
        CursorStart::Set => slots.always.push(Slot::Cursor),
        CursorStart::Never => why.push("`{cursor}` is set by `next: {cursor: ...}`"),
    }
    match paging.by {
        By::Page { .. } => slots.always.push(Slot::Page),
        By::Offset { .. } => slots.always.push(Slot::Offset),
        _ => why.push("`{page}` and `{offset}` are set by `next: {page: 1}` and `next: {offset: 0}`"),
    }
    match (filter, edges.upper) {
        (Filter::Server, Some(_)) if edges.open => {
            slots.always.push(Slot::From);
            slots.sometimes.push(Slot::To);
        }
        (Filter::Server, Some(_)) => slots.always.extend([Slot::From, Slot::To]),
        (Filter::Server, None) => {
            slots.always.push(Slot::From);
            why.push("`{to}` is set by `edges` with an upper edge");
        }
        (Filter::Client, _) => why.push("`{from}` and `{to}` are not set beside `filter: client`"),
    }
    match window.feed.cap {
        Some(Cap { then: Cure::Rekey, .. }) => slots.sometimes.push(Slot::Rekey),
        _ => why.push("`{rekey}` is set by `cap: {then: rekey}`"),
    }
    if paging.save.is_some() {
        slots.sometimes.push(Slot::Token);
    } else {
        why.push("`{token}` is set by `next: {save: ...}`");
    }
    slots.why = why.join("; ");
    slots
}

/// A walk that does not send what `next` and `window` give it would read one page for ever, or everything.
fn must_use(
    request: &RequestTemplate,
    paging: &Paging,
    window: &WindowDefinition,
    [next_spot, window_spot]: [Spot; 2],
    problems: &mut Problems<'_>,
) {
    let mut unused = |slot: Slot, spot: Spot, why: &str| {
        if !request.uses(&slot) {
            problems.add(spot, Fault::new(format!("no part of the request uses `{slot}`")).with_help(why));
        }
    };
    match paging.by {
        By::Cursor { .. } => {
            unused(Slot::Cursor, next_spot, "send the cursor back, such as `query: {after: \"{cursor}\"}`");
        }
        By::Page { .. } => {
            unused(Slot::Page, next_spot, "send the number, such as `query: {page: \"{page}\"}`");
        }
        By::Offset { .. } => {
            unused(Slot::Offset, next_spot, "send the offset, such as `query: {offset: \"{offset}\"}`");
        }
        By::Url(_) | By::Single => {}
    }
    if matches!(window.feed.cap, Some(Cap { then: Cure::Rekey, .. })) {
        unused(
            Slot::Rekey,
            window_spot,
            "send the id to begin behind, such as `query: {after_id: \"{rekey}\"}`",
        );
    }
    if window.feed.filter == Filter::Server {
        let starts_there = matches!(paging.by, By::Cursor { first: Some(First::From), .. });
        let why = "send the window, such as `query: {since: \"{from}\"}`, or say `filter: client`";
        if !starts_there {
            unused(Slot::From, window_spot, why);
        }
        if window.edges.upper.is_some() {
            unused(
                Slot::To,
                window_spot,
                "send the upper bound, or say `edges: \"[\"` where the provider has none",
            );
        }
    }
}
