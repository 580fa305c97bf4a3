//! Reads a JSON page in one pass and keeps only the values that somebody named.
//!
//! Everything else is skipped without building a tree: skipping does not recurse, so a hostile depth costs nothing, and
//! kept values stay the text they were sent as.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::items::Items;
use crate::path::Path;

/// How deep a kept value may nest; deeper ones are refused rather than handed to consumers.
pub const MAX_DEPTH: usize = 64;

/// Why a page cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShapeFault {
    /// The body is not JSON, is cut off, or has text after its end.
    #[error("the body is not JSON: {0}")]
    NotJson(String),
    /// There is nothing at the path where the rows should be.
    #[error("there is no `{0}` in the page, so nothing can be said about its rows")]
    NoRows(String),
    /// The rows path holds something other than an array.
    #[error("`{0}` is not an array")]
    RowsNotArray(String),
    /// More rows than a page may have.
    #[error("the page has more than {0} items")]
    TooManyItems(usize),
    /// A kept value nests too deeply.
    #[error("a value nests deeper than {MAX_DEPTH} levels")]
    TooDeep,
}

/// An item of a page that could not be projected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemFault {
    /// Its place in the page, from 0.
    pub index: usize,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// What was kept of a page.
#[derive(Debug, Default)]
pub struct Projected {
    /// The rows, projected.
    pub items: Items,
    /// Rows that could not be projected.
    pub faults: Vec<ItemFault>,
    /// The JSON text found at each signal path, in the order the paths were given.
    pub signals: Vec<Option<Box<str>>>,
}

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

/// A member of the page or of an item, with what to do when it is met.
#[derive(Debug, Clone, Default)]
struct Node {
    members: Vec<(Box<str>, Node)>,
    slots: Vec<usize>,
    rows: bool,
}

impl Node {
    fn at<'p>(&mut self, mut path: impl Iterator<Item = &'p str>) -> &mut Self {
        let Some(member) = path.next() else { return self };
        let index = self.members.iter().position(|(name, _)| &**name == member).unwrap_or_else(|| {
            self.members.push((member.into(), Self::default()));
            self.members.len() - 1
        });
        self.members[index].1.at(path)
    }

    fn of_slots(paths: &[Option<Path>]) -> Self {
        let mut root = Self::default();
        for (slot, path) in paths.iter().enumerate().filter_map(|(slot, path)| Some((slot, path.as_ref()?))) {
            root.at(path.members()).slots.push(slot);
        }
        root
    }
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
        let text =
            std::str::from_utf8(body).map_err(|_| ShapeFault::NotJson("it is not UTF-8".to_owned()))?;
        let mut reading = Reading::new(self);
        let mut json = serde_json::Deserializer::from_str(text);
        let outcome = PageSeed { node: &self.page, reading: &mut reading }
            .deserialize(&mut json)
            .and_then(|()| json.end());
        match (reading.fault, outcome) {
            (Some(fault), _) => Err(fault),
            (None, Err(error)) => Err(ShapeFault::NotJson(where_it_broke(&error))),
            (None, Ok(())) if !reading.rows_seen => Err(ShapeFault::NoRows(self.rows.clone())),
            (None, Ok(())) => Ok(reading.kept),
        }
    }

    /// Reads a document that is one item by itself, as a look-up by id answers.
    pub fn read_item(&self, body: &[u8]) -> Result<Projected, ShapeFault> {
        let text =
            std::str::from_utf8(body).map_err(|_| ShapeFault::NotJson("it is not UTF-8".to_owned()))?;
        let mut reading = Reading::new(self);
        let mut json = serde_json::Deserializer::from_str(text);
        let outcome = ItemSeed { projection: self, reading: &mut reading }
            .deserialize(&mut json)
            .and_then(|()| json.end());
        match (reading.fault, outcome) {
            (Some(fault), _) => Err(fault),
            (None, Err(error)) => Err(ShapeFault::NotJson(where_it_broke(&error))),
            (None, Ok(())) => Ok(reading.kept),
        }
    }
}

/// What `serde_json` says, without the excerpt of the body that some messages carry.
fn where_it_broke(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        serde_json::error::Category::Eof => "it ends too early",
        _ => "unexpected text",
    };
    format!("{what} at line {} column {}", error.line(), error.column())
}

/// The state of one read.
struct Reading<'p> {
    projection: &'p Projection,
    kept: Projected,
    rows_seen: bool,
    index: usize,
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
    fn stop<E: serde::de::Error>(&mut self, fault: ShapeFault) -> E {
        self.fault.get_or_insert(fault);
        E::custom("stopped")
    }
}

/// Finds which member a name is, without copying the name.
struct Member<'n>(&'n Node);

impl<'de> DeserializeSeed<'de> for Member<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Member<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.members.iter().position(|(member, _)| &**member == name))
    }
}

/// Visits the page outside its rows.
struct PageSeed<'r, 'p> {
    node: &'p Node,
    reading: &'r mut Reading<'p>,
}

impl<'de> DeserializeSeed<'de> for PageSeed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for PageSeed<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a page")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        if self.node.rows {
            let rows = self.reading.projection.rows.clone();
            return Err(self.reading.stop(ShapeFault::RowsNotArray(rows)));
        }
        while let Some(member) = map.next_key_seed(Member(self.node))? {
            let Some((_, node)) = member.and_then(|m| self.node.members.get(m)) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            if node.slots.is_empty() {
                map.next_value_seed(PageSeed { node, reading: self.reading })?;
                continue;
            }
            let raw = map.next_value::<&RawValue>()?.get();
            for &slot in &node.slots {
                self.reading.kept.signals[slot] = Some(raw.into());
            }
            if !node.members.is_empty() {
                let inner = PageSeed { node, reading: self.reading };
                inner.deserialize(&mut serde_json::Deserializer::from_str(raw)).map_err(A::Error::custom)?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<(), A::Error> {
        if !self.node.rows {
            while rows.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(());
        }
        let projection = self.reading.projection;
        self.reading.rows_seen = true;
        while rows.next_element_seed(ItemSeed { projection, reading: self.reading })?.is_some() {
            self.reading.index += 1;
            if self.reading.index > projection.max_items {
                return Err(self.reading.stop(ShapeFault::TooManyItems(projection.max_items)));
            }
        }
        Ok(())
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        self.scalar()
    }

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<(), E> {
        self.scalar()
    }

    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<(), E> {
        self.scalar()
    }

    fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<(), E> {
        self.scalar()
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<(), E> {
        self.scalar()
    }

    fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<(), E> {
        self.scalar()
    }
}

impl PageSeed<'_, '_> {
    /// A scalar where rows were expected is an error; anywhere else the paths below it are simply absent.
    fn scalar<E: serde::de::Error>(self) -> Result<(), E> {
        if !self.node.rows {
            return Ok(());
        }
        let rows = self.reading.projection.rows.clone();
        Err(self.reading.stop(ShapeFault::RowsNotArray(rows)))
    }
}

/// Projects one row.
struct ItemSeed<'r, 'p> {
    projection: &'p Projection,
    reading: &'r mut Reading<'p>,
}

impl<'de> DeserializeSeed<'de> for ItemSeed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.reading.kept.items.begin();
        let mut repeated = false;
        let is_object = deserializer.deserialize_any(MemberVisitor {
            node: &self.projection.item,
            items: &mut self.reading.kept.items,
            repeated: &mut repeated,
        })?;
        let reason = match (is_object, repeated) {
            (false, _) => "it is not an object",
            (true, true) => "it names one member twice",
            (true, false) => return Ok(()),
        };
        self.reading.kept.items.abandon();
        self.reading.kept.faults.push(ItemFault { index: self.reading.index, reason });
        Ok(())
    }
}

/// Visits the members of a row, at any depth that a path names. Answers whether it met an object.
struct MemberVisitor<'r, 'p> {
    node: &'p Node,
    items: &'r mut Items,
    repeated: &'r mut bool,
}

impl<'de> DeserializeSeed<'de> for MemberVisitor<'_, '_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for MemberVisitor<'_, '_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an item")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        while let Some(member) = map.next_key_seed(Member(self.node))? {
            let Some((_, node)) = member.and_then(|m| self.node.members.get(m)) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            if node.slots.is_empty() {
                map.next_value_seed(MemberVisitor { node, items: self.items, repeated: self.repeated })?;
                continue;
            }
            let raw = map.next_value::<&RawValue>()?.get();
            for &slot in &node.slots {
                *self.repeated |= !self.items.set(slot, raw);
            }
            if !node.members.is_empty() {
                let inner = MemberVisitor { node, items: self.items, repeated: self.repeated };
                inner.deserialize(&mut serde_json::Deserializer::from_str(raw)).map_err(A::Error::custom)?;
            }
        }
        Ok(true)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<bool, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(false)
    }

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_bool<E>(self, _: bool) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_i64<E>(self, _: i64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_u64<E>(self, _: u64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_f64<E>(self, _: f64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_str<E>(self, _: &str) -> Result<bool, E> {
        Ok(false)
    }
}

/// The raw rows of a page, by their place, for the few that are handed on whole.
pub fn raw_rows(body: &[u8], rows: &Path, wanted: &[usize]) -> Result<Vec<Box<str>>, ShapeFault> {
    let text = std::str::from_utf8(body).map_err(|_| ShapeFault::NotJson("it is not UTF-8".to_owned()))?;
    let mut at = text;
    for member in rows.members() {
        let members: std::collections::BTreeMap<&str, &RawValue> =
            serde_json::from_str(at).map_err(|e| ShapeFault::NotJson(where_it_broke(&e)))?;
        at = members.get(member).ok_or_else(|| ShapeFault::NoRows(rows.to_string()))?.get();
    }
    let all: Vec<&RawValue> =
        serde_json::from_str(at).map_err(|_| ShapeFault::RowsNotArray(rows.to_string()))?;
    wanted.iter().filter_map(|&index| all.get(index)).map(|raw| shallow(raw.get())).collect()
}

/// Takes a value that will be handed on, unless it nests too deeply for those who read it.
pub fn shallow(raw: &str) -> Result<Box<str>, ShapeFault> {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in raw.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => depth += 1,
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err(ShapeFault::TooDeep);
        }
    }
    Ok(raw.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(texts: &[&str]) -> Vec<Option<Path>> {
        texts.iter().map(|t| Path::try_from((*t).to_owned()).ok()).collect()
    }

    fn projection(rows: &str, slots: &[&str], signals: &[&str]) -> Projection {
        Projection::new(&Path::of_rows(rows).unwrap(), &paths(slots), &paths(signals), 1_000)
    }

    fn slots(projected: &Projected) -> Vec<Vec<Option<&str>>> {
        let width = projected.items.iter().next().map_or(0, |_| 3);
        projected.items.iter().map(|item| (0..width).map(|slot| item.slot(slot)).collect()).collect()
    }

    #[test]
    fn named_values_are_kept_as_they_were_sent() {
        let page = br#"{"object":"list","data":[{"id":"a","n":1.50,"deep":{"er":[1,2]}},{"id":"b","deep":null}],"more":true}"#;
        let kept = projection("data", &["id", "n", "deep.er"], &["more", "next.cursor"]).read(page).unwrap();
        assert_eq!(slots(&kept), [[Some("\"a\""), Some("1.50"), Some("[1,2]")], [Some("\"b\""), None, None]]);
        assert_eq!(kept.signals, [Some("true".into()), None]);
    }

    #[test]
    fn a_value_and_one_inside_it_may_both_be_kept() {
        let kept = projection("[*]", &["a", "a.b", "c"], &[]).read(br#"[{"a":{"b":7}}]"#).unwrap();
        assert_eq!(slots(&kept), [[Some(r#"{"b":7}"#), Some("7"), None]]);
    }

    #[test]
    fn a_missing_rows_path_is_an_error_and_not_an_empty_page() {
        let read = |page: &str| projection("data", &["id"], &[]).read(page.as_bytes()).unwrap_err();
        assert_eq!(read(r#"{"dato":[]}"#), ShapeFault::NoRows("data".to_owned()));
        assert_eq!(read("[]"), ShapeFault::NoRows("data".to_owned()));
        assert_eq!(read(r#"{"data":null}"#), ShapeFault::RowsNotArray("data".to_owned()));
        assert_eq!(read(r#"{"data":{}}"#), ShapeFault::RowsNotArray("data".to_owned()));
    }

    #[test]
    fn what_is_not_json_is_refused_without_repeating_it() {
        let read = |page: &[u8]| projection("data", &["id"], &[]).read(page).unwrap_err().to_string();
        assert_eq!(read(b"<html>secret</html>"), "the body is not JSON: unexpected text at line 1 column 1");
        assert_eq!(
            read(br#"{"data":[{"id":"#),
            "the body is not JSON: it ends too early at line 1 column 15"
        );
        assert!(read(br#"{"data":[]} x"#).contains("unexpected text"));
        assert!(read(b"\xff").contains("UTF-8"));
    }

    #[test]
    fn a_row_that_is_no_object_or_repeats_a_member_is_a_fault_of_that_row() {
        let kept = projection("[*]", &["id", "x", "y"], &[])
            .read(br#"[1,{"id":"a"},{"id":"b","id":"c"},null]"#)
            .unwrap();
        assert_eq!(kept.items.len(), 1);
        assert_eq!(kept.faults.iter().map(|f| f.index).collect::<Vec<_>>(), [0, 2, 3]);
    }

    #[test]
    fn hostile_depth_is_skipped_where_nobody_asked_and_refused_where_it_would_be_kept() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let page = format!(r#"[{{"id":"a","junk":{deep}}}]"#);
        assert_eq!(projection("[*]", &["id"], &[]).read(page.as_bytes()).unwrap().items.len(), 1);
        assert_eq!(raw_rows(page.as_bytes(), &Path::of_rows("[*]").unwrap(), &[0]), Err(ShapeFault::TooDeep));
    }

    #[test]
    fn a_page_over_the_item_cap_is_refused() {
        let page = format!("[{}]", vec!["{}"; 1_001].join(","));
        assert_eq!(
            projection("[*]", &["id"], &[]).read(page.as_bytes()).unwrap_err(),
            ShapeFault::TooManyItems(1_000)
        );
    }
}
