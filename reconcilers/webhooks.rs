//! What a provider says about the endpoints that it sends webhooks to: who they are, whether they are on, and what they are sent.

use std::fmt;
use std::sync::Arc;

use url::Url;

use crate::compare::{FIELDS, KEY};
use crate::define::condition::{Expected, text_of_value};
use crate::define::selector::Selector;
use crate::items::ItemView;
use crate::key::Key;
use crate::reconciler::Reconciler;

/// The list of a provider's endpoints, and what a domain needs of them.
///
/// It has no local side and nothing is compared. From [`FIELDS`] on, its items hold the address of an endpoint, what says whether it is
/// on, what says whether its last delivery arrived, and its topics, as far as the definition says so.
#[derive(Debug, Clone)]
pub struct WebhookFeed {
    /// Reads the list.
    pub feed: Arc<dyn Reconciler>,
    /// What an entry must hold, member by member, if it is on. Nothing where whoever is listed is on.
    pub on_if: Vec<Expected>,
    /// What an entry must hold if its last delivery arrived. Nothing where the list does not say.
    pub arrived_if: Vec<Expected>,
    /// Where an entry has its topics. Nothing where everybody is sent everything.
    pub topics: Option<Selector>,
    /// The topic that stands for all of them.
    pub all: Option<Box<str>>,
    /// The topics that tell of the items of the domain's feed.
    pub expected: Vec<String>,
    /// Where the domain's own endpoint is, where it says so.
    pub ours: Option<Address>,
}

/// Whether anybody can say that a domain's webhooks are subscribed.
#[derive(Debug, Clone, Copy)]
pub enum Webhooks<'d> {
    /// The definition of the feed does not say how endpoints are listed.
    Untold,
    /// The domain lives on none.
    Unneeded,
    /// The provider lists its endpoints.
    Listed(&'d WebhookFeed),
}

/// An endpoint as the list shows it. What the list does not say of it is nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Endpoint {
    /// The provider's id of it.
    pub id: Option<Key>,
    /// Where it is.
    pub address: Option<Address>,
    /// Whether it is on.
    pub is_on: Option<bool>,
    /// Whether its last delivery arrived.
    pub arrived: Option<bool>,
    /// What it is sent.
    pub topics: Option<Vec<String>>,
}

impl WebhookFeed {
    /// What an entry says.
    #[must_use]
    pub fn endpoint(&self, entry: ItemView<'_>) -> Endpoint {
        let address = entry.slot(FIELDS).and_then(text_of_value);
        let (on, arrived) = (FIELDS + 1, FIELDS + 1 + self.on_if.len());
        let topics = self.topics.as_ref().map(|at| texts(at, entry.slot(arrived + self.arrived_if.len())));
        Endpoint {
            id: Key::from_json(entry.slot(KEY)).ok(),
            address: address.and_then(|text| text.parse().ok()),
            is_on: if self.on_if.is_empty() { Some(true) } else { holds(&self.on_if, entry, on) },
            arrived: holds(&self.arrived_if, entry, arrived),
            topics: match topics {
                Some(said) => said,
                None => Some(self.expected.clone()),
            },
        }
    }

    /// Whether an endpoint is sent a topic.
    #[must_use]
    pub fn sends(&self, topics: &[String], topic: &str) -> bool {
        topics.iter().any(|one| one == topic || Some(one.as_str()) == self.all.as_deref())
    }
}

/// Whether members have the values that are expected; nothing where one of them is not there.
fn holds(expected: &[Expected], entry: ItemView<'_>, first: usize) -> Option<bool> {
    let mut all = (!expected.is_empty()).then_some(true);
    for (place, expected) in expected.iter().enumerate() {
        let said = entry.slot(first + place).and_then(text_of_value)?;
        all = all.map(|all| all && expected.accepts(Some(&said)));
    }
    all
}

/// One text or a list of them; nothing where the entry has none.
pub(crate) fn texts(at: &Selector, root: Option<&str>) -> Option<Vec<String>> {
    let root = root.filter(|root| *root != "null")?;
    let chosen = at.select(root);
    let lists = chosen.iter().all(|raw| raw.starts_with('['));
    let each: Vec<String> = if lists && !chosen.is_empty() {
        let parsed = chosen.iter().map(|raw| serde_json::from_str::<Vec<serde_json::Value>>(raw).ok());
        let values: Vec<serde_json::Value> =
            parsed.collect::<Option<Vec<_>>>()?.into_iter().flatten().collect();
        values.iter().map(|value| value.as_str().map(str::to_owned)).collect::<Option<_>>()?
    } else {
        chosen.into_iter().map(|raw| text_of_value(raw).map(Into::into)).collect::<Option<_>>()?
    };
    Some(each)
}

/// Where an endpoint is. Its path may end in a secret, so only its host is ever shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(Url);

/// Why a text is not the address of an endpoint. It does not repeat the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the address of an endpoint is `https://host/path`, without a query")]
pub struct NotAnAddress;

impl std::str::FromStr for Address {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        let url = Url::parse(text).map_err(|_| NotAnAddress)?;
        if !matches!(url.scheme(), "https" | "http") || !url.has_host() {
            return Err(NotAnAddress);
        }
        Ok(Self(url))
    }
}

impl Address {
    /// Whether it has a query, a fragment or a login.
    #[must_use]
    pub fn has_more_than_a_path(&self) -> bool {
        let Self(url) = self;
        url.query().is_some()
            || url.fragment().is_some()
            || !url.username().is_empty()
            || url.password().is_some()
    }

    /// Whether another address is this one or lies below it: what a path ends in may be a secret, and is left out here then.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        let (own, theirs) = (self.0.path().trim_end_matches('/'), other.0.path().trim_end_matches('/'));
        let below = theirs.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        below && self.0.origin() == other.0.origin()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.origin().ascii_serialization())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::define::checked::FromText as _;

    fn address(text: &str) -> Address {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_covers_what_lies_below_it_and_shows_nothing_of_its_path() {
        let ours = address("https://shop.example/hooks/stripe");
        assert!(ours.covers(&address("https://shop.example:443/hooks/stripe/")));
        assert!(ours.covers(&address("https://SHOP.example/hooks/stripe/s3cr3t?key=1")));
        for other in [
            "https://shop.example/hooks/stripe2",
            "https://shop.example/hooks",
            "http://shop.example/hooks/stripe",
        ] {
            assert!(!ours.covers(&address(other)), "{other}");
        }
        assert_eq!(format!("{ours} {ours:?}"), "https://shop.example https://shop.example");
        assert!(address("https://u:p@shop.example/a?b").has_more_than_a_path());
        for wrong in ["shop.example", "arn:aws:events:eu", "mailto:a@b", "https://"] {
            assert!(wrong.parse::<Address>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn topics_are_a_text_a_list_or_members_of_a_list() {
        let read = |at: &str, raw: &str| texts(&Selector::from_text(at).unwrap(), Some(raw));
        let told = |texts: &[&str]| Some(texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
        assert_eq!(read("topic", r#""orders/create""#), told(&["orders/create"]));
        assert_eq!(read("events", r#"["push","issues"]"#), told(&["push", "issues"]));
        assert_eq!(read("events", "[]"), told(&[]));
        assert_eq!(read("types[*].name", r#"[{"name":"A"},{"name":"B"}]"#), told(&["A", "B"]));
        assert_eq!(read("events", "null"), None);
        assert_eq!(read("events", r#"[{"name":"A"}]"#), None, "no list of texts");
    }
}
