//! The first layer: the story is played undisturbed, which shows every crash point in its order; then it is played again for each
//! of them, disturbed there.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::case::Case;
use crate::crew::{Crew, How, References};
use crate::judge::Reference;
use crate::play::Played;
use crate::point::{Deed, Point, Step};
use crate::scene::{Queue, Scene, State};
use crate::tally::Tally;

/// A story with its crash points.
pub(crate) struct Told {
    pub(crate) scene: Scene,
    pub(crate) seed: u64,
    /// Step and hit, in the order in which they came.
    pub(crate) hits: Vec<(Step, String)>,
}

/// Plays the stories undisturbed.
pub(crate) async fn tell(
    crew: &Crew,
    scenes: &[Scene],
    seed: u64,
    tally: &mut Tally,
) -> (Vec<Told>, Arc<References>) {
    let cases = scenes.iter().map(|scene| Case { scene: *scene, seed, points: Vec::new() }).collect();
    let nothing = Arc::new(References::new());
    let mut references = References::new();
    let mut told = Vec::new();
    for (case, played) in crew.play(How::Story, cases, &nothing, tally, |_| false).await {
        references.insert((case.scene, seed), Reference::from(&played));
        told.push(Told { scene: case.scene, seed, hits: hits_of(&played) });
    }
    told.sort_by_key(|told| told.scene);
    (told, Arc::new(references))
}

fn hits_of(played: &Played) -> Vec<(Step, String)> {
    let disturbed = played.hits.iter().filter(|(step, _)| Step::DISTURBED.contains(step));
    disturbed.flat_map(|(step, hits)| hits.iter().map(|hit| (*step, hit.clone()))).collect()
}

/// The sampled cases of a deed: every name of a crash point before any of them comes twice.
pub(crate) fn sample(told: &[Told], deed: Deed, n: usize, seed: u64) -> Vec<Case> {
    let mut dice = fastrand::Rng::with_seed(seed ^ (deed as u64 + 1) << 32);
    let mut all: Vec<Case> = Vec::new();
    for story in told.iter().filter(|story| suits(story.scene, deed)) {
        for (step, hit) in &story.hits {
            let point = Point { step: *step, hit: hit.clone(), deed };
            if may_happen(&point) {
                all.push(Case { scene: story.scene, seed: story.seed, points: vec![point] });
            }
        }
    }
    dice.shuffle(&mut all);
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut ranked: Vec<(usize, Case)> = Vec::new();
    for case in all {
        let rank = seen.entry(case.points[0].place().to_owned()).or_default();
        ranked.push((*rank, case));
        *rank += 1;
    }
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, case)| case).take(n).collect()
}

/// Where a deed means something.
fn suits(scene: Scene, deed: Deed) -> bool {
    match deed {
        Deed::Kill | Deed::Gone | Deed::Term | Deed::Syscall => true,
        Deed::Database | Deed::Cut => scene.state() != State::Sqlite,
        // Whoever is stopped in the middle of a file's transaction stops everybody else.
        Deed::Rival => {
            scene.state() == State::Postgres && scene.queue() == Queue::Table && scene != Scene::Outage
        }
    }
}

/// A process that is stopped while it holds locks makes its rival wait for the server's limits, which says nothing about leases.
fn may_happen(point: &Point) -> bool {
    let holds_locks = [".before_commit", "commit.events_staged", "commit.findings_written", "ndjson.written"];
    let is_run = matches!(point.step, Step::Night1 | Step::Night2 | Step::Refill);
    point.deed != Deed::Rival || (is_run && !holds_locks.iter().any(|end| point.place().ends_with(end)))
}

/// Cases with a second kill while the first is recovered from.
pub(crate) fn pairs(played: &[(Case, Played)], n: usize, seed: u64) -> Vec<Case> {
    let mut dice = fastrand::Rng::with_seed(seed ^ 0xbad);
    let mut pairs = Vec::new();
    let usable: Vec<(&Case, &Vec<String>)> = played.iter().filter_map(recovery).collect();
    while pairs.len() < n && !usable.is_empty() {
        let (case, hits) = usable[dice.usize(..usable.len())];
        let hit = &hits[dice.usize(..hits.len())];
        let second = Point::kill(case.points[0].step, hit);
        pairs.push(Case { points: vec![case.points[0].clone(), second], ..case.clone() });
    }
    pairs
}

/// The crash points that the start after a kill came to.
fn recovery((case, played): &(Case, Played)) -> Option<(&Case, &Vec<String>)> {
    let [point] = case.points.as_slice() else { return None };
    let hits = played.hits.iter().filter(|(step, _)| *step == point.step).nth(1)?;
    (point.deed == Deed::Kill && !hits.1.is_empty()).then_some((case, &hits.1))
}

/// Trials of a job's pods: most with the state in PostgreSQL, every fifth with a file.
pub(crate) fn trials(seed: u64, n: usize) -> Vec<Case> {
    let trial = |at: u64| {
        let scene = if at % 5 == 4 { Scene::Sqlite } else { Scene::Postgres };
        Case { scene, seed: seed * 1_000 + at, points: Vec::new() }
    };
    (0..n as u64).map(trial).collect()
}
