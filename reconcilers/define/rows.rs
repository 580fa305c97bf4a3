//! Reads the rows of pages and of look-ups. A plain array of objects is read in one pass; whatever else a provider sends
//! is taken apart first, and then read in the same way.

use std::borrow::Cow;

use super::layout::Layout;
use super::names::with_names;
use super::rows_file::RowsDefinition;
use crate::compare::{Fields, KEY};
use crate::format::{Caps, Decoded, Format, Unpack, decode};
use crate::items::{ItemView, Items};
use crate::key::{Key, text_of};
use crate::page::Seen;
use crate::path::Path;
use crate::projection::{
    AROUND, Cut, Found, Gathering, ItemFault, Lookup, Nested, Projected, Projection, RowShape, Rows,
    ShapeFault, at, shallow,
};

/// The most rows that one page may have; providers ask for at most some thousand.
const MAX_ITEMS: usize = 10_000;
/// The most rows that one file of an export may have; its bytes are bounded before.
const MAX_EXPORTED: usize = 1_000_000;

/// Reads rows of one shape.
#[derive(Debug)]
pub(super) struct RowReader {
    shape: RowShape,
    format: Format,
    unpack: Option<Unpack>,
    /// Reads a page in one pass, where its shape allows that.
    page: Option<Projection>,
    /// Reads rows one by one.
    row: Projection,
    layout: Layout,
    /// The lists inside rows that a compared field is taken from.
    nested: Vec<Nested>,
}

/// The rows of a page.
#[derive(Debug, Default)]
pub(super) struct ReadRows {
    pub items: Items,
    /// Rows that cannot be used.
    pub faults: Vec<ItemFault>,
    /// Items that the page names as deleted.
    pub gone: Vec<Key>,
    /// The places among `items` of those that have to be looked up before anybody compares them.
    pub partial: Vec<usize>,
    /// How many lists whose elements are rows are cut off.
    pub cut: usize,
    /// The values of the page outside its rows.
    pub signals: Vec<Option<Box<str>>>,
    /// The cursor in the last row.
    pub last: Option<Box<str>>,
    /// The id in the last row that a query can begin behind.
    pub last_id: Option<Box<str>>,
    /// What the page lists, as the provider counts it, whatever became of it.
    pub rows: usize,
}

/// What stands in the place of a row in the answer of a look-up.
#[derive(Debug)]
pub(super) enum Looked {
    /// A row, with its key where it has one.
    Row(Option<Key>, Seen),
    /// `null`.
    Null,
    /// Something that is no row.
    Fault(String),
}

/// The answer of a look-up.
#[derive(Debug, Default)]
pub(super) struct LookedUp {
    /// In the order of the answer.
    pub rows: Vec<Looked>,
    /// The values of the answer outside its rows.
    pub signals: Vec<Option<Box<str>>>,
    /// How many lists whose elements are rows are cut off.
    pub cut: usize,
    /// The rows that others were taken out of.
    pub outer: Vec<String>,
}

impl RowReader {
    /// A reader of a feed's pages.
    pub(super) fn of_pages(
        rows: &RowsDefinition,
        layout: &Layout,
        fields: &Fields,
        signals: &[Option<Path>],
    ) -> Self {
        let compared =
            |nested: &&Nested| fields.fields.iter().any(|field| field.upstream.overlaps(&nested.rows.path));
        let nested: Vec<Nested> = rows.nested.iter().filter(compared).cloned().collect();
        let mut reader = Self::new(
            rows.shape.clone(),
            with_names(&rows.format, &rows.shape, layout, &nested),
            layout,
            signals,
        );
        reader.unpack = rows.unpack;
        let plain = rows.shape.plain().filter(|_| nested.is_empty());
        if let (Some(at), Format::Json, None) = (plain, &rows.format, rows.unpack) {
            let slots = match &rows.shape.unwrap {
                None => layout.slots.clone(),
                Some(inner) => layout.inside(inner),
            };
            reader.page = Some(layout.finishing(Projection::new(at, &slots, signals, MAX_ITEMS)));
        }
        Self { nested, ..reader }
    }

    /// A reader of look-ups of the same rows, which answer with what stands before `explode`.
    pub(super) fn of_look_ups(&self, rows: Rows, unwrap: Option<Path>, signals: &[Option<Path>]) -> Self {
        let shape = RowShape { rows, unwrap, explode: self.shape.explode.clone(), scalar: None };
        let format = match &self.format {
            Format::Xml(_) => with_names(&self.format, &shape, &self.layout, &self.nested),
            _ => Format::Json,
        };
        Self { nested: self.nested.clone(), ..Self::new(shape, format, &self.layout, signals) }
    }

    fn new(shape: RowShape, format: Format, layout: &Layout, signals: &[Option<Path>]) -> Self {
        let max = if format.is_rows() { MAX_EXPORTED } else { MAX_ITEMS };
        let row = layout.of_rows(signals, max);
        Self { shape, format, unpack: None, page: None, row, layout: layout.clone(), nested: Vec::new() }
    }

    /// Reads a page.
    pub(super) fn read(&self, body: &[u8]) -> Result<ReadRows, ShapeFault> {
        if let Some(page) = &self.page {
            let kept = page.read(body)?;
            return Ok(self.sift(kept, |_| false, 0));
        }
        let decoded = self.decode(body)?;
        let gathering = self.gather(&decoded)?;
        let kept = self.row.read_rows(&gathering)?;
        let is_partial = |place: usize| {
            let found = gathering.rows.get(place).and_then(|row| row.as_ref().ok());
            found.is_none_or(|found| !matches!(self.cut(&found.raw), Ok(None)))
        };
        let mut rows = self.sift(kept, is_partial, gathering.cut);
        rows.rows = gathering.listed;
        rows.signals = gathering.signals;
        Ok(rows)
    }

    /// Reads the answer of a look-up.
    pub(super) fn look_up(&self, body: &[u8]) -> Result<LookedUp, ShapeFault> {
        let decoded = self.decode(body)?;
        let gathering = self.gather(&decoded)?;
        let mut answer = LookedUp { cut: gathering.cut, ..LookedUp::default() };
        for row in &gathering.rows {
            let looked = match row {
                Err(why) => Looked::Fault(why.to_string()),
                Ok(found) if found.raw == "null" => Looked::Null,
                Ok(found) => self.looked(found, &gathering)?,
            };
            answer.rows.push(looked);
        }
        answer.signals = gathering.signals;
        answer.outer = gathering.outer.into_iter().map(Cow::into_owned).collect();
        Ok(answer)
    }

    /// A page of JSON whose rows lie in one array, without them.
    pub(super) fn emptied(&self, body: &[u8]) -> Option<Vec<u8>> {
        let (Rows::Array(at), Format::Json, None) = (&self.shape.rows, &self.format, self.unpack) else {
            return None;
        };
        let mut page: serde_json::Value = serde_json::from_slice(body).ok()?;
        let mut rows = &mut page;
        for member in at.path.members() {
            rows = rows.get_mut(member)?;
        }
        rows.as_array_mut()?.clear();
        serde_json::to_vec(&page).ok()
    }

    /// Whether rows are taken out of lists inside what a provider calls an item.
    pub(super) const fn explodes(&self) -> bool {
        self.shape.explode.is_some()
    }

    /// Whether a key says itself that its row lies in the list of `outer`.
    pub(super) fn lies_in(&self, key: &Key, outer: &str) -> bool {
        let around = Path::of_member(AROUND);
        let mut named = self.layout.parts().zip(key.parts()).filter_map(|(path, part)| {
            let found = at(outer, &path.below(&around)?);
            Some(matches!(found, Ok(Lookup::Value(raw)) if text_of(raw).is_ok_and(|text| text == part)))
        });
        named.next().is_some_and(|first| first && named.all(|holds| holds))
    }

    fn looked(&self, found: &Found<'_>, gathering: &Gathering<'_>) -> Result<Looked, ShapeFault> {
        let outer = found.around.and_then(|place| gathering.outer.get(place)).cloned();
        let alone = Gathering {
            rows: vec![Ok(Found { around: outer.as_ref().map(|_| 0), ..found.clone() })],
            outer: outer.into_iter().collect(),
            ..Gathering::default()
        };
        let kept = self.row.read_rows(&alone)?;
        if let Some(fault) = kept.faults.first() {
            return Ok(Looked::Fault(fault.reason.to_string()));
        }
        let Some(item) = kept.items.get(0) else { return Ok(Looked::Null) };
        let key = Key::from_json(item.slot(KEY)).ok();
        if self.layout.is_gone(item) {
            return Ok(Looked::Row(key, Seen::Gone));
        }
        let seen = match (self.cut(&found.raw)?, shallow(&found.raw)) {
            (Some(why), _) => Seen::Unreadable(format!("{why}, in the look-up too")),
            (None, Err(fault)) => Seen::Unreadable(fault.to_string()),
            (None, Ok(raw)) => Seen::Item(kept.items, raw),
        };
        Ok(Looked::Row(key, seen))
    }

    fn decode<'b>(&self, body: &'b [u8]) -> Result<Decoded<'b>, ShapeFault> {
        Ok(decode(&self.format, self.unpack, Caps::default(), body)?)
    }

    /// Takes the rows out of a body, and the values outside them.
    fn gather<'d>(&self, decoded: &'d Decoded<'_>) -> Result<Gathering<'d>, ShapeFault> {
        let mut all = Gathering::default();
        match decoded {
            Decoded::Rows(rows) => {
                for row in rows {
                    match row {
                        Ok(raw) => self.shape.refine(Found::alone(Cow::Borrowed(raw)), &mut all),
                        Err(why) => all.fault(why.clone()),
                    }
                }
            }
            Decoded::Pages(pages) => {
                for page in pages {
                    let said = self.row.read_signals(page)?;
                    all.signals.resize(said.len(), None);
                    for (known, said) in all.signals.iter_mut().zip(said) {
                        *known = known.take().or(said);
                    }
                    self.shape.gather(page, &mut all)?;
                }
            }
        }
        Ok(all)
    }

    /// Why a row's lists cannot be trusted, or nothing where they can.
    fn cut(&self, row: &str) -> Result<Option<String>, ShapeFault> {
        for nested in &self.nested {
            let list = &nested.rows.path;
            match nested.is_cut(row)? {
                None => {}
                Some(Cut::GoesOn) => return Ok(Some(format!("the list `{list}` is cut off"))),
                Some(Cut::NoList) => return Ok(Some(format!("there is no list `{list}`"))),
            }
        }
        Ok(None)
    }

    /// Parts the rows into items, deleted ones and those that have to be looked up.
    fn sift(&self, kept: Projected, is_partial: impl Fn(usize) -> bool, lists_cut: usize) -> ReadRows {
        let Projected { items, faults, signals } = kept;
        let rows = items.len() + faults.len();
        let last = |slot: usize| items.iter().next_back()?.slot(slot).map(Box::from);
        let (last, last_id) = (self.layout.cursor.and_then(last), self.layout.rekey.and_then(last));
        let mut read = ReadRows { signals, last, last_id, rows, cut: lists_cut, ..ReadRows::default() };
        if !self.layout.names_gone() && self.nested.is_empty() {
            return ReadRows { items, faults, ..read };
        }
        read.items = Items::of_width(self.layout.slots.len());
        let mut places = places_of_items(&faults);
        read.faults = faults;
        for item in items.iter() {
            let place = places.next().unwrap_or_default();
            if self.layout.is_gone(item) {
                read.gone_row(item, place);
                continue;
            }
            if is_partial(place) {
                read.partial.push(read.items.len());
            }
            read.items.push(item);
        }
        read
    }
}

impl ReadRows {
    fn gone_row(&mut self, item: ItemView<'_>, place: usize) {
        match Key::from_json(item.slot(KEY)) {
            Ok(key) => self.gone.push(key),
            Err(fault) => {
                let reason = format!("it names a deleted item, and {fault}").into();
                let fingerprint = Some(item.fingerprint());
                self.faults.push(ItemFault { index: place, reason, fingerprint });
            }
        }
    }
}

/// The place in the page of each item that could be projected.
fn places_of_items(faults: &[ItemFault]) -> impl Iterator<Item = usize> + use<> {
    let taken: std::collections::HashSet<usize> = faults.iter().map(|fault| fault.index).collect();
    (0..).filter(move |place| !taken.contains(place))
}
