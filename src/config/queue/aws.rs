//! Queues of the kinds `sqs`, `sns` and `eventbridge` as they are configured, and with their secrets read.

mod address;
mod name;

use std::path::Path;

use schemars::JsonSchema;
use serde::Deserialize;
use tieout_reconcilers::define::checked::{Checked, Fault};
use tieout_reconcilers::define::document::Problems;
use tieout_reconcilers::define::problem::Spot;

pub use self::address::QueueUrl;
pub use self::name::{Bus, Region, Source, TopicArn};

use self::address::Endpoint;
use crate::config::secret::{ConfigError, SecretRef};
use crate::queue::{AwsAccount, AwsKeys, EventBridgeSettings, SnsSettings, SqsSettings};

/// A queue of Amazon SQS.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SqsFile {
    /// The address of the queue.
    url: Checked<QueueUrl>,
    /// The region; that of the address where this is left out.
    region: Option<Checked<Region>>,
    /// Where the service answers, if not where the SDK thinks.
    endpoint: Option<Checked<Endpoint>>,
    /// The id of a key of AWS, where the SDK is not to look for credentials itself.
    access_key_id: Option<Checked<SecretRef>>,
    /// The secret of that key.
    secret_access_key: Option<Checked<SecretRef>>,
}

/// A topic of Amazon SNS.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SnsFile {
    /// The ARN of the topic.
    topic: Checked<TopicArn>,
    /// Where the service answers, if not where the SDK thinks.
    endpoint: Option<Checked<Endpoint>>,
    /// The id of a key of AWS, where the SDK is not to look for credentials itself.
    access_key_id: Option<Checked<SecretRef>>,
    /// The secret of that key.
    secret_access_key: Option<Checked<SecretRef>>,
}

/// A bus of Amazon EventBridge.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EventBridgeFile {
    /// The name or the ARN of the bus.
    bus: Checked<Bus>,
    /// The region; that of the ARN where this is left out.
    region: Option<Checked<Region>>,
    /// The source of every event; the event's own where this is left out.
    source: Option<Checked<Source>>,
    /// Where the service answers, if not where the SDK thinks.
    endpoint: Option<Checked<Endpoint>>,
    /// The id of a key of AWS, where the SDK is not to look for credentials itself.
    access_key_id: Option<Checked<SecretRef>>,
    /// The secret of that key.
    secret_access_key: Option<Checked<SecretRef>>,
}

/// A queue of SQS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqsConfig {
    /// Its address.
    pub url: QueueUrl,
    /// Where it is, and who sends.
    pub account: AccountConfig,
}

/// A topic of SNS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnsConfig {
    /// Its name.
    pub topic: TopicArn,
    /// Where it is, and who sends.
    pub account: AccountConfig,
}

/// A bus of EventBridge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventBridgeConfig {
    /// Its name.
    pub bus: Bus,
    /// The source of every event; its own where there is none.
    pub source: Option<Source>,
    /// Where it is, and who sends.
    pub account: AccountConfig,
}

/// Where a service of AWS is, and who calls it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountConfig {
    /// The region.
    pub region: Region,
    /// Where the service answers, if not where the SDK thinks.
    pub endpoint: Option<String>,
    /// The id and the secret of a key; the SDK looks for credentials where there are none.
    pub keys: Option<(SecretRef, SecretRef)>,
}

impl SqsFile {
    pub(super) fn compile(self, problems: &mut Problems<'_>) -> Option<SqsConfig> {
        let Self { url, region, endpoint, access_key_id, secret_access_key } = self;
        let spot = url.spot;
        let url = problems.take(url);
        let keys = keys(access_key_id, secret_access_key, problems);
        let endpoint = problems.take_option(endpoint);
        let url = url?;
        let region = region_of(url.region(), region, spot, problems)?;
        let endpoint = endpoint.map_or_else(|| url.endpoint(), |endpoint| Some(endpoint.0));
        Some(SqsConfig { url, account: AccountConfig { region, endpoint, keys } })
    }
}

impl SnsFile {
    pub(super) fn compile(self, problems: &mut Problems<'_>) -> Option<SnsConfig> {
        let Self { topic, endpoint, access_key_id, secret_access_key } = self;
        let topic = problems.take(topic);
        let keys = keys(access_key_id, secret_access_key, problems);
        let endpoint = problems.take_option(endpoint).map(|endpoint| endpoint.0);
        let topic = topic?;
        let account = AccountConfig { region: topic.region(), endpoint, keys };
        Some(SnsConfig { topic, account })
    }
}

impl EventBridgeFile {
    pub(super) fn compile(self, problems: &mut Problems<'_>) -> Option<EventBridgeConfig> {
        let Self { bus, region, source, endpoint, access_key_id, secret_access_key } = self;
        let spot = bus.spot;
        let bus = problems.take(bus);
        let source = problems.take_option(source);
        let keys = keys(access_key_id, secret_access_key, problems);
        let endpoint = problems.take_option(endpoint).map(|endpoint| endpoint.0);
        let bus = bus?;
        let region = region_of(bus.region(), region, spot, problems)?;
        let account = AccountConfig { region, endpoint, keys };
        Some(EventBridgeConfig { bus, source, account })
    }
}

/// The region that a name says, or else the one that is written.
fn region_of(
    named: Option<Region>,
    written: Option<Checked<Region>>,
    spot: Spot,
    problems: &mut Problems<'_>,
) -> Option<Region> {
    let Some(written) = written else {
        if named.is_none() {
            let fault = Fault::new("this does not say in which region it is");
            problems.add(spot, fault.with_help("add the region, such as `region: eu-west-1`"));
        }
        return named;
    };
    let spot = written.spot;
    let written = problems.take(written)?;
    if let Some(named) = named.filter(|named| *named != written) {
        problems.add(spot, Fault::new(format!("it is in the region `{named}`, as its own name says")));
        return None;
    }
    Some(written)
}

/// Both halves of a key, or none. What is wrong with it is among the problems.
fn keys(
    id: Option<Checked<SecretRef>>,
    secret: Option<Checked<SecretRef>>,
    problems: &mut Problems<'_>,
) -> Option<(SecretRef, SecretRef)> {
    match (id, secret) {
        (None, None) => None,
        (Some(id), Some(secret)) => {
            let (id, secret) = (problems.take(id), problems.take(secret));
            Some((id?, secret?))
        }
        (Some(alone), None) | (None, Some(alone)) => {
            let fault = Fault::new("`access_key_id` and `secret_access_key` belong together").with_help(
                "name both, or neither: then credentials come from the environment, a profile or a role",
            );
            problems.add(alone.spot, fault);
            None
        }
    }
}

impl SqsConfig {
    /// Reads the keys. `place` is where the queue stands in the configuration, `base` the configuration's folder.
    pub(super) fn resolve(&self, place: &str, base: &Path) -> Result<SqsSettings, ConfigError> {
        let url = self.url.as_str().to_owned();
        Ok(SqsSettings { url, account: self.account.resolve(place, base)? })
    }
}

impl SnsConfig {
    /// The same for a topic.
    pub(super) fn resolve(&self, place: &str, base: &Path) -> Result<SnsSettings, ConfigError> {
        let topic = self.topic.as_str().to_owned();
        Ok(SnsSettings { topic, account: self.account.resolve(place, base)? })
    }
}

impl EventBridgeConfig {
    /// The same for a bus.
    pub(super) fn resolve(&self, place: &str, base: &Path) -> Result<EventBridgeSettings, ConfigError> {
        let (bus, source) =
            (self.bus.as_str().to_owned(), self.source.as_ref().map(|source| source.0.clone()));
        Ok(EventBridgeSettings { bus, source, account: self.account.resolve(place, base)? })
    }
}

impl AccountConfig {
    fn resolve(&self, place: &str, base: &Path) -> Result<AwsAccount, ConfigError> {
        let keys = self.keys.as_ref().map(|(id, secret)| {
            let id = id.read(&format!("{place}.access_key_id"), base)?;
            Ok(AwsKeys { id, secret: secret.read(&format!("{place}.secret_access_key"), base)? })
        });
        Ok(AwsAccount {
            region: self.region.to_string(),
            endpoint: self.endpoint.clone(),
            keys: keys.transpose()?,
        })
    }
}
