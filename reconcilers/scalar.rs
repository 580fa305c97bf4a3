//! One value as a side holds it, and the normal form in which two sides are compared.

use std::borrow::Cow;
use std::fmt;

use rust_decimal::Decimal;

use crate::instant::Instant;
use crate::jq::Underivable;

/// A value as one side holds it. Numbers keep their text until a rule types them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scalar<'a> {
    /// The item does not have the field.
    Absent,
    /// SQL `NULL` or JSON `null`.
    Null,
    /// A boolean.
    Bool(bool),
    /// A whole number that fits.
    Int(i64),
    /// Any other number, as written.
    Number(Cow<'a, str>),
    /// Text.
    Text(Cow<'a, str>),
    /// A point in time, where the side has a type for it.
    Instant(Instant),
    /// An object or array, as JSON text.
    Json(Cow<'a, str>),
}

impl<'a> Scalar<'a> {
    /// Reads the JSON text of one value, or nothing where the item does not have it.
    #[must_use]
    pub fn from_json(raw: Option<&'a str>) -> Self {
        let Some(raw) = raw else { return Self::Absent };
        match raw.as_bytes().first() {
            Some(b'"') => unquote(raw).map_or(Self::Json(Cow::Borrowed(raw)), Self::Text),
            Some(b't') => Self::Bool(true),
            Some(b'f') => Self::Bool(false),
            Some(b'n') => Self::Null,
            // Behind the sign stands why there is no value, which no rule reads.
            Some(b'{' | b'[' | b'!') => Self::Json(Cow::Borrowed(raw)),
            _ => raw.parse().map_or(Self::Number(Cow::Borrowed(raw)), Self::Int),
        }
    }
}

/// The text of a JSON string with its quotes, borrowed where nothing was escaped.
#[must_use]
pub fn unquote(raw: &str) -> Option<Cow<'_, str>> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        serde_json::from_str(raw).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(inner))
    }
}

/// Why a value cannot be brought into the form that its rule compares.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{expected}, found {found}")]
pub struct Unreadable {
    /// What the rule asks for.
    pub expected: &'static str,
    /// The kind of value that was found, never the value itself.
    pub found: &'static str,
}

impl Scalar<'_> {
    /// The kind of value, for messages.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Absent => "nothing",
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Int(_) | Self::Number(_) => "a number",
            Self::Text(_) => "text",
            Self::Instant(_) => "a time",
            Self::Json(raw) => Underivable::of_mark(raw).map_or("an object or array", Underivable::said),
        }
    }

    /// The value as its side holds it, as JSON text.
    #[must_use]
    pub fn as_sent(&self) -> String {
        match self {
            Self::Absent | Self::Null => "null".to_owned(),
            Self::Bool(flag) => flag.to_string(),
            Self::Int(whole) => whole.to_string(),
            Self::Json(mark) if Underivable::of_mark(mark).is_some() => {
                serde_json::Value::from(mark.as_ref()).to_string()
            }
            Self::Number(text) | Self::Json(text) => text.to_string(),
            Self::Text(text) => serde_json::Value::from(text.as_ref()).to_string(),
            Self::Instant(at) => format!("\"{at}\""),
        }
    }

    /// Says that this value is not what a rule needs.
    #[must_use]
    pub fn unreadable(&self, expected: &'static str) -> Unreadable {
        Unreadable { expected, found: self.kind() }
    }
}

/// The normal form of a value: two sides agree when their normal forms are equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Canon<'a> {
    /// No value; `null` and an absent field are the same.
    Null,
    /// A boolean.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a fraction, or one beyond 64 bits, without trailing zeros.
    Decimal(Decimal),
    /// Text.
    Text(Cow<'a, str>),
    /// A point in time.
    Instant(Instant),
    /// The texts of a list, in order.
    Texts(Vec<String>),
}

impl Canon<'_> {
    /// A decimal in normal form: whole numbers that fit are [`Canon::Int`], so one number has one form.
    #[must_use]
    pub fn number(decimal: Decimal) -> Self {
        let decimal = decimal.normalize();
        if decimal.scale() == 0
            && let Ok(whole) = i64::try_from(decimal.mantissa())
        {
            return Self::Int(whole);
        }
        Self::Decimal(decimal)
    }

    /// As JSON: numbers as numbers, instants as RFC 3339 text. The same value has one spelling.
    #[must_use]
    pub fn json(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Int(value) => value.to_string(),
            Self::Decimal(value) => value.to_string(),
            Self::Text(text) => serde_json::Value::from(text.as_ref()).to_string(),
            Self::Instant(at) => format!("\"{at}\""),
            Self::Texts(texts) => serde_json::Value::from(texts.as_slice()).to_string(),
        }
    }
}

impl fmt::Display for Canon<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.json())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_that_do_not_fit_keep_their_text() {
        assert_eq!(Scalar::from_json(Some("-7")), Scalar::Int(-7));
        assert_eq!(
            Scalar::from_json(Some("12345678901234567890123")),
            Scalar::Number("12345678901234567890123".into())
        );
        assert_eq!(Scalar::from_json(Some("0.10")), Scalar::Number("0.10".into()));
        assert_eq!(Scalar::from_json(None), Scalar::Absent);
    }

    proptest! {
        #[test]
        fn text_survives_quoting(text in ".*") {
            let raw = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(Scalar::from_json(Some(&raw)), Scalar::Text(text.into()));
        }

        #[test]
        fn one_number_has_one_form(mantissa in -1_000_000_i64..1_000_000, scale in 0_u32..6) {
            let number = Decimal::new(mantissa, scale);
            prop_assert_eq!(Canon::number(number), Canon::number(number * Decimal::new(1_000, 3)));
        }
    }
}
