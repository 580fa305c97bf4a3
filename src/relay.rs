//! The relay: delivers what is pending in the outbox and records how each delivery ended.
//!
//! It gives every event at least once to its queue, with the same id each time. It never decides whether an event should be
//! sent, and holds no transaction while it sends.

use std::collections::BTreeMap;
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};
use tieout_reconcilers::name::DomainName;
use tokio::time::Instant;
use tracing::{debug, warn};
use uuid::Uuid;

use crate::going::{Going, LAST_WORDS};
use crate::process::Process;
use crate::queue::{Delivery, Outcome, Queue, QueueFault, Queues};
use crate::store::{OutboxState, Outgoing, Store, StoreError};

/// Events of one claim.
const BATCH: u32 = 500;

/// An event that failed so often on its own is given up.
const MAX_ATTEMPTS: u32 = 12;

/// An event that nothing takes is given up sooner: after half a minute, in which a queue may restart.
const MAX_UNROUTABLE: u32 = 6;

/// When an event is tried again for which there was no room.
const ROOM_PAUSE: Duration = Duration::from_secs(15);

/// The pauses before the outbox is looked at again: another relay may have given something back by then.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// What a drain did.
#[derive(Debug, Default)]
pub struct Drained {
    /// Events that a queue acknowledged, by domain.
    pub sent: BTreeMap<DomainName, u64>,
    /// Attempts that failed and will be repeated.
    pub retried: u64,
    /// Events given up, by domain.
    pub dead: BTreeMap<DomainName, u64>,
    /// Events still pending at the end, in all queues of the state store.
    pub left: u64,
    /// Why a queue did not work at the end of the drain, by its name.
    pub faults: BTreeMap<String, QueueFault>,
}

impl Drained {
    /// Events that a queue acknowledged.
    #[must_use]
    pub fn n_sent(&self) -> u64 {
        self.sent.values().sum()
    }
}

/// One queue during a drain.
struct Line<'a> {
    name: &'a str,
    queue: &'a mut dyn Queue,
    /// When it has no more time to answer.
    until: Instant,
    backoff: ExponentialBackoff,
    not_before: Instant,
    is_paused: bool,
}

/// How the turn of a queue went.
enum Turn {
    /// Something was tried.
    Worked,
    /// There is nothing to do before this instant.
    WaitUntil(Instant),
    /// There is nothing more to do.
    Empty,
}

/// Delivers until nothing is pending, or nothing can be delivered any more, or the budget is used up, or the work is to end.
pub async fn drain(
    store: &Store,
    queues: &mut Queues,
    budget: Duration,
    going: &Going,
) -> Result<Drained, StoreError> {
    let relay = relay_name();
    store.release_dead_claims().await?;
    let mut drained = Drained::default();
    let outcome = deliver_all(store, queues, (budget, going), &relay, &mut drained).await;
    let released = store.release_claims(&relay).await;
    outcome.and(released)?;
    let is_pending = |state| state == OutboxState::Pending;
    drained.left =
        store.unsent().await?.iter().filter(|row| is_pending(row.state)).map(|row| row.count).sum();
    Ok(drained)
}

/// Tells this drain from every other one, and begins with the process, so that its claims go on once that is proven to be dead.
fn relay_name() -> String {
    let process = Process::this().map(|process| format!("{process} "));
    format!("{}{}", process.unwrap_or_default(), Uuid::now_v7())
}

async fn deliver_all(
    store: &Store,
    queues: &mut Queues,
    (budget, going): (Duration, &Going),
    relay: &str,
    drained: &mut Drained,
) -> Result<(), StoreError> {
    let deadline = Instant::now() + budget;
    let mut lines: Vec<Line<'_>> =
        queues.iter_mut().map(|(name, queue)| line(name, queue.as_mut(), deadline + LAST_WORDS)).collect();
    while Instant::now() < deadline && !going.is_over() {
        let mut worked = false;
        let mut next = None;
        for line in &mut lines {
            match take_turn(store, line, relay, going, drained).await? {
                Turn::Worked => worked = true,
                Turn::WaitUntil(at) => next = Some(next.map_or(at, |next: Instant| next.min(at))),
                Turn::Empty => {}
            }
        }
        if worked {
            going.moves();
            continue;
        }
        let Some(next) = next.filter(|next| *next < deadline) else { break };
        if going.pause(next.saturating_duration_since(Instant::now())).await.is_err() {
            break;
        }
    }
    Ok(())
}

fn line<'a>(name: &'a str, queue: &'a mut dyn Queue, until: Instant) -> Line<'a> {
    Line { name, queue, until, backoff: pauses(), not_before: Instant::now(), is_paused: false }
}

/// Pauses of a queue that cannot be reached: half a second, doubled up to ten seconds, with jitter, without end.
fn pauses() -> ExponentialBackoff {
    ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(500))
        .with_max_delay(Duration::from_secs(10))
        .without_max_times()
        .with_jitter()
        .build()
}

async fn take_turn(
    store: &Store,
    line: &mut Line<'_>,
    relay: &str,
    going: &Going,
    drained: &mut Drained,
) -> Result<Turn, StoreError> {
    if line.is_paused || going.is_over() {
        return Ok(Turn::Empty);
    }
    if Instant::now() < line.not_before {
        return Ok(Turn::WaitUntil(line.not_before));
    }
    let batch = store.claim(line.name, BATCH.min(line.queue.takes_at_once()), relay).await?;
    if batch.is_empty() {
        let due = store.next_due(line.name).await?;
        let until =
            |due: Duration| Turn::WaitUntil(Instant::now() + due.clamp(SHORTEST_PAUSE, LONGEST_PAUSE));
        return Ok(due.map_or(Turn::Empty, until));
    }
    if bug!("acknowledged_before_send") {
        store.acknowledge(&batch.iter().map(|event| event.event_id).collect::<Vec<_>>()).await?;
    }
    crash_point!("queue.before_send");
    let Delivery { mut outcomes, fault } = send(line, &batch, going).await;
    crash_point!("queue.after_send");
    if bug!("refused_is_sent") {
        outcomes.resize(batch.len(), Outcome::Acknowledged);
    }
    record(store, &batch, outcomes, drained).await?;
    if let Some(fault) = fault {
        for event in batch.iter().filter(|_| bug!("fault_buries_all")) {
            store.bury(event.event_id, "exhausted", "").await?;
        }
        store.release_claims(relay).await?;
        return Ok(pause(line, fault, drained));
    }
    line.backoff = pauses();
    drained.faults.remove(line.name);
    Ok(Turn::Worked)
}

/// Sends a batch. Once the work is to end, or the budget is used up, a queue has a little time to say what it took; what it took without a
/// word is sent again.
async fn send(line: &mut Line<'_>, batch: &[Outgoing], going: &Going) -> Delivery {
    let why = tokio::select! {
        biased;
        delivery = line.queue.send(batch) => return delivery,
        () = going.over_for(LAST_WORDS) => "it gave no answer before the run had to end",
        () = tokio::time::sleep_until(line.until) => "it gave no answer before the time for delivery was over",
    };
    let (place, why) = (line.name.to_owned(), why.to_owned());
    Delivery { outcomes: Vec::new(), fault: Some(QueueFault::Unreachable { place, why }) }
}

/// Leaves a queue alone for a while, or for the rest of the drain where trying again is useless.
fn pause(line: &mut Line<'_>, fault: QueueFault, drained: &mut Drained) -> Turn {
    warn!(queue = line.name, "{fault}");
    let delay = match &fault {
        QueueFault::Unreachable { .. } => line.backoff.next(),
        QueueFault::Refused { .. } => None,
    };
    drained.faults.insert(line.name.to_owned(), fault);
    let Some(delay) = delay else {
        line.is_paused = true;
        return Turn::Empty;
    };
    line.not_before = Instant::now() + delay;
    Turn::WaitUntil(line.not_before)
}

async fn record(
    store: &Store,
    batch: &[Outgoing],
    outcomes: Vec<Outcome>,
    drained: &mut Drained,
) -> Result<(), StoreError> {
    let mut sent = Vec::with_capacity(batch.len());
    let mut no_room: BTreeMap<String, Vec<Uuid>> = BTreeMap::new();
    let mut failed = Vec::new();
    for (event, outcome) in batch.iter().zip(outcomes) {
        match outcome {
            Outcome::Acknowledged => sent.push(event),
            Outcome::NotNow(why) => no_room.entry(why).or_default().push(event.event_id),
            other => failed.push((event, other)),
        }
    }
    let ids: Vec<Uuid> = sent.iter().map(|event| event.event_id).collect();
    store.acknowledge(&ids).await?;
    for event in sent {
        *drained.sent.entry(event.id.domain.clone()).or_default() += 1;
    }
    for (why, events) in no_room {
        store.postpone(&events, &why, ROOM_PAUSE).await?;
    }
    for (event, outcome) in failed {
        record_failure(store, event, outcome, drained).await?;
    }
    Ok(())
}

async fn record_failure(
    store: &Store,
    event: &Outgoing,
    outcome: Outcome,
    drained: &mut Drained,
) -> Result<(), StoreError> {
    let (class, reason, attempts) = match outcome {
        Outcome::Acknowledged | Outcome::NotNow(_) => return Ok(()),
        Outcome::Retry(reason) => ("exhausted", reason, MAX_ATTEMPTS),
        Outcome::Unroutable(reason) => ("unroutable", reason, MAX_UNROUTABLE),
        Outcome::Dead { class, reason } => (class, reason, 1),
    };
    if event.attempts + 1 < attempts {
        debug!(event_id = %event.event_id, reason, "delivery failed and will be repeated");
        drained.retried += 1;
        return store.retry_later(event.event_id, &reason, delay_after(event.attempts)).await;
    }
    warn!(event_id = %event.event_id, class, reason, "event given up");
    *drained.dead.entry(event.id.domain.clone()).or_default() += 1;
    store.bury(event.event_id, class, &reason).await
}

/// One second, doubled with every failure up to about an hour: twelve attempts outlast a bad night.
fn delay_after(attempts: u32) -> Duration {
    Duration::from_secs(1 << attempts.min(12))
}

#[cfg(test)]
mod tests;
