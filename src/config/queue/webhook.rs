//! A queue of the kind `webhook` as it is configured, and with its secrets read.

use std::num::NonZeroU32;
use std::path::Path;
use std::time::Duration;

use reqwest::header::HeaderValue;
use schemars::JsonSchema;
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use tieout_reconcilers::define::checked::{Checked, Entry, Fault, FromText, Ordered, Placed, Word};
use tieout_reconcilers::define::document::Problems;
use tieout_reconcilers::define::schema;
use tieout_reconcilers::define::value::{HeaderName, Length};
use url::Url;

use crate::config::secret::{ConfigError, SecretRef};
use crate::queue::webhook::{Allow, Scheme, Signer, Target};
use crate::queue::{Mode, WebhookSettings};

/// The largest body, where nobody has set another limit: what the defaults of most servers and frameworks take.
const BYTES: u32 = 1 << 20;
/// Requests at once where nobody has said how many, and the most that may be said.
const PARALLEL: u32 = 8;
const MOST_PARALLEL: u32 = 64;
/// How long a request may take where nobody has said, and what may be said: a claim on an event lasts a minute.
const TIMEOUT: Duration = Duration::from_secs(10);
const TIMEOUTS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(40));
/// Headers that a request has anyway, or that would hold a secret.
const NOT_OURS_TO_SET: &[&str] = &[
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "cookie",
    "host",
    "proxy-authorization",
    "stripe-signature",
    "tieout-synthetic",
    "transfer-encoding",
    "webhook-id",
    "webhook-signature",
    "webhook-timestamp",
    "x-github-delivery",
    "x-github-event",
    "x-hub-signature-256",
    "x-shopify-event-id",
    "x-shopify-hmac-sha256",
    "x-shopify-topic",
    "x-shopify-webhook-id",
];

/// The handler of webhooks of an application.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WebhookFile {
    /// The address of the handler, or `env:NAME` or `file:PATH` where it holds a secret.
    url: Checked<WebhookUrl>,
    /// What both sides sign with, as a reference.
    secret: Checked<SecretRef>,
    /// In whose manner a request is signed.
    #[schemars(extend("default" = "standard"))]
    signature: Option<Checked<Whose>>,
    /// Of `standard`: whole CloudEvents, or their data with the attributes beside it.
    #[schemars(extend("default" = "structured"))]
    mode: Option<Checked<Mode>>,
    /// Of `shopify` and `github`: what the handler is told that the event is about; its type where this is left out.
    topic: Option<Checked<Topic>>,
    /// Further headers, the same for every event; no secret belongs here.
    #[serde(default)]
    headers: Ordered<Checked<String>>,
    /// Requests on their way at once.
    #[schemars(extend("default" = PARALLEL))]
    parallel: Option<Placed<NonZeroU32>>,
    /// How long a request may take, from 1s to 40s.
    #[schemars(extend("default" = schema::length(TIMEOUT)))]
    timeout: Option<Checked<Length>>,
    /// The largest body, in bytes.
    #[schemars(extend("default" = BYTES))]
    max_bytes: Option<NonZeroU32>,
    /// Whether plain HTTP to other machines is permitted.
    #[serde(default)]
    allow_http: bool,
    /// Whether private addresses are permitted.
    #[serde(default)]
    allow_private: bool,
}

/// The address of a handler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebhookUrl {
    /// In the file.
    Inline(String),
    /// A secret that is the whole address.
    Secret(SecretRef),
}

/// Whose signature is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    Standard,
    Stripe,
    Shopify,
    Github,
}

/// What stands in a header that names the kind of an event.
#[derive(Debug, Clone)]
struct Topic(String);

/// A handler of webhooks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookConfig {
    /// Its address.
    pub url: WebhookUrl,
    /// Which addresses it may have.
    pub allow: Allow,
    /// The secret of the signature.
    pub secret: SecretRef,
    /// What is sent, and how it is signed.
    pub scheme: Scheme,
    /// Other headers of every request.
    pub headers: Vec<(String, String)>,
    /// How many requests are on their way at once.
    pub parallel: u32,
    /// How long one may take.
    pub timeout: Duration,
    /// The largest body.
    pub max_bytes: u32,
}

impl WebhookFile {
    pub(super) fn compile(self, problems: &mut Problems<'_>) -> Option<WebhookConfig> {
        let scheme = scheme(self.signature, self.mode, self.topic, problems);
        let allow = Allow { http: self.allow_http, private: self.allow_private };
        let url = address(self.url, allow, problems);
        let (secret, headers) = (problems.take(self.secret), headers(self.headers, problems));
        let (parallel, timeout) = (parallel(self.parallel, problems), timeout(self.timeout, problems));
        let max_bytes = self.max_bytes.map_or(BYTES, NonZeroU32::get);
        let (url, secret, scheme) = (url?, secret?, scheme?);
        Some(WebhookConfig {
            url,
            allow,
            secret,
            scheme,
            headers,
            parallel: parallel?,
            timeout: timeout?,
            max_bytes,
        })
    }
}

/// What stands in the file is checked there; the rest when it is read.
fn address(url: Checked<WebhookUrl>, allow: Allow, problems: &mut Problems<'_>) -> Option<WebhookUrl> {
    let spot = url.spot;
    let url = problems.take(url)?;
    if let WebhookUrl::Inline(text) = &url
        && let Err(error) = Target::of(text, allow)
    {
        problems.add(spot, Fault::new(error.to_string()));
        return None;
    }
    Some(url)
}

/// What a provider's handler takes has one form, and no other handler looks for its topic.
fn scheme(
    signature: Option<Checked<Whose>>,
    mode: Option<Checked<Mode>>,
    topic: Option<Checked<Topic>>,
    problems: &mut Problems<'_>,
) -> Option<Scheme> {
    let whose = signature.map_or(Some(Whose::Standard), |signature| problems.take(signature))?;
    if let Some(mode) = mode.as_ref().filter(|_| whose != Whose::Standard) {
        let fault =
            Fault::new("`mode` is for `signature: standard`: a provider's handler takes the data alone");
        problems.add(mode.spot, fault);
        return None;
    }
    if let Some(topic) = topic.as_ref().filter(|_| matches!(whose, Whose::Standard | Whose::Stripe)) {
        let fault =
            Fault::new("`topic` is for the signatures `shopify` and `github`, which have a header for it");
        problems.add(topic.spot, fault);
        return None;
    }
    let mode = mode.map_or(Some(Mode::default()), |mode| problems.take(mode))?;
    let topic = topic.map_or(Some(None), |topic| problems.take(topic).map(|topic| Some(topic.0)))?;
    Some(match whose {
        Whose::Standard => Scheme::Standard(mode),
        Whose::Stripe => Scheme::Stripe,
        Whose::Shopify => Scheme::Shopify(topic),
        Whose::Github => Scheme::Github(topic),
    })
}

fn headers(written: Ordered<Checked<String>>, problems: &mut Problems<'_>) -> Vec<(String, String)> {
    written.0.into_iter().filter_map(|entry| header(entry, problems)).collect()
}

fn header(entry: Entry<Checked<String>>, problems: &mut Problems<'_>) -> Option<(String, String)> {
    let HeaderName(name) =
        problems.take(Checked { spot: entry.spot, outcome: HeaderName::from_text(&entry.key) })?;
    if NOT_OURS_TO_SET.contains(&name.as_str()) || name.starts_with("ce-") {
        let fault = Fault::new(format!("the header `{name}` is not set here")).with_help(
            "tieout sets those that it needs, and a secret must not stand in a file that is shared",
        );
        problems.add(entry.spot, fault);
        return None;
    }
    let spot = entry.value.spot;
    let value = problems.take(entry.value)?;
    if !value.is_ascii() || HeaderValue::from_str(&value).is_err() {
        problems.add(spot, Fault::new("this cannot stand in a header"));
        return None;
    }
    Some((name, value))
}

fn parallel(written: Option<Placed<NonZeroU32>>, problems: &mut Problems<'_>) -> Option<u32> {
    let Some(written) = written else { return Some(PARALLEL) };
    if written.value.get() <= MOST_PARALLEL {
        return Some(written.value.get());
    }
    let fault = Fault::new(format!("at most {MOST_PARALLEL} requests are on their way at once"));
    problems.add(written.spot, fault);
    None
}

fn timeout(written: Option<Checked<Length>>, problems: &mut Problems<'_>) -> Option<Duration> {
    let Some(written) = written else { return Some(TIMEOUT) };
    let spot = written.spot;
    let Length(length) = problems.take(written)?;
    let (shortest, longest) = TIMEOUTS;
    if (shortest..=longest).contains(&length) {
        return Some(length);
    }
    let fault = Fault::new(format!("a handler has between {shortest:?} and {longest:?} to answer"));
    problems.add(spot, fault);
    None
}

impl FromText for WebhookUrl {
    const WHAT: &'static str = "address, or reference to one";
    const EXAMPLES: &'static [&'static str] = &["https://app.example.com/hooks/tieout", "env:HOOK_URL"];

    fn from_text(text: &str) -> Result<Self, Fault> {
        if text.starts_with("env:") || text.starts_with("file:") {
            return SecretRef::from_text(text).map(Self::Secret);
        }
        if Url::parse(text).is_ok_and(|url| url.query().is_some()) {
            return Err(Fault::new("the query of the address may hold a secret")
                .with_help("write `env:NAME` or `file:PATH` for the whole address"));
        }
        Ok(Self::Inline(text.to_owned()))
    }
}

impl Word for Whose {
    const WHAT: &'static str = "signature";

    fn words() -> Vec<(&'static str, Self)> {
        vec![
            ("standard", Self::Standard),
            ("stripe", Self::Stripe),
            ("shopify", Self::Shopify),
            ("github", Self::Github),
        ]
    }
}

impl FromText for Topic {
    const WHAT: &'static str = "topic";
    const EXAMPLES: &'static [&'static str] = &["orders/create"];

    fn from_text(text: &str) -> Result<Self, Fault> {
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(Self(text.to_owned()));
        }
        Err(Fault::new("this is not a topic")
            .with_help("write it as the provider does, such as `orders/create` or `issues`"))
    }
}

impl WebhookConfig {
    /// Reads what it needs. `what` is its place in the configuration, `base` the configuration's folder.
    pub(super) fn resolve(&self, what: &str, base: &Path) -> Result<WebhookSettings, ConfigError> {
        let (url_of, secret_of) = (format!("{what}.url"), format!("{what}.secret"));
        let target = match &self.url {
            WebhookUrl::Inline(text) => Target::of(text, self.allow),
            WebhookUrl::Secret(secret) => Target::of(secret.read(&url_of, base)?.expose_secret(), self.allow),
        };
        let target = target.map_err(|error| ConfigError::unusable(&url_of, error.to_string()))?;
        let signer = Signer::new(self.scheme.clone(), &self.secret.read(&secret_of, base)?)
            .map_err(|error| ConfigError::unusable(&secret_of, error.to_string()))?;
        Ok(WebhookSettings {
            target,
            signer,
            headers: self.headers.clone(),
            max_bytes: usize::try_from(self.max_bytes).unwrap_or(usize::MAX),
            parallel: usize::try_from(self.parallel).unwrap_or(1),
            timeout: self.timeout,
        })
    }
}
