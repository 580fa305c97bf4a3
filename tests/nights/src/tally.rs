//! Plays worlds side by side, tells what was wrong, and counts.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use tempfile::TempDir;

use crate::args::Args;
use crate::play::{Played, play};
use crate::shrink::shrink;
use crate::story::{Name, Story};
use crate::teller::tell;
use crate::{files, night};

/// Plays what was asked for; the last line says what came of it.
pub(crate) fn run(args: &Args) -> ExitCode {
    let folder = room();
    let blank = runtime().block_on(night::blank(folder.path()));
    if args.bugs {
        return bugs(args, folder.path(), &blank);
    }
    let count = Count::default();
    if let Some(world) = args.world {
        one(args, world, folder.path(), &blank, &count);
    } else {
        std::thread::scope(|scope| {
            for _ in 0..workers() {
                scope.spawn(|| worlds(args, folder.path(), &blank, &count));
            }
        });
    }
    let [nights, untrue, missed] =
        [&count.nights, &count.untrue, &count.missed].map(|n| n.load(Ordering::SeqCst));
    println!("{nights} nights, {untrue} false, {missed} missed");
    if untrue + missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(feature = "seeded-bugs")]
fn bugs(args: &Args, folder: &Path, blank: &Path) -> ExitCode {
    crate::bugs::run(args.seed, folder, blank)
}

#[cfg(not(feature = "seeded-bugs"))]
fn bugs(_: &Args, _: &Path, _: &Path) -> ExitCode {
    eprintln!("this build has no mistakes in it: `tests/oracle --bugs` makes one that has");
    ExitCode::from(2)
}

/// How many worlds are played side by side.
pub(crate) fn workers() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

#[derive(Default)]
struct Count {
    next: AtomicU64,
    nights: AtomicUsize,
    untrue: AtomicUsize,
    missed: AtomicUsize,
    told: AtomicUsize,
}

fn worlds(args: &Args, folder: &Path, blank: &Path, count: &Count) {
    while count.nights.load(Ordering::SeqCst) < args.nights {
        one(args, count.next.fetch_add(1, Ordering::SeqCst), folder, blank, count);
    }
}

fn one(args: &Args, world: u64, folder: &Path, blank: &Path, count: &Count) {
    let story = tell(args.seed, world);
    let played = alone(&story, folder, blank);
    count.nights.fetch_add(played.nights, Ordering::SeqCst);
    for (_, wrong) in &played.wrong {
        let of = if wrong.is_missed { &count.missed } else { &count.untrue };
        of.fetch_add(1, Ordering::SeqCst);
    }
    if !played.wrong.is_empty() && count.told.fetch_add(1, Ordering::SeqCst) < args.tell {
        let (story, played) = shrink(story, played, |story| alone(story, folder, blank));
        print!("{}", in_words(&story, &played));
    }
}

/// Plays a story in a folder that is gone afterwards.
pub(crate) fn alone(story: &Story, folder: &Path, blank: &Path) -> Played {
    let own = TempDir::new_in(folder).unwrap();
    let runtime = runtime();
    let played = runtime.block_on(play(story.clone(), own.path(), blank));
    runtime.shutdown_background();
    played
}

/// A folder in memory where there is one.
fn room() -> TempDir {
    let memory = PathBuf::from("/dev/shm");
    let folder = if memory.is_dir() { memory } else { std::env::temp_dir() };
    TempDir::with_prefix_in("tieout-nights-", folder).unwrap()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn in_words(story: &Story, played: &Played) -> String {
    use std::fmt::Write as _;
    let mut text = format!("\nseed {} world {}: {:?}\n", story.seed, story.world, story.variety);
    for (number, night) in story.nights.iter().enumerate().take(played.nights) {
        writeln!(text, "  night {number} at {}: {night:?}", files::utc(night.at)).unwrap();
    }
    for (number, wrong) in &played.wrong {
        let kind = if wrong.is_missed { "MISSED" } else { "FALSE" };
        writeln!(text, "{kind} in night {number}: {:?}: {}", wrong.name, wrong.says).unwrap();
        let its: Vec<&(Name, String)> =
            played.told.iter().filter(|(name, _)| wrong.name.as_ref() == Some(name)).collect();
        for (_, happened) in its {
            writeln!(text, "    {happened}").unwrap();
        }
    }
    writeln!(text, "again: tests/oracle --seed {} --world {}", story.seed, story.world).unwrap();
    text
}
