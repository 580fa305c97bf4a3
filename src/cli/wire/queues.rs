//! The queues of a configuration, opened as far as a command needs them. Nothing is connected here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tieout_reconcilers::reconciler::Reconciler;

use super::wrong_reference;
use crate::cli::failure::Failure;
use crate::config::{Config, LagConfig};
use crate::funnel;
use crate::queue::{self, QueueSettings, Queues};

/// The queues that the domains name.
pub(in crate::cli) fn queues(config: &Config, domains: &[Arc<dyn Reconciler>]) -> Result<Queues, Failure> {
    Ok(open(config, &queue_settings(config, domains)?))
}

/// The queues of the domains whose secrets can be read.
pub(in crate::cli) fn readable_queues(config: &Config, domains: &[Arc<dyn Reconciler>]) -> Queues {
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
pub(in crate::cli) fn writes_to_stdout(config: &Config, domains: &[Arc<dyn Reconciler>]) -> bool {
    readable(config, domains).values().any(|settings| matches!(settings, QueueSettings::Stdout))
}

/// Queues that are about to be opened.
pub(in crate::cli) struct NamedQueues(BTreeMap<String, QueueSettings>);

/// The queues of some names.
pub(in crate::cli) fn queues_named(
    config: &Config,
    names: &BTreeSet<String>,
) -> Result<NamedQueues, Failure> {
    let resolve = |name: &String| {
        let settings = config.resolve_queue(name).map_err(|error| wrong_reference(&error))?;
        Ok((name.clone(), settings))
    };
    names.iter().map(resolve).collect::<Result<_, _>>().map(NamedQueues)
}

impl NamedQueues {
    /// Whether events go to standard output, so that the result has to go elsewhere.
    pub(in crate::cli) fn writes_to_stdout(&self) -> bool {
        self.0.values().any(|settings| matches!(settings, QueueSettings::Stdout))
    }

    /// Makes them; nothing is connected yet.
    pub(in crate::cli) fn open(&self, config: &Config) -> Queues {
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
