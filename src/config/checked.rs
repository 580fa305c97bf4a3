//! The configuration as it was checked, and how what it refers to is read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use secrecy::SecretString;
use tieout_reconcilers::catalogue::Catalogue;
use tieout_reconcilers::define::problem::Problem;
use tieout_reconcilers::define::tests_file::TestDefinition;
use tieout_reconcilers::fan_out::{FanOut, Member};
use tieout_reconcilers::name::{DomainName, Each, Name};
use tieout_reconcilers::reconciler::Reconciler;

use super::file::Settings;
use super::local_url::LocalUrl;
use super::metrics::MetricsConfig;
use super::notify::ChannelConfig;
use super::provider::{self, ProviderConfig, ResolvedProvider};
use super::queue::QueueConfig;
use super::queue::lag::LagConfig;
use super::secret::{ConfigError, SecretRef, UrlRef};
use crate::privacy::Pseudonyms;
use crate::queue::QueueSettings;
use crate::schemas::Registry;
use crate::store::{Keep, Upgrade};

/// What the key of the pseudonyms is called in messages.
const PRIVACY_KEY: &str = "privacy.key";

/// The configuration, checked. Secrets are still references.
#[derive(Debug, Clone)]
pub struct Config {
    /// `tieout.yaml` itself.
    pub file: PathBuf,
    /// The folder that relative paths begin at.
    pub folder: PathBuf,
    /// The state store.
    pub state: UrlRef,
    /// The key that encrypts the tokens in the state store, where any are kept.
    pub state_key: Option<SecretRef>,
    /// When the schema of the state store is brought up to date.
    pub upgrade: Upgrade,
    /// Where a file is written for each report, where that is wanted.
    pub report_folder: Option<PathBuf>,
    /// The key of the pseudonyms, where any domain hides values behind them.
    pub privacy_key: Option<SecretRef>,
    /// How long events are kept after they were sent or had died.
    pub keep: Keep,
    /// Who is told how things stand.
    pub metrics: MetricsConfig,
    /// The folders and files with definitions, as they are written.
    pub reconcilers: Vec<String>,
    /// The local databases.
    pub databases: BTreeMap<Name, LocalUrl>,
    /// The queues.
    pub queues: BTreeMap<Name, QueueConfig>,
    /// Whose lag counts in a queue, and how far they may be behind, where it says so.
    pub lags: BTreeMap<Name, LagConfig>,
    /// What it says about providers.
    pub providers: BTreeMap<Name, ProviderConfig>,
    /// Who is told how runs end.
    pub channels: BTreeMap<Name, ChannelConfig>,
    /// The schemas of events.
    pub schemas: Arc<Registry>,
    /// Every provider that is defined, shipped or the user's own.
    pub catalogue: Catalogue,
}

/// A configuration with its domains.
#[derive(Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// Its domains, by name.
    pub domains: Vec<Arc<dyn Reconciler>>,
    /// The hash of each domain's definition, with its provider's: SHA-256 in hexadecimal digits.
    pub definitions: BTreeMap<DomainName, String>,
    /// The file of each domain.
    pub files: BTreeMap<DomainName, PathBuf>,
    /// The tests of the domains that have any.
    pub tests: BTreeMap<DomainName, DomainTests>,
    /// What is legal and rarely meant.
    pub warnings: Vec<Problem>,
}

/// The tests of a domain, and the file that they stand in.
#[derive(Debug, Clone)]
pub struct DomainTests {
    /// The domain file.
    pub file: PathBuf,
    /// Its tests, as they are written.
    pub tests: Vec<TestDefinition>,
}

/// A provider without its secrets: for everybody, and for each member that differs.
#[derive(Debug)]
pub struct Openly {
    /// For everybody else.
    pub common: Result<ResolvedProvider, ConfigError>,
    /// For members with credentials of their own.
    pub members: BTreeMap<Each, Result<ResolvedProvider, ConfigError>>,
}

impl Config {
    pub(super) fn of(
        path: &Path,
        folder: PathBuf,
        settings: Settings,
        schemas: Registry,
        catalogue: Catalogue,
    ) -> Self {
        Self {
            file: path.to_owned(),
            upgrade: settings.upgrade,
            report_folder: settings.report_folder.map(|named| folder.join(named)),
            folder,
            state: settings.state,
            state_key: settings.state_key,
            privacy_key: settings.privacy_key,
            keep: settings.keep,
            metrics: settings.metrics,
            reconcilers: settings.reconcilers.into_iter().map(|(_, path)| path).collect(),
            databases: present(settings.databases),
            queues: present(settings.queues),
            lags: settings.lags,
            providers: settings.providers.into_iter().map(|(name, (_, config))| (name, config)).collect(),
            channels: present(settings.channels),
            schemas: Arc::new(schemas),
            catalogue,
        }
    }

    /// The address of the state store.
    pub fn state_url(&self) -> Result<SecretString, ConfigError> {
        self.state.read("state.url", &self.folder)
    }

    /// The key that encrypts the tokens in the state store.
    pub fn state_key(&self) -> Result<Option<SecretString>, ConfigError> {
        self.state_key.as_ref().map(|key| key.read("state.key", &self.folder)).transpose()
    }

    /// What stands for values that people must not see, where a key for that is named.
    pub fn pseudonyms(&self) -> Result<Option<Pseudonyms>, ConfigError> {
        let Some(key) = &self.privacy_key else { return Ok(None) };
        let key = key.read(PRIVACY_KEY, &self.folder)?;
        let pseudonyms = Pseudonyms::new(&key);
        pseudonyms.map(Some).map_err(|fault| ConfigError::unusable(PRIVACY_KEY, fault.to_string()))
    }

    /// The address of a local database.
    pub fn database_url(&self, name: &str) -> Result<SecretString, ConfigError> {
        let what = format!("databases.{name}");
        let address = find(&self.databases, name).ok_or(ConfigError::Unknown { what: what.clone() })?;
        address.read(&format!("{what}.url"), &self.folder)
    }

    /// A queue with its secrets read.
    pub fn resolve_queue(&self, name: &str) -> Result<QueueSettings, ConfigError> {
        let queue =
            find(&self.queues, name).ok_or(ConfigError::Unknown { what: format!("queues.{name}") })?;
        queue.resolve(name, &self.folder)
    }

    /// What is said about the consumers of a queue, where anything is.
    #[must_use]
    pub fn lag(&self, queue: &str) -> Option<&LagConfig> {
        find(&self.lags, queue)
    }

    /// A provider with its secrets read.
    pub fn resolve_provider(&self, name: &Name) -> Result<ResolvedProvider, ConfigError> {
        let unknown = || ConfigError::Unknown { what: format!("providers.{name}") };
        let definition = self.catalogue.provider(name).ok_or_else(unknown)?;
        let default = ProviderConfig::default();
        provider::resolve(definition, self.providers.get(name).unwrap_or(&default), None, &self.folder)
    }

    /// A provider, and once more for each member that has credentials of its own, without any secret.
    pub fn resolve_open(&self, name: &Name) -> Result<Openly, ConfigError> {
        let unknown = || ConfigError::Unknown { what: format!("providers.{name}") };
        let definition = self.catalogue.provider(name).ok_or_else(unknown)?;
        let default = ProviderConfig::default();
        let config = self.providers.get(name).unwrap_or(&default);
        let open = |member| provider::resolve_open(definition, config, member, &self.folder);
        let members: BTreeMap<_, _> =
            config.apart(definition).map(|member| (member.each.clone(), open(Some(member)))).collect();
        let common = open(None);
        if members.is_empty() {
            return common.map(|common| Openly { common: Ok(common), members });
        }
        Ok(Openly { common, members })
    }

    /// A provider once more for each member that has credentials of its own, with their secrets read. What is wrong with one
    /// of them concerns no other.
    #[must_use]
    pub fn resolve_members(&self, name: &Name) -> BTreeMap<Each, Result<ResolvedProvider, ConfigError>> {
        let (Some(definition), Some(config)) = (self.catalogue.provider(name), self.providers.get(name))
        else {
            return BTreeMap::new();
        };
        let resolve = |member: &Member| {
            let resolved = provider::resolve(definition, config, Some(member), &self.folder);
            (member.each.clone(), resolved)
        };
        config.apart(definition).map(resolve).collect()
    }

    /// Whether everybody that a domain is read for has credentials of its own, so that it needs none of the provider's.
    #[must_use]
    pub fn is_apart(&self, domain: &dyn Reconciler) -> bool {
        let name = domain.provider();
        let (Some(definition), Some(config)) = (self.catalogue.provider(name), self.providers.get(name))
        else {
            return false;
        };
        let apart: BTreeSet<&Each> = config.apart(definition).map(|member| &member.each).collect();
        match domain.fan_out() {
            FanOut::Members(members) => members.iter().all(|member| apart.contains(&member.each)),
            FanOut::None | FanOut::Feed(_) => false,
        }
    }

    /// The secrets of a provider and of its members, as far as they can be read.
    #[must_use]
    pub fn secrets_of(&self, name: &Name) -> Vec<SecretString> {
        let Some(config) = self.providers.get(name) else { return Vec::new() };
        let own = config.secrets.values().chain(config.secrets_of.values().flat_map(BTreeMap::values));
        own.filter_map(|secret| secret.read(name.as_str(), &self.folder).ok()).collect()
    }

    /// Everything that is referred to and cannot be read, for `check --vars`.
    #[must_use]
    pub fn unreadable_references(&self) -> Vec<ConfigError> {
        let mut errors: Vec<ConfigError> = self.state_url().err().into_iter().collect();
        errors.extend(self.state_key().err());
        errors.extend(self.pseudonyms().err());
        errors.extend(self.metrics.unreadable(&self.folder));
        errors.extend(self.databases.keys().filter_map(|name| self.database_url(name.as_str()).err()));
        errors.extend(self.queues.keys().filter_map(|name| self.resolve_queue(name.as_str()).err()));
        errors.extend(
            self.channels.iter().filter_map(|(name, channel)| channel.resolve(name, &self.folder).err()),
        );
        for (name, provider) in &self.providers {
            errors.extend(provider.secrets.iter().filter_map(|(secret, reference)| {
                reference.read(&format!("providers.{name}.secrets.{secret}"), &self.folder).err()
            }));
            for (each, secrets) in &provider.secrets_of {
                let what =
                    |secret: &str| format!("providers.{name}.each[{}].secrets.{secret}", each.as_str());
                let read = |(secret, reference): (&String, &SecretRef)| {
                    reference.read(&what(secret), &self.folder).err()
                };
                errors.extend(secrets.iter().filter_map(read));
            }
        }
        errors
    }
}

fn find<'m, V>(map: &'m BTreeMap<Name, V>, name: &str) -> Option<&'m V> {
    map.iter().find(|(known, _)| known.as_str() == name).map(|(_, value)| value)
}

fn present<V>(map: BTreeMap<Name, Option<V>>) -> BTreeMap<Name, V> {
    map.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}
