//! Which answer a request gets, and its head. Routes: the list of charges, one charge, and `/_traffic`, the control
//! endpoint of the benchmark, which is not counted.

use std::io::Write as _;

use serde_json::json;

use super::{Provider, connection::Request, query, query::Refusal};
use crate::catalogue::Page;

pub(super) enum Answer<'p> {
    Page(Page<'p>),
    Charge(&'p [u8]),
    Document(Status, String),
}

#[derive(Clone, Copy)]
pub(super) enum Status {
    Ok,
    BadRequest,
    NotFound,
    MethodNotAllowed,
    Unavailable,
}

impl<'p> Answer<'p> {
    /// Decides the answer and counts the request.
    pub(super) fn to(request: &Request, provider: &'p Provider) -> Self {
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        match (request.method.as_str(), path) {
            ("GET", "/_traffic") => Self::Document(Status::Ok, json!(provider.traffic.report()).to_string()),
            ("DELETE", "/_traffic") => {
                provider.traffic.forget();
                Self::Document(Status::Ok, "{}".to_owned())
            }
            ("GET", "/v1/charges") => Self::list(query, provider).unwrap_or_else(|refusal| refused(&refusal)),
            ("GET", path) if path.starts_with("/v1/charges/") => {
                Self::charge(&path["/v1/charges/".len()..], provider)
                    .unwrap_or_else(|refusal| refused(&refusal))
            }
            ("GET", path) => refused(&Refusal::NoSuchPath(path.to_owned())),
            (method, _) => refused(&Refusal::NoSuchMethod(method.to_owned())),
        }
    }

    fn list(query: &str, provider: &'p Provider) -> Result<Self, Refusal> {
        let pages = provider.traffic.count_page();
        if provider.outage.as_ref().is_some_and(|outage| outage.is_on(pages)) {
            return Err(Refusal::Outage);
        }
        let selection = query::selection(query, provider.catalogue.population())?;
        Ok(Self::Page(provider.catalogue.page(&selection)))
    }

    fn charge(id: &str, provider: &'p Provider) -> Result<Self, Refusal> {
        provider.traffic.count_lookup();
        let position = provider.catalogue.population().position(id);
        let position =
            position.ok_or_else(|| Refusal::NoSuchCharge { id: id.to_owned(), parameter: "id" })?;
        Ok(Self::Charge(provider.catalogue.item(position)))
    }

    /// Replaces `head` by everything that precedes the items; what is returned follows it.
    pub(super) fn write_head<'a>(&'a self, date: &str, head: &mut Vec<u8>) -> [&'a [u8]; 2] {
        let (status, [opening, items, tail]): (_, [&[u8]; 3]) = match self {
            Self::Page(page) => (Status::Ok, page.parts()),
            Self::Charge(item) => (Status::Ok, [b"", item, b""]),
            Self::Document(status, body) => (*status, [b"", body.as_bytes(), b""]),
        };
        let (line, length) = (status.line(), opening.len() + items.len() + tail.len());
        head.clear();
        // Writing into a Vec cannot fail.
        let _ = write!(
            head,
            "HTTP/1.1 {line}\r\nDate: {date}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        );
        head.extend_from_slice(opening);
        [items, tail]
    }
}

impl Status {
    fn line(self) -> &'static str {
        match self {
            Self::Ok => "200 OK",
            Self::BadRequest => "400 Bad Request",
            Self::NotFound => "404 Not Found",
            Self::MethodNotAllowed => "405 Method Not Allowed",
            Self::Unavailable => "500 Internal Server Error",
        }
    }
}

/// An error in Stripe's shape.
fn refused<'p>(refusal: &Refusal) -> Answer<'p> {
    let (status, code, parameter) = match refusal {
        Refusal::NoSuchCharge { parameter: "id", .. } => (Status::NotFound, "resource_missing", Some("id")),
        Refusal::NoSuchCharge { parameter, .. } => (Status::BadRequest, "resource_missing", Some(*parameter)),
        Refusal::UnknownParameter(name) => (Status::BadRequest, "parameter_unknown", Some(name.as_str())),
        Refusal::InvalidNumber { parameter, .. } => {
            (Status::BadRequest, "parameter_invalid_integer", Some(parameter.as_str()))
        }
        Refusal::NoSuchPath(_) => (Status::NotFound, "url_invalid", None),
        Refusal::Outage => (Status::Unavailable, "api_error", None),
        Refusal::NoSuchMethod(_) => (Status::MethodNotAllowed, "method_invalid", None),
    };
    let error = json!({
        "code": code, "message": refusal.to_string(), "param": parameter, "type": "invalid_request_error",
    });
    Answer::Document(status, json!({ "error": error }).to_string())
}
