//! Writes the definitions of a world as a user would.

use std::path::Path;

use chrono::DateTime;

use crate::story::{Feed, Log, MINUTE, Micros, SECOND, Variety};

pub(crate) const DOMAIN: &str = "shop.items";

/// Writes `tieout.yaml`, the provider and the domain into a folder.
pub(crate) fn write(folder: &Path, base: &str, app: &str, variety: &Variety) {
    let write = |name: &str, text: String| std::fs::write(folder.join(name), text).unwrap();
    write("provider.yaml", provider(variety));
    write("items.yaml", domain(variety));
    write("tieout.yaml", format!(
        "state: {{url: \"sqlite:state.db\"}}
databases: {{app: {{url: \"{app}\"}}}}
queues: {{shop: {{sqlite: {{path: queue.db, table: tieout_events}}}}}}
providers:
  api: {{base: \"{base}\", allow_private: true, caps: {{attempts: 3, retry_base: 1ms, retry_cap: 2ms, outage: 0s}}}}
reconcilers: [.]
"
    ));
}

fn provider(variety: &Variety) -> String {
    let is_changes = variety.feed == Feed::Changes;
    let (path, expired, token) =
        if is_changes { ("/changes", "resync", "token: \"{token}\", ") } else { ("/items", "restart", "") };
    let range = match variety.feed {
        Feed::Created | Feed::Updated => "from: \"{from}\", to: \"{to}\", ",
        Feed::Client | Feed::Changes => "",
    };
    let clock = if variety.feed == Feed::Updated { "updated" } else { "created" };
    let window = match variety.feed {
        Feed::Created | Feed::Updated => {
            format!("grain: 1s, edges: \"[)\", span: 1d, lag: {}s", variety.lag / SECOND)
        }
        Feed::Client | Feed::Changes => format!("filter: client, lag: {}s", variety.lag / SECOND),
    };
    let mut feed = format!(
        "    request: GET {path}
    query: {{limit: \"{{size}}\", cursor: \"{{cursor}}\", {range}{token}{each}}}
    rows: data
    id: id
    mutable: {mutable}
    next: {{cursor: next, {save}size: {size}}}
    window: {{clock: {clock}, \"on\": {clock}, as: epoch, {window}}}
    confirm: {{one: \"GET {one}\", gone: {{status: 404, body: {{error.code: resource_missing}}}}}}
",
        each = if is_fanned(variety) { "account: \"{each.account}\"" } else { "" },
        one = if is_fanned(variety) { "/items/{id}?account={each.account}" } else { "/items/{id}" },
        mutable = variety.mutable,
        save = if is_changes { "save: token, " } else { "" },
        size = variety.page,
    );
    if is_changes {
        feed += "    gone_if: {deleted: true}\n";
    }
    if variety.knows_version {
        feed += "    version: version\n";
    }
    if let Some(order) = variety.order {
        feed += &format!("    order: {clock} {order}\n");
    }
    if let Some(back) = variety.overlap {
        feed += &format!("    overlap_scan: {{back: {}m, every: 1d}}\n", back / MINUTE);
    }
    if is_fanned(variety) {
        feed += &format!("    each: {{account: [{}]}}\n", variety.members.join(", "));
    }
    let log = variety.trail.and_then(|trail| trail.log);
    let events = log.map(|log| events(variety, log)).unwrap_or_default();
    if let Some(log) = log {
        let grouped = if log.is_of_deliveries { ", group: event, ok_if: {status: OK}" } else { "" };
        feed += &format!("    events: {{feed: events, object: object.id{grouped}}}\n");
    }
    format!(
        "provider: api\nbase: http://127.0.0.1:1\nrules:\n  - {{when: {{status: 410}}, do: {expired}}}\nfeeds:\n  items:\n{feed}{events}"
    )
}

/// The feed of the provider's own events, or of their deliveries.
fn events(variety: &Variety, log: Log) -> String {
    let (account, each) = match is_fanned(variety) {
        true => (
            ", account: \"{each.account}\"",
            format!("    each: {{account: [{}]}}\n", variety.members.join(", ")),
        ),
        false => ("", String::new()),
    };
    format!(
        "  events:
    request: GET /events
    query: {{limit: \"{{size}}\", cursor: \"{{cursor}}\", from: \"{{from}}\", to: \"{{to}}\"{account}}}
    rows: data
    id: id
    order: {order}
    mutable: false
    next: {{cursor: next, size: {size}}}
    window: {{clock: at, \"on\": created, as: epoch, grain: 1s, edges: \"[)\", span: 1d, lag: {lag}s{keep}}}
    confirm: {{one: \"GET /events/{{id}}\", gone: 404}}
{each}",
        order = if log.is_ordered { "created desc" } else { "none" },
        size = variety.page * 3,
        lag = log.lag / SECOND,
        keep = log.keep.map(|keep| format!(", keep: {}m", keep / MINUTE)).unwrap_or_default(),
    )
}

fn domain(variety: &Variety) -> String {
    let columns = "SELECT id, amount_minor, currency, status, clock_at, changed_at, version FROM items WHERE";
    let each = if is_fanned(variety) { "account = :each.account AND " } else { "" };
    let mut text = format!(
        "domain: {DOMAIN}
feed: api/items
direction: {direction}
local:
  database: app
  rows: {columns} {each}clock_at >= :from AND clock_at < :to
  keys: {columns} {each}id IN (:keys)
  key: id
  clock: clock_at
{time}",
        time = if variety.is_on_postgres { "" } else { "  time: epoch_us\n" },
        direction = if variety.is_outbound { "outbound" } else { "inbound" },
    );
    if variety.knows_changed {
        text += "  changed: changed_at\n";
    }
    if variety.knows_version {
        text += "  version: version\n";
    }
    if let Some(trail) = variety.trail {
        text += &format!(
            "received:
  keys: SELECT id, event_id, received_at, state FROM webhooks WHERE {each}id IN (:keys)
  key: id
  at: received_at
"
        );
        if trail.knows_events {
            text += "  event: event_id\n";
        }
        if trail.knows_status {
            text += "  status: {column: state, applied: [done]}\n";
        }
    }
    let orphaned = if variety.emits_orphans { "  orphaned: {type: com.example.item.deleted}\n" } else { "" };
    text + &format!(
        "compare:
  amount: {{upstream: amount, local: amount_minor}}
  currency: {{fold: case}}
  status: {{map: {{open: OPEN, paid: PAID, void: VOID}}}}
money: {{amount: amount, currency: currency, minor_units: true}}
policy:
  settle: {settle}s
  start: {start}
  orphans: {orphans}
  max_emits: {max_emits}
  max_ratio: 100%
  min_items: 0
  reemit_after: {reemit_after}m
emit:
  queue: shop
  missing: {{type: com.example.item.created}}
  mismatched: {{type: com.example.item.updated}}
{orphaned}",
        settle = variety.settle / SECOND,
        start = utc(variety.start),
        orphans = if variety.emits_orphans { "emit" } else { "report" },
        max_emits = variety.max_emits,
        reemit_after = variety.reemit_after / MINUTE,
    )
}

fn is_fanned(variety: &Variety) -> bool {
    variety.members != [""]
}

/// An instant in words.
pub(crate) fn utc(at: Micros) -> String {
    DateTime::from_timestamp_micros(at)
        .unwrap_or_default()
        .to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}
