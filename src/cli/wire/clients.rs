//! The clients of the providers of a configuration, and the budgets that they share.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tieout_reconcilers::define::auth::Auth;
use tieout_reconcilers::name::Name;
use tieout_reconcilers::reconciler::Reconciler;

use super::open_store;
use crate::cli::failure::Failure;
use crate::cli::pace::Pace;
use crate::config::{Config, ConfigError, ResolvedProvider};
use crate::demo::{self, StandInError};
use crate::run;
use crate::source::auth::Vault;
use crate::source::{Base, Budgets, Client, Ledger, ProviderSettings, SourceError, StandIn, Witness};
use crate::store::Store;
use crate::vault::{NotAKey, StoreLedger, StoreShelf, StoreVault};

/// The budgets of all providers, which the runs of one process share: a provider counts their requests together.
#[derive(Debug, Clone, Default)]
pub(in crate::cli) struct SharedBudgets {
    of: Arc<Mutex<BTreeMap<Name, Arc<Budgets>>>>,
    /// Where other processes have a share in them.
    ledger: Option<Arc<dyn Ledger>>,
    /// The pace that the run is asked to keep with each provider.
    pace: Option<Pace>,
}

impl SharedBudgets {
    /// Budgets of a run that keeps a pace, where one was asked for.
    pub(in crate::cli) fn at(pace: Option<Pace>) -> Self {
        Self { pace, ..Self::default() }
    }

    /// The same, whose rates are shared with all processes on a state store.
    pub(in crate::cli) fn through(&self, store: &Store) -> Self {
        Self { ledger: Some(Arc::new(StoreLedger::new(store.clone()))), ..Self::at(self.pace) }
    }

    fn of(&self, provider: &Name) -> Arc<Budgets> {
        let mut known = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        let budgets = || {
            let budgets = self.ledger.clone().map(Budgets::shared_through).unwrap_or_default();
            Arc::new(match self.pace {
                Some(pace) => budgets.no_faster_than(pace.per_second()),
                None => budgets,
            })
        };
        Arc::clone(known.entry(provider.clone()).or_insert_with(budgets))
    }
}

/// One client per provider of the domains. Tokens that are good once are kept in the state store.
pub fn clients(
    config: &Config,
    domains: &[Arc<dyn Reconciler>],
    store: Option<&Store>,
) -> BTreeMap<String, Result<Client, run::Failure>> {
    clients_within(config, domains, store, &SharedBudgets::default())
}

/// The same within budgets that others use as well.
pub(in crate::cli) fn clients_within(
    config: &Config,
    domains: &[Arc<dyn Reconciler>],
    store: Option<&Store>,
    budgets: &SharedBudgets,
) -> BTreeMap<String, Result<Client, run::Failure>> {
    let names: BTreeSet<&Name> = domains.iter().map(|domain| domain.provider()).collect();
    let client = |name: &Name| client_within(config, name, store, &budgets.of(name), None);
    names.into_iter().map(|name| (name.to_string(), client(name))).collect()
}

/// The client of a provider.
pub(in crate::cli) fn client(
    config: &Config,
    name: &Name,
    store: Option<&Store>,
) -> Result<Client, run::Failure> {
    client_within(config, name, store, &Budgets::default(), None)
}

/// The client of a provider to whose answers somebody listens.
pub(in crate::cli) fn client_heard_by(
    config: &Config,
    name: &Name,
    store: Option<&Store>,
    witness: Arc<dyn Witness>,
) -> Result<Client, run::Failure> {
    client_within(config, name, store, &Budgets::default(), Some(witness))
}

fn client_within(
    config: &Config,
    name: &Name,
    store: Option<&Store>,
    budgets: &Budgets,
    witness: Option<Arc<dyn Witness>>,
) -> Result<Client, run::Failure> {
    let wrong = |text: String| run::Failure::Configuration(text);
    let key = config.state_key().map_err(|error| wrong(error.to_string()))?;
    let (vault, shelf) = match (store, key) {
        (Some(store), Some(key)) => {
            let bad = |fault: NotAKey| wrong(fault.to_string());
            let vault = StoreVault::new(store.clone(), &key).map_err(bad)?;
            let shelf = StoreShelf::new(store.clone(), &key).map_err(bad)?;
            (Some(Arc::new(vault) as Arc<dyn Vault>), Some(Arc::new(shelf)))
        }
        _ => (None, None),
    };
    let connect = move |resolved: Result<ResolvedProvider, ConfigError>| {
        let resolved = resolved.map_err(|error| SourceError::Settings(error.to_string()))?;
        let resolved = answered(resolved).map_err(|error| SourceError::Settings(error.to_string()))?;
        let settings = ProviderSettings { witness: witness.clone(), ..settings(resolved) };
        Client::within(&settings, vault.clone(), budgets)
    };
    let common = connect(config.resolve_provider(name));
    let members: BTreeMap<_, _> =
        config.resolve_members(name).into_iter().map(|(each, member)| (each, connect(member))).collect();
    let client = if members.is_empty() {
        common.map_err(|error| wrong(error.to_string()))?
    } else {
        let caps = config.providers.get(name).map(|provider| provider.caps.clone()).unwrap_or_default();
        Client::of_members(name.clone(), caps, common, members)
    };
    Ok(match shelf {
        Some(shelf) => client.with_shelf(shelf),
        None => client,
    })
}

/// The client of a provider in whose place somebody answers: no secret is read, and nothing is sent.
pub(in crate::cli) fn stood_in_for(
    config: &Config,
    name: &Name,
    stand_in: Arc<dyn StandIn>,
) -> Result<Client, run::Failure> {
    let wrong = |error: &ConfigError| SourceError::Settings(error.to_string());
    let connect = move |resolved: Result<ResolvedProvider, ConfigError>| {
        let mut settings = settings(resolved.map_err(|error| wrong(&error))?);
        settings.stand_in = Some(Arc::clone(&stand_in));
        // Nobody is there whom a pause would spare.
        let none = Duration::ZERO;
        (settings.caps.retry_base, settings.caps.retry_cap, settings.caps.outage) = (none, none, none);
        Client::new(&settings)
    };
    let failed = |error: SourceError| run::Failure::Definition(error.to_string());
    let open = config.resolve_open(name).map_err(|error| failed(wrong(&error)))?;
    if open.members.is_empty() {
        return connect(open.common).map_err(failed);
    }
    let caps = config.providers.get(name).map(|provider| provider.caps.clone()).unwrap_or_default();
    let members = open.members.into_iter().map(|(each, member)| (each, connect(member))).collect();
    Ok(Client::of_members(name.clone(), caps, connect(open.common), members))
}

/// A provider that a fake stands in for is asked where the fake listens.
fn answered(mut resolved: ResolvedProvider) -> Result<ResolvedProvider, StandInError> {
    if let Some(file) = &resolved.simulated {
        resolved.base = Base::Fixed(demo::stand_in(file)?);
        resolved.allow_private = true;
    }
    Ok(resolved)
}

/// The state store, where a provider hands out tokens that are good once and therefore kept there.
pub(in crate::cli) async fn token_store(
    config: &Config,
    providers: impl IntoIterator<Item = &Name>,
) -> Result<Option<Store>, Failure> {
    let auths = providers.into_iter().filter_map(|name| config.catalogue.provider(name)?.auth.as_ref());
    if auths.into_iter().any(Auth::rotates) { open_store(config).await.map(Some) } else { Ok(None) }
}

fn settings(resolved: ResolvedProvider) -> ProviderSettings {
    let mut settings = ProviderSettings::new(resolved.name, resolved.base);
    settings.credential = resolved.credential;
    settings.allow_private = resolved.allow_private;
    settings.headers = resolved.headers;
    settings.hosts = resolved.hosts;
    settings.auth = resolved.auth;
    settings.tls = resolved.tls;
    settings.caps = resolved.caps;
    if let Some(max_wait) = resolved.limits.max_wait {
        settings.caps.max_wait = max_wait;
        settings.caps.outage = settings.caps.outage.min(max_wait);
    }
    settings.limits = resolved.limits;
    settings
}
