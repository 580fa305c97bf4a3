//! What the placeholders of one request stand for.

use std::borrow::Cow;
use std::time::Duration;

use serde_json::Value;

use super::body::Tree;
use super::edges::Edges;
use super::lang::Lang;
use super::placeholder::{Format, Placeholder, Slot};
use crate::clock_format::ClockFormat;
use crate::export::Values;
use crate::fan_out::Member;
use crate::instant::TimeFormat;
use crate::key::Key;
use crate::window::Window;

/// What the placeholders of one request stand for.
#[derive(Debug, Clone, Default)]
pub struct Fill<'a> {
    /// `{size}`.
    pub size: Option<u64>,
    /// `{cursor}`.
    pub cursor: Option<&'a str>,
    /// `{page}`.
    pub page: Option<u64>,
    /// `{offset}`.
    pub offset: Option<u64>,
    /// `{from}` and `{to}`.
    pub bounds: Option<Bounds>,
    /// `{rekey}`.
    pub rekey: Option<&'a str>,
    /// `{token}`.
    pub token: Option<&'a str>,
    /// `{id}` and `{ids}`.
    pub keys: &'a [Key],
    /// `{job.NAME}`.
    pub job: Option<&'a Values>,
    /// `{each.NAME}`.
    pub each: Option<&'a Member>,
    /// How each of the keys is written in a list.
    pub ids_as: Option<&'a Tree>,
    /// The language whose quotes `{ids:quoted}` uses.
    pub lang: Option<Lang>,
}

/// The window of a slice, for bounds of any format.
#[derive(Debug, Clone)]
pub struct Bounds {
    /// The window.
    pub window: Window,
    /// The provider's edges.
    pub edges: Edges,
    /// The shortest step of its clock.
    pub grain: Duration,
    /// How it writes its clock.
    pub format: ClockFormat,
}

impl Bounds {
    /// The lower bound as the window's own format has it.
    #[must_use]
    pub fn from(&self) -> String {
        self.edges.bounds(self.window, self.grain, &self.format).0
    }

    /// The text of a bound, in a format of its own or in the window's, with the format that it has.
    fn write<'f>(&'f self, slot: &Slot, format: Option<&'f Format>) -> Option<(String, &'f ClockFormat)> {
        let format = match format {
            Some(Format::Time(format)) => format,
            _ => &self.format,
        };
        let (from, to) = self.edges.bounds(self.window, self.grain, format);
        let text = if *slot == Slot::From { Some(from) } else { to };
        text.map(|text| (text, format))
    }
}

/// Whether a format writes numbers.
const fn is_number(format: &ClockFormat) -> bool {
    matches!(format, ClockFormat::Plain(TimeFormat::Epoch | TimeFormat::EpochMs | TimeFormat::EpochUs))
}

impl<'a> Fill<'a> {
    /// The same about one key.
    fn about(&self, key: &'a Key) -> Self {
        Self { keys: std::slice::from_ref(key), ids_as: None, ..self.clone() }
    }

    /// The value of a placeholder as text.
    pub(super) fn text(&self, place: &Placeholder) -> Option<Cow<'a, str>> {
        let number = |n: Option<u64>| n.map(|n| Cow::Owned(n.to_string()));
        match &place.slot {
            Slot::Size => number(self.size),
            Slot::Page => number(self.page),
            Slot::Offset => number(self.offset),
            Slot::Cursor => self.cursor.map(Cow::Borrowed),
            Slot::Rekey => self.rekey.map(Cow::Borrowed),
            Slot::Token => self.token.map(Cow::Borrowed),
            Slot::From | Slot::To => {
                let (text, _) = self.bounds.as_ref()?.write(&place.slot, place.format.as_ref())?;
                Some(Cow::Owned(text))
            }
            Slot::Id => self.keys.first().map(|key| Cow::Borrowed(key.as_str())),
            Slot::IdPart(part) => self.keys.first()?.parts().nth(*part),
            Slot::Ids => (!self.keys.is_empty()).then(|| Cow::Owned(self.list(place.format.as_ref()))),
            Slot::Job(name) => self.job?.get(name).map(|value| Cow::Borrowed(&**value)),
            Slot::Each(name) => self.each?.values.get(name).map(|value| Cow::Borrowed(&**value)),
            Slot::Var(_) | Slot::Secret(_) => None,
        }
    }

    /// The value of a placeholder as JSON: numbers stay numbers and keys a list.
    pub(super) fn json(&self, place: &Placeholder) -> Option<Value> {
        if place.slot == Slot::Ids && place.format.is_none() {
            let keys: Vec<Value> = self.keys.iter().map(|key| self.listed(key)).collect();
            return (!keys.is_empty()).then_some(Value::Array(keys));
        }
        let text = self.text(place)?;
        let counts = match (&place.slot, &place.format) {
            (_, Some(Format::Text)) => false,
            (Slot::Size | Slot::Page | Slot::Offset, _) | (_, Some(Format::Number)) => true,
            (Slot::From | Slot::To, format) => self
                .bounds
                .as_ref()?
                .write(&place.slot, format.as_ref())
                .is_some_and(|(_, format)| is_number(format)),
            _ => false,
        };
        Some(if counts { number(&text) } else { Value::from(text.into_owned()) })
    }

    /// Each key as it is written in a text or as a parameter of its own.
    pub(super) fn texts(&self) -> impl Iterator<Item = Cow<'a, str>> {
        self.keys.iter().map(|key| match self.ids_as {
            Some(shape) => match shape.render(&self.about(key)) {
                Some(Value::String(text)) => Cow::Owned(text),
                other => Cow::Owned(other.unwrap_or_default().to_string()),
            },
            None => Cow::Borrowed(key.as_str()),
        })
    }

    fn listed(&self, key: &'a Key) -> Value {
        self.ids_as.map_or_else(
            || Value::from(key.as_str()),
            |shape| shape.render(&self.about(key)).unwrap_or_default(),
        )
    }

    fn list(&self, format: Option<&Format>) -> String {
        match (format, self.lang) {
            (Some(Format::Json), _) => {
                Value::Array(self.keys.iter().map(|key| self.listed(key)).collect()).to_string()
            }
            (Some(Format::Quoted), Some(lang)) => {
                self.texts().map(|text| lang.quoted(&text)).collect::<Vec<_>>().join(",")
            }
            _ => self.texts().collect::<Vec<_>>().join(","),
        }
    }
}

/// A whole number as JSON; any other text as it is.
pub(super) fn number(text: &str) -> Value {
    let whole = text.parse::<i64>().map(Value::from);
    whole.or_else(|_| text.parse::<u64>().map(Value::from)).unwrap_or_else(|_| Value::from(text))
}
