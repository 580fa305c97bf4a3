//! A queue of the kind `pubsub` as it is configured, and with its secrets read.

use std::path::Path;

use schemars::JsonSchema;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use tieout_reconcilers::define::checked::{Checked, Fault, FromText};
use tieout_reconcilers::define::document::Problems;
use url::Url;

use super::mode_of;
use crate::config::secret::{ConfigError, SecretRef};
use crate::queue::{Mode, PubsubLogin, PubsubSettings};

/// A topic of Google Pub/Sub.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PubsubFile {
    /// The whole name of the topic, with its project: `projects/shop-1/topics/billing`.
    topic: Checked<TopicName>,
    /// Whole CloudEvents, or their data with the attributes beside it.
    #[schemars(extend("default" = "structured"))]
    mode: Option<Checked<Mode>>,
    /// Whether the subject is the ordering key.
    #[schemars(extend("default" = true))]
    ordering: Option<bool>,
    /// The key of a service account, as a reference; the application default credentials where this is left out.
    credentials: Option<Checked<SecretRef>>,
    /// Where the service answers: a regional endpoint, or Google's emulator.
    endpoint: Option<Checked<Endpoint>>,
}

/// The whole name of a topic, with its project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicName(String);

/// Where the service is: a scheme and a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    url: String,
    /// Whether it is an emulator. Nothing else is asked without TLS.
    is_emulator: bool,
}

/// A topic of Google Pub/Sub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PubsubConfig {
    /// The topic.
    pub topic: TopicName,
    /// How events stand in messages.
    pub mode: Mode,
    /// Whether messages have their subject as their ordering key.
    pub ordering: bool,
    /// The key of a service account; the application default credentials where there is none.
    pub credentials: Option<SecretRef>,
    /// Where the service is; where it always is, where this is not said.
    pub endpoint: Option<Endpoint>,
}

impl PubsubFile {
    pub(super) fn compile(self, problems: &mut Problems<'_>) -> Option<PubsubConfig> {
        let Self { topic, mode, ordering, credentials, endpoint } = self;
        let (topic, mode) = (problems.take(topic), mode_of(mode, problems));
        let endpoint = endpoint.map_or(Some(None), |endpoint| problems.take(endpoint).map(Some));
        let is_emulator = matches!(&endpoint, Some(Some(Endpoint { is_emulator: true, .. })));
        if let Some(credentials) = credentials.as_ref().filter(|_| is_emulator) {
            let fault =
                Fault::new("an endpoint with `http:` is an emulator, and no credentials are sent to it")
                    .with_help("leave `credentials` out, or write `https:`");
            problems.add(credentials.spot, fault);
            return None;
        }
        let credentials = credentials.map_or(Some(None), |secret| problems.take(secret).map(Some));
        Some(PubsubConfig {
            topic: topic?,
            mode: mode?,
            ordering: ordering.unwrap_or(true),
            credentials: credentials?,
            endpoint: endpoint?,
        })
    }
}

/// The rules are those of <https://cloud.google.com/pubsub/docs/pubsub-basics#resource_names>. Projects made within a domain are written with a colon.
impl FromText for TopicName {
    const WHAT: &'static str = "name of a topic";
    const EXAMPLES: &'static [&'static str] = &["projects/shop-1/topics/billing"];

    fn from_text(text: &str) -> Result<Self, Fault> {
        let parts: Vec<&str> = text.split('/').collect();
        let is_name = match parts[..] {
            ["projects", project, "topics", topic] => is_project(project) && is_topic(topic),
            _ => false,
        };
        if is_name {
            return Ok(Self(text.to_owned()));
        }
        Err(Fault::new("this is not the name of a topic").with_help(
            "write `projects/PROJECT/topics/TOPIC`; a topic has 3 to 255 letters, digits and `-_.~+%`, begins with a letter, and not with `goog`",
        ))
    }
}

fn is_project(text: &str) -> bool {
    let is_of_project =
        |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.' | ':');
    !text.is_empty() && text.chars().all(is_of_project)
}

fn is_topic(text: &str) -> bool {
    let is_of_topic = |c: char| c.is_ascii_alphanumeric() || "-_.~+%".contains(c);
    (3..=255).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(is_of_topic)
        && !text.starts_with("goog")
}

impl TopicName {
    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Endpoint {
    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.url
    }
}

impl FromText for Endpoint {
    const WHAT: &'static str = "address";

    fn from_text(text: &str) -> Result<Self, Fault> {
        let refused = || {
            Err(Fault::new("this is not an endpoint of Pub/Sub").with_help(
                "write `https://REGION-pubsub.googleapis.com`, or `http://127.0.0.1:8085` for an emulator",
            ))
        };
        let Ok(url) = Url::parse(text) else { return refused() };
        let is_bare = url.username().is_empty()
            && url.password().is_none()
            && matches!(url.path(), "" | "/")
            && url.query().is_none()
            && url.fragment().is_none();
        if !is_bare || url.host_str().is_none() || !matches!(url.scheme(), "http" | "https") {
            return refused();
        }
        let is_emulator = url.scheme() == "http";
        Ok(Self { url: url.as_str().trim_end_matches('/').to_owned(), is_emulator })
    }
}

impl PubsubConfig {
    /// Reads the credentials. `place` is where the queue stands in the configuration, `base` the configuration's folder.
    pub(super) fn resolve(&self, place: &str, base: &Path) -> Result<PubsubSettings, ConfigError> {
        let login = match (&self.credentials, &self.endpoint) {
            (Some(secret), _) => {
                PubsubLogin::ServiceAccount(service_account(secret, &format!("{place}.credentials"), base)?)
            }
            (None, Some(Endpoint { is_emulator: true, .. })) => PubsubLogin::Anonymous,
            (None, _) => PubsubLogin::Environment,
        };
        Ok(PubsubSettings {
            topic: self.topic.0.clone(),
            mode: self.mode,
            ordering: self.ordering,
            login,
            endpoint: self.endpoint.as_ref().map(|endpoint| endpoint.url.clone()),
        })
    }
}

/// A key says of itself what it is.
#[derive(Deserialize)]
#[serde(tag = "type")]
enum Key {
    #[serde(rename = "service_account")]
    ServiceAccount,
}

fn service_account(secret: &SecretRef, what: &str, base: &Path) -> Result<SecretString, ConfigError> {
    let key = secret.read(what, base)?;
    match serde_json::from_str(key.expose_secret()) {
        Ok(Key::ServiceAccount) => Ok(key),
        Err(_) => Err(ConfigError::unusable(
            what,
            "it is not the key of a service account in JSON; without `credentials` the application default credentials are used",
        )),
    }
}
