//! What a body is like, for messages about a page that cannot be read: its size, its hash and its structure.
//!
//! Names of members and kinds of values, never a value; a name that looks like data (an id, an address) is left out too.

use std::fmt::{self, Write as _};

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use sha2::{Digest as _, Sha256};

/// The most of a structure that is shown.
const MAX_SHAPE: usize = 240;
/// The most members of one object that are shown.
const MAX_MEMBERS: usize = 12;
/// The deepest value that is shown.
const MAX_DEPTH: usize = 6;
/// The longest name that is shown.
const MAX_NAME: usize = 40;
/// Names with more digits are taken for ids.
const MAX_DIGITS: usize = 3;

/// What a body is like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// How long it is.
    pub bytes: usize,
    /// The SHA-256 of it, in hexadecimal digits.
    pub sha256: String,
    /// Its structure, as far as it is JSON.
    pub shape: String,
}

impl Outline {
    /// Looks at a body.
    #[must_use]
    pub fn of(body: &[u8]) -> Self {
        let mut sha256 = String::with_capacity(64);
        for byte in Sha256::digest(body) {
            let _ = write!(sha256, "{byte:02x}");
        }
        Self { bytes: body.len(), sha256, shape: shape_of(body) }
    }
}

impl fmt::Display for Outline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the body is {} bytes with sha256 {}, shaped {}", self.bytes, self.sha256, self.shape)
    }
}

fn shape_of(body: &[u8]) -> String {
    let Ok(text) = std::str::from_utf8(body) else { return "as binary data".to_owned() };
    if !text.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '[']) {
        let is_markup = text.trim_start().starts_with('<');
        return if is_markup { "as markup" } else { "as text" }.to_owned();
    }
    let mut shape = String::new();
    let mut json = serde_json::Deserializer::from_str(text);
    let read = Outliner { shape: &mut shape, depth: 0 }.deserialize(&mut json).and_then(|()| json.end());
    if read.is_err() {
        shape.push_str(" and then something that is not JSON");
    }
    shape
}

/// Writes the structure of a value as far as it can be read.
struct Outliner<'s> {
    shape: &'s mut String,
    depth: usize,
}

impl Outliner<'_> {
    fn is_full(&self) -> bool {
        self.shape.len() >= MAX_SHAPE || self.depth > MAX_DEPTH
    }
}

impl<'de> DeserializeSeed<'de> for Outliner<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.is_full() {
            self.shape.push('…');
            return deserializer.deserialize_ignored_any(IgnoredAny).map(drop);
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Outliner<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        self.shape.push('{');
        let mut shown = 0;
        while let Some(name) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            shown += 1;
            if shown > MAX_MEMBERS || self.shape.len() >= MAX_SHAPE {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let comma = if shown > 1 { ", " } else { "" };
            let _ = write!(self.shape, "{comma}{}: ", name_of(&name));
            map.next_value_seed(Outliner { shape: self.shape, depth: self.depth + 1 })?;
        }
        self.shape.push_str(if shown > MAX_MEMBERS { ", …}" } else { "}" });
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        self.shape.push('[');
        let mut count = 0;
        if seq.next_element_seed(Outliner { shape: self.shape, depth: self.depth + 1 })?.is_some() {
            count += 1;
            while seq.next_element::<IgnoredAny>()?.is_some() {
                count += 1;
            }
            let _ = write!(self.shape, " x {count}");
        }
        self.shape.push(']');
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.shape.push_str("null");
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        self.shape.push_str("boolean");
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        self.shape.push_str("number");
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        self.shape.push_str("number");
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        self.shape.push_str("number");
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        self.shape.push_str("text");
        Ok(())
    }
}

/// A name, unless it looks like data.
fn name_of(name: &str) -> &str {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-.$#@".contains(c);
    let digits = name.chars().filter(char::is_ascii_digit).count();
    let is_address = name.rfind('@').is_some_and(|at| at > 0);
    let is_name = name.len() <= MAX_NAME && name.chars().all(is_plain) && digits <= MAX_DIGITS && !is_address;
    if is_name { name } else { "?" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shape(body: &str) -> String {
        Outline::of(body.as_bytes()).shape
    }

    #[test]
    fn a_structure_has_names_and_kinds_and_no_values() {
        let body = r#"{"object":"list","data":[{"id":"cus_9s6XKzkNRiZ8i3","n":1.5,"ok":true,"x":null},{}],"@odata.nextLink":"https://example.com/?key=secret"}"#;
        assert_eq!(
            shape(body),
            "{object: text, data: [{id: text, n: number, ok: boolean, x: null} x 2], @odata.nextLink: text}"
        );
        assert_eq!(shape("[]"), "[]");
    }

    #[test]
    fn names_that_are_data_are_left_out() {
        assert_eq!(
            shape(r#"{"cus_9s6XKzkNRiz8i3":1,"a@example.com":2,"two words":3,"line_2":4}"#),
            "{?: number, ?: number, ?: number, line_2: number}"
        );
    }

    #[test]
    fn what_breaks_off_is_shown_as_far_as_it_goes() {
        assert_eq!(shape(r#"{"data":[{"id":"a","#), "{data: [{id: text and then something that is not JSON");
        assert_eq!(shape("<html>"), "as markup");
        assert_eq!(shape("upstream error"), "as text");
        assert_eq!(Outline::of(b"\xff").shape, "as binary data");
    }

    #[test]
    fn a_hostile_body_gives_a_short_structure() {
        let wide = format!("{{{}}}", (0..500).map(|n| format!("\"a{n}\":[1]")).collect::<Vec<_>>().join(","));
        assert!(shape(&wide).len() < 300);
        assert!(shape(&"[".repeat(100_000)).len() < 300);
    }

    #[test]
    fn the_hash_is_that_of_the_whole_body() {
        let empty = Outline::of(b"");
        assert_eq!(empty.sha256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(
            empty.to_string(),
            format!("the body is 0 bytes with sha256 {}, shaped as text", empty.sha256)
        );
    }

    proptest! {
        #[test]
        fn no_value_is_ever_shown(secret in "[A-Z]{6}[a-z]{6}", depth in 0_usize..5) {
            let body = format!("{}\"{secret}\"{}", "{\"a\":[".repeat(depth), "]}".repeat(depth));
            prop_assert!(!shape(&body).contains(&secret));
        }
    }
}
