//! The schema of a feed as it is written: with all its words, or with those in which it differs from what it takes over.

use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use super::feed::FeedFile;
use super::inherit::{LIKE, PRESET};
use super::preset::Preset;
use super::schema;
use crate::name::Name;

/// What changes a mapping is called like it, with this behind it.
const CHANGES: &str = "Changes";

/// A feed as it is written.
pub(super) struct WrittenFeed;

schema::schema_of!(WrittenFeed, "WrittenFeed", |generator| {
    let whole = generator.subschema_for::<FeedFile>();
    let changes = changing(whole.as_value(), generator);
    let takes_over = json_schema!({ "properties": {
        LIKE: said(schema::plain_text::<Name>(), "Another feed of the file, whose words this one takes over and changes."),
        PRESET: said(schema::plain_text::<Preset>(), "The words that a family of APIs has in common, which this feed takes over."),
    }});
    add_properties(&changes, takes_over.as_value(), generator);
    json_schema!({
        "if": { "anyOf": [{ "required": [LIKE] }, { "required": [PRESET] }] },
        "then": changes,
        "else": whole,
    })
});

fn said(mut schema: Schema, what: &str) -> Schema {
    schema.insert("description".to_owned(), what.into());
    schema
}

fn add_properties(to: &Value, from: &Value, generator: &mut SchemaGenerator) {
    let Some(name) = referred(to).map(str::to_owned) else { return };
    let own = generator.definitions_mut().get_mut(&name).and_then(|known| known.get_mut("properties"));
    if let (Some(Value::Object(own)), Some(Value::Object(more))) = (own, from.get("properties")) {
        own.extend(more.clone());
    }
}

/// The name of what a schema refers to.
fn referred(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix("#/$defs/")
}

/// What may be written over a mapping of this schema: nothing of it is needed, and `null` takes a word away. Lists are replaced
/// as a whole.
fn changing(schema: &Value, generator: &mut SchemaGenerator) -> Value {
    let Value::Object(schema) = schema else { return schema.clone() };
    let mut changed = schema.clone();
    if let Some(name) = referred(&Value::Object(changed.clone())) {
        let called = format!("{name}{CHANGES}");
        changed.insert("$ref".to_owned(), format!("#/$defs/{called}").into());
        define(name, called, generator);
    }
    for key in ["required", "oneOf"] {
        changed.remove(key);
    }
    if let Some(Value::Object(properties)) = changed.get_mut("properties") {
        let words = std::mem::take(properties).into_iter();
        *properties =
            words.map(|(word, of)| (word, or_null(changing(&of, generator)))).collect::<Map<_, _>>();
    }
    if let Some(values @ Value::Object(_)) = changed.get_mut("additionalProperties") {
        *values = or_null(changing(values, generator));
    }
    if let Some(Value::Array(ways)) = changed.get_mut("anyOf") {
        *ways = ways.iter().map(|way| changing(way, generator)).collect();
    }
    Value::Object(changed)
}

/// Adds what changes a named mapping, once.
fn define(name: &str, changes: String, generator: &mut SchemaGenerator) {
    let known = generator.definitions();
    let Some(whole) = known.get(name).filter(|_| !known.contains_key(&changes)).cloned() else { return };
    generator.definitions_mut().insert(changes.clone(), Value::Bool(true));
    let changing = changing(&whole, generator);
    generator.definitions_mut().insert(changes, changing);
}

fn or_null(schema: Value) -> Value {
    let Value::Object(mut schema) = schema else { return schema };
    let null: Value = "null".into();
    let may_be_null = match (schema.get("type"), schema.get("anyOf").or(schema.get("enum"))) {
        (Some(Value::Array(types)), _) => types.contains(&null),
        (_, Some(Value::Array(ways))) => {
            ways.iter().any(|way| way.is_null() || way.get("type") == Some(&null))
        }
        _ => !["type", "const", "$ref"].iter().any(|key| schema.contains_key(*key)),
    };
    if may_be_null {
        return schema.into();
    }
    let said = schema.remove("description");
    let mut either = Map::from_iter([("anyOf".to_owned(), json!([schema, { "type": "null" }]))]);
    either.extend(said.map(|said| ("description".to_owned(), said)));
    either.into()
}
