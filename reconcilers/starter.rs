//! What is worth comparing of each shipped feed, as the people who described it see it: what `tieout new` begins a domain with.
//! Nothing that runs reads it.
//!
//! A new provider has a `starter.yaml` beside its `provider.yaml`, and a line in `STARTERS`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::name::{FeedName, Name};

/// The proposals of the shipped providers, by the name of the provider.
const STARTERS: &[(&str, &str)] = &[
    ("chargebee", include_str!("chargebee/starter.yaml")),
    ("github", include_str!("github/starter.yaml")),
    ("github-graphql", include_str!("github-graphql/starter.yaml")),
    ("hubspot", include_str!("hubspot/starter.yaml")),
    ("paypal", include_str!("paypal/starter.yaml")),
    ("shopify", include_str!("shopify/starter.yaml")),
    ("shopify-rest", include_str!("shopify-rest/starter.yaml")),
    ("square", include_str!("square/starter.yaml")),
    ("stripe", include_str!("stripe/starter.yaml")),
    ("zendesk", include_str!("zendesk/starter.yaml")),
];

/// What to compare of a feed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Starter {
    /// Fields as a domain's `compare` has them, such as `currency: {fold: case}`.
    pub compare: Vec<String>,
    /// What stands behind `money:`, where amounts are among the fields.
    pub money: Option<String>,
}

impl Starter {
    /// What is proposed for a feed; nothing for one that is not shipped.
    #[must_use]
    pub fn of(feed: &FeedName) -> Option<Self> {
        let (_, text) = STARTERS.iter().find(|(provider, _)| *provider == feed.provider.as_str())?;
        // A test reads every one of them.
        let mut starters: BTreeMap<Name, Self> = serde_saphyr::from_str(text).ok()?;
        starters.remove(&feed.feed)
    }

    /// The names of the fields, which are those of the columns as well, in their order.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.compare.iter().filter_map(|field| Some(field.split_once(':')?.0))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use serde_json::Value;

    use super::*;
    use crate::catalogue::Catalogue;

    fn feeds() -> Vec<FeedName> {
        let catalogue = Catalogue::shipped();
        let of = |name: &Name| {
            let feeds: Vec<Name> = catalogue.provider(name).unwrap().feeds.keys().cloned().collect();
            feeds.into_iter().map(|feed| FeedName { provider: name.clone(), feed }).collect::<Vec<_>>()
        };
        catalogue.names().flat_map(of).collect()
    }

    /// Whether an object somewhere in a document has a member at a path.
    fn shows(value: &Value, path: &str) -> bool {
        let here = path.split('.').try_fold(value, |value, step| value.get(step));
        let below = || match value {
            Value::Array(items) => items.iter().any(|item| shows(item, path)),
            Value::Object(members) => members.values().any(|member| shows(member, path)),
            _ => false,
        };
        here.is_some() || below()
    }

    #[test]
    fn every_shipped_feed_has_a_proposal_and_nothing_else_has() {
        let feeds = feeds();
        let lacking: Vec<String> =
            feeds.iter().filter(|feed| Starter::of(feed).is_none()).map(ToString::to_string).collect();
        assert!(lacking.is_empty(), "{lacking:?}");
        let proposed = STARTERS
            .iter()
            .map(|(_, text)| serde_saphyr::from_str::<BTreeMap<Name, Starter>>(text).unwrap().len());
        assert_eq!(proposed.sum::<usize>(), feeds.len());
        assert_eq!(Starter::of(&"shop/orders".to_owned().try_into().unwrap()), None);
    }

    #[test]
    fn what_is_proposed_is_in_the_pages_of_the_provider() {
        let without_pages = |feed: &FeedName| feed.feed.as_str().ends_with("_events");
        for feed in feeds().iter().filter(|feed| !without_pages(feed)) {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(feed.provider.as_str()).join("fixtures");
            let pages = fs::read_dir(folder).unwrap().map(|page| fs::read(page.unwrap().path()).unwrap());
            let pages: Vec<Value> = pages.map(|page| serde_json::from_slice(&page).unwrap()).collect();
            for field in &Starter::of(feed).unwrap().compare {
                let (name, rest) = field.split_once(':').unwrap();
                let upstream = rest.split_once("upstream: ").map(|(_, path)| path);
                let path = upstream.map_or(name, |path| path.split([',', '}']).next().unwrap());
                assert!(pages.iter().any(|page| shows(page, path)), "{feed}: no page has {path}");
            }
        }
    }
}
