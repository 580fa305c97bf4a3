//! What came of a night, told in such a way that two nights over the same world can be compared.

use std::collections::{BTreeMap, BTreeSet};

use super::Scenery;
use crate::place::Place;
use crate::sql::Sql;
use crate::watch;
use crate::world::Thing;
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

/// A slice as it was committed.
struct Slice {
    run: String,
    /// As the database writes them, and in seconds.
    window: (String, String),
    seconds: (i64, i64),
    is_of_a_dead_run: bool,
}

impl Slice {
    fn overlaps(&self, other: &Self) -> bool {
        self.window.0 < other.window.1 && other.window.0 < self.window.1
    }

    /// Whether its run was killed while its coverage waited for look-ups, which have to say that what met nothing does not exist: then
    /// somebody else has to read it again.
    fn may_be_void(&self, scenery: &Scenery) -> bool {
        let is_unmet = |thing: &Thing| thing.local.is_some() && thing.upstream[0].is_none();
        let (from, to) = self.seconds;
        let waits = |thing: &Thing| is_unmet(thing) && (from..=to).contains(&thing.created);
        self.is_of_a_dead_run && scenery.world.things.iter().any(waits)
    }
}

/// From the start of the world to the ceiling of a run that begins at once: four days without the provider's lag, and as much less as
/// whole seconds hide.
const FROM_START_TO_CEILING: i64 = 4 * 86_400 - 3_600 - 2;

/// An instant as whole seconds, in the database's words.
fn seconds(state: &Sql, column: &str) -> String {
    match state {
        Sql::Postgres(_) => format!("floor(extract(epoch FROM {column}))::bigint::text"),
        Sql::Sqlite(_) => format!("strftime('%s', {column})"),
    }
}

async fn seconds_of(state: &Sql, column: &str, table: &str) -> i64 {
    let texts = state.texts(&format!("SELECT {} FROM {table}", seconds(state, column))).await;
    texts[0].parse().unwrap()
}

async fn slices(state: &Sql) -> Vec<Slice> {
    let sql = format!(
        "SELECT run_id, from_at, to_at, {}, {}, status FROM slices JOIN runs USING (run_id) WHERE purpose = 'coverage'
         ORDER BY committed_at",
        seconds(state, "from_at"),
        seconds(state, "to_at")
    );
    let read = |row: Vec<Option<String>>| {
        let [run, from, to, begins, ends, status] =
            <[_; 6]>::try_from(row).unwrap().map(Option::unwrap_or_default);
        let seconds = (begins.parse().unwrap(), ends.parse().unwrap());
        Slice { run, window: (from, to), seconds, is_of_a_dead_run: status == "interrupted" }
    };
    state.rows(&sql).await.into_iter().map(read).collect()
}

/// The ledger of coverage is one range, what was committed fills it, and nothing was committed to it twice.
async fn every_slice_is_committed_once(scenery: &Scenery, wrong: &mut Wrongs) {
    let state = &scenery.place.state;
    let coverage = state.rows("SELECT from_at, to_at FROM coverage").await;
    let slices = slices(state).await;
    for (at, slice) in slices.iter().enumerate() {
        // What lies after the first pod's ceiling, one may have read before another could see all of it.
        if slice.seconds.0 >= scenery.world.start + FROM_START_TO_CEILING {
            continue;
        }
        for before in slices[..at].iter().filter(|before| before.overlaps(slice)) {
            if before.run == slice.run || !before.may_be_void(scenery) {
                wrong.duplicate(format!(
                    "the slice {:?} was committed after {:?}",
                    slice.window, before.window
                ));
            }
        }
    }
    let [covered] = coverage.as_slice() else {
        return wrong.lost(format!("the domain is covered by {} ranges instead of one", coverage.len()));
    };
    let [from, to] = [0, 1].map(|at: usize| covered[at].clone().unwrap_or_default());
    let mut windows: Vec<&(String, String)> = slices.iter().map(|slice| &slice.window).collect();
    windows.sort_unstable();
    let mut end = &from;
    for window in windows {
        if window.0 > *end {
            wrong.lost(format!("nothing was committed between {end} and {}", window.0));
        }
        end = end.max(&window.1);
    }
    // Whoever read the newest slice may have begun before the run that judged it, and sees no further than the end of that time. So
    // coverage ends where the first pod's would have, at least.
    let first = scenery.world.start + FROM_START_TO_CEILING;
    let through = seconds_of(state, "to_at", "coverage").await;
    if to > *end || through < first {
        wrong.lost(format!(
            "slices were committed up to {end}, and coverage ends at {to}, {} s too early",
            first - through
        ));
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
