//! What a provider tells about a feed beside its rows: its own events, its webhooks, what credentials may do, and how it counts
//! minor units.

use crate::define::checked::{Checked, Ordered, Placed};
use crate::define::currencies_file::{self, Places};
use crate::define::document::Problems;
use crate::define::events_file::{EventsDefinition, EventsFile};
use crate::define::scopes_file::{ScopesDefinition, ScopesFile};
use crate::define::webhooks_file::{WebhooksDefinition, WebhooksFile};
use crate::money::Currencies;

/// The words about it.
pub(super) struct BesideWords {
    pub(super) events: Option<EventsFile>,
    pub(super) webhooks: Option<WebhooksFile>,
    pub(super) scopes: Option<Placed<ScopesFile>>,
    pub(super) currencies: Ordered<Checked<Places>>,
}

/// What is told beside the rows.
pub(super) struct Beside {
    pub(super) events: Option<EventsDefinition>,
    pub(super) webhooks: Option<WebhooksDefinition>,
    pub(super) scopes: Option<ScopesDefinition>,
    pub(super) currencies: Currencies,
}

impl BesideWords {
    /// Whether changes are followed by the provider's events.
    pub(super) fn follows_events(&self) -> bool {
        self.events.as_ref().is_some_and(EventsFile::drives)
    }

    /// `parts` is the number of parts of the feed's key.
    pub(super) fn compile(self, parts: usize, problems: &mut Problems<'_>) -> Beside {
        let currencies = currencies_file::compile(self.currencies, problems);
        let events = self.events.and_then(|events| events.compile(parts, problems));
        let webhooks = self.webhooks.and_then(|webhooks| webhooks.compile(problems));
        let scopes = self.scopes.and_then(|scopes| scopes.value.compile(scopes.spot, problems));
        Beside { events, webhooks, scopes, currencies }
    }
}
