//! What follows a page: pure rules over what the page said.
//!
//! A short or empty page is not the end while the provider gives a way on. The provider's own `more` outranks the
//! presence of a token, and totals end only walks that count for themselves.

use super::fill::Fill;
use super::reader::{CursorReader, Reader};
use crate::page::{PageFault, Position, Response};
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
    pub pages: Option<Reader>,
    /// How many rows there are.
    pub total: Option<Reader>,
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
    /// The link of a relation in the `Link` header.
    Link(String),
    /// A link in the body or a header.
    Url(Reader),
    /// A token that is sent back.
    Cursor {
        /// Where it is.
        reader: CursorReader,
        /// The token of the first page, where one is needed.
        first: Option<String>,
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
    pub reader: Reader,
    /// What it says when more follows: true for `more`, false for `done`.
    pub when: bool,
}

/// Which pages end a walk by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stop {
    /// A page without rows.
    pub empty: bool,
    /// A page with fewer rows than were asked for.
    pub short: bool,
}

/// What a page said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seen {
    /// The link or token of the next page.
    pub way_on: Option<String>,
    /// Whether more follows.
    pub more: Option<bool>,
    /// How many pages there are.
    pub pages: Option<u64>,
    /// How many rows there are.
    pub total: Option<u64>,
    /// Rows on this page, readable or not.
    pub rows: u64,
}

/// What follows a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Following {
    /// Nothing: the provider's own end of the list.
    End,
    /// The page behind this link.
    Link(String),
    /// The page of this token.
    Cursor(String),
    /// The next number.
    Counted,
}

impl Paging {
    /// The places of the page's own signals, in the order that [`Paging::seen`] expects their values.
    #[must_use]
    pub fn signals(&self) -> Vec<Option<Path>> {
        let way_on = match &self.by {
            By::Url(reader) | By::Cursor { reader: CursorReader::Page(reader), .. } => reader.signal(),
            _ => None,
        };
        let signal = |reader: Option<&Reader>| reader.and_then(Reader::signal);
        let more = signal(self.more.as_ref().map(|more| &more.reader));
        vec![way_on, more, signal(self.pages.as_ref()), signal(self.total.as_ref())]
    }

    /// Reads what a page said. `kept` are the values at [`Paging::signals`], `last` the token in the last row.
    #[must_use]
    pub fn seen(
        &self,
        kept: &[Option<Box<str>>],
        last: Option<&str>,
        rows: usize,
        response: &Response<'_>,
    ) -> Seen {
        let kept = |index: usize| kept.get(index).and_then(Option::as_deref);
        let links =
            || response.headers.iter().filter(|(name, _)| name == "link").map(|(_, value)| value.as_str());
        let way_on = match &self.by {
            By::Link(relation) => super::link::target(links(), relation).map(str::to_owned),
            By::Url(reader) | By::Cursor { reader: CursorReader::Page(reader), .. } => {
                reader.read(kept(0), response)
            }
            By::Cursor { reader: CursorReader::Last(_), .. } => last.and_then(super::reader::plain),
            By::Page { .. } | By::Offset { .. } | By::Single => None,
        };
        let number = |reader: Option<&Reader>, index| reader?.read(kept(index), response)?.parse().ok();
        let more = self.more.as_ref().and_then(|more| {
            let said: bool = more.reader.read(kept(1), response)?.parse().ok()?;
            Some(said == more.when)
        });
        Seen {
            way_on: way_on.filter(|text| !text.is_empty() && text != "null"),
            more,
            pages: number(self.pages.as_ref(), 2),
            total: number(self.total.as_ref(), 3),
            rows: rows as u64,
        }
    }

    /// What follows a page at a position.
    pub fn following(&self, seen: Seen, at: &Position) -> Result<Following, PageFault> {
        match &self.by {
            By::Single => Ok(Following::End),
            By::Link(_) | By::Url(_) => self.by_token(seen, Following::Link),
            By::Cursor { .. } => self.by_token(seen, Following::Cursor),
            By::Page { .. } | By::Offset { .. } => Ok(self.by_count(&seen, at)),
        }
    }

    fn by_token(&self, seen: Seen, follow: fn(String) -> Following) -> Result<Following, PageFault> {
        if seen.more == Some(false) || self.stops_at(&seen) {
            return Ok(Following::End);
        }
        match seen.way_on {
            Some(token) => Ok(follow(token)),
            None if seen.more == Some(true) || self.owes_a_token(&seen) => {
                Err(PageFault::NoWayOn(self.way_on_label()))
            }
            None => Ok(Following::End),
        }
    }

    /// Without a word from the provider, a list that is walked from row to row ends with a page without rows and not
    /// with a row that lacks the token.
    fn owes_a_token(&self, seen: &Seen) -> bool {
        let from_row = matches!(self.by, By::Cursor { reader: CursorReader::Last(_), .. });
        from_row && seen.more.is_none() && seen.rows > 0
    }

    fn by_count(&self, seen: &Seen, at: &Position) -> Following {
        let reached_pages = seen.pages.is_some_and(|pages| at.page.saturating_add(1) >= pages);
        let reached_total = seen.total.is_some_and(|total| at.rows.saturating_add(seen.rows) >= total);
        let ends = match seen.more {
            Some(more) => !more,
            None => reached_pages || reached_total || self.stops_at(seen),
        };
        if ends { Following::End } else { Following::Counted }
    }

    fn stops_at(&self, seen: &Seen) -> bool {
        let is_short = self.size.is_some_and(|size| seen.rows < size);
        (self.stop.empty && seen.rows == 0) || (self.stop.short && is_short)
    }

    /// What the definition calls the way on, for messages.
    fn way_on_label(&self) -> String {
        let reader = |reader: &Reader| match reader {
            Reader::Body(path) => path.to_string(),
            Reader::Header(name) => format!("header:{name}"),
        };
        match &self.by {
            By::Link(relation) => format!("link:{relation}"),
            By::Url(place) | By::Cursor { reader: CursorReader::Page(place), .. } => reader(place),
            By::Cursor { reader: CursorReader::Last(path), .. } => format!("last:{path}"),
            By::Page { .. } | By::Offset { .. } | By::Single => "next".to_owned(),
        }
    }

    /// The position after a page.
    #[must_use]
    pub fn after(at: &Position, seen_rows: u64, cursor: Option<String>) -> Position {
        Position {
            page: at.page.saturating_add(1),
            rows: at.rows.saturating_add(seen_rows),
            cursor,
            rekey: at.rekey.clone(),
        }
    }

    /// The paging values of the request at a position.
    #[must_use]
    pub fn fill<'a>(&self, at: &'a Position) -> Fill<'a> {
        let (cursor, rekey) = (at.cursor.as_deref(), at.rekey.as_deref());
        let mut fill = Fill { size: self.size, cursor, rekey, ..Fill::default() };
        match self.by {
            By::Page { first } => fill.page = Some(first.saturating_add(at.page)),
            By::Offset { first, step: Step::Rows } => fill.offset = Some(first.saturating_add(at.rows)),
            By::Offset { first, step: Step::Size } => {
                let passed = at.page.saturating_mul(self.size.unwrap_or_default());
                fill.offset = Some(first.saturating_add(passed));
            }
            By::Link(_) | By::Url(_) | By::Cursor { .. } | By::Single => {}
        }
        fill
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::define::checked::FromText;

    fn paging(by: By) -> Paging {
        let stop = Stop { empty: matches!(by, By::Page { .. } | By::Offset { .. }), short: false };
        Paging { by, size: Some(2), more: None, pages: None, total: None, stop, keep: Keep::Usual }
    }

    fn cursor(reader: &str) -> Paging {
        paging(By::Cursor { reader: CursorReader::from_text(reader).unwrap(), first: None })
    }

    fn seen(way_on: Option<&str>, more: Option<bool>, rows: u64) -> Seen {
        Seen { way_on: way_on.map(str::to_owned), more, rows, ..Seen::default() }
    }

    fn follow(paging: &Paging, seen: Seen) -> Result<Following, PageFault> {
        paging.following(seen, &Position { page: 1, rows: 2, ..Position::default() })
    }

    #[test]
    fn a_token_outranks_an_empty_page_and_the_providers_word_outranks_the_token() {
        let paging = cursor("next.token");
        let token = || Ok(Following::Cursor("t".to_owned()));
        assert_eq!(follow(&paging, seen(Some("t"), None, 0)), token());
        assert_eq!(follow(&paging, seen(Some("t"), Some(true), 2)), token());
        assert_eq!(follow(&paging, seen(Some("t"), Some(false), 2)), Ok(Following::End));
        assert_eq!(follow(&paging, seen(None, None, 2)), Ok(Following::End));
        assert_eq!(follow(&paging, seen(None, Some(false), 0)), Ok(Following::End));
    }

    #[test]
    fn more_without_a_way_on_is_a_fault_and_not_the_end() {
        for (paging, label) in [(cursor("next.token"), "next.token"), (cursor("last:id"), "last:id")] {
            assert_eq!(follow(&paging, seen(None, Some(true), 0)), Err(PageFault::NoWayOn(label.to_owned())));
        }
    }

    #[test]
    fn a_walk_from_row_to_row_ends_with_an_empty_page_only() {
        let paging = cursor("last:id");
        assert_eq!(follow(&paging, seen(None, None, 0)), Ok(Following::End));
        assert!(follow(&paging, seen(None, None, 2)).is_err());
        assert_eq!(follow(&paging, seen(Some("x"), None, 1)), Ok(Following::Cursor("x".to_owned())));
    }

    #[test]
    fn stopping_at_an_empty_or_short_page_is_opt_in_for_tokens() {
        let mut paging = cursor("token");
        paging.stop = Stop { empty: true, short: false };
        assert_eq!(follow(&paging, seen(Some("t"), None, 0)), Ok(Following::End));
        paging.stop = Stop { empty: false, short: true };
        assert_eq!(follow(&paging, seen(Some("t"), None, 1)), Ok(Following::End));
        assert_eq!(follow(&paging, seen(Some("t"), None, 2)), Ok(Following::Cursor("t".to_owned())));
    }

    #[test]
    fn counted_walks_end_at_an_empty_page_a_total_or_the_providers_word() {
        let paging = paging(By::Page { first: 1 });
        assert_eq!(
            follow(&paging, seen(None, None, 1)),
            Ok(Following::Counted),
            "a short page is not the end"
        );
        assert_eq!(follow(&paging, seen(None, None, 0)), Ok(Following::End));
        assert_eq!(follow(&paging, seen(None, Some(true), 0)), Ok(Following::Counted));
        assert_eq!(follow(&paging, seen(None, Some(false), 2)), Ok(Following::End));
        let pages = |pages| Seen { pages: Some(pages), rows: 2, ..Seen::default() };
        assert_eq!(follow(&paging, pages(2)), Ok(Following::End));
        assert_eq!(follow(&paging, pages(3)), Ok(Following::Counted));
        let total = |total| Seen { total: Some(total), rows: 2, ..Seen::default() };
        assert_eq!(follow(&paging, total(4)), Ok(Following::End));
        assert_eq!(follow(&paging, total(5)), Ok(Following::Counted));
    }

    #[test]
    fn numbers_and_offsets_count_on_from_their_first() {
        let at = Position { page: 3, rows: 5, ..Position::default() };
        assert_eq!(paging(By::Page { first: 1 }).fill(&at).page, Some(4));
        assert_eq!(paging(By::Offset { first: 1, step: Step::Rows }).fill(&at).offset, Some(6));
        assert_eq!(paging(By::Offset { first: 0, step: Step::Size }).fill(&at).offset, Some(6));
    }

    #[test]
    fn signals_are_read_from_body_and_headers() {
        let mut paging = cursor("header:X-Next");
        paging.more = Some(More { reader: Reader::from_text("meta.done").unwrap(), when: false });
        paging.total = Some(Reader::from_text("header:x-total").unwrap());
        assert_eq!(paging.signals().iter().flatten().count(), 1);
        let headers = [("x-next".to_owned(), "abc".to_owned()), ("x-total".to_owned(), "7".to_owned())];
        let response = Response { status: 200, headers: &headers, body: b"" };
        let kept = [None, Some("false".into()), None, None];
        let seen = paging.seen(&kept, None, 2, &response);
        let expected = Seen { total: Some(7), ..seen_of("abc") };
        assert_eq!(seen, expected);
        let nothing = [("x-next".to_owned(), "null".to_owned())];
        let response = Response { status: 200, headers: &nothing, body: b"" };
        assert_eq!(paging.seen(&[], None, 0, &response), Seen::default());
    }

    fn seen_of(token: &str) -> Seen {
        seen(Some(token), Some(true), 2)
    }
}
