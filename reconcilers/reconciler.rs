//! The contract of a domain: pure questions, answered by a YAML definition or by a Rust type.

use std::fmt;
use std::time::Duration;

use crate::clock_format::ClockFormat;
use crate::compare::Fields;
use crate::direction::Direction;
use crate::discrepancy::Kind;
use crate::event_feed::EventFeed;
use crate::fan_out::FanOut;
use crate::funnel::Funnel;
use crate::instant::{Instant, TimeFormat};
use crate::jq::Expression;
use crate::name::{DomainName, Each, Name};
use crate::page::{Answer, Confirm, Confirmed, Page, PageFault, PageRequest, Response, Wanted};
use crate::received::Received;
use crate::schedule::Schedule;
use crate::schema_id::SchemaId;
use crate::scopes::Scopes;
use crate::webhooks::Webhooks;
use crate::window::Slice;
use crate::zone::Zone;

/// One domain, described. It answers and never acts.
pub trait Reconciler: Send + Sync + fmt::Debug {
    /// The domain's name.
    fn domain(&self) -> &DomainName;
    /// The provider whose client sends the requests.
    fn provider(&self) -> &Name;
    /// What the feed is like.
    fn feed(&self) -> &Feed;
    /// Whom the feed is read for, each by itself.
    fn fan_out(&self) -> FanOut {
        FanOut::None
    }
    /// What the team decided about findings.
    fn policy(&self) -> &Policy;
    /// Whom to ask about the domain, if it says so.
    fn owner(&self) -> Option<&str> {
        None
    }
    /// What the domain is chosen by besides its name.
    fn tags(&self) -> &[Name] {
        &[]
    }
    /// When the domain runs, if it says so.
    fn schedule(&self) -> Option<&Schedule>;
    /// The compared fields.
    fn fields(&self) -> &Fields;
    /// Which side is the truth.
    fn direction(&self) -> Direction {
        self.fields().direction
    }
    /// The local side.
    fn local(&self) -> &Local;

    /// The first request of a slice.
    fn first_page(&self, slice: &Slice) -> PageRequest;
    /// What a response to a page request means.
    fn answer(&self, request: &PageRequest, response: &Response<'_>) -> Answer;
    /// Reads a page that [`Answer::Read`] let through.
    fn read_page(
        &self,
        slice: &Slice,
        request: &PageRequest,
        response: &Response<'_>,
    ) -> Result<Page, PageFault>;

    /// The request that asks how many rows a slice has, where the provider can be asked. Its answer is a hint.
    fn count_request(&self, _slice: &Slice) -> Option<PageRequest> {
        None
    }
    /// Reads a count that [`Answer::Read`] let through; nothing where there is none.
    fn read_count(&self, _response: &Response<'_>) -> Option<u64> {
        None
    }

    /// The look-ups that ask a member of the feed's fan-out about all of `items`. Those that cannot be asked about, because
    /// nobody knows their clock and the provider finds them only around it, are left out.
    fn confirm(&self, each: &Each, items: &[Wanted]) -> Vec<Confirm>;
    /// What a response to a look-up means; statuses that say "gone" are [`Answer::Read`] here.
    fn confirm_answer(&self, confirm: &Confirm, response: &Response<'_>) -> Answer;
    /// Reads the answer of a look-up: one entry for every key that was asked.
    fn read_confirm(&self, confirm: &Confirm, response: &Response<'_>) -> Result<Vec<Confirmed>, PageFault>;

    /// What the body of a page says about each of its rows, as a look-up by key would say it: for tests, in which the pages are
    /// all that the provider has.
    fn found_on(&self, _body: &[u8]) -> Result<Vec<Confirmed>, PageFault> {
        Ok(Vec::new())
    }
    /// A page as it is without its rows, for tests; nothing where its format has no place that could be emptied.
    fn without_rows(&self, _body: &[u8]) -> Option<Vec<u8>> {
        None
    }

    /// Where the provider lists its own events about the items of this feed, if it does.
    fn events(&self) -> Option<&EventFeed> {
        None
    }

    /// The endpoints that the provider sends webhooks to, and what the domain needs of them.
    fn webhooks(&self) -> Webhooks<'_> {
        Webhooks::Untold
    }

    /// The scopes that the credentials need for this feed, and where the provider says which they have, if it does.
    fn scopes(&self) -> Option<&Scopes> {
        None
    }

    /// The team's own table of the webhooks that it received, if the domain names one.
    fn received(&self) -> Option<&Received> {
        None
    }

    /// Where the domain finds out what became of what the application received, if it says so.
    fn funnel(&self) -> Option<&Funnel> {
        None
    }

    /// What to do about a discrepancy of a kind.
    fn remedy(&self, kind: Kind) -> Remedy;
}

/// What the window's clock measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockKind {
    /// When the item came to be; it never moves.
    Created,
    /// When the item last changed.
    Updated,
}

/// The order of a feed, where the provider guarantees one along the window's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Oldest first.
    Ascending,
    /// Newest first.
    Descending,
    /// None that the window could use.
    None,
}

/// Who applies the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Filter {
    /// The provider.
    #[default]
    Server,
    /// We do: the feed is walked whole, as one slice.
    Client,
}

/// A periodic wider re-read for items that change without moving their clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OverlapScan {
    /// How far back.
    pub back: Duration,
    /// How often.
    pub every: Duration,
}

/// The axis of the coverage ledger for a feed without a clock.
pub const NO_CLOCK: &str = "none";

/// What a feed is like, as far as a run needs to know.
///
/// The default is a feed of which nothing is known: no clock, no order, one day a slice.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each says one thing that a provider does or does not do")]
pub struct Feed {
    /// What it is called, as `provider/feed`; the axis of saved tokens.
    pub name: String,
    /// The path of the window's clock, which names the coverage ledger's axis; [`NO_CLOCK`] where it has none.
    pub clock: String,
    /// Whether its items have no clock: it has no window, is walked whole, and its items meet their rows by key.
    pub timeless: bool,
    /// How the clock is written.
    pub clock_format: ClockFormat,
    /// What it measures, where the definition says.
    pub clock_kind: Option<ClockKind>,
    /// The guaranteed order along the clock.
    pub order: Order,
    /// Who applies the window.
    pub filter: Filter,
    /// Whether items change after they were created.
    pub mutable: bool,
    /// How late an item may appear in the list.
    pub lag: Duration,
    /// How far below the last verified instant a run begins to read again, for items that appear later than `lag`.
    pub margin: Duration,
    /// Whether the newest slice of a run is read without an upper bound.
    pub open: bool,
    /// The shortest step of the clock.
    pub grain: Duration,
    /// The window that a slice begins with; `max_span` is the longest and `min_span` the shortest that it may have.
    pub span: Duration,
    /// The longest window that the provider takes, where it has a limit.
    pub max_span: Option<Duration>,
    /// The shortest window that a slice is split into; at least the grain.
    pub min_span: Duration,
    /// The most rows that the provider hands out for one query, and what is done about it.
    pub cap: Option<Cap>,
    /// How long the provider keeps items or events; a gap older than that cannot be read any more.
    pub retention: Option<Duration>,
    /// Whether a walk begins with a job that the provider works on first.
    pub jobs: Jobs,
    /// Whether each page says where the next one begins, by a cursor, a link or a key, so that a walk can be carried on later.
    /// Where pages are only counted, items that come or go meanwhile move all that follow.
    pub is_led: bool,
    /// How long the provider keeps the way to a next page (`next: {ttl: ...}`), where that is short.
    pub cursor_ttl: Option<Duration>,
    /// By what the provider can tell that a page is unchanged, where it can.
    pub conditional: Option<Validator>,
    /// Whether the feed hands out changes since a saved token, and not what lies in a window.
    pub changes: bool,
    /// The periodic wider re-read.
    pub overlap: Option<OverlapScan>,
    /// How long after its change an item may still be unknown to look-ups (`confirm: {after: ...}`): absence is believed
    /// only from then on.
    pub confirm_after: Duration,
    /// What has to be known of an item to look it up.
    pub look_up_by: LookUpBy,
}

/// What has to be known of an item to look it up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LookUpBy {
    /// Its key.
    #[default]
    Key,
    /// Its key and its clock: the provider finds it only around its time (`confirm: {search: {within: ...}}`).
    KeyAndClock,
}

/// Whether a walk begins with a job that the provider works on first, and how many of them it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Jobs {
    /// There are only pages.
    #[default]
    None,
    /// One job for each walk.
    Several,
    /// The provider works on one job at a time, so that walks follow each other.
    One,
}

/// What names a state of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validator {
    /// The header `ETag`.
    Etag,
    /// The header `Last-Modified`.
    Modified,
}

/// A provider's limit on the rows of one query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cap {
    /// How many rows it hands out at most.
    pub rows: u64,
    /// How more are reached.
    pub then: Cure,
}

/// How rows beyond a cap are reached.
///
/// Halving does not help where more rows than the cap share one tick of the clock; then only the ids lead on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cure {
    /// The halves of the window are read instead.
    Halve,
    /// The query begins anew behind the last id.
    Rekey,
}

impl Cap {
    /// Whether a query has to begin anew behind its last id. `size` is the number of rows that the next page would
    /// have, and nothing where the provider says that there is none.
    #[must_use]
    pub fn asks_for_rekey(&self, rows: u64, size: Option<u64>) -> bool {
        let after_next = rows.saturating_add(size.unwrap_or_default());
        self.then == Cure::Rekey && (rows >= self.rows || after_next > self.rows)
    }
}

impl Default for Feed {
    fn default() -> Self {
        Self {
            name: String::new(),
            clock: String::new(),
            timeless: false,
            clock_format: ClockFormat::default(),
            clock_kind: None,
            order: Order::None,
            filter: Filter::Server,
            mutable: true,
            lag: Duration::ZERO,
            margin: Duration::ZERO,
            open: false,
            grain: Duration::from_secs(1),
            span: Duration::from_hours(24),
            max_span: None,
            min_span: Duration::from_secs(1),
            cap: None,
            retention: None,
            jobs: Jobs::None,
            is_led: false,
            cursor_ttl: None,
            conditional: None,
            changes: false,
            overlap: None,
            confirm_after: Duration::ZERO,
            look_up_by: LookUpBy::Key,
        }
    }
}

impl Feed {
    /// Whether the answers for the newest slice of a run show items that changed after its end.
    #[must_use]
    pub fn shows_young(&self) -> bool {
        let moves = self.clock_kind != Some(ClockKind::Created);
        moves && (self.open || self.filter == Filter::Client)
    }

    /// Whether the feed's clock says when the two sides came to differ in a way.
    #[must_use]
    pub fn dates(&self, kind: Kind) -> bool {
        match kind {
            Kind::Missing => !self.timeless,
            Kind::Unreadable => true,
            Kind::Mismatched => !self.mutable || self.clock_kind == Some(ClockKind::Updated),
            Kind::Orphaned => false,
        }
    }

    /// Whether a complete walk of a window proves that what is not in it does not exist.
    #[must_use]
    pub fn absence_is_evidence(&self) -> bool {
        let shows_all = self.filter == Filter::Client || self.clock_kind == Some(ClockKind::Created);
        shows_all && !self.changes
    }
}

/// What happens to what the copy has and the truth does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Orphans {
    /// They are reported.
    #[default]
    Report,
    /// They are reported and an event is emitted.
    Emit,
}

/// What the team decided about findings.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// How long an item must rest before it may be judged.
    pub settle: Duration,
    /// What happens to orphans.
    pub orphans: Orphans,
    /// The most events one run may emit.
    pub max_emits: u64,
    /// The largest share of judged items, between 0 and 1, that may be emitted.
    pub max_ratio: f64,
    /// The fewest items the truth may have while the copy has some.
    pub min_items: u64,
    /// How long after the queue's acknowledgement the same drift is sent again.
    pub reemit_after: Duration,
    /// The most items that one run looks up by key; what is over stays suspected.
    pub max_lookups: u64,
    /// Where the first run starts, if not 30 days before it.
    pub start: Option<Instant>,
}

/// A place in a definition file, to point at when something turns out wrong later.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// The file as it was named.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// The local side of a domain.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Local {
    /// The database's name in the configuration.
    pub database: String,
    /// The rows of a range, with `:from` and `:to`.
    pub rows: String,
    /// Where `rows` stands.
    pub rows_place: Place,
    /// The rows of some keys, with `:keys`.
    pub keys: String,
    /// Where `keys` stands.
    pub keys_place: Place,
    /// The key column.
    pub key: String,
    /// The column filtered by `:from` and `:to`; nothing where the feed has no clock, and `rows` are all rows.
    pub clock: Option<String>,
    /// When the application last wrote the row.
    pub changed: Option<String>,
    /// The provider's change marker as stored locally.
    pub version: Option<String>,
    /// How a database without time types writes instants.
    pub time: TimeFormat,
    /// The zone of times and dates that are stored without one; where it is not declared, such columns are refused.
    pub zone: Option<Zone>,
}

/// What is done about a discrepancy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remedy {
    /// It is recorded and reported, and nothing is sent.
    Report,
    /// An event is sent.
    Emit(Emission),
}

/// How an event is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Emission {
    /// The queue's name in the configuration.
    pub queue: String,
    /// The CloudEvents type.
    pub event_type: String,
    /// What the event carries.
    pub data: Data,
    /// The schema that what it carries must fit, where the domain names one.
    pub schema: Option<SchemaId>,
}

/// What an event carries.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Data {
    /// The whole item as the truth has it.
    #[default]
    Full,
    /// The key alone.
    Thin,
    /// The provider's own event, where it still has it; else the item, marked as synthetic.
    Original,
    /// What an expression makes of the item.
    Mapped(Expression),
}
