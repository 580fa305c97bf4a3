//! What follows a page: pure rules over what the page said.
//!
//! A short or empty page is not the end while the provider gives a way on. The provider's own `more` outranks the
//! presence of a token, and totals end only walks that count for themselves. The order in which signals count is: the
//! token that a change feed goes on from, the provider's own word, totals, a missing way on, empty and short pages, and
//! pages that lie before the window.

use super::paging::{By, Paging};
use super::reader::CursorReader;
use crate::page::{PageFault, Position, Unseen};

/// What a page said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Said {
    /// The link or token of the next page.
    pub way_on: Option<String>,
    /// Whether more follows.
    pub more: Option<bool>,
    /// How many pages there are.
    pub pages: Option<u64>,
    /// How many rows there are.
    pub total: Option<u64>,
    /// The token that the next run goes on from.
    pub token: Option<String>,
    /// What it should say and does not.
    pub unseen: Vec<Unseen>,
    /// Rows on this page, readable or not.
    pub rows: u64,
    /// Whether there are rows and the clocks of all of them lie before the window.
    pub is_older: bool,
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
    /// What follows a page at a position.
    pub fn following(&self, said: &Said, at: &Position) -> Result<Following, PageFault> {
        if self.stop.older && said.is_older {
            return Ok(Following::End);
        }
        match &self.by {
            By::Single => Ok(Following::End),
            By::Url(_) => self.by_token(said, Following::Link),
            By::Cursor { .. } => self.by_token(said, Following::Cursor),
            By::Page { .. } | By::Offset { .. } => Ok(self.by_count(said, at)),
        }
    }

    fn by_token(&self, said: &Said, follow: fn(String) -> Following) -> Result<Following, PageFault> {
        let is_terminal = said.token.is_some() && said.more != Some(true);
        if is_terminal || said.more == Some(false) || self.stops_at(said) {
            return Ok(Following::End);
        }
        match &said.way_on {
            Some(token) => Ok(follow(token.clone())),
            None if said.more == Some(true) || self.owes_a_token(said) => {
                Err(PageFault::NoWayOn(self.by.label()))
            }
            None => Ok(Following::End),
        }
    }

    /// Without a word from the provider, a list that is walked from row to row ends with a page without rows and not
    /// with a row that lacks the token.
    fn owes_a_token(&self, said: &Said) -> bool {
        let from_row = matches!(self.by, By::Cursor { reader: CursorReader::Last(_), .. });
        from_row && said.more.is_none() && said.rows > 0
    }

    fn by_count(&self, said: &Said, at: &Position) -> Following {
        let reached_pages = said.pages.is_some_and(|pages| at.page.saturating_add(1) >= pages);
        let reached_total = said.total.is_some_and(|total| at.rows.saturating_add(said.rows) >= total);
        let ends = match said.more {
            Some(more) => !more,
            None => reached_pages || reached_total || self.stops_at(said),
        };
        if ends { Following::End } else { Following::Counted }
    }

    fn stops_at(&self, said: &Said) -> bool {
        let is_short = self.size.is_some_and(|size| said.rows < size);
        (self.stop.empty && said.rows == 0) || (self.stop.short && is_short)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::define::checked::FromText;
    use crate::define::paging::{Keep, Stop};

    fn paging(by: By) -> Paging {
        let stop = Stop { empty: by.counts(), ..Stop::default() };
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

    fn cursor(reader: &str) -> Paging {
        paging(By::Cursor { reader: CursorReader::from_text(reader).unwrap(), first: None })
    }

    fn seen(way_on: Option<&str>, more: Option<bool>, rows: u64) -> Said {
        Said { way_on: way_on.map(str::to_owned), more, rows, ..Said::default() }
    }

    fn follow(paging: &Paging, seen: &Said) -> Result<Following, PageFault> {
        paging.following(seen, &Position { page: 1, rows: 2, ..Position::default() })
    }

    #[test]
    fn a_token_outranks_an_empty_page_and_the_providers_word_outranks_the_token() {
        let paging = cursor("next.token");
        let token = || Ok(Following::Cursor("t".to_owned()));
        assert_eq!(follow(&paging, &seen(Some("t"), None, 0)), token());
        assert_eq!(follow(&paging, &seen(Some("t"), Some(true), 2)), token());
        assert_eq!(follow(&paging, &seen(Some("t"), Some(false), 2)), Ok(Following::End));
        assert_eq!(follow(&paging, &seen(None, None, 2)), Ok(Following::End));
        assert_eq!(follow(&paging, &seen(None, Some(false), 0)), Ok(Following::End));
    }

    #[test]
    fn more_without_a_way_on_is_a_fault_and_not_the_end() {
        for (paging, label) in [(cursor("next.token"), "next.token"), (cursor("last:id"), "last:id")] {
            assert_eq!(
                follow(&paging, &seen(None, Some(true), 0)),
                Err(PageFault::NoWayOn(label.to_owned()))
            );
        }
    }

    #[test]
    fn a_walk_from_row_to_row_ends_with_an_empty_page_only() {
        let paging = cursor("last:id");
        assert_eq!(follow(&paging, &seen(None, None, 0)), Ok(Following::End));
        assert!(follow(&paging, &seen(None, None, 2)).is_err());
        assert_eq!(follow(&paging, &seen(Some("x"), None, 1)), Ok(Following::Cursor("x".to_owned())));
    }

    #[test]
    fn stopping_at_an_empty_or_short_page_is_opt_in_for_tokens() {
        let mut paging = cursor("token");
        paging.stop = Stop { empty: true, ..Stop::default() };
        assert_eq!(follow(&paging, &seen(Some("t"), None, 0)), Ok(Following::End));
        paging.stop = Stop { short: true, ..Stop::default() };
        assert_eq!(follow(&paging, &seen(Some("t"), None, 1)), Ok(Following::End));
        assert_eq!(follow(&paging, &seen(Some("t"), None, 2)), Ok(Following::Cursor("t".to_owned())));
    }

    #[test]
    fn counted_walks_end_at_an_empty_page_a_total_or_the_providers_word() {
        let paging = paging(By::Page { first: 1 });
        assert_eq!(
            follow(&paging, &seen(None, None, 1)),
            Ok(Following::Counted),
            "a short page is not the end"
        );
        assert_eq!(follow(&paging, &seen(None, None, 0)), Ok(Following::End));
        assert_eq!(follow(&paging, &seen(None, Some(true), 0)), Ok(Following::Counted));
        assert_eq!(follow(&paging, &seen(None, Some(false), 2)), Ok(Following::End));
        let pages = |pages| Said { pages: Some(pages), rows: 2, ..Said::default() };
        assert_eq!(follow(&paging, &pages(2)), Ok(Following::End));
        assert_eq!(follow(&paging, &pages(3)), Ok(Following::Counted));
        let total = |total| Said { total: Some(total), rows: 2, ..Said::default() };
        assert_eq!(follow(&paging, &total(4)), Ok(Following::End));
        assert_eq!(follow(&paging, &total(5)), Ok(Following::Counted));
    }

    #[test]
    fn the_token_for_the_next_run_ends_a_walk_unless_the_provider_says_that_more_follows() {
        let paging = cursor("next.token");
        let saved = |more| Said { token: Some("s".to_owned()), ..seen(Some("t"), more, 2) };
        assert_eq!(follow(&paging, &saved(None)), Ok(Following::End));
        assert_eq!(follow(&paging, &saved(Some(false))), Ok(Following::End));
        assert_eq!(follow(&paging, &saved(Some(true))), Ok(Following::Cursor("t".to_owned())));
    }

    #[test]
    fn a_page_before_the_window_ends_only_a_walk_that_says_so() {
        let mut paging = cursor("token");
        let older = || Said { is_older: true, ..seen(Some("t"), Some(true), 2) };
        assert_eq!(follow(&paging, &older()), Ok(Following::Cursor("t".to_owned())));
        paging.stop.older = true;
        assert_eq!(follow(&paging, &older()), Ok(Following::End));
        assert_eq!(follow(&paging, &seen(Some("t"), None, 2)), Ok(Following::Cursor("t".to_owned())));
    }
}
