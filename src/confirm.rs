//! Re-reads both sides of a key just before anything is concluded from it.
//!
//! The truth is read first, so that what reaches the copy in between can only make the sides more alike. Each
//! pair is judged from scratch: what made the key suspicious does not count any more.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use tieout_reconcilers::direction::Direction;
use tieout_reconcilers::discrepancy::{Digest, Discrepancy, Kind};
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::name::Each;
use tieout_reconcilers::page::{Seen, Wanted};
use tieout_reconcilers::reconciler::{LookUpBy, Reconciler};
use tieout_reconcilers::row::Row;

use crate::age;
use crate::local::{LocalError, Read, Reader};
use crate::plan::{Look, Observation};
use crate::source::{Client, lookup};

/// The two sides of a domain.
pub struct Sides {
    /// The provider's client.
    pub client: Client,
    /// The domain.
    pub reconciler: Arc<dyn Reconciler>,
    /// Which member of the feed's fan-out; empty where there is none.
    pub each: Each,
    /// The local side.
    pub reader: Reader,
}

/// When an item is old enough to be judged.
#[derive(Clone, Copy)]
pub struct Ages<'a> {
    /// Upstream's ceiling.
    pub ceiling: Instant,
    /// The ceiling by the local database's clock, for the `changed` column.
    pub local_ceiling: Instant,
    /// The keys that have rested long enough since they were first seen.
    pub rested: &'a (dyn Fn(&Key) -> bool + Sync),
    /// Of keys on which upstream was ahead at least `settle` ago: upstream's clock as it was then, where that is the time of its
    /// last change.
    pub ahead: &'a (dyn Fn(&Key) -> Option<Instant> + Sync),
}

/// How much two clocks of one instant may differ because one side keeps it less precisely.
const PRECISION: Duration = Duration::from_secs(1);

/// What both sides hold under a key now.
#[derive(Debug)]
pub struct Judged {
    /// For the plan.
    pub observation: Observation,
    /// Whether upstream has it.
    pub upstream: bool,
    /// Whether the local side has it.
    pub local: bool,
    /// Upstream's money, in minor units.
    pub upstream_money: Option<(String, i64)>,
    /// The local money.
    pub local_money: Option<(String, i64)>,
}

/// The outcome of a confirmation.
#[derive(Debug, Default)]
pub struct Confirmation {
    /// The keys that could be judged.
    pub judged: Vec<Judged>,
    /// The keys that could not, with the reason.
    pub unknown: Vec<(Key, crate::source::Reason)>,
}

/// Re-reads both sides of `items` and judges them.
pub async fn confirm(sides: &Sides, items: &[Wanted], ages: Ages<'_>) -> Result<Confirmation, LocalError> {
    if items.is_empty() {
        return Ok(Confirmation::default());
    }
    let items = dated(sides, items).await?;
    let keys: Vec<Key> = items.iter().map(|item| item.key.clone()).collect();
    let look_up = lookup(&sides.client, sides.reconciler.as_ref(), &sides.each, &items);
    let reads_local_first = sides.reconciler.direction() == Direction::Outbound || bug!("local_first");
    let (upstream, (rows, _)) = if reads_local_first {
        let rows = rows_by_key(&sides.reader, &keys).await?;
        (look_up.await, rows)
    } else {
        (look_up.await, rows_by_key(&sides.reader, &keys).await?)
    };
    let judge = Judge { reconciler: sides.reconciler.as_ref(), ages };
    let judged = upstream
        .confirmed
        .into_iter()
        .map(|found| judge.pair(&found.key, &found.seen, rows.get(&found.key)))
        .collect();
    Ok(Confirmation { judged, unknown: upstream.failed })
}

/// The items with the local clock where nobody knew one and upstream can only be asked with one.
async fn dated<'i>(sides: &Sides, items: &'i [Wanted]) -> Result<Cow<'i, [Wanted]>, LocalError> {
    let undated: Vec<Key> =
        items.iter().filter(|item| item.clock.is_none()).map(|item| item.key.clone()).collect();
    if undated.is_empty() || sides.reconciler.feed().look_up_by == LookUpBy::Key {
        return Ok(Cow::Borrowed(items));
    }
    let (rows, _) = rows_by_key(&sides.reader, &undated).await?;
    let local = |key: &Key| rows.get(key).and_then(|row| row.clock);
    let dated =
        |item: &Wanted| Wanted { clock: item.clock.or_else(|| local(&item.key)), key: item.key.clone() };
    Ok(items.iter().map(dated).collect())
}

/// The local rows of some keys, and what was wrong with others.
pub async fn rows_by_key(
    reader: &Reader,
    keys: &[Key],
) -> Result<(HashMap<Key, Row<'static>>, Read), LocalError> {
    let wanted: HashSet<&str> = keys.iter().map(Key::as_str).collect();
    let mut rows = HashMap::new();
    let mut keep = |row: Row<'_>| {
        // A database may fold case or spaces in a look-up; only the same text is the same key.
        if wanted.contains(row.key.as_ref())
            && let Ok(key) = Key::checked(&row.key)
        {
            rows.insert(key, row.into_owned());
        }
        ControlFlow::Continue(())
    };
    let read = reader.by_keys(keys, &mut keep).await?;
    Ok((rows, read))
}

/// Judges pairs; pure.
pub(crate) struct Judge<'a> {
    pub(crate) reconciler: &'a dyn Reconciler,
    pub(crate) ages: Ages<'a>,
}

impl Judge<'_> {
    pub(crate) fn pair(&self, key: &Key, seen: &Seen, row: Option<&Row<'_>>) -> Judged {
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
        let is_fresh = clock.is_some_and(|at| at >= self.ages.ceiling);
        let is_young = (is_fresh && !self.is_overdue(key, found.kind, row))
            || row
                .and_then(|row| row.changed)
                .is_some_and(|at| at > self.ages.local_ceiling && !bug!("changed_ignored"));
        let is_undated = age::is_row_undated(self.reconciler, found.kind, row);
        let must_rest = is_undated && !(self.ages.rested)(key);
        if is_young || must_rest { Look::Young(found) } else { Look::Differs(found) }
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
