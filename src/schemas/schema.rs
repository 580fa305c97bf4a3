//! One version of a schema, compiled.

use std::fmt;

use jsonschema::Validator;
use jsonschema::error::ValidationErrorKind;
use serde_json::Value;
use tieout_reconcilers::schema_id::SchemaId;

use super::unfit::Unfit;

/// How many broken places are counted: a person mends the first one first.
const MOST: usize = 20;

/// How much of a pointer is told, in characters.
const MOST_OF_A_POINTER: usize = 200;

/// A version of a schema.
pub struct Schema {
    /// Which one.
    pub id: SchemaId,
    /// What `dataschema` of an event names: the `$id` of the schema, or else a name made of its own.
    pub uri: String,
    /// The schema as it was written.
    pub document: Value,
    pub(super) validator: Validator,
}

impl Schema {
    /// The URI of a schema that has no `$id`.
    #[must_use]
    pub fn default_uri(id: &SchemaId) -> String {
        format!("urn:tieout:schema:{}:v{}", id.name, id.version)
    }

    /// Checks data, as JSON text.
    pub fn check(&self, data: &str) -> Result<(), Unfit> {
        let Ok(data) = serde_json::from_str::<Value>(data) else {
            return Err(Unfit::TooDeep(self.id.clone()));
        };
        let mut errors = self.validator.iter_errors(&data).take(MOST);
        let Some(first) = errors.next() else { return Ok(()) };
        Err(Unfit::Broken {
            schema: self.id.clone(),
            at: first.instance_path().as_str().chars().take(MOST_OF_A_POINTER).collect(),
            keyword: keyword(first.kind()),
            more: errors.count(),
        })
    }
}

/// The keyword, and what the schema itself says about it where that helps. Nothing of the data.
fn keyword(kind: &ValidationErrorKind) -> String {
    match kind {
        ValidationErrorKind::Required { property: Value::String(name) } => format!("required ({name})"),
        ValidationErrorKind::Format { format } => format!("format ({format})"),
        ValidationErrorKind::FalseSchema => "false".to_owned(),
        kind => kind.keyword().to_owned(),
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schema").field("id", &self.id).finish_non_exhaustive()
    }
}
