//! Items that have nothing to be compared by: without a key nobody can say which row is theirs. What stands for them is kept, and
//! nothing of what they hold.

use tieout_reconcilers::compare::KEY;
use tieout_reconcilers::fingerprint::Fingerprint;
use tieout_reconcilers::items::ItemView;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::projection::ItemFault;

/// How many of a slice are told one by one; all are counted.
const MOST: usize = 100;

/// An item without a usable key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faulty {
    /// The page that showed it, from 1.
    pub page: u64,
    /// Its row there, from 1, where that is known.
    pub row: Option<usize>,
    /// What is wrong with it: never a value of it.
    pub reason: String,
    /// What stands for it; nothing where it cannot even be told from its page.
    pub fingerprint: Option<Fingerprint>,
}

/// The items of a slice without a usable key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllFaulty {
    /// The first of them.
    pub told: Vec<Faulty>,
    /// How many more there are.
    pub left_out: u64,
}

impl AllFaulty {
    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.told.is_empty() && self.left_out == 0
    }

    /// Takes rows of a page that could not be projected.
    pub(super) fn take(&mut self, page: u64, faults: &[ItemFault]) {
        for ItemFault { index, reason, fingerprint } in faults {
            let (reason, fingerprint) = (reason.to_string(), *fingerprint);
            self.note(Faulty { page, row: Some(index + 1), reason, fingerprint });
        }
    }

    /// Takes an item whose key cannot be used.
    pub(super) fn take_item(&mut self, page: u64, item: ItemView<'_>) {
        let fault = Key::from_json(item.slot(KEY)).err();
        let reason = fault.map_or_else(|| "the key cannot be used".to_owned(), |fault| fault.to_string());
        self.note(Faulty { page, row: None, reason, fingerprint: Some(item.fingerprint()) });
    }

    fn note(&mut self, one: Faulty) {
        if self.told.len() < MOST { self.told.push(one) } else { self.left_out += 1 }
    }
}
