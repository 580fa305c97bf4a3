//! From a checked configuration to everything that a run works with.
//!
//! For a run, a secret that cannot be read and a database that does not answer are the failure of the domains that need them, and the
//! others go on; a command that cannot do without ends before anything is sent.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use secrecy::ExposeSecret as _;
use tieout_reconcilers::define::auth::Auth;
use tieout_reconcilers::funnel::Funnel;
use tieout_reconcilers::name::{DomainName, Name};
use tieout_reconcilers::reconciler::Reconciler;
use tieout_reconcilers::resting::Resting;

use super::desk::Desk;
use super::failure::Failure;
use super::pace::Pace;
use super::select::{Selection, select};
use crate::config::pattern::Choice;
use crate::config::{Config, ConfigError, LagConfig, Loaded, ResolvedProvider, excerpt};
use crate::demo::{self, StandInError};
use crate::funnel;
use crate::local::Database;
use crate::privacy::Pseudonyms;
use crate::queue::{self, QueueSettings, Queues};
use crate::report::exit;
use crate::run;
use crate::source::auth::Vault;
use crate::source::{Base, Budgets, Client, Ledger, ProviderSettings, SourceError, StandIn, Witness};
use crate::store::{NotAStore, Store, StoreError, StoreSettings};
use crate::vault::{NotAKey, StoreLedger, StoreShelf, StoreVault};

/// Loads the configuration, or says everything that is wrong with it; what is doubtful goes to the log.
pub(super) fn load(desk: &Desk) -> Result<Loaded, Failure> {
    let loaded = load_quietly(desk)?;
    for warning in &loaded.warnings {
        tracing::warn!("{}", warning.with_its_help());
    }
    Ok(loaded)
}

/// Loads the configuration without a word about what is doubtful.
pub(super) fn load_quietly(desk: &Desk) -> Result<Loaded, Failure> {
    load_file(&desk.config, desk)
}

/// Loads another configuration than the one that was named.
pub(super) fn load_file(path: &Path, desk: &Desk) -> Result<Loaded, Failure> {
    Config::load(path).map_err(|problems| {
        let plain: Vec<String> = problems.iter().map(ToString::to_string).collect();
        let message = plain.join("\n");
        Failure::usage("definition", message).drawn(excerpt::draw(problems, desk.output.colors_errors()))
    })
}

/// Proves that every secret and address of the domains can be read, before anything is sent. What a single member of a
/// fan-out lacks is left to its own run.
pub(super) fn prove_references(config: &Config, domains: &[Arc<dyn Reconciler>]) -> Result<(), Failure> {
    domains
        .iter()
        .try_for_each(|domain| prove_sides(config, domain.as_ref()))
        .map_err(|error| wrong_reference(&error))
}

fn prove_sides(config: &Config, domain: &dyn Reconciler) -> Result<(), ConfigError> {
    if !config.is_apart(domain) {
        config.resolve_provider(domain.provider())?;
    }
    config.database_url(&domain.local().database).map(drop)
}

/// Why some of the domains cannot be begun: a secret or an address of theirs cannot be read, of either side, of a queue, or the key of
/// their pseudonyms. What a single member of a fan-out lacks is left to its own run.
pub(super) fn lacking(
    config: &Config,
    domains: &[Arc<dyn Reconciler>],
) -> BTreeMap<DomainName, run::Failure> {
    let lack = |domain: &Arc<dyn Reconciler>| {
        let error = prove(config, domain.as_ref()).err()?;
        Some((domain.domain().clone(), run::Failure::Configuration(error.to_string())))
    };
    domains.iter().filter_map(lack).collect()
}

fn prove(config: &Config, domain: &dyn Reconciler) -> Result<(), ConfigError> {
    prove_sides(config, domain)?;
    if domain.fields().are_hashed() {
        config.pseudonyms()?;
    }
    funnel::queues_of(domain).iter().try_for_each(|queue| config.resolve_queue(queue).map(drop))
}

/// Refuses domains none of which could be begun, and says in the log which of them could not be.
pub(super) fn prove_that_one_can_begin(
    config: &Config,
    domains: &[Arc<dyn Reconciler>],
) -> Result<(), Failure> {
    let lacking = lacking(config, domains);
    match lacking.values().next() {
        Some(failure) if lacking.len() == domains.len() => {
            Err(Failure::usage("configuration", failure.to_string()))
        }
        _ => {
            for (domain, failure) in &lacking {
                tracing::error!(%domain, "runs of {domain} fail until this is mended: {failure}");
            }
            Ok(())
        }
    }
}

/// What stands for the values that the domains hide, where they hide any so.
pub(super) fn pseudonyms(
    config: &Config,
    domains: &[Arc<dyn Reconciler>],
) -> Result<Option<Pseudonyms>, Failure> {
    if !domains.iter().any(|domain| domain.fields().are_hashed()) {
        return Ok(None);
    }
    config.pseudonyms().map_err(|error| wrong_reference(&error))
}

/// What an event has to be today to be sent again.
pub(super) fn carriage(loaded: &Loaded) -> run::Carriage {
    run::Carriage { domains: loaded.domains.clone(), schemas: Arc::clone(&loaded.config.schemas) }
}

/// A reference that cannot be read is a wrong configuration.
pub(super) fn wrong_reference(error: &ConfigError) -> Failure {
    Failure::usage("configuration", error.to_string())
}

/// Opens the state store.
pub(super) async fn open_store(config: &Config) -> Result<Store, Failure> {
    let settings = store_settings(config)?;
    Store::open_with(&settings, config.upgrade).await.map_err(|error| store_failure(&error))
}

/// Where the state store is.
pub(super) fn store_settings(config: &Config) -> Result<StoreSettings, Failure> {
    let url = config.state_url().map_err(|error| wrong_reference(&error))?;
    let settings: Result<StoreSettings, NotAStore> = url.expose_secret().parse();
    settings.map_err(|error| Failure::usage("state", error.to_string()))
}

/// What a failing state store means for the process.
pub(super) fn store_failure(error: &StoreError) -> Failure {
    let code = match error {
        StoreError::Refused { .. } | StoreError::NotGranted { .. } | StoreError::ReadOnly { .. } => {
            exit::CREDENTIALS
        }
        StoreError::NoSuchRun(_)
        | StoreError::AmbiguousRun(_)
        | StoreError::NoSuchReplay(_)
        | StoreError::AmbiguousReplay(_)
        | StoreError::Unsuitable { .. }
        | StoreError::Older { .. } => exit::USAGE,
        _ => exit::FAILED,
    };
    Failure::exiting(code, "state_store", error.with_causes())
}

/// The domains that a command is about.
pub(super) fn selected(
    loaded: &Loaded,
    wanted: impl Into<Selection>,
) -> Result<Vec<Arc<dyn Reconciler>>, Failure> {
    let choices: Vec<Choice<'_>> = loaded.domains.iter().map(|domain| Choice::of(domain.as_ref())).collect();
    let meant: BTreeSet<&Name> = select(&wanted.into(), &choices)?.into_iter().collect();
    Ok(loaded.domains.iter().filter(|domain| meant.contains(domain.domain())).cloned().collect())
}

/// The same for those who have something to say where no domain is defined and none is named.
pub(super) fn selected_if_any(
    loaded: &Loaded,
    wanted: impl Into<Selection>,
) -> Result<Vec<Arc<dyn Reconciler>>, Failure> {
    let wanted = wanted.into();
    if wanted.is_everything() { Ok(loaded.domains.clone()) } else { selected(loaded, wanted) }
}

/// The same domains, whose items rest for so long. What is shorter than any of them says is refused, before anything is read.
pub(super) fn resting(
    domains: Vec<Arc<dyn Reconciler>>,
    settle: Option<Duration>,
) -> Result<Vec<Arc<dyn Reconciler>>, Failure> {
    let Some(settle) = settle else { return Ok(domains) };
    let (rested, refused): (Vec<_>, Vec<_>) =
        domains.into_iter().map(|domain| Resting::of(domain, settle)).partition(Result::is_ok);
    if refused.is_empty() {
        return Ok(rested.into_iter().flatten().collect());
    }
    let why = refused.into_iter().filter_map(Result::err).map(|why| why.to_string());
    let message = format!(
        "a run may have items rest for longer, and never for less, because what is still on its way would look lost\n{}",
        why.collect::<Vec<_>>().join("\n")
    );
    Err(Failure::usage("settle", message))
}

/// The budgets of all providers, which the runs of one process share: a provider counts their requests together.
#[derive(Debug, Clone, Default)]
pub(super) struct SharedBudgets {
    of: Arc<Mutex<BTreeMap<Name, Arc<Budgets>>>>,
    /// Where other processes have a share in them.
    ledger: Option<Arc<dyn Ledger>>,
    /// The pace that the run is asked to keep with each provider.
    pace: Option<Pace>,
}

impl SharedBudgets {
    /// Budgets of a run that keeps a pace, where one was asked for.
    pub(super) fn at(pace: Option<Pace>) -> Self {
        Self { pace, ..Self::default() }
    }

    /// The same, whose rates are shared with all processes on a state store.
    pub(super) fn through(&self, store: &Store) -> Self {
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
pub(super) fn clients_within(
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
pub(super) fn client(config: &Config, name: &Name, store: Option<&Store>) -> Result<Client, run::Failure> {
    client_within(config, name, store, &Budgets::default(), None)
}

/// The client of a provider to whose answers somebody listens.
pub(super) fn client_heard_by(
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
pub(super) fn stood_in_for(
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
pub(super) async fn token_store(
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

/// One pool per local database of the domains.
pub(super) async fn databases(
    config: &Config,
    domains: &[Arc<dyn Reconciler>],
) -> BTreeMap<String, Result<Database, run::Failure>> {
    let local = domains.iter().map(|domain| domain.local().database.as_str());
    let received = domains.iter().filter_map(|domain| Some(domain.received()?.database.as_str()));
    let counted = domains.iter().filter_map(|domain| match domain.funnel()? {
        Funnel::Tables(tables) => Some(tables.database.as_str()),
        Funnel::Queue => None,
    });
    let names: BTreeSet<&str> = local.chain(received).chain(counted).collect();
    let mut databases = BTreeMap::new();
    for name in names {
        databases.insert(name.to_owned(), database(config, name).await);
    }
    databases
}

async fn database(config: &Config, name: &str) -> Result<Database, run::Failure> {
    let url = config.database_url(name).map_err(|error| run::Failure::Configuration(error.to_string()))?;
    Ok(Database::connect(name, &url).await?)
}

/// The queues that the domains name.
pub(super) fn queues(config: &Config, domains: &[Arc<dyn Reconciler>]) -> Result<Queues, Failure> {
    Ok(open(config, &queue_settings(config, domains)?))
}

/// The queues of the domains whose secrets can be read.
pub(super) fn readable_queues(config: &Config, domains: &[Arc<dyn Reconciler>]) -> Queues {
    open(config, &readable(config, domains))
}

fn readable(config: &Config, domains: &[Arc<dyn Reconciler>]) -> BTreeMap<String, QueueSettings> {
    let resolve = |name: String| config.resolve_queue(&name).ok().map(|settings| (name, settings));
    queue_names(domains).into_iter().filter_map(resolve).collect()
}

/// Makes queues; nothing is connected yet.
fn open(config: &Config, settings: &BTreeMap<String, QueueSettings>) -> Queues {
    let open = |(name, settings): (&String, &QueueSettings)| {
        let queue = queue::open(settings);
        let queue = match config.lag(name) {
            Some(LagConfig { max, of }) => queue::watched(queue, of.clone(), *max),
            None => queue,
        };
        (name.clone(), queue)
    };
    settings.iter().map(open).collect()
}

/// Whether events go to standard output, so that the report has to go elsewhere.
pub(super) fn writes_to_stdout(config: &Config, domains: &[Arc<dyn Reconciler>]) -> bool {
    readable(config, domains).values().any(|settings| matches!(settings, QueueSettings::Stdout))
}

/// Queues that are about to be opened.
pub(super) struct NamedQueues(BTreeMap<String, QueueSettings>);

/// The queues of some names.
pub(super) fn queues_named(config: &Config, names: &BTreeSet<String>) -> Result<NamedQueues, Failure> {
    let resolve = |name: &String| {
        let settings = config.resolve_queue(name).map_err(|error| wrong_reference(&error))?;
        Ok((name.clone(), settings))
    };
    names.iter().map(resolve).collect::<Result<_, _>>().map(NamedQueues)
}

impl NamedQueues {
    /// Whether events go to standard output, so that the result has to go elsewhere.
    pub(super) fn writes_to_stdout(&self) -> bool {
        self.0.values().any(|settings| matches!(settings, QueueSettings::Stdout))
    }

    /// Makes them; nothing is connected yet.
    pub(super) fn open(&self, config: &Config) -> Queues {
        open(config, &self.0)
    }
}

fn queue_settings(
    config: &Config,
    domains: &[Arc<dyn Reconciler>],
) -> Result<BTreeMap<String, QueueSettings>, Failure> {
    let resolve = |name: String| {
        let settings = config.resolve_queue(&name).map_err(|error| wrong_reference(&error))?;
        Ok((name, settings))
    };
    queue_names(domains).into_iter().map(resolve).collect()
}

fn queue_names(domains: &[Arc<dyn Reconciler>]) -> BTreeSet<String> {
    domains.iter().flat_map(|domain| funnel::queues_of(domain.as_ref())).collect()
}
