//! What the configuration says about a provider, and a provider with its secrets read.

use std::collections::BTreeMap;
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tieout_reconcilers::define::checked::{Checked, Fault, FromText, Ordered};
use tieout_reconcilers::define::document::Problems;
use tieout_reconcilers::define::limits::Limits;
use tieout_reconcilers::define::provider::{Auth, ProviderDefinition};
use tieout_reconcilers::define::template::{Slot, Template};
use tieout_reconcilers::name::Name;
use url::Url;

use super::secret::{ConfigError, SecretRef};
use crate::source::Auth as Credentials;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProviderFile {
    base: Option<Checked<Base>>,
    #[serde(default)]
    allow_private: bool,
    #[serde(default)]
    secrets: Ordered<Checked<SecretRef>>,
    #[serde(default)]
    var: Ordered<Checked<String>>,
}

/// An address that paths can follow.
#[derive(Debug, Clone)]
struct Base(Url);

impl FromText for Base {
    fn from_text(text: &str) -> Result<Self, Fault> {
        let url = Url::parse(text).ok().filter(is_base);
        url.map(Self).ok_or_else(|| {
            Fault::new("this is not an address that paths can follow")
                .with_help("write `https://host/path`, without user, query or fragment")
        })
    }
}

fn is_base(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none()
}

/// What the configuration says about a provider.
#[derive(Debug, Clone, Default)]
pub struct ProviderConfig {
    /// Another base than the definition's.
    pub base: Option<Url>,
    /// Whether loopback and private addresses, and plain HTTP to them, are permitted.
    pub allow_private: bool,
    /// Where the secrets are.
    pub secrets: BTreeMap<String, SecretRef>,
    /// The values of `{var.NAME}`.
    pub vars: BTreeMap<String, String>,
}

impl ProviderFile {
    /// The parts that are right; names of secrets and variables stay even where their values are wrong.
    pub(super) fn compile(self, problems: &mut Problems<'_>) -> ProviderConfig {
        let mut config = ProviderConfig { allow_private: self.allow_private, ..ProviderConfig::default() };
        config.base = problems.take_option(self.base).map(|base| base.0);
        for entry in self.secrets.0 {
            let wrong = SecretRef::Env(String::new());
            config.secrets.insert(entry.key, problems.take(entry.value).unwrap_or(wrong));
        }
        for entry in self.var.0 {
            config.vars.insert(entry.key, problems.take(entry.value).unwrap_or_default());
        }
        config
    }
}

/// A provider with everything that is needed to ask it.
#[derive(Debug, Clone)]
pub struct ResolvedProvider {
    /// Its name.
    pub name: Name,
    /// Where its paths begin.
    pub base: Url,
    /// Whether loopback and private addresses, and plain HTTP to them, are permitted.
    pub allow_private: bool,
    /// The credentials.
    pub auth: Credentials,
    /// Headers of every request, names in lower case.
    pub headers: Vec<(String, String)>,
    /// How often it may be asked.
    pub limits: Limits,
}

/// Reads what a provider needs. `folder` is the configuration's.
pub(super) fn resolve(
    provider: &ProviderDefinition,
    config: &ProviderConfig,
    folder: &Path,
) -> Result<ResolvedProvider, ConfigError> {
    let reading = Reading { provider, config, folder };
    let auth = match &provider.auth {
        None => Credentials::None,
        Some(Auth::Bearer(token)) => Credentials::Bearer(reading.secret_text(token)?),
        Some(Auth::Basic { user, password }) => Credentials::Basic {
            user: reading.secret_text(user)?,
            password: match password {
                Some(password) => reading.secret_text(password)?,
                None => SecretString::from(""),
            },
        },
        Some(Auth::Header { name, value }) => {
            Credentials::Header { name: name.clone(), value: reading.secret_text(value)? }
        }
    };
    Ok(ResolvedProvider {
        name: provider.name.clone(),
        base: reading.base()?,
        allow_private: config.allow_private,
        auth,
        headers: reading.headers()?,
        limits: provider.limits.clone(),
    })
}

struct Reading<'r> {
    provider: &'r ProviderDefinition,
    config: &'r ProviderConfig,
    folder: &'r Path,
}

impl Reading<'_> {
    fn what(&self, rest: &str) -> String {
        format!("providers.{}.{rest}", self.provider.name)
    }

    fn unset(&self, slot: &Slot) -> ConfigError {
        ConfigError::unusable(&format!("providers.{}", self.provider.name), format!("`{slot}` is not set"))
    }

    /// A template with its variables in place; nothing where they are all unset.
    fn bound(&self, template: &Template) -> Result<Option<Template>, ConfigError> {
        template.bind(&self.config.vars).map_err(|slot| self.unset(&slot))
    }

    fn secret_text(&self, template: &Template) -> Result<SecretString, ConfigError> {
        let nothing = || ConfigError::unusable(&self.what("var"), format!("`{template}` is not set"));
        let template = self.bound(template)?.ok_or_else(nothing)?;
        let mut secrets = BTreeMap::new();
        for slot in template.slots() {
            if let Slot::Secret(name) = slot {
                let reference = self.config.secrets.get(&**name).ok_or_else(|| self.unset(slot))?;
                secrets.insert(name, reference.read(&self.what(&format!("secrets.{name}")), self.folder)?);
            }
        }
        let text = template.render(|slot| match slot {
            Slot::Secret(name) => secrets.get(name).map(|secret| secret.expose_secret().into()),
            _ => None,
        });
        text.map(SecretString::from).ok_or_else(nothing)
    }

    fn base(&self) -> Result<Url, ConfigError> {
        if let Some(base) = &self.config.base {
            return Ok(base.clone());
        }
        let what = self.what("base");
        for slot in self.provider.base.slots() {
            let Slot::Var(name) = slot else { continue };
            let value = self.config.vars.get(&**name).ok_or_else(|| self.unset(slot))?;
            // A value with a slash or an at sign could send the credentials to another host.
            if value.is_empty() || !value.chars().all(|c| c.is_ascii_alphanumeric() || "-._~".contains(c)) {
                let why =
                    "it may hold letters, digits, `-`, `.`, `_` and `~`, because it is part of the base";
                return Err(ConfigError::unusable(&self.what(&format!("var.{name}")), why));
            }
        }
        let text = self.bound(&self.provider.base)?.map(|template| template.to_string()).unwrap_or_default();
        let url = Url::parse(&text).ok().filter(is_base);
        url.ok_or_else(|| ConfigError::unusable(&what, "it is not an address that paths can follow"))
    }

    fn headers(&self) -> Result<Vec<(String, String)>, ConfigError> {
        let headers = self.provider.headers.iter();
        let headers =
            headers.map(|(name, value)| Ok(self.bound(value)?.map(|v| (name.clone(), v.to_string()))));
        headers.filter_map(Result::transpose).collect()
    }
}
