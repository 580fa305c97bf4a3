//! What is said about an item on which the two sides do not agree.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::key::Key;
use crate::money::Money;

/// What kind of discrepancy it is; an attribute of a finding, not part of its identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The truth has it, the copy does not.
    Missing,
    /// Both sides have it and differ in a compared field.
    Mismatched,
    /// The copy has it, the truth does not.
    Orphaned,
    /// A compared field cannot be read as its rule asks.
    Unreadable,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Missing, Self::Mismatched, Self::Orphaned, Self::Unreadable];

    /// The word used in columns, events, logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Mismatched => "mismatched",
            Self::Orphaned => "orphaned",
            Self::Unreadable => "unreadable",
        }
    }

    /// The kind of a stored word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// How the values of a field are kept from people. What is sent to a queue stays whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Hidden {
    /// Nothing of them is kept.
    Dropped,
    /// Pseudonyms stand in their place: equal ones for equal values.
    Hashed,
}

/// A compared field on which the sides differ. Values are JSON text in normal form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FieldDiff {
    /// The field's name in the domain.
    pub field: Box<str>,
    /// What upstream holds, where it holds something.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub upstream: Option<Box<str>>,
    /// What the local side holds, where it holds something.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub local: Option<Box<str>>,
    /// How its values were hidden, where they were.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hidden: Option<Hidden>,
}

/// The state that a finding is about: SHA-256 over the canonical JSON of the truth's compared fields, in hex.
///
/// Clock and version are left out, so that a touched but unchanged item keeps its digest.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Digest(Box<str>);

impl Digest {
    /// Digests canonical JSON.
    #[must_use]
    pub fn of(canonical: &str) -> Self {
        let mut hex = String::with_capacity(64);
        for byte in Sha256::digest(canonical.as_bytes()) {
            hex.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
            hex.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
        }
        Self(hex.into())
    }

    /// Takes back a digest that the state store kept.
    #[must_use]
    pub fn stored(hex: &str) -> Self {
        Self(hex.into())
    }

    /// The digest in hex.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A confirmed difference on one key.
#[derive(Debug, Clone, PartialEq)]
pub struct Discrepancy {
    /// Which item.
    pub key: Key,
    /// What is wrong with it.
    pub kind: Kind,
    /// Where the sides differ, for `mismatched`; what the one side holds, for `missing` and `orphaned`.
    pub fields: Vec<FieldDiff>,
    /// The state it is about.
    pub digest: Digest,
    /// Why, where more is known than the kind says: `conflict`, or what made a field unreadable.
    pub reason: Option<String>,
    /// The money it moves, where the domain names an amount.
    pub amount: Option<Money>,
    /// The whole item as the truth holds it, as JSON, for the event: upstream's as it was sent, or the local row.
    pub truth: Option<Box<str>>,
    /// The provider's own event about it, where the domain asks for it and the provider still has it.
    pub original: Option<Original>,
}

/// An event that the provider itself made, as its event list still has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Original {
    /// The provider's id of it.
    pub id: Key,
    /// The whole event as it was sent.
    pub event: Box<str>,
    /// Whether the provider says that it arrived, where it keeps a log of deliveries.
    pub arrived: Option<bool>,
}
