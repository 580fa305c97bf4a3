//! Hands one lot of a replay to its queue, until each event of it is settled.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use tokio::time::timeout;
use uuid::Uuid;

use super::{ASKED, Replay, Replayed};
use crate::going::{Going, LAST_WORDS};
use crate::queue::{Delivery, Outcome, Queue, Queues, Room};
use crate::store::{Outgoing, SentEvent};

/// How long a queue may take for a lot.
const ANSWER_TIME: Duration = Duration::from_mins(1);

/// How often a queue is tried again that does not take something, with pauses that are doubled.
const TRIES: usize = 5;

/// The first of these pauses. A test does not wait for a queue that it has told what to answer.
const FIRST_PAUSE: Duration = if cfg!(test) { Duration::from_millis(1) } else { Duration::from_secs(1) };

/// Sends one lot until a queue has each event of it, or has refused it for good; else says why it does not.
pub(super) async fn send(
    queues: &mut Queues,
    order: &Replay,
    lot: Vec<SentEvent>,
    replayed: &mut Replayed,
) -> Result<(), String> {
    let Some(first) = lot.first() else { return Ok(()) };
    let name = order.to.clone().unwrap_or_else(|| first.queue.clone());
    let Some(queue) = queues.get_mut(&name) else { return Err(format!("no queue `{name}` is configured")) };
    replayed.domains.extend(lot.iter().map(|sent| sent.event.id.domain.clone()));
    let mut left: Vec<Outgoing> = lot.into_iter().map(|sent| sent.event).collect();
    for event in left.iter_mut().filter(|_| bug!("replayed_is_new")) {
        event.event_id = Uuid::now_v7();
    }
    let mut pauses = ExponentialBuilder::new().with_min_delay(FIRST_PAUSE).with_max_times(TRIES).build();
    loop {
        let n = room(queue.as_mut(), left.len(), &order.going).await?;
        let n_left = left.len();
        let part = left.get(..n).unwrap_or(&left);
        let answer = tokio::select! {
            biased;
            answer = timeout(ANSWER_TIME, queue.send(part)) => answer,
            () = order.going.over_for(LAST_WORDS) => return Err(ASKED.to_owned()),
        };
        let why = match answer {
            Ok(delivery) => settle(&mut left, delivery, replayed),
            Err(_) => format!("the queue `{name}` gave no answer"),
        };
        if left.is_empty() {
            return Ok(());
        }
        if n_left - left.len() == n {
            continue;
        }
        let Some(pause) = pauses.next() else { return Err(why) };
        if order.going.pause(pause).await.is_err() {
            return Err(ASKED.to_owned());
        }
    }
}

/// How many of the events that are wanted the consumers of a queue leave room for, from 1 up: it waits until they leave some.
async fn room(queue: &mut dyn Queue, wanted: usize, going: &Going) -> Result<usize, String> {
    let most = u32::try_from(wanted).unwrap_or(u32::MAX);
    loop {
        let room = tokio::select! {
            biased;
            room = queue.room(most) => room,
            () = going.over_for(LAST_WORDS) => return Err(ASKED.to_owned()),
        };
        match room {
            Room::For(n) => return Ok(usize::try_from(n.max(1)).unwrap_or(wanted).min(wanted)),
            Room::Crowded { crowd, again } => {
                if going.pause(again).await.is_err() {
                    return Err(format!("{ASKED}; the queue {crowd}"));
                }
            }
        }
    }
}

/// Takes out of `left` what is settled, and says why the rest is not.
fn settle(left: &mut Vec<Outgoing>, delivery: Delivery, replayed: &mut Replayed) -> String {
    let mut why = delivery.fault.map(|fault| fault.to_string());
    let mut outcomes = delivery.outcomes.into_iter();
    left.retain(|_| match outcomes.next() {
        Some(Outcome::Acknowledged) => {
            replayed.sent += 1;
            false
        }
        Some(Outcome::Dead { class, reason }) => {
            replayed.refuse(class, &reason);
            false
        }
        Some(Outcome::Retry(reason) | Outcome::NotNow(reason) | Outcome::Unroutable(reason)) => {
            why.get_or_insert(reason);
            true
        }
        None => true,
    });
    why.unwrap_or_else(|| "the queue took only a part".to_owned())
}
