//! The words that make up a request, wherever they stand in a definition.

use serde_json::Value;

use super::body::{Tree, TreeFile};
use super::checked::{Checked, Entry, Fault, FromText, Ordered, Word};
use super::document::Problems;
use super::placeholder::{Format, Slot};
use super::problem::Spot;
use super::request::{Payload, RequestTemplate};
use super::request_line::RequestLine;
use super::slots::Slots;
use super::template::Template;
use super::value::HeaderName;
use crate::page::Method;

/// The words that make up a request.
#[derive(Debug, Clone, Default)]
pub(super) struct RequestFile {
    pub(super) line: Option<Checked<RequestLine>>,
    pub(super) query: Ordered<Checked<Template>>,
    pub(super) headers: Ordered<Checked<Template>>,
    pub(super) body: Option<TreeFile>,
    pub(super) encode: Option<Checked<Encode>>,
    pub(super) graphql: Option<Checked<String>>,
    pub(super) vars: Option<TreeFile>,
    pub(super) ids_as: Option<TreeFile>,
}

/// How a body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encode {
    Json,
    Form,
}

impl Word for Encode {
    const WHAT: &'static str = "encoding";

    fn words() -> Vec<(&'static str, Self)> {
        vec![("json", Self::Json), ("form", Self::Form)]
    }
}

/// What a request has from its surroundings.
pub(super) struct Ground<'g> {
    /// The placeholders that it can use.
    pub(super) slots: &'g Slots,
    /// The provider's headers that differ between the members of a fan-out.
    pub(super) headers: &'g [(String, Template)],
    /// The line of a request that names none.
    pub(super) line: Option<&'g RequestLine>,
    /// Where the request stands.
    pub(super) spot: Spot,
}

impl RequestFile {
    /// The same request with other words in place of some of its own.
    pub(super) fn changed(self, other: Self) -> Self {
        let pairs = |own: Ordered<Checked<Template>>, other: Ordered<Checked<Template>>| {
            let is_kept = |entry: &Entry<_>| other.0.iter().all(|new| new.key != entry.key);
            let mut pairs: Vec<_> = own.0.into_iter().filter(is_kept).collect();
            pairs.extend(other.0);
            Ordered(pairs)
        };
        Self {
            line: other.line.or(self.line),
            query: pairs(self.query, other.query),
            headers: pairs(self.headers, other.headers),
            body: other.body.or(self.body),
            encode: other.encode.or(self.encode),
            graphql: other.graphql.or(self.graphql),
            vars: other.vars.or(self.vars),
            ids_as: other.ids_as.or(self.ids_as),
        }
    }

    /// Puts the words of a request together.
    pub(super) fn compile(self, ground: &Ground<'_>, problems: &mut Problems<'_>) -> Option<RequestTemplate> {
        let slots = ground.slots;
        let spot = self.line.as_ref().map_or(ground.spot, |line| line.spot);
        let line = match self.line {
            Some(line) => problems.take(line)?,
            // Only the way there is taken over, not what is asked.
            None => RequestLine { query: Vec::new(), ..ground.line?.clone() },
        };
        slots.path(&line.path, spot, problems);
        let written = line.query.into_iter();
        let mut query: Vec<_> = written
            .filter_map(|(name, template)| Some((name, slots.value(template, spot, problems)?)))
            .collect();
        query
            .extend(pairs(self.query, slots, problems).into_iter().map(|(key, _, template)| (key, template)));
        let mut headers = ground.headers.to_vec();
        let plain = Slots { lang: None, ..slots.clone() };
        for (key, spot, template) in pairs(self.headers, &plain, problems) {
            let name = HeaderName::from_text(&key).map_err(|fault| problems.add(spot, fault));
            headers.extend(name.ok().map(|name| (name.0, template)));
        }
        let is_graphql = self.graphql.is_some();
        let sent = Sent { body: self.body, encode: self.encode, graphql: self.graphql, vars: self.vars };
        let payload = sent.compile(line.method, slots, problems)?;
        let ids_as = self.ids_as.map(|shape| (shape.spot, shape));
        let ids_as = ids_as.and_then(|(spot, shape)| Some((spot, shape_of(shape, slots, problems)?)));
        let request = RequestTemplate {
            method: line.method,
            path: line.path,
            query,
            headers,
            payload,
            is_graphql,
            ids_as: ids_as.as_ref().map(|(_, shape)| shape.clone()),
            lang: slots.lang,
        };
        if let Some((spot, shape)) = &ids_as {
            must_fit(*spot, shape, &request, problems);
        }
        Some(request)
    }
}

type Pair = (String, Spot, Template);

fn pairs(written: Ordered<Checked<Template>>, slots: &Slots, problems: &mut Problems<'_>) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for entry in written.0 {
        let spot = entry.value.spot;
        let template = problems.take(entry.value);
        let template = template.and_then(|template| slots.value(template, spot, problems));
        pairs.extend(template.map(|template| (entry.key, entry.spot, template)));
    }
    pairs
}

/// The words for what a request sends.
struct Sent {
    body: Option<TreeFile>,
    encode: Option<Checked<Encode>>,
    graphql: Option<Checked<String>>,
    vars: Option<TreeFile>,
}

impl Sent {
    fn compile(self, method: Method, slots: &Slots, problems: &mut Problems<'_>) -> Option<Payload> {
        self.check(method, problems);
        let encode = problems.take_option(self.encode);
        let mut take = |template, spot, problems: &mut Problems<'_>| slots.value(template, spot, problems);
        if let Some(graphql) = self.graphql {
            let document = problems.take(graphql)?;
            let mut whole = vec![("query".to_owned(), Tree::Value(Value::from(document)))];
            if let Some(vars) = self.vars {
                whole.push(("variables".to_owned(), vars.compile(&mut take, problems)?));
            }
            return Some(Payload::Json(Tree::Map(whole)));
        }
        let Some(body) = self.body else { return Some(Payload::Nothing) };
        let spot = body.spot;
        let tree = body.compile(&mut take, problems)?;
        match encode {
            Some(Encode::Form) => form(tree, spot, problems).map(Payload::Form),
            Some(Encode::Json) | None => Some(Payload::Json(tree)),
        }
    }

    fn check(&self, method: Method, problems: &mut Problems<'_>) {
        let body = self.body.as_ref().map(|body| body.spot);
        let graphql = self.graphql.as_ref().map(|graphql| graphql.spot);
        if let Some(spot) = body.or(graphql).filter(|_| method == Method::Get) {
            let fault = Fault::new("a `GET` request sends nothing");
            problems.add(spot, fault.with_help("say `request: POST /path`"));
        }
        if let (Some(_), Some(spot)) = (body, graphql) {
            problems.add(spot, Fault::new("`graphql` is the body already").with_help("leave `body` out"));
        }
        if let (Some(vars), None) = (&self.vars, graphql) {
            problems.add(vars.spot, Fault::new("`vars` are the variables of `graphql`, which is not there"));
        }
        if let (Some(encode), true) = (&self.encode, body.is_none() || graphql.is_some()) {
            problems
                .add(encode.spot, Fault::new("`encode` says how a `body` is written, which is not there"));
        }
    }
}

/// A body as the fields of a form.
fn form(tree: Tree, spot: Spot, problems: &mut Problems<'_>) -> Option<Vec<(String, Template)>> {
    let help = "write a mapping of names to texts, such as `{count: \"{size}\"}`";
    let mut refuse =
        || problems.add(spot, Fault::new("a form has no lists or mappings inside").with_help(help));
    let Tree::Map(entries) = tree else {
        refuse();
        return None;
    };
    let mut fields = Vec::new();
    for (name, value) in entries {
        match value {
            Tree::Text(template) => fields.push((name, template)),
            Tree::Value(Value::String(text)) => fields.push((name, Template::literal(&text))),
            Tree::Value(value @ (Value::Number(_) | Value::Bool(_))) => {
                fields.push((name, Template::literal(&value.to_string())));
            }
            Tree::Value(_) | Tree::List(_) | Tree::Map(_) => {
                refuse();
                return None;
            }
        }
    }
    Some(fields)
}

/// How each key of a list is written.
fn shape_of(shape: TreeFile, slots: &Slots, problems: &mut Problems<'_>) -> Option<Tree> {
    let own = Slots {
        always: vec![Slot::Id],
        sometimes: Vec::new(),
        parts: slots.parts,
        lang: None,
        why: "`ids_as` is written with `{id}` and `{id[n]}`".to_owned(),
    };
    let mut take = |template: Template, spot, problems: &mut Problems<'_>| {
        own.check(&template, spot, problems);
        Some(template)
    };
    shape.compile(&mut take, problems)
}

fn must_fit(spot: Spot, shape: &Tree, request: &RequestTemplate, problems: &mut Problems<'_>) {
    let lists: Vec<_> = request.places().into_iter().filter(|place| place.slot == Slot::Ids).collect();
    if lists.is_empty() {
        problems.add(spot, Fault::new("`ids_as` says how keys are written in `{ids}`, which is not used"));
    }
    let in_texts = lists.iter().any(|place| matches!(place.format, Some(Format::Csv | Format::Quoted)));
    let is_text = matches!(shape, Tree::Text(_));
    if !is_text && (in_texts || !matches!(request.payload, Payload::Json(_))) {
        let help = "write `ids_as` as a text, or send `{ids}` in a JSON body";
        problems.add(spot, Fault::new("a mapping or list cannot stand in a text").with_help(help));
    }
    if !shape.places().iter().any(|place| matches!(place.slot, Slot::Id | Slot::IdPart(_))) {
        problems.add(spot, Fault::new("`ids_as` does not use `{id}`"));
    }
}
