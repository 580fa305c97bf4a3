//! Every provider that domains can be put on: those that are shipped, and the user's own, which replace a shipped one
//! of the same name whole.
//!
//! A new provider is a folder beside this file and a line in [`SHIPPED`].

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use crate::define::checked::Fault;
use crate::define::definition::{Definition, Settings};
use crate::define::document::Document;
use crate::define::domain::DomainDefinition;
use crate::define::problem::Problem;
use crate::define::provider::ProviderDefinition;
use crate::define::words;
use crate::name::Name;

/// The shipped provider files, by the name of the provider.
pub const SHIPPED: &[(&str, &str)] = &[
    ("chargebee", include_str!("chargebee/provider.yaml")),
    ("github", include_str!("github/provider.yaml")),
    ("github-graphql", include_str!("github-graphql/provider.yaml")),
    ("hubspot", include_str!("hubspot/provider.yaml")),
    ("paypal", include_str!("paypal/provider.yaml")),
    ("shopify", include_str!("shopify/provider.yaml")),
    ("shopify-rest", include_str!("shopify-rest/provider.yaml")),
    ("square", include_str!("square/provider.yaml")),
    ("stripe", include_str!("stripe/provider.yaml")),
    ("zendesk", include_str!("zendesk/provider.yaml")),
];

/// Providers by name.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    providers: BTreeMap<Name, Entry>,
}

/// A provider. A shipped file is read when somebody asks for it: most of them nobody ever asks for.
#[derive(Debug, Clone)]
enum Entry {
    Own(Arc<ProviderDefinition>),
    Shipped(&'static str, OnceLock<Arc<ProviderDefinition>>),
}

impl Catalogue {
    /// The shipped providers.
    #[must_use]
    pub fn shipped() -> Self {
        let entry = |(name, text): &(&str, &'static str)| {
            Some((name.parse().ok()?, Entry::Shipped(text, OnceLock::new())))
        };
        Self { providers: SHIPPED.iter().filter_map(entry).collect() }
    }

    /// Adds a provider; one of the same name is replaced whole.
    pub fn put(&mut self, provider: ProviderDefinition) {
        self.providers.insert(provider.name.clone(), Entry::Own(Arc::new(provider)));
    }

    /// A provider.
    #[must_use]
    pub fn provider(&self, name: &Name) -> Option<&Arc<ProviderDefinition>> {
        match self.providers.get(name)? {
            Entry::Own(provider) => Some(provider),
            Entry::Shipped(text, read) => {
                if read.get().is_none() {
                    let document = Document::new(format!("{name}/provider.yaml"), text);
                    // A test reads every one of them.
                    let provider = ProviderDefinition::parse(&document).ok()?;
                    let _read_by_another_thread = read.set(Arc::new(provider));
                }
                read.get()
            }
        }
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
            return Err(document.problem(domain.spots.emit.unwrap_or(spot), fault.with_help(help)));
        }
        if let (Some(spot), None) = (domain.spots.webhooks, &feed.webhooks) {
            let fault =
                Fault::new(format!("the feed `{name}` does not say how endpoints of webhooks are listed"));
            let help =
                "leave `webhooks` out, or say `webhooks: {feed: ..., url: ..., expect: [...]}` in the feed";
            return Err(document.problem(spot, fault.with_help(help)));
        }
        if let Some(problem) = domain.shown_in_spite(feed) {
            return Err(problem);
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
        let catalogue = Catalogue::shipped();
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
