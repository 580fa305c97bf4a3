//! From a checked configuration to everything that a run works with.
//!
//! For a run, a secret that cannot be read and a database that does not answer are the failure of the domains that need them, and the
//! others go on; a command that cannot do without ends before anything is sent.

mod clients;
mod queues;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret as _;
use tieout_reconcilers::funnel::Funnel;
use tieout_reconcilers::name::{DomainName, Name};
use tieout_reconcilers::reconciler::Reconciler;
use tieout_reconcilers::resting::Resting;

pub use clients::clients;
pub(super) use clients::{SharedBudgets, client, client_heard_by, clients_within, stood_in_for, token_store};
pub(super) use queues::{NamedQueues, queues, queues_named, readable_queues, writes_to_stdout};

use super::desk::Desk;
use super::failure::Failure;
use super::select::{Selection, select};
use crate::config::pattern::Choice;
use crate::config::{Config, ConfigError, Loaded, excerpt};
use crate::funnel;
use crate::local::Database;
use crate::privacy::Pseudonyms;
use crate::report::exit;
use crate::run;
use crate::store::{NotAStore, Store, StoreError, StoreSettings};

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
