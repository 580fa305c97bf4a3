//! Compares two versions by what is promised about their name.

use serde::Serialize;

use super::difference::{Difference, Direction};
use super::proof::takes_all;
use super::site::has_references;
use super::walk::Walk;
use crate::schemas::links::{Links, uri_of};
use crate::schemas::{Family, Mode, Registry, Schema};

/// Two versions of a schema, compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Compared {
    /// The schema's name.
    pub name: String,
    /// The older version.
    pub from: u32,
    /// The newer one.
    pub to: u32,
    /// What the newer one must not break.
    pub mode: Mode,
    /// What holds between them.
    pub holds: Mode,
    /// What breaks.
    pub differences: Vec<Difference>,
}

/// Every version of a schema beside the one before.
#[must_use]
pub fn consecutive(registry: &Registry, family: &Family) -> Vec<Compared> {
    let versions: Vec<&Schema> = family.versions.values().map(AsRef::as_ref).collect();
    versions
        .windows(2)
        .filter_map(|pair| match pair {
            [old, new] => Some(compare((registry, old), (registry, new), family.mode)),
            _ => None,
        })
        .collect()
}

/// Every version that was published before beside what it is now. A version may be edited where that breaks nothing, and is never gone.
#[must_use]
pub fn against(published: &Registry, now: &Registry) -> Vec<Compared> {
    let mode =
        |schema: &Schema| now.families.get(&schema.id.name).map(|family| family.mode).unwrap_or_default();
    published
        .schemas()
        .filter_map(|old| match now.get(&old.id) {
            Ok(new) if new.document == old.document && !has_references(&old.document) => None,
            Ok(new) => Some(compare((published, old), (now, new), mode(old))),
            Err(_) => Some(gone(old, mode(old))),
        })
        .collect()
}

fn gone(old: &Schema, mode: Mode) -> Compared {
    let difference = Difference {
        direction: Direction::Backward,
        path: String::new(),
        why: "this version was published and is gone".to_owned(),
        undecided: false,
    };
    let version = old.id.version;
    let name = old.id.name.to_string();
    Compared { name, from: version, to: version, mode, holds: Mode::None, differences: vec![difference] }
}

/// Compares two schemas of one or of two registries.
#[must_use]
pub fn compare(old: (&Registry, &Schema), new: (&Registry, &Schema), mode: Mode) -> Compared {
    let (old, new) = (Side::of(old), Side::of(new));
    let backward = broken(&old, &new, Direction::Backward);
    let forward = broken(&new, &old, Direction::Forward);
    let holds = match (backward.is_empty(), forward.is_empty()) {
        (true, true) => Mode::Full,
        (true, false) => Mode::Backward,
        (false, true) => Mode::Forward,
        (false, false) => Mode::None,
    };
    let differences = match mode {
        Mode::None => Vec::new(),
        Mode::Backward => backward,
        Mode::Forward => forward,
        Mode::Full => [backward, forward].concat(),
    };
    let (from, to) = (old.schema.id.version, new.schema.id.version);
    Compared { name: new.schema.id.name.to_string(), from, to, mode, holds, differences }
}

/// A schema with the documents that it refers to.
pub(super) struct Side<'s> {
    pub(super) links: &'s Links,
    pub(super) schema: &'s Schema,
    pub(super) file: String,
}

impl<'s> Side<'s> {
    fn of((registry, schema): (&'s Registry, &'s Schema)) -> Self {
        Self { links: &registry.links, schema, file: uri_of(&format!("{}.json", schema.id)) }
    }
}

/// Why something that `written` takes is not taken by `read`.
fn broken(written: &Side<'_>, read: &Side<'_>, direction: Direction) -> Vec<Difference> {
    if takes_all(read, written) {
        return Vec::new();
    }
    let mut found = Walk::new(written, read, direction).run();
    found.sort();
    found.dedup();
    found
}
