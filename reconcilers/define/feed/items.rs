//! What the pages of a feed hold: its rows and their keys.

use super::keys::Keys;
use crate::define::checked::{Checked, Placed};
use crate::define::document::Problems;
use crate::define::gone_file::{GoneIf, GoneIfFile};
use crate::define::id_file::IdFile;
use crate::define::nested_file::NestedFile;
use crate::define::problem::Spot;
use crate::define::rows_file::{FormatWord, RowsDefinition, RowsFile, RowsWords};
use crate::format::{Children, Unpack};
use crate::path::Path;
use crate::projection::At;

/// The words that say where rows are and what is their key.
pub(super) struct ItemWords {
    pub(super) rows: Option<Placed<RowsFile>>,
    pub(super) unwrap: Option<Checked<Path>>,
    pub(super) explode: Option<Checked<At>>,
    pub(super) scalar: Option<Checked<String>>,
    pub(super) format: Option<Checked<FormatWord>>,
    pub(super) unpack: Option<Checked<Unpack>>,
    pub(super) children: Option<Checked<Children>>,
    pub(super) nested: Vec<NestedFile>,
    pub(super) gone_if: Option<Placed<GoneIfFile>>,
    pub(super) id: IdFile,
    pub(super) version: Option<Checked<Path>>,
}

/// What the pages hold, as far as the words can be understood.
pub(super) struct Items {
    pub(super) rows: Option<RowsDefinition>,
    pub(super) keys: Option<Keys>,
}

impl ItemWords {
    /// `feed` is where the feed stands.
    pub(super) fn compile(self, feed: Spot, problems: &mut Problems<'_>) -> Items {
        let rows = RowsWords {
            rows: self.rows,
            unwrap: self.unwrap,
            explode: self.explode,
            scalar: self.scalar,
            format: self.format,
            unpack: self.unpack,
            children: self.children,
            nested: self.nested,
            gone: GoneIf::compile(self.gone_if, problems),
        };
        let rows = rows.compile(feed, problems);
        let keys = Keys::compile(self.id, self.version, rows.as_ref(), problems);
        Items { rows, keys }
    }
}
