//! The room as a whole, against real sockets: servers that behave, and servers that do not.

mod double;
mod raw;

mod certificates;
mod credentials;
mod elsewhere;
mod endless;
mod exporting;
mod forgotten;
mod hydrating;
mod looking_up;
mod minted;
mod misbehaving;
mod originals;
mod origins;
mod patience;
mod quota;
mod rotating;
mod tokens;
mod unchanged;
mod walking;

use std::sync::Arc;
use std::time::Duration;

use wiremock::MockServer;

use super::{Client, Coverage, ProviderSettings, Reason, Walk, WalkedPage};
pub(crate) use certificates::untrusted_server;
use double::Double;
pub(crate) use rotating::two_processes_refresh_once;

/// Settings for a server on loopback, with pauses short enough for a test.
fn settings(base: &str) -> ProviderSettings {
    let mut settings = ProviderSettings::new("example".parse().unwrap(), base.parse::<url::Url>().unwrap());
    settings.allow_private = true;
    settings.caps.retry_base = Duration::from_millis(1);
    settings.caps.outage = Duration::from_millis(100);
    settings
}

fn client(server: &MockServer) -> Client {
    Client::new(&settings(&server.uri())).unwrap()
}

fn started(client: Client, double: Double) -> Walk {
    Walk::start(client, Arc::new(double), double::slice())
}

/// Walks to the end.
async fn walk(client: Client, double: Double) -> (Vec<WalkedPage>, Coverage) {
    let mut walk = started(client, double);
    let mut pages = Vec::new();
    while let Some(page) = walk.next().await {
        pages.push(page);
    }
    (pages, walk.coverage().await)
}

/// Walks to the end, which must be a partial one with one reason.
async fn reason(client: Client, double: Double) -> (usize, Reason) {
    let (pages, coverage) = walk(client, double).await;
    match coverage {
        Coverage::Partial(mut reasons) if reasons.len() == 1 => (pages.len(), reasons.remove(0)),
        other => panic!("{other:?}"),
    }
}
