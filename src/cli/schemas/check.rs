//! `tieout schemas check`: whether a version breaks what an older one promised.

use std::collections::BTreeMap;
use std::path::Path;

use crate::cli::desk::Desk;
use crate::cli::failure::Failure;
use crate::cli::wire;
use crate::config::excerpt;
use crate::report::{exit, json, text};
use crate::schemas::compat::{Compared, against, consecutive};
use crate::schemas::{self, Registry};

pub(super) fn check(desk: &Desk, published: Option<&Path>) -> Result<u8, Failure> {
    let loaded = wire::load(desk)?;
    let registry = loaded.config.schemas.as_ref();
    let mut compared: Vec<Compared> =
        registry.families.values().flat_map(|family| consecutive(registry, family)).collect();
    if let Some(folder) = published {
        compared.extend(against(&read(folder, desk)?, registry));
    }
    desk.output.show(
        |look| text::compared(&compared, desk.output.quiet, look),
        || json::whole("tieout.schemas_compared/v1", &BTreeMap::from([("compared", &compared)])),
        || json::lines("compared", &compared),
    )?;
    let breaks = compared.iter().any(|pair| !pair.differences.is_empty());
    Ok(if breaks { exit::DIFFERENCES } else { exit::DONE })
}

/// What was published before.
fn read(folder: &Path, desk: &Desk) -> Result<Registry, Failure> {
    let unreadable = |error: std::io::Error| {
        Failure::usage("against", format!("{} cannot be read: {error}", folder.display()))
    };
    schemas::read(folder).map_err(unreadable)?.map_err(|problems| {
        let plain: Vec<String> = problems.iter().map(ToString::to_string).collect();
        let message = plain.join("\n");
        Failure::usage("definition", message).drawn(excerpt::draw(problems, desk.output.colors_errors()))
    })
}
