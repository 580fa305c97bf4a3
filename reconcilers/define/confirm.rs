//! Look-ups by key: how one item or several are asked for.

use std::time::Duration;

use super::absence::Gone;
use super::fill::{Bounds, Fill};
use super::request::RequestTemplate;
use super::template::{Known, Slot};
use crate::instant::Instant;
use crate::key::Key;
use crate::page::{Confirm, Wanted};
use crate::path::Path;
use crate::projection::Rows;
use crate::reconciler::LookUpBy;
use crate::window::Window;

/// How a feed's items are looked up.
#[derive(Debug, Clone, Default)]
pub struct ConfirmDefinition {
    /// One item by itself.
    pub(super) one: Option<RequestTemplate>,
    pub(super) many: Option<Many>,
    pub(super) search: Option<Search>,
    /// Where in the answer of a look-up of one key the item is.
    pub(super) unwrap: Option<Path>,
    /// Whether the rows of the list are only a part of their items.
    pub(super) hydrate: bool,
    pub(super) gone: Gone,
    /// How long after its change an item may still be unknown here.
    pub(super) after: Duration,
}

/// A look-up of several keys.
#[derive(Debug, Clone)]
pub(super) struct Many {
    pub(super) request: RequestTemplate,
    pub(super) max: usize,
    /// Where the rows of the answer are, and what of an element is the row.
    pub(super) rows: (Rows, Option<Path>),
}

/// A list that is asked for the rows of one key.
#[derive(Debug, Clone)]
pub(super) struct Search {
    pub(super) request: RequestTemplate,
    /// Where the rows of the answer are, and what of an element is the row.
    pub(super) rows: (Rows, Option<Path>),
    /// How far around the item's clock the provider looks, where it looks only there.
    pub(super) within: Option<Duration>,
}

/// How some keys are asked for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Way<'c> {
    One(&'c RequestTemplate),
    Many(&'c Many),
    Search(&'c Search),
}

impl<'c> Way<'c> {
    pub(super) fn request(self) -> &'c RequestTemplate {
        match self {
            Self::One(one) => one,
            Self::Many(many) => &many.request,
            Self::Search(search) => &search.request,
        }
    }
}

impl ConfirmDefinition {
    /// How these keys are asked for together, if they can be.
    pub(super) fn way(&self, keys: &[Key]) -> Option<Way<'_>> {
        let many = self.many.as_ref().filter(|many| keys.iter().all(|key| many.can_hold(key))).map(Way::Many);
        if keys.len() != 1 {
            return many;
        }
        self.one.as_ref().map(Way::One).or(many).or_else(|| self.search.as_ref().map(Way::Search))
    }

    /// The requests that ask about all of `items` whose clock is known where it is needed; `fill` has what a first page of the
    /// feed is asked with, and `bounds` those of a range.
    pub(super) fn requests(
        &self,
        items: &[Wanted],
        fill: &Fill<'_>,
        bounds: &dyn Fn(Window) -> Option<Bounds>,
    ) -> Vec<Confirm> {
        let can_share = |item: &&Wanted| self.many.as_ref().is_some_and(|many| many.can_hold(&item.key));
        let (together, apart): (Vec<&Wanted>, Vec<&Wanted>) = items.iter().partition(can_share);
        let max = self.many.as_ref().map_or(1, |many| many.max);
        let chunks = together.chunks(max).chain(apart.chunks(1));
        chunks.filter_map(|chunk| self.request(chunk, fill, bounds)).collect()
    }

    fn request(
        &self,
        items: &[&Wanted],
        fill: &Fill<'_>,
        bounds: &dyn Fn(Window) -> Option<Bounds>,
    ) -> Option<Confirm> {
        let keys: Vec<Key> = items.iter().map(|item| item.key.clone()).collect();
        let alone = Fill { keys: &keys, each: fill.each, ..Fill::default() };
        let request = match self.way(&keys)? {
            Way::One(one) => one.render(&alone),
            Way::Many(many) => many.request.render(&alone),
            Way::Search(search) => {
                let bounds = match search.within {
                    Some(reach) => Some(bounds(around(items.first()?.clock?, reach)?)?),
                    None => None,
                };
                search.request.render(&Fill { keys: &keys, bounds, ..fill.clone() })
            }
        };
        Some(Confirm { request, keys })
    }

    /// What has to be known of an item to look it up.
    pub(super) fn look_up_by(&self) -> LookUpBy {
        match &self.search {
            Some(Search { within: Some(_), .. }) if self.one.is_none() => LookUpBy::KeyAndClock,
            _ => LookUpBy::Key,
        }
    }

    pub(super) fn requests_of(&self) -> impl Iterator<Item = &RequestTemplate> {
        let many = self.many.iter().map(|many| &many.request);
        self.one.iter().chain(many).chain(self.search.iter().map(|search| &search.request))
    }

    pub(super) fn bind<'k>(&self, known: &impl Fn(&Slot) -> Known<'k>) -> Result<Self, Slot> {
        let mut bound = self.clone();
        let many = bound.many.iter_mut().map(|many| &mut many.request);
        for request in
            bound.one.iter_mut().chain(many).chain(bound.search.iter_mut().map(|search| &mut search.request))
        {
            *request = request.bind(known)?;
        }
        Ok(bound)
    }
}

/// The range that reaches as far to either side of an instant.
fn around(clock: Instant, reach: Duration) -> Option<Window> {
    Window::new(clock - reach, clock + reach)
}

impl Many {
    /// A key with a comma would read as two in a list with commas.
    fn can_hold(&self, key: &Key) -> bool {
        !(key.as_str().contains(',') && self.request.splits_at_commas())
    }
}
