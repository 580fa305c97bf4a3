//! A queue of the kind `redis` as it is configured, and with its secrets read.

use std::num::NonZeroU64;
use std::path::Path;

use schemars::JsonSchema;
use serde::Deserialize;
use tieout_reconcilers::define::checked::Checked;
use tieout_reconcilers::define::document::Problems;

use super::broker_url::{BrokerUrl, Redis};
use super::mode_of;
use crate::config::secret::ConfigError;
use crate::queue::{Mode, RedisSettings};

/// A Redis Stream.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RedisFile {
    /// The server, or `env:NAME` or `file:PATH` where the address holds a password.
    url: Checked<BrokerUrl<Redis>>,
    /// The key of the stream.
    stream: Checked<String>,
    /// Whole CloudEvents, or their data with the attributes beside it.
    #[schemars(extend("default" = "structured"))]
    mode: Option<Checked<Mode>>,
    /// About how many entries the stream keeps; all of them where this is left out.
    max_length: Option<NonZeroU64>,
    /// How many replicas must have an event before it counts as delivered.
    #[serde(default)]
    replicas: u32,
}

/// A Redis Stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedisConfig {
    /// The server.
    pub url: BrokerUrl<Redis>,
    /// The key of the stream.
    pub stream: String,
    /// How events stand in its entries.
    pub mode: Mode,
    /// How many entries it keeps, about; all of them where there is no number.
    pub max_length: Option<u64>,
    /// How many replicas must have an event before it counts as delivered.
    pub replicas: u32,
}

impl RedisFile {
    pub(super) fn compile(self, problems: &mut Problems<'_>) -> Option<RedisConfig> {
        let Self { url, stream, mode, max_length, replicas } = self;
        let (url, stream, mode) = (problems.take(url), problems.take(stream), mode_of(mode, problems));
        let max_length = max_length.map(NonZeroU64::get);
        Some(RedisConfig { url: url?, stream: stream?, mode: mode?, max_length, replicas })
    }
}

impl RedisConfig {
    /// Reads the address. `place` is where the queue stands in the configuration, `base` the configuration's folder.
    pub(super) fn resolve(&self, place: &str, base: &Path) -> Result<RedisSettings, ConfigError> {
        Ok(RedisSettings {
            url: self.url.read(&format!("{place}.url"), base)?,
            stream: self.stream.clone(),
            mode: self.mode,
            max_length: self.max_length,
            replicas: self.replicas,
        })
    }
}
