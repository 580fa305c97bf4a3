//! A configuration as the daemon uses it: proven to be usable before it is.

use std::path::PathBuf;
use std::sync::Arc;

use secrecy::ExposeSecret as _;
use tieout_reconcilers::name::DomainName;
use tieout_reconcilers::reconciler::Reconciler;
use tieout_reconcilers::schedule::Schedule;

use crate::cli::desk::Desk;
use crate::cli::failure::Failure;
use crate::cli::select::Domains;
use crate::cli::wire::{self, SharedBudgets};
use crate::config::Loaded;
use crate::store::StoreSettings;

/// A configuration in use.
pub(super) struct Setup {
    pub(super) loaded: Loaded,
    /// The domains that the daemon is about and that have a schedule.
    pub(super) scheduled: Vec<Arc<dyn Reconciler>>,
    /// What its runs share.
    pub(super) budgets: SharedBudgets,
    state: State,
}

/// Where the state store is, for comparison alone.
#[derive(PartialEq, Eq)]
enum State {
    File(PathBuf),
    Server(String),
}

impl Setup {
    /// Loads the configuration and proves that runs can begin with it: definitions, and of one domain at least the secrets and queues.
    pub(super) fn load(desk: &Desk, wanted: &Domains) -> Result<Self, Failure> {
        let loaded = wire::load(desk)?;
        let domains = wire::selected(&loaded, wanted)?;
        let has_schedule = |domain: &&Arc<dyn Reconciler>| domain.schedule().is_some();
        let scheduled: Vec<_> = domains.iter().filter(has_schedule).cloned().collect();
        if scheduled.is_empty() {
            let message = "none of these domains has a schedule, so there is nothing to wait for\n\
                 say when they are due: `schedule: {cron: \"0 2 * * *\", zone: Europe/London}`";
            return Err(Failure::usage("no_schedule", message));
        }
        wire::prove_that_one_can_begin(&loaded.config, &scheduled)?;
        let state = match wire::store_settings(&loaded.config)? {
            StoreSettings::Sqlite { path } => State::File(path),
            StoreSettings::Postgres { url } => State::Server(url.expose_secret().to_owned()),
        };
        Ok(Self { loaded, scheduled, budgets: SharedBudgets::default(), state })
    }

    /// The same for a daemon that is under way, which stays with its state store.
    pub(super) fn reload(&self, desk: &Desk, wanted: &Domains) -> Result<Self, Failure> {
        let other = Self::load(desk, wanted)?;
        if other.state == self.state {
            return Ok(other);
        }
        let message = "the state store is another one, and a daemon stays with its own: start it anew";
        Err(Failure::usage("other_state", message))
    }

    /// How much there is to do, in words.
    pub(super) fn size(&self) -> String {
        format!("domains with a schedule: {}", self.scheduled.len())
    }

    /// The domains and their schedules, by name.
    pub(super) fn schedules(&self) -> impl Iterator<Item = (&DomainName, &Schedule)> {
        self.scheduled.iter().filter_map(|domain| Some((domain.domain(), domain.schedule()?)))
    }

    /// Some of the domains, in the order of the configuration.
    pub(super) fn named(&self, names: &[DomainName]) -> Vec<Arc<dyn Reconciler>> {
        self.scheduled.iter().filter(|domain| names.contains(domain.domain())).cloned().collect()
    }
}
