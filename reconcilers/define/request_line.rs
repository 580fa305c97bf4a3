//! A request on one line: `GET /charges/{id}`, with a query where the definition writes one there.

use super::checked::{Fault, FromText};
use super::template::Template;
use super::words;
use crate::page::Method;

/// The method, path and query of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestLine {
    pub(super) method: Method,
    pub(super) path: Template,
    pub(super) query: Vec<(String, Template)>,
}

impl FromText for RequestLine {
    const WHAT: &'static str = "request";
    const EXAMPLES: &'static [&'static str] = &["GET /orders/{id}"];

    fn from_text(text: &str) -> Result<Self, Fault> {
        const METHODS: &[(&str, Method)] = &[("GET", Method::Get), ("POST", Method::Post)];
        let example = "write the method and the path below the provider's base, such as `GET /charges`";
        let (method, target) = text
            .split_once(' ')
            .ok_or_else(|| Fault::new(format!("`{text}` is not a request")).with_help(example))?;
        let method = words::choose("method", method, METHODS).map_err(|fault| fault.at(method))?;
        let (path, query) = target.trim().split_once('?').unwrap_or((target.trim(), ""));
        if !path.starts_with('/') {
            return Err(Fault::new(format!("the path `{path}` does not begin with `/`")).with_help(example));
        }
        let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((name.to_owned(), Template::from_text(value)?))
        });
        let query = pairs.collect::<Result<_, Fault>>()?;
        Ok(Self { method, path: Template::from_text(path)?, query })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_reading_request_is_refused() {
        for bad in ["/charges", "GET charges", "FETCH /x", "PUT /search", "GET /x/{nope}", "get /x"] {
            assert!(RequestLine::from_text(bad).is_err(), "{bad} was accepted");
        }
        assert_eq!(RequestLine::from_text("POST /search").unwrap().method, Method::Post);
    }
}
