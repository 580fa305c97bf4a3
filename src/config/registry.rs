//! The registry of schemas that a configuration has, and what its domains say of it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use tieout_reconcilers::define::checked::Fault;
use tieout_reconcilers::define::document::Problems;
use tieout_reconcilers::define::domain::DomainDefinition;
use tieout_reconcilers::define::problem::{Problem, Spot};
use tieout_reconcilers::define::words;
use tieout_reconcilers::schema_id::SchemaId;

use super::folder::shown;
use crate::schemas::{self, Registry, Schema};

/// The folder of the registry where none is named.
const DEFAULT: &str = "schemas";

/// Reads the registry; nothing where it is wrong, so that what is said about it elsewhere is not judged. A configuration that names no
/// folder needs none.
pub(super) fn read(
    named: Option<&(Spot, String)>,
    folder: &Path,
    problems: &mut Problems<'_>,
) -> Option<Registry> {
    let at = named.map_or(DEFAULT, |(_, path)| path);
    let folder = PathBuf::from(shown(&folder.join(at)));
    match (schemas::read(&folder), named) {
        (Ok(Ok(registry)), _) => return Some(registry),
        (Ok(Err(found)), _) => problems.problems.extend(found),
        (Err(error), None) if error.kind() == ErrorKind::NotFound => return Some(Registry::default()),
        (Err(error), Some((spot, _))) => {
            let fault = Fault::new(format!("`{at}` cannot be read: {error}"));
            problems.add(*spot, fault.with_help("name the folder of the schemas, relative to this file"));
        }
        (Err(error), None) => {
            let message = format!("the folder cannot be read: {error}");
            problems.problems.push(Problem::of_file(&folder.display().to_string(), message));
        }
    }
    None
}

/// The schemas that a domain names and the registry does not have.
pub(super) fn unknown(registry: &Registry, domain: &DomainDefinition) -> Vec<Problem> {
    let is_unknown = |named: &&(Spot, SchemaId)| registry.get(&named.1).is_err();
    let unknown = domain.schemas.iter().filter(is_unknown);
    unknown.map(|(spot, id)| domain.document.problem(*spot, no_such_schema(registry, id))).collect()
}

fn no_such_schema(registry: &Registry, id: &SchemaId) -> Fault {
    let fault = Fault::new(format!("there is no schema `{id}`"));
    let known: Vec<String> = registry.schemas().map(|Schema { id, .. }| id.to_string()).collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    if known.is_empty() {
        return fault.with_help(format!("write it as `schemas/{id}.json`"));
    }
    fault.with_help(words::advice(&id.to_string(), &known))
}
