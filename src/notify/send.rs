//! Sends one message by whichever means its channel has, in a bounded time.

use std::time::Duration;

use tieout_reconcilers::instant::Instant;
use uuid::Uuid;

use super::channel::{Channel, Means};
use super::digest::Digest;
use super::email;
use super::post::{Letter, post};
use super::sent::{NotSent, Sent};
use super::signal::Signal;
use super::slack;
use crate::queue::webhook::Target;
use crate::report::RunReport;
use crate::report::text::{self, Look};

/// How long a channel has in all, with its second attempt.
pub(super) const CHANNEL_TIME: Duration = Duration::from_secs(10);
/// What services of pings keep of a body.
const PING_BYTES: usize = 10_000;

const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";

/// Sends a digest to a channel that takes one.
pub(super) async fn digest(channel: &Channel, digest: &Digest) -> Result<Sent, NotSent> {
    in_time(async {
        match &channel.means {
            Means::Slack(target) => post(&letter(target, JSON, slack::message(digest).to_string())).await,
            Means::Webhook(target, key) => {
                let body =
                    serde_json::to_string(digest).map_err(|error| NotSent::Refused(error.to_string()))?;
                let id = Uuid::new_v5(&digest.run_id, channel.name.as_str().as_bytes()).to_string();
                let signed = key.as_deref().map(|key| (key, id));
                post(&Letter { signed, ..letter(target, JSON, body) }).await
            }
            Means::Email(settings) => email::send(settings, digest).await,
            Means::Ping(target) => ping(target, Signal::Log, digest.run_id, digest.text()).await,
        }
    })
    .await
}

/// Sends a ping to a channel that takes one; to others it is nothing.
pub(super) async fn signal(
    channel: &Channel,
    signal: Signal,
    run_id: Uuid,
    body: String,
) -> Option<Result<Sent, NotSent>> {
    let Means::Ping(target) = &channel.means else { return None };
    Some(in_time(ping(target, signal, run_id, body)).await)
}

/// Tries whether a channel can be told. A service of pings finds it in its log.
pub async fn test(channel: &Channel, run_id: Uuid, now: Instant) -> Result<Sent, NotSent> {
    digest(channel, &Digest::test(channel.name.as_str(), run_id, now)).await
}

/// The last lines of a run's result, for whoever looks at a ping.
pub(super) fn last_lines(report: &RunReport, covers: impl Fn(&str) -> bool) -> String {
    let covered = report.domains.iter().filter(|domain| covers(&domain.domain));
    let line = |domain: &crate::report::DomainReport| match &domain.failure {
        Some(failure) => format!("{}: {} ({failure})", domain.domain, domain.status.as_str()),
        None => format!("{}: {}", domain.domain, domain.status.as_str()),
    };
    let last = format!("run {}: {}", report.run_id, text::ending(report, &Look::default()));
    covered.map(line).chain([last]).collect::<Vec<_>>().join("\n") + "\n"
}

async fn ping(target: &Target, signal: Signal, run_id: Uuid, body: String) -> Result<Sent, NotSent> {
    let from = body.ceil_char_boundary(body.len().saturating_sub(PING_BYTES));
    let url = signal.address(&target.url, run_id);
    post(&Letter { url, ..letter(target, TEXT, body[from..].to_owned()) }).await
}

fn letter<'a>(target: &'a Target, content_type: &'static str, body: String) -> Letter<'a> {
    Letter { target, url: target.url.clone(), content_type, body, signed: None }
}

async fn in_time(sending: impl Future<Output = Result<Sent, NotSent>>) -> Result<Sent, NotSent> {
    tokio::time::timeout(CHANNEL_TIME, sending).await.unwrap_or_else(|_| Err(NotSent::late(CHANNEL_TIME)))
}
