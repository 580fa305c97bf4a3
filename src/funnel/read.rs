//! Asks the team's tables, the queues and the state store for the numbers of a funnel. What cannot be read is unknown, with the reason, and
//! ends nothing.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tieout_reconcilers::discrepancy::Kind;
use tieout_reconcilers::funnel::{Count, Funnel as Source, Tables};
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::reconciler::{Reconciler, Remedy};

use super::day::{Day, days, zone_of};
use super::flow::{Arrivals, Flow};
use super::number::Number;
use crate::going::{Going, LAST_WORDS};
use crate::local::{Counter, Database};
use crate::queue::{Queues, Tally};
use crate::run::Failure;
use crate::store::{Keep, Store, StoreError};

/// The days that are told: the last one that is over, and the one that goes on.
const DAYS: usize = 2;

/// What a domain's funnel shows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Funnel {
    /// Its days, oldest first.
    pub days: Vec<Flow>,
    /// How far the consumers of the domain's queues are behind now, where the queues count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub consumers: Vec<Consumers>,
}

/// How far the consumers of a queue are behind, whichever domains' events wait for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Consumers {
    /// The queue.
    pub queue: String,
    /// Events that no consumer was given yet.
    pub waiting: Number<u64>,
    /// Events that a consumer was given and has not acknowledged.
    pub taken: Number<u64>,
    /// Why a number is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// The open databases by their names.
type Databases = BTreeMap<String, Result<Database, Failure>>;

/// Who is asked.
pub struct Sources<'a> {
    /// What tieout sent and repaired.
    pub store: &'a Store,
    /// The databases by their names, or why they are not there.
    pub databases: &'a Databases,
    /// The open queues by their names.
    pub queues: &'a mut Queues,
    /// How long it is known what was sent.
    pub keep: Keep,
    /// Whether there is time to ask.
    pub going: &'a Going,
}

/// Reads the funnel of a domain, where it declares one.
pub async fn read(
    sources: &mut Sources<'_>,
    domain: &dyn Reconciler,
    now: Instant,
) -> Result<Option<Funnel>, StoreError> {
    let Some(source) = domain.funnel() else { return Ok(None) };
    let days = days(zone_of(domain), now, DAYS);
    let going = sources.going;
    let (told, consumers) = tokio::select! {
        biased;
        asked = ask(sources, source, domain, &days) => asked,
        // The state store alone is never cut off.
        () = going.over_for(LAST_WORDS) => return Ok(None),
    };
    let mut flows = Vec::with_capacity(days.len());
    for (day, Told { arrivals, mut why }) in days.iter().zip(told) {
        let is_kept = now - sources.keep.sent.min(sources.keep.dead) <= day.window.from();
        let decided = if is_kept {
            Some(sources.store.decided(domain.domain(), day.window).await?)
        } else {
            why.push("events of this day may have been taken out of the outbox".to_owned());
            None
        };
        flows.push(Flow::of(day, arrivals, decided, why));
    }
    Ok(Some(Funnel { days: flows, consumers }))
}

/// What the team's tables or the queues tell about each day, and how far consumers are behind.
async fn ask(
    sources: &mut Sources<'_>,
    source: &Source,
    domain: &dyn Reconciler,
    days: &[Day],
) -> (Vec<Told>, Vec<Consumers>) {
    match source {
        Source::Tables(tables) => (by_tables(sources.databases, tables, days).await, Vec::new()),
        Source::Queue => {
            let (source, names) = (format!("/tieout/{}", domain.domain()), queues_of(domain));
            let told = by_queues(sources.queues, &names, &source, days).await;
            (told, consumers(sources.queues, &names).await)
        }
    }
}

/// What somebody told about a day, and why the rest is unknown.
#[derive(Default)]
struct Told {
    arrivals: Arrivals,
    why: Vec<String>,
}

impl Told {
    /// A number, or why it is unknown; nothing where it was not to be told.
    fn hear(&mut self, name: &str, told: Option<Result<u64, String>>) -> Option<u64> {
        told?.map_err(|why| self.why.push(format!("{name}: {why}"))).ok()
    }
}

/// The team's own counts of each day.
async fn by_tables(databases: &Databases, tables: &Tables, days: &[Day]) -> Vec<Told> {
    let mut counts = Vec::new();
    for count in [&tables.received, &tables.consumed, &tables.failed, &tables.waiting] {
        counts.push(match count {
            Some(count) => Some(counter(databases, tables, count).await),
            None => None,
        });
    }
    let mut all = Vec::with_capacity(days.len());
    for day in days {
        let mut told = Told::default();
        let mut numbers = Vec::with_capacity(counts.len());
        for (counter, name) in counts.iter().zip(["received", "consumed", "failed", "waiting"]) {
            let number = match counter {
                Some(counter) => Some(number(counter, day).await),
                None => None,
            };
            numbers.push(told.hear(name, number));
        }
        if let [received, consumed, failed, waiting] = numbers[..] {
            let waiting = tables.waiting.as_ref().map(|_| waiting.into());
            told.arrivals = Arrivals { received, consumed, failed, waiting };
        }
        all.push(told);
    }
    all
}

async fn counter(databases: &Databases, tables: &Tables, count: &Count) -> Result<Counter, String> {
    match databases.get(&tables.database) {
        Some(Ok(database)) => database.counter(&tables.local(count)).await.map_err(|error| error.to_string()),
        Some(Err(failure)) => Err(failure.to_string()),
        None => Err(format!("database `{}` is not open", tables.database)),
    }
}

async fn number(counter: &Result<Counter, String>, day: &Day) -> Result<u64, String> {
    let told = counter.as_ref().map_err(Clone::clone)?.count(day.window).await;
    let near_a_change = || "clocks were changed nearby, and the times are stored without a zone".to_owned();
    told.map_err(|error| error.to_string())?.ok_or_else(near_a_change)
}

/// What the queues of a domain tell about each day, all together.
async fn by_queues(queues: &mut Queues, names: &BTreeSet<String>, source: &str, days: &[Day]) -> Vec<Told> {
    let mut all = Vec::with_capacity(days.len());
    for day in days {
        let zero = Some(0);
        let mut sum = Tally { received: zero, consumed: zero, failed: zero, waiting: zero };
        let mut why = Vec::new();
        for name in names {
            let told = match queues.get_mut(name) {
                Some(queue) => queue.tally(source, day.window).await.map_err(|fault| fault.to_string()),
                None => Err("it is not open".to_owned()),
            };
            let lacks = lacks(&told).map(|lack| format!("the queue `{name}`: {lack}"));
            why.extend(lacks);
            sum = added(sum, told.ok().flatten().unwrap_or_default());
        }
        let Tally { received, consumed, failed, waiting } = sum;
        let arrivals = Arrivals { received, consumed, failed, waiting: Some(waiting.into()) };
        all.push(Told { arrivals, why });
    }
    all
}

/// What a queue does not tell about a day, and why.
fn lacks(told: &Result<Option<Tally>, String>) -> Option<String> {
    match told {
        Ok(Some(tally)) => tally.failed.is_none().then(|| "it keeps no failures".to_owned()),
        Ok(None) => Some("it does not count by day".to_owned()),
        Err(fault) => Some(fault.clone()),
    }
}

/// What is not known of one is not known of all.
fn added(one: Tally, other: Tally) -> Tally {
    let sum = |one: Option<u64>, other: Option<u64>| one?.checked_add(other?);
    Tally {
        received: sum(one.received, other.received),
        consumed: sum(one.consumed, other.consumed),
        failed: sum(one.failed, other.failed),
        waiting: sum(one.waiting, other.waiting),
    }
}

async fn consumers(queues: &mut Queues, names: &BTreeSet<String>) -> Vec<Consumers> {
    let mut all = Vec::new();
    for (name, queue) in queues.iter_mut().filter(|(name, _)| names.contains(*name)) {
        let lag = queue.lag(None).await;
        let why = match &lag {
            Ok(Some(_)) => None,
            Ok(None) => Some("the broker does not tell".to_owned()),
            Err(fault) => Some(fault.to_string()),
        };
        let lag = lag.ok().flatten();
        all.push(Consumers {
            queue: name.clone(),
            waiting: lag.map(|lag| lag.waiting).into(),
            taken: lag.and_then(|lag| lag.taken).into(),
            why,
        });
    }
    all
}

/// The queues that the events of a domain go to.
#[must_use]
pub fn queues_of(domain: &dyn Reconciler) -> BTreeSet<String> {
    let kinds = [Kind::Missing, Kind::Mismatched, Kind::Orphaned, Kind::Unreadable];
    let remedies = kinds.into_iter().map(|kind| domain.remedy(kind));
    let queue = |remedy| match remedy {
        Remedy::Emit(emission) => Some(emission.queue),
        Remedy::Report => None,
    };
    remedies.filter_map(queue).collect()
}
