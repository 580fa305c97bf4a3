//! A projection and one read with it.

use serde::de::DeserializeSeed;

use super::item::ItemSeed;
use super::page::PageSeed;
use super::shape::{Projected, ShapeFault, text_of, where_it_broke};
use super::tree::Node;
use crate::items::Items;
use crate::path::Path;

/// Which values of a page are kept.
#[derive(Debug, Clone)]
pub struct Projection {
    page: Node,
    item: Node,
    width: usize,
    n_signals: usize,
    rows: String,
    max_items: usize,
}

impl Projection {
    /// Keeps the values at `slots` of every row under `rows`, and the page's own values at `signals`.
    /// A slot or signal without a path is always absent.
    #[must_use]
    pub fn new(rows: &Path, slots: &[Option<Path>], signals: &[Option<Path>], max_items: usize) -> Self {
        let mut page = Node::of_slots(signals);
        page.at(rows.members()).rows = true;
        let label = if rows.members().next().is_none() { "[*]".to_owned() } else { rows.to_string() };
        Self {
            page,
            item: Node::of_slots(slots),
            width: slots.len(),
            n_signals: signals.len(),
            rows: label,
            max_items,
        }
    }

    /// Reads a page.
    pub fn read(&self, body: &[u8]) -> Result<Projected, ShapeFault> {
        let mut reading = Reading::new(self);
        let seed = PageSeed { node: &self.page, reading: &mut reading };
        let outcome = whole_of(body, seed);
        match (reading.fault, outcome) {
            (Some(fault), _) => Err(fault),
            (None, Ok(())) if !reading.rows_seen => Err(ShapeFault::NoRows(self.rows.clone())),
            (None, outcome) => outcome.map(|()| reading.kept),
        }
    }

    /// Reads a document that is one item by itself, as a look-up by id answers.
    pub fn read_item(&self, body: &[u8]) -> Result<Projected, ShapeFault> {
        let mut reading = Reading::new(self);
        let seed = ItemSeed { projection: self, reading: &mut reading };
        let outcome = whole_of(body, seed);
        reading.fault.map_or(outcome, Err).map(|()| reading.kept)
    }

    pub(super) const fn item(&self) -> &Node {
        &self.item
    }

    /// The rows path as the definition writes it.
    pub(super) fn rows(&self) -> String {
        self.rows.clone()
    }

    pub(super) const fn max_items(&self) -> usize {
        self.max_items
    }
}

/// Reads a body to its end.
fn whole_of<'de>(body: &'de [u8], seed: impl DeserializeSeed<'de, Value = ()>) -> Result<(), ShapeFault> {
    let mut json = serde_json::Deserializer::from_str(text_of(body)?);
    seed.deserialize(&mut json).and_then(|()| json.end()).map_err(|error| where_it_broke(&error))
}

/// The state of one read.
pub(super) struct Reading<'p> {
    pub projection: &'p Projection,
    pub kept: Projected,
    pub rows_seen: bool,
    /// The place of the row that is being read, from 0.
    pub index: usize,
    fault: Option<ShapeFault>,
}

impl<'p> Reading<'p> {
    fn new(projection: &'p Projection) -> Self {
        let kept = Projected {
            items: Items::of_width(projection.width),
            faults: Vec::new(),
            signals: vec![None; projection.n_signals],
        };
        Self { projection, kept, rows_seen: false, index: 0, fault: None }
    }

    /// Remembers the first fault and stops the parser.
    pub(super) fn stop<E: serde::de::Error>(&mut self, fault: ShapeFault) -> E {
        self.fault.get_or_insert(fault);
        E::custom("stopped")
    }
}
