//! A request with its answer, as a file of a fixture holds them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use tieout_reconcilers::page::{Body, FORM, PageRequest, Target};
use url::Url;

use crate::source::{Question, Reply};

/// Stands for any value.
const ANY: &str = "*";

/// A request and its answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// What is asked.
    pub request: Ask,
    /// What is answered.
    pub response: Say,
}

/// A request. What is left out may be anything; what is given is all there is, and `*` stands for any value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// `GET` or `POST`.
    #[serde(default = "get")]
    pub method: String,
    /// The path below the provider's base, or a whole address where it lies elsewhere.
    pub path: String,
    /// The parameters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<BTreeMap<String, Values>>,
    /// The body: JSON, or the fields of a form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
}

fn get() -> String {
    "GET".to_owned()
}

/// The values of a parameter, which may be given several times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Values {
    /// Once.
    One(String),
    /// Several times, in their order.
    Several(Vec<String>),
}

impl Values {
    /// One or several.
    pub(super) fn of(mut values: Vec<String>) -> Self {
        match values.len() {
            1 => Self::One(values.pop().unwrap_or_default()),
            _ => Self::Several(values),
        }
    }

    pub(super) fn all(&self) -> &[String] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Several(values) => values,
        }
    }
}

/// An answer: either JSON or a text.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Say {
    /// HTTP status.
    #[serde(default = "ok")]
    pub status: u16,
    /// Headers, names in lower case.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// A body of JSON, as it is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Box<RawValue>>,
    /// Another body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

const fn ok() -> u16 {
    200
}

impl Say {
    /// The answer as it is given.
    #[must_use]
    pub fn reply(&self) -> Reply {
        let body = match (&self.body, &self.text) {
            (Some(body), _) => body.get().as_bytes().to_vec(),
            (None, text) => text.as_deref().unwrap_or_default().as_bytes().to_vec(),
        };
        let header = |(name, value): (&String, &String)| (name.to_ascii_lowercase(), value.clone());
        Reply { status: self.status, headers: self.headers.iter().map(header).collect(), body }
    }

    /// Whether it is a success.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl Ask {
    /// A request as it leaves.
    #[must_use]
    pub fn of(question: &Question<'_>) -> Self {
        let mut query: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in question.url.query_pairs() {
            query.entry(name.into_owned()).or_default().push(value.into_owned());
        }
        Self {
            method: question.asked.method.as_str().to_owned(),
            path: below(question),
            query: Some(query.into_iter().map(|(name, all)| (name, Values::of(all))).collect()),
            body: body_of(question.asked),
        }
    }

    /// A request before anybody knows where the provider is; nothing where it follows a link.
    #[must_use]
    pub fn of_request(asked: &PageRequest) -> Option<Self> {
        let Target::Path { path, query } = &asked.target else { return None };
        let base = Url::parse("https://base.invalid").ok()?;
        let mut url = base.clone();
        url.set_path(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Some(Self::of(&Question { asked, url: &url, base: &base }))
    }

    /// How well a request that leaves fits this one: the more of it is named here, the better. Nothing where it does not fit.
    #[must_use]
    pub fn fits(&self, asked: &Self) -> Option<usize> {
        if !self.method.eq_ignore_ascii_case(&asked.method) || self.path != asked.path {
            return None;
        }
        let query = match (&self.query, &asked.query) {
            (None, _) => 0,
            (Some(named), sent) => 1 + fit_of_query(named, sent.as_ref())?,
        };
        let body = match (&self.body, &asked.body) {
            (None, _) => 0,
            (Some(named), Some(sent)) => 1 + fit_of_json(named, sent)?,
            (Some(_), None) => return None,
        };
        Some(query + body)
    }

    /// The request on one line.
    #[must_use]
    pub fn line(&self) -> String {
        let query = self
            .query
            .iter()
            .flatten()
            .flat_map(|(name, values)| values.all().iter().map(move |value| format!("{name}={value}")));
        let query = query.collect::<Vec<_>>().join("&");
        let mark = if query.is_empty() { "" } else { "?" };
        let body = self.body.as_ref().map(|body| format!(" {body}")).unwrap_or_default();
        format!("{} {}{mark}{query}{body}", self.method, self.path)
    }
}

fn fit_of_query(named: &BTreeMap<String, Values>, sent: Option<&BTreeMap<String, Values>>) -> Option<usize> {
    let none = BTreeMap::new();
    let sent = sent.unwrap_or(&none);
    if named.len() != sent.len() {
        return None;
    }
    let fit = |(name, values): (&String, &Values)| {
        let there = sent.get(name)?;
        if values.all() == [ANY] {
            return Some(0);
        }
        (values.all() == there.all()).then_some(1)
    };
    named.iter().map(fit).sum()
}

fn fit_of_json(named: &Value, sent: &Value) -> Option<usize> {
    match (named, sent) {
        (Value::String(any), _) if any == ANY => Some(0),
        (Value::Object(named), Value::Object(sent)) if named.len() == sent.len() => {
            named.iter().map(|(name, value)| fit_of_json(value, sent.get(name)?)).sum()
        }
        (Value::Array(named), Value::Array(sent)) if named.len() == sent.len() => {
            named.iter().zip(sent).map(|(named, sent)| fit_of_json(named, sent)).sum()
        }
        (named, sent) => (named == sent).then_some(1),
    }
}

/// The path below the base; the whole address, without its query, where it lies elsewhere.
fn below(question: &Question<'_>) -> String {
    let (url, base) = (question.url, question.base);
    let root = base.path().trim_end_matches('/');
    match url.path().strip_prefix(root) {
        Some(path) if url.origin() == base.origin() && (path.is_empty() || path.starts_with('/')) => {
            path.to_owned()
        }
        _ => format!("{}{}", url.origin().ascii_serialization(), url.path()),
    }
}

fn body_of(asked: &PageRequest) -> Option<Value> {
    let Body { content_type, text } = asked.body.as_ref()?;
    if *content_type == FORM {
        let fields = url::form_urlencoded::parse(text.as_bytes());
        let fields = fields.map(|(name, value)| (name.into_owned(), Value::from(value.into_owned())));
        return Some(Value::Object(fields.collect()));
    }
    Some(serde_json::from_str(text).unwrap_or_else(|_| Value::from(text.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ask(text: Value) -> Ask {
        serde_json::from_value(text).unwrap()
    }

    #[test]
    fn a_request_fits_what_names_it_and_the_more_it_names_the_better() {
        let sent = ask(json!({"path": "/charges", "query": {"limit": "100", "after": "ch_2"}}));
        let fit = |named: Value| ask(named).fits(&sent);
        assert_eq!(fit(json!({"path": "/charges"})), Some(0));
        assert_eq!(fit(json!({"path": "/charges", "query": {"limit": "*", "after": "ch_2"}})), Some(2));
        assert_eq!(fit(json!({"path": "/charges", "query": {"limit": "100", "after": "ch_2"}})), Some(3));
        assert_eq!(fit(json!({"path": "/charges", "query": {"limit": "100"}})), None, "it says all there is");
        assert_eq!(fit(json!({"path": "/charges", "query": {"limit": "50", "after": "ch_2"}})), None);
        assert_eq!(fit(json!({"method": "POST", "path": "/charges"})), None);
        assert_eq!(fit(json!({"path": "/charges/ch_2"})), None);
    }

    #[test]
    fn a_posted_body_fits_member_by_member() {
        let sent = ask(
            json!({"method": "POST", "path": "/graphql", "body": {"query": "q", "variables": {"n": 100}}}),
        );
        let fit = |body: Value| ask(json!({"method": "POST", "path": "/graphql", "body": body})).fits(&sent);
        assert_eq!(fit(json!({"query": "*", "variables": {"n": 100}})), Some(2));
        assert_eq!(fit(json!({"query": "q", "variables": {"n": 50}})), None);
        assert_eq!(fit(json!({"query": "q"})), None);
    }
}
