//! What a domain compares: its fields, the rule of each, and where its money is. Says nothing about any item.

use super::rules::{Blank, Rule};
use crate::direction::Direction;
use crate::discrepancy::Hidden;
use crate::jq::{Expression, Reads};
use crate::money::{Currencies, Unit};
use crate::path::Path;

/// The slots that every projected item has; the compared fields follow from [`FIELDS`] on.
pub const KEY: usize = 0;
/// The slot of the window's clock.
pub const CLOCK: usize = 1;
/// The slot of the provider's change marker.
pub const VERSION: usize = 2;
/// The first slot of the compared fields.
pub const FIELDS: usize = 3;

/// Where upstream's value of a field comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A member of the item.
    Member(Path),
    /// It is calculated from the item.
    Derived(Expression),
}

impl Source {
    /// Whether what happens at a path of the item may change the value.
    #[must_use]
    pub fn overlaps(&self, path: &Path) -> bool {
        match self {
            Self::Member(own) => own.overlaps(path),
            Self::Derived(expression) => match expression.reads() {
                Reads::Whole => true,
                Reads::Members(names) => names.iter().any(|name| Path::of_member(name).overlaps(path)),
            },
        }
    }
}

/// One compared field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name in the domain.
    pub name: Box<str>,
    /// Where upstream holds it, or what it is calculated by.
    pub upstream: Source,
    /// The local column.
    pub local: Box<str>,
    /// Which values say nothing.
    pub blank: Blank,
    /// How values are compared.
    pub rule: Rule,
    /// How its values are kept from people, where they are.
    pub hidden: Option<Hidden>,
}

impl Field {
    /// A field that has one name everywhere: in the domain, in the item and in the row.
    #[must_use]
    pub fn named(path: &Path, rule: Rule) -> Self {
        let name: Box<str> = path.to_string().into();
        let upstream = Source::Member(path.clone());
        Self { local: name.clone(), name, upstream, blank: Blank::default(), rule, hidden: None }
    }
}

/// Which compared fields hold the money of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MoneyFields {
    /// The amount.
    pub amount: usize,
    /// Its currency.
    pub currency: usize,
    /// Upstream's unit, after the amount's own rule.
    pub upstream: Unit,
    /// The local unit, after the amount's own rule.
    pub local: Unit,
}

/// All compared fields of a domain.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fields {
    /// In the order of the definition.
    pub fields: Vec<Field>,
    /// Where the money is, if the domain says.
    pub money: Option<MoneyFields>,
    /// Which side is the truth.
    pub direction: Direction,
    /// How upstream counts minor units, where ISO 4217 does it otherwise.
    pub currencies: Currencies,
}

impl Fields {
    /// Fields without money.
    #[must_use]
    pub fn of(fields: Vec<Field>) -> Self {
        Self { fields, ..Self::default() }
    }

    /// Whether pseudonyms stand for the values of some field, which takes a key.
    #[must_use]
    pub fn are_hashed(&self) -> bool {
        self.fields.iter().any(|field| field.hidden == Some(Hidden::Hashed))
    }
}
