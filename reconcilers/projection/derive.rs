//! Fills a slot with what an expression makes of others, which are forgotten after that.

use crate::items::{ItemView, Items};
use crate::jq::{Expression, Underivable};

/// A value that is calculated from others of its item.
#[derive(Debug, Clone)]
pub struct Derivation {
    /// Where it goes.
    pub slot: usize,
    /// What it is calculated by.
    pub expression: Expression,
    /// What it is calculated from.
    pub of: Ingredients,
}

/// What an expression is given.
#[derive(Debug, Clone)]
pub enum Ingredients {
    /// The item, in this slot.
    Whole(usize),
    /// Some of its members, with their slots.
    Members(Vec<(Box<str>, usize)>),
}

impl Derivation {
    /// Fills the slot of the newest item. Where there is no value, it says why not, which no rule can read.
    pub(super) fn fill(&self, items: &mut Items) {
        let newest = items.len().checked_sub(1).and_then(|newest| items.get(newest));
        let value = newest.map(|item| self.value(item));
        match &self.of {
            Ingredients::Whole(slot) => items.forget(std::slice::from_ref(slot)),
            Ingredients::Members(members) => {
                let slots: Vec<usize> = members.iter().map(|(_, slot)| *slot).collect();
                items.forget(&slots);
            }
        }
        match value {
            Some(Ok(value)) => items.set(self.slot, &value),
            Some(Err(why)) => items.set(self.slot, why.mark()),
            None => false,
        };
    }

    fn value(&self, item: ItemView<'_>) -> Result<String, Underivable> {
        match &self.of {
            Ingredients::Whole(slot) => self.expression.of_item(item.slot(*slot).ok_or(Underivable::Failed)?),
            Ingredients::Members(members) => {
                let there = members.iter().filter_map(|(name, slot)| Some((&**name, item.slot(*slot)?)));
                self.expression.of_members(there)
            }
        }
    }
}
