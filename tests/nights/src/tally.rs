//! Plays worlds side by side, tells what was wrong, and counts.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use tempfile::TempDir;

use crate::args::Args;
use crate::play::{Played, play};
use crate::postgres::Server;
use crate::shrink::shrink;
use crate::story::{Name, Story};
use crate::teller::tell;
use crate::{files, night};

/// Plays what was asked for; the last line says what came of it.
pub(crate) fn run(args: &Args) -> ExitCode {
    let folder = folder();
    let runtime = runtime();
    let room = runtime.block_on(async {
        Room { blank: night::blank(folder.path()).await, postgres: Server::find().await, folder }
    });
    if room.postgres.is_none() {
        eprintln!("TIEOUT_TEST_POSTGRES names no server: every world is played on SQLite");
    }
    let ended = if args.bugs { bugs(args, &room) } else { told(args, &room) };
    if let Some(server) = &room.postgres {
        runtime.block_on(server.clear());
    }
    ended
}

/// What the worlds are played in.
pub(crate) struct Room {
    folder: TempDir,
    /// A state file without any state.
    blank: PathBuf,
    postgres: Option<Server>,
}

fn told(args: &Args, room: &Room) -> ExitCode {
    let count = Count::default();
    if let Some(world) = args.world {
        one(args, world, room, &count);
    } else {
        std::thread::scope(|scope| {
            for _ in 0..workers() {
                scope.spawn(|| worlds(args, room, &count));
            }
        });
    }
    let [nights, untrue, missed] =
        [&count.nights, &count.untrue, &count.missed].map(|n| n.load(Ordering::SeqCst));
    println!("{nights} nights, {untrue} false, {missed} missed");
    if untrue + missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(feature = "seeded-bugs")]
fn bugs(args: &Args, room: &Room) -> ExitCode {
    crate::bugs::run(args.seed, room)
}

#[cfg(not(feature = "seeded-bugs"))]
fn bugs(_: &Args, _: &Room) -> ExitCode {
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

fn worlds(args: &Args, room: &Room, count: &Count) {
    while count.nights.load(Ordering::SeqCst) < args.nights {
        one(args, count.next.fetch_add(1, Ordering::SeqCst), room, count);
    }
}

fn one(args: &Args, world: u64, room: &Room, count: &Count) {
    let story = tell(args.seed, world);
    let played = alone(&story, room);
    count.nights.fetch_add(played.nights, Ordering::SeqCst);
    for (_, wrong) in &played.wrong {
        let of = if wrong.is_missed { &count.missed } else { &count.untrue };
        of.fetch_add(1, Ordering::SeqCst);
    }
    if !played.wrong.is_empty() && count.told.fetch_add(1, Ordering::SeqCst) < args.tell {
        let (story, played) = shrink(story, played, |story| alone(story, room));
        print!("{}", in_words(&story, &played));
    }
}

/// Plays a story in a folder, and where it asks for one in a database, that are gone afterwards. Without a server it is played in
/// files.
pub(crate) fn alone(story: &Story, room: &Room) -> Played {
    let folder = TempDir::new_in(room.folder.path()).unwrap();
    let runtime = runtime();
    let mut story = story.clone();
    story.variety.is_on_postgres &= room.postgres.is_some();
    let server = room.postgres.as_ref().filter(|_| story.variety.is_on_postgres);
    let played = runtime.block_on(async {
        let own = match server {
            Some(server) => Some(server.create().await),
            None => None,
        };
        let played = play(story, folder.path(), &room.blank, own.as_ref()).await;
        if let (Some(server), Some(own)) = (server, &own) {
            server.drop(own).await;
        }
        played
    });
    runtime.shutdown_background();
    played
}

/// A folder in memory where there is one.
fn folder() -> TempDir {
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
        // What is wrong with a night as a whole is told with everything.
        let is_its = |(name, _): &&(Name, String)| {
            wrong
                .name
                .as_ref()
                .is_none_or(|of| of == name || (of.member == name.member && name.id.is_empty()))
        };
        for (name, happened) in played.told.iter().filter(is_its) {
            let whose =
                if wrong.name.is_none() { format!("{}/{} ", name.member, name.id) } else { String::new() };
            writeln!(text, "    {whose}{happened}").unwrap();
        }
    }
    writeln!(text, "again: tests/oracle --seed {} --world {}", story.seed, story.world).unwrap();
    text
}
