//! What may become of events that a person, or the retry job, wants to send or to drop: judged against their findings as they stand
//! now, inside a transaction that holds them.

use std::collections::{BTreeMap, BTreeSet};

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::{DomainName, Each};
use uuid::Uuid;

use super::row::OutboxState;
use super::stage::{lock, withdraw};
use crate::finding::State;
use crate::store::error::StoreError;
use crate::store::lease::hold_back;
use crate::store::sql::{Row, Tx, Value, params};

/// What may become of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It is dead, and its finding still needs it.
    Eligible,
    /// It is dead, and nobody needs it any more: its finding is over, left alone, or about another event.
    Superseded,
    /// It is not dead any more, because nobody needed it.
    SupersededBefore,
    /// A queue did not take it, nobody needs it any more, and a person wants it sent all the same.
    Forced,
    /// A queue has it already.
    Sent,
    /// It waits for its delivery anyway.
    Waiting,
    /// It is dead and needed, and breaks the schema that its domain names today.
    Unfit,
    /// A person dropped it.
    Dropped,
    /// It is staged or held, or its finding is: it never came to the relay.
    NotReleased,
}

/// The fates of some events, by their ids.
pub type Fates = BTreeMap<Uuid, Fate>;

impl Fate {
    /// Whether it is sent once more.
    #[must_use]
    pub const fn is_put_back(self) -> bool {
        matches!(self, Self::Eligible | Self::Forced)
    }
}

/// Whether events are sent again that nobody needs any more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Over {
    /// No: their findings are over, or about another event.
    #[default]
    LeftOut,
    /// Yes, because a person says so.
    Sent,
}

/// How an event stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stands {
    state: OutboxState,
    is_dropped: bool,
    /// Whether a queue was tried and did not take it, so that its domain had been released.
    was_refused: bool,
}

/// Decides about an event. `finding` is where its finding stands and which event that is about.
pub(super) fn fate(event: Stands, finding: Option<(State, Option<Uuid>)>, id: Uuid, over: Over) -> Fate {
    match event.state {
        OutboxState::Dead if event.is_dropped && bug!("dropped_is_put_back") => Fate::Eligible,
        OutboxState::Dead if event.is_dropped => Fate::Dropped,
        OutboxState::Dead if finding == Some((State::Open, Some(id))) => Fate::Eligible,
        // It died before the release of its domain, and its finding waits for an approval.
        OutboxState::Dead if finding == Some((State::Held, Some(id))) => Fate::NotReleased,
        OutboxState::Dead | OutboxState::Superseded if over == Over::Sent && event.was_refused => {
            Fate::Forced
        }
        OutboxState::Dead => Fate::Superseded,
        OutboxState::Superseded => Fate::SupersededBefore,
        OutboxState::Sent => Fate::Sent,
        OutboxState::Pending => Fate::Waiting,
        OutboxState::Staged | OutboxState::Held => Fate::NotReleased,
    }
}

/// Locks events with everything that decides about them, in the order that every transaction keeps to: leases, events, findings.
pub(super) async fn hold(tx: &mut Tx, ids: &[Value<'_>]) -> Result<(), StoreError> {
    let sql =
        format!("SELECT DISTINCT domain, each_ FROM outbox WHERE event_id IN ({})", params(ids.len(), 0));
    let mut members: BTreeSet<(DomainName, Each)> = BTreeSet::new();
    for row in &tx.rows(sql, ids).await? {
        members.insert((row.word("domain", |name| name.parse().ok())?, Each::stored(&row.text("each_")?)));
    }
    for (domain, each) in &members {
        hold_back(tx, domain, each).await?;
    }
    lock(tx, ids).await
}

/// The fates of events that this transaction holds and changes; those that nobody needs any more are superseded with it.
pub(super) async fn settle(
    tx: &mut Tx,
    ids: &[Value<'_>],
    over: Over,
    now: Instant,
) -> Result<Vec<(Uuid, Fate)>, StoreError> {
    let fates = judge(tx, ids, over).await?;
    let superseded = of(&fates, Fate::Superseded);
    if !superseded.is_empty() {
        withdraw(tx, &superseded, now).await?;
    }
    Ok(fates)
}

/// The events with a fate.
pub(super) fn of(fates: &[(Uuid, Fate)], wanted: Fate) -> Vec<Value<'static>> {
    fates.iter().filter(|(_, fate)| *fate == wanted).map(|(id, _)| Value::from(*id)).collect()
}

/// The events that are sent once more.
pub(super) fn put_back(fates: &[(Uuid, Fate)]) -> Vec<Value<'static>> {
    fates.iter().filter(|(_, fate)| fate.is_put_back()).map(|(id, _)| Value::from(*id)).collect()
}

/// The fates of events, in the order of their commit.
pub(super) async fn judge(
    tx: &mut Tx,
    ids: &[Value<'_>],
    over: Over,
) -> Result<Vec<(Uuid, Fate)>, StoreError> {
    let sql = format!(
        "SELECT outbox.event_id, outbox.state, outbox.dropped_at, outbox.class, outbox.attempts,
             findings.state AS finding_state, findings.event_id AS finding_event
         FROM outbox LEFT JOIN findings ON findings.domain = outbox.domain AND findings.each_ = outbox.each_
             AND findings.key = outbox.key
         WHERE outbox.event_id IN ({}) ORDER BY outbox.seq",
        params(ids.len(), 0)
    );
    tx.rows(sql, ids).await?.iter().map(|row| judged(row, over)).collect()
}

fn judged(row: &Row, over: Over) -> Result<(Uuid, Fate), StoreError> {
    let id = row.uuid("event_id")?;
    let stands = row.text_or_null("finding_state")?;
    let stands = stands.map(|word| row.known("finding_state", &word, State::from_word(&word))).transpose()?;
    let finding = match stands {
        Some(state) => Some((state, row.uuid_or_null("finding_event")?)),
        None => None,
    };
    Ok((id, fate(event(row)?, finding, id, over)))
}

fn event(row: &Row) -> Result<Stands, StoreError> {
    Ok(Stands {
        state: row.word("state", OutboxState::from_word)?,
        is_dropped: row.time_or_null("dropped_at")?.is_some(),
        // What breaks its schema has a class from its commit on, and no attempt. What was given up keeps its class until it is put back.
        was_refused: row.text_or_null("class")?.is_some() && row.count::<u32>("attempts")? > 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: Uuid = Uuid::from_u128(1);

    fn findings() -> Vec<Option<(State, Option<Uuid>)>> {
        let other = Uuid::from_u128(2);
        let events = |state| [None, Some(OWN), Some(other)].map(|event| Some((state, event)));
        State::ALL.into_iter().flat_map(events).chain([None]).collect()
    }

    fn events() -> impl Iterator<Item = Stands> {
        let kinds = [(false, false), (true, false), (false, true), (true, true)];
        let of =
            move |state| kinds.map(|(is_dropped, was_refused)| Stands { state, is_dropped, was_refused });
        OutboxState::ALL.into_iter().flat_map(of)
    }

    #[test]
    fn only_a_dead_event_that_its_open_finding_still_needs_is_eligible() {
        for event in events() {
            let Stands { state, is_dropped, .. } = event;
            for finding in findings() {
                let is_needed = finding == Some((State::Open, Some(OWN)));
                let is_eligible = state == OutboxState::Dead && !is_dropped && is_needed;
                let fate = fate(event, finding, OWN, Over::LeftOut);
                let is_kept_back = finding == Some((State::Held, Some(OWN)));
                if state == OutboxState::Dead && !is_dropped && is_kept_back {
                    assert_eq!(fate, Fate::NotReleased, "an approval is all that it waits for");
                }
                assert_eq!(fate == Fate::Eligible, is_eligible, "{event:?} {finding:?}");
                assert_eq!(fate == Fate::Sent, state == OutboxState::Sent);
                assert!(fate != Fate::Forced, "nobody said so");
            }
        }
    }

    #[test]
    fn whoever_forces_sends_what_a_queue_refused_and_changes_no_other_fate() {
        for event in events() {
            for finding in findings() {
                let (usual, forced) =
                    (fate(event, finding, OWN, Over::LeftOut), fate(event, finding, OWN, Over::Sent));
                let is_over = matches!(usual, Fate::Superseded | Fate::SupersededBefore);
                let wanted = if is_over && event.was_refused { Fate::Forced } else { usual };
                assert_eq!(forced, wanted, "{event:?} {finding:?}");
            }
        }
    }
}
