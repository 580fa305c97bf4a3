//! Requests as data, responses as they are handed in, and what a page of a feed says.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::export::{Export, Later, Stage};
use crate::instant::Instant;
use crate::items::Items;
use crate::key::Key;
use crate::name::Each;
use crate::projection::{ItemFault, ShapeFault};

/// A request to a provider, without credentials: those are added where the request is sent, and only for its own origin.
///
/// It can be written down and read back by the same version, so that a walk can be carried on later; how far an export is
/// that it is part of is not written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

    /// Where the export stands that it is part of, if it is part of one.
    #[must_use]
    pub fn stage(&self) -> Option<Stage> {
        self.position.export.as_ref().map(|export| export.stage)
    }

    /// Whether its answer has rows: what is asked about a job has none.
    #[must_use]
    pub fn asks_for_rows(&self) -> bool {
        matches!(self.stage(), None | Some(Stage::Page | Stage::File(_)))
    }
}

/// The methods that read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Method {
    /// `GET`.
    #[default]
    Get,
    /// `POST`, for searches, batch look-ups, GraphQL and the jobs of exports. Nothing that tieout posts changes any item at
    /// the provider.
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

/// The content type of JSON.
pub const JSON: &str = "application/json";
/// The content type of a form.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// What is sent with a request.
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Body {
    /// Its `Content-Type`: [`JSON`] or [`FORM`].
    pub content_type: &'static str,
    /// Its text: JSON, or a form.
    pub text: String,
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes of {}", self.text.len(), self.content_type)
    }
}

/// A body as it was written down.
#[derive(Deserialize)]
struct WrittenBody {
    content_type: String,
    text: String,
}

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let WrittenBody { content_type, text } = WrittenBody::deserialize(from)?;
        let known = [JSON, FORM].into_iter().find(|known| *known == content_type);
        let unknown = || serde::de::Error::custom("requests are sent as JSON or as a form");
        Ok(Self { content_type: known.ok_or_else(unknown)?, text })
    }
}

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Position {
    /// The number of pages before it.
    pub page: u64,
    /// The number of rows before it.
    pub rows: u64,
    /// The cursor it was asked with.
    pub cursor: Option<String>,
    /// The id behind which the walk began anew, where a cap on rows made it do so (`cap: {then: rekey}`).
    pub rekey: Option<String>,
    /// How far the export is that it is part of; none in a plain list.
    #[serde(skip)]
    pub export: Option<Box<Export>>,
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
    /// The provider answers nobody for now.
    OutOfService(String),
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
    /// The provider gave its job up.
    JobFailed(String),
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
    /// What the definition expects a list to say and this page, which may have rows, does not hold.
    pub unseen: Vec<Unseen>,
}

/// Something that a definition names and that a page does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unseen {
    /// Where the definition looks for it.
    pub place: String,
    /// Whether a walk proves nothing without it, so that it has to be on some page.
    pub is_proof: bool,
}

/// What follows a page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Next {
    /// Another page.
    Page(PageRequest),
    /// Nothing yet: the provider still works on it.
    Later(Box<Later>),
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
    /// The answer about a job lacks what the definition takes from it.
    #[error("the answer about the job holds no `{0}`")]
    NothingAt(String),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_is_written_down_is_the_same_when_it_is_read_back() {
        let query = vec![("after".to_owned(), "\u{1F980} & 1".to_owned())];
        let path = PageRequest {
            position: Position { page: 3, rows: 300, cursor: Some("c".to_owned()), ..Position::default() },
            each: Each::stored("acct_1"),
            ..PageRequest::get(Target::Path { path: "/v1/charges".to_owned(), query })
        };
        let posted = PageRequest {
            method: Method::Post,
            body: Some(Body { content_type: FORM, text: "a=b".to_owned() }),
            headers: vec![("accept".to_owned(), "text/csv".to_owned())],
            ..PageRequest::get(Target::Link("?page=2".to_owned()))
        };
        for request in [path, posted] {
            let text = serde_json::to_string(&request).unwrap();
            assert_eq!(serde_json::from_str::<PageRequest>(&text).unwrap(), request);
        }
        let other = r#"{"content_type": "text/html", "text": ""}"#;
        assert!(serde_json::from_str::<Body>(other).is_err(), "it would be sent as something else");
    }
}
