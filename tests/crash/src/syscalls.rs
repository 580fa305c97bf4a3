//! The second layer: the process is killed at a system call, under strace and with one thread, which finds the gaps in which nobody
//! put a crash point.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use crate::case::Case;
use crate::crew::{Crew, How, References};
use crate::point::{Deed, Point, Step};
use crate::scene::Scene;
use crate::tally::Tally;

/// The calls with which something leaves the process or gets to a disk.
const CALLS: &str = "write,pwrite64,sendto,writev,fsync,fdatasync,ftruncate,unlink,connect,close";

/// A point that only counts the calls of a step.
const COUNT: &str = "count:0";

/// Whether processes can be traced here.
pub(crate) fn can_trace() -> bool {
    let traced =
        Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).stderr(Stdio::null()).status();
    traced.is_ok_and(|status| status.success())
}

/// The words before a program that is killed at a call, or whose calls are counted.
pub(crate) fn tracer(point: &Point, count_into: &Path) -> Vec<String> {
    let (call, n) = point.hit.split_once(':').expect("CALL:N");
    let mut said = vec!["strace".to_owned(), "-f".to_owned(), "-qq".to_owned()];
    if point.hit == COUNT {
        let into = count_into.display().to_string();
        said.extend(["-o".to_owned(), into, "-e".to_owned(), format!("trace={CALLS}")]);
    } else {
        let inject = format!("inject={call}:signal=SIGKILL:when={n}");
        said.extend(["-o", "/dev/null", "-e"].map(str::to_owned));
        said.extend([format!("trace={call}"), "-e".to_owned(), inject]);
    }
    said
}

/// How often each call was made by the thread that made it most: `when=` counts the calls of a thread.
pub(crate) fn counted(trace: &Path) -> BTreeMap<String, u64> {
    let text = String::from_utf8_lossy(&std::fs::read(trace).unwrap_or_default()).into_owned();
    let mut by_thread: BTreeMap<(String, String), u64> = BTreeMap::new();
    for line in text.lines() {
        let mut words = line.split_whitespace();
        let (Some(thread), Some((call, _))) =
            (words.next(), words.next().and_then(|word| word.split_once('(')))
        else {
            continue;
        };
        *by_thread.entry((call.to_owned(), thread.to_owned())).or_default() += 1;
    }
    let mut most = BTreeMap::new();
    for ((call, _), n) in by_thread {
        let known: &mut u64 = most.entry(call).or_default();
        *known = (*known).max(n);
    }
    most
}

/// Cases that are killed at sampled calls, every call by its name before any comes twice.
pub(crate) async fn sample(crew: &Crew, seed: u64, n: usize) -> Vec<Case> {
    let scenes = [Scene::Postgres, Scene::Sqlite, Scene::Lines];
    let count = |scene: &Scene| {
        let point = |step| Point { step, hit: COUNT.to_owned(), deed: Deed::Syscall };
        Case { scene: *scene, seed, points: Step::DISTURBED.map(point).to_vec() }
    };
    let nothing = Arc::new(References::new());
    let counting = scenes.iter().map(count).collect();
    // Counting disturbs nothing.
    let mut tally = Tally::quiet();
    let mut all = Vec::new();
    let mut dice = fastrand::Rng::with_seed(seed ^ 0x5ca1);
    for (case, played) in crew.play(How::Story, counting, &nothing, &mut tally, |_| false).await {
        for ((step, call), most) in &played.calls {
            let mut ks: Vec<u64> = (1..=*most).collect();
            dice.shuffle(&mut ks);
            let point = |k: u64| Point { step: *step, hit: format!("{call}:{k}"), deed: Deed::Syscall };
            let cases = ks.into_iter().map(|k| Case { points: vec![point(k)], ..case.clone() });
            all.extend(cases.enumerate());
        }
    }
    dice.shuffle(&mut all);
    all.sort_by_key(|(rank, _)| *rank);
    all.into_iter().map(|(_, case)| case).take(n).collect()
}
