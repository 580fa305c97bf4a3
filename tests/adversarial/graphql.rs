//! The API as GraphQL speaks of it: lists and look-ups are posted with variables and answered inside `data`.

use serde_json::{Value, json};

use crate::api::{Api, Page, text};
use crate::http::{Asked, Reply};

/// The provider file that speaks so.
pub(crate) const PROVIDER: &str = include_str!("world/graphql.yaml");

/// The honest answer to a list request.
pub(crate) fn honest(api: &mut Api, asked: &Asked) -> Reply {
    let page = page(api, asked);
    deliver(api, &page)
}

/// The page that an honest API answers with.
pub(crate) fn page(api: &Api, asked: &Asked) -> Page {
    api.page(&plain(asked))
}

/// Delivers a page whole.
pub(crate) fn deliver(api: &mut Api, page: &Page) -> Reply {
    api.deliver_as(page, body(page))
}

/// A page as it is written: the cursor is always that of its last row.
pub(crate) fn body(page: &Page) -> Value {
    let cursor = page.rows.last().map(|row| format!("{}~{}", row["created"], text(&row["id"])));
    let info = json!({ "hasNextPage": page.more, "endCursor": cursor });
    json!({ "data": { "charges": { "nodes": page.rows, "pageInfo": info } } })
}

/// What an honest API answers to a look-up: a node for each id, or null.
pub(crate) fn look_up(api: &mut Api, asked: &Asked) -> Reply {
    Reply::json(200, json!({ "data": { "nodes": nodes(api, asked) } }))
}

/// What an honest API has under the ids of a look-up.
pub(crate) fn nodes(api: &Api, asked: &Asked) -> Vec<Value> {
    let ids = variables(asked)["ids"].as_array().unwrap().clone();
    ids.iter().map(|id| api.find(&text(id)).map_or(Value::Null, |item| item.value.clone())).collect()
}

/// The cursor of a list request.
pub(crate) fn cursor(asked: &Asked) -> Option<String> {
    variables(asked)["at"].as_str().map(str::to_owned)
}

/// The list request as other lists take it: its variables are parameters.
fn plain(asked: &Asked) -> Asked {
    let variables = variables(asked);
    let mut plain = asked.clone();
    for (name, parameter) in
        [("n", "limit"), ("at", "cursor"), ("from", "created[gte]"), ("to", "created[lt]")]
    {
        if !variables[name].is_null() {
            plain = plain.with(parameter, &text(&variables[name]));
        }
    }
    plain
}

fn variables(asked: &Asked) -> Value {
    let body: Value = serde_json::from_str(&asked.body).unwrap();
    assert!(body["query"].is_string(), "GraphQL is sent as a query with its variables: {body}");
    body["variables"].clone()
}
