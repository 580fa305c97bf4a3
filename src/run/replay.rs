//! Sends again what was sent before, because a person says so: straight to the queues, in the order of each key, with the same ids. It
//! changes neither events nor findings. How far it is is kept after each batch, so that whoever carries it on sends at most one batch
//! twice.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tieout_reconcilers::name::DomainName;

use super::Carriage;
use crate::dead_letter::cause;
use crate::going::Going;
use crate::queue::Queues;
use crate::schemas::Carried;
use crate::store::{Over, Progress, SentEvent, SentFilter, Store, StoreError, Turn, TurnStanding};

mod job;
mod lots;
mod send;

pub use job::carry_out;

use lots::{LOT, lots};
use send::send;

/// Events that are in memory at a time.
const PAGE: u32 = 500;

/// How many reasons of refusals are told apart: a queue may say another one about each event.
const MOST_REASONS: usize = 30;

/// What those that are one too many are counted as.
const OTHER_REASONS: &str = "other reasons";

/// Why a replay stopped that somebody wants to end.
const ASKED: &str = "it was asked to end";

/// What is sent again, and how.
#[derive(Debug, Clone)]
pub struct Replay {
    /// Which events.
    pub filter: SentFilter,
    /// What of them is over.
    pub over: Over,
    /// Another queue than the one that they went to.
    pub to: Option<String>,
    /// At most so many, with those that were sent before.
    pub limit: Option<u64>,
    /// How far apart the events are sent.
    pub pause: Duration,
    /// What they have to be to be sent.
    pub carriage: Carriage,
    /// Whether it goes on.
    pub going: Going,
    /// How far it is already.
    pub from: Progress,
    /// The right to keep how far it is; without one nobody does.
    pub turn: Option<Turn>,
}

/// How far it came from where it went on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Events that a queue acknowledged.
    pub sent: u64,
    /// Events that are over and were left out.
    pub over: u64,
    /// Events that a queue will never take.
    pub refused: u64,
    /// The same by what the queue said: a class and a reason. One beyond `MOST_REASONS` is counted as `OTHER_REASONS`.
    pub refusals: BTreeMap<String, u64>,
    /// Events that break the schema which their domain names today, by what is wrong with them.
    pub unfit: BTreeMap<String, u64>,
    /// The domains of everything that was handed to a queue.
    pub domains: BTreeSet<DomainName>,
    /// Why it ended before its end.
    pub stopped: Option<String>,
}

impl Replayed {
    /// Counts an event that a queue will never take.
    fn refuse(&mut self, class: &str, reason: &str) {
        self.refused += 1;
        let mut why = cause(class, reason);
        if self.refusals.len() >= MOST_REASONS && !self.refusals.contains_key(&why) {
            OTHER_REASONS.clone_into(&mut why);
        }
        *self.refusals.entry(why).or_default() += 1;
    }
}

/// An event that is not sent.
struct LeftOut {
    seq: i64,
    /// What is wrong with it; nothing where it is over.
    unfit: Option<String>,
}

/// Sends events again; `moved` is told how many were sent so far.
pub async fn replay(
    store: &Store,
    queues: &mut Queues,
    order: &Replay,
    moved: &(dyn Fn(u64) + Sync),
) -> Result<Replayed, StoreError> {
    let (mut replayed, mut progress, mut has_sent) = (Replayed::default(), order.from, false);
    loop {
        let page = store.sent(&order.filter, progress.after, PAGE).await?;
        let Some(last) = page.last().map(|sent| sent.event.seq) else { return Ok(replayed) };
        let (wanted, mut left_out) = sorted(page, order);
        for lot in lots(wanted, if order.pause.is_zero() { LOT } else { 1 }) {
            let lot = within(lot, room(order, progress));
            let Some(through) = lot.last().map(|sent| sent.event.seq) else { return Ok(replayed) };
            if has_sent {
                let _over = order.going.pause(order.pause).await;
            }
            if order.going.is_over() {
                replayed.stopped = Some(ASKED.to_owned());
                return Ok(replayed);
            }
            has_sent = true;
            let before = (replayed.sent, replayed.refused);
            if bug!("replay_kept_before_sent") {
                keeps_on(store, order, Progress { after: through, ..progress }).await?;
            }
            if let Err(why) = send(queues, order, lot, &mut replayed).await {
                replayed.stopped = Some(why);
                return Ok(replayed);
            }
            progress.sent += replayed.sent - before.0;
            progress.refused += replayed.refused - before.1;
            pass(&mut left_out, through, &mut progress, &mut replayed);
            moved(replayed.sent);
            if !keeps_on(store, order, progress).await? {
                replayed.stopped = Some(ASKED.to_owned());
                return Ok(replayed);
            }
        }
        if room(order, progress) == 0 {
            return Ok(replayed);
        }
        if progress.after < last {
            pass(&mut left_out, last, &mut progress, &mut replayed);
            keeps_on(store, order, progress).await?;
        }
    }
}

/// How many events may still be sent.
fn room(order: &Replay, progress: Progress) -> u64 {
    order.limit.map_or(u64::MAX, |limit| limit.saturating_sub(progress.sent + progress.refused))
}

fn within(lot: Vec<SentEvent>, room: u64) -> Vec<SentEvent> {
    lot.into_iter().take(usize::try_from(room).unwrap_or(usize::MAX)).collect()
}

/// Counts what was left out up to an event, up to which all is done now.
fn pass(left_out: &mut Vec<LeftOut>, through: i64, progress: &mut Progress, replayed: &mut Replayed) {
    let n = left_out.partition_point(|event| event.seq <= through);
    for event in left_out.drain(..n) {
        if let Some(why) = event.unfit {
            *replayed.unfit.entry(why).or_default() += 1;
            progress.unfit += 1;
        } else {
            replayed.over += 1;
            progress.over += 1;
        }
    }
    progress.after = through;
}

/// Keeps how far a replay is, and says whether it is still to be carried out.
async fn keeps_on(store: &Store, order: &Replay, progress: Progress) -> Result<bool, StoreError> {
    let Some(turn) = order.turn else { return Ok(true) };
    Ok(store.keep_progress(turn, progress).await? == TurnStanding::Ours)
}

/// Parts a page into what is sent, carried to what its domains want today, and what is not.
fn sorted(page: Vec<SentEvent>, order: &Replay) -> (Vec<SentEvent>, Vec<LeftOut>) {
    let (mut wanted, mut left_out) = (Vec::new(), Vec::new());
    for mut sent in page {
        let seq = sent.event.seq;
        if !(sent.is_needed || order.over == Over::Sent || bug!("over_is_replayed")) {
            left_out.push(LeftOut { seq, unfit: None });
            continue;
        }
        match order.carriage.of(&sent.event.id.domain, sent.kind, &sent.event.payload) {
            Ok(Carried::AsItIs) => {}
            Ok(Carried::Anew(payload)) => sent.event.payload = payload,
            Err(why) => {
                left_out.push(LeftOut { seq, unfit: Some(why.to_string()) });
                continue;
            }
        }
        wanted.push(sent);
    }
    (wanted, left_out)
}

#[cfg(test)]
mod tests;
