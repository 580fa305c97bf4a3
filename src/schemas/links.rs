//! How schemas refer to each other: by a path within the registry (`../money/v1.json#/$defs/amount`), or by an `$id`. Nothing is ever
//! fetched.

use std::collections::BTreeMap;

use jsonschema::{Retrieve, Uri};
use serde_json::Value;
use url::Url;

/// Where the registry lies for references: the path behind it is that of the file.
const BASE: &str = "json-schema:///";

/// Every document of a registry by its URIs, without its `$id`: by its path a document is found wherever it is published.
#[derive(Debug, Clone, Default)]
pub(super) struct Links {
    documents: BTreeMap<String, Value>,
    /// The URI of the file by the `$id` of the document.
    ids: BTreeMap<String, String>,
}

/// The URI of a file of the registry, such as `charge/v2.json`.
pub(super) fn uri_of(path: &str) -> String {
    format!("{BASE}{path}")
}

/// The path of a file of the registry by its URI.
pub(super) fn path_of(uri: &str) -> Option<&str> {
    uri.strip_prefix(BASE)
}

impl Links {
    /// Adds a document; of two with one `$id` the first stays, and its URI is returned.
    pub(super) fn add(&mut self, path: &str, document: &Value) -> Result<(), String> {
        let (uri, mut document) = (uri_of(path), document.clone());
        let id = document.as_object_mut().and_then(|members| members.remove("$id"));
        self.documents.insert(uri.clone(), document);
        let Some(Value::String(id)) = id else { return Ok(()) };
        if let Some(first) = self.ids.get(&id) {
            return Err(first.clone());
        }
        self.ids.insert(id, uri);
        Ok(())
    }

    /// A document by the URI of its file or by its `$id`.
    pub(super) fn document(&self, uri: &str) -> Option<(&str, &Value)> {
        let file = self.ids.get(uri).map_or(uri, String::as_str);
        self.documents.get_key_value(file).map(|(uri, document)| (uri.as_str(), document))
    }

    /// The paths of all files.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.documents.keys().filter_map(|uri| path_of(uri))
    }

    /// Where a reference leads that stands in the file `from`: the URI of a file, and what stands there.
    pub(super) fn follow(&self, from: &str, reference: &str) -> Option<(&str, &Value)> {
        let mut target = Url::parse(from).ok()?.join(reference).ok()?;
        let fragment = target.fragment().map(str::to_owned).unwrap_or_default();
        target.set_fragment(None);
        let (file, document) = self.document(target.as_str())?;
        let fragment = percent_encoding::percent_decode_str(&fragment).decode_utf8().ok()?;
        let is_pointer = fragment.is_empty() || fragment.starts_with('/');
        let part = if is_pointer { document.pointer(&fragment) } else { anchored(document, &fragment) };
        part.map(|part| (file, part))
    }
}

/// The part with an anchor.
fn anchored<'d>(part: &'d Value, name: &str) -> Option<&'d Value> {
    let within =
        |mut parts: Box<dyn Iterator<Item = &'d Value> + 'd>| parts.find_map(|part| anchored(part, name));
    match part {
        Value::Object(members) if members.get("$anchor").is_some_and(|anchor| anchor == name) => Some(part),
        Value::Object(members) => within(Box::new(members.values())),
        Value::Array(elements) => within(Box::new(elements.iter())),
        _ => None,
    }
}

/// For the validator, whose references were proven to lead somewhere.
#[derive(Debug)]
pub(super) struct Within(pub(super) std::sync::Arc<Links>);

impl Retrieve for Within {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        let found = self.0.document(uri.as_str()).map(|(_, document)| document.clone());
        found.ok_or_else(|| "the registry has no such file, and nothing is fetched".into())
    }
}
