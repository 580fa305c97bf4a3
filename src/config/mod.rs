//! `tieout.yaml` and the definitions it points at, turned into checked types with a place for every problem.
//!
//! Reading them needs no network, no database and no secret: secrets are references until somebody resolves them.

pub mod excerpt;
mod mask;

pub mod secret;

mod caps;

pub mod provider;
pub mod queue;

pub mod broker_url;
mod file;
mod local_url;
pub mod webhook;

mod folder;
pub mod load;

pub use load::{Config, Loaded};
pub use provider::{ProviderConfig, ResolvedProvider};
pub use secret::ConfigError;

#[cfg(test)]
mod tests;
