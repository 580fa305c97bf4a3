//! Every provider that domains can be put on: those that are shipped, and the user's own, which replace a shipped one
//! of the same name whole.
//!
//! A new provider is a folder beside this file and a line in [`SHIPPED`].

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::define::checked::Fault;
use crate::define::definition::{Definition, Settings};
use crate::define::document::Document;
use crate::define::domain::DomainDefinition;
use crate::define::problem::Problem;
use crate::define::provider::ProviderDefinition;
use crate::define::words;
use crate::name::Name;

/// The shipped provider files.
pub const SHIPPED: &[(&str, &str)] = &[
    ("chargebee/provider.yaml", include_str!("chargebee/provider.yaml")),
    ("github/provider.yaml", include_str!("github/provider.yaml")),
    ("github-graphql/provider.yaml", include_str!("github-graphql/provider.yaml")),
    ("hubspot/provider.yaml", include_str!("hubspot/provider.yaml")),
    ("paypal/provider.yaml", include_str!("paypal/provider.yaml")),
    ("shopify/provider.yaml", include_str!("shopify/provider.yaml")),
    ("shopify-rest/provider.yaml", include_str!("shopify-rest/provider.yaml")),
    ("square/provider.yaml", include_str!("square/provider.yaml")),
    ("stripe/provider.yaml", include_str!("stripe/provider.yaml")),
    ("zendesk/provider.yaml", include_str!("zendesk/provider.yaml")),
];

/// Providers by name.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    providers: BTreeMap<Name, Arc<ProviderDefinition>>,
}

impl Catalogue {
    /// The shipped providers. An error is a bug of this program, and is reported like any other.
    pub fn shipped() -> Result<Self, Vec<Problem>> {
        let mut catalogue = Self::default();
        for (file, text) in SHIPPED {
            catalogue.put(ProviderDefinition::parse(&Document::new(*file, text))?);
        }
        Ok(catalogue)
    }

    /// Adds a provider; one of the same name is replaced whole and returned.
    pub fn put(&mut self, provider: ProviderDefinition) -> Option<Arc<ProviderDefinition>> {
        self.providers.insert(provider.name.clone(), Arc::new(provider))
    }

    /// A provider.
    #[must_use]
    pub fn provider(&self, name: &Name) -> Option<&Arc<ProviderDefinition>> {
        self.providers.get(name)
    }

    /// All names.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        self.providers.keys()
    }

    /// Puts a domain on its feed. `settings` are those of the feed's provider.
    pub fn define(&self, domain: DomainDefinition, settings: &Settings) -> Result<Definition, Problem> {
        let (document, spot) = (domain.document.clone(), domain.spots.feed);
        let name = domain.feed.clone();
        let refuse = |what: &str, word: &Name, known: Vec<&str>| {
            let fault = Fault::new(format!("there is no {what} `{word}`"));
            document.problem(spot, fault.with_help(words::advice(word.as_str(), &known)).at(word.as_str()))
        };
        let Some(provider) = self.provider(&name.provider) else {
            return Err(refuse("provider", &name.provider, self.names().map(Name::as_str).collect()));
        };
        let Some(feed) = provider.feeds.get(&name.feed) else {
            let known = provider.feeds.keys().map(Name::as_str).collect();
            return Err(refuse("feed", &name.feed, known));
        };
        if domain.remedies.want_originals() && feed.events.is_none() {
            let fault =
                Fault::new(format!("the feed `{name}` has no `events`, so no original event can be sent"));
            let help = "say `data: full` in the domain, or `events: {feed: ..., object: ...}` in the feed";
            return Err(document.problem(domain.spots.queue.unwrap_or(spot), fault.with_help(help)));
        }
        Definition::new(provider, feed, domain, settings).map_err(|slot| {
            let own = slot.to_string();
            let own = own.trim_matches(['{', '}']);
            let (family, own) = own.split_once('.').unwrap_or(("var", own));
            let value = if family == "each" { "[...]" } else { "..." };
            let fault = Fault::new(format!("the feed `{name}` needs `{slot}`, which is not set"));
            let help = format!(
                "add `providers: {{{}: {{{family}: {{{own}: {value}}}}}}}` to tieout.yaml",
                name.provider
            );
            document.problem(spot, fault.with_help(help))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    #[test]
    fn every_shipped_provider_is_whole_and_its_doubts_are_told_in_its_readme() {
        let catalogue = Catalogue::shipped().unwrap();
        assert_eq!(catalogue.names().count(), SHIPPED.len());
        let mut doubts = String::new();
        for name in catalogue.names() {
            let provider = catalogue.provider(name).unwrap();
            assert_eq!(provider.document.file(), format!("{name}/provider.yaml"));
            for (feed, definition) in &provider.feeds {
                for warning in &definition.warnings {
                    let _ = writeln!(doubts, "{name}/{feed}: {}", warning.message);
                }
            }
        }
        insta::assert_snapshot!(doubts);
    }
}
