//! What a definition can say about a response: its status, its headers and values of its body.

use std::borrow::Cow;
use std::fmt;

use regex_lite::Regex;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};

use super::checked::{Checked, Fault, FromText, Ordered};
use super::document::Problems;
use super::problem::Spot;
use super::schema;
use super::selector::Selector;
use super::value::HeaderName;
use crate::items::Items;
use crate::page::Response;
use crate::path::Path;
use crate::projection::Projection;
use crate::scalar;

/// The value that a header or a member of the body must have.
#[derive(Debug, Clone)]
pub enum Expected {
    /// There is one, and it is not null.
    Present,
    /// This text, number or boolean.
    Text(Box<str>),
    /// A text that the pattern is found in.
    Pattern(Regex),
}

impl FromText for Expected {
    const WHAT: &'static str = "value, `/pattern/` or `present`";

    fn from_text(text: &str) -> Result<Self, Fault> {
        if text == "present" {
            return Ok(Self::Present);
        }
        let Some(pattern) = text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) else {
            return Ok(Self::Text(text.into()));
        };
        Regex::new(pattern)
            .map(Self::Pattern)
            .map_err(|error| Fault::new(format!("`{text}` is not a regular expression: {error}")))
    }
}

impl Expected {
    pub(crate) fn accepts(&self, found: Option<&str>) -> bool {
        match (self, found) {
            (_, None) => false,
            (Self::Present, Some(_)) => true,
            (Self::Text(wanted), Some(found)) => **wanted == *found,
            (Self::Pattern(pattern), Some(found)) => pattern.is_match(found),
        }
    }
}

/// One status or several.
#[derive(Debug, Clone, Default)]
pub(super) struct Statuses(pub(super) Vec<u16>);

impl<'de> Deserialize<'de> for Statuses {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StatusVisitor)
    }
}

schema::schema_of!(Statuses, "Statuses", |generator| schema::any_of([
    schema::status(),
    schema::list_of(generator.subschema_for::<Self>()),
]));

struct StatusVisitor;

impl<'de> Visitor<'de> for StatusVisitor {
    type Value = Statuses;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an HTTP status such as `404`, or a list of them")
    }

    fn visit_u64<E: serde::de::Error>(self, status: u64) -> Result<Statuses, E> {
        match u16::try_from(status) {
            Ok(status @ 100..=599) => Ok(Statuses(vec![status])),
            _ => Err(E::custom(format!("`{status}` is not an HTTP status"))),
        }
    }

    fn visit_i64<E: serde::de::Error>(self, status: i64) -> Result<Statuses, E> {
        self.visit_u64(u64::try_from(status).unwrap_or_default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Statuses, A::Error> {
        let mut all = Vec::new();
        while let Some(Statuses(one)) = seq.next_element()? {
            all.extend(one);
        }
        Ok(Statuses(all))
    }
}

/// A condition on an answer; every part of it must hold.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ConditionFile {
    /// The status of the answer, or several.
    #[serde(default)]
    pub(super) status: Statuses,
    /// What headers of the answer hold: a text, a `/pattern/`, or `present`.
    #[serde(default)]
    pub(super) header: Ordered<Checked<Expected>>,
    /// What members of the body hold: a text, a `/pattern/`, or `present`.
    #[serde(default)]
    pub(super) body: Ordered<Checked<Expected>>,
}

/// A condition; every part that it has must hold.
#[derive(Debug, Clone, Default)]
pub struct Condition {
    statuses: Vec<u16>,
    headers: Vec<(String, Expected)>,
    body: Vec<(Place, Expected)>,
}

/// Where in the body to look.
#[derive(Debug, Clone)]
pub(super) enum Place {
    /// At a member.
    Member(usize),
    /// At what is chosen from arrays below a member, or from the whole body where that is an array.
    Chosen(Option<usize>, Selector),
}

/// Conditions in order, with one projection over the members of the body that they name.
#[derive(Debug, Clone, Default)]
pub struct Conditions {
    list: Vec<Condition>,
    paths: Vec<Path>,
    projection: Option<Projection>,
}

/// Which condition holds, with the body that was read to find out.
#[derive(Debug)]
pub struct Match {
    /// Its place in the list.
    pub index: usize,
    body: Option<Items>,
}

impl Conditions {
    pub(super) fn add(&mut self, file: ConditionFile, spot: Spot, problems: &mut Problems<'_>) {
        if file.status.0.is_empty() && file.header.0.is_empty() && file.body.0.is_empty() {
            let help = "say `status`, `header` or `body`";
            problems.add(spot, Fault::new("an empty condition holds for every response").with_help(help));
        }
        let mut condition = Condition { statuses: file.status.0, ..Condition::default() };
        for entry in file.header.0 {
            let name = HeaderName::from_text(&entry.key).map_err(|fault| problems.add(entry.spot, fault));
            if let (Ok(name), Some(expected)) = (name, problems.take(entry.value)) {
                condition.headers.push((name.0, expected));
            }
        }
        for entry in file.body.0 {
            let place = Selector::from_text(&entry.key).map_err(|fault| problems.add(entry.spot, fault));
            if let (Ok(selector), Some(expected)) = (place, problems.take(entry.value)) {
                condition.body.push((self.place(selector), expected));
            }
        }
        self.list.push(condition);
    }

    /// Where a selector looks.
    pub(super) fn place(&mut self, selector: Selector) -> Place {
        match selector.plain() {
            Some(path) => Place::Member(self.slot(path)),
            None => Place::Chosen(selector.root.clone().map(|root| self.slot(root)), selector),
        }
    }

    fn slot(&mut self, path: Path) -> usize {
        if let Some(slot) = self.paths.iter().position(|known| *known == path) {
            return slot;
        }
        self.paths.push(path);
        let slots: Vec<Option<Path>> = self.paths.iter().cloned().map(Some).collect();
        self.projection = Some(Projection::of_rows(&slots, &[], 1));
        self.paths.len() - 1
    }

    /// Whether a condition that looks at more than the body names the status.
    #[must_use]
    pub fn names_status(&self, status: u16) -> bool {
        self.list.iter().any(|condition| condition.statuses.contains(&status))
    }

    /// The first condition that holds. The body is read once, and only if a condition gets as far as asking.
    #[must_use]
    pub fn first_match(&self, response: &Response<'_>, skip: impl Fn(usize) -> bool) -> Option<Match> {
        let mut body: Option<Option<Items>> = None;
        for (index, condition) in self.list.iter().enumerate() {
            if skip(index) || !condition.holds_outside(response) {
                continue;
            }
            let holds = condition.body.is_empty() || {
                let items = body.get_or_insert_with(|| self.read(response)).as_ref();
                condition.holds_inside(items, response)
            };
            if holds {
                return Some(Match { index, body: body.flatten() });
            }
        }
        None
    }

    fn read(&self, response: &Response<'_>) -> Option<Items> {
        let read = self.projection.as_ref()?.read_item(response.body).ok()?;
        Some(read.items).filter(|items| !items.is_empty())
    }

    /// The first text at a place of the body, once a condition holds.
    pub(super) fn text(&self, found: &Match, response: &Response<'_>, place: &Place) -> Option<String> {
        let read = if found.body.is_none() { self.read(response) } else { None };
        let body = found.body.as_ref().or(read.as_ref());
        place.texts(body, response).into_iter().next().map(Cow::into_owned)
    }

    /// Every text at a place of the body.
    pub(super) fn texts(&self, response: &Response<'_>, place: &Place) -> Vec<String> {
        let body = self.read(response);
        place.texts(body.as_ref(), response).into_iter().map(Cow::into_owned).collect()
    }
}

impl Place {
    /// The texts that are there; a member that is null is not.
    fn texts<'b>(&self, body: Option<&'b Items>, response: &'b Response<'_>) -> Vec<Cow<'b, str>> {
        let raw = |slot: usize| body?.get(0)?.slot(slot);
        let found = match self {
            Self::Member(slot) => raw(*slot).into_iter().collect(),
            Self::Chosen(root, selector) => {
                let root = match root {
                    Some(slot) => raw(*slot),
                    None => std::str::from_utf8(response.body).ok(),
                };
                root.map(|root| selector.select(root)).unwrap_or_default()
            }
        };
        found.into_iter().filter_map(text_of_value).collect()
    }
}

impl Condition {
    fn holds_outside(&self, response: &Response<'_>) -> bool {
        let status = self.statuses.is_empty() || self.statuses.contains(&response.status);
        status && self.headers.iter().all(|(name, expected)| expected.accepts(response.header(name)))
    }

    fn holds_inside(&self, body: Option<&Items>, response: &Response<'_>) -> bool {
        let accepts = |place: &Place, expected: &Expected| {
            place.texts(body, response).iter().any(|text| expected.accepts(Some(text)))
        };
        self.body.iter().all(|(place, expected)| accepts(place, expected))
    }
}

/// The text of a value: strings without quotes, everything else as it was sent; null is no value.
pub(crate) fn text_of_value(raw: &str) -> Option<Cow<'_, str>> {
    match raw {
        "null" => None,
        _ if raw.starts_with('"') => scalar::unquote(raw),
        _ => Some(Cow::Borrowed(raw)),
    }
}
