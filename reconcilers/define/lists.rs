//! The lists of a provider as a domain reads them: the endpoints of its webhooks, and the scopes of its credentials.

use std::sync::Arc;

use super::condition::Expected;
use super::definition::{Definition, Settings};
use super::domain::DomainDefinition;
use super::feed::FeedDefinition;
use super::provider::ProviderDefinition;
use super::scopes_file::ScopesDefinition;
use super::template::Slot;
use crate::direction::Direction;
use crate::name::Name;
use crate::path::Path;
use crate::reconciler::Reconciler;
use crate::scopes::{Scopes, Told};
use crate::webhooks::WebhookFeed;

/// Reads some members of the rows of a list of the provider that is about no item: its endpoints, or the scopes of the credentials.
fn reader_of(
    provider: &ProviderDefinition,
    (feed, list): (&FeedDefinition, &Name),
    members: &[Path],
    domain: &DomainDefinition,
    settings: &Settings,
) -> Result<Option<Arc<dyn Reconciler>>, Slot> {
    let Some(found) = provider.lists.get(list) else { return Ok(None) };
    // Where it differs between members, they are those of the feed.
    let each = feed.each.clone().filter(|_| !found.each_names().is_empty());
    let found = FeedDefinition { each, ..(**found).clone() };
    let reader = Definition::new(provider, &found, domain.reading(list, members), settings)?;
    Ok(Some(Arc::new(reader)))
}

/// The endpoints that the provider sends webhooks to, where the feed says how they are listed and the domain lives on any.
pub(super) fn webhooks(
    provider: &ProviderDefinition,
    feed: &FeedDefinition,
    domain: &DomainDefinition,
    settings: &Settings,
) -> Result<Option<WebhookFeed>, Slot> {
    let own = domain.webhooks.clone().unwrap_or_default();
    let Some(list) = feed.webhooks.as_ref().filter(|_| domain.fields.direction == Direction::Inbound) else {
        return Ok(None);
    };
    let expected = own.expect.unwrap_or_else(|| list.expect.clone());
    if expected.is_empty() {
        return Ok(None);
    }
    let reader = reader_of(provider, (feed, &list.list), &list.members(), domain, settings)?;
    let values = |all: &[(Path, Expected)]| all.iter().map(|(_, expected)| expected.clone()).collect();
    Ok(reader.map(|feed| WebhookFeed {
        feed,
        on_if: values(&list.on_if),
        arrived_if: values(&list.ok_if),
        topics: list.topics.clone(),
        all: list.all.as_deref().map(Into::into),
        expected,
        ours: own.url,
    }))
}

/// The scopes that the feed needs, where it says so.
pub(super) fn scopes(
    provider: &ProviderDefinition,
    feed: &FeedDefinition,
    domain: &DomainDefinition,
    settings: &Settings,
) -> Result<Option<Scopes>, Slot> {
    Ok(match &feed.scopes {
        None => None,
        Some(ScopesDefinition::Header { name, accepted, need }) => Some(Scopes {
            told: Told::Header { name: name.clone(), accepted: accepted.clone() },
            need: need.clone(),
        }),
        Some(ScopesDefinition::List { list, at, need, .. }) => {
            let members: Vec<Path> = at.root.iter().cloned().collect();
            let reader = reader_of(provider, (feed, list), &members, domain, settings)?;
            reader.map(|feed| Scopes { told: Told::List { feed, at: at.clone() }, need: need.clone() })
        }
    })
}
