//! Judges what both sides hold under a key, from scratch. Pure.

use std::collections::HashMap;
use std::time::Duration;

use tieout_reconcilers::direction::Direction;
use tieout_reconcilers::discrepancy::{Digest, Discrepancy, Kind};
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::page::Seen;
use tieout_reconcilers::reconciler::Reconciler;
use tieout_reconcilers::row::Row;

use super::{Ages, Judged};
use crate::age;
use crate::plan::{Look, Observation};

/// The local rows of some keys.
pub(crate) type Rows = HashMap<Key, Row<'static>>;

/// How much two clocks of one instant may differ because one side keeps it less precisely.
const PRECISION: Duration = Duration::from_secs(1);

/// Judges pairs.
pub(crate) struct Judge<'a> {
    pub reconciler: &'a dyn Reconciler,
    /// Upstream's ceiling, now that it has answered.
    pub ceiling: Instant,
    pub ages: Ages<'a>,
    /// The local rows as they were before upstream was asked, where no column says when a row was written.
    pub before: Option<&'a Rows>,
    /// The local rows as they were afterwards.
    pub after: &'a Rows,
}

impl Judge<'_> {
    pub(crate) fn pair(&self, key: &Key, seen: &Seen) -> Judged {
        let row = self.after.get(key);
        let upstream = match seen {
            Seen::Item(items, raw) => items.get(0).map(|item| (item, raw.as_ref())),
            Seen::Gone | Seen::Unreadable(_) => None,
        };
        let item = upstream.map(|(item, _)| item);
        let (fields, format) = (self.reconciler.fields(), &self.reconciler.feed().clock_format);
        let clock = item.and_then(|item| format.of(item)).or_else(|| row.and_then(|row| row.clock));
        let look = match seen {
            Seen::Unreadable(reason) => Look::Differs(unreadable(key, reason)),
            _ => self.look(key, fields.judge(key, upstream, row), clock, row),
        };
        // A copy that is ahead of the truth is no drift, so its other amount explains nothing.
        let is_ahead = item.zip(row).is_some_and(|(item, row)| fields.is_copy_ahead(item, row));
        Judged {
            observation: Observation { key: key.clone(), clock, look },
            upstream: !matches!(seen, Seen::Gone),
            local: row.is_some(),
            upstream_money: item.filter(|_| !is_ahead).and_then(|item| owned(fields.money_upstream(item))),
            local_money: row.filter(|_| !is_ahead).and_then(|row| owned(fields.money_local(row))),
        }
    }

    fn look(
        &self,
        key: &Key,
        found: Option<Discrepancy>,
        clock: Option<Instant>,
        row: Option<&Row<'_>>,
    ) -> Look {
        let Some(found) = found else { return Look::Agrees };
        let is_fresh = clock.is_some_and(|at| at >= self.ceiling);
        let is_young = (is_fresh && !self.is_overdue(key, found.kind, row))
            || row
                .and_then(|row| row.changed)
                .is_some_and(|at| at > self.ages.local_ceiling && !bug!("changed_ignored"));
        let is_undated = age::is_row_undated(self.reconciler, found.kind, row);
        let must_rest = is_undated && !(self.ages.rested)(key);
        if is_young || must_rest || self.has_moved(key, row) {
            Look::Young(found)
        } else {
            Look::Differs(found)
        }
    }

    /// Whether the local side still lacks a change that upstream already had at least `settle` ago. An item that is touched
    /// before every run is judged by that, however young its last change is. Rows that are the truth say themselves when they
    /// changed.
    fn is_overdue(&self, key: &Key, kind: Kind, row: Option<&Row<'_>>) -> bool {
        let is_inbound = self.reconciler.direction() == Direction::Inbound;
        if !is_inbound || !matches!(kind, Kind::Missing | Kind::Mismatched) {
            return false;
        }
        let Some(then) = (self.ages.ahead)(key) else { return false };
        let precision = PRECISION.max(self.reconciler.feed().grain);
        row.is_none_or(|row| row.clock.is_some_and(|at| at + precision <= then))
    }

    /// Whether somebody wrote the row while upstream was asked: what upstream held then is not what the row is about.
    fn has_moved(&self, key: &Key, row: Option<&Row<'_>>) -> bool {
        self.before.is_some_and(|before| before.get(key) != row)
    }
}

fn unreadable(key: &Key, reason: &str) -> Discrepancy {
    Discrepancy {
        key: key.clone(),
        kind: Kind::Unreadable,
        fields: Vec::new(),
        digest: Digest::of(reason),
        reason: Some(reason.to_owned()),
        amount: None,
        truth: None,
        original: None,
    }
}

fn owned(money: Option<(std::borrow::Cow<'_, str>, i64)>) -> Option<(String, i64)> {
    money.map(|(currency, minor)| (currency.into_owned(), minor))
}
