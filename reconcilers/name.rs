//! Names that end up in file paths, event sources and metric labels, checked once at the door.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The longest name accepted, in bytes.
const MAX_LEN: usize = 64;

/// Why a text is not a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a name: use lower-case letters, digits, `.`, `_` and `-`, starting with a letter or digit, at most {MAX_LEN} characters"
)]
pub struct NotAName(String);

/// A checked name: `[a-z0-9][a-z0-9._-]{0,63}`.
///
/// The alphabet keeps a name safe as a file name, a URI path segment and a metric label.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(Box<str>);

impl Name {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Name {
    type Error = NotAName;

    fn try_from(text: String) -> Result<Self, NotAName> {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let starts_well = text.chars().next().is_some_and(allowed);
        let is_name = starts_well
            && text.len() <= MAX_LEN
            && text.chars().all(|c| allowed(c) || matches!(c, '.' | '_' | '-'));
        if is_name { Ok(Self(text.into_boxed_str())) } else { Err(NotAName(text)) }
    }
}

impl std::str::FromStr for Name {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        Self::try_from(text.to_owned())
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0.into_string()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a domain, such as `stripe.charges`.
pub type DomainName = Name;

/// A feed of a provider, written `provider/feed`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct FeedName {
    /// The provider's name.
    pub provider: Name,
    /// The feed's name within the provider.
    pub feed: Name,
}

impl TryFrom<String> for FeedName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (provider, feed) =
            text.split_once('/').ok_or_else(|| format!("`{text}` is not `provider/feed`"))?;
        let name = |part: &str| part.parse::<Name>().map_err(|e| e.to_string());
        Ok(Self { provider: name(provider)?, feed: name(feed)? })
    }
}

impl fmt::Display for FeedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.provider, self.feed)
    }
}

/// Which member of a fan-out a slice, finding or event belongs to; empty where a feed has no `each`.
///
/// It is part of every identity from the first migration on.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Each(Box<str>);

impl Each {
    /// Takes back an `each` value that the state store kept.
    #[must_use]
    pub fn stored(text: &str) -> Self {
        Self(text.into())
    }

    /// The value as text, empty where there is no fan-out.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_folder() {
        for bad in ["", "../etc", ".hidden", "a/b", "Upper", "a b", "é", &"x".repeat(65)] {
            assert!(bad.parse::<Name>().is_err(), "{bad:?} was accepted");
        }
        assert_eq!("stripe.charges".parse::<Name>().unwrap().as_str(), "stripe.charges");
    }

    #[test]
    fn a_feed_name_has_two_parts() {
        assert!(FeedName::try_from("stripe".to_owned()).is_err());
        assert_eq!(FeedName::try_from("stripe/charges".to_owned()).unwrap().to_string(), "stripe/charges");
    }
}
