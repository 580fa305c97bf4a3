//! Where a definition looks for a paging signal: in the body, in a header, in a link, or in the last row.

use super::checked::{Fault, FromText};
use super::selector::Selector;
use super::value::HeaderName;
use crate::page::{Response, Unseen};
use crate::path::Path;
use crate::projection::{Lookup, at};
use crate::scalar;

/// A place in a response outside its rows. What is not there is no signal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reader {
    /// A member of the body.
    Body(Path),
    /// Something chosen from an array of the body.
    Chosen(Selector),
    /// A header, in lower case.
    Header(String),
    /// The link of a relation in the `Link` header.
    Link(String),
}

impl FromText for Reader {
    const WHAT: &'static str = "place in an answer";
    const EXAMPLES: &'static [&'static str] = &["meta.next", "header:X-Next", "link:next"];

    fn from_text(text: &str) -> Result<Self, Fault> {
        let text = text.strip_suffix('?').unwrap_or(text);
        if let Some(name) = text.strip_prefix("header:") {
            return HeaderName::from_text(name).map(|name| Self::Header(name.0));
        }
        if let Some(relation) = text.strip_prefix("link:") {
            return Ok(Self::Link(relation.to_owned()));
        }
        if text.starts_with("last:") || text == "status" {
            return Err(Fault::new(format!("`{text}` cannot be read here"))
                .with_help("name a member of the body, such as `meta.pages`, or `header:NAME`"));
        }
        let selector = Selector::from_text(text)?;
        match selector.plain() {
            Some(path) => Ok(Self::Body(path)),
            None if selector.root.is_none() => {
                Err(Fault::new("a page that is an array has no signals beside its rows")
                    .with_help("read them from a header, such as `header:X-Next-Page`"))
            }
            None => Ok(Self::Chosen(selector)),
        }
    }
}

/// Where a list says something about itself: some page that has rows must hold it, unless a `?` behind it says that it may be
/// left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signal {
    /// The place.
    pub reader: Reader,
    /// Whether it may be on no page.
    pub may_lack: bool,
}

impl FromText for Signal {
    const WHAT: &'static str = "place in an answer";
    const EXAMPLES: &'static [&'static str] = &["meta.total", "header:X-Total?"];

    fn from_text(text: &str) -> Result<Self, Fault> {
        Reader::from_text(text).map(|reader| Self { reader, may_lack: text.ends_with('?') })
    }
}

impl Signal {
    /// What is to be said where a page does not hold it.
    #[must_use]
    pub fn unseen(&self, is_proof: bool) -> Option<Unseen> {
        (!self.may_lack).then(|| Unseen { place: self.reader.label(), is_proof })
    }
}

impl Reader {
    /// The path whose value the page's projection has to keep.
    #[must_use]
    pub fn signal(&self) -> Option<Path> {
        match self {
            Self::Body(path) => Some(path.clone()),
            Self::Chosen(selector) => selector.root.clone(),
            Self::Header(_) | Self::Link(_) => None,
        }
    }

    /// The text of the signal: `null` and the empty text are no signal.
    #[must_use]
    pub fn read(&self, kept: Option<&str>, response: &Response<'_>) -> Option<String> {
        let text = match self {
            Self::Body(_) => plain(kept?)?,
            Self::Chosen(selector) => selector.select(kept?).into_iter().find_map(plain)?,
            Self::Header(name) => response.header(name)?.trim().to_owned(),
            Self::Link(relation) => {
                let links = response.headers.iter().filter(|(name, _)| name == "link");
                super::link::target(links.map(|(_, value)| value.as_str()), relation)?.to_owned()
            }
        };
        (!text.is_empty() && text != "null").then_some(text)
    }

    /// The text of the signal in an answer that is no page of rows.
    #[must_use]
    pub fn of_answer(&self, response: &Response<'_>) -> Option<String> {
        let found = self.signal().and_then(|path| found(response, &path));
        self.read(if let Some(Lookup::Value(raw)) = found { Some(raw) } else { None }, response)
    }

    /// The texts of all that it chooses from such an answer. They may be none where the last member of the way is absent or
    /// null; where the way ends before, or where something that is chosen is no text, there is no answer to that.
    #[must_use]
    pub fn all_of_answer(&self, response: &Response<'_>) -> Option<Vec<String>> {
        let Some(path) = self.signal() else { return Some(self.read(None, response).into_iter().collect()) };
        let raws = match (self, found(response, &path)?) {
            (_, Lookup::NoWay) => return None,
            (_, Lookup::Absent | Lookup::Value("null" | "\"\"")) => return Some(Vec::new()),
            (Self::Chosen(selector), Lookup::Value(raw)) => selector.select_all(raw)?,
            (_, Lookup::Value(raw)) => vec![raw],
        };
        raws.into_iter().map(|raw| plain(raw).filter(|text| !text.is_empty())).collect()
    }

    /// What the definition calls the place.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Self::Body(path) => path.to_string(),
            Self::Chosen(selector) => selector.to_string(),
            Self::Header(name) => format!("header:{name}"),
            Self::Link(relation) => format!("link:{relation}"),
        }
    }
}

/// What an answer has at a path; nothing where it is no JSON.
fn found<'b>(response: &Response<'b>, path: &Path) -> Option<Lookup<'b>> {
    at(std::str::from_utf8(response.body).ok()?, path).ok()
}

/// The text of a JSON string, number or boolean.
#[must_use]
pub fn plain(raw: &str) -> Option<String> {
    match raw.as_bytes().first()? {
        b'"' => scalar::unquote(raw).map(std::borrow::Cow::into_owned),
        b'{' | b'[' | b'n' => None,
        _ => Some(raw.to_owned()),
    }
}

/// Where the cursor of the next page is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CursorReader {
    /// Outside the rows.
    Page(Reader),
    /// A member of the last row.
    Last(Path),
}

impl FromText for CursorReader {
    const WHAT: &'static str = "place in an answer";
    const EXAMPLES: &'static [&'static str] = &["meta.next", "header:X-Next", "last:id"];

    fn from_text(text: &str) -> Result<Self, Fault> {
        match text.strip_prefix("last:") {
            Some(path) => Path::from_text(path).map(Self::Last),
            None => Reader::from_text(text).map(Self::Page),
        }
    }
}
