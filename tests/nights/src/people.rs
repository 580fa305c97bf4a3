//! What people do to findings between two nights: they send again what was sent, approve what is held, ignore, open again, and
//! decide about dead letters.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tieout::finding::{Finding, Ignored, State};
use tieout::going::Going;
use tieout::plan::Act;
use tieout::queue::{Queue, Queues};
use tieout::run::{Approved, Carriage, NotApproved, Order, Retry, approve, retry};
use tieout::store::{By, DeadFilter, DeadLetter, Did, Fate, Fates, HeldSet, PutBack, Shown, Store};
use tieout_reconcilers::instant::Instant;
use uuid::Uuid;

use crate::replay::Replay;
use crate::story::{DAY, HOUR, Micros, Name, Story, dice};
use crate::tray::{End, Tray};

/// Who they are.
const SOMEBODY: &str = "somebody";

/// What somebody did, and what came of it.
#[derive(Debug)]
pub(crate) enum Deed {
    /// They let go what a run holds, and said how many events that are.
    Approve {
        run: Uuid,
        expected: u64,
        /// What was let go, or how many events there are instead.
        came: Result<Approved, u64>,
    },
    Ignore {
        name: Name,
        until: Option<Micros>,
        is_done: bool,
    },
    Reopen {
        name: Name,
        is_done: bool,
    },
    /// They send every dead letter once more.
    Retry(Again),
    /// They drop dead letters.
    Drop {
        ids: Vec<Uuid>,
        n_dropped: u64,
    },
    /// They send again what was sent.
    Replay(Replay),
}

/// What came of sending dead letters once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Again {
    pub(crate) put_back: u64,
    pub(crate) sent: u64,
    pub(crate) failed: u64,
}

/// Where people find what they need.
pub(crate) struct Desk<'a> {
    pub(crate) store: &'a Store,
    pub(crate) tray: &'a Arc<Mutex<Tray>>,
    pub(crate) carriage: Carriage,
    /// Every run so far.
    pub(crate) runs: &'a [Uuid],
}

impl Desk<'_> {
    /// Lets people do what the dice say before a night.
    pub(crate) async fn act(
        &self,
        story: &Story,
        number: usize,
        findings: &BTreeMap<Name, Finding>,
    ) -> Vec<Deed> {
        let replayed = self.replayed(story, number, findings).await;
        let mut deeds: Vec<Deed> = replayed.map(Deed::Replay).into_iter().collect();
        // Before all that lets something go, so that everything that is sent now finds the queue as it is from then on.
        deeds.extend(self.letters(story, number).await);
        let store = self.store;
        for (place, set) in store.held().await.unwrap().into_iter().enumerate() {
            let about = Name { member: "", id: place.to_string() };
            let dice = |what: &str, sides| dice(story, &format!("{what} {number}"), &about, sides) == 0;
            if dice("stale", 3) {
                deeds.push(self.approved(&set, set.events + 1).await);
            }
            if dice("approve", 2) {
                deeds.push(self.approved(&set, set.events).await);
            }
        }
        for (name, finding) in findings {
            let dice = |what: &str, sides| dice(story, &format!("{what} {number}"), name, sides);
            let is_left = matches!(finding.state, State::Ignored | State::Recurring);
            if is_left && dice("reopen", 4) == 0 {
                let is_done = done(store, finding, &Act::Reopen { why: None }).await;
                deeds.push(Deed::Reopen { name: name.clone(), is_done });
            } else if dice("ignore", 10) == 0 {
                let now = store.now().await.unwrap().micros();
                let until = [None, Some(2 * HOUR), Some(DAY), Some(3 * DAY), Some(-HOUR)];
                let until = until[usize::try_from(dice("until", 5)).unwrap()].map(|after| now + after);
                let ignored =
                    Ignored { until: until.map(Instant::from_micros), why: "it is known".to_owned() };
                let is_done = done(store, finding, &Act::Ignore(ignored)).await;
                deeds.push(Deed::Ignore { name: name.clone(), until, is_done });
            }
        }
        deeds
    }

    /// What they do about dead letters: mend the queue and send all of them once more, those too that somebody dropped before; or
    /// drop some.
    async fn letters(&self, story: &Story, number: usize) -> Vec<Deed> {
        let (mut dead, mut all) = (Vec::new(), Vec::new());
        for shown in [Shown::Dead, Shown::Dropped] {
            let filter = DeadFilter { shown, ..DeadFilter::default() };
            let take = |letter: DeadLetter| all.push((letter.seq, letter.event_id));
            self.store.each_dead_letter(&filter, take).await.unwrap();
            if shown == Shown::Dead {
                dead = all.iter().map(|(_, id)| *id).collect();
            }
        }
        all.sort_unstable();
        let all: Vec<Uuid> = all.into_iter().map(|(_, id)| id).collect();
        let about = Name { member: "", id: "letters".to_owned() };
        let mut deeds = Vec::new();
        if dead.is_empty() {
            return deeds;
        }
        let dice =
            |what: &str, about: &Name, sides| dice(story, &format!("{what} {number}"), about, sides) == 0;
        dead.retain(|id| dice("drop", &Name { id: id.to_string(), ..about.clone() }, 3));
        if !dead.is_empty() {
            let fates = self.store.drop_dead_letters(&dead, SOMEBODY, "nobody needs it").await.unwrap();
            deeds.push(Deed::Drop { ids: dead, n_dropped: eligible(&fates) });
        }
        if dice("retry", &about, 3) {
            let is_mended = dice("mend", &about, 2);
            self.tray.lock().unwrap().is_mended |= is_mended;
            deeds.push(Deed::Retry(self.retried(all).await));
        }
        deeds
    }

    async fn retried(&self, ids: Vec<Uuid>) -> Again {
        let how = PutBack { by: By::Person { name: SOMEBODY.to_owned(), note: None }, ..PutBack::default() };
        let (drain, carriage) = (Duration::from_mins(5), self.carriage.clone());
        let order = Retry { ids, how, drain, carriage, going: Going::default() };
        let retried = retry(self.store, &mut self.queues(), &order).await.unwrap();
        let became = retried.became();
        Again { put_back: eligible(&retried.fates), sent: became.sent, failed: became.failed_again }
    }

    async fn approved(&self, set: &HeldSet, expected: u64) -> Deed {
        let order = Order {
            held_by: set.run_id,
            domains: BTreeSet::from([set.domain.clone()]),
            expected,
            actor: SOMEBODY.to_owned(),
            drain: Duration::from_mins(5),
            going: Going::default(),
        };
        let came = match approve(self.store, &mut self.queues(), &order).await {
            Ok(approved) => Ok(approved),
            Err(NotApproved::Differs { events }) => Err(events),
            Err(NotApproved::Store(error)) => panic!("{error}"),
        };
        Deed::Approve { run: set.run_id, expected, came }
    }

    pub(crate) fn queues(&self) -> Queues {
        [("shop".to_owned(), Box::new(End(Arc::clone(self.tray))) as Box<dyn Queue>)].into()
    }
}

fn eligible(fates: &Fates) -> u64 {
    fates.values().filter(|fate| **fate == Fate::Eligible).count() as u64
}

async fn done(store: &Store, finding: &Finding, what: &Act) -> bool {
    let ids = BTreeSet::from([finding.id.clone()]);
    matches!(store.act(&ids, what, SOMEBODY).await.unwrap(), Did::All(_))
}
