//! What really went over the wire, as the server saw it.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde_json::Value;
use wiremock::Request;

/// A request with its answer.
#[derive(Debug, Clone)]
pub(super) struct Exchange {
    pub host: String,
    pub method: String,
    pub path: String,
    /// Decoded, in the order they were sent.
    pub query: Vec<(String, String)>,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: String,
    pub at: SystemTime,
    pub status: u16,
    /// Names in lower case.
    pub answered: BTreeMap<String, String>,
    pub answer: String,
    pub takes_ms: u64,
}

impl Exchange {
    /// A request that is not answered yet.
    pub(super) fn of(host: &str, request: &Request) -> Self {
        let headers = request.headers.iter();
        Self {
            host: host.to_owned(),
            method: request.method.to_string(),
            path: percent_decoded(request.url.path()),
            query: request.url.query_pairs().into_owned().collect(),
            headers: headers
                .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()))
                .collect(),
            body: String::from_utf8_lossy(&request.body).into_owned(),
            at: SystemTime::now(),
            status: 0,
            answered: BTreeMap::new(),
            answer: String::new(),
            takes_ms: 0,
        }
    }

    /// The body that was sent, if it is JSON.
    pub(super) fn sent(&self) -> Option<Value> {
        serde_json::from_str(&self.body).ok()
    }

    /// The form that was sent.
    pub(super) fn form(&self) -> BTreeMap<String, String> {
        url::form_urlencoded::parse(self.body.as_bytes()).into_owned().collect()
    }

    /// The answer, if it is JSON.
    pub(super) fn said(&self) -> Value {
        serde_json::from_str(&self.answer).unwrap_or_default()
    }

    /// Whether the same was asked again.
    pub(super) fn repeats(&self, other: &Self) -> bool {
        (&self.host, &self.method, &self.path, &self.query, &self.body)
            == (&other.host, &other.method, &other.path, &other.query, &other.body)
    }

    /// Whether the request fetched an access token.
    pub(super) fn is_login(&self) -> bool {
        self.form().contains_key("grant_type")
            || self.sent().is_some_and(|sent| sent["grant_type"].is_string())
    }

    /// Everything that says what is asked: named parts of query, headers and body.
    pub(super) fn parts(&self) -> BTreeMap<String, String> {
        let mut parts: BTreeMap<String, String> =
            self.query.iter().map(|(name, value)| (format!("query {name}"), value.clone())).collect();
        parts.insert("path".to_owned(), self.path.clone());
        match self.sent() {
            Some(sent) => {
                parts.extend(leaves(&sent).into_iter().map(|(at, leaf)| (format!("body {at}"), text(leaf))));
            }
            None => {
                parts.extend(self.form().into_iter().map(|(name, value)| (format!("form {name}"), value)));
            }
        }
        parts
    }
}

fn percent_decoded(path: &str) -> String {
    let pairs = format!("p={}", path.replace('+', "%2B").replace('&', "%26").replace('=', "%3D"));
    url::form_urlencoded::parse(pairs.as_bytes()).map(|(_, value)| value.into_owned()).collect()
}

/// Every value of a document that holds no other, with its JSON pointer.
pub(super) fn leaves(value: &Value) -> Vec<(String, &Value)> {
    let below =
        |at: String, value| leaves(value).into_iter().map(move |(rest, leaf)| (format!("{at}{rest}"), leaf));
    match value {
        Value::Object(map) => map.iter().flat_map(|(name, value)| below(format!("/{name}"), value)).collect(),
        Value::Array(list) => {
            list.iter().enumerate().flat_map(|(index, value)| below(format!("/{index}"), value)).collect()
        }
        _ => vec![(String::new(), value)],
    }
}

/// A leaf as a request would write it.
pub(super) fn text(leaf: &Value) -> String {
    leaf.as_str().map_or_else(|| leaf.to_string(), str::to_owned)
}
