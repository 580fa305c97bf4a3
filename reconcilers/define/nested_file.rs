//! `nested`: lists inside rows of which a provider may show only the beginning.

use schemars::JsonSchema;
use serde::Deserialize;

use super::checked::{Checked, Fault};
use super::document::Problems;
use crate::path::Path;
use crate::projection::{At, Nested};

/// A list inside rows that may be cut off.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NestedFile {
    /// Where the list is.
    rows: Checked<At>,
    /// The member of the row that says that the list goes on.
    more: Option<Checked<Path>>,
    /// The member of the row that says how long the list is.
    total: Option<Checked<Path>>,
}

impl NestedFile {
    pub(super) fn compile(self, problems: &mut Problems<'_>) -> Option<Nested> {
        let spot = self.rows.spot;
        if self.more.is_none() && self.total.is_none() {
            let help =
                "say `more`, where the list says that it goes on, or `total`, where it says its length";
            problems.add(spot, Fault::new("nothing says where this list is cut off").with_help(help));
        }
        let (more, total) = (problems.take_option(self.more), problems.take_option(self.total));
        Some(Nested { rows: problems.take(self.rows)?, more, total })
    }
}
