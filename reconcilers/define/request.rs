//! Requests as templates, and their filling in.

use std::collections::{BTreeSet, HashMap};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::body::Tree;
use super::fill::Fill;
use super::lang::Lang;
use super::placeholder::{Format, Placeholder};
use super::template::{Known, Slot, Template};
use crate::page::{Body, Method, PageRequest, Target};

/// What is encoded in a path segment: everything but RFC 3986's unreserved characters.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What is encoded in a variable of a path, which may be several segments.
const SEGMENTS: &AsciiSet = &SEGMENT.remove(b'/');

/// The name under which `keep` keeps the body whole.
pub(super) const BODY: &str = "body";

/// A request of a definition.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestTemplate {
    pub(super) method: Method,
    pub(super) path: Template,
    pub(super) query: Vec<(String, Template)>,
    pub(super) headers: Vec<(String, Template)>,
    pub(super) payload: Payload,
    /// Whether it is answered as GraphQL answers.
    pub(super) is_graphql: bool,
    /// How each key is written in a list of keys.
    pub(super) ids_as: Option<Tree>,
    pub(super) lang: Option<Lang>,
}

/// What a request sends.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Payload {
    Nothing,
    Json(Tree),
    Form(Vec<(String, Template)>),
}

impl RequestTemplate {
    /// The path with something in each of its placeholders.
    #[must_use]
    pub fn sample_path(&self) -> String {
        self.path.render(|_| Some("x".into())).unwrap_or_default()
    }

    /// Whether any part of the request uses a placeholder.
    #[must_use]
    pub fn uses(&self, slot: &Slot) -> bool {
        self.places().iter().any(|place| place.slot == *slot)
    }

    /// Whether some list of keys in it would read a key with a comma as two.
    #[must_use]
    pub fn splits_at_commas(&self) -> bool {
        self.places().iter().any(|place| place.format == Some(Format::Csv))
    }

    /// The names of the values of a fan-out that it uses.
    pub fn each_names(&self) -> BTreeSet<&str> {
        self.places().into_iter().filter_map(name_of).collect()
    }

    pub(super) fn places(&self) -> Vec<&Placeholder> {
        let pairs = self.query.iter().chain(&self.headers).chain(self.form()).map(|(_, template)| template);
        let mut places: Vec<&Placeholder> =
            std::iter::once(&self.path).chain(pairs).flat_map(Template::places).collect();
        if let Payload::Json(tree) = &self.payload {
            places.extend(tree.places());
        }
        places.extend(self.ids_as.iter().flat_map(Tree::places));
        places
    }

    fn form(&self) -> &[(String, Template)] {
        if let Payload::Form(pairs) = &self.payload { pairs } else { &[] }
    }

    /// What `keep` can name: the parameters, the fields of the body, and the body as a whole.
    pub(super) fn kept_names(&self) -> Vec<&str> {
        let pairs = self.query.iter().chain(self.form()).map(|(name, _)| name.as_str());
        let mut names: Vec<&str> = pairs.collect();
        if let Payload::Json(Tree::Map(entries)) = &self.payload {
            names.extend(entries.iter().map(|(name, _)| name.as_str()));
        }
        if self.payload != Payload::Nothing {
            names.push(BODY);
        }
        names
    }

    /// The request for the pages after the first: only what has a name in `keep` and what holds the cursor.
    #[must_use]
    pub fn keeping(&self, keep: &[String]) -> Self {
        let is_kept = |name: &str| keep.iter().any(|kept| kept == name);
        let pairs = |pairs: &[(String, Template)]| {
            let stays =
                |(name, template): &&(String, Template)| is_kept(name) || template.uses(&Slot::Cursor);
            pairs.iter().filter(stays).cloned().collect()
        };
        let holds_cursor = |tree: &Tree| tree.places().iter().any(|place| place.slot == Slot::Cursor);
        let payload = match &self.payload {
            whole if is_kept(BODY) => whole.clone(),
            Payload::Form(form) => Payload::Form(pairs(form)),
            Payload::Json(Tree::Map(entries)) => {
                let stays = |(name, tree): &&(String, Tree)| is_kept(name) || holds_cursor(tree);
                Payload::Json(Tree::Map(entries.iter().filter(stays).cloned().collect()))
            }
            other => other.clone(),
        };
        Self { query: pairs(&self.query), payload, ..self.clone() }
    }

    /// Puts what is known in place; the error is a placeholder that must be set and is not.
    pub fn bind<'k>(&self, known: &impl Fn(&Slot) -> Known<'k>) -> Result<Self, Slot> {
        let pairs = |pairs: &[(String, Template)]| -> Result<Vec<_>, Slot> {
            let bound = pairs
                .iter()
                .map(|(name, template)| Ok(template.bind_with(known)?.map(|t| (name.clone(), t))));
            bound.filter_map(Result::transpose).collect()
        };
        let payload = match &self.payload {
            Payload::Nothing => Payload::Nothing,
            Payload::Json(tree) => tree.bind(known)?.map_or(Payload::Nothing, Payload::Json),
            Payload::Form(form) => Payload::Form(pairs(form)?),
        };
        let ids_as = self.ids_as.as_ref().map(|tree| tree.bind(known)).transpose()?.flatten();
        let (query, headers) = (pairs(&self.query)?, pairs(&self.headers)?);
        Ok(Self { path: self.bind_path(known)?, query, headers, payload, ids_as, ..self.clone() })
    }

    fn bind_path<'k>(&self, known: &impl Fn(&Slot) -> Known<'k>) -> Result<Template, Slot> {
        if let Some(missing) = self.path.needed().find(|slot| known(slot) == Known::Unset) {
            return Err(missing.clone());
        }
        let mut encoded = HashMap::new();
        for slot in self.path.slots() {
            if let Known::Value(value) = known(slot) {
                encoded.insert(slot.clone(), utf8_percent_encode(value, SEGMENTS).to_string());
            }
        }
        let bound = self.path.bind_with(&|slot| match encoded.get(slot) {
            Some(value) => Known::Value(value),
            None => known(slot),
        })?;
        Ok(bound.unwrap_or_else(|| self.path.clone()))
    }

    /// The request for some values, at the beginning of a walk.
    #[must_use]
    pub fn render(&self, fill: &Fill<'_>) -> PageRequest {
        let fill = &Fill { ids_as: self.ids_as.as_ref(), lang: self.lang, ..fill.clone() };
        let segment = |value: &str| utf8_percent_encode(value, SEGMENT).to_string();
        let path = self.path.encoded(fill, segment).unwrap_or_default();
        let headers = self.headers.iter();
        let headers = headers.filter_map(|(name, template)| Some((name.clone(), template.text(fill)?)));
        PageRequest {
            method: self.method,
            headers: headers.collect(),
            body: self.body(fill),
            each: fill.each.map(|member| member.each.clone()).unwrap_or_default(),
            ..PageRequest::get(Target::Path { path, query: pairs_of(&self.query, fill) })
        }
    }

    fn body(&self, fill: &Fill<'_>) -> Option<Body> {
        match &self.payload {
            Payload::Nothing => None,
            Payload::Json(tree) => {
                let value = tree.render(fill).unwrap_or_else(|| Value::Object(serde_json::Map::new()));
                Some(Body { content_type: crate::page::JSON, text: value.to_string() })
            }
            Payload::Form(pairs) => {
                let mut form = url::form_urlencoded::Serializer::new(String::new());
                form.extend_pairs(pairs_of(pairs, fill));
                Some(Body { content_type: crate::page::FORM, text: form.finish() })
            }
        }
    }
}

fn name_of(place: &Placeholder) -> Option<&str> {
    if let Slot::Each(name) = &place.slot { Some(name) } else { None }
}

/// Named values, those that are unset left out; keys come one parameter each.
fn pairs_of(pairs: &[(String, Template)], fill: &Fill<'_>) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for (name, template) in pairs {
        match template.only() {
            Some(Placeholder { slot: Slot::Ids, format: None, .. }) => {
                all.extend(fill.texts().map(|key| (name.clone(), key.into_owned())));
            }
            _ => all.extend(template.text(fill).map(|value| (name.clone(), value))),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::define::checked::FromText;
    use crate::define::request_line::RequestLine;
    use crate::key::Key;

    #[test]
    fn path_values_are_encoded_and_lists_repeat_their_parameter() {
        let line = RequestLine::from_text("GET /orders/{id}/x?user={id}&flag=").unwrap();
        let mut query = line.query.clone();
        query.push(("ids[]".to_owned(), Template::from_text("{ids}").unwrap()));
        query.push(("csv".to_owned(), Template::from_text("{ids:csv}").unwrap()));
        query.push(("json".to_owned(), Template::from_text("{ids:json}").unwrap()));
        query.push(("after".to_owned(), Template::from_text("{cursor}").unwrap()));
        let request = RequestTemplate {
            method: Method::Get,
            path: line.path,
            query,
            headers: Vec::new(),
            payload: Payload::Nothing,
            is_graphql: false,
            ids_as: None,
            lang: None,
        };
        let keys = [Key::checked("a/b ?#é").unwrap(), Key::checked("2").unwrap()];
        let rendered = request.render(&Fill { keys: &keys, ..Fill::default() });
        let Target::Path { path, query } = rendered.target else { panic!("not a path") };
        assert_eq!(path, "/orders/a%2Fb%20%3F%23%C3%A9/x");
        let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(
            query,
            ["user=a/b ?#é", "flag=", "ids[]=a/b ?#é", "ids[]=2", "csv=a/b ?#é,2", r#"json=["a/b ?#é","2"]"#]
        );
    }
}
