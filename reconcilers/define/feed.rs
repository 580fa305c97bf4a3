//! A feed of a provider file: one list endpoint, compiled.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Deserialize;

use super::body::TreeFile;
use super::checked::{Checked, Fault, Ordered, Placed};
use super::conditional;
use super::confirm::ConfirmDefinition;
use super::confirm_file::{ConfirmFile, FeedGround};
use super::count::{CountDefinition, CountFile};
use super::currencies_file::{self, Places};
use super::document::Problems;
use super::each_file::{EachDefinition, EachFile};
use super::edges::Edges;
use super::events_file::{EventsDefinition, EventsFile};
use super::fill::Bounds;
use super::gone_file::{GoneIf, GoneIfFile};
use super::id_file::IdFile;
use super::job::JobDefinition;
use super::job::file::{JobFile, JobGround, JobRest};
use super::lang::Lang;
use super::limits::Limits;
use super::lint::{self, Spots};
use super::nested_file::NestedFile;
use super::next_file::NextFile;
use super::paging::{By, CursorStart, First, Keep, Paging};
use super::problem::{Problem, Spot};
use super::reader::Signal;
use super::request::RequestTemplate;
use super::request_file::{Encode, Ground, RequestFile};
use super::request_line::RequestLine;
use super::rows_file::{FormatWord, RowsDefinition, RowsFile, RowsWords};
use super::scopes_file::{ScopesDefinition, ScopesFile};
use super::slots::Slots;
use super::template::{Known, Slot, Template};
use super::webhooks_file::{WebhooksDefinition, WebhooksFile};
use super::window_file::{OrderWord, OverlapFile, WindowDefinition, WindowFile};
use super::words;
use crate::format::{Children, Unpack};
use crate::money::Currencies;
use crate::path::Path;
use crate::projection::{At, MAP_KEY};
use crate::reconciler::{Cap, Cure, Feed, Filter, Validator};
use crate::window::{Purpose, Slice, Window};

/// One list of the provider: how it is asked for, paged, filtered, identified and looked up.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FeedFile {
    /// What is asked for: `GET /path` or `POST /path`, below the base; `{placeholders}` stand for what changes.
    request: Option<Checked<RequestLine>>,
    /// An export that is prepared before it is read.
    job: Option<Placed<JobFile>>,
    /// Parameters of the query. One whose placeholders are all unset is left out.
    #[serde(default)]
    pub(super) query: Ordered<Checked<Template>>,
    /// Headers of the request. One whose placeholders are all unset is left out.
    #[serde(default)]
    pub(super) headers: Ordered<Checked<Template>>,
    /// The body, as a tree; a text that is nothing but a placeholder keeps its type.
    pub(super) body: Option<TreeFile>,
    /// How the body is written.
    #[schemars(extend("default" = "json"))]
    pub(super) encode: Option<Checked<Encode>>,
    /// A GraphQL query that is posted in the place of a body.
    pub(super) graphql: Option<Checked<String>>,
    /// The variables of the GraphQL query.
    pub(super) vars: Option<TreeFile>,
    /// The query language that values stand between quotes of, so that none can end them.
    lang: Option<Checked<Lang>>,
    /// For whom the list is read, one by one: `{shop: [north, south]}`, a list of mappings, or `{feed: repos, field: full_name}`.
    each: Option<EachFile>,
    /// Where the rows of a page are.
    rows: Option<Placed<RowsFile>>,
    /// What of an element is the row.
    pub(super) unwrap: Option<Checked<Path>>,
    /// A list inside each row whose elements are the rows.
    explode: Option<Checked<At>>,
    /// The member that rows get which are single values.
    scalar: Option<Checked<String>>,
    /// How a page is written.
    #[schemars(extend("default" = "json"))]
    format: Option<Checked<FormatWord>>,
    /// How a page is packed.
    unpack: Option<Checked<Unpack>>,
    /// What becomes of lines that name another one by `__parentId`.
    children: Option<Checked<Children>>,
    /// Lists inside rows that may be cut off.
    #[serde(default)]
    nested: Vec<NestedFile>,
    /// Which rows name items that are deleted: `always`, or what their members hold.
    gone_if: Option<Placed<GoneIfFile>>,
    /// The path of the key in a row, or the paths of its parts.
    id: IdFile,
    /// The path of a change marker that only grows.
    version: Option<Checked<Path>>,
    /// The order of the rows that the API guarantees.
    #[schemars(extend("default" = "none"))]
    order: Option<Checked<OrderWord>>,
    /// Whether items ever change.
    #[schemars(extend("default" = true))]
    mutable: Option<bool>,
    /// How the next page is reached.
    next: Option<Placed<NextFile>>,
    /// The member by which the API filters, and how.
    window: Placed<WindowFile>,
    /// How far back verified ranges are read again, and how often.
    overlap_scan: Option<OverlapFile>,
    /// How an item is looked up by its key.
    confirm: Option<Placed<ConfirmFile>>,
    /// How many items a range has, asked for before it is walked.
    count: Option<Placed<CountFile>>,
    /// By what the provider can tell that a page is unchanged.
    conditional: Option<Checked<Validator>>,
    /// Where the provider lists its own events about these items.
    events: Option<EventsFile>,
    /// How the provider tells which webhooks it sends, for `tieout doctor`.
    webhooks: Option<WebhooksFile>,
    /// How the provider tells what a credential may do, for `tieout doctor`.
    scopes: Option<Placed<ScopesFile>>,
    /// How many decimals the minor units of a currency have here, where ISO 4217 has another number.
    #[serde(default)]
    currencies: Ordered<Checked<Places>>,
    /// Whether it is about no item: then nothing is looked up.
    #[serde(skip)]
    is_list: bool,
}

impl FeedFile {
    /// A list that is about no item, and is read whole.
    pub(super) fn of_list(
        request: Checked<RequestLine>,
        rows: Placed<RowsFile>,
        id: IdFile,
        next: Placed<NextFile>,
    ) -> Option<Self> {
        Some(Self {
            request: Some(request),
            job: None,
            query: Ordered::default(),
            headers: Ordered::default(),
            body: None,
            encode: None,
            graphql: None,
            vars: None,
            lang: None,
            each: None,
            rows: Some(rows),
            unwrap: None,
            explode: None,
            scalar: None,
            format: None,
            unpack: None,
            children: None,
            nested: Vec::new(),
            gone_if: None,
            id,
            version: None,
            order: None,
            mutable: None,
            next: Some(next),
            // A test reads one.
            window: serde_saphyr::from_str("clock: none").ok()?,
            overlap_scan: None,
            confirm: None,
            count: None,
            conditional: None,
            events: None,
            webhooks: None,
            scopes: None,
            currencies: Ordered::default(),
            is_list: true,
        })
    }

    /// The words of its own request.
    fn asked(&self) -> RequestFile {
        RequestFile {
            line: self.request.clone(),
            query: self.query.clone(),
            headers: self.headers.clone(),
            body: self.body.clone(),
            encode: self.encode.clone(),
            graphql: self.graphql.clone(),
            vars: self.vars.clone(),
            ids_as: None,
        }
    }

    /// Whether its job leaves an export that nothing asks for, after saying so.
    fn exports_nowhere(&self, spot: Spot, problems: &mut Problems<'_>) -> bool {
        let Some(job) = &self.job else { return false };
        let is_nowhere = !job.value.names_files() && self.request.is_none();
        if is_nowhere {
            let help = "say `files: PATH` in `job`, or `request: GET /path/{job.id}` for its pages";
            problems.add(spot, Fault::new("nothing says where the finished export is").with_help(help));
        }
        is_nowhere
    }
}

fn no_confirm() -> Fault {
    let help = "say `confirm: {one: \"GET /path/{id}\", gone: 404}`; every suspect is looked up by its key";
    Fault::new("the feed has no `confirm`").with_help(help)
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
    /// Where the clock of a row is, where it has one.
    pub clock: Option<Path>,
    /// Where the change marker of a row is.
    pub version: Option<Path>,
    /// What is legal and rarely meant.
    pub warnings: Vec<Problem>,
    /// What a walk begins with: its first page, or the job of an export.
    pub(super) request: RequestTemplate,
    /// How an export is prepared before there are pages.
    pub(super) job: Option<JobDefinition>,
    pub(super) paging: Paging,
    pub(super) edges: Edges,
    /// Where a page says up to when it is whole.
    pub(super) ceiling: Option<Signal>,
    /// Where a row has the id that a query can begin behind, where a cap makes it do so.
    pub(super) rekey: Option<Path>,
    pub(super) confirm: ConfirmDefinition,
    /// For whom it is read, where it says so itself.
    pub(super) each: Option<EachDefinition>,
    /// How the rows of a range are counted, where they can be.
    pub(super) count: Option<CountDefinition>,
    /// Where the provider lists its own events about the items.
    pub events: Option<EventsDefinition>,
    /// Where the provider lists the endpoints that it sends webhooks to.
    pub webhooks: Option<WebhooksDefinition>,
    /// Where it says which scopes the credentials have.
    pub scopes: Option<ScopesDefinition>,
    /// How it counts minor units, where ISO 4217 does it otherwise.
    pub currencies: Currencies,
}

impl FeedDefinition {
    /// `headers` are the provider's headers that differ between the members of a fan-out, `limits` what it permits.
    pub(super) fn compile(
        file: FeedFile,
        headers: &[(String, Template)],
        limits: &Limits,
        spot: Spot,
        problems: &mut Problems<'_>,
    ) -> Option<Self> {
        let earlier = std::mem::take(&mut problems.warnings);
        let own = file.asked();
        let window_spot = file.window.spot;
        let names_files = file.job.as_ref().is_some_and(|job| job.value.names_files());
        let is_nowhere = file.exports_nowhere(spot, problems);
        let (paging, next_spot) = paging_of(file.next, names_files || is_nowhere, spot, problems);
        let mutable = file.mutable.unwrap_or(true);
        let window = WindowDefinition::compile(file.window, file.order, mutable, file.overlap_scan, problems);
        let lang = problems.take_option(file.lang);
        let each_spot = file.each.as_ref().map_or(spot, EachFile::spot);
        let each = file.each.map(|each| each.compile(problems));
        if file.confirm.is_none() && !file.is_list {
            problems.add(spot, no_confirm());
        }
        let (asked, job) = begin(own, file.job, spot, problems);
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
        let keys = Keys::compile(file.id, file.version, rows.as_ref(), problems);
        reads_beside_rows(paging.as_ref(), rows.as_ref(), next_spot, problems);
        let (paging, mut window, rows, Keys { id, version }) = (paging?, window?, rows?, keys?);
        window.feed.changes = paging.save.is_some();
        window.feed.cursor_ttl = paging.ttl;
        window.feed.is_led = paging.by.leads();
        let places = Spots { next: next_spot, window: window_spot, order: window.order_spot };
        let follows_events = file.events.as_ref().is_some_and(EventsFile::drives);
        lint::lint(&paging, &window, job.is_some(), places, problems);
        lint::misses_changes(&window, follows_events, places, problems);
        let rekey = rekey(&window, &id, window_spot, problems);
        let currencies = currencies_file::compile(file.currencies, problems);
        let events = file.events.map(|events| events.compile(id.len(), problems));
        let webhooks = file.webhooks.and_then(|webhooks| webhooks.compile(problems));
        let scopes = file.scopes.and_then(|scopes| scopes.value.compile(scopes.spot, problems));
        let slots = Slots { parts: id.len(), lang, ..slots_of(Some(&paging), &window) };
        // An export is asked for before there are pages.
        let of_pages = job.is_none().then_some(&paging);
        let first = Slots { parts: id.len(), lang, ..slots_of(of_pages, &window) };
        let count = file.count.and_then(|count| CountDefinition::compile(count, &slots, headers, problems));
        let known = problems.problems.len();
        let ground = Ground { slots: &first, headers, line: None, spot };
        let request = asked.clone().compile(&ground, problems);
        let is_export = job.is_some();
        let ground = FeedGround {
            headers,
            request: &asked,
            slots: &slots,
            rows: &rows,
            window: &window.feed,
            is_export,
        };
        let confirm = look_up(file.confirm, file.is_list, &ground, problems);
        let job =
            job.map(|(own, rest)| rest.compile(JobGround { headers, slots: &slots, own, spot }, problems));
        let (request, confirm) = (request?, confirm?);
        let job = if let Some(job) = job { Some(job?) } else { None };
        let pages = job.as_ref().map_or(Some(&request), JobDefinition::pages);
        // A placeholder that was refused is not also missing.
        if problems.problems.len() == known {
            must_page(pages, &paging, &window, [next_spot, window_spot], problems);
            must_bound(&request, &paging, &window, window_spot, problems);
            keeps(&paging, pages.unwrap_or(&request), next_spot, problems);
        }
        window.feed.jobs = job.as_ref().map(JobDefinition::jobs).unwrap_or_default();
        window.feed.conditional = conditional::compile(file.conditional, &window.feed, &request, problems);
        let path = pages.unwrap_or(&request).sample_path();
        lint::outlives(&paging, limits.on(&path), next_spot, problems);
        holds_its_key(&confirm, &id, id_spot, problems);
        let mut definition = Self {
            feed: Feed { confirm_after: confirm.after, look_up_by: confirm.look_up_by(), ..window.feed },
            rows,
            id,
            clock: window.clock,
            version,
            warnings: Vec::new(),
            request,
            job,
            paging,
            edges: window.edges,
            ceiling: window.ceiling,
            rekey,
            confirm,
            each: each.flatten(),
            count,
            events: events.flatten(),
            webhooks,
            scopes,
            currencies,
        };
        definition.check_each(each_spot, problems);
        definition.warnings = std::mem::replace(&mut problems.warnings, earlier);
        Some(definition)
    }

    /// The places of a page's own values: those that [`Paging::said`] expects, then the ceiling.
    pub(super) fn signals(&self) -> Vec<Option<Path>> {
        let mut signals = self.paging.signals();
        signals.push(self.ceiling.as_ref().and_then(|ceiling| ceiling.reader.signal()));
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
        let job = self.job.iter().flat_map(JobDefinition::requests);
        let others = self.others().chain(job).flat_map(RequestTemplate::each_names);
        self.request.each_names().into_iter().chain(others).collect()
    }

    /// Paths like those that it asks for.
    pub(super) fn sample_paths(&self) -> impl Iterator<Item = String> {
        let own = std::iter::once(&self.request).chain(self.others()).map(RequestTemplate::sample_path);
        own.chain(self.job.iter().flat_map(JobDefinition::sample_paths))
    }

    /// Its requests that ask for no page and are no part of a job.
    fn others(&self) -> impl Iterator<Item = &RequestTemplate> {
        self.confirm.requests_of().chain(self.count.iter().map(|count| &count.request))
    }

    /// Puts what is known in place; the error is a placeholder that must be set and is not.
    pub(super) fn bind<'k>(&self, known: &impl Fn(&Slot) -> Known<'k>) -> Result<Self, Slot> {
        let job = self.job.as_ref().map(|job| job.bind(known)).transpose()?;
        let count = self.count.as_ref().map(|count| count.bind(known)).transpose()?;
        let (request, confirm) = (self.request.bind(known)?, self.confirm.bind(known)?);
        Ok(Self { request, job, confirm, count, ..self.clone() })
    }
}

/// The key of a row and its change marker.
struct Keys {
    id: Vec<Path>,
    version: Option<Path>,
}

impl Keys {
    fn compile(
        id: IdFile,
        version: Option<Checked<Path>>,
        rows: Option<&RowsDefinition>,
        problems: &mut Problems<'_>,
    ) -> Option<Self> {
        let id_spot = id.0.spot;
        let id = problems.take(id.0);
        let version_spot = version.as_ref().map(|version| version.spot).unwrap_or_default();
        let version = problems.take_option(version);
        if let (Some(rows), Some(id)) = (rows, &id) {
            for path in id {
                rows.check(path, id_spot, problems);
            }
            if let Some(path) = &version {
                rows.check(path, version_spot, problems);
            }
        }
        Some(Self { id: id?, version })
    }
}

/// The key of a map's row stands beside it, where the look-up of one item has nothing.
fn holds_its_key(confirm: &ConfirmDefinition, id: &[Path], spot: Spot, problems: &mut Problems<'_>) {
    let is_beside = |path: &Path| path.split_first().is_some_and(|(first, _)| first == MAP_KEY);
    if confirm.one.is_some() && id.iter().any(is_beside) {
        let fault = Fault::new("the answer of `confirm: {one: ...}` does not hold `^key`");
        problems.add(spot, fault.with_help("look the items up by `many`, with `rows: {map: ...}`"));
    }
}

/// How items are looked up. Of a list nothing is.
fn look_up(
    confirm: Option<Placed<ConfirmFile>>,
    is_list: bool,
    ground: &FeedGround<'_>,
    problems: &mut Problems<'_>,
) -> Option<ConfirmDefinition> {
    match confirm {
        Some(confirm) => confirm.value.compile(confirm.spot, ground, problems),
        None => is_list.then(ConfirmDefinition::default),
    }
}

/// How the feed is paged, and where that stands. Files are named as a whole.
fn paging_of(
    next: Option<Placed<NextFile>>,
    names_files: bool,
    feed: Spot,
    problems: &mut Problems<'_>,
) -> (Option<Paging>, Spot) {
    let Some(next) = next else {
        if !names_files {
            problems.add(feed, Fault::new("the key `next` is missing in this block"));
        }
        return (names_files.then(Paging::single), feed);
    };
    let spot = next.spot;
    let paging = next.value.compile(spot, problems);
    if names_files && paging.as_ref().is_some_and(|paging| *paging != Paging::single()) {
        let fault = Fault::new("the pages of this feed are the files of its job, which are named together");
        problems.add(spot, fault.with_help("leave `next` out"));
    }
    (paging, spot)
}

/// The request that a walk begins with; beside a job, the feed's own request comes after it.
fn begin(
    own: RequestFile,
    job: Option<Placed<JobFile>>,
    feed: Spot,
    problems: &mut Problems<'_>,
) -> (RequestFile, Option<(RequestFile, JobRest)>) {
    if let Some(job) = job {
        let (begin, rest) = job.value.parted(job.spot, problems);
        return (begin, Some((own, rest)));
    }
    if own.line.is_none() {
        problems.add(feed, Fault::new("the key `request` is missing in this block"));
    }
    (own, None)
}

/// Lists of rows have no members of their own.
fn reads_beside_rows(
    paging: Option<&Paging>,
    rows: Option<&RowsDefinition>,
    spot: Spot,
    problems: &mut Problems<'_>,
) {
    let (Some(paging), Some(rows)) = (paging, rows) else { return };
    if rows.format.is_rows() && paging.signals().iter().any(Option::is_some) {
        let fault = Fault::new("a body of this `format` has nothing beside its rows");
        problems.add(spot, fault.with_help("read `next` from a header, such as `header:X-Next`"));
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

/// Which placeholders a request of a feed can fill: for a page, or before there are pages.
fn slots_of(paging: Option<&Paging>, window: &WindowDefinition) -> Slots {
    let mut slots = Slots::default();
    let mut why = Vec::new();
    match paging {
        Some(paging) => page_slots(paging, &mut slots, &mut why),
        None => why.push("the request that begins a job knows the window and no page"),
    }
    let edges = window.edges;
    match (window.feed.filter, edges.upper) {
        (Filter::Server, Some(_)) if edges.open => {
            slots.always.push(Slot::From);
            slots.sometimes.push(Slot::To);
        }
        (Filter::Server, Some(_)) => slots.always.extend([Slot::From, Slot::To]),
        (Filter::Server, None) => {
            slots.always.push(Slot::From);
            why.push("`{to}` is set by `edges` with an upper edge");
        }
        (Filter::Client, _) if window.feed.timeless => {
            why.push("`{from}` and `{to}` are not set beside `clock: none`");
        }
        (Filter::Client, _) => why.push("`{from}` and `{to}` are not set beside `filter: client`"),
    }
    match window.feed.cap {
        Some(Cap { then: Cure::Rekey, .. }) => slots.sometimes.push(Slot::Rekey),
        _ => why.push("`{rekey}` is set by `cap: {then: rekey}`"),
    }
    if paging.is_some_and(|paging| paging.save.is_some()) {
        slots.sometimes.push(Slot::Token);
    } else {
        why.push("`{token}` is set by `next: {save: ...}`");
    }
    slots.why = why.join("; ");
    slots
}

fn page_slots(paging: &Paging, slots: &mut Slots, why: &mut Vec<&'static str>) {
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
}

/// A walk that does not send what `next` gives it would read one page for ever.
fn must_page(
    request: Option<&RequestTemplate>,
    paging: &Paging,
    window: &WindowDefinition,
    [next_spot, window_spot]: [Spot; 2],
    problems: &mut Problems<'_>,
) {
    let Some(request) = request else { return };
    let mut unused = |slot: Slot, spot: Spot, why: &str| must_send(request, &slot, spot, why, problems);
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
}

/// A walk that does not send what `window` gives it would read everything, every time.
fn must_bound(
    request: &RequestTemplate,
    paging: &Paging,
    window: &WindowDefinition,
    spot: Spot,
    problems: &mut Problems<'_>,
) {
    if window.feed.filter != Filter::Server {
        return;
    }
    let starts_there = matches!(paging.by, By::Cursor { first: Some(First::From), .. });
    if !starts_there {
        let why = "send the window, such as `query: {since: \"{from}\"}`, or say `filter: client`";
        must_send(request, &Slot::From, spot, why, problems);
    }
    if window.edges.upper.is_some() {
        let why = "send the upper bound, or say `edges: \"[\"` where the provider has none";
        must_send(request, &Slot::To, spot, why, problems);
    }
}

fn must_send(request: &RequestTemplate, what: &Slot, spot: Spot, why: &str, problems: &mut Problems<'_>) {
    if !request.uses(what) {
        problems.add(spot, Fault::new(format!("no part of the request uses `{what}`")).with_help(why));
    }
}
