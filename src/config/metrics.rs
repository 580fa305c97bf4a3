//! The `metrics` block: who is told how things stand, beside those who come and ask `tieout serve`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use tieout_reconcilers::define::checked::{Checked, Fault, FromText};
use tieout_reconcilers::define::document::Problems;
use tieout_reconcilers::define::schema;
use tieout_reconcilers::define::value::Length;

use super::queue::broker_url::{Broker, BrokerUrl};
use super::secret::{ConfigError, Kinds, SecretRef};
use crate::metrics::{DEFAULT_INTERVAL, GatewaySettings, Targets};

/// The label `job` of what is pushed.
pub(super) const DEFAULT_JOB: &str = "tieout";

/// Who is told how things stand.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MetricsFile {
    /// How often a domain without a schedule is expected to run.
    #[schemars(extend("default" = schema::length(DEFAULT_INTERVAL)))]
    expected_interval: Option<Checked<Length>>,
    /// A file for node_exporter's textfile collector, whose name ends in `.prom`.
    textfile: Option<Checked<TextfilePath>>,
    /// A Pushgateway.
    pushgateway: Option<PushgatewayFile>,
}

/// A Pushgateway.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PushgatewayFile {
    /// Its address, or `env:NAME` or `file:PATH` where that holds a password.
    url: Checked<BrokerUrl<Pushgateway>>,
    /// A bearer token, as a reference.
    token: Option<Checked<SecretRef>>,
    /// The label `job` of what is pushed.
    #[schemars(extend("default" = DEFAULT_JOB))]
    job: Option<Checked<JobName>>,
}

/// A Pushgateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pushgateway {}

impl Broker for Pushgateway {
    const KINDS: Kinds = Kinds {
        what: "Pushgateway",
        schemes: &["http", "https"],
        help: "write `http://HOST:9091`, or `env:NAME` or `file:PATH` for an address with a password",
        no_such: "it is not the address of a Pushgateway",
    };
    const HAS_TOKENS: bool = true;
}

/// The file that node_exporter reads: it looks at no other name.
#[derive(Debug, Clone)]
struct TextfilePath(String);

impl FromText for TextfilePath {
    const WHAT: &'static str = "path";

    fn from_text(text: &str) -> Result<Self, Fault> {
        let is_read = Path::new(text).extension().is_some_and(|extension| extension == "prom");
        if is_read {
            return Ok(Self(text.to_owned()));
        }
        Err(Fault::new("the name of the file does not end in `.prom`").with_help(
            "node_exporter reads no other; write a path in the folder of its `--collector.textfile.directory`",
        ))
    }
}

/// The value of a label that is part of an address.
#[derive(Debug, Clone)]
struct JobName(String);

impl FromText for JobName {
    const WHAT: &'static str = "name";

    fn from_text(text: &str) -> Result<Self, Fault> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        if !text.is_empty() && !text.starts_with('.') && text.chars().all(is_plain) {
            return Ok(Self(text.to_owned()));
        }
        Err(Fault::new("the name of a job is made of letters, digits, `_`, `-` and `.`"))
    }
}

/// Who is told how things stand. Secrets are still references.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricsConfig {
    /// How often a domain without a schedule is expected to run.
    pub expected_interval: Duration,
    /// A file for node_exporter's textfile collector.
    pub textfile: Option<String>,
    /// A Pushgateway.
    pub pushgateway: Option<PushgatewayConfig>,
}

/// A Pushgateway, as the configuration names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushgatewayConfig {
    url: BrokerUrl<Pushgateway>,
    token: Option<SecretRef>,
    job: String,
}

impl Default for MetricsConfig {
    fn default() -> Self {
        Self { expected_interval: DEFAULT_INTERVAL, textfile: None, pushgateway: None }
    }
}

impl MetricsFile {
    pub(super) fn compile(self, problems: &mut Problems<'_>) -> MetricsConfig {
        let interval = problems.take_option(self.expected_interval);
        MetricsConfig {
            expected_interval: interval.map_or(DEFAULT_INTERVAL, |Length(time)| time),
            textfile: problems.take_option(self.textfile).map(|TextfilePath(path)| path),
            pushgateway: self.pushgateway.and_then(|file| file.compile(problems)),
        }
    }
}

impl PushgatewayFile {
    fn compile(self, problems: &mut Problems<'_>) -> Option<PushgatewayConfig> {
        let token = problems.take_option(self.token);
        let job = problems.take_option(self.job).map_or_else(|| DEFAULT_JOB.to_owned(), |JobName(job)| job);
        problems.take(self.url).map(|url| PushgatewayConfig { url, token, job })
    }
}

impl MetricsConfig {
    /// Where metrics are left at the end of a run, with the secrets read. Relative paths begin at `base`.
    pub fn targets(&self, base: &Path) -> Result<Targets, ConfigError> {
        let pushgateway = self.pushgateway.as_ref().map(|gateway| gateway.resolve(base)).transpose()?;
        Ok(Targets { textfile: self.textfile(base), pushgateway, otlp: false })
    }

    /// The file for the textfile collector.
    #[must_use]
    pub fn textfile(&self, base: &Path) -> Option<PathBuf> {
        self.textfile.as_ref().map(|path| base.join(path))
    }

    /// The Pushgateway that is meant where a command names one itself, or none: then the configuration has to. What else the
    /// configuration says of its Pushgateway holds for that one alone.
    pub fn gateway(
        &self,
        named: Option<&BrokerUrl<Pushgateway>>,
        base: &Path,
    ) -> Result<Option<GatewaySettings>, ConfigError> {
        match (named, &self.pushgateway) {
            (Some(url), configured) => {
                let job = configured.as_ref().map_or(DEFAULT_JOB, |gateway| &gateway.job).to_owned();
                let alone = PushgatewayConfig { url: url.clone(), token: None, job };
                alone.resolve(base).map(Some)
            }
            (None, Some(gateway)) => gateway.resolve(base).map(Some),
            (None, None) => Ok(None),
        }
    }

    /// Everything that is referred to and cannot be read.
    pub(super) fn unreadable(&self, base: &Path) -> Vec<ConfigError> {
        self.pushgateway.as_ref().and_then(|gateway| gateway.resolve(base).err()).into_iter().collect()
    }
}

impl PushgatewayConfig {
    fn resolve(&self, base: &Path) -> Result<GatewaySettings, ConfigError> {
        let token = self.token.as_ref().map(|token| token.read("metrics.pushgateway.token", base));
        Ok(GatewaySettings {
            url: self.url.read("metrics.pushgateway.url", base)?,
            token: token.transpose()?,
            job: self.job.clone(),
        })
    }
}
