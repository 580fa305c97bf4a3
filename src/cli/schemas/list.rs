//! `tieout schemas list`: what the registry holds.

use std::collections::BTreeMap;

use tieout_reconcilers::discrepancy::Kind;
use tieout_reconcilers::reconciler::Remedy;
use tieout_reconcilers::schema_id::SchemaId;

use crate::cli::desk::Desk;
use crate::cli::failure::Failure;
use crate::cli::wire;
use crate::config::Loaded;
use crate::report::{SchemaLine, exit, json, text};

pub(super) fn list(desk: &Desk) -> Result<u8, Failure> {
    let loaded = wire::load(desk)?;
    let lines = lines(&loaded);
    desk.output.show(
        |_| text::schemas(&lines),
        || json::whole("tieout.schemas/v1", &BTreeMap::from([("schemas", &lines)])),
        || json::lines("schema", &lines),
    )?;
    Ok(exit::DONE)
}

fn lines(loaded: &Loaded) -> Vec<SchemaLine> {
    let users = users(loaded);
    let families = loaded.config.schemas.families.iter();
    let line = |(name, family): (&tieout_reconcilers::name::Name, &crate::schemas::Family)| SchemaLine {
        name: name.to_string(),
        versions: family.versions.keys().copied().collect(),
        mode: family.mode,
        upcasters: family.upcasters.keys().copied().collect(),
        used_by: users
            .iter()
            .filter(|(id, _)| id.name == *name)
            .flat_map(|(id, domains)| domains.iter().map(move |domain| format!("{domain} (v{})", id.version)))
            .collect(),
    };
    families.map(line).collect()
}

/// The domains by the schemas that their events fit.
fn users(loaded: &Loaded) -> BTreeMap<SchemaId, Vec<String>> {
    let mut users: BTreeMap<SchemaId, Vec<String>> = BTreeMap::new();
    for domain in &loaded.domains {
        for kind in [Kind::Missing, Kind::Mismatched, Kind::Orphaned] {
            let Remedy::Emit(emission) = domain.remedy(kind) else { continue };
            let Some(id) = emission.schema else { continue };
            let domains = users.entry(id).or_default();
            let name = domain.domain().to_string();
            if !domains.contains(&name) {
                domains.push(name);
            }
        }
    }
    users
}
