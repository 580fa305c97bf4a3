//! Something that cannot be read, as it is kept.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tieout_reconcilers::fingerprint::Fingerprint;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::name::{DomainName, Each};
use tieout_reconcilers::window::Window;
use uuid::Uuid;

/// How many hexadecimal digits an id has.
const DIGITS: usize = 16;

/// Names an entry: a hash of what it is about, so that it is the same in every run and on every host.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EntryId(String);

impl EntryId {
    /// The id of what is told apart by some words within a member of a domain.
    #[must_use]
    pub fn of(domain: &DomainName, each: &Each, kind: Kind, words: &[&str]) -> Self {
        let place = [domain.as_str(), each.as_str(), kind.as_str()];
        let hash = Fingerprint::of(place.into_iter().chain(words.iter().copied()).map(Some));
        Self(hash.to_string().chars().take(DIGITS).collect())
    }

    /// The id as text, or the first characters of one.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it begins with another, of which only the first characters may be written.
    #[must_use]
    pub fn begins_with(&self, written: &Self) -> bool {
        self.0.starts_with(&written.0)
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that names no entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected the id of an entry, as `tieout quarantine list` writes it, or at least its first 4 characters"
)]
pub struct NotAnEntryId;

impl FromStr for EntryId {
    type Err = NotAnEntryId;

    fn from_str(text: &str) -> Result<Self, NotAnEntryId> {
        let is_hex = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if is_hex && (4..=DIGITS).contains(&text.len()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAnEntryId)
        }
    }
}

/// A word of a closed list, as columns, reports and flags write it.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $word:ident = $text:literal,)+ }) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
        $(#[$doc])*
        #[serde(rename_all = "snake_case")]
        #[value(rename_all = "snake_case")]
        pub enum $name { $($(#[$of])* $word,)+ }

        impl $name {
            /// The word used in columns, reports and flags.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$word => $text,)+ }
            }

            /// What a stored word stands for.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                [$(Self::$word,)+].into_iter().find(|one| one.as_str() == word)
            }
        }
    };
}

words! {
    /// What cannot be read.
    #[schemars(rename = "QuarantineKind")]
    Kind {
        /// An item of a page that has no usable key.
        Item = "item",
        /// A local row.
        Row = "row",
        /// A page as a whole.
        Page = "page",
    }
}

words! {
    /// What is wrong with it.
    #[schemars(rename = "QuarantineClass")]
    Class {
        /// It has no key that identifies anything.
        Key = "key",
        /// A value of it cannot be read.
        Value = "value",
        /// It is not what the definition says.
        Shape = "shape",
        /// It is larger than the cap.
        TooLarge = "too_large",
    }
}

words! {
    /// Where it stands.
    #[schemars(rename = "QuarantineState")]
    State {
        /// It holds its range back, or makes the domain partial.
        Open = "open",
        /// A person said to go on without it, as long as it stays what it is.
        Accepted = "accepted",
        /// Its range was read whole without it.
        Gone = "gone",
    }
}

/// What a slice saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// Its id.
    pub id: EntryId,
    /// What it is.
    pub kind: Kind,
    /// What is wrong with it.
    pub class: Class,
    /// Where it was seen: `page 3, row 17`, or a column.
    pub place: String,
    /// Its key, where it has one.
    pub key: Option<Key>,
    /// What is wrong with it, in words; never a value of it.
    pub reason: String,
    /// What stands for what was sent; nothing where it cannot be told from anything else.
    pub fingerprint: Option<String>,
}

/// What a person decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acted {
    /// When.
    pub at: Instant,
    /// Who.
    pub by: String,
    /// Why.
    pub why: String,
}

/// Something that cannot be read, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Of which domain.
    pub domain: DomainName,
    /// Of which member of its fan-out.
    pub each: Each,
    /// What was seen last.
    pub seen: Sighting,
    /// The range in which it was seen last.
    pub window: Window,
    /// Where it stands.
    pub state: State,
    /// When it was first seen.
    pub first_seen: Instant,
    /// When it was seen last.
    pub last_seen: Instant,
    /// In how many runs.
    pub times: u32,
    /// The run that saw it first.
    pub first_run: Uuid,
    /// The run that saw it last.
    pub last_run: Uuid,
    /// That a person accepted it.
    pub accepted: Option<Acted>,
}
