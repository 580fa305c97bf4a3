//! Which kinds of values a schema may take. A whole number is a kind of its own: `1.0` is one as well.

use serde_json::Value;

use super::site::Site;

/// A set of kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kinds(u8);

const NAMED: [(&str, Kinds); 7] = [
    ("null", Kinds(1)),
    ("boolean", Kinds(2)),
    ("integer", Kinds::INTEGER),
    ("number", Kinds::NUMBER),
    ("string", Kinds::STRING),
    ("array", Kinds::ARRAY),
    ("object", Kinds::OBJECT),
];

impl Kinds {
    const INTEGER: Self = Self(4);
    pub(super) const FRACTION: Self = Self(8);
    pub(super) const NUMBER: Self = Self(4 | 8);
    pub(super) const STRING: Self = Self(16);
    pub(super) const ARRAY: Self = Self(32);
    pub(super) const OBJECT: Self = Self(64);
    const ALL: Self = Self(127);

    pub(super) const fn has_any(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }

    pub(super) const fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    pub(super) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    const fn and(self, others: Self) -> Self {
        Self(self.0 & others.0)
    }

    const fn or(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// What `type` says.
    pub(super) fn of_type(said: &Value) -> Self {
        let one =
            |word: &Value| NAMED.iter().find(|(name, _)| word == name).map_or(Self(0), |(_, kinds)| *kinds);
        match said {
            Value::Array(words) => words.iter().map(one).fold(Self(0), Self::or),
            word => one(word),
        }
    }

    /// What all of some schemas take together, as far as `type`, `const` and `enum` say it.
    pub(super) fn of(together: &[Site<'_>]) -> Self {
        let said = together.iter().map(|site| {
            let types = site.get("type").map_or(Self::ALL, Self::of_type);
            let values = |list: &[Value]| list.iter().map(Self::of_value).fold(Self(0), Self::or);
            let constant = site.get("const").map_or(Self::ALL, Self::of_value);
            let listed = site.get("enum").and_then(Value::as_array).map_or(Self::ALL, |list| values(list));
            types.and(constant).and(listed)
        });
        said.fold(Self::ALL, Self::and)
    }

    fn of_value(value: &Value) -> Self {
        match value {
            Value::Null => Self(1),
            Value::Bool(_) => Self(2),
            Value::Number(number) if number.as_f64().is_some_and(|number| number.fract() != 0.0) => {
                Self::FRACTION
            }
            Value::Number(_) => Self::INTEGER,
            Value::String(_) => Self::STRING,
            Value::Array(_) => Self::ARRAY,
            Value::Object(_) => Self::OBJECT,
        }
    }

    /// The words for them.
    pub(super) fn words(self) -> String {
        let words = NAMED.iter().filter(|(_, kinds)| !self.and(*kinds).is_empty());
        let words = words.filter(|(name, _)| match *name {
            "integer" => !self.has_any(Self::FRACTION),
            "number" => self.has_any(Self::FRACTION),
            _ => true,
        });
        words.map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }
}
