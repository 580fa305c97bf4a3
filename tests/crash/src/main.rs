//! The crash harness: kills tieout wherever something durable happens, starts it again until it is done, and judges what came of
//! it. tests/crash/README.md says what it holds to be true.

mod args;
mod bugs;
mod canary;
mod case;
mod chaos;
mod cluster;
mod crew;
mod files;
mod judge;
mod place;
mod play;
mod point;
mod process;
mod provider;
mod proxy;
mod report;
mod scene;
mod shards;
mod shop;
mod sql;
mod stage;
mod sweep;
mod syscalls;
mod tally;
mod watch;
mod world;
mod wrong;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use args::{Args, Asked, Layers};
use case::Case;
use crew::{Crew, How, References};
use play::Played;
use point::Deed;
use report::Layer;
use scene::Scene;
use tally::Tally;
use wrong::Class;

#[tokio::main]
async fn main() -> ExitCode {
    let args = match Args::parse(std::env::args().skip(1)) {
        Ok(args) => args,
        Err(usage) => {
            eprintln!("{usage}");
            return ExitCode::from(2);
        }
    };
    let is_good = match &args.asked {
        Asked::Sweep(layers) => sweep(&args, *layers).await,
        Asked::Replay(how, case) => replay(*how, case, args.bug.clone()).await,
        Asked::Hits => hits(&args).await,
        Asked::Bugs => bugs::run(&args).await,
    };
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn sweep(args: &Args, asked: Layers) -> bool {
    if asked == (Layers { trials: asked.trials, ..Layers::default() }) {
        return only_trials(args, asked.trials).await;
    }
    let crew = Crew::hire(args.workers, None).await;
    let mut sum = Tally::default();
    let (told, references) = sweep::tell(&crew, &args.scenes, args.seed, &mut sum).await;
    if !sum.is_clean() {
        println!("the undisturbed story goes wrong already");
        return last_line(&sum);
    }
    let mut layers = Vec::new();
    let at_points = |deed, n| sweep::sample(&told, deed, n, args.seed);
    let mut killed = Vec::new();
    for (name, deed, n) in [
        ("1 kill at a crash point", Deed::Kill, asked.kills),
        ("1 loss of the host at a crash point", Deed::Gone, asked.gone),
        ("1 stop for longer than the lease", Deed::Rival, asked.rivals),
        ("1 database crash at a crash point", Deed::Database, asked.databases),
        ("1 connections cut at a crash point", Deed::Cut, asked.cuts),
        ("1 request to end at a crash point", Deed::Term, asked.terms),
    ] {
        let played = play(&crew, How::Story, name, at_points(deed, n), &references, &mut layers).await;
        if deed == Deed::Kill {
            killed = played;
        }
    }
    let pairs = sweep::pairs(&killed, asked.pairs, args.seed);
    drop(killed);
    play(&crew, How::Story, "1 second kill during recovery", pairs, &references, &mut layers).await;
    if asked.syscalls > 0 && syscalls::can_trace() {
        let cases = syscalls::sample(&crew, args.seed, asked.syscalls).await;
        play(&crew, How::Story, "2 kill at a system call", cases, &references, &mut layers).await;
    } else if asked.syscalls > 0 {
        println!("2 kill at a system call: NOT CHECKED, strace does not work here");
    }
    let seeds = (0..asked.chaos as u64).map(|at| args.seed * 1_000 + at);
    let uproars = seeds.map(|seed| Case { scene: uproar_scene(seed), seed, points: Vec::new() }).collect();
    play(&crew, How::Chaos, "3 several processes, random moments", uproars, &references, &mut layers).await;
    // A trial measures when requests come, so nothing else is played beside it.
    let trials = sweep::trials(args.seed, asked.trials);
    let how = How::Shards(args.shards);
    play(&crew.one(), how, "4 pods of one job, random kills", trials, &references, &mut layers).await;
    layers.iter().for_each(|layer| sum.add(&layer.tally));
    if let Some(path) = &args.report {
        report::write(path, &layers, args.seed);
    }
    println!(
        "{} distinct points, {} names, {} not reached",
        sum.places.len(),
        sum.names.len(),
        sum.unreached
    );
    last_line(&sum)
}

/// Trials of a job's pods alone, which bring what they are compared with.
async fn only_trials(args: &Args, trials: usize) -> bool {
    let crew = Crew::hire(1, None).await;
    let (mut layers, nothing) = (Vec::new(), Arc::new(References::new()));
    let (how, trials) = (How::Shards(args.shards), sweep::trials(args.seed, trials));
    play(&crew, how, "4 pods of one job, random kills", trials, &nothing, &mut layers).await;
    if let Some(path) = &args.report {
        report::write(path, &layers, args.seed);
    }
    let mut sum = Tally::default();
    layers.iter().for_each(|layer| sum.add(&layer.tally));
    last_line(&sum)
}

/// Two of three uproars are about a queue that keeps no event twice.
fn uproar_scene(seed: u64) -> Scene {
    if seed.is_multiple_of(3) { Scene::Lines } else { Scene::Postgres }
}

/// Plays a layer and says what came of it.
async fn play(
    crew: &Crew,
    how: How,
    name: &'static str,
    cases: Vec<Case>,
    references: &Arc<References>,
    layers: &mut Vec<Layer>,
) -> Vec<(Case, Played)> {
    if cases.is_empty() {
        return Vec::new();
    }
    let began = Instant::now();
    let mut tally = Tally::default();
    let played = crew.play(how, cases, references, &mut tally, |_| false).await;
    let n_wrong: u64 = tally.wrong.values().sum();
    println!(
        "{name}: {} stories in {:.0} s, {n_wrong} violations",
        tally.cases,
        began.elapsed().as_secs_f64()
    );
    layers.push(Layer { name, tally });
    played
}

fn last_line(tally: &Tally) -> bool {
    let [lost, duplicate, false_] =
        [Class::Lost, Class::Duplicate, Class::False].map(|class| tally.of(class));
    println!("{} kills, {lost} lost, {duplicate} duplicate, {false_} false", tally.kills());
    tally.is_clean()
}

async fn hits(args: &Args) -> bool {
    let crew = Crew::hire(1, None).await;
    let mut tally = Tally::default();
    let (told, _) = sweep::tell(&crew, &args.scenes, args.seed, &mut tally).await;
    for story in told {
        for (step, hit) in &story.hits {
            println!("{} {}@{hit}", story.scene.name(), step.name());
        }
    }
    tally.is_clean()
}

async fn replay(how: How, case: &Case, bug: Option<String>) -> bool {
    let stage = Arc::new(stage::stage(None, true).await);
    let quiet = Case { points: Vec::new(), ..case.clone() };
    let nothing = Arc::new(References::new());
    let references = match how {
        // A trial brings what it is compared with.
        How::Shards(_) => References::new(),
        How::Story | How::Chaos => {
            let reference = crew::alone(&stage, How::Story, &quiet, &nothing).await;
            References::from([((case.scene, case.seed), (&reference).into())])
        }
    };
    let mut tally = Tally::default();
    let stage = Arc::new(stage.with_bug(bug.map(|name| &*name.leak())));
    let played = crew::alone(&stage, how, case, &Arc::new(references)).await;
    tally.take(how, case, &played);
    tell_replay(&played);
    last_line(&tally)
}

fn tell_replay(played: &Played) {
    for (step, hits) in &played.hits {
        println!(
            "{} came to {} crash points, the last is {}",
            step.name(),
            hits.len(),
            hits.last().map_or("none", |hit| hit)
        );
    }
    if let Some(folder) = &played.folder {
        println!("what was left of it is in {}", folder.display());
    }
}
