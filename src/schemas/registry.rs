//! The registry as it was read: every version of every schema, and what lies between them.

use std::collections::BTreeMap;
use std::sync::Arc;

use tieout_reconcilers::name::Name;
use tieout_reconcilers::schema_id::SchemaId;

use super::links::Links;
use super::mode::Mode;
use super::schema::Schema;
use super::unfit::Unfit;
use super::upcaster::Upcaster;

/// The schemas of a configuration. One without any is a registry as well.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    /// The versions of each schema, by its name.
    pub families: BTreeMap<Name, Family>,
    /// All documents, for references between them.
    pub(super) links: Arc<Links>,
}

/// All versions of a schema.
#[derive(Debug, Clone, Default)]
pub struct Family {
    /// What a new version must not break.
    pub mode: Mode,
    /// By their numbers, without a gap.
    pub versions: BTreeMap<u32, Arc<Schema>>,
    /// What carries data from a version to the next, by the older one.
    pub upcasters: BTreeMap<u32, Upcaster>,
}

impl Registry {
    /// A version of a schema.
    pub fn get(&self, id: &SchemaId) -> Result<&Schema, Unfit> {
        let family = self.families.get(&id.name);
        let schema = family.and_then(|family| family.versions.get(&id.version));
        schema.map(AsRef::as_ref).ok_or_else(|| Unfit::Unknown(id.clone()))
    }

    /// The version that an event names by the URI of its schema.
    #[must_use]
    pub fn named(&self, uri: &str) -> Option<&Schema> {
        self.schemas().find(|schema| schema.uri == uri)
    }

    /// Every version of every schema.
    pub fn schemas(&self) -> impl Iterator<Item = &Schema> {
        self.families.values().flat_map(|family| family.versions.values()).map(AsRef::as_ref)
    }
}
