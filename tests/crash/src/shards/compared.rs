//! What came of a night, told in such a way that two nights over the same world can be compared.

use std::collections::{BTreeMap, BTreeSet};

use super::Scenery;
use crate::place::Place;
use crate::watch;
use crate::wrong::Wrongs;

/// What came of a night.
pub(super) struct Outcome {
    /// Key by key: kind, state and episode.
    findings: BTreeMap<String, String>,
    /// The state of every event, by its id.
    outbox: BTreeMap<String, String>,
    delivered: Vec<String>,
}

impl Outcome {
    pub(super) async fn of(place: &Place) -> Self {
        let pairs = async |sql: &str| -> BTreeMap<String, String> {
            let rows = place.state.rows(sql).await.into_iter();
            rows.map(|row| (row[0].clone().unwrap_or_default(), row[1].clone().unwrap_or_default())).collect()
        };
        Self {
            findings: pairs("SELECT key, kind || ' ' || state || ' ' || episode FROM findings").await,
            outbox: pairs("SELECT event_id, state FROM outbox").await,
            delivered: place.delivered().await.into_iter().map(|event| event.id).collect(),
        }
    }

    /// Holds it against what one process came to.
    pub(super) async fn compare(&self, wanted: &Self, scenery: &Scenery, wrong: &mut Wrongs) {
        for (key, finding) in &wanted.findings {
            if self.findings.get(key) != Some(finding) {
                wrong.lost(format!("{key} is {finding}, and {:?} is recorded", self.findings.get(key)));
            }
        }
        for key in self.findings.keys().filter(|key| !wanted.findings.contains_key(*key)) {
            wrong.false_(format!("{key} is nothing, and {} is recorded", self.findings[key]));
        }
        if wanted.findings.len()
            != scenery.world.things.iter().filter(|thing| thing.expected.is_some()).count()
        {
            wrong.lost("one process alone did not find what was laid out");
        }
        if self.outbox != wanted.outbox {
            wrong.false_(format!("{} events instead of {}", self.outbox.len(), wanted.outbox.len()));
        }
        let once: BTreeSet<&String> = self.delivered.iter().collect();
        if once.len() < self.delivered.len() {
            wrong.duplicate(format!("{} events were delivered {} times", once.len(), self.delivered.len()));
        }
        if once != wanted.delivered.iter().collect() {
            wrong.lost(format!("{} events were delivered instead of {}", once.len(), wanted.delivered.len()));
        }
        every_slice_is_committed_once(scenery, wrong).await;
    }
}

/// The ledger of coverage is one range, and what was committed to it lies side by side in it: no moment was committed twice.
async fn every_slice_is_committed_once(scenery: &Scenery, wrong: &mut Wrongs) {
    let state = &scenery.place.state;
    let coverage = state.rows("SELECT from_at, to_at FROM coverage").await;
    let slices = state
        .rows("SELECT from_at, to_at FROM slices WHERE purpose = 'coverage' ORDER BY from_at, to_at")
        .await;
    let [covered] = coverage.as_slice() else {
        return wrong.lost(format!("the domain is covered by {} ranges instead of one", coverage.len()));
    };
    let (mut end, mut twice) = (covered[0].clone(), 0);
    for slice in &slices {
        if slice[0] < end {
            twice += 1;
        } else if slice[0] > end {
            wrong.lost(format!("nothing was committed between {end:?} and {:?}", slice[0]));
        }
        end = end.max(slice[1].clone());
    }
    if twice > 0 {
        wrong.duplicate(format!("{twice} of {} slices were committed twice", slices.len()));
    }
    if end != covered[1] {
        wrong.lost(format!("slices were committed up to {end:?}, and coverage ends at {:?}", covered[1]));
    }
    if state.is_postgres() {
        for what in state.texts(&format!("SELECT what FROM {}", watch::TABLE)).await {
            wrong.false_(what);
        }
    }
    for row in state.rows("SELECT run_id FROM runs WHERE status = 'running'").await {
        wrong.lost(format!("the run {row:?} never came to an end"));
    }
}
