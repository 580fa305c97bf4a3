//! `tieout.yaml` as it is written.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_saphyr::Spanned;
use tieout_reconcilers::define::checked::{Checked, FromText, Ordered};
use tieout_reconcilers::define::document::Problems;
use tieout_reconcilers::define::problem::Spot;
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

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConfigFile {
    state: Option<StateFile>,
    report: Option<ReportFile>,
    privacy: Option<PrivacyFile>,
    events: Option<EventsFile>,
    metrics: Option<MetricsFile>,
    #[serde(default)]
    databases: Ordered<AddressFile>,
    #[serde(default)]
    queues: Ordered<Spanned<QueueFile>>,
    #[serde(default)]
    providers: Ordered<ProviderFile>,
    #[serde(default)]
    reconcilers: Vec<Checked<String>>,
    schemas: Option<Checked<String>>,
    #[serde(default)]
    notify: Ordered<Spanned<ChannelFile>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct StateFile {
    url: Option<Checked<UrlRef>>,
    key: Option<Checked<SecretRef>>,
    #[serde(default)]
    migrate: MigrateWord,
}

/// When the schema of the state store is brought up to date.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum MigrateWord {
    #[default]
    OnStart,
    ByHand,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReportFile {
    folder: Checked<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct PrivacyFile {
    key: Checked<SecretRef>,
}

/// How long events are kept in the outbox.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct EventsFile {
    keep: Option<Checked<Length>>,
    keep_dead: Option<Checked<Length>>,
}

impl EventsFile {
    fn compile(self, problems: &mut Problems<'_>) -> Keep {
        let default = Keep::default();
        let mut kept = |wanted, default| problems.take_option(wanted).map_or(default, |Length(time)| time);
        Keep { sent: kept(self.keep, default.sent), dead: kept(self.keep_dead, default.dead) }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct AddressFile {
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
