//! The third layer: several processes do the same work at once, while they are killed, stopped and asked to end, the database
//! crashes and connections are cut, all at seeded moments. Then everybody is let go, and the story goes on as if nothing had been.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::case::Case;
use crate::judge;
use crate::play::{Play, Played, Stage, words};
use crate::point::{Deed, Step};
use crate::process::{Manner, Process, Seen};

/// How the processes are started.
const ALONE: &str = "run --format json";
const SHARED: &str = "run --format json --if-locked join --concurrency 1";

/// The processes that are under way, slot by slot.
type Slots = Arc<Mutex<Vec<Option<Pid>>>>;

/// What the processes of one slot came to.
#[derive(Default)]
struct Came {
    hits: Vec<Vec<String>>,
    odd: Vec<String>,
}

impl<'a> Play<'a> {
    /// Plays the story with an uproar in its first and its second night, and judges it.
    pub(crate) async fn chaos(stage: &'a Stage, case: &'a Case) -> Played {
        let mut play = Self::set(stage, case).await;
        let mut dice = fastrand::Rng::with_seed(case.seed ^ 0xc4a05);
        for step in [Step::Night1, Step::Night2] {
            play.server.set_stage(step.stage());
            play.uproar(step, &mut dice).await;
            play.place.two_minutes_pass().await;
            play.step(step).await;
            if step == Step::Night1 {
                play.nothing_held_was_sent("after an uproar").await;
                play.step(Step::Approve).await;
            }
            play.place.consume().await;
        }
        play.tell_the_end().await;
        judge::judge(&mut play, None).await;
        play.end().await
    }

    /// Some seconds in which everything happens at once.
    async fn uproar(&mut self, step: Step, dice: &mut fastrand::Rng) {
        let n = dice.usize(2..=4);
        let until = Instant::now() + Duration::from_millis(dice.u64(1_500..3_500));
        let slots: Slots = Arc::new(Mutex::new(vec![None; n]));
        let mut tasks = Vec::new();
        for slot in 0..n {
            tasks.push(tokio::spawn(self.worker(step, slot, until, &slots)));
        }
        while Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(dice.u64(20..300))).await;
            self.strike(dice, &slots).await;
        }
        // A process may have been stopped after it was let go on, so this is said until all have ended.
        for task in tasks {
            let mut task = task;
            let came = loop {
                for pid in slots.lock().unwrap().iter().flatten() {
                    let _ = kill_process(*pid, Signal::CONT);
                }
                tokio::select! {
                    came = &mut task => break came.unwrap(),
                    () = tokio::time::sleep(Duration::from_millis(100)) => {}
                }
            };
            self.played.hits.extend(came.hits.into_iter().map(|hits| (step, hits)));
            for odd in came.odd {
                self.played.wrong.lost(format!("in an uproar: {odd}"));
            }
        }
    }

    /// Starts one process after the other until the time is over.
    fn worker(
        &self,
        step: Step,
        slot: usize,
        until: Instant,
        slots: &Slots,
    ) -> impl Future<Output = Came> + Send + 'static {
        let (program, folder) = (self.stage.program.clone(), self.place.path().to_owned());
        let (slots, bug) = (Arc::clone(slots), self.stage.bug);
        // In every other uproar they read slices for each other.
        let is_shared = self.case.seed.is_multiple_of(2);
        let args = words(if is_shared { SHARED } else { ALONE });
        async move {
            let mut came = Came::default();
            let mut n = 0;
            while Instant::now() < until {
                n += 1;
                let name = format!("{}-{slot}-{n:02}", step.name());
                let manner = Manner { bug, ..Manner::default() };
                let mut process = Process::start(&program, &folder, &name, &args, &manner);
                slots.lock().unwrap()[slot] = Some(process.pid());
                let seen = loop {
                    match process.wait().await {
                        Seen::Stopped => {}
                        seen => break seen,
                    }
                };
                slots.lock().unwrap()[slot] = None;
                came.hits.push(process.hits());
                // Whoever is struck may fail or find the domain taken; nobody may panic, hang, or blame the configuration.
                if !matches!(seen, Seen::Killed | Seen::Exited(0 | 1 | 3 | 5 | 6 | 143)) {
                    came.odd.push(format!("{name} ends with {seen:?}"));
                }
            }
            came
        }
    }

    /// One thing that happens.
    async fn strike(&mut self, dice: &mut fastrand::Rng, slots: &Slots) {
        let running: Vec<Pid> = slots.lock().unwrap().iter().flatten().copied().collect();
        let one = dice.choice(&running).copied();
        let signal = |signal| {
            if let Some(pid) = one {
                let _ = kill_process(pid, signal);
            }
        };
        let deed = match dice.u32(..100) {
            0..40 => {
                signal(Signal::KILL);
                Deed::Kill
            }
            40..60 => {
                signal(Signal::STOP);
                Deed::Rival
            }
            60..75 => {
                for pid in &running {
                    let _ = kill_process(*pid, Signal::CONT);
                }
                return;
            }
            75..83 => {
                signal(Signal::TERM);
                Deed::Term
            }
            83..88 => {
                self.stage.cluster.crash().await;
                Deed::Database
            }
            88..95 => {
                self.proxy.as_ref().expect("a proxy").cut();
                Deed::Cut
            }
            _ => {
                self.proxy
                    .as_ref()
                    .expect("a proxy")
                    .close_for(Duration::from_millis(dice.u64(50..400)))
                    .await;
                Deed::Cut
            }
        };
        let hits_somebody = one.is_some() || matches!(deed, Deed::Database | Deed::Cut);
        *self.played.done.entry(deed).or_default() += u64::from(hits_somebody);
        if matches!(deed, Deed::Kill | Deed::Rival) && dice.bool() {
            self.place.two_minutes_pass().await;
        }
    }
}
