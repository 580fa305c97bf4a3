//! What people send again of what was sent before.

use std::collections::BTreeMap;
use std::time::Duration;

use tieout::finding::Finding;
use tieout::going::Going;
use tieout::run::{Replay as Order, Replayed, replay};
use tieout::store::{Over, Progress, SentFilter};
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;
use uuid::Uuid;

use crate::files::DOMAIN;
use crate::people::Desk;
use crate::story::{Micros, Name, Story, dice};
use crate::tray::Arrived;

/// Which events, of those that were sent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    pub(crate) kind: Option<&'static str>,
    /// About this key, whomever it belongs to.
    pub(crate) key: Option<String>,
    /// Staged by this run.
    pub(crate) run: Option<Uuid>,
    /// Sent at this instant or later, by the store's clock.
    pub(crate) since: Option<Micros>,
    /// Sent before this instant.
    pub(crate) until: Option<Micros>,
    /// Those too that nobody needs any more.
    pub(crate) is_forced: bool,
    /// So many, the oldest first.
    pub(crate) limit: Option<u64>,
}

/// What was asked for, and what came of it.
#[derive(Debug)]
pub(crate) struct Replay {
    pub(crate) wanted: Wanted,
    pub(crate) came: Replayed,
    /// What the queue was given, in its order.
    pub(crate) arrived: Vec<Arrived>,
}

/// The type of the event about a difference.
pub(crate) fn type_of(kind: &str) -> &'static str {
    match kind {
        "missing" => "com.example.item.created",
        "mismatched" => "com.example.item.updated",
        _ => "com.example.item.deleted",
    }
}

impl Wanted {
    /// What the dice ask for before a night.
    fn of(story: &Story, number: usize, findings: &BTreeMap<Name, Finding>, runs: &[Uuid]) -> Self {
        let about = Name { member: "", id: "replay".to_owned() };
        let dice = |what: &str, sides: usize| {
            let thrown = dice(story, &format!("{what} {number}"), &about, sides.max(1) as u64);
            usize::try_from(thrown).unwrap_or_default()
        };
        let is_asked = |what: &str| dice(&format!("replay by {what}"), 4) == 0;
        let known: Vec<(&Name, &Finding)> = findings.iter().collect();
        let one = |what: &str| known.get(dice(what, known.len())).copied();
        // An instant at which something was sent is a bound.
        let instant = |what: &str| one(what).and_then(|(_, finding)| finding.acknowledged_at);
        let kinds = ["missing", "mismatched", "orphaned"];
        Self {
            kind: is_asked("type").then(|| kinds[dice("replay type", 3)]),
            key: one("replay key").filter(|_| is_asked("key")).map(|(name, _)| name.id.clone()),
            run: runs.get(dice("replay run", runs.len())).copied().filter(|_| is_asked("run")),
            since: instant("replay since").filter(|_| is_asked("since")).map(Instant::micros),
            until: instant("replay until").filter(|_| is_asked("until")).map(Instant::micros),
            is_forced: dice("replay forced", 2) == 0,
            limit: is_asked("limit").then(|| 1 + dice("replay limit", 3) as u64),
        }
    }

    fn filter(&self) -> SentFilter {
        SentFilter {
            domains: vec![DOMAIN.parse().unwrap()],
            queues: Vec::new(),
            types: self.kind.map(type_of).map(str::to_owned).into_iter().collect(),
            keys: self.key.iter().map(|key| Key::checked(key).unwrap()).collect(),
            run_id: self.run,
            since: self.since.map(Instant::from_micros),
            until: self.until.map(Instant::from_micros),
        }
    }
}

impl Desk<'_> {
    /// Sends again what the dice say, if they say so.
    pub(crate) async fn replayed(
        &self,
        story: &Story,
        number: usize,
        findings: &BTreeMap<Name, Finding>,
    ) -> Option<Replay> {
        let about = Name { member: "", id: "replay".to_owned() };
        if dice(story, &format!("replay {number}"), &about, 3) > 0 {
            return None;
        }
        let wanted = Wanted::of(story, number, findings, self.runs);
        let order = Order {
            filter: wanted.filter(),
            over: if wanted.is_forced { Over::Sent } else { Over::LeftOut },
            to: None,
            limit: wanted.limit,
            pause: Duration::ZERO,
            carriage: self.carriage.clone(),
            going: Going::default(),
            from: Progress::default(),
            turn: None,
        };
        let before = self.tray.lock().unwrap().arrived.len();
        let came = replay(self.store, &mut self.queues(), &order, &|_| {}).await.unwrap();
        let arrived = self.tray.lock().unwrap().arrived.split_off(before);
        Some(Replay { wanted, came, arrived })
    }
}
