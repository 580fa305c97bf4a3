//! Sends again what was sent before, because a person says so: straight to the queues, in the order of each key, with the same ids. It
//! changes neither events nor findings, and is no stored job: where it ends early, it says how far it came.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use tieout_reconcilers::name::DomainName;
use tokio::time::timeout;

use super::Carriage;
use crate::finding::Identity;
use crate::going::{Going, LAST_WORDS};
use crate::queue::{Delivery, Outcome, Queue, Queues, Room};
use crate::schemas::Carried;
use crate::store::{Outgoing, SentEvent, SentFilter, Store, StoreError};

/// Events that are in memory at a time.
const PAGE: u32 = 500;

/// Events that a queue is handed at a time.
const LOT: usize = 100;

/// How long a queue may take for that.
const ANSWER_TIME: Duration = Duration::from_mins(1);

/// How often a queue is tried that does not take something, with pauses of one second, doubled.
const TRIES: usize = 5;

/// Whether events are sent again that nobody needs any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// No: their findings are over, or about another event.
    LeftOut,
    /// Yes: somebody refills a queue.
    Sent,
}

/// What is sent again, and how.
#[derive(Debug, Clone)]
pub struct Replay {
    /// Which events.
    pub filter: SentFilter,
    /// What of them is over.
    pub over: Over,
    /// Another queue than the one that they went to.
    pub to: Option<String>,
    /// At most so many.
    pub limit: Option<u64>,
    /// How far apart the events are sent.
    pub pause: Duration,
    /// What they have to be to be sent.
    pub carriage: Carriage,
    /// Whether it goes on.
    pub going: Going,
}

/// How far it came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Events that a queue acknowledged.
    pub sent: u64,
    /// Events that are over and were left out.
    pub over: u64,
    /// Events that a queue will never take.
    pub refused: u64,
    /// Events that break the schema which their domain names today, by what is wrong with them.
    pub unfit: BTreeMap<String, u64>,
    /// The domains of everything that was handed to a queue.
    pub domains: BTreeSet<DomainName>,
    /// Why it ended before its end.
    pub stopped: Option<String>,
}

/// Sends events again; `moved` is told how many were sent so far.
pub async fn replay(
    store: &Store,
    queues: &mut Queues,
    order: &Replay,
    moved: &(dyn Fn(u64) + Sync),
) -> Result<Replayed, StoreError> {
    let mut replayed = Replayed::default();
    let mut after = 0;
    loop {
        let page = store.sent(&order.filter, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(replayed) };
        after = last.seq;
        let (wanted, over): (Vec<SentEvent>, Vec<SentEvent>) =
            page.into_iter().partition(|sent| sent.is_needed || order.over == Over::Sent);
        replayed.over += over.len() as u64;
        let wanted = fit(wanted, &order.carriage, &mut replayed.unfit);
        for lot in lots(wanted, if order.pause.is_zero() { LOT } else { 1 }) {
            if order.limit.is_some_and(|limit| replayed.sent + replayed.refused >= limit) {
                return Ok(replayed);
            }
            if order.going.is_over() {
                replayed.stopped = Some("it was asked to end".to_owned());
                return Ok(replayed);
            }
            let room = order.limit.map_or(u64::MAX, |limit| limit - replayed.sent - replayed.refused);
            let lot: Vec<SentEvent> =
                lot.into_iter().take(usize::try_from(room).unwrap_or(usize::MAX)).collect();
            if let Err(why) = send(queues, order, lot, &mut replayed).await {
                replayed.stopped = Some(why);
                return Ok(replayed);
            }
            moved(replayed.sent);
            let _over = order.going.pause(order.pause).await;
        }
    }
}

/// Carries events to what their domains want today, and leaves out those that cannot be.
fn fit(events: Vec<SentEvent>, carriage: &Carriage, unfit: &mut BTreeMap<String, u64>) -> Vec<SentEvent> {
    let carried = events.into_iter().filter_map(|mut sent| {
        match carriage.of(&sent.event.id.domain, sent.kind, &sent.event.payload) {
            Ok(Carried::AsItIs) => {}
            Ok(Carried::Anew(payload)) => sent.event.payload = payload,
            Err(why) => {
                *unfit.entry(why.to_string()).or_default() += 1;
                return None;
            }
        }
        Some(sent)
    });
    carried.collect()
}

/// Cuts events into lots for one queue each, none of them with two events of one key, so that the second is not sent before the first
/// has arrived.
fn lots(events: Vec<SentEvent>, most: usize) -> Vec<Vec<SentEvent>> {
    let mut lots: Vec<Vec<SentEvent>> = Vec::new();
    let mut keys: BTreeSet<Identity> = BTreeSet::new();
    for event in events {
        let fits = |lot: &&mut Vec<SentEvent>| {
            lot.len() < most && lot.first().is_some_and(|first| first.queue == event.queue)
        };
        let is_new = keys.insert(event.event.id.clone());
        match lots.last_mut().filter(fits) {
            Some(lot) if is_new => lot.push(event),
            _ => {
                keys = BTreeSet::from([event.event.id.clone()]);
                lots.push(vec![event]);
            }
        }
    }
    lots
}

/// Sends one lot until a queue has each event of it, or has refused it for good; else says why it does not.
async fn send(
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
    let mut pauses = ExponentialBuilder::new().with_max_times(TRIES).build();
    loop {
        let n = room(queue.as_mut(), left.len(), &order.going).await?;
        let n_left = left.len();
        let part = left.get(..n).unwrap_or(&left);
        let answer = tokio::select! {
            biased;
            answer = timeout(ANSWER_TIME, queue.send(part)) => answer,
            () = order.going.over_for(LAST_WORDS) => return Err("it was asked to end".to_owned()),
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
            return Err("it was asked to end".to_owned());
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
            () = going.over_for(LAST_WORDS) => return Err("it was asked to end".to_owned()),
        };
        match room {
            Room::For(n) => return Ok(usize::try_from(n.max(1)).unwrap_or(wanted).min(wanted)),
            Room::Crowded { crowd, again } => {
                if going.pause(again).await.is_err() {
                    return Err(format!("it was asked to end; the queue {crowd}"));
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
        Some(Outcome::Dead { .. }) => {
            replayed.refused += 1;
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

#[cfg(test)]
mod tests;
