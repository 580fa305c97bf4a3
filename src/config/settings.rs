//! Every setting with its value and where it came from. Values are taken from the text whose secrets are blotted out.

use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use tieout_reconcilers::define::checked::Fault;
use tieout_reconcilers::define::document::Document;
use tieout_reconcilers::define::problem::{Problem, Spot};
use tieout_reconcilers::define::yaml_tree::{Node, NodeKind};

use super::checked::Config;
use super::file::DEFAULT_STATE;
use super::metrics::DEFAULT_JOB;
use super::{folder, mask};
use crate::metrics::DEFAULT_INTERVAL;
use crate::store::Keep;

/// Seconds of a day.
const DAY: u64 = 24 * 60 * 60;

/// A setting that is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// Such as `databases.app.url`, or `--format`.
    pub name: String,
    /// As it was written; a secret is its reference, or blotted out.
    pub value: String,
    /// Where it came from.
    #[serde(flatten)]
    pub origin: Origin,
}

/// Where a setting came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum Origin {
    /// The configuration file.
    File {
        /// The file as it was named.
        file: String,
        /// Line, from 1.
        line: usize,
    },
    /// An environment variable.
    Variable {
        /// Its name.
        variable: String,
    },
    /// The command line.
    Flag,
    /// Nobody said anything else.
    Default,
}

impl Origin {
    /// In words: `tieout.yaml:3`, `TIEOUT_FORMAT`, `flag` or `default`.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::File { file, line } => format!("{file}:{line}"),
            Self::Variable { variable } => variable.clone(),
            Self::Flag => "flag".to_owned(),
            Self::Default => "default".to_owned(),
        }
    }
}

impl Setting {
    /// One that nobody set.
    #[must_use]
    pub fn default(name: &str, value: impl Into<String>) -> Self {
        Self { name: name.to_owned(), value: value.into(), origin: Origin::Default }
    }
}

impl Config {
    /// The settings of this configuration's file in its order, then those that it leaves to their defaults.
    pub fn settings(&self) -> Result<Vec<Setting>, Problem> {
        let mut settings = written(&self.file)?;
        let is_open = |name: &str| !settings.iter().any(|setting| setting.name == name);
        let left: Vec<Setting> = defaults(self).into_iter().filter(|left| is_open(&left.name)).collect();
        settings.extend(left);
        Ok(settings)
    }
}

fn written(path: &Path) -> Result<Vec<Setting>, Problem> {
    let text = folder::read(path)?;
    let document = Document::new(folder::shown(path), &text).shown_as(&mask::mask(&text));
    let mut settings = Vec::new();
    let root: Node = document.read()?;
    gather(&root, String::new(), &document, &mut settings);
    Ok(settings)
}

fn gather(node: &Node, name: String, document: &Document, settings: &mut Vec<Setting>) {
    match &node.kind {
        NodeKind::Map(members) if !members.is_empty() => {
            for member in members {
                let below = if name.is_empty() { String::new() } else { format!("{name}.") };
                gather(&member.value, below + &member.key, document, settings);
            }
        }
        NodeKind::List(list) if !list.is_empty() => {
            for (index, element) in list.iter().enumerate() {
                gather(element, format!("{name}[{index}]"), document, settings);
            }
        }
        // A file that says nothing.
        _ if name.is_empty() => {}
        kind => {
            let value = match kind {
                NodeKind::Null => "null".to_owned(),
                NodeKind::Map(_) => "{}".to_owned(),
                NodeKind::List(_) => "[]".to_owned(),
                NodeKind::Text(_) | NodeKind::Plain(_) => shown_at(node.spot, document),
            };
            let file = document.file().to_owned();
            settings.push(Setting { name, value, origin: Origin::File { file, line: node.spot.line } });
        }
    }
}

/// What may be shown of a value: the stretch of the blotted text at its place, without its quotes.
fn shown_at(spot: Spot, document: &Document) -> String {
    let at = document.problem(spot, Fault::new(""));
    let shown = at.source[at.bytes()].trim();
    let inner = ['"', '\''].into_iter().find_map(|quote| shown.strip_prefix(quote)?.strip_suffix(quote));
    inner.unwrap_or(shown).to_owned()
}

fn defaults(config: &Config) -> Vec<Setting> {
    let keep = Keep::default();
    let mut defaults = vec![
        Setting::default("state.url", DEFAULT_STATE),
        Setting::default("state.migrate", "on_start"),
        Setting::default("events.keep", time(keep.sent)),
        Setting::default("events.keep_dead", time(keep.dead)),
        Setting::default("metrics.expected_interval", time(DEFAULT_INTERVAL)),
    ];
    if config.metrics.pushgateway.is_some() {
        defaults.push(Setting::default("metrics.pushgateway.job", DEFAULT_JOB));
    }
    defaults
}

/// As a person would write it; months of `humantime` are no round number of days.
fn time(time: Duration) -> String {
    match (time.as_secs() / DAY, time.as_secs() % DAY) {
        (days, 0) => format!("{days}d"),
        _ => humantime::format_duration(time).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tieout.yaml");
        std::fs::write(&path, text).unwrap();
        let Ok(loaded) = Config::load(&path) else { panic!("{text}") };
        let settings = loaded.config.settings().unwrap();
        let line = |setting: &Setting| {
            let place = setting.origin.shown();
            format!("{} = {} ({})", setting.name, setting.value, place.rsplit('/').next().unwrap_or_default())
        };
        settings.iter().map(line).collect()
    }

    #[test]
    fn settings_stand_with_their_line_and_defaults_say_so() {
        insta::assert_snapshot!(
            shown(
                "state: {migrate: by_hand}
databases:
  app: {url: 'env:APP_DB'}
  old:
    url: \"sqlite:old.db\"
queues:
  billing: {sqlite: {path: queue.db, table: events}}
events:
  keep: 3d # short
reconcilers: []
providers:
  stripe:
    secrets: {stripe_key: file:key}
"
            )
            .join("\n"), @r"
        state.migrate = by_hand (tieout.yaml:1)
        databases.app.url = env:APP_DB (tieout.yaml:3)
        databases.old.url = sqlite:old.db (tieout.yaml:5)
        queues.billing.sqlite.path = queue.db (tieout.yaml:7)
        queues.billing.sqlite.table = events (tieout.yaml:7)
        events.keep = 3d (tieout.yaml:9)
        reconcilers = [] (tieout.yaml:10)
        providers.stripe.secrets.stripe_key = file:key (tieout.yaml:13)
        state.url = sqlite:tieout-state.db (default)
        events.keep_dead = 90d (default)
        metrics.expected_interval = 1d (default)
        ");
    }

    #[test]
    fn an_empty_file_is_all_defaults() {
        assert!(shown("{}").iter().all(|line| line.ends_with("(default)")));
    }

    #[test]
    fn a_value_that_is_called_a_secret_is_blotted_out_even_where_it_is_allowed() {
        let lines = shown("providers: {stripe: {var: {api_token: hunter2, other: plain}}}");
        assert!(!lines.iter().any(|line| line.contains("hunter2")), "{lines:?}");
    }
}
