//! Requests as templates, and their filling in.

use std::borrow::Cow;
use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::checked::{Checked, Fault, FromText, Ordered};
use super::document::Problems;
use super::problem::Spot;
use super::template::{Slot, Template};
use super::value::HeaderName;
use super::words;
use crate::key::Key;
use crate::page::{PageRequest, Target};

/// What is encoded in a path segment: everything but RFC 3986's unreserved characters.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What is encoded in a variable of a path, which may be several segments.
const SEGMENTS: &AsciiSet = &SEGMENT.remove(b'/');

/// A request line: `GET /charges/{id}`, with a query where the definition writes one there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestLine {
    path: Template,
    query: Vec<(String, Template)>,
}

impl FromText for RequestLine {
    fn from_text(text: &str) -> Result<Self, Fault> {
        let example = "write the method and the path below the provider's base, such as `GET /charges`";
        let (method, target) = text
            .split_once(' ')
            .ok_or_else(|| Fault::new(format!("`{text}` is not a request")).with_help(example))?;
        match method {
            "GET" => {}
            "POST" => return Err(Fault::new(words::later("POST")).at("POST")),
            other => {
                return Err(Fault::new(format!("unknown method `{other}`"))
                    .with_help("allowed here: `GET`")
                    .at(other));
            }
        }
        let (path, query) = target.trim().split_once('?').unwrap_or((target.trim(), ""));
        if !path.starts_with('/') {
            return Err(Fault::new(format!("the path `{path}` does not begin with `/`")).with_help(example));
        }
        let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((name.to_owned(), Template::from_text(value)?))
        });
        Ok(Self { path: Template::from_text(path)?, query: pairs.collect::<Result<_, Fault>>()? })
    }
}

/// A request of a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestTemplate {
    path: Template,
    query: Vec<(String, Template)>,
    headers: Vec<(String, Template)>,
}

/// What the placeholders of one request stand for.
#[derive(Debug, Clone, Default)]
pub struct Fill<'a> {
    /// `{size}`.
    pub size: Option<u64>,
    /// `{cursor}`.
    pub cursor: Option<&'a str>,
    /// `{page}`.
    pub page: Option<u64>,
    /// `{offset}`.
    pub offset: Option<u64>,
    /// `{from}`.
    pub from: Option<&'a str>,
    /// `{to}`.
    pub to: Option<&'a str>,
    /// `{id}` and `{ids}`.
    pub keys: &'a [Key],
}

impl<'a> Fill<'a> {
    fn value(&self, slot: &Slot) -> Option<Cow<'a, str>> {
        let number = |n: Option<u64>| n.map(|n| Cow::Owned(n.to_string()));
        match slot {
            Slot::Size => number(self.size),
            Slot::Page => number(self.page),
            Slot::Offset => number(self.offset),
            Slot::Cursor => self.cursor.map(Cow::Borrowed),
            Slot::From => self.from.map(Cow::Borrowed),
            Slot::To => self.to.map(Cow::Borrowed),
            Slot::Id => self.keys.first().map(|key| Cow::Borrowed(key.as_str())),
            Slot::Ids | Slot::IdsCsv => {
                let keys: Vec<&str> = self.keys.iter().map(Key::as_str).collect();
                (!keys.is_empty()).then(|| Cow::Owned(keys.join(",")))
            }
            Slot::Var(_) | Slot::Secret(_) => None,
        }
    }
}

impl RequestTemplate {
    /// The path with something in each of its placeholders.
    #[must_use]
    pub fn sample_path(&self) -> String {
        self.path.render(|_| Some("x".into())).unwrap_or_default()
    }

    /// Puts the parts of a definition together. `may_use` says which placeholders this request can fill, and `always`
    /// which of them are set on every request.
    pub fn compile(
        line: Option<Checked<RequestLine>>,
        query: Ordered<Checked<Template>>,
        headers: Ordered<Checked<Template>>,
        slots: &Slots,
        problems: &mut Problems<'_>,
    ) -> Option<Self> {
        let spot = line.as_ref().map(|line| line.spot).unwrap_or_default();
        let line = problems.take_option(line)?;
        slots.check(&line.path, spot, problems);
        slots.check_always(&line.path, spot, problems);
        for (_, template) in &line.query {
            slots.check(template, spot, problems);
        }
        let pairs = |ordered: Ordered<Checked<Template>>, problems: &mut Problems<'_>| {
            let mut pairs = Vec::new();
            for entry in ordered.0 {
                let spot = entry.value.spot;
                if let Some(template) = problems.take(entry.value) {
                    slots.check(&template, spot, problems);
                    pairs.push((entry.key, entry.spot, template));
                }
            }
            pairs
        };
        let mut all = line.query;
        all.extend(pairs(query, problems).into_iter().map(|(key, _, template)| (key, template)));
        let headers = pairs(headers, problems).into_iter().filter_map(|(key, spot, template)| {
            let name = HeaderName::from_text(&key).map_err(|fault| problems.add(spot, fault)).ok()?;
            Some((name.0, template))
        });
        Some(Self { path: line.path, query: all, headers: headers.collect() })
    }

    /// Whether any part of the request uses a placeholder.
    #[must_use]
    pub fn uses(&self, slot: &Slot) -> bool {
        self.templates().any(|template| template.uses(slot))
    }

    fn templates(&self) -> impl Iterator<Item = &Template> {
        let pairs = self.query.iter().chain(&self.headers).map(|(_, template)| template);
        std::iter::once(&self.path).chain(pairs)
    }

    /// Puts variables in place; the error is a variable that must be set and is not.
    pub fn bind(&self, vars: &BTreeMap<String, String>) -> Result<Self, Slot> {
        let pairs = |pairs: &[(String, Template)]| -> Result<Vec<_>, Slot> {
            let bound =
                pairs.iter().map(|(name, template)| Ok(template.bind(vars)?.map(|t| (name.clone(), t))));
            bound.filter_map(Result::transpose).collect()
        };
        let missing =
            self.path.slots().find(|slot| matches!(slot, Slot::Var(name) if !vars.contains_key(&**name)));
        let encode = |(name, value): (&String, &String)| {
            (name.clone(), utf8_percent_encode(value, SEGMENTS).to_string())
        };
        let encoded: BTreeMap<String, String> = vars.iter().map(encode).collect();
        let path = match (self.path.bind(&encoded)?, missing) {
            (Some(path), None) => path,
            (_, missing) => return Err(missing.cloned().unwrap_or(Slot::Id)),
        };
        Ok(Self { path, query: pairs(&self.query)?, headers: pairs(&self.headers)? })
    }

    /// The request for some values, at the beginning of a walk.
    #[must_use]
    pub fn render(&self, fill: &Fill<'_>) -> PageRequest {
        let encoded = |slot: &Slot| {
            fill.value(slot).map(|value| Cow::Owned(utf8_percent_encode(&value, SEGMENT).to_string()))
        };
        let path = self.path.render(encoded).unwrap_or_default();
        let mut query = Vec::new();
        for (name, template) in &self.query {
            if template.is_only(&Slot::Ids) {
                query.extend(fill.keys.iter().map(|key| (name.clone(), key.as_str().to_owned())));
            } else if let Some(value) = template.render(|slot| fill.value(slot)) {
                query.push((name.clone(), value));
            }
        }
        let headers = self.headers.iter();
        let headers =
            headers.filter_map(|(name, t)| Some((name.clone(), t.render(|slot| fill.value(slot))?)));
        PageRequest { headers: headers.collect(), ..PageRequest::get(Target::Path { path, query }) }
    }
}

/// Which placeholders a request can use.
#[derive(Debug, Clone, Default)]
pub struct Slots {
    /// Set on every request.
    pub always: Vec<Slot>,
    /// Set on some requests.
    pub sometimes: Vec<Slot>,
    /// Why the others are not set, for the help line.
    pub why: String,
}

impl Slots {
    fn check(&self, template: &Template, spot: Spot, problems: &mut Problems<'_>) {
        for slot in template.slots() {
            let known = self.always.contains(slot) || self.sometimes.contains(slot);
            let fault = match slot {
                Slot::Secret(_) => Fault::new(format!("`{slot}` may only stand in `auth`")),
                Slot::Var(_) => continue,
                _ if known => continue,
                _ => Fault::new(format!("`{slot}` is never set in this request")).with_help(self.why.clone()),
            };
            problems.add(spot, fault.at(slot.to_string()));
        }
        if template.uses(&Slot::Ids) && !template.is_only(&Slot::Ids) {
            problems.add(
                spot,
                Fault::new("`{ids}` must stand alone").with_help("write `{ids:csv}` inside a text"),
            );
        }
        let sometimes = template.slots().find(|slot| self.sometimes.contains(slot));
        let always = template.slots().find(|slot| !self.sometimes.contains(slot));
        if let (Some(sometimes), Some(always)) = (sometimes, always) {
            let message =
                format!("`{sometimes}` is not set on every page, so it cannot share a text with `{always}`");
            problems.add(spot, Fault::new(message).at(sometimes.to_string()));
        }
    }

    /// A path cannot lose a part of itself.
    fn check_always(&self, path: &Template, spot: Spot, problems: &mut Problems<'_>) {
        if let Some(slot) = path.slots().find(|slot| self.sometimes.contains(slot)) {
            let message = format!("`{slot}` is not set on every page, so it cannot be part of the path");
            problems.add(spot, Fault::new(message).at(slot.to_string()));
        }
        if let Some(slot) = path.slots().find(|slot| matches!(slot, Slot::Ids | Slot::IdsCsv)) {
            let message = format!("`{slot}` cannot be part of the path");
            problems.add(spot, Fault::new(message).at(slot.to_string()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_values_are_encoded_and_lists_repeat_their_parameter() {
        let line = RequestLine::from_text("GET /orders/{id}/x?user={id}&flag=").unwrap();
        let mut query = line.query.clone();
        query.push(("ids[]".to_owned(), Template::from_text("{ids}").unwrap()));
        query.push(("csv".to_owned(), Template::from_text("{ids:csv}").unwrap()));
        query.push(("after".to_owned(), Template::from_text("{cursor}").unwrap()));
        let request = RequestTemplate { path: line.path, query, headers: Vec::new() };
        let keys = [Key::checked("a/b ?#é").unwrap(), Key::checked("2").unwrap()];
        let rendered = request.render(&Fill { keys: &keys, ..Fill::default() });
        let Target::Path { path, query } = rendered.target else { panic!("not a path") };
        assert_eq!(path, "/orders/a%2Fb%20%3F%23%C3%A9/x");
        let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(query, ["user=a/b ?#é", "flag=", "ids[]=a/b ?#é", "ids[]=2", "csv=a/b ?#é,2"]);
    }

    #[test]
    fn what_is_not_a_get_request_is_refused() {
        for bad in ["/charges", "GET charges", "FETCH /x", "POST /search", "GET /x/{nope}"] {
            assert!(RequestLine::from_text(bad).is_err(), "{bad} was accepted");
        }
    }
}
