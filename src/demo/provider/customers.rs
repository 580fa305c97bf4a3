//! Customers: by their last change, oldest first, an opaque cursor in the body; or many at once by their ids.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use super::ledger::{Entry, Ledger, Shelf, page_size, shown};
use super::refusal::Refusal;

/// How many ids one request may name.
const MAX_IDS: usize = 50;

/// The parameters of the list; instants are RFC 3339, `ids` is separated by commas and excludes the others.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CustomerQuery {
    limit: Option<usize>,
    cursor: Option<String>,
    updated_from: Option<DateTime<Utc>>,
    updated_to: Option<DateTime<Utc>>,
    ids: Option<String>,
}

pub(super) async fn list(
    State(ledger): State<Arc<Ledger>>,
    query: Result<Query<CustomerQuery>, QueryRejection>,
) -> Result<Json<Value>, Refusal> {
    let Query(query) = query?;
    let shelf = ledger.customers.read();
    match &query.ids {
        Some(ids) => named(&shelf, ids),
        None => page(&shelf, &query),
    }
}

pub(super) async fn one(
    State(ledger): State<Arc<Ledger>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    Ok(Json(ledger.customers.read().find(&id)?.data.clone()))
}

fn page(shelf: &Shelf, query: &CustomerQuery) -> Result<Json<Value>, Refusal> {
    let size = page_size(query.limit)?;
    let mut listed = shelf.within(epoch_s(query.updated_from), epoch_s(query.updated_to));
    if let Some(cursor) = &query.cursor {
        let (clock, id) = parse_cursor(cursor)?;
        let start = listed.partition_point(|entry| (entry.clock, entry.id.as_str()) <= (clock, id));
        listed = &listed[start..];
    }
    let (page, more) = listed.split_at(size.min(listed.len()));
    let next_cursor = if more.is_empty() { None } else { page.last().map(cursor_after) };
    Ok(Json(json!({"customers": shown(page), "next_cursor": next_cursor})))
}

/// Ids that the provider does not know are left out without a word, as batch endpoints do.
fn named(shelf: &Shelf, ids: &str) -> Result<Json<Value>, Refusal> {
    let ids: Vec<_> = ids.split(',').collect();
    if ids.len() > MAX_IDS {
        return Err(Refusal::Nonsense(format!("at most {MAX_IDS} ids may be named")));
    }
    let known = shelf.within(None, None).iter().filter(|entry| ids.contains(&entry.id.as_str()));
    Ok(Json(json!({"customers": shown(known), "next_cursor": null})))
}

/// Instants between two seconds are rounded up: no item's clock lies between them.
fn epoch_s(instant: Option<DateTime<Utc>>) -> Option<i64> {
    instant.map(|instant| instant.timestamp() + i64::from(instant.timestamp_subsec_nanos() > 0))
}

fn cursor_after(entry: &Entry) -> String {
    format!("after.{}.{}", entry.clock, entry.id)
}

fn parse_cursor(cursor: &str) -> Result<(i64, &str), Refusal> {
    let parts = cursor.strip_prefix("after.").and_then(|rest| rest.split_once('.'));
    parts
        .and_then(|(clock, id)| Some((clock.parse().ok()?, id)))
        .ok_or_else(|| Refusal::Nonsense("cursor was not issued here".to_owned()))
}
