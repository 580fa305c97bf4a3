//! A third-party API as a test arranges it: charges in memory, served newest first by cursor, with faults on demand.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use wiremock::matchers::{method, path_regex};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

/// What the API does instead of answering a list request.
#[derive(Clone)]
pub(crate) enum Fault {
    /// Answers with a status and a body of a content type.
    Says(u16, &'static str, String),
    /// Answers with these headers beside a status.
    Throttles(u16, &'static str),
    /// Answers only after so long.
    Hangs(Duration),
}

/// What the API holds.
#[derive(Default)]
pub(crate) struct Shelf {
    pub(crate) charges: Vec<Value>,
    /// Taken one by one by list requests; `None` answers normally.
    pub(crate) faults: VecDeque<Option<Fault>>,
    /// Answers every list request, once the queue above is empty.
    pub(crate) always: Option<Fault>,
    /// Query strings of list requests, in order.
    pub(crate) lists: Vec<String>,
    /// Whether pages are named by an `ETag`, and not sent again where they are unchanged.
    pub(crate) names_pages: bool,
    /// How often a page was said to be unchanged.
    pub(crate) unchanged: usize,
    /// Keys that were looked up, in order.
    pub(crate) look_ups: Vec<String>,
    /// Changes the whole list body, for pages that lie.
    pub(crate) rewrite: Option<fn(&mut Value)>,
    /// How long a list request takes.
    pub(crate) pace: std::time::Duration,
}

/// The running API.
pub(crate) struct Api {
    pub(crate) server: MockServer,
    pub(crate) shelf: Arc<Mutex<Shelf>>,
}

impl Api {
    pub(crate) async fn start() -> Self {
        let server = MockServer::start().await;
        let shelf = Arc::new(Mutex::new(Shelf::default()));
        let mount = |pattern: &str, responder: Responder| {
            Mock::given(method("GET")).and(path_regex(pattern)).respond_with(responder)
        };
        mount("^/v1/charges$", Responder::List(Arc::clone(&shelf))).mount(&server).await;
        mount("^/v1/charges/.+$", Responder::One(Arc::clone(&shelf))).mount(&server).await;
        Self { server, shelf }
    }

    /// Changes what the API holds.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Shelf)) {
        change(&mut self.shelf.lock().unwrap());
    }

    pub(crate) fn requests(&self) -> usize {
        let held = self.shelf.lock().unwrap();
        held.lists.len() + held.look_ups.len()
    }
}

enum Responder {
    List(Arc<Mutex<Shelf>>),
    One(Arc<Mutex<Shelf>>),
}

impl Respond for Responder {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        match self {
            Self::List(held) => {
                let mut held = held.lock().unwrap();
                let answer = list(&mut held, request);
                if held.pace.is_zero() { answer } else { answer.set_delay(held.pace) }
            }
            Self::One(held) => one(&mut held.lock().unwrap(), request),
        }
    }
}

fn list(shelf: &mut Shelf, request: &Request) -> ResponseTemplate {
    shelf.lists.push(request.url.query().unwrap_or_default().to_owned());
    let fault = shelf.faults.pop_front().unwrap_or_else(|| shelf.always.clone());
    match fault {
        Some(Fault::Says(status, kind, body)) => {
            return ResponseTemplate::new(status).set_body_raw(body, kind);
        }
        Some(Fault::Throttles(status, retry_after)) => {
            return ResponseTemplate::new(status).insert_header("retry-after", retry_after);
        }
        Some(Fault::Hangs(time)) => return ResponseTemplate::new(200).set_delay(time),
        None => {}
    }
    let asked = |name: &str| {
        request.url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    };
    let number = |name: &str| asked(name).map(|text| text.parse::<i64>().unwrap());
    let (from, to) = (number("created[gte]").unwrap_or(i64::MIN), number("created[lt]").unwrap_or(i64::MAX));
    let mut rows: Vec<&Value> = shelf
        .charges
        .iter()
        .filter(|c| (from..to).contains(&c["created"].as_i64().unwrap_or(from)))
        .collect();
    rows.sort_by_key(|c| std::cmp::Reverse((c["created"].as_i64(), c["id"].to_string())));
    if asked("sort").as_deref() == Some("id") {
        rows.sort_by_key(|c| c["id"].to_string());
    }
    rows.retain(|c| asked("id[gt]").is_none_or(|last| c["id"].as_str().is_some_and(|id| *id > *last)));
    let start = asked("starting_after")
        .and_then(|id| rows.iter().position(|c| c["id"].as_str() == Some(&id)))
        .map_or(0, |at| at + 1);
    let limit = usize::try_from(number("limit").unwrap_or(10)).unwrap();
    let page: Vec<&Value> = rows.iter().skip(start).take(limit).copied().collect();
    let mut body = json!({ "object": "list", "data": page, "has_more": start + page.len() < rows.len() });
    if let Some(rewrite) = shelf.rewrite {
        rewrite(&mut body);
    }
    if shelf.names_pages {
        named(shelf, request, &body)
    } else {
        ResponseTemplate::new(200).set_body_json(body)
    }
}

/// A page with its name, or the word that it has the name that the request knows.
fn named(shelf: &mut Shelf, request: &Request, body: &Value) -> ResponseTemplate {
    let mut hasher = DefaultHasher::new();
    body.to_string().hash(&mut hasher);
    let name = format!("\"{:x}\"", hasher.finish());
    if request.headers.get("if-none-match").is_some_and(|known| known == name.as_str()) {
        shelf.unchanged += 1;
        return ResponseTemplate::new(304).insert_header("etag", name.as_str());
    }
    ResponseTemplate::new(200).set_body_json(body).insert_header("etag", name.as_str())
}

fn one(shelf: &mut Shelf, request: &Request) -> ResponseTemplate {
    let id = request.url.path_segments().and_then(Iterator::last).unwrap_or_default();
    let id = percent_encoding::percent_decode_str(id).decode_utf8().unwrap().into_owned();
    let found = shelf.charges.iter().find(|charge| charge["id"].as_str() == Some(&id)).cloned();
    shelf.look_ups.push(id);
    match found {
        Some(charge) => ResponseTemplate::new(200).set_body_json(charge),
        None => ResponseTemplate::new(404)
            .set_body_json(json!({ "error": { "code": "resource_missing", "message": "No such charge" } })),
    }
}
