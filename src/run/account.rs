//! Keeps the counts of a domain so that they add up on both sides at every moment.

use tieout_reconcilers::direction::{Direction, Roles};
use tieout_reconcilers::discrepancy::Kind;
use tieout_reconcilers::money::Totals;

use crate::confirm::Judged;
use crate::diff::{Suspect, Tally};
use crate::plan::Look;
use crate::report::{ItemCounts, Money};

/// What the report will say about the two sides of a domain.
#[derive(Debug, Default)]
pub(super) struct Account {
    direction: Direction,
    /// Items and rows.
    pub(super) items: ItemCounts,
    /// Their money.
    pub(super) money: Money,
}

impl Account {
    /// The empty account of a domain.
    pub(super) fn of(direction: Direction) -> Self {
        Self { direction, items: ItemCounts::default(), money: Money::of(direction) }
    }

    /// Adds what streamed past in a slice, and its rows without a usable key; its suspects follow one by one.
    pub(super) fn add(&mut self, tally: &Tally, bad_rows: u64) {
        self.items.upstream += tally.upstream + tally.nameless;
        self.items.local += tally.local + bad_rows;
        self.items.matched += tally.matched;
        self.items.unreadable.upstream += tally.nameless;
        self.items.unreadable.local += bad_rows;
        self.money.upstream.add_all(&tally.upstream_money);
        self.money.local.add_all(&tally.local_money);
    }

    /// Adds what was counted elsewhere.
    pub(super) fn absorb(&mut self, other: &Self) {
        self.items.add(&other.items);
        self.money.add(&other.money);
    }

    /// A suspect that cannot be judged now.
    pub(super) fn pend(&mut self, suspect: &Suspect) {
        self.items.pending.upstream += u64::from(suspect.upstream);
        self.items.pending.local += u64::from(suspect.local);
    }

    /// Takes a pending suspect back, because it is about to be judged after all.
    pub(super) fn unpend(&mut self, suspect: &Suspect) {
        self.items.pending.upstream -= u64::from(suspect.upstream);
        self.items.pending.local -= u64::from(suspect.local);
    }

    /// A suspect whose kind this feed can prove nothing about.
    pub(super) fn ignore(&mut self, suspect: &Suspect) {
        self.items.ignored.upstream += u64::from(suspect.upstream);
        self.items.ignored.local += u64::from(suspect.local);
    }

    /// A suspect whose two sides were read again, and that a person said to leave alone.
    pub(super) fn leave_alone(&mut self, suspect: &Suspect, judged: &Judged) {
        self.recount(suspect, judged);
        self.items.ignored.upstream += u64::from(judged.upstream);
        self.items.ignored.local += u64::from(judged.local);
    }

    /// On which sides an item is gives way to what the second reading showed.
    fn recount(&mut self, suspect: &Suspect, judged: &Judged) {
        self.items.upstream = self.items.upstream - u64::from(suspect.upstream) + u64::from(judged.upstream);
        self.items.local = self.items.local - u64::from(suspect.local) + u64::from(judged.local);
    }

    /// A suspect whose two sides were read again. What it was counted as gives way to what it is.
    pub(super) fn judge(&mut self, suspect: &Suspect, judged: &Judged) {
        self.recount(suspect, judged);
        let side = |counted: &mut crate::report::OneSide| {
            counted.upstream += u64::from(judged.upstream);
            counted.local += u64::from(judged.local);
        };
        match &judged.observation.look {
            Look::Young(_) => {
                side(&mut self.items.pending);
                if bug!("pending_money") {
                    self.add_money(judged);
                }
            }
            Look::Differs(found) if found.kind == Kind::Unreadable => side(&mut self.items.unreadable),
            Look::Differs(found) => self.count(found.kind, judged),
            Look::Agrees if judged.upstream && judged.local => {
                self.items.matched += 1;
                // As with the pairs that streamed past: a sum that one side alone can name explains nothing.
                if judged.upstream_money.is_some() && judged.local_money.is_some() {
                    self.add_money(judged);
                }
            }
            // One side alone cannot agree with nothing, and what neither side has is counted nowhere.
            Look::Agrees => {}
        }
    }

    fn count(&mut self, kind: Kind, judged: &Judged) {
        self.add_money(judged);
        let direction = if bug!("outbound_money") { Direction::Inbound } else { self.direction };
        let Roles { truth, copy } =
            direction.roles(judged.upstream_money.as_ref(), judged.local_money.as_ref());
        match kind {
            Kind::Missing => {
                self.items.missing += 1;
                add(&mut self.money.missing, truth, 1);
            }
            Kind::Orphaned => {
                self.items.orphaned += 1;
                add(&mut self.money.orphaned, copy, 1);
            }
            Kind::Mismatched => {
                self.items.mismatched += 1;
                add(&mut self.money.mismatched, truth, 1);
                add(&mut self.money.mismatched, copy, -1);
            }
            Kind::Unreadable => {}
        }
    }

    fn add_money(&mut self, judged: &Judged) {
        add(&mut self.money.upstream, judged.upstream_money.as_ref(), 1);
        add(&mut self.money.local, judged.local_money.as_ref(), 1);
    }

    /// How many items were judged, for the ratio limit.
    #[must_use]
    pub(super) const fn judged(&self) -> u64 {
        self.items.judged()
    }
}

fn add(totals: &mut Totals, money: Option<&(String, i64)>, sign: i128) {
    if let Some((currency, minor)) = money {
        totals.add(currency, sign * i128::from(*minor));
    }
}
