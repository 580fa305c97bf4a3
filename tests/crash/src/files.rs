//! Writes the definitions of a case as a user would.

use std::path::Path;
use std::time::Duration;

use chrono::DateTime;

use crate::place::EVENTS;
use crate::scene::{Queue, Scene};
use crate::world::Domain;

/// Where things are reached.
pub(crate) struct Urls {
    /// The database of state, shop and queue, where they are in PostgreSQL.
    pub(crate) server: Option<String>,
    pub(crate) provider: String,
}

pub(crate) fn write(folder: &Path, urls: &Urls, scene: Scene, start: i64) {
    let write = |name: &str, text: String| std::fs::write(folder.join(name), text).unwrap();
    let start =
        DateTime::from_timestamp(start, 0).unwrap().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let database = |file: &str| match &urls.server {
        Some(_) => "env:SHOP_DATABASE".to_owned(),
        None => format!("sqlite:{file}"),
    };
    let queue = match (scene.queue(), &urls.server) {
        (Queue::Lines, _) => "{ndjson: {path: events.ndjson}}".to_owned(),
        (Queue::Table, Some(_)) => format!("{{postgres: {{url: \"env:SHOP_DATABASE\", table: {EVENTS}}}}}"),
        (Queue::Table, None) => format!("{{sqlite: {{path: queue.db, table: {EVENTS}}}}}"),
    };
    write("url", urls.server.clone().unwrap_or_default());
    write("provider.yaml", PROVIDER.to_owned());
    for domain in Domain::ALL {
        write(&format!("{}.yaml", domain.feed()), definition(domain, &start));
    }
    write(
        "tieout.yaml",
        format!(
            "state: {{key: \"file:state.key\", url: \"{}\"}}
databases: {{app: {{url: \"{}\"}}}}
queues: {{shop: {queue}}}
providers:
  api: {{base: \"{}\", allow_private: true, secrets: {{key: \"file:key\"}}, caps: {{attempts: 3, retry_base: 1ms, retry_cap: 2ms, outage: 0s}}}}
reconcilers: [.]
",
            database("state.db"),
            database("app.db"),
            urls.provider
        ),
    );
}

/// So many requests are permitted in a [`PERIOD`] where the provider has a limit.
pub(crate) const LIMIT: usize = 240;
pub(crate) const PERIOD: Duration = Duration::from_secs(6);

/// Gives the provider a limit, and its feeds slices for everybody: in an order, so that they can be carried on; short ones that stay
/// short; with pages enough that one process alone is busy with them for a while.
pub(crate) fn write_limited(folder: &Path) {
    let limits = format!("limits: {{rate: {LIMIT}/{}s}}\nfeeds:", PERIOD.as_secs());
    let text = PROVIDER
        .replace("feeds:", &limits)
        .replace("mutable: true\n    overlap_scan: {back: 4d, every: 1ms}", "mutable: false")
        .replace("next: {cursor: next, size: 5}", "order: created asc\n    next: {cursor: next, size: 2}")
        .replace("span: 1d", "span: {prefer: 1h, max: 1h}");
    std::fs::write(folder.join("provider.yaml"), text).unwrap();
}

const PROVIDER: &str = r#"provider: api
base: http://127.0.0.1:1
auth: {oauth: {grant: refresh_token, token_url: /token, client: shop, refresh: "{secret.key}", rotate: true}}
feeds:
  charges:
    request: GET /charges
    query: {limit: "{size}", cursor: "{cursor}", from: "{from}", to: "{to}"}
    rows: data
    id: id
    mutable: true
    overlap_scan: {back: 4d, every: 1ms}
    next: {cursor: next, size: 5}
    window: {clock: created, "on": created, as: epoch, grain: 1s, edges: "[)", span: 1d, lag: 1h}
    confirm: {one: "GET /charges/{id}", gone: {status: 404, body: {error.code: resource_missing}}}
  refunds:
    request: GET /refunds
    query: {limit: "{size}", cursor: "{cursor}", from: "{from}", to: "{to}"}
    rows: data
    id: id
    mutable: false
    next: {cursor: next, size: 5}
    window: {clock: created, "on": created, as: epoch, grain: 1s, edges: "[)", span: 2d, lag: 1h}
    confirm: {one: "GET /refunds/{id}", gone: {status: 404, body: {error.code: resource_missing}}}
  contacts:
    request: GET /contacts/changes
    query: {limit: "{size}", cursor: "{cursor}", token: "{token}"}
    rows: data
    id: id
    gone_if: {deleted: true}
    next: {cursor: next, save: token, size: 3}
    window: {clock: created, "on": created, as: epoch, filter: client}
    confirm: {one: "GET /contacts/{id}", gone: {status: 404, body: {error.code: resource_missing}}}
"#;

fn definition(domain: Domain, start: &str) -> String {
    let feed = domain.feed();
    let columns = format!("SELECT id, amount_minor, currency, status, created_at FROM {feed} WHERE");
    // Three findings are more than the one event that refunds may send.
    let max_emits = if domain == Domain::Refunds { 1 } else { 500 };
    format!(
        "domain: {domain}
feed: api/{feed}
local:
  database: app
  rows: {columns} created_at >= :from AND created_at < :to
  keys: {columns} id IN (:keys)
  key: id
  clock: created_at
compare:
  amount: {{upstream: amount, local: amount_minor}}
  currency: {{fold: case}}
  status: {{map: {{open: OPEN, paid: PAID}}}}
money: {{amount: amount, currency: currency, minor_units: true}}
policy: {{settle: 0s, start: {start}, orphans: emit, max_emits: {max_emits}, max_ratio: 100%, min_items: 0}}
emit:
  queue: shop
  missing: {{type: com.example.{feed}.created}}
  mismatched: {{type: com.example.{feed}.updated}}
  orphaned: {{type: com.example.{feed}.removed}}
"
    )
}
