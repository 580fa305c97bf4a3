//! Proves the harness: each mistake that was put into tieout on purpose must be noticed.

use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use crate::args::Args;
use crate::case::Case;
use crate::crew::{Crew, How, References};
use crate::point::Deed;
use crate::report;
use crate::scene::Scene;
use crate::shards::PODS;
use crate::stage::program;
use crate::sweep::{sample, tell, trials};
use crate::tally::Tally;

/// So many stops, and so many losses of a host, are tried between the kills, one after each three of them.
const RIVALS: usize = 60;

/// What a mistake is looked for in: everything but the long story.
const SCENES: [Scene; 3] = [Scene::Postgres, Scene::Outage, Scene::Lines];

/// Mistakes that only processes of one job can make, and so many trials of them.
const OF_PODS: [&str; 2] = ["rate_kept_apart", "job_begins_anew"];
const TRIALS: usize = 2;

/// Makes each mistake until it is noticed; the last line says how many were.
pub(crate) async fn run(args: &Args) -> bool {
    let (workers, seed, only) = (args.workers, args.seed, args.bug.as_deref());
    let crew = Crew::hire(workers, None).await;
    let mut tally = Tally::default();
    let (told, references) = tell(&crew, &SCENES, seed, &mut tally).await;
    if !tally.is_clean() {
        println!("the undisturbed story goes wrong already");
        return false;
    }
    let mut cases: Vec<Case> =
        SCENES.iter().map(|scene| Case { scene: *scene, seed, points: Vec::new() }).collect();
    let of_postgres: Vec<_> = told.into_iter().filter(|story| story.scene == Scene::Postgres).collect();
    // All of them, those first that stand between two things that are durable.
    let mut kills = sample(&of_postgres, Deed::Kill, usize::MAX, seed);
    let is_slice = |case: &Case| case.points[0].place() == "commit.after_commit";
    let is_between = |case: &Case| case.points[0].place().ends_with(".after_commit");
    let is_outside = |case: &Case| case.points[0].place().starts_with("provider.");
    kills.sort_by_key(|case| (!is_slice(case), !is_between(case), is_outside(case)));
    let mut others: Vec<Case> = sample(&of_postgres, Deed::Gone, RIVALS, seed);
    others.extend(sample(&of_postgres, Deed::Rival, RIVALS, seed));
    fastrand::Rng::with_seed(seed).shuffle(&mut others);
    let mut others = others.into_iter();
    for (at, kill) in kills.into_iter().enumerate() {
        cases.push(kill);
        if at % 3 == 0 {
            cases.extend(others.next());
        }
    }
    let names = names();
    let wanted: Vec<&(String, String)> =
        names.iter().filter(|(name, _)| only.is_none_or(|only| only == name)).collect();
    let mut n_caught = 0;
    println!("{:<26} {:<7} {:>5} {:>7}  what gave it away", "mistake", "", "cases", "seconds");
    for (name, _) in &wanted {
        let is_caught = if OF_PODS.contains(&name.as_str()) {
            hunt(&crew.one(), name, How::Shards(PODS), &trials(seed, TRIALS), &references).await
        } else {
            hunt(&crew, name, How::Story, &cases, &references).await
        };
        n_caught += usize::from(is_caught);
    }
    if let (Some(path), None) = (&args.report, only) {
        report::write_bugs(path, n_caught, wanted.len());
    }
    println!("caught {n_caught} of {}", wanted.len());
    n_caught == wanted.len()
}

/// Plays cases until something is wrong.
async fn hunt(crew: &Crew, name: &str, how: How, cases: &[Case], references: &Arc<References>) -> bool {
    let began = Instant::now();
    let crew = crew.with_bug(Some(name.to_owned().leak()));
    let mut tally = Tally::quiet();
    crew.play(how, cases.to_vec(), references, &mut tally, |tally| !tally.is_clean()).await;
    let seconds = began.elapsed().as_secs_f64();
    let word = if tally.is_clean() { "MISSED" } else { "caught" };
    let says: String = tally.first_wrong.clone().unwrap_or_default().chars().take(120).collect();
    println!("{name:<26} {word:<7} {:>5} {seconds:>7.1}  {says}", tally.cases);
    !tally.is_clean()
}

/// Every mistake by its name, with what it does.
fn names() -> Vec<(String, String)> {
    let said = Command::new(program()).arg("--bugs").output().unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    said.lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(name, what)| (name.to_owned(), what.to_owned()))
        .collect()
}
