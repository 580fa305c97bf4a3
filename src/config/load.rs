//! Loads `tieout.yaml` with all its definitions, and puts every domain on its feed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use serde::de::DeserializeOwned;
use tieout_reconcilers::catalogue::Catalogue;
use tieout_reconcilers::define::checked::Fault;
use tieout_reconcilers::define::document::{Document, Kind, Problems};
use tieout_reconcilers::define::domain::DomainDefinition;
use tieout_reconcilers::define::problem::Problem;
use tieout_reconcilers::define::provider::ProviderDefinition;
use tieout_reconcilers::name::{DomainName, Name};
use tieout_reconcilers::reconciler::{Place, Reconciler};

use super::checked::{Config, DomainTests, Loaded};
use super::file::{ConfigFile, Settings, StateAlone, ToldAlone};
use super::{folder, mask, misfits, notify, registry};
use crate::schemas::Registry;

impl Config {
    /// Loads a configuration file and everything it points at; on failure, every problem of every file.
    pub fn load(path: &Path) -> Result<Loaded, Vec<Problem>> {
        if !path.exists() {
            let missing = Problem::of_file(&folder::shown(path), "there is no such configuration file")
                .with_help("`tieout init` makes one that works at once; or name yours with `--config`");
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
        let mut channels = settings.channels.clone();
        notify::about(&mut channels, &domains, &mut loading.problems);
        let Loading { catalogue, problems, schemas, hashes, tests, files, .. } = loading;
        let Problems { problems, warnings, .. } = problems;
        if !problems.is_empty() {
            return Err(problems);
        }
        let settings = Settings { channels, ..settings.clone() };
        let config = Self::of(path, folder.clone(), settings, schemas.unwrap_or_default(), catalogue);
        Ok(Loaded { config, domains, definitions: hashes, files, tests, warnings })
    }

    /// What a configuration file says of its state store, however wrong the rest and the definitions are; nothing where the file
    /// cannot be read, or says something wrong about its state store.
    #[must_use]
    pub fn of_state_alone(path: &Path) -> Option<Self> {
        Self::of_a_part::<StateAlone>(path)
    }

    /// The same with who is told about runs and where the definitions are; the state store alone where something about those is wrong.
    #[must_use]
    pub fn of_the_told(path: &Path) -> Option<Self> {
        Self::of_a_part::<ToldAlone>(path).or_else(|| Self::of_state_alone(path))
    }

    fn of_a_part<Part: DeserializeOwned + Into<ConfigFile>>(path: &Path) -> Option<Self> {
        let document = document(path).ok()?;
        let part: Part = document.read().ok()?;
        let mut problems = Problems::of(&document);
        let settings = part.into().compile(&mut problems);
        problems.problems.is_empty().then_some(())?;
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        Some(Self::of(path, folder, settings, Registry::default(), Catalogue::shipped()))
    }

    /// The domains that the definition files name, by name, however wrong the rest of the files is.
    #[must_use]
    pub fn named_in_files(&self) -> Vec<DomainName> {
        let paths = self.reconcilers.iter().map(|path| self.folder.join(path));
        let files = paths.filter_map(|path| folder::definitions(&path, &self.file).ok()).flatten();
        let name = |file: PathBuf| DomainDefinition::name_in(&folder::document(&file).ok()?);
        files.filter_map(name).collect::<BTreeSet<_>>().into_iter().collect()
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

/// The state of one load.
pub(super) struct Loading<'l> {
    pub(super) settings: &'l Settings,
    folder: &'l Path,
    pub(super) catalogue: Catalogue,
    own: BTreeMap<Name, Place>,
    /// Providers whose own files are wrong: what is said about them elsewhere cannot be judged before that is mended.
    pub(super) broken: BTreeSet<Name>,
    domains: Vec<DomainDefinition>,
    hashes: BTreeMap<DomainName, String>,
    tests: BTreeMap<DomainName, DomainTests>,
    files: BTreeMap<DomainName, PathBuf>,
    /// Nothing where it is wrong.
    schemas: Option<Registry>,
    pub(super) problems: Problems<'l>,
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
            tests: BTreeMap::new(),
            files: BTreeMap::new(),
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
            self.check_domain(&domain);
            if self.broken.contains(&domain.feed.provider) {
                continue;
            }
            if complained.insert(domain.feed.provider.clone()) {
                self.check_credentials(&domain);
            }
            defined.extend(self.put_on_feed(domain).map(|definition| (name, definition)));
        }
        defined.into_values().collect()
    }

    /// What can be said about a domain without its feed.
    fn check_domain(&mut self, domain: &DomainDefinition) {
        self.check_names(domain);
        let unknown = self.schemas.as_ref().map(|schemas| registry::unknown(schemas, domain));
        self.problems.problems.extend(unknown.into_iter().flatten());
        let keyless = self.without_privacy_key(domain);
        self.problems.problems.extend(keyless);
        self.problems.warnings.extend(domain.warnings.iter().cloned());
    }

    /// Puts a domain on its feed, and says what does not fit between them.
    fn put_on_feed(&mut self, domain: DomainDefinition) -> Option<Arc<dyn Reconciler>> {
        let config = self.settings.providers.get(&domain.feed.provider);
        let settings = config.map(|(_, config)| config.of_feeds()).unwrap_or_default();
        let (document, spot) = (domain.document.clone(), domain.spots.feed);
        self.files.insert(domain.name.clone(), document.file().into());
        if !domain.tests.is_empty() {
            let tests = DomainTests { file: document.file().into(), tests: domain.tests.clone() };
            self.tests.insert(domain.name.clone(), tests);
        }
        if let Some(provider) = self.catalogue.provider(&domain.feed.provider) {
            let hash = hash(&[document.read_text(), provider.document.read_text()]);
            self.hashes.insert(domain.name.clone(), hash);
        }
        let definition = match self.catalogue.define(domain, &settings) {
            Ok(definition) => definition,
            Err(problem) => {
                self.problems.problems.push(problem);
                return None;
            }
        };
        let problem = |fault| document.problem(spot, fault);
        let unheld = self.without_secret(&definition);
        let faults = unheld.into_iter().chain(misfits::faults(&definition)).map(problem);
        self.problems.problems.extend(faults);
        self.problems.warnings.extend(misfits::warnings(&definition).map(problem));
        Some(Arc::new(definition))
    }
}
