//! Takes old events out of the outbox. It counts each of them, and takes none that a finding which is not over still rests on.

use std::time::Duration;

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::DomainName;

use crate::store::again::Twice;
use crate::store::database::Store;
use crate::store::error::StoreError;
use crate::store::findings;
use crate::store::sql::{Tx, Value, args, params};

/// Events of one transaction, so that nobody waits for it long.
const BATCH: u32 = 500;

/// How long events are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// After they were sent or superseded.
    pub sent: Duration,
    /// After they died, or after a person dropped them.
    pub dead: Duration,
}

impl Default for Keep {
    fn default() -> Self {
        Self { sent: Duration::from_hours(14 * 24), dead: Duration::from_hours(90 * 24) }
    }
}

/// How many events were taken out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Purged {
    /// That had been sent or superseded.
    pub sent: u64,
    /// That had died; the findings that needed them are parked.
    pub dead: u64,
    /// That a person had dropped; what was decided stays so.
    pub dropped: u64,
}

impl Purged {
    fn add(&mut self, other: Self) {
        self.sent += other.sent;
        self.dead += other.dead;
        self.dropped += other.dropped;
    }
}

/// A finding that is not over would forget that its event was sent.
const IS_AT_REST: &str = "NOT EXISTS (SELECT 1 FROM findings WHERE findings.event_id = outbox.event_id
    AND findings.state NOT IN ('repaired', 'healed'))";

/// Nobody has decided about them.
const DEAD: &str = "aside = 'dead' AND dropped_at IS NULL AND finished_at < $2";

/// Somebody has, and that is what their time counts from.
const DROPPED: &str = "aside = 'dead' AND dropped_at < $2";

impl Store {
    /// Takes the events of a domain out that are older than they are kept, a few to a transaction, until none is left or `goes_on` says no.
    pub async fn purge_events(
        &self,
        domain: &DomainName,
        keep: Keep,
        goes_on: impl Fn() -> bool,
    ) -> Result<Purged, StoreError> {
        let mut purged = Purged::default();
        while goes_on() {
            let once = self.again(Twice::IsTwice, || self.purge_once(domain, keep)).await?;
            purged.add(once);
            if once == Purged::default() {
                break;
            }
        }
        Ok(purged)
    }

    async fn purge_once(&self, domain: &DomainName, keep: Keep) -> Result<Purged, StoreError> {
        let mut tx = self.write("events.purge").await?;
        let now = tx.now().await?;
        // What ended was staged before that, and is found by it.
        let sent = format!(
            "finished_at < $2 AND aside IS NULL AND staged_at < $2 AND state IN ('sent', 'superseded') AND {IS_AT_REST}"
        );
        let sent = old(&mut tx, domain, &sent, now - keep.sent).await?;
        let dead = old(&mut tx, domain, DEAD, now - keep.dead).await?;
        let dropped = old(&mut tx, domain, DROPPED, now - keep.dead).await?;
        if !dead.is_empty() {
            findings::note_events(&mut tx, &dead, ("expire", "tieout", None), now).await?;
            if !bug!("expired_stays_open") {
                let why = "its dead letter was kept as long as they are, and nobody sent it";
                findings::park(&mut tx, &dead, why).await?;
            }
        }
        for events in [&sent, &dead, &dropped] {
            if !events.is_empty() {
                let sql = format!("DELETE FROM outbox WHERE event_id IN ({})", params(events.len(), 0));
                tx.execute(sql, events).await?;
            }
        }
        tx.commit().await?;
        let [sent, dead, dropped] = [sent, dead, dropped].map(|events| events.len() as u64);
        Ok(Purged { sent, dead, dropped })
    }
}

/// Locks some of the oldest events of a domain, as far as a condition on `$2` says that they are old enough.
async fn old(
    tx: &mut Tx,
    domain: &DomainName,
    which: &str,
    before: Instant,
) -> Result<Vec<Value<'static>>, StoreError> {
    let sql = format!(
        "SELECT event_id FROM outbox WHERE domain = $1 AND {which} ORDER BY seq LIMIT $3 {}",
        tx.dialect().for_update
    );
    let rows = tx.rows(sql, &args![domain.as_str(), before, BATCH]).await?;
    rows.iter().map(|row| Ok(Value::from(row.uuid("event_id")?))).collect()
}
