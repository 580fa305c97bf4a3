//! The turn of a queue: what is due for it is claimed, sent and recorded. Where much is due, batches follow each other: while one is on its way,
//! the one behind it is claimed and the one before it recorded, so that the queue and the state store work at the same time. At most three are held.
//!
//! Order is the claim's: no event of a key is in a batch while an older one is pending, and that it is until it is recorded.

use std::time::Duration;

use tokio::time::Instant;
use tracing::Instrument as _;

use super::Relay;
use super::claim::Batch;
use super::line::{Line, Turn};
use super::record::Answered;
use crate::going::LAST_WORDS;
use crate::queue::{Delivery, Outcome, Queue, QueueFault, Room};
use crate::store::{Outgoing, StoreError};

/// The pauses before the outbox is looked at again: another relay may have given something back by then.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Claims what is due for a queue, and delivers it with all that follows at once.
pub(super) async fn take_turn(relay: &Relay<'_>, line: &mut Line<'_>) -> Result<Turn, StoreError> {
    let at_once = match room(relay, line).await? {
        Ok(at_once) => at_once,
        Err(turn) => return Ok(turn),
    };
    let batch = relay.claim(line.name, at_once).await?;
    if !batch.events.is_empty() {
        return deliver(relay, line, batch).await;
    }
    let due = relay.store.next_due(line.name).await?;
    let until = |due: Duration| Turn::WaitUntil(Instant::now() + due.clamp(SHORTEST_PAUSE, LONGEST_PAUSE));
    Ok(due.map_or(Turn::Empty, until))
}

/// How many events may be claimed now. A queue whose consumers are too far behind is left alone for a while, where anything waits for it.
async fn room(relay: &Relay<'_>, line: &mut Line<'_>) -> Result<Result<u32, Turn>, StoreError> {
    line.drained.crowds.remove(line.name);
    let (crowd, again) = match line.queue.room(line.pace.at_once()).await {
        Room::For(at_once) => return Ok(Ok(at_once)),
        Room::Crowded { crowd, again } => (crowd, again),
    };
    if relay.store.next_due(line.name).await?.is_none() {
        return Ok(Err(Turn::Empty));
    }
    line.drained.crowds.insert(line.name.to_owned(), crowd);
    Ok(Err(Turn::WaitUntil(Instant::now() + again)))
}

async fn deliver(relay: &Relay<'_>, line: &mut Line<'_>, mut batch: Batch) -> Result<Turn, StoreError> {
    let mut before = Answered::default();
    loop {
        if bug!("acknowledged_before_send") {
            let numbers: Vec<i64> = batch.events.iter().map(|event| event.seq).collect();
            relay.store.acknowledge(&numbers).await?;
        }
        // Where consumers are watched, nothing is claimed before they have been asked again.
        let ahead = if line.queue.watches_consumers() { 0 } else { line.pace.at_once() };
        let Line { name, queue, drained, .. } = &mut *line;
        let sending = async {
            let began = Instant::now();
            (send(relay, name, &mut **queue, &batch.events).await, began.elapsed())
        };
        let ((delivery, took), ahead, recorded) = tokio::join!(
            sending,
            relay.claim_ahead(name, &batch, ahead),
            before.record(relay.store, drained),
        );
        recorded?;
        relay.going.moves();

        let Delivery { mut outcomes, fault } = delivery;
        if bug!("refused_is_sent") {
            outcomes.resize(batch.events.len(), Outcome::Acknowledged);
        }
        let is_faulty = fault.is_some();
        let turn = line.hear(&outcomes, fault, took);
        let unanswered = batch.cut(outcomes.len());
        before = Answered { events: batch.events, outcomes, room_pause: line.pace.pause() };
        if let (None, Ok(next)) = (turn, &ahead)
            && next.may_be_sent()
            && relay.goes_on()
        {
            batch = ahead?;
            let too_many = batch.cut(usize::try_from(line.pace.at_once()).unwrap_or(usize::MAX));
            relay.give_back(&too_many).await?;
            continue;
        }

        before.record(relay.store, &mut line.drained).await?;
        for event in unanswered.events.iter().filter(|_| bug!("fault_buries_all")) {
            relay.store.bury(event.event_id, "exhausted", "").await?;
        }
        if is_faulty {
            relay.give_back(&unanswered).await?;
        }
        relay.give_back(&ahead?).await?;
        return Ok(turn.unwrap_or(Turn::Worked));
    }
}

/// Sends a batch. Once the work is to end, or the budget is used up, a queue has a little time to say what it took; what it took without a
/// word is sent again.
async fn send(relay: &Relay<'_>, name: &str, queue: &mut dyn Queue, batch: &[Outgoing]) -> Delivery {
    crash_point!("queue.before_send");
    let span = tracing::debug_span!(
        "tieout.send",
        otel.name = format_args!("send {name}"),
        otel.kind = "producer",
        messaging.operation.name = "send",
        messaging.operation.type = "send",
        messaging.system = queue.system(),
        messaging.destination.name = name,
        messaging.batch.message_count = batch.len(),
    );
    let why = tokio::select! {
        biased;
        delivery = queue.send(batch).instrument(span) => {
            crash_point!("queue.after_send");
            return delivery;
        }
        () = relay.going.over_for(LAST_WORDS) => "it gave no answer before the run had to end",
        () = tokio::time::sleep_until(relay.deadline + LAST_WORDS) => {
            "it gave no answer before the time for delivery was over"
        }
    };
    crash_point!("queue.after_send");
    let (place, why) = (name.to_owned(), why.to_owned());
    Delivery { outcomes: Vec::new(), fault: Some(QueueFault::Unreachable { place, why }) }
}
