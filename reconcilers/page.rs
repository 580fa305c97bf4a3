//! Requests as data, responses as they are handed in, and what a page of a feed says.

use std::fmt;
use std::time::Duration;

use url::Url;

use crate::instant::Instant;
use crate::items::Items;
use crate::key::Key;
use crate::name::Each;
use crate::projection::{ItemFault, ShapeFault};

/// A request to a provider, without credentials: those are added where the request is sent, and only for its own origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// How it asks.
    pub method: Method,
    /// Where to.
    pub target: Target,
    /// Headers beside the provider's own.
    pub headers: Vec<(String, String)>,
    /// What is sent with it.
    pub body: Option<Body>,
    /// Whom it asks about, in a feed that is read for several: credentials may differ between them.
    pub each: Each,
    /// Where in the walk it stands.
    pub position: Position,
}

impl PageRequest {
    /// A request without headers or body of its own, at the beginning of a walk.
    #[must_use]
    pub fn get(target: Target) -> Self {
        Self {
            method: Method::Get,
            target,
            headers: Vec::new(),
            body: None,
            each: Each::default(),
            position: Position::default(),
        }
    }
}

/// The methods that read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Method {
    /// `GET`.
    #[default]
    Get,
    /// `POST`, for searches, batch look-ups and GraphQL. Nothing that tieout posts changes anything at the provider.
    Post,
}

impl Method {
    /// As HTTP writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// What is sent with a request.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Body {
    /// Its `Content-Type`.
    pub content_type: &'static str,
    /// Its text: JSON, or a form.
    pub text: String,
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes of {}", self.text.len(), self.content_type)
    }
}

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A path below the provider's base, with query parameters that are not encoded yet.
    Path {
        /// Begins with `/`.
        path: String,
        /// In the order of the definition.
        query: Vec<(String, String)>,
    },
    /// A link that the provider gave, absolute or relative to the page that held it. The source holds it to the origin.
    Link(String),
}

/// Where in a walk a page stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Position {
    /// The number of pages before it.
    pub page: u64,
    /// The number of rows before it.
    pub rows: u64,
    /// The cursor it was asked with.
    pub cursor: Option<String>,
    /// The id behind which the walk began anew, where a cap on rows made it do so (`cap: {then: rekey}`).
    pub rekey: Option<String>,
}

/// A response, as far as definitions can see it.
#[derive(Debug, Clone)]
pub struct Response<'a> {
    /// HTTP status.
    pub status: u16,
    /// Header names in lower case with their values.
    pub headers: &'a [(String, String)],
    /// The decompressed body.
    pub body: &'a [u8],
}

impl Response<'_> {
    /// The first header of a name, which must be lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// What a response means, before its rows are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Read it.
    Read,
    /// Read it; the provider says that it is not all there is.
    Partly(String),
    /// There is nothing there, and that is a complete answer.
    Empty,
    /// Ask again later.
    Retry(String),
    /// The provider asks everybody for a pause.
    Wait {
        /// What it says.
        why: String,
        /// The least pause, whatever else it says.
        at_least: Option<Duration>,
    },
    /// The access token is not good any more: get a new one and ask once again.
    Refresh(String),
    /// The way through the pages is lost: read the slice again from its own start.
    Restart(String),
    /// The saved token of a change feed is not good any more: read the whole feed.
    Resync(String),
    /// The range holds more than the provider hands out: read its halves instead.
    Halve(String),
    /// This account has no such feed: leave it out, visibly.
    Skip(String),
    /// The credentials or the scope are refused; asking again is useless.
    Rejected(String),
    /// It will not get better.
    Fail(String),
}

/// One page of a feed.
#[derive(Debug, Default)]
pub struct Page {
    /// The rows, projected.
    pub items: Items,
    /// Rows that could not be projected.
    pub faults: Vec<ItemFault>,
    /// What follows.
    pub next: Next,
    /// What the provider says about the size of the whole, if it does.
    pub total_rows: Option<u64>,
    /// Items that the page names as deleted.
    pub gone: Vec<Key>,
    /// The places among `items` of those of which the page shows only a part: each has to be looked up by its key before it
    /// is compared.
    pub partial: Vec<usize>,
    /// Why what the page shows is not all there is, where it says so itself.
    pub gaps: Vec<String>,
    /// The instant up to which the provider says that its answer is whole (`ceiling:`).
    pub ceiling: Option<Instant>,
    /// The token that the next run goes on from, on the last page of a change feed.
    pub token: Option<String>,
}

/// What follows a page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Next {
    /// Another page.
    Page(PageRequest),
    /// The provider's own end of the list.
    #[default]
    End,
}

/// Why a page cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PageFault {
    /// The body has another shape than the definition says.
    #[error("{0}")]
    Shape(#[from] ShapeFault),
    /// The provider says that more follows and does not say where.
    #[error("the page says that more follows but `{0}` holds no way to it")]
    NoWayOn(String),
    /// The look-up answered neither with the item nor with the provider's own "gone".
    #[error(
        "the look-up by id answered status {0} in a shape that means neither an item nor its absence; `unwrap` says where the item lies, `gone` what absence looks like"
    )]
    NeitherItemNorGone(u16),
    /// The look-up answered with another item.
    #[error("the look-up by id answered with another item than the one asked for")]
    WrongItem,
}

/// An item that is to be looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Its key.
    pub key: Key,
    /// Its clock, where anybody knows it: upstream's, else the local one. A provider may find an item only around its time.
    pub clock: Option<Instant>,
}

impl From<Key> for Wanted {
    fn from(key: Key) -> Self {
        Self { key, clock: None }
    }
}

/// A look-up of one or more keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirm {
    /// What to ask.
    pub request: PageRequest,
    /// What it asks about.
    pub keys: Vec<Key>,
}

/// What a look-up found about one key.
#[derive(Debug)]
pub struct Confirmed {
    /// Which item.
    pub key: Key,
    /// What upstream holds.
    pub seen: Seen,
}

/// What upstream holds under a key.
#[derive(Debug)]
pub enum Seen {
    /// The item: projected (exactly one) and whole.
    Item(Items, Box<str>),
    /// The provider says, in its own words, that there is none.
    Gone,
    /// It is there and cannot be read.
    Unreadable(String),
}

/// A URL whose query is left out when it is printed: query strings carry keys and cursors.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicUrl(pub Url);

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.0.origin().ascii_serialization(), self.0.path())
    }
}

impl fmt::Debug for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
