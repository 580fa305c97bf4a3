//! What becomes of the data of an event that was made earlier: carried to the version that its domain names today, and checked.
//!
//! Pure. The event keeps its id and every other attribute: it is still about the same drift.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::{RawValue, to_raw_value};
use tieout_reconcilers::schema_id::SchemaId;

use super::registry::Registry;
use super::schema::Schema;
use super::unfit::Unfit;

/// An event that may be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Carried {
    /// As it is.
    AsItIs,
    /// With this text in its place.
    Anew(String),
}

/// The attributes of an event with their JSON texts.
type Parts = BTreeMap<String, Box<RawValue>>;

/// Carries a CloudEvent, as JSON text, to the version `wanted`. A version without an upcaster to the next one passes its data on as it is,
/// which serves where the next version reads it as well; the result always fits `wanted`.
pub fn carry(registry: &Registry, wanted: &SchemaId, payload: &str) -> Result<Carried, Unfit> {
    let schema = registry.get(wanted)?;
    let mut parts: Parts = serde_json::from_str(payload).map_err(|_| Unfit::NoEvent)?;
    let data = parts.get("data").map_or("null", |data| data.get());
    let upcast = upcast(registry, made_by(registry, &parts), wanted, data)?;
    schema.check(&upcast)?;
    if is_of(&parts, schema) && matches!(upcast, Cow::Borrowed(_)) {
        return Ok(Carried::AsItIs);
    }
    let data = RawValue::from_string(upcast.into_owned());
    let stamped = [
        ("data", data),
        ("dataschema", to_raw_value(&schema.uri)),
        ("dataversion", to_raw_value(&schema.id.version)),
    ];
    for (name, value) in stamped {
        parts.insert(name.to_owned(), value.map_err(|_| Unfit::NoEvent)?);
    }
    serde_json::to_string(&parts).map(Carried::Anew).map_err(|_| Unfit::NoEvent)
}

/// The schema that an event says it was made by, where the registry still has it.
fn made_by<'r>(registry: &'r Registry, parts: &Parts) -> Option<&'r Schema> {
    let uri: String = serde_json::from_str(parts.get("dataschema")?.get()).ok()?;
    registry.named(&uri)
}

fn is_of(parts: &Parts, schema: &Schema) -> bool {
    let says = |name: &str, value: &str| parts.get(name).is_some_and(|said| said.get() == value);
    let uri = serde_json::Value::from(schema.uri.as_str()).to_string();
    says("dataschema", &uri) && says("dataversion", &schema.id.version.to_string())
}

/// Applies what lies between two versions of one schema.
fn upcast<'d>(
    registry: &Registry,
    made_by: Option<&Schema>,
    wanted: &SchemaId,
    data: &'d str,
) -> Result<Cow<'d, str>, Unfit> {
    let mut data = Cow::Borrowed(data);
    let Some(made_by) = made_by.filter(|schema| schema.id.name == wanted.name) else { return Ok(data) };
    let Some(family) = registry.families.get(&wanted.name) else { return Ok(data) };
    for version in made_by.id.version..wanted.version {
        if let Some(upcaster) = family.upcasters.get(&version) {
            data = Cow::Owned(upcaster.apply(&data)?);
        }
    }
    Ok(data)
}
