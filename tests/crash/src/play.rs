//! Plays a case: the steps of its story, each until it has come to rest, disturbed where the case says so.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::process::Signal;

use crate::case::Case;
use crate::cluster::Cluster;
use crate::judge::{self, Reference};
use crate::place::{EVENTS, Place};
use crate::point::{Deed, Point, Step};
use crate::process::{Manner, Process, Seen};
use crate::provider::{Asked, Server};
use crate::proxy::Proxy;
use crate::scene::{Scene, State};
use crate::syscalls;
use crate::watch;
use crate::world::{Domain, World};
use crate::wrong::Wrongs;

/// So often a step may be started.
const MOST_STARTS: usize = 6;

/// Sends everything again that the queue had, also what was repaired, and goes on with that.
const REFILL: &str = "replay --queue shop --force --yes --format json";
const RESUME: &str = "replay --resume latest --yes --format json";

/// What all cases share.
pub(crate) struct Stage {
    pub(crate) cluster: Arc<Cluster>,
    /// The program that is tried.
    pub(crate) program: PathBuf,
    /// A mistake that it makes.
    pub(crate) bug: Option<&'static str>,
    /// Leaves the folders of cases that go wrong.
    pub(crate) keeps: bool,
}

/// What came of a case.
#[derive(Debug, Default)]
pub(crate) struct Played {
    pub(crate) wrong: Wrongs,
    /// The crash points that each start of a step came to.
    pub(crate) hits: Vec<(Step, Vec<String>)>,
    /// What the provider was asked for, step by step.
    pub(crate) requests: BTreeMap<Step, Asked>,
    /// The ids of all events.
    pub(crate) events: BTreeSet<String>,
    /// Disturbances that came about, by deed.
    pub(crate) done: BTreeMap<Deed, u64>,
    /// How many disturbances the case has.
    pub(crate) n_points: usize,
    /// Disturbances whose crash point was not reached.
    pub(crate) unreached: u64,
    pub(crate) seconds: f64,
    /// How often a step made a system call, where that was counted.
    pub(crate) calls: BTreeMap<(Step, String), u64>,
    /// Where everything was left, where something went wrong.
    pub(crate) folder: Option<PathBuf>,
}

impl Played {
    /// Whether things happened at other moments than crash points.
    pub(crate) fn was_uproar(&self) -> bool {
        self.n_points == 0 && !self.done.is_empty()
    }
}

/// A case while it is played.
pub(crate) struct Play<'a> {
    pub(crate) stage: &'a Stage,
    pub(crate) case: &'a Case,
    pub(crate) place: Place,
    pub(crate) world: Arc<World>,
    pub(crate) server: Server,
    pub(crate) proxy: Option<Proxy>,
    pub(crate) played: Played,
    n_started: usize,
    is_stuck: bool,
}

impl Stage {
    /// The same, where tieout makes another mistake.
    pub(crate) fn with_bug(&self, bug: Option<&'static str>) -> Self {
        Self { cluster: Arc::clone(&self.cluster), program: self.program.clone(), bug, keeps: self.keeps }
    }
}

impl<'a> Play<'a> {
    /// Plays a case and judges it.
    pub(crate) async fn story(stage: &'a Stage, case: &'a Case, reference: Option<&Reference>) -> Played {
        let mut play = Self::set(stage, case).await;
        play.tell().await;
        judge::judge(&mut play, reference).await;
        play.end().await
    }

    pub(crate) async fn set(stage: &'a Stage, case: &'a Case) -> Self {
        let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap();
        let world = Arc::new(World::lay_out(case.seed, now, case.scene == Scene::Parts));
        let server = Server::start(Arc::clone(&world), Duration::ZERO).await;
        // Without any point it may become an uproar.
        let is_cut = case.points.is_empty() || case.points.iter().any(|point| point.deed == Deed::Cut);
        let proxy = if is_cut { Some(Proxy::start(stage.cluster.port).await) } else { None };
        let port = proxy.as_ref().map_or(stage.cluster.port, |proxy| proxy.port);
        let place = Place::set(&stage.cluster, case.scene, &world, &server.base, port).await;
        let played = Played { n_points: case.points.len(), ..Played::default() };
        Self { stage, case, place, world, server, proxy, played, n_started: 0, is_stuck: false }
    }

    /// The story.
    async fn tell(&mut self) {
        let has_outage = self.case.scene == Scene::Outage;
        if has_outage {
            self.rename_queue(EVENTS, "away").await;
            self.step(Step::Night1).await;
            self.rename_queue("away", EVENTS).await;
        } else {
            self.step(Step::Night1).await;
        }
        self.nothing_held_was_sent("after the first night").await;
        self.step(Step::Refused).await;
        self.nothing_held_was_sent("after an approval of another number").await;
        if has_outage {
            // What could not be delivered before goes out with any later run.
            self.step(Step::Again).await;
        }
        // The broker lost what it had acknowledged, before anybody read it.
        self.place.lose_the_queue().await;
        self.step(Step::Refill).await;
        self.refilled_with_little_twice().await;
        self.place.consume().await;
        self.step(Step::Night2).await;
        self.nothing_held_was_sent("after the second night").await;
        // What is approved is older than what was sent meanwhile.
        self.step(Step::Approve).await;
        self.place.consume().await;
        self.tell_the_end().await;
    }

    /// All is well again: something new is found and repaired, and then there is nothing more to do.
    pub(crate) async fn tell_the_end(&mut self) {
        self.step(Step::Night3).await;
        self.place.consume().await;
        let before = self.place.delivered().await.len();
        self.step(Step::Night4).await;
        let after = self.place.delivered().await.len();
        if after > before {
            self.played
                .wrong
                .duplicate(format!("a run with nothing new delivered {} events", after - before));
        }
    }

    /// Whoever goes on with a replay sends at most one batch of it twice, and all of it is one batch here.
    async fn refilled_with_little_twice(&mut self) {
        let most = 1 + self.case.of(Step::Refill).count();
        let mut times: BTreeMap<String, usize> = BTreeMap::new();
        for event in self.place.delivered().await {
            *times.entry(event.id).or_default() += 1;
        }
        let too_often = times.values().filter(|times| **times > most).count();
        if too_often > 0 {
            let says = format!("{too_often} events were sent again more than {most} times");
            self.played.wrong.duplicate(says);
        }
        let open = self.place.state.texts("SELECT state FROM replays WHERE state <> 'done'").await;
        for state in open {
            self.played.wrong.lost(format!("a replay is {state} in the end"));
        }
    }

    async fn rename_queue(&self, from: &str, to: &str) {
        let sql = format!("ALTER TABLE {from} RENAME TO {to}");
        self.place.events.as_ref().expect("a table").run(&sql).await;
    }

    pub(crate) async fn nothing_held_was_sent(&mut self, when: &str) {
        let sent = self.place.delivered().await;
        for event in sent.iter().filter(|event| event.domain == Some(Domain::Refunds)) {
            self.played
                .wrong
                .false_(format!("{when}: an event about {} was delivered although it is held", event.key));
        }
    }

    /// Starts a step until it has come to rest.
    pub(crate) async fn step(&mut self, step: Step) {
        // A mistake that has shown needs no second proof, and what is stuck stays stuck.
        if self.is_stuck || (self.stage.bug.is_some() && !self.played.wrong.0.is_empty()) {
            return;
        }
        self.server.set_stage(step.stage());
        let before = self.server.asked();
        let points: Vec<Point> = self.case.of(step).cloned().collect();
        let mut points = points.iter();
        let mut is_troubled = self.case.scene == Scene::Outage;
        for _ in 0..MOST_STARTS {
            let Some(args) = self.args(step).await else { return };
            let point = points.next();
            let (seen, hits) = self.start(step, &args, point).await;
            self.played.hits.push((step, hits));
            match seen {
                Seen::Exited(code)
                    if is_rest(self.case.scene, step, code)
                        || (is_troubled && code == 3 && step != Step::Refill) =>
                {
                    let asked = self.server.asked() - before;
                    *self.played.requests.entry(step).or_default() += asked;
                    return;
                }
                Seen::Killed if point.is_some() => {}
                // Whoever lost the database or the lease on the way may say so, and has to be started again.
                Seen::Exited(_) if point.is_some_and(|point| !point.is_kill()) => is_troubled = true,
                other => self.played.wrong.lost(format!("{}: {other:?}{}", step.name(), self.last_words())),
            }
            // A mistake that makes it hang need not do so again.
            if self.stage.bug.is_some() && !self.played.wrong.0.is_empty() {
                return;
            }
            // Whoever else is dead is known to be dead, so nobody waits for a lease or a claim.
            if point.is_some_and(|point| point.deed == Deed::Gone) {
                self.place.the_host_is_gone().await;
            }
        }
        self.is_stuck = true;
        self.played.wrong.lost(format!("{}: does not come to rest in {MOST_STARTS} starts", step.name()));
    }

    /// The command of a step; nothing where it is over.
    async fn args(&self, step: Step) -> Option<Vec<String>> {
        if step == Step::Refill {
            let states =
                self.place.state.texts("SELECT state FROM replays ORDER BY begun_at DESC LIMIT 1").await;
            return match states.first().map(String::as_str) {
                None => Some(words(REFILL)),
                Some("done") => None,
                Some(_) => Some(words(RESUME)),
            };
        }
        if !matches!(step, Step::Refused | Step::Approve) {
            return Some(words("run --format json"));
        }
        let held = "SELECT held_by, COUNT(*) FROM findings WHERE state = 'held' AND event_id IS NOT NULL GROUP BY held_by";
        let held = self.place.state.rows(held).await;
        let (run, n) = match held.as_slice() {
            [row] => (row[0].clone()?, row[1].clone()?.parse::<u64>().unwrap()),
            _ => return None,
        };
        let told = if step == Step::Refused { n + 1 } else { n };
        Some(words(&format!("approve {run} shop.refunds --expect {told} --format json")))
    }

    /// One start of a step, disturbed at a point.
    async fn start(&mut self, step: Step, args: &[String], point: Option<&Point>) -> (Seen, Vec<String>) {
        if self.case.scene.state() == State::Blank {
            watch::writes(&self.place.state).await;
        }
        let trace = self.place.file("calls");
        let mut manner = Manner { bug: self.stage.bug, ..Manner::default() };
        match point {
            None => {}
            Some(point) if matches!(point.deed, Deed::Kill | Deed::Gone) => {
                manner.kill_at = Some(point.hit.clone())
            }
            Some(point) if point.deed == Deed::Syscall => {
                manner.through = syscalls::tracer(point, &trace);
                manner.has_one_thread = true;
            }
            Some(point) => manner.stop_at = Some(point.hit.clone()),
        }
        let mut process = self.launch(step, args, &manner);
        let mut seen = process.wait().await;
        if let (Seen::Stopped, Some(point)) = (seen, point) {
            self.happen(point.deed, step, &process).await;
            process.signal(Signal::CONT);
            seen = process.wait().await;
        }
        let hits = process.hits();
        if let Some(point) = point {
            if point.deed == Deed::Syscall {
                let calls = syscalls::counted(&trace).into_iter();
                self.played.calls.extend(calls.map(|(call, n)| ((step, call), n)));
                let _ = std::fs::remove_file(&trace);
            }
            let is_reached =
                if point.deed == Deed::Syscall { seen == Seen::Killed } else { hits.contains(&point.hit) };
            if is_reached {
                *self.played.done.entry(point.deed).or_default() += 1;
            } else {
                self.played.unreached += 1;
            }
        }
        (seen, hits)
    }

    pub(crate) fn launch(&mut self, step: Step, args: &[String], manner: &Manner) -> Process {
        self.n_started += 1;
        let name = format!("{:02}-{}", self.n_started, step.name());
        Process::start(&self.stage.program, self.place.path(), &name, args, manner)
    }

    /// What happens while a process is stopped.
    async fn happen(&mut self, deed: Deed, step: Step, process: &Process) {
        match deed {
            Deed::Kill | Deed::Gone | Deed::Syscall => {}
            Deed::Database => self.stage.cluster.crash().await,
            Deed::Cut => self.proxy.as_ref().expect("a proxy").cut(),
            Deed::Term => process.signal(Signal::TERM),
            Deed::Rival => self.rival(step).await,
        }
    }

    /// Another process comes, finds the lease taken, and does the work once a minute has passed without a sign of life.
    async fn rival(&mut self, step: Step) {
        for has_lapsed in [false, true] {
            if has_lapsed {
                self.place.two_minutes_pass().await;
            }
            let args =
                if step == Step::Refill { self.args(step).await } else { Some(words("run --format json")) };
            let Some(args) = args else { return };
            let manner = Manner { bug: self.stage.bug, ..Manner::default() };
            let mut rival = self.launch(step, &args, &manner);
            let seen = rival.wait().await;
            if !matches!(seen, Seen::Exited(0 | 5))
                && (has_lapsed || !matches!(seen, Seen::Exited(1 | 3 | 6)))
            {
                let says = format!("{}: a rival ends with {seen:?}{}", step.name(), self.last_words());
                self.played.wrong.lost(says);
            }
        }
    }

    /// The end of what the last process said.
    fn last_words(&self) -> String {
        let mut files: Vec<PathBuf> = std::fs::read_dir(self.place.path())
            .unwrap()
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|ending| ending == "err"))
            .collect();
        files.sort();
        let Some(last) = files.pop() else { return String::new() };
        let text = std::fs::read_to_string(last).unwrap_or_default();
        let said =
            text.lines().rev().find(|line| ["ERROR", "error", "WARN"].iter().any(|word| line.contains(word)));
        said.map(|line| format!(": {}", line.chars().take(300).collect::<String>())).unwrap_or_default()
    }

    pub(crate) async fn end(mut self) -> Played {
        if self.stage.keeps && !self.played.wrong.0.is_empty() {
            let kept = std::env::temp_dir().join(format!("tieout-crash-kept-{}", std::process::id()));
            let _ = std::fs::remove_dir_all(&kept);
            let copied =
                std::process::Command::new("cp").arg("-r").arg(self.place.path()).arg(&kept).status();
            self.played.folder = copied.is_ok().then_some(kept);
        }
        self.place.clear().await;
        self.played
    }
}

/// How a step ends that has nothing more to do.
const fn is_rest(scene: Scene, step: Step, code: i32) -> bool {
    match step {
        // The queue is not there, and refuses whatever comes.
        Step::Night1 if matches!(scene, Scene::Outage) => code == 7,
        // Another number than was told is a wrong command.
        Step::Refused => code == 2,
        Step::Approve | Step::Refill => code == 0,
        Step::Night1 | Step::Again | Step::Night2 | Step::Night3 | Step::Night4 => code == 0 || code == 5,
    }
}

pub(crate) fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}
