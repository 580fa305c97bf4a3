//! Whole walks over a simulated provider. Whatever it holds and wherever its pages are cut, a walk that comes to its end
//! shows exactly what the provider holds in the window, which an oracle finds out by looking at every row.

mod advancing;
mod changes;
mod older;
mod rekeyed;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{DOMAIN, line, on_feed, provider};
use crate::compare::{CLOCK, KEY};
use crate::define::definition::{Definition, Settings};
use crate::instant::Instant;
use crate::key::Key;
use crate::page::{Answer, Next, PageRequest, Response, Target};
use crate::reconciler::Reconciler;
use crate::window::{Purpose, Slice, Window};

/// A row of a provider: its id and the second of its clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    id: i64,
    at: i64,
}

impl Row {
    /// As the provider writes it.
    fn json(self) -> Value {
        json!({ "id": self.id, "created_at": self.at })
    }
}

/// A feed with this query and these other words.
fn feed(query: &str, words: &str) -> Definition {
    let text = format!(
        "provider: shop
base: https://api.example.com/v1
feeds:
  orders:
    request: GET /orders
    query: {query}
    rows: data
    id: id
    mutable: false
    confirm: {{one: \"GET /orders/{{id}}\", gone: 404}}
{words}"
    );
    on_feed(&provider(&text), DOMAIN, &Settings::default())
}

/// The seconds from `from` on and before `to`.
fn seconds(from: i64, to: i64) -> Slice {
    let at = |second: i64| Instant::from_micros(second * 1_000_000);
    Slice::new(Window::new(at(from), at(to)).unwrap(), Purpose::Coverage)
}

/// The parameters of a request.
type Query = BTreeMap<String, String>;

/// A parameter that is a number.
fn number(query: &Query, name: &str) -> Option<i64> {
    query.get(name).map(|text| text.parse().unwrap())
}

/// How a walk came to its end.
#[derive(Debug, PartialEq)]
enum End {
    /// By the provider's own word.
    Whole,
    /// By asking what it had asked before, which would never end.
    Repeated,
    /// By an answer that is no page.
    Answered(Answer),
    /// By a page that cannot be used.
    Fault(String),
}

/// What came of a walk.
#[derive(Debug)]
struct Walked {
    /// Id and clock of the rows, as they came.
    seen: Vec<(i64, Option<i64>)>,
    /// Ids of deleted items.
    gone: Vec<i64>,
    /// How many requests it took.
    requests: usize,
    /// The token of each page.
    tokens: Vec<Option<String>>,
    end: End,
}

impl Walked {
    /// The ids of the rows in their order, each as often as it came.
    fn ids(&self) -> Vec<i64> {
        let mut ids: Vec<i64> = self.seen.iter().map(|(id, _)| *id).collect();
        ids.sort_unstable();
        ids
    }

    /// The ids of the rows whose clock lies in a range, each once.
    fn ids_within(&self, range: std::ops::Range<i64>) -> BTreeSet<i64> {
        let inside = |at: &Option<i64>| at.is_some_and(|at| range.contains(&at));
        self.seen.iter().filter(|(_, at)| inside(at)).map(|(id, _)| *id).collect()
    }
}

/// Walks over the answers of a provider: a status and a body for the parameters of a request.
fn walk(definition: &Definition, slice: &Slice, mut provider: impl FnMut(&Query) -> (u16, Value)) -> Walked {
    let mut walked =
        Walked { seen: Vec::new(), gone: Vec::new(), requests: 0, tokens: Vec::new(), end: End::Whole };
    let mut request = definition.first_page(slice);
    let mut asked = BTreeSet::new();
    loop {
        if !asked.insert(line(&request)) {
            return Walked { end: End::Repeated, ..walked };
        }
        walked.requests += 1;
        let (status, body) = provider(&parameters(&request));
        let body = body.to_string();
        let response = Response { status, headers: &[], body: body.as_bytes() };
        match definition.answer(&request, &response) {
            Answer::Read => {}
            Answer::Empty => return walked,
            other => return Walked { end: End::Answered(other), ..walked },
        }
        let page = match definition.read_page(slice, &request, &response) {
            Ok(page) => page,
            Err(fault) => return Walked { end: End::Fault(fault.to_string()), ..walked },
        };
        assert!(page.faults.is_empty() && page.gaps.is_empty(), "{page:?}");
        let number = |raw: Option<&str>| raw.and_then(|raw| raw.parse().ok());
        let rows = page.items.iter().map(|item| (number(item.slot(KEY)).unwrap(), number(item.slot(CLOCK))));
        walked.seen.extend(rows);
        walked.gone.extend(page.gone.iter().map(|key: &Key| key.as_str().parse::<i64>().unwrap()));
        walked.tokens.push(page.token);
        match page.next {
            Next::Page(next) => request = next,
            Next::End => return walked,
            Next::Later(later) => panic!("no feed of these is an export: {later:?}"),
        }
    }
}

/// The parameters of a request, or of the link that it follows.
fn parameters(request: &PageRequest) -> Query {
    match &request.target {
        Target::Path { query, .. } => query.iter().cloned().collect(),
        Target::Link(link) => {
            let (_, query) = link.split_once('?').unwrap();
            url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
        }
    }
}

/// A link to the same list with another value of a parameter.
fn link(query: &Query, name: &str, value: i64) -> String {
    let others = query.iter().filter(|(known, _)| *known != name);
    let mut text = url::form_urlencoded::Serializer::new(String::new());
    text.extend_pairs(others).append_pair(name, &value.to_string());
    format!("/orders?{}", text.finish())
}
