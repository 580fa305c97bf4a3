//! The identity of an item on both sides.

use std::borrow::{Borrow, Cow};
use std::fmt;

use serde::{Deserialize, Serialize};

/// The longest key accepted, in bytes; longer ones do not fit a database index.
const MAX_LEN: usize = 1024;

/// Why a value cannot identify an item.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// The path holds nothing, `null` or an empty text.
    #[error("the item has no key")]
    Missing,
    /// The path holds an object, an array, a boolean or a fraction.
    #[error("the key is neither text nor a whole number")]
    NotAScalar,
    /// The key cannot be stored.
    #[error("the key is longer than {MAX_LEN} bytes or holds a control character")]
    Unstorable,
}

/// The identity of an item, compared as text: numbers keep the digits they were sent with, so 64-bit ids survive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key(Box<str>);

impl Key {
    /// Reads a key from the JSON text of one value.
    pub fn from_json(raw: Option<&str>) -> Result<Self, KeyFault> {
        Self::checked(&text_of(raw.ok_or(KeyFault::Missing)?)?)
    }

    /// Checks a key that is text already, such as a local column or an argument.
    pub fn checked(text: &str) -> Result<Self, KeyFault> {
        check(text)?;
        Ok(Self(text.into()))
    }

    /// A composite key: its parts joined with `:`, where `%` and `:` inside a part are written `%25` and `%3A`.
    pub fn of_parts<'p>(parts: impl IntoIterator<Item = &'p str>) -> Result<Self, KeyFault> {
        let mut text = String::new();
        for part in parts {
            check(part)?;
            if !text.is_empty() {
                text.push(':');
            }
            text.push_str(&encoded(part));
        }
        Self::checked(&text)
    }

    /// The parts of a composite key. Only whoever knows that the key is one may ask: a plain key may hold a `:` too.
    pub fn parts(&self) -> impl Iterator<Item = Cow<'_, str>> {
        parts(&self.0)
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The parts of a text that [`Key::of_parts`] joined.
pub fn parts(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    text.split(':').map(|part| {
        if part.contains('%') {
            Cow::Owned(part.replace("%3A", ":").replace("%25", "%"))
        } else {
            Cow::Borrowed(part)
        }
    })
}

/// A part as it stands in a composite key.
fn encoded(part: &str) -> Cow<'_, str> {
    if part.contains(['%', ':']) {
        Cow::Owned(part.replace('%', "%25").replace(':', "%3A"))
    } else {
        Cow::Borrowed(part)
    }
}

/// The text of a key in the JSON text of one value, borrowed where nothing was escaped.
pub fn text_of(raw: &str) -> Result<Cow<'_, str>, KeyFault> {
    match raw.as_bytes().first() {
        Some(b'"') => crate::scalar::unquote(raw).ok_or(KeyFault::NotAScalar),
        Some(b'-' | b'0'..=b'9') if raw.bytes().all(|b| b == b'-' || b.is_ascii_digit()) => {
            Ok(Cow::Borrowed(raw))
        }
        Some(b'n') | None => Err(KeyFault::Missing),
        Some(_) => Err(KeyFault::NotAScalar),
    }
}

/// Whether a text may be a key.
pub fn check(text: &str) -> Result<(), KeyFault> {
    if text.is_empty() {
        return Err(KeyFault::Missing);
    }
    if text.len() > MAX_LEN || holds_control(text) {
        return Err(KeyFault::Unstorable);
    }
    Ok(())
}

fn holds_control(text: &str) -> bool {
    if text.is_ascii() {
        // No early end, so that many bytes are looked at together.
        return text.bytes().fold(false, |found, byte| found | byte.is_ascii_control());
    }
    text.chars().any(char::is_control)
}

impl Borrow<str> for Key {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_composite_key_gives_its_parts_back(parts in prop::collection::vec("[ -~é%:]{1,9}", 1..5)) {
            let key = Key::of_parts(parts.iter().map(String::as_str)).unwrap();
            prop_assert_eq!(key.parts().collect::<Vec<_>>(), parts);
        }
    }

    #[test]
    fn a_composite_key_reads_well_and_has_no_empty_part() {
        assert_eq!(Key::of_parts(["T1", "a:b%"]).unwrap().as_str(), "T1:a%3Ab%25");
        assert_eq!(Key::of_parts(["T1", ""]), Err(KeyFault::Missing));
        assert_eq!(Key::of_parts([]), Err(KeyFault::Missing));
    }

    #[test]
    fn a_64_bit_number_keeps_its_digits() {
        assert_eq!(Key::from_json(Some("18446744073709551615")).unwrap().as_str(), "18446744073709551615");
    }

    #[test]
    fn what_cannot_identify_is_refused() {
        assert_eq!(Key::from_json(None), Err(KeyFault::Missing));
        assert_eq!(Key::from_json(Some("null")), Err(KeyFault::Missing));
        assert_eq!(Key::from_json(Some(r#""""#)), Err(KeyFault::Missing));
        assert_eq!(Key::from_json(Some("{}")), Err(KeyFault::NotAScalar));
        assert_eq!(Key::from_json(Some("1.5")), Err(KeyFault::NotAScalar));
        assert_eq!(Key::from_json(Some(r#""a\u0000b""#)), Err(KeyFault::Unstorable));
    }
}
