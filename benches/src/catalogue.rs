//! Every item of a population, rendered once, newest first, so that any page is one contiguous run of bytes.
//! Knows nothing of HTTP, and never renders an item twice.

use crate::charges::{self, Population};

/// The rendered items. Takes about 610 bytes of memory an item.
#[derive(Debug)]
pub struct Catalogue {
    population: Population,
    /// The items joined by commas; each item, the last one too, is followed by one.
    bytes: Vec<u8>,
    /// Where the item of each rank begins in `bytes`, and the end. Rank 0 is the newest.
    starts: Vec<usize>,
}

/// What a client asks of the list.
#[derive(Clone, Copy, Debug)]
pub struct Selection {
    /// The most items it wants.
    pub limit: u64,
    /// Only items older than the one at this position.
    pub after: Option<u64>,
    /// Only items created at or after this second.
    pub from: i64,
    /// Only items created before this second.
    pub until: i64,
}

/// A run of items.
#[derive(Clone, Copy, Debug)]
pub struct Page<'c> {
    /// The items, joined by commas.
    pub items: &'c [u8],
    /// Whether the selection holds more than these.
    pub has_more: bool,
}

impl<'c> Page<'c> {
    /// The page as the provider's JSON: what precedes the items, the items, and what follows them.
    #[must_use]
    pub fn parts(&self) -> [&'c [u8]; 3] {
        const MORE: &[u8] = br#"],"has_more":true,"url":"/v1/charges"}"#;
        const LAST: &[u8] = br#"],"has_more":false,"url":"/v1/charges"}"#;
        let tail = if self.has_more { MORE } else { LAST };
        [br#"{"object":"list","data":["#, self.items, tail]
    }
}

impl Catalogue {
    /// Renders the whole population.
    #[must_use]
    pub fn render(population: Population) -> Self {
        let mut starts = Vec::new();
        let mut bytes = Vec::new();
        let mut item = String::new();
        for position in (0..population.items).rev() {
            starts.push(bytes.len());
            item.clear();
            charges::render(&population, position, &mut item);
            bytes.extend_from_slice(item.as_bytes());
            bytes.push(b',');
        }
        starts.push(bytes.len());
        Self { population, bytes, starts }
    }

    /// What is rendered here.
    #[must_use]
    pub fn population(&self) -> &Population {
        &self.population
    }

    /// The newest items of a selection.
    #[must_use]
    pub fn page(&self, selection: &Selection) -> Page<'_> {
        let oldest = self.population.first_at(selection.from);
        let end = self.population.first_at(selection.until);
        let end = selection.after.map_or(end, |position| end.min(position));
        let selected = end.saturating_sub(oldest);
        let taken = selected.min(selection.limit);
        Page { items: self.run(end, taken), has_more: selected > taken }
    }

    /// The item at a position below the population's count.
    #[must_use]
    pub fn item(&self, position: u64) -> &[u8] {
        self.run(position + 1, 1)
    }

    /// The `count` items just below position `end`, newest first.
    fn run(&self, end: u64, count: u64) -> &[u8] {
        if count == 0 {
            return &[];
        }
        let rank = usize::try_from(self.population.items - end).unwrap_or(usize::MAX);
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        &self.bytes[self.starts[rank]..self.starts[rank + count] - 1]
    }
}
