//! What people do to findings between two nights: they approve what is held, ignore, and open again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tieout::finding::{Finding, Ignored, State};
use tieout::going::Going;
use tieout::plan::Act;
use tieout::queue::{Queue, Queues};
use tieout::run::{Approved, NotApproved, Order, approve};
use tieout::store::{Did, HeldSet, Store};
use tieout_reconcilers::instant::Instant;
use uuid::Uuid;

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
}

/// Lets people do what the dice say before a night.
pub(crate) async fn act(
    story: &Story,
    number: usize,
    store: &Store,
    tray: &Arc<Mutex<Tray>>,
    findings: &BTreeMap<Name, Finding>,
) -> Vec<Deed> {
    let mut deeds = Vec::new();
    for (place, set) in store.held().await.unwrap().into_iter().enumerate() {
        let about = Name { member: "", id: place.to_string() };
        let dice = |what: &str, sides| dice(story, &format!("{what} {number}"), &about, sides) == 0;
        if dice("stale", 3) {
            deeds.push(approved(store, tray, &set, set.events + 1).await);
        }
        if dice("approve", 2) {
            deeds.push(approved(store, tray, &set, set.events).await);
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
            let ignored = Ignored { until: until.map(Instant::from_micros), why: "it is known".to_owned() };
            let is_done = done(store, finding, &Act::Ignore(ignored)).await;
            deeds.push(Deed::Ignore { name: name.clone(), until, is_done });
        }
    }
    deeds
}

async fn approved(store: &Store, tray: &Arc<Mutex<Tray>>, set: &HeldSet, expected: u64) -> Deed {
    let mut queues: Queues = [("shop".to_owned(), Box::new(End(Arc::clone(tray))) as Box<dyn Queue>)].into();
    let order = Order {
        held_by: set.run_id,
        domains: BTreeSet::from([set.domain.clone()]),
        expected,
        actor: SOMEBODY.to_owned(),
        drain: Duration::from_mins(5),
        going: Going::default(),
    };
    let came = match approve(store, &mut queues, &order).await {
        Ok(approved) => Ok(approved),
        Err(NotApproved::Differs { events }) => Err(events),
        Err(NotApproved::Store(error)) => panic!("{error}"),
    };
    Deed::Approve { run: set.run_id, expected, came }
}

async fn done(store: &Store, finding: &Finding, what: &Act) -> bool {
    let ids = BTreeSet::from([finding.id.clone()]);
    matches!(store.act(&ids, what, SOMEBODY).await.unwrap(), Did::All(_))
}
