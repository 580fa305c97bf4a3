//! What `tieout schemas list` shows.

use serde::Serialize;

use crate::schemas::Mode;

/// A schema of the registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SchemaLine {
    /// Its name.
    pub name: String,
    /// Its versions.
    pub versions: Vec<u32>,
    /// What a new version must not break.
    pub mode: Mode,
    /// The versions that an upcaster carries to the next.
    pub upcasters: Vec<u32>,
    /// The domains whose events fit it, each with the version.
    pub used_by: Vec<String>,
}
