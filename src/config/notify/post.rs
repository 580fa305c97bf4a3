//! Channels that are an address of the web: `slack`, `webhook` and `ping`.

use std::path::Path;

use schemars::JsonSchema;
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use tieout_reconcilers::define::checked::{Checked, Fault};
use tieout_reconcilers::define::document::Problems;

use crate::config::queue::webhook::WebhookUrl;
use crate::config::secret::{ConfigError, SecretRef};
use crate::queue::Mode;
use crate::queue::webhook::{Allow, Scheme, Signer, Target};

/// An address that is a secret.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PostFile {
    /// The address, as a reference.
    url: Checked<SecretRef>,
    /// Whether plain HTTP to other machines is permitted.
    #[serde(default)]
    allow_http: bool,
    /// Whether private addresses are permitted.
    #[serde(default)]
    allow_private: bool,
}

/// A handler of JSON.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SignedFile {
    /// The address, or `env:NAME` or `file:PATH` where it holds a secret.
    url: Checked<WebhookUrl>,
    /// What messages are signed with, as Standard Webhooks say, as a reference.
    secret: Option<Checked<SecretRef>>,
    /// Whether plain HTTP to other machines is permitted.
    #[serde(default)]
    allow_http: bool,
    /// Whether private addresses are permitted.
    #[serde(default)]
    allow_private: bool,
}

/// An address that is a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostConfig {
    url: SecretRef,
    allow: Allow,
}

/// An address, and the secret of the signature where there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedConfig {
    url: WebhookUrl,
    secret: Option<SecretRef>,
    allow: Allow,
}

impl PostFile {
    pub(super) fn compile(self, problems: &mut Problems<'_>) -> Option<PostConfig> {
        let allow = Allow { http: self.allow_http, private: self.allow_private };
        Some(PostConfig { url: problems.take(self.url)?, allow })
    }
}

impl SignedFile {
    pub(super) fn compile(self, problems: &mut Problems<'_>) -> Option<SignedConfig> {
        let allow = Allow { http: self.allow_http, private: self.allow_private };
        let spot = self.url.spot;
        let (url, secret) = (problems.take(self.url), self.secret.map(|secret| problems.take(secret)));
        let url = url?;
        if let WebhookUrl::Inline(text) = &url
            && let Err(error) = Target::of(text, allow)
        {
            problems.add(spot, Fault::new(error.to_string()));
            return None;
        }
        Some(SignedConfig { url, secret: secret.map_or(Some(None), |secret| secret.map(Some))?, allow })
    }
}

impl PostConfig {
    /// Reads the address. `what` is its place in the configuration, `base` the configuration's folder.
    pub(super) fn resolve(&self, what: &str, base: &Path) -> Result<Target, ConfigError> {
        target(&WebhookUrl::Secret(self.url.clone()), self.allow, what, base)
    }
}

impl SignedConfig {
    /// The same with what signs.
    pub(super) fn resolve(&self, what: &str, base: &Path) -> Result<(Target, Option<Signer>), ConfigError> {
        let target = target(&self.url, self.allow, what, base)?;
        let Some(secret) = &self.secret else { return Ok((target, None)) };
        let secret_of = format!("{what}.secret");
        let signer = Signer::new(Scheme::Standard(Mode::Structured), &secret.read(&secret_of, base)?);
        let signer = signer.map_err(|_| {
            ConfigError::unusable(&secret_of, "the secret is `whsec_` and then the key in base64")
        })?;
        Ok((target, Some(signer)))
    }
}

fn target(url: &WebhookUrl, allow: Allow, what: &str, base: &Path) -> Result<Target, ConfigError> {
    let url_of = format!("{what}.url");
    let target = match url {
        WebhookUrl::Inline(text) => Target::of(text, allow),
        WebhookUrl::Secret(secret) => Target::of(secret.read(&url_of, base)?.expose_secret(), allow),
    };
    target.map_err(|error| ConfigError::unusable(&url_of, error.to_string()))
}
