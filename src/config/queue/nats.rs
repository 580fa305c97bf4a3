//! A queue of the kind `nats` as it is configured, and with its secrets read.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;
use tieout_reconcilers::define::checked::{Checked, Fault, FromText};
use tieout_reconcilers::define::document::Problems;

use super::broker_url::{BrokerUrl, Nats};
use super::mode_of;
use crate::config::secret::ConfigError;
use crate::queue::{Mode, NatsSettings};

/// A subject of NATS JetStream.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NatsFile {
    /// The server, or `env:NAME` or `file:PATH` where the address holds a token.
    url: Checked<BrokerUrl<Nats>>,
    /// The subject, which a stream must keep.
    subject: Checked<Subject>,
    /// Whole CloudEvents, or their data with the attributes beside it.
    #[schemars(extend("default" = "structured"))]
    mode: Option<Checked<Mode>>,
    /// A file with a JWT and the seed of its key.
    credentials: Option<Checked<String>>,
}

/// A subject that messages can be published to: words between dots, none of them a wildcard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject(String);

impl FromText for Subject {
    const WHAT: &'static str = "subject";
    const EXAMPLES: &'static [&'static str] = &["billing.repairs"];

    fn from_text(text: &str) -> Result<Self, Fault> {
        let is_word = |word: &str| {
            !word.is_empty() && !word.contains(|c: char| c.is_whitespace() || matches!(c, '*' | '>'))
        };
        if text.split('.').all(is_word) {
            return Ok(Self(text.to_owned()));
        }
        Err(Fault::new("this is not a subject that messages can be published to").with_help(
            "write words between dots, such as `billing.repairs`; wildcards are for those who subscribe",
        ))
    }
}

impl Subject {
    /// The subject as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A subject of NATS JetStream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NatsConfig {
    /// The server.
    pub url: BrokerUrl<Nats>,
    /// The subject.
    pub subject: Subject,
    /// How events stand in messages.
    pub mode: Mode,
    /// The file with the credentials, relative to the configuration.
    pub credentials: Option<PathBuf>,
}

impl NatsFile {
    pub(super) fn compile(self, problems: &mut Problems<'_>) -> Option<NatsConfig> {
        let Self { url, subject, mode, credentials } = self;
        let (url, subject, mode) = (problems.take(url), problems.take(subject), mode_of(mode, problems));
        let credentials =
            credentials.map_or(Some(None), |path| problems.take(path).map(|path| Some(path.into())));
        Some(NatsConfig { url: url?, subject: subject?, mode: mode?, credentials: credentials? })
    }
}

impl NatsConfig {
    /// Reads the address. `place` is where the queue stands in the configuration, `base` the configuration's folder.
    pub(super) fn resolve(&self, place: &str, base: &Path) -> Result<NatsSettings, ConfigError> {
        Ok(NatsSettings {
            url: self.url.read(&format!("{place}.url"), base)?,
            subject: self.subject.as_str().to_owned(),
            mode: self.mode,
            credentials: self.credentials.as_ref().map(|path| base.join(path)),
        })
    }
}
