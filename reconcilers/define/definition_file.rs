//! The schema of a definition file, which describes a provider or a domain.

use schemars::json_schema;

use super::domain::DomainFile;
use super::provider::ProviderFile;
use super::schema;

/// A provider file, or a domain file, as it is written.
#[derive(Debug)]
pub struct DefinitionFile;

schema::schema_of!(DefinitionFile, "Definition", |generator| json_schema!({
    "description": "A definition of tieout: `provider:` describes an API, `domain:` one reconciliation.",
    "type": "object",
    "if": { "required": ["provider"] },
    "then": generator.subschema_for::<ProviderFile>(),
    "else": generator.subschema_for::<DomainFile>(),
}));
