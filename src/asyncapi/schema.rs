//! The schemas of a document: those of JSON Schema, as far as they are written here.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::document::Reference;

/// What a value may be; anything, by default.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Schema {
    #[serde(rename = "$ref", skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(rename = "const", skip_serializing_if = "Option::is_none")]
    only: Option<Value>,
    #[serde(rename = "enum", skip_serializing_if = "Vec::is_empty")]
    choices: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pattern: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    minimum: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    required: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    properties: BTreeMap<String, Self>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    all_of: Vec<Self>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    any_of: Vec<Self>,
}

/// A property of an object.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Property {
    pub(super) name: String,
    pub(super) schema: Schema,
    /// Whether it is always there.
    pub(super) is_required: bool,
}

impl Property {
    pub(super) fn always(name: impl Into<String>, schema: Schema) -> Self {
        Self { name: name.into(), schema, is_required: true }
    }

    pub(super) fn sometimes(name: impl Into<String>, schema: Schema) -> Self {
        Self { name: name.into(), schema, is_required: false }
    }
}

impl Schema {
    /// A schema of the document's components.
    pub(super) fn component(name: &str) -> Self {
        let reference = Reference::to(&["components", "schemas", name]).into_text();
        Self { reference: Some(reference), ..Self::default() }
    }

    pub(super) fn text() -> Self {
        Self { kind: Some("string"), ..Self::default() }
    }

    /// One text and no other.
    pub(super) fn only(text: impl Into<String>) -> Self {
        Self { only: Some(Value::String(text.into())), ..Self::text() }
    }

    pub(super) fn one_of(texts: impl IntoIterator<Item = String>) -> Self {
        Self { choices: texts.into_iter().collect(), ..Self::text() }
    }

    pub(super) fn matching(pattern: String) -> Self {
        Self { pattern: Some(pattern), ..Self::text() }
    }

    pub(super) fn formatted(format: &'static str) -> Self {
        Self { format: Some(format), ..Self::text() }
    }

    /// A whole number from 1 on.
    pub(super) fn counted() -> Self {
        Self { kind: Some("integer"), minimum: Some(1), ..Self::default() }
    }

    /// `true` and nothing else.
    pub(super) fn yes() -> Self {
        Self { kind: Some("boolean"), only: Some(Value::Bool(true)), ..Self::default() }
    }

    /// An object with these properties, and others.
    pub(super) fn object(properties: impl IntoIterator<Item = Property>) -> Self {
        let mut schema = Self { kind: Some("object"), ..Self::default() };
        for Property { name, schema: value, is_required } in properties {
            if is_required {
                schema.required.push(name.clone());
            }
            schema.properties.insert(name, value);
        }
        schema
    }

    /// What all of these permit.
    pub(super) fn all(of: Vec<Self>) -> Self {
        Self { all_of: of, ..Self::default() }
    }

    /// What any of these permits.
    pub(super) fn any(mut of: Vec<Self>) -> Self {
        if of.len() == 1 {
            return of.remove(0);
        }
        Self { any_of: of, ..Self::default() }
    }

    pub(super) fn described(self, description: impl Into<String>) -> Self {
        Self { description: Some(description.into()), ..self }
    }

    /// The same value where everything is text, such as in a header. What is written in a way of its own there is said by `encode`.
    pub(super) fn into_text(self, encode: impl Fn(&str) -> String) -> Self {
        let only = match &self.only {
            Some(Value::String(text)) => Some(Value::String(encode(text))),
            Some(other) => Some(Value::String(other.to_string())),
            None => None,
        };
        let pattern =
            if self.kind == Some("integer") { Some("^[1-9][0-9]*$".to_owned()) } else { self.pattern };
        Self { kind: Some("string"), only, pattern, minimum: None, ..self }
    }
}
