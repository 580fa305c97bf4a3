//! The pods: each is started until it has ended well, as an Indexed Job does it, while somebody kills them.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tokio::task::JoinSet;

use super::readers::Readers;
use super::{MOST, RUN};
use crate::place::Place;
use crate::play::words;
use crate::process::{Manner, Process, Seen};

/// How many kills there are, if the pods are not done before.
const KILLS: u64 = 14;

/// Milliseconds between two of them.
const PAUSE: std::ops::Range<u64> = 300..1_500;

/// How often somebody looks who reads.
const LOOK: Duration = Duration::from_millis(250);

/// What the pods of a job have in common.
#[derive(Clone)]
pub(super) struct Pods {
    pub(super) program: PathBuf,
    pub(super) folder: PathBuf,
    pub(super) job: String,
    pub(super) bug: Option<&'static str>,
}

/// What came of them.
#[derive(Default)]
pub(super) struct Came {
    pub(super) kills: u64,
    /// Kills of whoever held the domain.
    pub(super) leaders: u64,
    pub(super) odd: Vec<String>,
    pub(super) readers: Readers,
}

/// The processes that are under way, index by index.
type Running = Arc<Mutex<Vec<Option<Pid>>>>;

impl Pods {
    /// Starts a pod for the `n`-th time.
    pub(super) fn start(&self, index: usize, n: usize) -> Process {
        let more = vec![
            ("TIEOUT_LOG", "info".to_owned()),
            ("TIEOUT_JOB", self.job.clone()),
            ("JOB_COMPLETION_INDEX", index.to_string()),
        ];
        let manner = Manner { bug: self.bug, more, ..Manner::default() };
        Process::start(&self.program, &self.folder, &format!("pod-{index}-{n:03}"), &words(RUN), &manner)
    }

    /// Plays until every index has ended well.
    pub(super) async fn play(&self, n_pods: usize, place: &Place, dice: &mut fastrand::Rng) -> Came {
        let running: Running = Arc::new(Mutex::new(vec![None; n_pods]));
        let mut indexes = JoinSet::new();
        for index in 0..n_pods {
            indexes.spawn(self.clone().keep_up(index, Arc::clone(&running)));
        }
        let mut came = Came::default();
        let pause = |dice: &mut fastrand::Rng| Duration::from_millis(dice.u64(PAUSE));
        let (mut looks, mut strikes) = (tokio::time::interval(LOOK), Instant::now() + pause(dice));
        loop {
            tokio::select! {
                ended = indexes.join_next() => match ended {
                    Some(odd) => came.odd.extend(odd.unwrap()),
                    None => return came,
                },
                _ = looks.tick() => came.readers.look(place).await,
                () = tokio::time::sleep_until(strikes.into()), if came.kills < KILLS => {
                    strike(place, &running, dice, &mut came).await;
                    strikes = Instant::now() + pause(dice);
                }
            }
        }
    }

    /// Starts one index until it has ended well. What is killed is started again; anything else is odd.
    async fn keep_up(self, index: usize, running: Running) -> Option<String> {
        let began = Instant::now();
        for n in 0.. {
            let mut process = self.start(index, n);
            running.lock().unwrap()[index] = Some(process.pid());
            let seen = process.wait().await;
            running.lock().unwrap()[index] = None;
            match seen {
                Seen::Exited(0) => return None,
                Seen::Killed if began.elapsed() < MOST => {}
                other => return Some(format!("with index {index} ends with {other:?} at its start {n}")),
            }
        }
        None
    }
}

/// Kills a pod: in one of three cases the one that holds the domain.
async fn strike(place: &Place, running: &Running, dice: &mut fastrand::Rng, came: &mut Came) {
    let pids: Vec<Pid> = running.lock().unwrap().iter().flatten().copied().collect();
    let leader = leader(place, &pids).await;
    let one = match leader {
        Some(leader) if dice.u32(..3) == 0 => Some(leader),
        _ => dice.choice(&pids).copied(),
    };
    // It may be over by itself at the same moment.
    if let Some(pid) = one
        && kill_process(pid, Signal::KILL).is_ok()
    {
        came.kills += 1;
        came.leaders += u64::from(leader == Some(pid));
    }
}

/// The pod that holds the domain.
async fn leader(place: &Place, pids: &[Pid]) -> Option<Pid> {
    let held = place.state.try_rows("SELECT process FROM leases WHERE holder IS NOT NULL").await.ok()?;
    let process = held.into_iter().next()?.swap_remove(0)?;
    let number: i32 = process.split(' ').nth(2)?.parse().ok()?;
    pids.iter().copied().find(|pid| pid.as_raw_nonzero().get() == number)
}
