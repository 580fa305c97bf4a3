//! Proves the judge: each mistake that was put into the product on purpose must be noticed.

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use tieout::seeded::{ALL, make};

use crate::tally::{Room, alone, workers};
use crate::teller::tell;

/// A mistake that is not noticed in so many nights is not noticed.
const MOST_NIGHTS: usize = 4_000;

/// What gave a mistake away.
struct Caught {
    world: u64,
    night: usize,
    says: String,
}

/// Makes each mistake until it is noticed; the last line says how many were.
pub(crate) fn run(seed: u64, room: &Room) -> ExitCode {
    let mut n_caught = 0;
    println!("{:<22} {:<7} {:>6} {:>8}  what gave it away", "mistake", "", "nights", "seconds");
    for (name, _) in ALL {
        let began = Instant::now();
        make(Some(name));
        let (caught, nights) = hunt(seed, room);
        make(None);
        let seconds = began.elapsed().as_secs_f64();
        let (word, says) = match &caught {
            Some(Caught { world, night, says }) => {
                let says: String = says.chars().take(90).collect();
                ("caught", format!("world {world} night {night}: {says}"))
            }
            None => ("MISSED", String::new()),
        };
        println!("{name:<22} {word:<7} {nights:>6} {seconds:>8.1}  {says}");
        n_caught += usize::from(caught.is_some());
    }
    println!("caught {n_caught} of {}", ALL.len());
    if n_caught == ALL.len() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Plays worlds until something is wrong.
fn hunt(seed: u64, room: &Room) -> (Option<Caught>, usize) {
    let (next, nights, is_over) = (AtomicU64::new(0), AtomicUsize::new(0), AtomicBool::new(false));
    let caught = Mutex::new(None);
    let worker = || {
        while !is_over.load(Ordering::SeqCst) && nights.load(Ordering::SeqCst) < MOST_NIGHTS {
            let world = next.fetch_add(1, Ordering::SeqCst);
            let played = alone(&tell(seed, world), room);
            nights.fetch_add(played.nights, Ordering::SeqCst);
            if let Some((night, wrong)) = played.wrong.into_iter().next() {
                is_over.store(true, Ordering::SeqCst);
                caught.lock().unwrap().get_or_insert(Caught { world, night, says: wrong.says });
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..workers() {
            scope.spawn(worker);
        }
    });
    (caught.into_inner().unwrap(), nights.into_inner())
}
