//! A schema of the registry as it stands in a document, where it has another place: what refers to its own parts is led there. AsyncAPI
//! reads JSON Schema of draft 7 and ignores the keywords that came later, so a reader may take more than the registry does, and never less.

use serde_json::{Map, Value};

use super::document::Reference;
use crate::schemas::Schema;

/// Where a schema says what it is called. In a document it is called otherwise.
const NAMES: [&str; 2] = ["$id", "$schema"];
/// What refers to parts by names, which AsyncAPI does not know.
const BY_NAME: [&str; 4] = ["$anchor", "$dynamicAnchor", "$dynamicRef", "$recursiveRef"];

/// A schema in the place `name` among the schemas of a document. One that refers to other files is only named.
pub(super) fn registered(schema: &Schema, name: &str) -> Value {
    let place = Reference::to(&["components", "schemas", name]).into_text();
    let mut moved = moved(&schema.document, &place).unwrap_or_else(|| named(schema));
    if let Value::Object(members) = &mut moved {
        for name in NAMES {
            members.remove(name);
        }
    }
    moved
}

fn named(schema: &Schema) -> Value {
    let description =
        format!("What the schema `{}` (`{}`) says, which refers to others.", schema.id, schema.uri);
    Value::Object(Map::from_iter([("description".to_owned(), Value::String(description))]))
}

/// Nothing where a part refers to what is not in the document.
fn moved(part: &Value, place: &str) -> Option<Value> {
    match part {
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| match (name.as_str(), value) {
                ("$ref", Value::String(to)) => {
                    let pointer = to.strip_prefix('#').filter(|to| to.is_empty() || to.starts_with('/'))?;
                    Some((name.clone(), Value::String(format!("{place}{pointer}"))))
                }
                (by_name, _) if BY_NAME.contains(&by_name) => None,
                _ => Some((name.clone(), moved(value, place)?)),
            };
            members.iter().map(member).collect::<Option<Map<_, _>>>().map(Value::Object)
        }
        Value::Array(parts) => {
            parts.iter().map(|part| moved(part, place)).collect::<Option<Vec<_>>>().map(Value::Array)
        }
        other => Some(other.clone()),
    }
}
