//! What a slice leaves behind: suspects, counts, and doubts about the evidence.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use tieout_reconcilers::compare::Side;
use tieout_reconcilers::direction::Direction;
use tieout_reconcilers::discrepancy::Kind;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::money::Totals;
use tieout_reconcilers::page::Wanted;

use super::faulty::AllFaulty;

/// An item or row that found no equal in its slice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspect {
    /// Which item.
    pub key: Key,
    /// Its clock on the side that has it, upstream's where both have it.
    pub clock: Option<Instant>,
    /// What it looks like so far.
    pub looks: Looks,
    /// Whether it was counted as an upstream item.
    pub upstream: bool,
    /// Whether it was counted as a local row.
    pub local: bool,
    /// By when it had been seen, where an earlier run saw it: this one may know better by now.
    pub seen_before: Option<Instant>,
}

impl Suspect {
    /// What is looked up of it.
    #[must_use]
    pub fn wanted(&self) -> Wanted {
        Wanted { key: self.key.clone(), clock: self.clock }
    }
}

/// What a suspect looks like before it is confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Looks {
    /// Upstream has it, the local side does not.
    UpstreamOnly,
    /// Both have it, and they differ.
    Different,
    /// The local side has it, upstream does not.
    LocalOnly,
    /// The local side has it, and upstream itself says that it was deleted.
    Deleted,
    /// A value that its rule cannot read, or an item without a clock.
    Unreadable,
}

impl Looks {
    /// What it will be, if it is confirmed.
    #[must_use]
    pub fn kind(self, direction: Direction) -> Kind {
        match self {
            Self::UpstreamOnly => direction.kind_of_only(Side::Upstream),
            Self::LocalOnly | Self::Deleted => direction.kind_of_only(Side::Local),
            Self::Different => Kind::Mismatched,
            Self::Unreadable => Kind::Unreadable,
        }
    }
}

/// What was counted while a slice streamed past.
///
/// On each side the count is `matched` plus the suspects that were counted on that side.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Items that lie in the window, and those after it that were kept.
    pub upstream: u64,
    /// Rows that lie in the window, and rows looked up by key.
    pub local: u64,
    /// Pairs that agree.
    pub matched: u64,
    /// Items that were seen again.
    pub repeated: u64,
    /// Items without a usable key: counted, and nothing can be said about them.
    pub nameless: u64,
    /// Upstream's money in matched pairs that both sides hold alike.
    pub upstream_money: Totals,
    /// The local money in the same pairs.
    pub local_money: Totals,
}

impl Tally {
    /// The counts by name, without the money.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        BTreeMap::from([
            ("upstream", self.upstream),
            ("local", self.local),
            ("matched", self.matched),
            ("repeated", self.repeated),
            ("nameless", self.nameless),
        ])
    }
}

/// Something that makes the walk's evidence doubtful.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doubt {
    /// An item came when the rows of its time had been read already: the feed does not keep the order it declares.
    OrderBroken,
    /// Two items of one walk have one key and different values.
    KeyTwice,
    /// The local query returned one key twice.
    RowTwice,
    /// An item has no usable key.
    Nameless,
    /// A row has no usable key.
    NamelessRow,
    /// More rows met no item of a whole feed than can be told one by one.
    ManyUnmet,
}

/// What a slice leaves to be confirmed.
#[derive(Debug)]
pub struct Difference {
    /// The suspects, at most one per key.
    pub suspects: Vec<Suspect>,
    /// What was counted.
    pub tally: Tally,
    /// What makes the walk doubtful.
    pub doubts: Vec<Doubt>,
    /// The items without a usable key.
    pub faulty: AllFaulty,
    /// How many items that changed after the window were left to the next run.
    pub left_young: u64,
}

/// One suspect per key: what two of them counted on the same side counts once.
pub(super) fn one_per_key(suspects: Vec<Suspect>, tally: &mut Tally) -> Vec<Suspect> {
    let mut places: HashMap<Key, usize> = HashMap::with_capacity(suspects.len());
    let mut kept: Vec<Suspect> = Vec::with_capacity(suspects.len());
    for suspect in suspects {
        let place = *places.entry(suspect.key.clone()).or_insert(kept.len());
        let Some(known) = kept.get_mut(place) else {
            kept.push(suspect);
            continue;
        };
        tally.upstream -= u64::from(known.upstream && suspect.upstream);
        tally.repeated += u64::from(known.upstream && suspect.upstream);
        tally.local -= u64::from(known.local && suspect.local);
        known.upstream |= suspect.upstream;
        known.local |= suspect.local;
    }
    kept
}
