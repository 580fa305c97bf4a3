//! What a domain compares: its fields, the rule of each, and where its money is. Says nothing about any item.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::clock_format::ClockFormat;
use crate::direction::Direction;
use crate::instant::TimeFormat;
use crate::money::Unit;
use crate::path::Path;

/// The slots that every projected item has; the compared fields follow from [`FIELDS`] on.
pub const KEY: usize = 0;
/// The slot of the window's clock.
pub const CLOCK: usize = 1;
/// The slot of the provider's change marker.
pub const VERSION: usize = 2;
/// The first slot of the compared fields.
pub const FIELDS: usize = 3;

/// How the values of a field are brought into normal form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// As they are. Numbers compare by value, and a numeric text equals its number.
    Exact,
    /// Text without regard to case.
    FoldCase,
    /// Upstream's words stand for local words.
    Map(BTreeMap<Box<str>, Box<str>>),
    /// Instants, cut off to a precision that both sides can hold.
    Time {
        /// How upstream writes them.
        upstream: ClockFormat,
        /// How the local side writes them, where its column has no time type.
        local: TimeFormat,
        /// What both are cut off to.
        precision: Duration,
    },
    /// Amounts in minor units of a currency.
    Money {
        /// Upstream's unit.
        upstream: Unit,
        /// The local unit.
        local: Unit,
        /// The compared field that holds the currency.
        currency: usize,
    },
}

/// One compared field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name in the domain.
    pub name: Box<str>,
    /// Where upstream holds it.
    pub upstream: Path,
    /// The local column.
    pub local: Box<str>,
    /// How values are compared.
    pub rule: Rule,
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields {
    /// In the order of the definition.
    pub fields: Vec<Field>,
    /// Where the money is, if the domain says.
    pub money: Option<MoneyFields>,
    /// Which side is the truth.
    pub direction: Direction,
}
