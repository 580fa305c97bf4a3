//! A text of a file, parsed at the door, that keeps its place and its fault.
//!
//! The fault waits until the whole file is read, so that one look shows every bad value of a file.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde_saphyr::Spanned;

use super::problem::Spot;
use super::words;

/// Why a text is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong: a lowercase fragment.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The part of the text that is wrong, where it is not all of it.
    pub part: Option<String>,
}

impl Fault {
    /// A fault of the whole text.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None, part: None }
    }

    /// The same with advice.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same, pointing at a part of the text.
    #[must_use]
    pub fn at(mut self, part: impl Into<String>) -> Self {
        self.part = Some(part.into());
        self
    }
}

/// A type that is written as one text.
pub trait FromText: Sized {
    /// What such a text is, for whoever writes one: a noun in lower case.
    const WHAT: &'static str = "text";

    /// Texts that are understood.
    const EXAMPLES: &'static [&'static str] = &[];

    /// Parses the text.
    fn from_text(text: &str) -> Result<Self, Fault>;

    /// Every text there is, where these are a few words; nothing where there are others.
    #[must_use]
    fn only() -> Vec<&'static str> {
        Vec::new()
    }
}

/// A type whose texts are a few words.
pub trait Word: Clone {
    /// What the words are, for whoever mistypes one: a noun in lower case.
    const WHAT: &'static str;

    /// The words with what they stand for.
    fn words() -> Vec<(&'static str, Self)>;
}

impl<T: Word> FromText for T {
    const WHAT: &'static str = T::WHAT;

    fn from_text(text: &str) -> Result<Self, Fault> {
        words::choose(T::WHAT, text, &T::words())
    }

    fn only() -> Vec<&'static str> {
        T::words().into_iter().map(|(word, _)| word).collect()
    }
}

impl FromText for String {
    fn from_text(text: &str) -> Result<Self, Fault> {
        Ok(text.to_owned())
    }
}

/// A parsed text or its fault, with its place.
#[derive(Debug, Clone)]
pub struct Checked<T> {
    /// Where it stands.
    pub spot: Spot,
    /// What it says.
    pub outcome: Result<T, Fault>,
}

impl<'de, T: FromText> Deserialize<'de> for Checked<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Placed::<String>::deserialize(deserializer)?;
        Ok(Self { spot: text.spot, outcome: T::from_text(&text.value) })
    }
}

/// A value with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed<T> {
    /// Where it stands.
    pub spot: Spot,
    /// What stands there.
    pub value: T,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Placed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Spanned::<T>::deserialize(deserializer).map(|at| Self { spot: at.referenced.into(), value: at.value })
    }
}

/// A key of a mapping with its place.
#[derive(Debug, Clone)]
pub struct Entry<V> {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub spot: Spot,
    /// The value.
    pub value: V,
}

/// A mapping in the order it was written.
#[derive(Debug, Clone)]
pub struct Ordered<V>(pub Vec<Entry<V>>);

impl<V> Default for Ordered<V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, V: DeserializeOwned> Deserialize<'de> for Ordered<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OrderedVisitor(PhantomData))
    }
}

struct OrderedVisitor<V>(PhantomData<V>);

impl<'de, V: DeserializeOwned> Visitor<'de> for OrderedVisitor<V> {
    type Value = Ordered<V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ordered<V>, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<Placed<String>>()? {
            entries.push(Entry { key: key.value, spot: key.spot, value: map.next_value()? });
        }
        Ok(Ordered(entries))
    }
}
