//! What the configuration says about a provider, and a provider with its secrets read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tieout_reconcilers::define::auth::base::is_base;
use tieout_reconcilers::define::auth::host::HostPattern;
use tieout_reconcilers::define::auth::tls::Tls;
use tieout_reconcilers::define::auth::{Auth, base as define};
use tieout_reconcilers::define::checked::{Checked, Entry, Fault, FromText, Ordered};
use tieout_reconcilers::define::definition::Settings;
use tieout_reconcilers::define::document::Problems;
use tieout_reconcilers::define::each_file::{Configured, EachFile};
use tieout_reconcilers::define::limits::Limits;
use tieout_reconcilers::define::provider::ProviderDefinition;
use tieout_reconcilers::define::template::{Known, Slot, Template};
use tieout_reconcilers::fan_out::Member;
use tieout_reconcilers::name::{Each, Name};
use url::Url;

use super::caps::CapsFile;
use super::secret::{ConfigError, SecretRef};
use crate::source::{Base, Caps};

/// What a provider needs.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProviderFile {
    /// Another base than the definition's: a sandbox, a server of your own.
    base: Option<Checked<BaseText>>,
    /// A file of charges that a FAKE within tieout lists in the place of the API: nothing real is asked, for trying things out.
    simulated: Option<Checked<String>>,
    /// Whether loopback and private addresses, and plain HTTP to them, are permitted.
    #[serde(default)]
    allow_private: bool,
    /// Where the secrets are, by the names that the definition has for them.
    #[serde(default)]
    secrets: Ordered<Checked<SecretRef>>,
    /// The values of `{var.NAME}`.
    #[serde(default)]
    var: Ordered<Checked<String>>,
    /// For whom the feeds are read, in place of those that a feed names itself; a member of a list may have `secrets` of its own.
    each: Option<EachFile>,
    /// How much of what it sends is too much, and how patient a run is.
    #[serde(default)]
    caps: CapsFile,
}

/// An address that paths can follow.
#[derive(Debug, Clone)]
struct BaseText(Url);

impl FromText for BaseText {
    const WHAT: &'static str = "address";
    const EXAMPLES: &'static [&'static str] = &["https://sandbox.example.com/v1"];

    fn from_text(text: &str) -> Result<Self, Fault> {
        let url = Url::parse(text).ok().filter(is_base);
        url.map(Self).ok_or_else(|| {
            Fault::new("this is not an address that paths can follow")
                .with_help("write `https://host/path`, without user, query or fragment")
        })
    }
}

/// What the configuration says about a provider.
#[derive(Debug, Clone, Default)]
pub struct ProviderConfig {
    /// Another base than the definition's.
    pub base: Option<Url>,
    /// The file that a fake lists in the place of the API, relative to the configuration.
    pub simulated: Option<PathBuf>,
    /// Whether loopback and private addresses, and plain HTTP to them, are permitted.
    pub allow_private: bool,
    /// Where the secrets are.
    pub secrets: BTreeMap<String, SecretRef>,
    /// The values of `{var.NAME}`.
    pub vars: BTreeMap<String, String>,
    /// For whom its feeds are read, in place of those that a feed names itself.
    pub each: Vec<Member>,
    /// Where the secrets are that a member has in the place of the provider's.
    pub secrets_of: BTreeMap<Each, BTreeMap<String, SecretRef>>,
    /// How much of what it sends is too much.
    pub caps: Caps,
}

impl ProviderFile {
    /// The parts that are right; names of secrets and variables stay even where their values are wrong.
    pub(super) fn compile(self, problems: &mut Problems<'_>) -> ProviderConfig {
        let mut config = ProviderConfig { allow_private: self.allow_private, ..ProviderConfig::default() };
        if let (Some(base), Some(_)) = (&self.base, &self.simulated) {
            let help = "leave `base` out to ask the fake, or `simulated` to ask a server";
            problems.add(base.spot, Fault::new("`base` and `simulated` exclude each other").with_help(help));
        }
        config.base = problems.take_option(self.base).map(|base| base.0);
        config.simulated = problems.take_option(self.simulated).map(PathBuf::from);
        config.caps = self.caps.compile(problems);
        config.secrets = references(self.secrets.0, problems);
        for entry in self.var.0 {
            config.vars.insert(entry.key, problems.take(entry.value).unwrap_or_default());
        }
        for Configured { member, secrets } in
            self.each.and_then(|each| each.members(problems)).unwrap_or_default()
        {
            if !secrets.is_empty() {
                let secrets = secrets.into_iter().map(|entry| Entry {
                    key: entry.key,
                    spot: entry.spot,
                    value: Checked {
                        spot: entry.value.spot,
                        outcome: entry.value.outcome.and_then(|text| SecretRef::from_text(&text)),
                    },
                });
                config.secrets_of.insert(member.each.clone(), references(secrets, problems));
            }
            config.each.push(member);
        }
        config
    }
}

/// References by their names; a name stays even where its reference is wrong.
fn references(
    written: impl IntoIterator<Item = Entry<Checked<SecretRef>>>,
    problems: &mut Problems<'_>,
) -> BTreeMap<String, SecretRef> {
    let wrong = || SecretRef::Env(String::new());
    written.into_iter().map(|entry| (entry.key, problems.take(entry.value).unwrap_or_else(wrong))).collect()
}

impl ProviderConfig {
    /// What it adds to the feeds of its provider.
    #[must_use]
    pub fn of_feeds(&self) -> Settings {
        Settings { vars: self.vars.clone(), each: self.each.clone(), apart: !self.secrets_of.is_empty() }
    }

    /// The members that have credentials of their own.
    pub fn apart<'c>(&'c self, provider: &ProviderDefinition) -> impl Iterator<Item = &'c Member> {
        let all = !provider.own_names().is_empty();
        self.each.iter().filter(move |member| all || self.secrets_of.contains_key(&member.each))
    }
}

/// A provider with everything that is needed to ask it.
#[derive(Debug, Clone)]
pub struct ResolvedProvider {
    /// Its name.
    pub name: Name,
    /// What its credential is called where tokens are kept.
    pub credential: String,
    /// Where its paths begin.
    pub base: Base,
    /// The file that a fake lists in its place.
    pub simulated: Option<PathBuf>,
    /// Other origins that its links may lead to.
    pub hosts: Vec<HostPattern>,
    /// Whether loopback and private addresses, and plain HTTP to them, are permitted.
    pub allow_private: bool,
    /// The credentials, if it needs any.
    pub auth: Option<Auth<SecretString>>,
    /// The certificate of its connections, if they need one.
    pub tls: Option<Tls<SecretString>>,
    /// Headers of every request, names in lower case.
    pub headers: Vec<(String, String)>,
    /// How often it may be asked.
    pub limits: Limits,
    /// How much of what it sends is too much.
    pub caps: Caps,
}

/// Reads what a provider needs, for a member with credentials of its own or for everybody else. `folder` is the
/// configuration's.
pub(super) fn resolve(
    provider: &ProviderDefinition,
    config: &ProviderConfig,
    member: Option<&Member>,
    folder: &Path,
) -> Result<ResolvedProvider, ConfigError> {
    let reading = Reading { provider, config, member, folder };
    let auth = provider.auth.as_ref().map(|auth| reading.auth(auth)).transpose()?;
    let tls = provider.tls.as_ref().map(|tls| tls.try_map(|text| reading.secret_text(text))).transpose()?;
    Ok(ResolvedProvider {
        name: provider.name.clone(),
        credential: reading.credential(),
        base: reading.base()?,
        simulated: config.simulated.as_ref().map(|file| folder.join(file)),
        hosts: reading.hosts()?,
        allow_private: config.allow_private,
        auth,
        tls,
        headers: reading.headers()?,
        limits: provider.limits.clone(),
        caps: config.caps.clone(),
    })
}

/// The same without reading any secret: who answers in the provider's place asks for none.
pub(super) fn resolve_open(
    provider: &ProviderDefinition,
    config: &ProviderConfig,
    member: Option<&Member>,
    folder: &Path,
) -> Result<ResolvedProvider, ConfigError> {
    let reading = Reading { provider, config, member, folder };
    let base = match reading.base()? {
        Base::Fixed(base) => base,
        Base::FromToken { path, .. } => Url::parse(NAMED_BY_TOKEN)
            .and_then(|url| url.join(&path))
            .map_err(|_| ConfigError::unusable(&reading.what("base"), "its path leads nowhere"))?,
    };
    Ok(ResolvedProvider {
        name: provider.name.clone(),
        credential: provider.name.to_string(),
        base: Base::Fixed(base),
        hosts: reading.hosts()?,
        allow_private: config.allow_private,
        simulated: None,
        auth: None,
        tls: None,
        headers: reading.headers()?,
        limits: Limits::default(),
        caps: config.caps.clone(),
    })
}

/// Stands for an address that only the answer to a login names.
const NAMED_BY_TOKEN: &str = "https://named-by-token.invalid";

struct Reading<'r> {
    provider: &'r ProviderDefinition,
    config: &'r ProviderConfig,
    member: Option<&'r Member>,
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
        let bound = template.bind_with(&|slot| match slot {
            Slot::Var(_) | Slot::Each(_) => self.value(slot).map_or(Known::Unset, Known::Value),
            _ => Known::Later,
        });
        bound.map_err(|slot| self.unset(&slot))
    }

    /// The value of a variable, or of the member.
    fn value(&self, slot: &Slot) -> Option<&str> {
        match slot {
            Slot::Var(name) => self.config.vars.get(&**name).map(String::as_str),
            Slot::Each(name) => self.member?.values.get(name).map(AsRef::as_ref),
            _ => None,
        }
    }

    /// Where a secret is, and what that place is called: the member's own comes before the provider's.
    fn reference(&self, name: &str) -> Option<(&SecretRef, String)> {
        let own = self.member.and_then(|member| {
            let what = format!("each[{}].secrets.{name}", member.each.as_str());
            Some((self.config.secrets_of.get(&member.each)?.get(name)?, self.what(&what)))
        });
        own.or_else(|| Some((self.config.secrets.get(name)?, self.what(&format!("secrets.{name}")))))
    }

    /// Members share what is kept of a refresh token, unless it is their own.
    fn credential(&self) -> String {
        let name = self.provider.name.to_string();
        let Some(member) = self.member else { return name };
        let own = self.config.secrets_of.get(&member.each);
        let is_own = |slot: &Slot| match slot {
            Slot::Secret(name) => own.is_some_and(|own| own.contains_key(&**name)),
            Slot::Each(_) => true,
            _ => false,
        };
        let refresh = self.provider.auth.as_ref().and_then(Auth::refresh);
        if refresh.is_some_and(|refresh| refresh.slots().any(is_own)) {
            return format!("{name}/{}", member.each.as_str());
        }
        name
    }

    fn secret_text(&self, template: &Template) -> Result<SecretString, ConfigError> {
        let nothing = || ConfigError::unusable(&self.what("var"), format!("`{template}` is not set"));
        let template = self.bound(template)?.ok_or_else(nothing)?;
        let mut secrets = BTreeMap::new();
        for slot in template.slots() {
            if let Slot::Secret(name) = slot {
                let (reference, what) = self.reference(name).ok_or_else(|| self.unset(slot))?;
                secrets.insert(name, reference.read(&what, self.folder)?);
            }
        }
        let text = template.render(|slot| match slot {
            Slot::Secret(name) => secrets.get(name).map(|secret| secret.expose_secret().into()),
            _ => None,
        });
        text.map(SecretString::from).ok_or_else(nothing)
    }

    fn auth(&self, auth: &Auth) -> Result<Auth<SecretString>, ConfigError> {
        for address in auth.addresses() {
            self.harmless(address)?;
        }
        auth.try_map(|text| self.secret_text(text))
    }

    fn base(&self) -> Result<Base, ConfigError> {
        if let Some(base) = &self.config.base {
            return Ok(Base::Fixed(base.clone()));
        }
        let template = self.provider.base.template();
        self.harmless(template)?;
        let text = self.bound(template)?.map(|template| template.to_string()).unwrap_or_default();
        if let define::Base::FromToken { member, .. } = &self.provider.base {
            return Ok(Base::FromToken { member: member.clone(), path: text });
        }
        let url = Url::parse(&text).ok().filter(is_base).map(Base::Fixed);
        url.ok_or_else(|| {
            ConfigError::unusable(&self.what("base"), "it is not an address that paths can follow")
        })
    }

    fn hosts(&self) -> Result<Vec<HostPattern>, ConfigError> {
        let mut hosts = Vec::new();
        for template in &self.provider.hosts {
            self.harmless(template)?;
            let text = self.bound(template)?.map(|template| template.to_string()).unwrap_or_default();
            let host = HostPattern::from_text(&text);
            hosts.push(host.map_err(|fault| ConfigError::unusable(&self.what("hosts"), fault.message))?);
        }
        Ok(hosts)
    }

    /// A value with a slash or an at sign could send the credentials to another host.
    fn harmless(&self, address: &Template) -> Result<(), ConfigError> {
        for slot in address.slots() {
            let place = match slot {
                Slot::Var(name) => format!("var.{name}"),
                Slot::Each(name) => format!("each.{name}"),
                _ => continue,
            };
            let value = self.value(slot).ok_or_else(|| self.unset(slot))?;
            if value.is_empty() || !value.chars().all(|c| c.is_ascii_alphanumeric() || "-._~".contains(c)) {
                let why =
                    "it may hold letters, digits, `-`, `.`, `_` and `~`, because it is part of an address";
                return Err(ConfigError::unusable(&self.what(&place), why));
            }
        }
        Ok(())
    }

    fn headers(&self) -> Result<Vec<(String, String)>, ConfigError> {
        let headers = self.provider.headers.iter();
        let headers =
            headers.map(|(name, value)| Ok(self.bound(value)?.map(|v| (name.clone(), v.to_string()))));
        headers.filter_map(Result::transpose).collect()
    }
}
