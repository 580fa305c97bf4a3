//! `tieout.yaml` and the definitions it points at, turned into checked types with a place for every problem.
//!
//! Reading them needs no network, no database and no secret: secrets are references until somebody resolves them.

pub mod excerpt;
mod mask;

pub mod secret;

mod caps;
pub mod pattern;

pub mod notify;
pub mod provider;
pub mod queue;

pub mod metrics;
mod file;
mod local_url;

mod folder;
mod registry;
mod checked;
mod load;
mod misfits;
mod named;
mod sources;
mod settings;

pub use checked::{Config, DomainTests, Loaded, Openly};
pub(crate) use folder::read as text_of;
pub use metrics::MetricsConfig;
pub use notify::ChannelConfig;
pub use provider::{ProviderConfig, ResolvedProvider};
pub use queue::lag::LagConfig;
pub use secret::ConfigError;
pub use settings::{Origin, Setting};

/// The JSON Schema of `tieout.yaml`.
#[must_use]
pub fn schema() -> serde_json::Value {
    tieout_reconcilers::define::schema::of_file::<file::ConfigFile>()
}

#[cfg(test)]
mod tests;
