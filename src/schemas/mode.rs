//! What a new version of a schema must not break, by name: `compat.yaml` beside the versions.

use serde::{Deserialize, Serialize};
use tieout_reconcilers::define::checked::{Checked, Word};
use tieout_reconcilers::define::document::{Document, Problems};
use tieout_reconcilers::define::problem::Problem;

/// What a new version must not break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Nothing is compared.
    None,
    /// Whoever reads by the new version reads what was written by the old one.
    #[default]
    Backward,
    /// Whoever reads by the old version reads what is written by the new one.
    Forward,
    /// Both.
    Full,
}

impl Mode {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Backward => "backward",
            Self::Forward => "forward",
            Self::Full => "full",
        }
    }

    /// Reads `compat.yaml`.
    pub(super) fn read(document: &Document) -> Result<Self, Vec<Problem>> {
        let file: CompatFile = document.read().map_err(|problem| vec![problem])?;
        let mut problems = Problems::of(document);
        let mode = problems.take(file.mode);
        problems.finish(mode).map(|(mode, _)| mode)
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CompatFile {
    mode: Checked<Mode>,
}

impl Word for Mode {
    const WHAT: &'static str = "mode";

    fn words() -> Vec<(&'static str, Self)> {
        let modes = [Self::Backward, Self::Forward, Self::Full, Self::None];
        Vec::from(modes.map(|mode| (mode.as_str(), mode)))
    }
}
