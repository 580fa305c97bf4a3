//! The JSON Schema of what is written in files, derived from the types that read them. What has a reader of its own says here
//! what it takes.
//!
//! A text may be written without quotes, so a number and a boolean are texts too; `null` stands for a key that is left out
//! where it may be.

use std::any::type_name;
use std::borrow::Cow;
use std::time::Duration;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::checked::{Checked, FromText, Ordered, Placed};

/// The schema of a file.
#[must_use]
pub fn of_file<T: JsonSchema>() -> Value {
    SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>().to_value()
}

/// A text in quotes or without.
#[must_use]
pub fn text<T: FromText>() -> Schema {
    named::<T>(json_schema!({ "type": ["string", "number", "boolean"] }))
}

/// A text where a number or a boolean would mean something else.
#[must_use]
pub fn plain_text<T: FromText>() -> Schema {
    named::<T>(json_schema!({ "type": "string" }))
}

fn named<T: FromText>(mut schema: Schema) -> Schema {
    let only = T::only();
    if !only.is_empty() {
        schema = json_schema!({ "enum": only });
    }
    schema.insert("title".to_owned(), T::WHAT.into());
    if !T::EXAMPLES.is_empty() {
        schema.insert("examples".to_owned(), T::EXAMPLES.into());
    }
    schema
}

/// One word.
#[must_use]
pub fn word(word: &str) -> Schema {
    json_schema!({ "const": word })
}

/// An HTTP status.
#[must_use]
pub fn status() -> Schema {
    json_schema!({ "title": "HTTP status", "type": "integer", "minimum": 100, "maximum": 599 })
}

/// Whatever is written.
#[must_use]
pub fn anything() -> Schema {
    json_schema!({})
}

/// Any one of several.
#[must_use]
pub fn any_of<const N: usize>(schemas: [Schema; N]) -> Schema {
    json_schema!({ "anyOf": schemas.map(Schema::to_value).to_vec() })
}

/// A list.
#[must_use]
pub fn list_of(items: Schema) -> Schema {
    json_schema!({ "type": "array", "items": items.to_value() })
}

/// A mapping with any keys.
#[must_use]
pub fn map_of(values: Schema) -> Schema {
    json_schema!({ "type": "object", "additionalProperties": values.to_value() })
}

/// Requires exactly one key of a mapping, besides those that may stand beside it.
pub fn exactly_one_but(beside: &[&str], schema: &mut Schema) {
    let Some(keys) = schema.get("properties").and_then(Value::as_object) else { return };
    let given =
        |key: &String| json!({ "required": [key], "properties": { key: { "not": { "type": "null" } } } });
    let ways: Value = keys.keys().filter(|key| !beside.contains(&key.as_str())).map(given).collect();
    schema.insert("oneOf".to_owned(), ways);
}

/// A duration as a file says it, for the defaults in a schema: `15m`, `30d`.
#[must_use]
pub fn length(duration: Duration) -> String {
    const DAY: u64 = 24 * 60 * 60;
    let seconds = duration.as_secs();
    if seconds > 0 && seconds.is_multiple_of(DAY) && duration.subsec_nanos() == 0 {
        return format!("{}d", seconds / DAY);
    }
    humantime::format_duration(duration).to_string()
}

/// Says what a type takes that has a reader of its own; one that holds itself has a name.
macro_rules! schema_of {
    ($type:ty, $name:literal, |$generator:ident| $schema:expr) => {
        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }

            fn json_schema($generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                $schema
            }
        }
    };
    ($type:ty, |$generator:ident| $schema:expr) => {
        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                std::any::type_name::<Self>().into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema($generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                $schema
            }
        }
    };
}

pub(crate) use schema_of;

impl<T: FromText> JsonSchema for Checked<T> {
    fn schema_name() -> Cow<'static, str> {
        type_name::<Self>().into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        text::<T>()
    }
}

impl<T: JsonSchema> JsonSchema for Placed<T> {
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

impl<V: JsonSchema> JsonSchema for Ordered<V> {
    fn schema_name() -> Cow<'static, str> {
        type_name::<Self>().into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        map_of(generator.subschema_for::<V>())
    }
}
