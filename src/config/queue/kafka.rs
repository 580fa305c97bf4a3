//! A queue of the kind `kafka` as it is configured, and with its secrets read.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;
use tieout_reconcilers::define::checked::{Checked, Fault, FromText, Placed, Word};
use tieout_reconcilers::define::document::Problems;
use tieout_reconcilers::define::problem::Spot;

use super::mode_of;
use crate::config::secret::{ConfigError, SecretRef};
use crate::queue::{Compression, KafkaLogin, KafkaSettings, KafkaTls, Mechanism, Mode};

/// The largest record where nobody has set another limit: what brokers take by default, less what a batch of records takes itself.
const MAX_BYTES: u32 = 1_000_000;
/// The largest request that brokers take by default (`socket.request.max.bytes`).
const MOST_BYTES: u32 = 100 << 20;

/// A topic of Kafka.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct KafkaFile {
    /// Two or three brokers of the cluster, as `HOST:PORT`.
    brokers: Placed<Vec<Checked<KafkaBroker>>>,
    /// The topic, which must exist.
    topic: Checked<Topic>,
    /// Whole CloudEvents, or their data with the attributes beside it.
    #[schemars(extend("default" = "structured"))]
    mode: Option<Checked<Mode>>,
    /// How batches of records are compressed.
    #[schemars(extend("default" = Compression::default().name()))]
    compression: Option<Checked<Compression>>,
    /// The largest record before it is compressed, in bytes.
    #[schemars(extend("default" = MAX_BYTES))]
    max_bytes: Option<Placed<NonZeroU32>>,
    /// Connections with TLS; `{}` is enough.
    tls: Option<TlsFile>,
    /// Who logs in.
    login: Option<LoginFile>,
}

/// Connections with TLS.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TlsFile {
    /// A file with the certificates that are trusted, in PEM; those of the machine where this is left out.
    authorities: Option<Checked<String>>,
    /// A file with the client's own certificate, in PEM.
    certificate: Option<Checked<String>>,
    /// Its key, in PEM, as a reference.
    key: Option<Checked<SecretRef>>,
}

/// Who logs in.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LoginFile {
    /// How.
    mechanism: Checked<Mechanism>,
    /// The user.
    user: Checked<String>,
    /// The password, as a reference.
    password: Checked<SecretRef>,
}

/// A broker, `HOST:PORT`.
#[derive(Debug, Clone)]
struct KafkaBroker(String);

/// The name of a topic: as Kafka permits it.
#[derive(Debug, Clone)]
struct Topic(String);

/// A topic of Kafka.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KafkaConfig {
    /// Brokers that are asked for all others, each `HOST:PORT`.
    pub brokers: Vec<String>,
    /// The topic.
    pub topic: String,
    /// How events stand in records.
    pub mode: Mode,
    /// How batches of records are compressed.
    pub compression: Compression,
    /// The largest record, before it is compressed.
    pub max_bytes: u32,
    /// TLS, where the connections have it.
    pub tls: Option<TlsConfig>,
    /// Who one is at the brokers.
    pub login: Option<LoginConfig>,
}

/// Connections with TLS. Files are relative to the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsConfig {
    /// The certificates that are trusted; those of the machine where there is no file.
    pub authorities: Option<PathBuf>,
    /// The certificate of this client, and its key.
    pub certificate: Option<(PathBuf, SecretRef)>,
}

/// Who one is at the brokers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginConfig {
    /// How that is proven.
    pub mechanism: Mechanism,
    /// The user.
    pub user: String,
    /// The password.
    pub password: SecretRef,
}

impl KafkaFile {
    pub(super) fn compile(self, problems: &mut Problems<'_>) -> Option<KafkaConfig> {
        let Self { brokers, topic, mode, compression, max_bytes, tls, login } = self;
        let brokers = brokers_of(brokers, problems);
        let (topic, mode) = (problems.take(topic), mode_of(mode, problems));
        let compression = compression.map_or(Some(Compression::default()), |one| problems.take(one));
        let max_bytes = max_bytes_of(max_bytes, problems);
        let tls = tls.map_or(Some(None), |tls| tls.compile(problems).map(Some));
        let login = login.map_or(Some(None), |login| login.compile(problems).map(Some));
        Some(KafkaConfig {
            brokers: brokers?,
            topic: topic?.0,
            mode: mode?,
            compression: compression?,
            max_bytes: max_bytes?,
            tls: tls?,
            login: login?,
        })
    }
}

impl TlsFile {
    /// A certificate proves nothing without its key, and a key proves nothing by itself.
    fn compile(self, problems: &mut Problems<'_>) -> Option<TlsConfig> {
        let authorities =
            self.authorities.map_or(Some(None), |file| problems.take(file).map(|file| Some(file.into())));
        let certificate = match (self.certificate, self.key) {
            (None, None) => Some(None),
            (Some(file), Some(key)) => {
                let (file, key) = (problems.take(file), problems.take(key));
                file.zip(key).map(|(file, key)| Some((file.into(), key)))
            }
            (Some(Checked { spot, .. }), None) => half(spot, "the certificate", "key", problems),
            (None, Some(Checked { spot, .. })) => half(spot, "the key", "certificate", problems),
        };
        Some(TlsConfig { authorities: authorities?, certificate: certificate? })
    }
}

impl LoginFile {
    fn compile(self, problems: &mut Problems<'_>) -> Option<LoginConfig> {
        let Self { mechanism, user, password } = self;
        let (mechanism, user) = (problems.take(mechanism), problems.take(user));
        Some(LoginConfig { mechanism: mechanism?, user: user?, password: problems.take(password)? })
    }
}

fn half<T>(spot: Spot, what: &str, other: &str, problems: &mut Problems<'_>) -> Option<T> {
    let fault = Fault::new(format!("{what} of a client is nothing without its `{other}`"))
        .with_help("write `certificate: FILE` and `key: env:NAME` or `key: file:PATH`, both in PEM");
    problems.add(spot, fault);
    None
}

fn brokers_of(
    brokers: Placed<Vec<Checked<KafkaBroker>>>,
    problems: &mut Problems<'_>,
) -> Option<Vec<String>> {
    if brokers.value.is_empty() {
        let fault = Fault::new("a topic is at one broker at least")
            .with_help("write `brokers: [\"kafka.example.com:9092\"]`; two or three of a cluster are enough");
        problems.add(brokers.spot, fault);
        return None;
    }
    let brokers: Vec<Option<KafkaBroker>> =
        brokers.value.into_iter().map(|broker| problems.take(broker)).collect();
    brokers.into_iter().map(|broker| broker.map(|KafkaBroker(broker)| broker)).collect()
}

fn max_bytes_of(written: Option<Placed<NonZeroU32>>, problems: &mut Problems<'_>) -> Option<u32> {
    let Some(written) = written else { return Some(MAX_BYTES) };
    if written.value.get() <= MOST_BYTES {
        return Some(written.value.get());
    }
    let fault =
        Fault::new(format!("a record has at most {MOST_BYTES} bytes: brokers take no larger request"));
    problems.add(written.spot, fault);
    None
}

impl FromText for KafkaBroker {
    const WHAT: &'static str = "broker";
    const EXAMPLES: &'static [&'static str] = &["kafka.example.com:9092"];

    fn from_text(text: &str) -> Result<Self, Fault> {
        let is_host = |host: &str| {
            let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
            inner.map_or_else(
                || !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)),
                |address| address.parse::<std::net::Ipv6Addr>().is_ok(),
            )
        };
        let has_port =
            |(host, port): (&str, &str)| is_host(host) && port.parse::<u16>().is_ok_and(|port| port > 0);
        if text.rsplit_once(':').is_some_and(has_port) {
            return Ok(Self(text.to_owned()));
        }
        Err(Fault::new("this is not a broker of Kafka").with_help(
            "write `HOST:PORT`, such as `kafka.example.com:9092`; the login stands under `login`, and `tls: {}` asks for TLS",
        ))
    }
}

impl FromText for Topic {
    const WHAT: &'static str = "name of a topic";
    const EXAMPLES: &'static [&'static str] = &["billing.repairs"];

    fn from_text(text: &str) -> Result<Self, Fault> {
        let is_name = (1..=249).contains(&text.len())
            && !matches!(text, "." | "..")
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        if is_name {
            return Ok(Self(text.to_owned()));
        }
        Err(Fault::new("this is not the name of a topic")
            .with_help("Kafka takes up to 249 letters, digits, `.`, `_` and `-`"))
    }
}

impl Word for Compression {
    const WHAT: &'static str = "compression";

    fn words() -> Vec<(&'static str, Self)> {
        Vec::from(Self::ALL.map(|one| (one.name(), one)))
    }
}

impl Word for Mechanism {
    const WHAT: &'static str = "mechanism";

    fn words() -> Vec<(&'static str, Self)> {
        Vec::from(Self::ALL.map(|one| (one.name(), one)))
    }
}

impl KafkaConfig {
    /// Reads the secrets. `place` is where the queue stands in the configuration, `base` the configuration's folder.
    pub(super) fn resolve(&self, place: &str, base: &Path) -> Result<KafkaSettings, ConfigError> {
        Ok(KafkaSettings {
            brokers: self.brokers.clone(),
            topic: self.topic.clone(),
            mode: self.mode,
            compression: self.compression,
            max_bytes: usize::try_from(self.max_bytes).unwrap_or(usize::MAX),
            tls: self.tls.as_ref().map(|tls| tls.resolve(place, base)).transpose()?,
            login: self.login.as_ref().map(|login| login.resolve(place, base)).transpose()?,
        })
    }
}

impl TlsConfig {
    fn resolve(&self, place: &str, base: &Path) -> Result<KafkaTls, ConfigError> {
        let certificate = self.certificate.as_ref().map(|(file, key)| {
            let key = key.read(&format!("{place}.tls.key"), base)?;
            Ok((base.join(file), key))
        });
        Ok(KafkaTls {
            authorities: self.authorities.as_ref().map(|file| base.join(file)),
            certificate: certificate.transpose()?,
        })
    }
}

impl LoginConfig {
    fn resolve(&self, place: &str, base: &Path) -> Result<KafkaLogin, ConfigError> {
        let password = self.password.read(&format!("{place}.login.password"), base)?;
        Ok(KafkaLogin { mechanism: self.mechanism, user: self.user.clone(), password })
    }
}
