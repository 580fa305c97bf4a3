//! What the words of a call stand for: providers, feeds, databases and queues that there are, and what to say where there are none.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use tieout_reconcilers::catalogue::Catalogue;
use tieout_reconcilers::define::document::Document;
use tieout_reconcilers::define::feed::FeedDefinition;
use tieout_reconcilers::define::provider::ProviderDefinition;
use tieout_reconcilers::define::words;
use tieout_reconcilers::name::{DomainName, FeedName, Name};

use super::SCHEMA;
use crate::cli::failure::Failure;
use crate::config::Config;

/// The provider of a feed, or what there is in its place.
pub(in crate::cli) fn known_provider(
    catalogue: &Catalogue,
    feed: &FeedName,
) -> Result<Arc<ProviderDefinition>, Failure> {
    let known = || catalogue.names().map(Name::as_str).collect::<Vec<_>>();
    catalogue.provider(&feed.provider).map(Arc::clone).ok_or_else(|| {
        let advice = words::advice(feed.provider.as_str(), &known());
        Failure::usage("no_such_feed", format!("there is no provider `{}`\n{advice}", feed.provider))
    })
}

/// A feed of a provider, or what there is in its place.
pub(in crate::cli) fn known_feed(
    provider: &ProviderDefinition,
    feed: &FeedName,
) -> Result<Arc<FeedDefinition>, Failure> {
    provider.feeds.get(&feed.feed).map(Arc::clone).ok_or_else(|| {
        let known: Vec<&str> = provider.feeds.keys().map(Name::as_str).collect();
        let advice = words::advice(feed.feed.as_str(), &known);
        Failure::usage("no_such_feed", format!("`{}` has no feed `{}`\n{advice}", feed.provider, feed.feed))
    })
}

/// A file of one's own with the name of a shipped provider would take its place.
pub(super) fn refuse_known(config: &Config, provider: &Name) -> Result<(), Failure> {
    if config.catalogue.provider(provider).is_none() {
        return Ok(());
    }
    let message = format!(
        "there is a provider `{provider}` already\nsay `--feed {provider}/...`, or another name before the dot of the domain"
    );
    Err(Failure::usage("provider_exists", message))
}

/// `shop.orders` is about the feed `shop/orders`.
pub(super) fn feed_of(domain: &DomainName) -> Result<FeedName, Failure> {
    let text = domain.as_str().replacen('.', "/", 1);
    FeedName::try_from(text).map_err(|_| {
        let message = format!(
            "`{domain}` names no provider and feed, which `--template` makes files for\nwrite both, with a dot between them, such as `shop.{domain}`"
        );
        Failure::usage("domain", message)
    })
}

/// A provider file as it would be read.
pub(super) fn compiled(path: &Path, text: &str) -> Result<Arc<ProviderDefinition>, Failure> {
    let provider = ProviderDefinition::parse(&Document::new(path.display().to_string(), text));
    provider.map(Arc::new).map_err(|problems| {
        let plain: Vec<String> = problems.iter().map(ToString::to_string).collect();
        Failure::usage("definition", plain.join("\n"))
    })
}

/// A name of the configuration: the wanted one, or the first that there is.
pub(super) fn named<'c>(
    what: &str,
    wanted: Option<&Name>,
    known: impl Iterator<Item = &'c Name>,
) -> Result<String, Failure> {
    let known: Vec<&str> = known.map(Name::as_str).collect();
    match (wanted, known.first()) {
        (Some(wanted), _) if known.contains(&wanted.as_str()) => Ok(wanted.to_string()),
        (Some(wanted), _) => {
            let advice = words::advice(wanted.as_str(), &known);
            Err(Failure::usage("no_such_setting", format!("there is no {what} `{wanted}`\n{advice}")))
        }
        (None, Some(first)) => Ok((*first).to_owned()),
        (None, None) => {
            let message = format!("the configuration names no {what}\nadd one below `{what}s:`");
            Err(Failure::usage("no_such_setting", message))
        }
    }
}

/// The first folder that the configuration names for definitions, as seen from its own.
pub(super) fn folder_for_definitions(folder: &Path, config: &Config) -> Result<PathBuf, Failure> {
    let named = config.reconcilers.iter().find(|named| folder.join(named).is_dir());
    named.map(PathBuf::from).ok_or_else(|| {
        let message = "`reconcilers:` of the configuration names no folder for definitions\nadd `reconcilers: [reconcilers]`, and make the folder";
        Failure::usage("no_folder", message)
    })
}

/// Where the schema beside the configuration is, as seen from a folder of definitions.
pub(super) fn schema_beside(config: &Path, definitions: &Path) -> String {
    let mut depth = 0;
    for part in definitions.components() {
        match part {
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
            // A folder elsewhere has no short way to it.
            _ => return std::path::absolute(config.join(SCHEMA)).unwrap_or_default().display().to_string(),
        }
    }
    "../".repeat(depth) + SCHEMA
}
