//! What the ledger of coverage has to show once the pods are done, and a watch in the database over what is committed again.
//!
//! The rule, which docs/coverage.md gives to people: **what is verified is read once.** A slice has a row from the moment at which it is
//! judged, and is verified by the same transaction, unless there is something in it that a look-up has to prove first (a row without
//! an item), or nothing of it lies before the ceiling of its run. So a slice is committed again where that run died in between, and
//! nowhere else; and coverage ends at the ceiling of the run that was through with the domain, or further where an earlier one saw
//! further.

use super::Scenery;
use crate::sql::Sql;
use crate::watch;
use crate::world::Thing;
use crate::wrong::Wrongs;

/// How far a feed's newest items are left to the next run.
const LAG: i64 = 3_600;

/// As much less may be verified as whole seconds hide: those of the provider's `Date`, and those that are compared here.
const HIDDEN: i64 = 2;

/// Where it is written down what was committed again although it was verified.
const AGAIN: &str = "public.verified_again";

/// Lets the database itself say whether a slice is committed of which anything was verified by an earlier transaction.
const WATCH: &str = "
CREATE TABLE public.verified_again (what text);
CREATE TABLE public.merged (tx xid8, from_at timestamptz, to_at timestamptz);
CREATE FUNCTION public.is_merged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.merged VALUES (pg_current_xact_id(), OLD.from_at, OLD.to_at);
    RETURN NULL;
END $$;
CREATE FUNCTION public.is_new() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.verified_again
        SELECT format('%s to %s was verified, and run %s committed %s to %s', was.from_at, was.to_at, NEW.run_id, NEW.from_at, NEW.to_at)
        FROM (SELECT from_at, to_at FROM tieout.coverage WHERE xmin <> pg_current_xact_id()::xid
              UNION ALL SELECT from_at, to_at FROM public.merged WHERE tx = pg_current_xact_id()) was
        WHERE was.from_at < NEW.to_at AND was.to_at > NEW.from_at;
    RETURN NULL;
END $$;
CREATE TRIGGER is_merged AFTER DELETE ON tieout.coverage FOR EACH ROW EXECUTE FUNCTION public.is_merged();
CREATE TRIGGER is_new AFTER INSERT OR UPDATE ON tieout.slices FOR EACH ROW WHEN (NEW.purpose = 'coverage')
    EXECUTE FUNCTION public.is_new();";

/// Puts the watch up, where the state is in a server.
pub(super) async fn watch(state: &Sql) {
    if state.is_postgres() {
        state.run(WATCH).await;
    }
}

/// A slice as it was committed.
struct Slice {
    run: String,
    /// As the database writes them, and in seconds.
    window: (String, String),
    seconds: (i64, i64),
    /// The end of what its run could judge, in seconds.
    ceiling: i64,
    is_of_a_dead_run: bool,
}

impl Slice {
    fn overlaps(&self, other: &Self) -> bool {
        self.window.0 < other.window.1 && other.window.0 < self.window.1
    }

    /// Whether its run was killed before all of what it has in common with another one was verified: it had to look up first what met
    /// nothing, or it read what lies behind its own ceiling.
    fn left(&self, other: &Self, scenery: &Scenery) -> bool {
        let is_unmet = |thing: &Thing| thing.local.is_some() && thing.upstream[0].is_none();
        let (from, to) = self.seconds;
        let waits = |thing: &Thing| is_unmet(thing) && (from..=to).contains(&thing.created);
        let is_behind = self.seconds.0.max(other.seconds.0) >= self.ceiling - HIDDEN;
        self.is_of_a_dead_run && (is_behind || scenery.world.things.iter().any(waits))
    }
}

/// An instant as whole seconds, in the database's words.
fn seconds(state: &Sql, column: &str) -> String {
    match state {
        Sql::Postgres(_) => format!("floor(extract(epoch FROM {column}))::bigint::text"),
        Sql::Sqlite(_) => format!("strftime('%s', {column})"),
    }
}

async fn seconds_of(state: &Sql, column: &str, from: &str) -> i64 {
    let texts = state.texts(&format!("SELECT {} FROM {from}", seconds(state, column))).await;
    texts[0].parse().unwrap()
}

async fn slices(state: &Sql) -> Vec<Slice> {
    let sql = format!(
        "SELECT run_id, from_at, to_at, {}, {}, {}, status FROM slices JOIN runs USING (run_id) WHERE purpose = 'coverage'
         ORDER BY committed_at",
        seconds(state, "from_at"),
        seconds(state, "to_at"),
        seconds(state, "started_at")
    );
    let read = |row: Vec<Option<String>>| {
        let [run, from, to, begins, ends, started, status] =
            <[_; 7]>::try_from(row).unwrap().map(Option::unwrap_or_default);
        let [begins, ends, started]: [i64; 3] = [begins, ends, started].map(|text| text.parse().unwrap());
        let (seconds, ceiling) = ((begins, ends), started - LAG);
        Slice { run, window: (from, to), seconds, ceiling, is_of_a_dead_run: status == "interrupted" }
    };
    state.rows(&sql).await.into_iter().map(read).collect()
}

/// The ledger of coverage is one range, what was committed fills it, and nothing that was verified was committed again.
pub(super) async fn judge(scenery: &Scenery, wrong: &mut Wrongs) {
    let state = &scenery.place.state;
    let slices = slices(state).await;
    for (at, slice) in slices.iter().enumerate() {
        for before in slices[..at].iter().filter(|before| before.overlaps(slice)) {
            if before.run == slice.run || !before.left(slice, scenery) {
                wrong.duplicate(format!(
                    "the slice {:?} was committed after {:?}",
                    slice.window, before.window
                ));
            }
        }
    }
    is_whole(state, &slices, wrong).await;
    if state.is_postgres() {
        for what in state.texts(&format!("SELECT what FROM {AGAIN}")).await {
            wrong.duplicate(what);
        }
        for what in state.texts(&format!("SELECT what FROM {}", watch::TABLE)).await {
            wrong.false_(what);
        }
    }
    for row in state.rows("SELECT run_id FROM runs WHERE status = 'running'").await {
        wrong.lost(format!("the run {row:?} never came to an end"));
    }
}

/// What was committed fills what is verified, up to where the last run could judge.
async fn is_whole(state: &Sql, slices: &[Slice], wrong: &mut Wrongs) {
    let coverage = state.rows("SELECT from_at, to_at FROM coverage").await;
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
    // Whoever had the domain last was through with it, and the run that began last sees the furthest.
    let last =
        seconds_of(state, "started_at", "runs WHERE run_id = (SELECT job_run FROM leases)").await - LAG;
    let furthest = seconds_of(state, "MAX(started_at)", "runs").await - LAG;
    let through = seconds_of(state, "to_at", "coverage").await;
    if to > *end || !(last - HIDDEN..=furthest).contains(&through) {
        let (early, late) = (last - through, through - furthest);
        let ends = format!("{early} s before the ceiling of the last run, {late} s after the newest one");
        wrong.lost(format!("slices were committed up to {end}, and coverage ends at {to}: {ends}"));
    }
}
