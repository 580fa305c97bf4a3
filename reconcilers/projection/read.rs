//! A projection and one read with it.

use serde::de::DeserializeSeed;

use super::around::{Around, Beside};
use super::derive::Derivation;
use super::gather::Gathering;
use super::item::{ItemSeed, MemberVisitor};
use super::page::PageSeed;
use super::rows::{AROUND, Absent, At};
use super::shape::{ItemFault, Projected, ShapeFault, text_of, where_it_broke};
use super::tree::Node;
use crate::fingerprint::Fingerprint;
use crate::items::Items;
use crate::path::Path;

/// Which values of a page are kept.
#[derive(Debug, Clone)]
pub struct Projection {
    page: Node,
    item: Node,
    beside: Beside,
    width: usize,
    n_signals: usize,
    rows: String,
    absent: Absent,
    max_items: usize,
}

impl Projection {
    /// Keeps the values at `slots` of every row in the array at `rows`, and the page's own values at `signals`.
    /// A slot or signal without a path is always absent.
    #[must_use]
    pub fn new(rows: &At, slots: &[Option<Path>], signals: &[Option<Path>], max_items: usize) -> Self {
        let mut projection = Self::of_rows(slots, signals, max_items);
        projection.page.expect_rows(&rows.path);
        projection.rows = rows.to_string();
        projection.absent = rows.absent;
        projection
    }

    /// Keeps the values at `slots` of rows that are handed in one by one.
    #[must_use]
    pub fn of_rows(slots: &[Option<Path>], signals: &[Option<Path>], max_items: usize) -> Self {
        let (beside, item) = Beside::of_slots(slots);
        Self {
            page: Node::of_slots(signals),
            item,
            beside,
            width: slots.len(),
            n_signals: signals.len(),
            rows: String::new(),
            absent: Absent::Fault,
            max_items,
        }
    }

    /// Fills `slot` with the key that the values in the slots `parts` make together.
    #[must_use]
    pub fn composing(mut self, slot: usize, parts: Vec<usize>) -> Self {
        self.beside.compose(slot, parts);
        self
    }

    /// Fills slots with what is calculated from others.
    #[must_use]
    pub fn deriving(mut self, derivations: Vec<Derivation>) -> Self {
        self.beside.derive(derivations);
        self
    }

    /// Reads a page.
    pub fn read(&self, body: &[u8]) -> Result<Projected, ShapeFault> {
        let mut reading = Reading::new(self);
        let seed = PageSeed { node: &self.page, reading: &mut reading };
        let text = text_of(body)?;
        let outcome = whole_of(text, seed);
        let may_be_absent = self.absent == Absent::Empty && reading.parent_seen;
        match (reading.fault, outcome) {
            (Some(fault), _) => Err(fault),
            (None, Ok(())) if !reading.rows_seen && !may_be_absent => {
                Err(ShapeFault::NoRows(self.rows.clone()))
            }
            (None, outcome) => outcome.and_then(|()| self.with_fingerprints(text, reading.kept)),
        }
    }

    /// Reads a page with faults once more, for what stands for its faulty rows: the others are projected as they stream past.
    fn with_fingerprints(&self, text: &str, kept: Projected) -> Result<Projected, ShapeFault> {
        if kept.faults.is_empty() {
            return Ok(kept);
        }
        let Projected { items, faults, signals } = kept;
        let mut reading = Reading { hashed: Some(faults), ..Reading::new(self) };
        whole_of(text, PageSeed { node: &self.page, reading: &mut reading })?;
        Ok(Projected { items, faults: reading.hashed.unwrap_or_default(), signals })
    }

    /// Reads a document that is one item by itself, as a look-up by id answers.
    pub fn read_item(&self, body: &[u8]) -> Result<Projected, ShapeFault> {
        let mut reading = Reading::new(self);
        let seed = ItemSeed { projection: self, reading: &mut reading, around: Around::default() };
        let outcome = whole_of(text_of(body)?, seed);
        reading.fault.map_or(outcome, Err).map(|()| reading.kept)
    }

    /// Reads the page's own values and none of its rows.
    pub fn read_signals(&self, page: &str) -> Result<Vec<Option<Box<str>>>, ShapeFault> {
        let mut reading = Reading::new(self);
        whole_of(page, PageSeed { node: &self.page, reading: &mut reading })?;
        Ok(reading.kept.signals)
    }

    /// Reads rows that were taken out of a page.
    pub fn read_rows(&self, gathering: &Gathering<'_>) -> Result<Projected, ShapeFault> {
        if gathering.rows.len() > self.max_items {
            return Err(ShapeFault::TooManyItems(self.max_items));
        }
        let mut reading = Reading::new(self);
        let mut outer: Option<(usize, Items)> = None;
        for row in &gathering.rows {
            match row {
                Err(reason) => {
                    let fault = ItemFault { index: reading.index, reason: reason.clone(), fingerprint: None };
                    reading.kept.faults.push(fault);
                }
                Ok(found) => {
                    if let Some(place) =
                        found.around.filter(|place| outer.as_ref().map(|o| o.0) != Some(*place))
                    {
                        outer = Some((place, self.outer(gathering.outer.get(place).map_or("", |raw| raw))?));
                    }
                    let around = Around {
                        key: found.key.as_deref(),
                        operation: found.operation,
                        outer: found.around.and_then(|_| outer.as_ref().map(|(_, items)| items)),
                    };
                    let before = reading.kept.faults.len();
                    let seed = ItemSeed { projection: self, reading: &mut reading, around };
                    whole_of(&found.raw, seed)?;
                    for fault in reading.kept.faults.iter_mut().skip(before) {
                        fault.fingerprint = Some(Fingerprint::of([Some(found.raw.as_ref())]));
                    }
                }
            }
            reading.index += 1;
        }
        Ok(reading.kept)
    }

    /// What the rows inside a row have from the row itself.
    fn outer(&self, raw: &str) -> Result<Items, ShapeFault> {
        let (mut items, mut repeated) = (Items::of_width(self.width), false);
        items.begin();
        let visitor = MemberVisitor { node: &self.beside.outer, items: &mut items, repeated: &mut repeated };
        let mut json = serde_json::Deserializer::from_str(raw);
        visitor.deserialize(&mut json).map_err(|error| where_it_broke(&error))?;
        if repeated { Err(ShapeFault::Twice(AROUND.to_owned())) } else { Ok(items) }
    }

    pub(super) const fn item(&self) -> &Node {
        &self.item
    }

    /// Fills what the members of the newest item did not.
    pub(super) fn complete(&self, items: &mut Items, around: Around<'_>) {
        self.beside.complete(items, around);
    }

    /// The rows path as the definition writes it.
    pub(super) fn rows(&self) -> String {
        self.rows.clone()
    }

    pub(super) const fn absent(&self) -> Absent {
        self.absent
    }

    pub(super) const fn max_items(&self) -> usize {
        self.max_items
    }
}

/// Reads a JSON text to its end.
fn whole_of<'de>(text: &'de str, seed: impl DeserializeSeed<'de, Value = ()>) -> Result<(), ShapeFault> {
    let mut json = serde_json::Deserializer::from_str(text);
    seed.deserialize(&mut json).and_then(|()| json.end()).map_err(|error| where_it_broke(&error))
}

/// The state of one read.
pub(super) struct Reading<'p> {
    pub projection: &'p Projection,
    pub kept: Projected,
    pub rows_seen: bool,
    /// Whether the object was there that rows which may be missing would be a member of.
    pub parent_seen: bool,
    /// The place of the row that is being read, from 0.
    pub index: usize,
    /// The faults of an earlier read, where this one only finds what stands for them.
    pub hashed: Option<Vec<ItemFault>>,
    fault: Option<ShapeFault>,
}

impl<'p> Reading<'p> {
    fn new(projection: &'p Projection) -> Self {
        let kept = Projected {
            items: Items::of_width(projection.width),
            faults: Vec::new(),
            signals: vec![None; projection.n_signals],
        };
        Self { projection, kept, rows_seen: false, parent_seen: false, index: 0, hashed: None, fault: None }
    }

    /// Remembers the first fault and stops the parser.
    pub(super) fn stop<E: serde::de::Error>(&mut self, fault: ShapeFault) -> E {
        self.fault.get_or_insert(fault);
        E::custom("stopped")
    }
}
