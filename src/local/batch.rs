//! What one execution of a statement asks for.

use tieout_reconcilers::key::Key;
use tieout_reconcilers::window::Window;

use super::database::KEYS_AT_ONCE;

/// What one execution of a statement asks for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Batch<'k> {
    /// The rows of a window, or all rows.
    Range(Option<Window>),
    /// The rows of at most [`KEYS_AT_ONCE`] keys.
    Keys(&'k [Key]),
}

impl<'k> Batch<'k> {
    /// As many batches as some keys need; the last comes first, as it is taken last.
    pub(super) fn of_keys(keys: &'k [Key]) -> Vec<Self> {
        keys.chunks(KEYS_AT_ONCE).rev().map(Batch::Keys).collect()
    }

    /// How many keys it has.
    pub(super) const fn keys(self) -> usize {
        match self {
            Self::Range(_) => 0,
            Self::Keys(keys) => keys.len(),
        }
    }

    /// Two batches of half of the keys each; nothing where there are fewer than two.
    pub(super) fn halves(self) -> Vec<Self> {
        match self {
            Self::Keys(keys) if keys.len() > 1 => {
                let (first, second) = keys.split_at(keys.len() / 2);
                vec![Self::Keys(second), Self::Keys(first)]
            }
            _ => Vec::new(),
        }
    }
}
