//! A value of an expression. Numbers are decimals and never floats, and every value knows its weight and its depth, so
//! that none grows beyond what an expression may hold.

use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use rust_decimal::Decimal;

/// The most that a value may weigh, roughly in bytes.
pub(super) const MAX_WEIGHT: usize = 1 << 21;
/// How deep a value may nest: deeper than any item that is read, by what an expression adds around it.
pub(super) const MAX_DEPTH: usize = 128;
/// What a value weighs by itself.
const OWN_WEIGHT: usize = 16;

/// What is said of a value that cannot be held.
pub(super) const TOO_LARGE: &str = "the value is too large";

/// A value.
#[derive(Debug, Clone)]
pub(super) enum Val {
    Null,
    Bool(bool),
    Number(Decimal),
    /// A number of more digits than a decimal has: it is equal to its own spelling and cannot be calculated with.
    LongNumber(Rc<str>),
    Text(Rc<str>),
    List(Rc<Bulk<Vec<Val>>>),
    Object(Rc<Bulk<BTreeMap<Rc<str>, Val>>>),
    /// What would be too large. The machine has places that cannot fail; the next step that meets this does.
    Refused,
}

/// A value of other values.
#[derive(Debug)]
pub(super) struct Bulk<T> {
    pub(super) inner: T,
    weight: usize,
    depth: usize,
}

impl Val {
    /// A text, unless it is too large.
    pub(super) fn text(text: &str) -> Self {
        if text.len() > MAX_WEIGHT { Self::Refused } else { Self::Text(text.into()) }
    }

    /// A list, unless it would be too large.
    pub(super) fn list(values: impl IntoIterator<Item = Self>) -> Self {
        let (mut inner, mut size) = (Vec::new(), Size::default());
        for value in values {
            if !size.fits(&value, 0) {
                return Self::Refused;
            }
            inner.push(value);
        }
        Self::List(Rc::new(Bulk { inner, weight: size.weight, depth: size.depth + 1 }))
    }

    /// An object, unless it would be too large. Of two members with one name the later one stays.
    pub(super) fn object(members: impl IntoIterator<Item = (Rc<str>, Self)>) -> Self {
        let (mut inner, mut size) = (BTreeMap::new(), Size::default());
        for (name, value) in members {
            if !size.fits(&value, name.len() + OWN_WEIGHT) {
                return Self::Refused;
            }
            inner.insert(name, value);
        }
        Self::Object(Rc::new(Bulk { inner, weight: size.weight, depth: size.depth + 1 }))
    }

    /// Roughly how many bytes there are to copy, compare or print.
    pub(super) fn weight(&self) -> usize {
        OWN_WEIGHT
            + match self {
                Self::Text(text) | Self::LongNumber(text) => text.len(),
                Self::List(list) => list.weight,
                Self::Object(object) => object.weight,
                _ => 0,
            }
    }

    fn depth(&self) -> usize {
        match self {
            Self::List(list) => list.depth,
            Self::Object(object) => object.depth,
            _ => 0,
        }
    }

    fn write(&self, into: &mut String) {
        match self {
            Self::Null | Self::Refused => into.push_str("null"),
            Self::Bool(flag) => into.push_str(if *flag { "true" } else { "false" }),
            Self::Number(number) => into.push_str(&number.to_string()),
            Self::LongNumber(text) => into.push_str(text),
            Self::Text(text) => into.push_str(&quoted(text)),
            Self::List(list) => {
                into.push('[');
                for (place, value) in list.inner.iter().enumerate() {
                    into.push_str(if place > 0 { "," } else { "" });
                    value.write(into);
                }
                into.push(']');
            }
            Self::Object(object) => {
                into.push('{');
                for (place, (name, value)) in object.inner.iter().enumerate() {
                    into.push_str(if place > 0 { "," } else { "" });
                    into.push_str(&quoted(name));
                    into.push(':');
                    value.write(into);
                }
                into.push('}');
            }
        }
    }
}

/// What the parts of a value add up to.
#[derive(Default)]
struct Size {
    weight: usize,
    depth: usize,
}

impl Size {
    fn fits(&mut self, value: &Val, more: usize) -> bool {
        self.weight += value.weight() + more;
        self.depth = self.depth.max(value.depth());
        !matches!(value, Val::Refused) && self.weight <= MAX_WEIGHT && self.depth < MAX_DEPTH
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// As JSON text.
impl fmt::Display for Val {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.write(&mut text);
        f.write_str(&text)
    }
}

impl From<bool> for Val {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

impl From<isize> for Val {
    fn from(whole: isize) -> Self {
        Self::Number(Decimal::from(whole))
    }
}

impl From<usize> for Val {
    fn from(whole: usize) -> Self {
        Self::Number(Decimal::from(whole))
    }
}

/// No filter here makes floating-point numbers.
impl From<f64> for Val {
    fn from(_: f64) -> Self {
        Self::Refused
    }
}

impl From<String> for Val {
    fn from(text: String) -> Self {
        Self::text(&text)
    }
}

/// A range is only made where paths are asked for, which no expression does.
impl From<jaq_core::val::Range<Self>> for Val {
    fn from(_: jaq_core::val::Range<Self>) -> Self {
        Self::Refused
    }
}

impl FromIterator<Self> for Val {
    fn from_iter<I: IntoIterator<Item = Self>>(values: I) -> Self {
        Self::list(values)
    }
}
