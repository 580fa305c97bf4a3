//! Notices a walk that would never end: repeated requests, repeated pages, too many pages, too many empty ones.
//!
//! It remembers requests and pages as hashes: each of the first ones, so that a way back is seen at once, and then ever fewer.
//! The one that it remembers last is always behind every cycle that began before it, so a cycle of any length is found when that
//! one comes again (R. P. Brent, "An improved Monte Carlo factorization algorithm", 1980), and memory does not grow with the walk.

use std::collections::HashSet;
use std::hash::BuildHasher;

use foldhash::quality::{FixedState, RandomState};
use serde::{Deserialize, Serialize};
use tieout_reconcilers::compare::KEY;
use tieout_reconcilers::items::Items;
use tieout_reconcilers::page::PageRequest;
use url::Url;

use super::provider::Caps;

/// Why a walk would not come to an end by itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Endless {
    /// The provider points back to a page that was read already.
    #[error("the way on leads to a request that this walk has sent before")]
    RepeatedRequest,
    /// A page holds exactly the keys of an earlier page.
    #[error("the page holds exactly the items of an earlier page of this walk")]
    RepeatedPage,
    /// There are too many pages.
    #[error("there are more than {0} pages")]
    TooManyPages(u64),
    /// Page after page is empty and each says that more follows.
    #[error("{0} pages in a row are empty and still say that more follows")]
    TooManyEmptyPages(u32),
}

/// How many of the first requests, and pages, are remembered each.
const EACH: u64 = 1 << 14;
/// What hashes begin with: the same in every process, so that a walk that is carried on knows what it has seen.
const SEED: u64 = 0x7469_656f_7574;

/// Hashes that came before.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Memory {
    kept: HashSet<u64, RandomState>,
    seen: u64,
}

impl Memory {
    /// Whether a hash is new, as far as is remembered.
    fn is_new(&mut self, hash: u64) -> bool {
        self.seen += 1;
        let is_kept = self.seen <= EACH || self.seen.is_power_of_two();
        if is_kept { self.kept.insert(hash) } else { !self.kept.contains(&hash) }
    }
}

/// What a walk has seen, as far as it is remembered.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Trail {
    requests: Memory,
    pages: Memory,
    sent: u64,
    empty_in_a_row: u32,
}

/// What one page adds to a trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    request: u64,
    rows: usize,
    /// Its keys, where it has some.
    page: Option<u64>,
}

impl Trail {
    /// Goes on by one page that a guard has let pass.
    pub fn follow(&mut self, step: Step) {
        self.asks(step.request);
        self.shows(step.rows, step.page);
    }

    /// Whether a request is new.
    fn asks(&mut self, request: u64) -> bool {
        self.sent += 1;
        self.requests.is_new(request)
    }

    /// Whether a page is new.
    fn shows(&mut self, rows: usize, page: Option<u64>) -> bool {
        self.empty_in_a_row = if rows == 0 { self.empty_in_a_row + 1 } else { 0 };
        page.is_none_or(|page| self.pages.is_new(page))
    }
}

/// Holds a walk against what it has seen.
#[derive(Debug)]
pub struct Guard {
    state: FixedState,
    trail: Trail,
    /// Whether pages may well hold the same items twice.
    may_repeat: bool,
    max_pages: u64,
    max_empty: u32,
    /// The newest request.
    asked: u64,
}

impl Guard {
    /// A guard that has seen nothing.
    #[must_use]
    pub fn new(caps: &Caps) -> Self {
        Self {
            state: FixedState::with_seed(SEED),
            trail: Trail::default(),
            may_repeat: false,
            max_pages: caps.pages,
            max_empty: caps.empty_pages,
            asked: 0,
        }
    }

    /// A guard of a list of changes, on which items that change again and again may fill page after page: only a request that
    /// comes again tells a circle.
    #[must_use]
    pub fn of_changes(caps: &Caps) -> Self {
        Self { may_repeat: true, ..Self::new(caps) }
    }

    /// The guard of a walk that is carried on.
    #[must_use]
    pub fn on(trail: Trail, caps: &Caps) -> Self {
        Self { trail, ..Self::new(caps) }
    }

    /// Lets a request pass that is new and within the number of pages.
    pub fn before(&mut self, to: &Url, request: &PageRequest) -> Result<(), Endless> {
        if self.trail.sent >= self.max_pages {
            return Err(Endless::TooManyPages(self.max_pages));
        }
        self.asked = self.state.hash_one((to, request.method, &request.headers, &request.body));
        if self.trail.asks(self.asked) { Ok(()) } else { Err(Endless::RepeatedRequest) }
    }

    /// Lets a page of `rows` rows pass whose keys are not those of an earlier page, in whatever order.
    pub fn after(&mut self, items: &Items, rows: usize, more_follows: bool) -> Result<Step, Endless> {
        let is_remembered = rows > 0 && !items.is_empty() && !self.may_repeat;
        let page = is_remembered.then(|| {
            let keys = items.iter().map(|item| self.state.hash_one(item.slot(KEY)));
            keys.fold(rows as u64, u64::wrapping_add)
        });
        let is_new = self.trail.shows(rows, page);
        let empty = self.trail.empty_in_a_row;
        if rows == 0 && more_follows && empty >= self.max_empty {
            return Err(Endless::TooManyEmptyPages(empty));
        }
        if is_new { Ok(Step { request: self.asked, rows, page }) } else { Err(Endless::RepeatedPage) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The step at which a walk is stopped that goes `lead` steps and then round in a circle of `length`.
    fn noticed(lead: u64, length: u64) -> Option<u64> {
        let mut memory = Memory::default();
        (0..).take(1 << 20).find(|step| {
            let at = if *step < lead { *step } else { lead + (step - lead) % length };
            !memory.is_new(at.wrapping_mul(0x9e37_79b9_7f4a_7c15))
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn every_circle_is_noticed_and_a_usual_one_as_soon_as_it_closes(
            lead in prop_oneof![0_u64..2_000, 0_u64..100_000],
            length in prop_oneof![1_u64..=1_000, 1_u64..100_000],
        ) {
            let step = noticed(lead, length).unwrap();
            prop_assert!(step < 3 * (lead + length).max(EACH), "{step}");
            if lead < EACH && lead + length <= EACH {
                prop_assert_eq!(step, lead + length);
            }
        }
    }

    #[test]
    fn a_long_way_without_a_circle_is_walked_and_hardly_remembered() {
        let mut memory = Memory::default();
        assert!((0..1_000_000).all(|hash| memory.is_new(hash)));
        assert!(memory.kept.len() < 1 << 15, "{}", memory.kept.len());
    }

    #[test]
    fn a_trail_that_is_written_down_still_knows_every_request_and_page() {
        use tieout_reconcilers::page::Target;

        let caps = Caps::default();
        let page = |number: u64| {
            let mut items = Items::of_width(1);
            items.push_text(KEY, &number.to_string());
            items
        };
        let to = |number: u64| Url::parse(&format!("http://example.com/{number}")).unwrap();
        let asked = PageRequest::get(Target::Link(String::new()));
        let (mut guard, mut trail) = (Guard::new(&caps), Trail::default());
        for number in 0..5 {
            guard.before(&to(number), &asked).unwrap();
            trail.follow(guard.after(&page(number), 1, true).unwrap());
        }
        let written = serde_json::to_string(&trail).unwrap();
        let on = || Guard::on(serde_json::from_str(&written).unwrap(), &caps);
        assert_eq!(on().before(&to(3), &asked), Err(Endless::RepeatedRequest));
        let mut guard = on();
        guard.before(&to(5), &asked).unwrap();
        assert_eq!(guard.after(&page(2), 1, true), Err(Endless::RepeatedPage));
        let few = Guard::on(serde_json::from_str(&written).unwrap(), &Caps { pages: 5, ..caps.clone() });
        assert_eq!({ few }.before(&to(6), &asked), Err(Endless::TooManyPages(5)));
    }
}
