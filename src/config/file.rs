//! `tieout.yaml` as it is written.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use tieout_reconcilers::define::checked::{Checked, FromText, Ordered, Placed};
use tieout_reconcilers::define::document::Problems;
use tieout_reconcilers::define::problem::Spot;
use tieout_reconcilers::define::schema;
use tieout_reconcilers::define::value::Length;
use tieout_reconcilers::name::Name;

use super::local_url::LocalUrl;
use super::metrics::{MetricsConfig, MetricsFile};
use super::notify::{ChannelConfig, ChannelFile};
use super::provider::{ProviderConfig, ProviderFile};
use super::queue::lag::{LagConfig, LagFile};
use super::queue::{QueueConfig, QueueFile};
use super::secret::{SecretRef, UrlRef};
use crate::store::{Keep, Upgrade};

/// The state store of a configuration that does not name one.
pub(super) const DEFAULT_STATE: &str = "sqlite:tieout-state.db";

/// The same as far as the state store is concerned, whatever else it says.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct StateAlone {
    state: Option<StateFile>,
}

impl From<StateAlone> for ConfigFile {
    fn from(alone: StateAlone) -> Self {
        Self { state: alone.state, ..Self::default() }
    }
}

/// The same as far as it says who is told about runs: the state store, files, and people.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct ToldAlone {
    state: Option<StateFile>,
    report: Option<ReportFile>,
    #[serde(default)]
    reconcilers: Vec<Checked<String>>,
    #[serde(default)]
    notify: Ordered<Placed<ChannelFile>>,
}

impl From<ToldAlone> for ConfigFile {
    fn from(alone: ToldAlone) -> Self {
        let ToldAlone { state, report, reconcilers, notify } = alone;
        Self { state, report, reconcilers, notify, ..Self::default() }
    }
}

/// Where databases, queues, credentials and definitions are.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ConfigFile {
    /// Where runs keep what they know.
    state: Option<StateFile>,
    /// Where a file is written for each report.
    report: Option<ReportFile>,
    /// The key of the pseudonyms that domains with `privacy: {hash: ...}` need.
    privacy: Option<PrivacyFile>,
    /// How long events are kept in the outbox.
    events: Option<EventsFile>,
    /// Who is told how things stand, beside those who ask `tieout serve`.
    metrics: Option<MetricsFile>,
    /// The databases of the application, by the names that domains have for them.
    #[serde(default)]
    databases: Ordered<AddressFile>,
    /// Where events go, by the names that domains have for them.
    #[serde(default)]
    queues: Ordered<Placed<QueueFile>>,
    /// What providers need: secrets, variables, members.
    #[serde(default)]
    providers: Ordered<ProviderFile>,
    /// Folders with definitions, or files; paths begin at the folder of this file.
    #[serde(default)]
    reconcilers: Vec<Checked<String>>,
    /// The folder with the schemas of events.
    #[schemars(extend("default" = "schemas"))]
    schemas: Option<Checked<String>>,
    /// Who is told how runs end, by name.
    #[serde(default)]
    notify: Ordered<Placed<ChannelFile>>,
}

/// Where runs keep what they know.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct StateFile {
    /// The state store: `sqlite:FILE`, `postgres://...`, or `env:NAME` or `file:PATH` where the address holds a password.
    #[schemars(extend("default" = DEFAULT_STATE))]
    url: Option<Checked<UrlRef>>,
    /// The key that encrypts the tokens and pages that are kept: 32 bytes in base64, as a reference.
    key: Option<Checked<SecretRef>>,
    /// When its schema is brought up to date: by a run, or by `tieout migrate` alone.
    #[serde(default)]
    #[schemars(extend("default" = "on_start"))]
    migrate: MigrateWord,
}

/// When the schema of the state store is brought up to date: `on_start` whenever it is opened, `by_hand` by `tieout migrate` alone.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum MigrateWord {
    #[default]
    OnStart,
    ByHand,
}

/// Where a file is written for each report.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ReportFile {
    /// The folder.
    folder: Checked<String>,
}

/// The key of the pseudonyms.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PrivacyFile {
    /// The key, of at least 32 characters, as a reference.
    key: Checked<SecretRef>,
}

/// How long events are kept in the outbox.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct EventsFile {
    /// How long events are kept after they were sent.
    #[schemars(extend("default" = schema::length(Keep::default().sent)))]
    keep: Option<Checked<Length>>,
    /// How long they are kept after they were given up, or after a person dropped them.
    #[schemars(extend("default" = schema::length(Keep::default().dead)))]
    keep_dead: Option<Checked<Length>>,
}

impl EventsFile {
    fn compile(self, problems: &mut Problems<'_>) -> Keep {
        let default = Keep::default();
        let mut kept = |wanted, default| problems.take_option(wanted).map_or(default, |Length(time)| time);
        Keep { sent: kept(self.keep, default.sent), dead: kept(self.keep_dead, default.dead) }
    }
}

/// A database of the application.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AddressFile {
    /// Its address: `sqlite:FILE`, `postgres://...`, `mysql://...`, or `env:NAME` or `file:PATH` where it holds a password.
    url: Checked<LocalUrl>,
}

/// What `tieout.yaml` says; entries that are wrong keep their name and lose their value.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) state: UrlRef,
    pub(super) state_key: Option<SecretRef>,
    pub(super) upgrade: Upgrade,
    pub(super) report_folder: Option<String>,
    pub(super) privacy_key: Option<SecretRef>,
    pub(super) keep: Keep,
    pub(super) metrics: MetricsConfig,
    pub(super) databases: BTreeMap<Name, Option<LocalUrl>>,
    pub(super) queues: BTreeMap<Name, Option<QueueConfig>>,
    pub(super) lags: BTreeMap<Name, LagConfig>,
    pub(super) providers: BTreeMap<Name, (Spot, ProviderConfig)>,
    pub(super) reconcilers: Vec<(Spot, String)>,
    pub(super) schemas: Option<(Spot, String)>,
    pub(super) channels: BTreeMap<Name, Option<ChannelConfig>>,
}

impl ConfigFile {
    pub(super) fn compile(self, problems: &mut Problems<'_>) -> Settings {
        let default = || UrlRef::Inline(DEFAULT_STATE.to_owned());
        let upgrade = match self.state.as_ref().map(|state| state.migrate).unwrap_or_default() {
            MigrateWord::OnStart => Upgrade::OnStart,
            MigrateWord::ByHand => Upgrade::ByHand,
        };
        let (state, state_key) = self.state.map_or((None, None), |state| (state.url, state.key));
        let report_folder = problems.take_option(self.report.map(|report| report.folder));
        let state = problems.take_option(state).unwrap_or_else(default);
        let state_key = problems.take_option(state_key);
        let privacy_key = problems.take_option(self.privacy.map(|privacy| privacy.key));
        let keep = self.events.unwrap_or_default().compile(problems);
        let metrics = self.metrics.unwrap_or_default().compile(problems);
        let mut databases = BTreeMap::new();
        for entry in self.databases.0 {
            let address = problems.take(entry.value.url);
            databases.extend(name(&entry.key, entry.spot, problems).map(|name| (name, address)));
        }
        let (mut queues, mut lags) = (BTreeMap::new(), BTreeMap::new());
        for mut entry in self.queues.0 {
            let lag = entry.value.value.lag.take();
            let queue = QueueFile::compile(entry.value, problems);
            let Some(name) = name(&entry.key, entry.spot, problems) else { continue };
            if let (Some(lag), Some(queue)) = (lag, &queue) {
                lags.insert(name.clone(), LagFile::compile(lag, queue, problems));
            }
            queues.insert(name, queue);
        }
        let mut providers = BTreeMap::new();
        for entry in self.providers.0 {
            let config = entry.value.compile(problems);
            providers.extend(name(&entry.key, entry.spot, problems).map(|name| (name, (entry.spot, config))));
        }
        let reconcilers = self.reconcilers.into_iter();
        let reconcilers = reconcilers.filter_map(|path| Some((path.spot, problems.take(path)?))).collect();
        let schemas = self.schemas.and_then(|path| Some((path.spot, problems.take(path)?)));
        let mut channels = BTreeMap::new();
        for entry in self.notify.0 {
            let channel = ChannelFile::compile(entry.value, problems);
            channels.extend(name(&entry.key, entry.spot, problems).map(|name| (name, channel)));
        }
        Settings {
            state,
            state_key,
            upgrade,
            report_folder,
            privacy_key,
            keep,
            metrics,
            databases,
            queues,
            lags,
            providers,
            reconcilers,
            schemas,
            channels,
        }
    }
}

fn name(text: &str, spot: Spot, problems: &mut Problems<'_>) -> Option<Name> {
    Name::from_text(text).map_err(|fault| problems.add(spot, fault)).ok()
}
