//! Refunds: oldest first, a bare array, and an RFC 8288 `Link` header with a relative target for the next page.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::Value;
use url::form_urlencoded;

use super::ledger::{Ledger, page_size, shown};
use super::refusal::Refusal;

/// The parameters of the list; `page` counts from 1, `since` and `until` are epoch seconds.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RefundQuery {
    limit: Option<usize>,
    page: Option<usize>,
    since: Option<i64>,
    until: Option<i64>,
}

pub(super) async fn list(
    State(ledger): State<Arc<Ledger>>,
    query: Result<Query<RefundQuery>, QueryRejection>,
) -> Result<Response, Refusal> {
    let Query(query) = query?;
    let size = page_size(query.limit)?;
    let number = query.page.unwrap_or(1);
    let skipped = number.checked_sub(1).and_then(|before| before.checked_mul(size));
    let skipped = skipped.ok_or_else(|| Refusal::Nonsense("page must be at least 1".to_owned()))?;

    let shelf = ledger.refunds.read();
    let rest = shelf.within(query.since, query.until).get(skipped..).unwrap_or_default();
    let (page, more) = rest.split_at(size.min(rest.len()));
    let body = Json(Value::Array(shown(page)));
    if more.is_empty() {
        return Ok(body.into_response());
    }
    let link = format!("<{}>; rel=\"next\", <{}>; rel=\"first\"", query.target(number + 1), query.target(1));
    Ok(([(header::LINK, link)], body).into_response())
}

pub(super) async fn one(
    State(ledger): State<Arc<Ledger>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    Ok(Json(ledger.refunds.read().find(&id)?.data.clone()))
}

impl RefundQuery {
    /// The same list at another page, as a path on this server.
    fn target(&self, page: usize) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in [
            ("limit", self.limit.map(|limit| limit.to_string())),
            ("since", self.since.map(|since| since.to_string())),
            ("until", self.until.map(|until| until.to_string())),
            ("page", Some(page.to_string())),
        ] {
            query.extend_pairs(value.map(|value| (name, value)));
        }
        format!("/v1/refunds?{}", query.finish())
    }
}
