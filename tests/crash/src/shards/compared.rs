//! What came of a night, told in such a way that two nights over the same world can be compared.

use std::collections::{BTreeMap, BTreeSet};

use super::{Scenery, ledger};
use crate::place::Place;
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
        ledger::judge(scenery, wrong).await;
    }
}
