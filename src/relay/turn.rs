//! The turn of a queue: what is due for it is claimed, sent and recorded.

use std::time::Duration;

use tokio::time::Instant;
use tracing::warn;

use super::drained::Drained;
use super::line::{Line, pauses};
use super::record::record;
use crate::going::{Going, LAST_WORDS};
use crate::queue::{Delivery, Outcome, QueueFault};
use crate::store::{Outgoing, Store, StoreError};

/// Events of one claim.
const BATCH: u32 = 500;

/// The pauses before the outbox is looked at again: another relay may have given something back by then.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// How the turn of a queue went.
pub(super) enum Turn {
    /// Something was tried.
    Worked,
    /// There is nothing to do before this instant.
    WaitUntil(Instant),
    /// There is nothing more to do.
    Empty,
}

pub(super) async fn take_turn(
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
