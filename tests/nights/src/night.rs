//! One night of the product, in this process: everything that it could be seen to do.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tieout::clock::{Clock, Clocks};
use tieout::config::{Config, Loaded};
use tieout::finding::Finding;
use tieout::local::Database;
use tieout::progress::{Progress, Watcher};
use tieout::queue::{Queue, Queues};
use tieout::report::{DomainReport, RunReport};
use tieout::run::{Bookmarks, Call, Carriage, Found, IfLocked, Job, Mode, Options, Scope, Shard, Terms, run};
use tieout::store::{DeadFilter, DeadLetter, FindingFilter, Keep, Store};
use tieout_reconcilers::name::Each;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::people::{Deed, Desk};
use crate::postgres;
use crate::story::{Micros, Name, Story, Variety};
use crate::tray::{End, Tray};

/// The product and what it stands on.
pub(crate) struct Product {
    loaded: Loaded,
    database: Database,
    store: Store,
    clocks: Clocks,
    variety: Variety,
    /// Every run so far.
    runs: Vec<Uuid>,
}

/// What can be seen after a night.
pub(crate) struct Seen {
    /// The newest run.
    pub(crate) run: Option<Uuid>,
    /// None where the run was killed.
    pub(crate) report: Option<RunReport>,
    pub(crate) findings: BTreeMap<Name, Finding>,
    /// The newest event of each finding that has one, as it was made.
    pub(crate) events: BTreeMap<Name, String>,
    /// Verified ranges of each member.
    pub(crate) verified: BTreeMap<&'static str, Vec<(Micros, Micros)>>,
    /// When the last wider re-read of each member ended, by the store's clock.
    pub(crate) overlaps: BTreeMap<&'static str, Option<Micros>>,
    /// When each dead letter died that nobody dropped, by the store's clock.
    pub(crate) died: BTreeMap<Uuid, Micros>,
}

impl Seen {
    pub(crate) fn domain(&self) -> Option<&DomainReport> {
        self.report.as_ref()?.domains.first()
    }
}

struct Nobody;

impl Watcher for Nobody {
    fn saw(&self, _: Progress<'_>) {}
}

impl Product {
    /// Sets the product up in a folder with its files; `blank` is a state file without any state.
    pub(crate) async fn set_up(
        folder: &Path,
        blank: &Path,
        own: Option<&postgres::Database>,
        clock: &Clock,
        variety: &Variety,
    ) -> Self {
        let loaded = Config::load(&folder.join("tieout.yaml"));
        let loaded = loaded.unwrap_or_else(|problems| {
            panic!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
        });
        let file = |name: &str| format!("sqlite:{}", folder.join(name).display());
        let (state, url) = match own {
            Some(own) => (own.url.to_string(), own.url.to_string()),
            None => (file("state.db"), file("app.db")),
        };
        std::fs::copy(blank, folder.join("state.db")).unwrap();
        let micros = chrono::TimeDelta::microseconds;
        let store = Store::open(&state.parse().unwrap()).await.unwrap();
        let store = store.with_clock(clock.ahead_by(micros(variety.store_ahead)));
        let database = Database::connect("app", &url.into()).await.unwrap();
        let clocks = Clocks { process: clock.clone(), local: clock.ahead_by(micros(variety.shop_ahead)) };
        Self { loaded, database, store, clocks, variety: variety.clone(), runs: Vec::new() }
    }

    /// Lets people do something before a night.
    pub(crate) async fn people(&self, story: &Story, number: usize, tray: &Arc<Mutex<Tray>>) -> Vec<Deed> {
        let findings = self.seen(None).await.findings;
        let (domains, schemas) = (self.loaded.domains.clone(), Arc::clone(&self.loaded.config.schemas));
        let desk =
            Desk { store: &self.store, tray, carriage: Carriage { domains, schemas }, runs: &self.runs };
        desk.act(story, number, &findings).await
    }

    /// Runs a night until its end, or until it is killed.
    pub(crate) async fn night(
        &mut self,
        tray: &Arc<Mutex<Tray>>,
        killed: oneshot::Receiver<()>,
    ) -> Option<RunReport> {
        let job = self.job(Mode::Run);
        self.runs.push(job.run_id);
        let mut queues: Queues =
            [("shop".to_owned(), Box::new(End(Arc::clone(tray))) as Box<dyn Queue>)].into();
        tokio::select! {
            biased;
            Ok(()) = killed => None,
            report = run(&job, &mut queues) => Some(report.unwrap()),
        }
    }

    /// What a plan says.
    pub(crate) async fn plan(&self) -> RunReport {
        run(&self.job(Mode::Plan), &mut Queues::new()).await.unwrap()
    }

    pub(crate) async fn seen(&self, report: Option<RunReport>) -> Seen {
        let findings = self.store.list(&FindingFilter::default()).await.unwrap();
        let member =
            |each: &str| *self.variety.members.iter().find(|member| **member == each).expect("a member");
        let named = |finding: Finding| {
            let name = Name { member: member(finding.id.each.as_str()), id: finding.id.key.to_string() };
            (name, finding)
        };
        let findings: BTreeMap<Name, Finding> = findings.into_iter().map(named).collect();
        let mut events = BTreeMap::new();
        for (name, finding) in findings.iter().filter(|(_, finding)| finding.event_id.is_some()) {
            let record = self.store.show(&finding.id).await.unwrap();
            events.extend(record.and_then(|record| record.event).map(|event| (name.clone(), event.payload)));
        }
        let (mut verified, mut overlaps) = (BTreeMap::new(), BTreeMap::new());
        let domain = &self.loaded.domains[0];
        for member in self.variety.members {
            let (each, clock) = (Each::stored(member), &domain.feed().clock);
            let ranges = self.store.coverage(domain.domain(), &each, clock).await.unwrap();
            verified.insert(
                *member,
                ranges.iter().map(|range| (range.from().micros(), range.to().micros())).collect(),
            );
            let overlap = self.store.last_overlap(domain.domain(), &each, clock).await.unwrap();
            overlaps.insert(*member, overlap.map(|overlap| overlap.completed_at.micros()));
        }
        let mut died = BTreeMap::new();
        let dead =
            |letter: DeadLetter| died.extend(letter.finished_at.map(|at| (letter.event_id, at.micros())));
        self.store.each_dead_letter(&DeadFilter::default(), dead).await.unwrap();
        let run = self.runs.last().copied();
        Seen { run, report, findings, events, verified, overlaps, died }
    }

    fn job(&self, mode: Mode) -> Job {
        Job {
            run_id: Uuid::now_v7(),
            call: Call::default(),
            lacking: BTreeMap::new(),
            store: self.store.clone(),
            domains: self.loaded.domains.clone(),
            // A night is a process of its own, which has heard nothing of the troubles of the last one.
            clients: tieout::cli::clients(&self.loaded.config, &self.loaded.domains, Some(&self.store)),
            databases: [("app".to_owned(), Ok(self.database.clone()))].into(),
            watcher: Arc::new(Nobody),
            cancel: CancellationToken::new(),
            signal_exit: Arc::new(|| None),
            pseudonyms: None,
            schemas: Arc::clone(&self.loaded.config.schemas),
            clocks: self.clocks.clone(),
            options: Options {
                mode,
                scope: Scope::Coverage,
                max_emits: None,
                found: Found::Repaired,
                if_locked: IfLocked::Fail,
                shard: Shard::default(),
                drain: Duration::from_mins(5),
                deadline: None,
                watchdog: Duration::from_mins(15),
                resumes: None,
                list: 1_000,
                concurrency: self.variety.lanes,
                bookmarks: Bookmarks::EveryPage,
                terms: Terms::default(),
                differences_exit: false,
                keep: Keep {
                    dead: Duration::from_micros(self.variety.keeps_dead.unsigned_abs()),
                    ..Keep::default()
                },
            },
        }
    }

    pub(crate) async fn close(self) {
        self.store.close().await;
        self.database.close().await;
    }
}

async fn open(path: &Path) -> Store {
    Store::open(&format!("sqlite:{}", path.display()).parse().unwrap()).await.unwrap()
}

/// A state file without any state, made once for all worlds.
pub(crate) async fn blank(folder: &Path) -> PathBuf {
    let path = folder.join("blank.db");
    open(&path).await.close().await;
    path
}
