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

/// Decides about an event. `finding` is where its finding stands and which event that is about.
pub(super) fn fate(
    state: OutboxState,
    is_dropped: bool,
    finding: Option<(State, Option<Uuid>)>,
    id: Uuid,
) -> Fate {
    match state {
        OutboxState::Dead if is_dropped && bug!("dropped_is_put_back") => Fate::Eligible,
        OutboxState::Dead if is_dropped => Fate::Dropped,
        OutboxState::Dead if finding == Some((State::Open, Some(id))) => Fate::Eligible,
        // It died before the release of its domain, and its finding waits for an approval.
        OutboxState::Dead if finding == Some((State::Held, Some(id))) => Fate::NotReleased,
        OutboxState::Dead | OutboxState::Superseded => Fate::Superseded,
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
    now: Instant,
) -> Result<Vec<(Uuid, Fate)>, StoreError> {
    let fates = judge(tx, ids).await?;
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

/// The fates of events, in the order of their commit.
pub(super) async fn judge(tx: &mut Tx, ids: &[Value<'_>]) -> Result<Vec<(Uuid, Fate)>, StoreError> {
    let sql = format!(
        "SELECT outbox.event_id, outbox.state, outbox.dropped_at, findings.state AS finding_state,
             findings.event_id AS finding_event
         FROM outbox LEFT JOIN findings ON findings.domain = outbox.domain AND findings.each_ = outbox.each_
             AND findings.key = outbox.key
         WHERE outbox.event_id IN ({}) ORDER BY outbox.seq",
        params(ids.len(), 0)
    );
    tx.rows(sql, ids).await?.iter().map(judged).collect()
}

fn judged(row: &Row) -> Result<(Uuid, Fate), StoreError> {
    let id = row.uuid("event_id")?;
    let stands = row.text_or_null("finding_state")?;
    let stands = stands.map(|word| row.known("finding_state", &word, State::from_word(&word))).transpose()?;
    let finding = match stands {
        Some(state) => Some((state, row.uuid_or_null("finding_event")?)),
        None => None,
    };
    let state = row.word("state", OutboxState::from_word)?;
    let is_dropped = row.time_or_null("dropped_at")?.is_some();
    Ok((id, fate(state, is_dropped, finding, id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_dead_event_that_its_open_finding_still_needs_is_eligible() {
        let (own, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let findings: Vec<Option<(State, Option<Uuid>)>> = State::ALL
            .into_iter()
            .flat_map(|state| [None, Some(own), Some(other)].map(|event| Some((state, event))))
            .chain([None])
            .collect();
        for state in OutboxState::ALL {
            for is_dropped in [false, true] {
                for finding in &findings {
                    let is_needed = *finding == Some((State::Open, Some(own)));
                    let is_eligible = state == OutboxState::Dead && !is_dropped && is_needed;
                    let fate = fate(state, is_dropped, *finding, own);
                    let is_kept_back = *finding == Some((State::Held, Some(own)));
                    if state == OutboxState::Dead && !is_dropped && is_kept_back {
                        assert_eq!(fate, Fate::NotReleased, "an approval is all that it waits for");
                    }
                    assert_eq!(fate == Fate::Eligible, is_eligible, "{state:?} {is_dropped} {finding:?}");
                    assert_eq!(fate == Fate::Sent, state == OutboxState::Sent);
                }
            }
        }
    }
}
