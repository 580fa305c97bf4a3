//! The API as a feed of changes: everything at first, and then what changed since a token that the last page gave.

use serde_json::{Value, json};

use crate::api::{Api, Page, text};
use crate::http::{Asked, Reply};

/// The provider file that speaks so.
pub(crate) const PROVIDER: &str = include_str!("world/changes.yaml");

/// The honest answer to a list request.
pub(crate) fn honest(api: &mut Api, asked: &Asked) -> Reply {
    let (page, token) = page(api, asked);
    deliver(api, &page, token.as_deref())
}

/// Delivers a page whole, with the token that the next run goes on from.
pub(crate) fn deliver(api: &mut Api, page: &Page, token: Option<&str>) -> Reply {
    let body = json!({ "data": page.rows, "next": page.next, "more": page.more, "token": token });
    let shown = Page {
        rows: page.rows.iter().filter(|row| row["deleted"] != true).cloned().collect(),
        ..page.clone()
    };
    api.deliver_as(&shown, body)
}

/// The page that an honest API answers with, and the token beside the last one.
pub(crate) fn page(api: &mut Api, asked: &Asked) -> (Page, Option<String>) {
    let since = asked.query("token").map(|token| token.trim_start_matches('t').parse::<usize>().unwrap());
    let mut rows = since.map_or_else(|| now(api), |since| changes(&api.snapshots[since], &now(api)));
    let size = asked.query("limit").unwrap().parse::<usize>().unwrap();
    let start = asked.query("cursor").map_or(0, |cursor| cursor.trim_start_matches('c').parse().unwrap());
    let (total, end) = (rows.len(), start + size);
    rows.truncate(end);
    let rows = rows.split_off(start.min(rows.len()));
    let more = end < total;
    let next = more.then(|| format!("c{end}"));
    let token = (!more).then(|| {
        let held = now(api);
        api.snapshots.push(held);
        format!("t{}", api.snapshots.len() - 1)
    });
    (Page { rows, more, next, next_url: None, total, pages: total.div_ceil(size) }, token)
}

/// What the API holds, by id.
fn now(api: &Api) -> Vec<Value> {
    let mut held: Vec<Value> = api.items.iter().map(|item| item.value.clone()).collect();
    held.sort_by_key(|row| text(&row["id"]));
    held
}

/// The items that are new or other than they were, and tombstones of those that are gone.
fn changes(then: &[Value], now: &[Value]) -> Vec<Value> {
    let is_gone = |row: &&Value| !now.iter().any(|held| held["id"] == row["id"]);
    let gone = then.iter().filter(is_gone).map(|row| json!({ "id": row["id"], "deleted": true }));
    now.iter().filter(|row| !then.contains(row)).cloned().chain(gone).collect()
}
