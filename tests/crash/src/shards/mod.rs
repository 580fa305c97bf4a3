//! The fourth layer: the pods of an Indexed Job share one domain out, as processes with `JOB_COMPLETION_INDEX`, and are killed at
//! random and started again. What came of it is held against a run of one process over the same world, and the provider's limit
//! against when requests really came.

mod compared;
mod ledger;
mod pods;
mod rate;
mod readers;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::case::Case;
use crate::files;
use crate::place::Place;
use crate::play::{Played, Stage, words};
use crate::point::Deed;
use crate::process::{Manner, Process, Seen};
use crate::provider::Server;
use crate::world::World;
use compared::Outcome;
use pods::Pods;
use rate::Rate;

/// How many pods there are where nobody says.
pub(crate) const PODS: usize = 8;

/// The domain that is shared out. Each pod walks so many slices side by side that it could ask twice as much as is permitted, and
/// the others together as much again.
const RUN: &str = "run shop.charges --concurrency 12 --format json";

/// How long the provider takes for an answer: in no time at all, one process would use the whole rate before others have a slice.
const DELAY: Duration = Duration::from_millis(150);

/// So many pods, besides the one that holds the domain, have to read slices at the same moment once, or a trial says nothing about a
/// limit that several share.
const READERS: usize = 3;

/// How much less than the permitted rate a run sends on average that is held up by it.
const BINDS: f64 = 0.8;

/// Where it plays.
struct Scenery {
    place: Place,
    server: Server,
    world: Arc<World>,
}

impl Scenery {
    async fn set(stage: &Stage, case: &Case) -> Self {
        let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap();
        let world = Arc::new(World::lay_out_large(case.seed, now));
        let server = Server::start(Arc::clone(&world), DELAY).await;
        let place = Place::set(&stage.cluster, case.scene, &world, &server.base, stage.cluster.port).await;
        files::write_limited(place.path());
        ledger::watch(&place.state).await;
        Self { place, server, world }
    }

    fn rate(&self) -> Rate {
        Rate::of(&self.server.arrivals())
    }
}

/// Plays a trial and judges it.
pub(crate) async fn trial(stage: &Stage, case: &Case, n_pods: usize) -> Played {
    let mut played = Played::default();
    let (alone, wanted) = alone(stage, case, &mut played).await;
    let scenery = Scenery::set(stage, case).await;
    let began = Instant::now();
    let job = format!("nightly-{}", case.seed);
    let pods =
        Pods { program: stage.program.clone(), folder: scenery.place.path().to_owned(), job, bug: stage.bug };
    let came = pods.play(n_pods, &scenery.place, &mut fastrand::Rng::with_seed(case.seed ^ 0x5a4d5)).await;
    let took = began.elapsed();
    let together = scenery.rate();
    for odd in &came.odd {
        played.wrong.lost(format!("a pod {odd}"));
    }
    let readers = READERS.min(n_pods - 1);
    if came.readers.at_once < readers {
        played.wrong.false_(format!("{} read at once, and {readers} should", came.readers));
    }
    let got = Outcome::of(&scenery.place).await;
    got.compare(&wanted, &scenery, &mut played.wrong).await;
    together.judge("the pods together", &mut played.wrong);
    late_pod(&pods, &scenery, n_pods, &mut played).await;
    println!(
        "{case}: {n_pods} pods, {} kills, {} of them of the leader; {}; {together} in {:.1} s; one process: {alone}",
        came.kills,
        came.leaders,
        came.readers,
        took.as_secs_f64()
    );
    played.done = BTreeMap::from([(Deed::Kill, came.kills)]);
    keep(stage, &scenery.place, &mut played);
    scenery.place.clear().await;
    played
}

/// What one process comes to whom nobody disturbs. The limit has to hold it up, or it would prove nothing.
async fn alone(stage: &Stage, case: &Case, played: &mut Played) -> (Rate, Outcome) {
    let scenery = Scenery::set(stage, case).await;
    let manner =
        Manner { bug: stage.bug, more: vec![("TIEOUT_LOG", "info".to_owned())], ..Manner::default() };
    let mut process = Process::start(&stage.program, scenery.place.path(), "alone", &words(RUN), &manner);
    let seen = process.wait().await;
    if seen != Seen::Exited(0) {
        played.wrong.lost(format!("one process alone ends with {seen:?}"));
    }
    let rate = scenery.rate();
    if rate.used() < BINDS {
        played.wrong.false_(format!("the limit does not hold one process up: {rate}"));
    }
    rate.judge("one process", &mut played.wrong);
    let outcome = Outcome::of(&scenery.place).await;
    scenery.place.clear().await;
    (rate, outcome)
}

/// A pod that comes when all is done has nothing to do, and asks the provider nothing.
async fn late_pod(pods: &Pods, scenery: &Scenery, n_pods: usize, played: &mut Played) {
    let before = scenery.server.arrivals().len();
    let seen = pods.start(n_pods - 1, 999).wait().await;
    if seen != Seen::Exited(0) {
        played.wrong.lost(format!("a pod that comes late ends with {seen:?}"));
    }
    let asked = scenery.server.arrivals().len() - before;
    if asked > 0 {
        played.wrong.duplicate(format!("a pod that comes late asks the provider {asked} times"));
    }
}

/// Leaves the folder of a trial that went wrong, where that is asked for.
fn keep(stage: &Stage, place: &Place, played: &mut Played) {
    if stage.keeps && !played.wrong.0.is_empty() {
        let kept = std::env::temp_dir().join(format!("tieout-crash-kept-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&kept);
        let copied = std::process::Command::new("cp").arg("-r").arg(place.path()).arg(&kept).status();
        played.folder = copied.is_ok().then_some(kept);
    }
}

/// A pod that takes longer hangs.
const MOST: Duration = Duration::from_secs(120);
