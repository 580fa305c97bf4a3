//! What a row is known by: its key, and the marker of its changes.

use crate::define::checked::{Checked, Fault};
use crate::define::confirm::ConfirmDefinition;
use crate::define::document::Problems;
use crate::define::id_file::IdFile;
use crate::define::problem::Spot;
use crate::define::rows_file::RowsDefinition;
use crate::path::Path;
use crate::projection::MAP_KEY;

/// The key of a row and its change marker.
pub(super) struct Keys {
    pub(super) id: Vec<Path>,
    pub(super) version: Option<Path>,
    /// Where the key stands.
    spot: Spot,
}

impl Keys {
    /// Both must be where the rows have something.
    pub(super) fn compile(
        id: IdFile,
        version: Option<Checked<Path>>,
        rows: Option<&RowsDefinition>,
        problems: &mut Problems<'_>,
    ) -> Option<Self> {
        let spot = id.0.spot;
        let id = problems.take(id.0);
        let version_spot = version.as_ref().map(|version| version.spot).unwrap_or_default();
        let version = problems.take_option(version);
        if let (Some(rows), Some(id)) = (rows, &id) {
            for path in id {
                rows.check(path, spot, problems);
            }
            if let Some(path) = &version {
                rows.check(path, version_spot, problems);
            }
        }
        Some(Self { id: id?, version, spot })
    }

    /// The key of a map's row stands beside it, where the look-up of one item has nothing.
    pub(super) fn must_be_in(&self, confirm: &ConfirmDefinition, problems: &mut Problems<'_>) {
        let is_beside = |path: &Path| path.split_first().is_some_and(|(first, _)| first == MAP_KEY);
        if confirm.one.is_some() && self.id.iter().any(is_beside) {
            let fault = Fault::new("the answer of `confirm: {one: ...}` does not hold `^key`");
            problems.add(self.spot, fault.with_help("look the items up by `many`, with `rows: {map: ...}`"));
        }
    }
}
