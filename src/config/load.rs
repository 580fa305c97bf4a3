//! Loads `tieout.yaml` with all its definitions, and checks what they say about each other.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use secrecy::SecretString;
use tieout_reconcilers::catalogue::Catalogue;
use tieout_reconcilers::define::auth::Auth;
use tieout_reconcilers::define::checked::Fault;
use tieout_reconcilers::define::document::{Document, Kind, Problems};
use tieout_reconcilers::define::domain::DomainDefinition;
use tieout_reconcilers::define::each_file::names_of;
use tieout_reconcilers::define::problem::Problem;
use tieout_reconcilers::define::provider::ProviderDefinition;
use tieout_reconcilers::define::words;
use tieout_reconcilers::direction::Direction;
use tieout_reconcilers::discrepancy::Hidden;
use tieout_reconcilers::fan_out::{FanOut, Member};
use tieout_reconcilers::funnel::Funnel;
use tieout_reconcilers::name::{DomainName, Each, Name};
use tieout_reconcilers::reconciler::{Place, Reconciler};
use tieout_reconcilers::spoken::Spoken;

use super::file::{ConfigFile, Settings, StateAlone};
use super::local_url::LocalUrl;
use super::metrics::MetricsConfig;
use super::notify::{self, ChannelConfig};
use super::provider::{self, ProviderConfig, ResolvedProvider};
use super::queue::QueueConfig;
use super::queue::lag::LagConfig;
use super::secret::{ConfigError, SecretRef, UrlRef};
use super::{folder, mask, registry};
use crate::local::misfit;
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
    /// What is legal and rarely meant.
    pub warnings: Vec<Problem>,
}

impl Config {
    /// Loads a configuration file and everything it points at; on failure, every problem of every file.
    pub fn load(path: &Path) -> Result<Loaded, Vec<Problem>> {
        if !path.exists() {
            let missing = Problem::of_file(&folder::shown(path), "there is no such configuration file").with_help(
                "write a `tieout.yaml` with `databases:`, `queues:` and `reconcilers:`, or name one with `--config`; \
                 `tieout demo` makes a working one to look at",
            );
            return Err(vec![missing]);
        }
        let document = document(path).map_err(|problem| vec![problem])?;
        let file: ConfigFile = document.read().map_err(|problem| vec![problem])?;
        let mut problems = Problems::of(&document);
        let settings = file.compile(&mut problems);
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        let mut loading = Loading::new(&settings, &folder, problems);
        loading.schemas = registry::read(settings.schemas.as_ref(), &folder, &mut loading.problems);
        loading.read_files(path);
        loading.check_providers();
        let domains = loading.define();
        notify::check_globs(&settings.channels, &domains, &mut loading.problems);
        let Loading { catalogue, problems, schemas, hashes, .. } = loading;
        let Problems { problems, warnings, .. } = problems;
        if !problems.is_empty() {
            return Err(problems);
        }
        let config = Self::of(path, folder.clone(), settings.clone(), schemas.unwrap_or_default(), catalogue);
        Ok(Loaded { config, domains, definitions: hashes, warnings })
    }

    /// What a configuration file says of its state store, however wrong the rest and the definitions are; nothing where the file
    /// cannot be read, or says something wrong about its state store.
    #[must_use]
    pub fn of_state_alone(path: &Path) -> Option<Self> {
        let document = document(path).ok()?;
        let alone: StateAlone = document.read().ok()?;
        let mut problems = Problems::of(&document);
        let settings = ConfigFile::from(alone).compile(&mut problems);
        problems.problems.is_empty().then_some(())?;
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        Some(Self::of(path, folder, settings, Registry::default(), Catalogue::shipped()))
    }

    fn of(path: &Path, folder: PathBuf, settings: Settings, schemas: Registry, catalogue: Catalogue) -> Self {
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

fn document(path: &Path) -> Result<Document, Problem> {
    let text = folder::read(path)?;
    Ok(Document::new(folder::shown(path), &text).shown_as(&mask::mask(&text)))
}

/// The hash of some texts, which are kept apart.
fn hash(texts: &[&str]) -> String {
    let mut context = Context::new(&SHA256);
    for text in texts {
        context.update(&(text.len() as u64).to_be_bytes());
        context.update(text.as_bytes());
    }
    let mut hash = String::new();
    for byte in context.finish().as_ref() {
        let _ = write!(hash, "{byte:02x}");
    }
    hash
}

/// Why the local side does not fit a feed that has a clock, or has none.
fn clock_misfit(domain: &dyn Reconciler) -> Option<Fault> {
    let feed = &domain.feed().name;
    match (domain.feed().timeless, &domain.local().clock) {
        (false, None) => {
            let fault = Fault::new(format!("`local.clock` is missing, and the feed `{feed}` has a clock"));
            Some(fault.with_help(
                "name the column that `:from` and `:to` filter: the same instant as the feed's clock",
            ))
        }
        (true, Some(_)) => {
            let fault = Fault::new(format!("`local.clock` means nothing: the feed `{feed}` has no clock"));
            Some(
                fault.with_help("leave it out, and write `rows` without `:from` and `:to`: it is read whole"),
            )
        }
        _ => None,
    }
}

/// Why the SQL of a domain does not fit whom its feed is read for.
fn misfits(domain: &dyn Reconciler) -> impl Iterator<Item = Fault> {
    let names: BTreeSet<Box<str>> = match domain.fan_out() {
        FanOut::None => BTreeSet::new(),
        FanOut::Members(members) => {
            members.into_iter().flat_map(|member| member.values.into_keys()).collect()
        }
        FanOut::Feed(parents) => [parents.name].into(),
    };
    let local = [("local.rows", domain.local().rows.clone()), ("local.keys", domain.local().keys.clone())];
    let received = domain.received().map(|received| ("received.keys", received.keys.clone()));
    let statements: Vec<_> = local.into_iter().chain(received).collect();
    statements
        .into_iter()
        .filter_map(move |(what, sql)| Some(Fault::new(format!("`{what}`: {}", misfit(&sql, &names)?))))
}

/// Why some items are never read: the provider forgets them before the next run.
fn runs_too_seldom(domain: &dyn Reconciler) -> Option<Fault> {
    let feed = domain.feed();
    let (keep, pause) = (feed.retention?, domain.schedule()?.longest_pause()?);
    let needed = pause + feed.lag.max(domain.policy().settle);
    if keep >= needed {
        return None;
    }
    let said = |length: Duration| Spoken(length).to_string();
    let fault = Fault::new(format!(
        "the provider keeps the items of `{}` for {} and two runs are up to {} apart: what comes between is never read",
        feed.name,
        said(keep),
        said(pause)
    ));
    Some(fault.with_help("run the domain more often: see `schedule: {cron: ...}`"))
}

/// Why hardly any cause will ever be known although the domain names a table of received webhooks.
fn lacks_events(domain: &dyn Reconciler) -> Option<Fault> {
    if domain.received().is_none() || domain.events().is_some() {
        return None;
    }
    let fault = Fault::new(format!(
        "the feed `{}` has no `events`, so the causes of most findings stay unknown",
        domain.feed().name
    ));
    Some(fault.with_help("say `events: {feed: ..., object: ...}` in the feed, or leave `received` out"))
}

/// Why an outbound domain never learns what its feed lacks.
fn misses_absence(domain: &dyn Reconciler) -> Option<Fault> {
    if domain.direction() == Direction::Inbound || domain.feed().absence_is_evidence() {
        return None;
    }
    let fault = Fault::new(format!(
        "the feed `{}` shows what changed and not all that there is, so nothing that it lacks is ever found missing",
        domain.feed().name
    ));
    Some(fault.with_help(
        "use a feed whose window runs on `on: created`, or one that is read whole (`filter: client`)",
    ))
}

fn find<'m, V>(map: &'m BTreeMap<Name, V>, name: &str) -> Option<&'m V> {
    map.iter().find(|(known, _)| known.as_str() == name).map(|(_, value)| value)
}

fn present<V>(map: BTreeMap<Name, Option<V>>) -> BTreeMap<Name, V> {
    map.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// The state of one load.
struct Loading<'l> {
    settings: &'l Settings,
    folder: &'l Path,
    catalogue: Catalogue,
    own: BTreeMap<Name, Place>,
    /// Providers whose own files are wrong: what is said about them elsewhere cannot be judged before that is mended.
    broken: BTreeSet<Name>,
    domains: Vec<DomainDefinition>,
    hashes: BTreeMap<DomainName, String>,
    /// Nothing where it is wrong.
    schemas: Option<Registry>,
    problems: Problems<'l>,
}

impl<'l> Loading<'l> {
    fn new(settings: &'l Settings, folder: &'l Path, problems: Problems<'l>) -> Self {
        Self {
            settings,
            folder,
            catalogue: Catalogue::shipped(),
            own: BTreeMap::new(),
            broken: BTreeSet::new(),
            domains: Vec::new(),
            hashes: BTreeMap::new(),
            schemas: None,
            problems,
        }
    }

    fn read_files(&mut self, config: &Path) {
        let mut seen = BTreeSet::new();
        for (spot, path) in &self.settings.reconcilers {
            match folder::definitions(&self.folder.join(path), config) {
                Ok(files) => {
                    for file in files {
                        if seen.insert(file.canonicalize().unwrap_or_else(|_| file.clone())) {
                            self.read_file(&file);
                        }
                    }
                }
                Err(error) => {
                    let fault = Fault::new(format!("`{path}` cannot be read: {error}"))
                        .with_help("name a folder with definitions or one file, relative to this file");
                    self.problems.add(*spot, fault);
                }
            }
        }
    }

    fn read_file(&mut self, path: &Path) {
        let document = match folder::document(path) {
            Ok(document) => document,
            Err(problem) => return self.problems.problems.push(problem),
        };
        let outcome = match document.kind() {
            Ok(Kind::Provider) => ProviderDefinition::parse(&document).map(|p| self.add_provider(p)),
            Ok(Kind::Domain) => DomainDefinition::parse(&document).map(|d| self.domains.push(d)),
            Err(problem) => Err(vec![problem]),
        };
        if let Err(problems) = outcome {
            self.problems.problems.extend(problems);
            self.broken.extend(ProviderDefinition::name_in(&document));
        }
    }

    fn add_provider(&mut self, provider: ProviderDefinition) {
        let place = provider.document.place(provider.spot);
        if let Some(first) = self.own.get(&provider.name) {
            let fault = Fault::new(format!("the provider `{}` is defined at {first} already", provider.name));
            self.problems.problems.push(provider.document.problem(provider.spot, fault));
            return;
        }
        self.own.insert(provider.name.clone(), place);
        let warnings = provider.feeds.values().flat_map(|feed| feed.warnings.clone());
        self.problems.warnings.extend(warnings);
        self.catalogue.put(provider);
    }

    /// The configuration may only speak of providers that there are.
    fn check_providers(&mut self) {
        for (name, (spot, config)) in &self.settings.providers {
            if self.broken.contains(name) {
                continue;
            }
            let Some(provider) = self.catalogue.provider(name) else {
                let known: Vec<&str> = self.catalogue.names().map(Name::as_str).collect();
                let fault = Fault::new(format!("there is no provider `{name}`"));
                self.problems.add(*spot, fault.with_help(words::advice(name.as_str(), &known)));
                continue;
            };
            let used: Vec<&str> = provider.each_names().into_iter().collect();
            // Members with secrets of their own differ in these alone.
            if config.secrets_of.is_empty()
                && let Some(stray) = names_of(&config.each).into_iter().find(|each| !used.contains(each))
            {
                let fault = Fault::new(format!("no feed of `{name}` uses `{{each.{stray}}}`"));
                let help = "name the members in the requests of a feed, such as `GET /accounts/{each.account}/charges`";
                let help = if used.is_empty() { help.to_owned() } else { words::advice(stray, &used) };
                self.problems.add(*spot, fault.with_help(help));
            }
            let secrets: Vec<&str> = provider.secrets().into_iter().collect();
            let stray = config
                .secrets_of
                .values()
                .flat_map(BTreeMap::keys)
                .find(|name| !secrets.contains(&name.as_str()));
            if let Some(stray) = stray {
                let fault =
                    Fault::new(format!("the credentials of `{name}` do not use `{{secret.{stray}}}`"));
                self.problems.add(*spot, fault.with_help(words::advice(stray, &secrets)));
            }
        }
    }

    /// Puts every domain on its feed.
    fn define(&mut self) -> Vec<Arc<dyn Reconciler>> {
        let mut defined: BTreeMap<DomainName, Arc<dyn Reconciler>> = BTreeMap::new();
        let mut places: BTreeMap<DomainName, Place> = BTreeMap::new();
        let mut complained = BTreeSet::new();
        for domain in std::mem::take(&mut self.domains) {
            let (name, place) = (domain.name.clone(), domain.document.place(domain.spots.name));
            if let Some(first) = places.get(&name) {
                let fault = Fault::new(format!("the domain `{name}` is defined at {first} already"));
                self.problems.problems.push(domain.document.problem(domain.spots.name, fault));
                continue;
            }
            places.insert(name.clone(), place);
            self.check_names(&domain);
            let unknown = self.schemas.as_ref().map(|schemas| registry::unknown(schemas, &domain));
            self.problems.problems.extend(unknown.into_iter().flatten());
            let keyless = self.without_privacy_key(&domain);
            self.problems.problems.extend(keyless);
            self.problems.warnings.extend(domain.warnings.iter().cloned());
            if self.broken.contains(&domain.feed.provider) {
                continue;
            }
            if complained.insert(domain.feed.provider.clone()) {
                self.check_credentials(&domain);
            }
            let config = self.settings.providers.get(&domain.feed.provider);
            let settings = config.map(|(_, config)| config.of_feeds()).unwrap_or_default();
            let (document, spots) = (domain.document.clone(), domain.spots);
            if let Some(provider) = self.catalogue.provider(&domain.feed.provider) {
                self.hashes
                    .insert(name.clone(), hash(&[document.read_text(), provider.document.read_text()]));
            }
            match self.catalogue.define(domain, &settings) {
                Ok(definition) => {
                    let unheld =
                        self.without_secret(&definition).map(|fault| document.problem(spots.feed, fault));
                    self.problems.problems.extend(unheld);
                    let late = runs_too_seldom(&definition).map(|fault| document.problem(spots.feed, fault));
                    self.problems.warnings.extend(late);
                    let traceless =
                        lacks_events(&definition).map(|fault| document.problem(spots.feed, fault));
                    self.problems.warnings.extend(traceless);
                    let blind = misses_absence(&definition).map(|fault| document.problem(spots.feed, fault));
                    self.problems.warnings.extend(blind);
                    let misfits = misfits(&definition).map(|fault| document.problem(spots.feed, fault));
                    self.problems.problems.extend(misfits);
                    let clock = clock_misfit(&definition).map(|fault| document.problem(spots.feed, fault));
                    self.problems.problems.extend(clock);
                    defined.insert(name, Arc::new(definition));
                }
                Err(problem) => self.problems.problems.push(problem),
            }
        }
        defined.into_values().collect()
    }

    /// Why somebody that a domain is read for has no source for a secret that others have one for.
    fn without_secret(&self, domain: &dyn Reconciler) -> Option<Fault> {
        let name = domain.provider();
        let (provider, (_, config)) = (self.catalogue.provider(name)?, self.settings.providers.get(name)?);
        let mut of_members = provider.secrets().into_iter().filter(|secret| {
            !config.secrets.contains_key(*secret)
                && config.secrets_of.values().any(|own| own.contains_key(*secret))
        });
        let lacks = |each: &Each, secret: &str| {
            !config.secrets_of.get(each).is_some_and(|own| own.contains_key(secret))
        };
        let FanOut::Members(members) = domain.fan_out() else {
            let secret = of_members.next()?;
            let fault = Fault::new(format!(
                "only members of `each` have the secret `{secret}` of the provider `{name}`, and this feed is not read for them"
            ));
            return Some(fault.with_help(format!(
                "add `providers: {{{name}: {{secrets: {{{secret}: env:NAME}}}}}}` to tieout.yaml"
            )));
        };
        of_members.find_map(|secret| {
            let member = members.iter().find(|member| lacks(&member.each, secret))?;
            let fault = Fault::new(format!(
                "the member `{}` of the provider `{name}` has no source for the secret `{secret}`",
                member.each.as_str()
            ));
            Some(
                fault.with_help(format!(
                    "add `secrets: {{{secret}: env:NAME}}` to this member in tieout.yaml"
                )),
            )
        })
    }

    fn check_names(&mut self, domain: &DomainDefinition) {
        let databases: Vec<&str> = self.settings.databases.keys().map(Name::as_str).collect();
        let queues: Vec<&str> = self.settings.queues.keys().map(Name::as_str).collect();
        let mut check = |what: &str, name: &str, known: &[&str], spot| {
            if !known.contains(&name) {
                let fault = Fault::new(format!("there is no {what} `{name}` in tieout.yaml"));
                let problem = domain.document.problem(spot, fault.with_help(words::advice(name, known)));
                self.problems.problems.push(problem);
            }
        };
        check("database", &domain.local.database, &databases, domain.spots.database);
        if let (Some(spot), Some(received)) = (domain.spots.received, &domain.received)
            && received.database != domain.local.database
        {
            check("database", &received.database, &databases, spot);
        }
        if let (Some(spot), Some(Funnel::Tables(tables))) = (domain.spots.funnel, &domain.funnel)
            && tables.database != domain.local.database
        {
            check("database", &tables.database, &databases, spot);
        }
        for (queue, spot) in &domain.queues {
            check("queue", queue.as_str(), &queues, *spot);
        }
    }

    /// What is wrong where a domain hides values behind pseudonyms that have no key.
    fn without_privacy_key(&self, domain: &DomainDefinition) -> Option<Problem> {
        let is_hashed = |index: usize| {
            domain.fields.fields.get(index).is_some_and(|field| field.hidden == Some(Hidden::Hashed))
        };
        let (_, spot) = domain.hidden.iter().find(|(index, _)| is_hashed(*index))?;
        if self.settings.privacy_key.is_some() {
            return None;
        }
        let fault = Fault::new("`hash` takes a key, and tieout.yaml names none");
        let help = "add `privacy: {key: env:TIEOUT_PRIVACY_KEY}` to tieout.yaml; make a key with `openssl rand -hex 32`";
        Some(domain.document.problem(*spot, fault.with_help(help)))
    }

    /// Once per provider: every secret and variable that it cannot do without has a source.
    fn check_credentials(&mut self, domain: &DomainDefinition) {
        let name = &domain.feed.provider;
        let Some(provider) = self.catalogue.provider(name) else { return };
        let default = ProviderConfig::default();
        let config = self.settings.providers.get(name).map_or(&default, |(_, config)| config);
        let mut vars = provider.auth_vars();
        if config.base.is_none() {
            vars.extend(provider.base_vars());
        }
        let vars = vars.into_iter().filter(|var| !config.vars.contains_key(*var));
        let vars = vars.map(|var| ("variable", var, format!("var: {{{var}: ...}}")));
        let of_some = |secret: &str| config.secrets_of.values().any(|own| own.contains_key(secret));
        let secrets = provider.secrets().into_iter();
        let secrets = secrets.filter(|secret| !config.secrets.contains_key(*secret) && !of_some(secret));
        let secrets = secrets.map(|secret| {
            ("secret", secret, format!("secrets: {{{secret}: env:{}}}", secret.to_ascii_uppercase()))
        });
        if provider.auth.as_ref().is_some_and(Auth::rotates) && self.settings.state_key.is_none() {
            let fault = Fault::new(format!(
                "the refresh token of the provider `{name}` is good once, and nothing says how the next one is \
                 encrypted in the state store"
            ))
            .with_help("add `state: {key: env:TIEOUT_STATE_KEY}` to tieout.yaml");
            self.problems.problems.push(domain.document.problem(domain.spots.feed, fault));
        }
        for (what, missing, entry) in secrets.chain(vars) {
            let near =
                words::nearest(missing, config.secrets.keys().chain(config.vars.keys()).map(String::as_str));
            let near = near.map(|near| format!("; did you mean it by `{near}`?")).unwrap_or_default();
            let fault = Fault::new(format!(
                "the provider `{name}` needs the {what} `{missing}`, which has no source"
            ))
            .with_help(format!("add `providers: {{{name}: {{{entry}}}}}` to tieout.yaml{near}"));
            self.problems.problems.push(domain.document.problem(domain.spots.feed, fault));
        }
    }
}
