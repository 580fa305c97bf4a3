//! Lets go what an earlier run holds, because a person says so, and delivers it. It reads no provider and judges nothing.

use std::collections::BTreeSet;
use std::time::Duration;

use tieout_reconcilers::name::{DomainName, Each};
use uuid::Uuid;

use super::lease::holder;
use crate::going::Going;
use crate::queue::Queues;
use crate::relay::{self, Drained};
use crate::store::{Approval, Lease, OutboxState, Store, StoreError};

/// What a person approves.
#[derive(Debug, Clone)]
pub struct Order {
    /// The run that holds it.
    pub held_by: Uuid,
    /// Of these domains.
    pub domains: BTreeSet<DomainName>,
    /// How many events they were told.
    pub expected: u64,
    /// Who they are.
    pub actor: String,
    /// How long the relay may deliver; what is left goes out with the next run.
    pub drain: Duration,
    /// Whether the delivery goes on.
    pub going: Going,
}

/// What became of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Approved {
    /// Events that were let go.
    pub released: u64,
    /// Findings that are open again.
    pub findings: u64,
    /// Events of these domains that a queue acknowledged.
    pub emitted: u64,
    /// Events that still wait in the outbox.
    pub waiting: u64,
    /// Those of them whose queue takes nothing before somebody does something.
    pub refused: u64,
    /// Events that were given up.
    pub dead: u64,
    /// Why a queue did not work.
    pub problems: Vec<String>,
}

/// Why nothing was let go.
#[derive(Debug, thiserror::Error)]
pub enum NotApproved {
    /// The run holds another number of events now.
    #[error("the run holds {events} events now; nothing was changed")]
    Differs {
        /// How many.
        events: u64,
    },
    /// The state store did not do it; a domain that another run works on is among its reasons.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Lets go what a run holds, where that is exactly as much as expected, under the leases of its domains.
pub async fn approve(store: &Store, queues: &mut Queues, order: &Order) -> Result<Approved, NotApproved> {
    let mut leases = Vec::new();
    let taken = take(store, order, &mut leases).await;
    let approval = match taken {
        Ok(()) => store.approve(&leases, order.held_by, order.expected, &order.actor).await,
        Err(error) => Err(error),
    };
    give_back(store, &leases).await;
    match approval? {
        Approval::Differs { events } => Err(NotApproved::Differs { events }),
        Approval::Released { events, findings } => {
            let approved = Approved { released: events, findings, ..Approved::default() };
            Ok(deliver(store, queues, order, approved).await?)
        }
    }
}

/// Whoever works on members holds the domain itself as well, as a run does.
async fn take(store: &Store, order: &Order, leases: &mut Vec<Lease>) -> Result<(), StoreError> {
    let (run_id, holder) = (Uuid::now_v7(), holder());
    for domain in &order.domains {
        let mut members = vec![Each::default()];
        members.extend(store.held_members(domain, order.held_by).await?);
        members.dedup();
        for each in members {
            leases.push(store.acquire_by_hand(domain, &each, run_id, &holder).await?);
        }
    }
    Ok(())
}

async fn give_back(store: &Store, leases: &[Lease]) {
    for lease in leases {
        if let Err(error) = store.release_lease(lease).await {
            tracing::warn!(domain = %lease.domain(), %error, "the lease could not be given back; it lapses by itself");
        }
    }
}

async fn deliver(
    store: &Store,
    queues: &mut Queues,
    order: &Order,
    mut approved: Approved,
) -> Result<Approved, StoreError> {
    let is_its = |domain: &DomainName| order.domains.contains(domain);
    let mut drained = Drained::default();
    if !order.drain.is_zero() {
        drained = relay::drain(store, queues, order.drain, &order.going).await?;
        approved.emitted = drained.sent.iter().filter(|(domain, _)| is_its(domain)).map(|(_, n)| n).sum();
        approved.dead = drained.dead.iter().filter(|(domain, _)| is_its(domain)).map(|(_, n)| n).sum();
        approved.problems = drained.problems().collect();
    }
    let unsent = store.unsent().await?;
    let waiting = unsent.iter().filter(|row| is_its(&row.domain) && row.state == OutboxState::Pending);
    approved.waiting = waiting.clone().map(|row| row.count).sum();
    let refused = waiting.filter(|row| drained.is_refused_by(&row.queue));
    approved.refused = refused.map(|row| row.count).sum();
    Ok(approved)
}
