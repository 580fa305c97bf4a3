//! Sends metrics at the end of a run to whoever cannot come for them. What fails is a warning and a metric, and never the run's result.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::catalogue::MetricKind;
use super::gateway::{Gateway, GatewaySettings, Group, PushError};
use super::sample::Family;
use super::snapshot::take;
use super::subject::Subject;
use super::text::text;
use crate::private_file;
use crate::store::Store;

/// Where metrics are left at the end of a run.
#[derive(Debug, Clone, Default)]
pub struct Targets {
    /// A file for node_exporter's textfile collector.
    pub textfile: Option<PathBuf>,
    /// A Pushgateway.
    pub pushgateway: Option<GatewaySettings>,
    /// A collector of OpenTelemetry, which its own variables name.
    pub otlp: bool,
}

impl Targets {
    /// Whether anybody is told at all.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.textfile.is_none() && self.pushgateway.is_none() && !self.otlp
    }
}

/// Tells every target how things stand: the file about all domains, the Pushgateway about those of the run and about tieout itself.
/// Takes no longer than `time`, apart from what the state store takes.
pub async fn publish(store: &Store, subjects: &[Subject], run: &[String], targets: &Targets, time: Duration) {
    if targets.is_empty() {
        return;
    }
    if let Some(settings) = &targets.pushgateway {
        let pushed = match take(store, subjects).await {
            Ok(families) => match tokio::time::timeout(time, push(settings, run, &families)).await {
                Ok(pushed) => pushed.map_err(|error| error.to_string()),
                Err(_) => Err(late(time)),
            },
            Err(error) => Err(error.with_causes()),
        };
        note(store, "pushgateway", pushed).await;
    }
    if targets.otlp {
        let sent = match take(store, subjects).await {
            Ok(families) => match tokio::time::timeout(time, otlp(families)).await {
                Ok(sent) => sent,
                Err(_) => Err(late(time)),
            },
            Err(error) => Err(error.with_causes()),
        };
        note(store, "otlp", sent).await;
    }
    if let Some(path) = &targets.textfile {
        let kept = match take(store, subjects).await {
            Ok(families) => textfile(path, families),
            Err(error) => Err(error.with_causes()),
        };
        note(store, "textfile", kept).await;
    }
}

fn late(time: Duration) -> String {
    format!("it took longer than {} s", time.as_secs())
}

/// Its client blocks, so it gets a thread.
#[cfg(feature = "otel")]
async fn otlp(families: Vec<Family>) -> Result<(), String> {
    let sending = tokio::task::spawn_blocking(move || super::otlp::send(&families));
    sending.await.map_err(|error| error.to_string())?
}

#[cfg(not(feature = "otel"))]
async fn otlp(_: Vec<Family>) -> Result<(), String> {
    std::future::ready(Err("this tieout was built without the feature `otel`".to_owned())).await
}

/// Pushes what concerns some domains, each into its own group, and then what concerns tieout itself.
pub(crate) async fn push(
    settings: &GatewaySettings,
    domains: &[String],
    families: &[Family],
) -> Result<(), PushError> {
    let gateway = Gateway::new(settings)?;
    for domain in domains {
        gateway.push(&Group { domain: Some(domain.clone()) }, families).await?;
    }
    gateway.push(&Group { domain: None }, families).await
}

/// Writes the file whole, in the place of the last one, so that others may read it.
pub(crate) fn textfile(path: &Path, families: Vec<Family>) -> Result<(), String> {
    let kept = families.into_iter().filter(|family| family.metric.kind == MetricKind::Gauge).collect();
    let text = text(kept).map_err(|error| error.to_string())?;
    private_file::replace_for_all(path, text.as_bytes())
        .map_err(|error| format!("{} cannot be written: {error}", path.display()))
}

async fn note(store: &Store, target: &str, sent: Result<(), String>) {
    if let Err(why) = &sent {
        tracing::warn!(target, why, "the metrics of this run could not be sent; its result stands");
    }
    if let Err(error) = store.note_push(target, sent.is_ok()).await {
        tracing::warn!(target, %error, "whether the metrics were sent could not be noted");
    }
}
