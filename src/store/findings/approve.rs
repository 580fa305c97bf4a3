//! Lets go what a run holds, if it is exactly as much as a person was told, in one transaction under the domains' leases.

use tieout_reconcilers::instant::Instant;
use uuid::Uuid;

use super::write::HISTORY_OF_ACTS;
use crate::store::again::Twice;
use crate::store::database::Store;
use crate::store::error::StoreError;
use crate::store::lease::{Lease, fence};
use crate::store::outbox::LetGo;
use crate::store::sql::{Tx, args};

/// The held findings of a run in one member of a domain.
const HELD: &str = "domain = $1 AND each_ = $2 AND state = 'held' AND held_by = $3";

/// What became of an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Approval {
    /// So many events go out, and so many findings are open again.
    Released {
        /// Events.
        events: u64,
        /// Findings, also those that are only reported.
        findings: u64,
    },
    /// The run holds another number of events now; nothing was changed.
    Differs {
        /// How many.
        events: u64,
    },
}

impl Store {
    /// Makes every event that a run holds under some leases `pending`, and its findings `open`, where the events are as many as
    /// `expected`. The leases are in the order of their domains and members.
    pub async fn approve(
        &self,
        leases: &[Lease],
        held_by: Uuid,
        expected: u64,
        actor: &str,
    ) -> Result<Approval, StoreError> {
        self.again(Twice::IsTwice, || self.approve_once(leases, held_by, expected, actor)).await
    }

    async fn approve_once(
        &self,
        leases: &[Lease],
        held_by: Uuid,
        expected: u64,
        actor: &str,
    ) -> Result<Approval, StoreError> {
        let mut tx = self.write("approve").await?;
        for lease in leases {
            fence(&mut tx, lease).await?;
        }
        let mut events = 0;
        for lease in leases {
            events += lock(&mut tx, lease, held_by).await?;
        }
        if events != expected && !bug!("stale_approval") {
            return Ok(Approval::Differs { events });
        }
        let now = tx.now().await?;
        for lease in leases.iter().filter(|_| bug!("approve_in_two_steps")) {
            let_events_go(&mut tx, lease, held_by, now).await?;
            tx = self.in_two(tx).await?;
        }
        let mut findings = 0;
        for lease in leases {
            findings += let_go(&mut tx, lease, held_by, actor, now).await?;
        }
        tx.commit().await?;
        Ok(Approval::Released { events, findings })
    }
}

/// Locks the held events, in the order that every transaction keeps to, and counts them.
async fn lock(tx: &mut Tx, lease: &Lease, held_by: Uuid) -> Result<u64, StoreError> {
    let sql = format!(
        "SELECT seq FROM outbox WHERE state = 'held' AND event_id IN
             (SELECT event_id FROM findings WHERE {HELD} AND event_id IS NOT NULL) ORDER BY seq {}",
        tx.dialect().for_update
    );
    let args = args![lease.domain().as_str(), lease.each().as_str(), held_by];
    Ok(tx.rows(sql, &args).await?.len() as u64)
}

/// The number of findings that were let go.
async fn let_go(
    tx: &mut Tx,
    lease: &Lease,
    held_by: Uuid,
    actor: &str,
    now: Instant,
) -> Result<u64, StoreError> {
    let_events_go(tx, lease, held_by, now).await?;
    let of_run = args![lease.domain().as_str(), lease.each().as_str(), held_by];
    let history = format!(
        "{HISTORY_OF_ACTS} SELECT domain, each_, key, episode, 'open', $4, run_id, reason, 'approve', $5
         FROM findings WHERE {HELD} ORDER BY key"
    );
    tx.execute(history, &[of_run.as_slice(), &args![now, actor]].concat()).await?;
    let findings = format!(
        "UPDATE findings SET state = 'open', reason = NULL, held_by = NULL
         WHERE {HELD}"
    );
    tx.execute(findings, &of_run).await
}

async fn let_events_go(tx: &mut Tx, lease: &Lease, held_by: Uuid, now: Instant) -> Result<(), StoreError> {
    let of = format!(
        "state = 'held' AND event_id IN (SELECT event_id FROM findings WHERE {HELD} AND event_id IS NOT NULL)"
    );
    let events = LetGo { set: "state = 'pending', reason = NULL", of: &of, due: "$4" };
    events.run(tx, &args![lease.domain().as_str(), lease.each().as_str(), held_by, now]).await
}
