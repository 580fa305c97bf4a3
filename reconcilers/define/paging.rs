//! How a feed is paged: what leads on, what a page says about it, and what the next request is filled with.

use std::time::Duration;

use super::fill::Fill;
use super::following::Said;
use super::reader::{CursorReader, Reader, Signal};
use crate::page::{Position, Response, Unseen};
use crate::path::Path;

/// How a feed is paged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paging {
    /// What leads to the next page.
    pub by: By,
    /// Rows per page, where the request asks for a number.
    pub size: Option<u64>,
    /// The provider's own word on whether more follows.
    pub more: Option<More>,
    /// How many pages there are.
    pub pages: Option<Signal>,
    /// How many rows there are.
    pub total: Option<Signal>,
    /// The token that the next run goes on from.
    pub save: Option<Reader>,
    /// How long the provider keeps the way to a next page, where that is short.
    pub ttl: Option<Duration>,
    /// Which pages end a walk although nothing else says so.
    pub stop: Stop,
    /// What of the first request travels with the others.
    pub keep: Keep,
}

/// What of the first request travels with the following ones.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Keep {
    /// What is usual: nothing with a link, which is whole by itself, and everything with a cursor.
    #[default]
    Usual,
    /// Everything.
    All,
    /// What has these names.
    Named(Vec<String>),
}

/// What leads to the next page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// A link in the body or a header.
    Url(Reader),
    /// A token that is sent back.
    Cursor {
        /// Where it is.
        reader: CursorReader,
        /// The token of the first page, where one is needed.
        first: Option<First>,
    },
    /// A page number.
    Page {
        /// The number of the first page.
        first: u64,
    },
    /// A row offset.
    Offset {
        /// The offset of the first row.
        first: u64,
        /// How far one page leads.
        step: Step,
    },
    /// There is one page.
    Single,
}

/// The token of a first page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum First {
    /// Always the same.
    Text(String),
    /// The lower bound of the window: each page then says where the next one begins.
    From,
}

/// When a walk has a cursor to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CursorStart {
    /// From the second page on.
    Unset,
    /// From the first page on.
    Set,
    /// Never.
    Never,
}

impl By {
    /// When there is a cursor.
    #[must_use]
    pub const fn start(&self) -> CursorStart {
        match self {
            Self::Cursor { first: None, .. } => CursorStart::Unset,
            Self::Cursor { first: Some(_), .. } => CursorStart::Set,
            _ => CursorStart::Never,
        }
    }

    /// Whether the walk counts for itself and is not led.
    #[must_use]
    pub const fn counts(&self) -> bool {
        matches!(self, Self::Page { .. } | Self::Offset { .. })
    }

    /// Whether a page says where the next one begins.
    #[must_use]
    pub const fn leads(&self) -> bool {
        matches!(self, Self::Url(_) | Self::Cursor { .. })
    }

    /// What the definition calls the way on, for messages.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Self::Url(place) | Self::Cursor { reader: CursorReader::Page(place), .. } => place.label(),
            Self::Cursor { reader: CursorReader::Last(path), .. } => format!("last:{path}"),
            Self::Page { .. } | Self::Offset { .. } | Self::Single => "next".to_owned(),
        }
    }
}

/// How far a page leads, for offsets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// By the page size that was asked for.
    Size,
    /// By the rows that came.
    Rows,
}

/// A boolean of the page that says whether more follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct More {
    /// Where it is.
    pub signal: Signal,
    /// What it says when more follows: true for `more`, false for `done`.
    pub when: bool,
}

/// Which pages end a walk by themselves.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stop {
    /// A page without rows.
    pub empty: bool,
    /// A page with fewer rows than were asked for.
    pub short: bool,
    /// A page whose rows all lie before the window, where the newest come first.
    pub older: bool,
    /// Statuses that mean the end from the second page on.
    pub statuses: Vec<u16>,
}

impl Stop {
    /// Whether a status means that the pages before it were all there are. On the first page it is an error.
    #[must_use]
    pub fn ends(&self, status: u16, at: &Position) -> bool {
        (at.page > 0 || at.rekey.is_some()) && self.statuses.contains(&status)
    }
}

impl Paging {
    /// The paging of what has one page, or is named as a whole.
    #[must_use]
    pub fn single() -> Self {
        Self {
            by: By::Single,
            size: None,
            more: None,
            pages: None,
            total: None,
            save: None,
            ttl: None,
            stop: Stop::default(),
            keep: Keep::Usual,
        }
    }

    /// The places of the page's own signals, in the order that [`Paging::said`] expects their values.
    #[must_use]
    pub fn signals(&self) -> Vec<Option<Path>> {
        let more = self.more.as_ref().map(|more| &more.signal);
        let [more, pages, total] = [more, self.pages.as_ref(), self.total.as_ref()]
            .map(|signal| signal.map(|signal| &signal.reader));
        let all = [self.way_on(), more, pages, total, self.save.as_ref()];
        all.into_iter().map(|reader| reader.and_then(Reader::signal)).collect()
    }

    fn way_on(&self) -> Option<&Reader> {
        match &self.by {
            By::Url(reader) | By::Cursor { reader: CursorReader::Page(reader), .. } => Some(reader),
            _ => None,
        }
    }

    /// Reads what a page said. `kept` are the values at [`Paging::signals`], `last` the token in the last row.
    #[must_use]
    pub fn said(
        &self,
        kept: &[Option<Box<str>>],
        last: Option<&str>,
        rows: usize,
        response: &Response<'_>,
    ) -> Said {
        let read = |reader: Option<&Reader>, index: usize| {
            reader?.read(kept.get(index).and_then(Option::as_deref), response)
        };
        let way_on = match &self.by {
            By::Cursor { reader: CursorReader::Last(_), .. } => last.and_then(super::reader::plain),
            _ => read(self.way_on(), 0),
        };
        let more = self.more.as_ref().and_then(|more| {
            let word = truth(&read(Some(&more.signal.reader), 1)?)?;
            Some(word == more.when)
        });
        let number = |signal: Option<&Signal>, index| read(Some(&signal?.reader), index)?.parse().ok();
        let mut said = Said {
            way_on: way_on.filter(|text| !text.is_empty() && text != "null"),
            more,
            pages: number(self.pages.as_ref(), 2),
            total: number(self.total.as_ref(), 3),
            token: read(self.save.as_ref(), 4),
            unseen: Vec::new(),
            rows: rows as u64,
            is_older: false,
        };
        said.unseen = self.unseen(&said);
        said
    }

    /// What a page should say and does not. Without the word on whether more follows, a walk that is led by tokens could take
    /// any page for the last; other walks go on to an empty one.
    fn unseen(&self, said: &Said) -> Vec<Unseen> {
        let is_led = self.way_on().is_some();
        let more = self.more.as_ref().filter(|_| said.more.is_none());
        let more = more.and_then(|more| more.signal.unseen(is_led));
        let pages = self.pages.as_ref().filter(|_| said.pages.is_none());
        let pages = pages.and_then(|signal| signal.unseen(is_led));
        let total = self.total.as_ref().filter(|_| said.total.is_none());
        let total = total.and_then(|signal| signal.unseen(true));
        [more, pages, total].into_iter().flatten().collect()
    }

    /// The position after a page.
    #[must_use]
    pub fn after(at: &Position, seen_rows: u64, cursor: Option<String>) -> Position {
        Position {
            page: at.page.saturating_add(1),
            rows: at.rows.saturating_add(seen_rows),
            cursor,
            rekey: at.rekey.clone(),
            export: at.export.clone(),
        }
    }

    /// How many rows of a query lie before the page after this one, as the provider counts them: a page of a counted list
    /// takes its whole size, however few rows it shows.
    #[must_use]
    pub fn passed(&self, at: &Position, rows: u64) -> u64 {
        let shown = at.rows.saturating_add(rows);
        let counts_pages = matches!(self.by, By::Page { .. } | By::Offset { step: Step::Size, .. });
        let pages = self.size.filter(|_| counts_pages).unwrap_or_default();
        shown.max(at.page.saturating_add(1).saturating_mul(pages))
    }

    /// The paging values of the request at a position.
    #[must_use]
    pub fn fill<'a>(&self, at: &'a Position) -> Fill<'a> {
        let (cursor, rekey) = (at.cursor.as_deref(), at.rekey.as_deref());
        let job = at.export.as_ref().map(|export| &export.values);
        let mut fill = Fill { size: self.size, cursor, rekey, job, ..Fill::default() };
        match self.by {
            By::Page { first } => fill.page = Some(first.saturating_add(at.page)),
            By::Offset { first, step: Step::Rows } => fill.offset = Some(first.saturating_add(at.rows)),
            By::Offset { first, step: Step::Size } => {
                let passed = at.page.saturating_mul(self.size.unwrap_or_default());
                fill.offset = Some(first.saturating_add(passed));
            }
            By::Url(_) | By::Cursor { .. } | By::Single => {}
        }
        fill
    }
}

/// A boolean, as JSON or as a header writes it. Anything else says nothing: an odd `0` must not end a walk.
fn truth(text: &str) -> Option<bool> {
    text.to_ascii_lowercase().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::define::checked::FromText;

    fn paging(by: By) -> Paging {
        let stop = Stop::default();
        Paging {
            by,
            size: Some(2),
            more: None,
            pages: None,
            total: None,
            save: None,
            ttl: None,
            stop,
            keep: Keep::Usual,
        }
    }

    fn reader(text: &str) -> Reader {
        Reader::from_text(text).unwrap()
    }

    fn signal(text: &str) -> Signal {
        Signal::from_text(text).unwrap()
    }

    #[test]
    fn numbers_and_offsets_count_on_from_their_first() {
        let at = Position { page: 3, rows: 5, ..Position::default() };
        assert_eq!(paging(By::Page { first: 1 }).fill(&at).page, Some(4));
        assert_eq!(paging(By::Offset { first: 1, step: Step::Rows }).fill(&at).offset, Some(6));
        assert_eq!(paging(By::Offset { first: 0, step: Step::Size }).fill(&at).offset, Some(6));
    }

    #[test]
    fn signals_are_read_from_body_headers_and_links() {
        let mut paging =
            paging(By::Cursor { reader: CursorReader::from_text("header:X-Next").unwrap(), first: None });
        paging.more = Some(More { signal: signal("meta.done"), when: false });
        paging.total = Some(signal("header:x-total"));
        paging.save = Some(reader("link:delta"));
        assert_eq!(paging.signals().iter().flatten().count(), 1);
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let headers = [header("x-next", "abc"), header("x-total", "7"), header("link", "<d>; rel=delta")];
        let response = Response { status: 200, headers: &headers, body: b"" };
        let kept = [None, Some("false".into()), None, None, None];
        let said = paging.said(&kept, None, 2, &response);
        let expected = Said {
            way_on: Some("abc".to_owned()),
            more: Some(true),
            total: Some(7),
            token: Some("d".to_owned()),
            rows: 2,
            ..Said::default()
        };
        assert_eq!(said, expected);
        let nothing = [header("x-next", "null")];
        let response = Response { status: 200, headers: &nothing, body: b"" };
        let silent = paging.said(&[], None, 0, &response);
        assert_eq!(Said { unseen: Vec::new(), ..silent.clone() }, Said::default());
        let unseen = |place: &str| Unseen { place: place.to_owned(), is_proof: true };
        assert_eq!(silent.unseen, ["meta.done", "header:x-total"].map(unseen));
        paging.total = Some(signal("header:X-Total?"));
        paging.by = By::Page { first: 1 };
        let soft = Unseen { is_proof: false, ..unseen("meta.done") };
        assert_eq!(paging.said(&[], None, 0, &response).unseen, [soft]);
    }

    #[test]
    fn a_link_can_be_picked_from_an_array_by_its_relation() {
        let paging = paging(By::Url(reader("links[rel=next].href")));
        assert_eq!(paging.signals()[0].as_ref().unwrap().to_string(), "links");
        let response = Response { status: 200, headers: &[], body: b"" };
        let links = |text: &str| paging.said(&[Some(text.into())], None, 1, &response).way_on;
        assert_eq!(
            links(r#"[{"rel":"self","href":"/a"},{"rel":"next","href":"/b"}]"#),
            Some("/b".to_owned())
        );
        assert_eq!(links(r#"[{"rel":"self","href":"/a"}]"#), None);
        assert_eq!(links("null"), None);
    }

    #[test]
    fn only_the_words_of_booleans_are_booleans() {
        for (text, expected) in [("true", Some(true)), ("False", Some(false)), ("1", None), ("no", None)] {
            assert_eq!(truth(text), expected, "{text}");
        }
    }

    #[test]
    fn a_status_ends_a_walk_from_its_second_page_on() {
        let stop = Stop { statuses: vec![404], ..Stop::default() };
        let at = |page, rekey: Option<&str>| Position {
            page,
            rekey: rekey.map(str::to_owned),
            ..Position::default()
        };
        assert!(!stop.ends(404, &at(0, None)));
        assert!(stop.ends(404, &at(1, None)));
        assert!(stop.ends(404, &at(0, Some("9"))));
        assert!(!stop.ends(400, &at(1, None)));
    }
}
