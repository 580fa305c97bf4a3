//! Which values of a row are kept, and in which slot.

use super::condition::{Expected, text_of_value};
use super::domain::DomainDefinition;
use super::feed::FeedDefinition;
use super::gone_file::GoneIf;
use super::paging::By;
use super::reader::CursorReader;
use crate::compare::{CLOCK, FIELDS, KEY, Source, VERSION};
use crate::items::ItemView;
use crate::jq::{Expression, Reads};
use crate::path::Path;
use crate::projection::{Derivation, Ingredients, OPERATION, Operation, Projection, Rows};

/// The slots of an item: key, clock, version and the compared fields, then what only reading it needs.
#[derive(Debug, Clone, Default)]
pub(super) struct Layout {
    pub slots: Vec<Option<Path>>,
    /// The parts of a composite key.
    parts: Vec<usize>,
    /// The cursor of the next page in the last row.
    pub cursor: Option<usize>,
    /// The id that a query can begin behind, in the last row.
    pub rekey: Option<usize>,
    /// What the list that a row lies in says about it.
    operation: Option<usize>,
    /// What makes a row a deleted one.
    gone: Gone,
    /// What is calculated from others.
    derivations: Vec<Derivation>,
}

/// Which rows name deleted items.
#[derive(Debug, Clone, Default)]
enum Gone {
    /// None.
    #[default]
    Never,
    /// All.
    Always,
    /// Those whose slots hold all of this.
    When(Vec<(usize, Expected)>),
}

impl Layout {
    pub(super) fn new(feed: &FeedDefinition, domain: &DomainDefinition) -> Self {
        let mut layout = Self { slots: vec![None; FIELDS], ..Self::default() };
        layout.slots[CLOCK].clone_from(&feed.clock);
        layout.slots[VERSION].clone_from(&feed.version);
        let fields = &domain.fields.fields;
        layout.slots.extend(fields.iter().map(|field| match &field.upstream {
            Source::Member(path) => Some(path.clone()),
            Source::Derived(_) => None,
        }));
        for (index, field) in fields.iter().enumerate() {
            if let Source::Derived(expression) = &field.upstream {
                layout.derive(FIELDS + index, expression);
            }
        }
        match feed.id.as_slice() {
            [only] => layout.slots[KEY] = Some(only.clone()),
            parts => {
                let kept = parts.iter().map(|part| layout.keep(part)).collect();
                layout.parts = kept;
            }
        }
        if let By::Cursor { reader: CursorReader::Last(path), .. } = &feed.paging.by {
            layout.cursor = Some(layout.keep(path));
        }
        layout.rekey = feed.rekey.as_ref().map(|path| layout.keep(path));
        if matches!(feed.rows.shape.rows, Rows::Tagged(_)) {
            layout.operation = Some(layout.keep(&Path::of_member(OPERATION)));
        }
        layout.gone = match &feed.rows.gone {
            GoneIf::Never => Gone::Never,
            GoneIf::Always => Gone::Always,
            GoneIf::When(all) => {
                let slots = all.iter().map(|(path, expected)| (layout.keep(path), expected.clone()));
                Gone::When(slots.collect())
            }
        };
        layout
    }

    /// Where the parts of a composite key are.
    pub(super) fn parts(&self) -> impl Iterator<Item = &Path> {
        self.parts.iter().filter_map(|&slot| self.slots.get(slot)?.as_ref())
    }

    fn keep(&mut self, path: &Path) -> usize {
        self.slots.push(Some(path.clone()));
        self.slots.len() - 1
    }

    /// Keeps what an expression looks at.
    fn derive(&mut self, slot: usize, expression: &Expression) {
        let of = match expression.reads() {
            Reads::Whole => Ingredients::Whole(self.keep(&Path::root())),
            Reads::Members(names) => {
                let members = names.iter().map(|name| (name.clone(), self.keep(&Path::of_member(name))));
                Ingredients::Members(members.collect())
            }
        };
        self.derivations.push(Derivation { slot, expression: expression.clone(), of });
    }

    /// Reads rows that are handed in one by one, and the page's own values.
    pub(super) fn of_rows(&self, signals: &[Option<Path>], max_items: usize) -> Projection {
        self.finishing(Projection::of_rows(&self.slots, signals, max_items))
    }

    /// The same projection, which also makes what no member of a row is: keys of several parts, and calculated values.
    pub(super) fn finishing(&self, projection: Projection) -> Projection {
        let projection = projection.deriving(self.derivations.clone());
        if self.parts.is_empty() { projection } else { projection.composing(KEY, self.parts.clone()) }
    }

    /// The slots of rows that lie at `inner` in what a page lists.
    pub(super) fn inside(&self, inner: &Path) -> Vec<Option<Path>> {
        self.slots.iter().map(|slot| slot.as_ref().map(|path| inner.join(path))).collect()
    }

    /// Whether any row may name a deleted item.
    pub(super) const fn names_gone(&self) -> bool {
        self.operation.is_some() || !matches!(self.gone, Gone::Never)
    }

    /// Whether a row names a deleted item.
    pub(super) fn is_gone(&self, item: ItemView<'_>) -> bool {
        let operation = self.operation.and_then(|slot| item.slot(slot));
        let is_removed = operation == Some(Operation::Removed.json());
        is_removed
            || match &self.gone {
                Gone::Never => false,
                Gone::Always => true,
                Gone::When(all) => all.iter().all(|(slot, expected)| {
                    expected.accepts(item.slot(*slot).and_then(text_of_value).as_deref())
                }),
            }
    }
}
