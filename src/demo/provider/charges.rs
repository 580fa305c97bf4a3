//! Charges: newest first, the last id of a page asks for the next, `has_more` says whether there is one.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::ledger::{Entry, Ledger, page_size, shown};
use super::refusal::Refusal;

/// The parameters of the list.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChargeQuery {
    limit: Option<usize>,
    starting_after: Option<String>,
    #[serde(rename = "created[gte]")]
    created_from: Option<i64>,
    #[serde(rename = "created[lt]")]
    created_to: Option<i64>,
}

pub(super) async fn list(
    State(ledger): State<Arc<Ledger>>,
    query: Result<Query<ChargeQuery>, QueryRejection>,
) -> Result<Json<Value>, Refusal> {
    let Query(query) = query?;
    let size = page_size(query.limit)?;
    let shelf = ledger.charges.read();
    let mut listed = shelf.within(query.created_from, query.created_to);
    if let Some(id) = &query.starting_after {
        let last = shelf.find(id)?;
        listed = older_than(last, listed);
    }
    let (more, page) = listed.split_at(listed.len().saturating_sub(size));
    Ok(Json(json!({"object": "list", "data": shown(page.iter().rev()), "has_more": !more.is_empty()})))
}

pub(super) async fn one(
    State(ledger): State<Arc<Ledger>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    Ok(Json(ledger.charges.read().find(&id)?.data.clone()))
}

fn older_than<'a>(last: &Entry, listed: &'a [Entry]) -> &'a [Entry] {
    let end = listed.partition_point(|entry| (entry.clock, &entry.id) < (last.clock, &last.id));
    &listed[..end]
}
