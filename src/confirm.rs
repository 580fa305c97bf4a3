//! Re-reads both sides of a key just before anything is concluded from it.
//!
//! Upstream is read first, so that a webhook which arrives in between can only make the sides more alike. Each
//! pair is judged from scratch: what made the key suspicious does not count any more.

mod asked;
mod budget;
mod judge;
mod proven;
mod sentinel;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::name::Each;
use tieout_reconcilers::page::Wanted;
use tieout_reconcilers::reconciler::{LookUpBy, Reconciler};
use tieout_reconcilers::row::Row;

pub use self::budget::LookUpBudget;
pub(crate) use self::judge::Judge;
use self::proven::look_up;
pub use self::sentinel::Sentinels;
use crate::local::{LocalError, Read, Reader};
use crate::plan::Observation;
use crate::source::{Client, Reason};

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
    /// Upstream's ceiling, as it is known once upstream has answered: its first answer may be one of these.
    pub ceiling: &'a (dyn Fn() -> Instant + Sync),
    /// The ceiling by the local database's clock, for the `changed` column.
    pub local_ceiling: Instant,
    /// The keys that have rested long enough since they were first seen.
    pub rested: &'a (dyn Fn(&Key) -> bool + Sync),
    /// Of keys on which upstream was ahead at least `settle` ago: upstream's clock as it was then, where that is the time of its
    /// last change.
    pub ahead: &'a (dyn Fn(&Key) -> Option<Instant> + Sync),
}

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
    pub unknown: Vec<(Key, Unknown)>,
}

/// Why nobody knows what upstream holds under a key. Its finding stays what it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unknown {
    /// It could not be looked up.
    #[error("{0}")]
    Failed(Reason),
    /// It was not looked up.
    #[error("the run's look-ups are spent")]
    OverBudget,
    /// It was not found, and neither was an item that is there.
    #[error(
        "look-ups by key answer \"gone\" also for items that the list has just shown, so they prove no absence; \
         what they did not find stays as it is"
    )]
    NoProof,
}

impl Unknown {
    /// Whether the credentials were refused.
    #[must_use]
    pub fn is_rejected(&self) -> bool {
        matches!(self, Self::Failed(reason) if reason.is_rejected())
    }
}

/// Whether it is no surprise that upstream lacks some of the items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absence {
    /// The list did not show them, or somebody found them gone before.
    Expected,
    /// The list has shown them.
    Unexpected,
}

/// What bounds look-ups and proves what they do not find. It is shared by all look-ups of a run.
#[derive(Clone, Copy)]
pub struct Care<'a> {
    /// How many items may still be looked up.
    pub budget: &'a LookUpBudget,
    /// What must be found.
    pub sentinels: &'a Sentinels,
    /// Whether absence is expected.
    pub absence: Absence,
}

/// Re-reads both sides of `items` and judges them: upstream first, the local side afterwards.
///
/// A row that was written after upstream was asked is not judged. Where `changed` says when a row was written, its time decides;
/// else the row is read before as well, and one that moved in between is left to the next look.
pub async fn confirm(
    sides: &Sides,
    items: &[Wanted],
    ages: Ages<'_>,
    care: Care<'_>,
) -> Result<Confirmation, LocalError> {
    if items.is_empty() {
        return Ok(Confirmation::default());
    }
    let (items, left) = items.split_at(care.budget.take(items.len()));
    let items = dated(sides, items).await?;
    let keys: Vec<Key> = items.iter().map(|item| item.key.clone()).collect();
    let before = match &sides.reconciler.local().changed {
        Some(_) => None,
        None => Some(rows_by_key(&sides.reader, &keys).await?.0),
    };
    let early = if bug!("local_first") { Some(rows_by_key(&sides.reader, &keys).await?) } else { None };
    let upstream = look_up(sides, &items, (ages.ceiling)(), care).await;
    let (after, _) = match early {
        Some(early) => early,
        None => rows_by_key(&sides.reader, &keys).await?,
    };
    let reconciler = sides.reconciler.as_ref();
    let judge = Judge { reconciler, ceiling: (ages.ceiling)(), ages, before: before.as_ref(), after: &after };
    let judged = upstream.confirmed.iter().map(|found| judge.pair(&found.key, &found.seen)).collect();
    let mut unknown = upstream.unknown;
    unknown.extend(left.iter().map(|item| (item.key.clone(), Unknown::OverBudget)));
    Ok(Confirmation { judged, unknown })
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
