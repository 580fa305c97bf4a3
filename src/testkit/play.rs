//! Plays one test: a night of one domain, from an empty state store, by a clock that stands still.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use tempfile::TempDir;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::reconciler::Reconciler;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::outcome::Outcome;
use super::player::Player;
use super::staged::Staged;
use super::tray::Tray;
use crate::clock::{Clock, Clocks};
use crate::funnel;
use crate::local::{Database, Held};
use crate::privacy::Pseudonyms;
use crate::progress::{Progress, Watcher};
use crate::queue::{Queue, Queues};
use crate::report::DomainReport;
use crate::run::{self, Bookmarks, Call, Found, IfLocked, Job, Mode, Options, Scope, Shard, Terms};
use crate::schemas::Registry;
use crate::source::Client;
use crate::store::{Keep, Store, StoreError, StoreSettings};

/// What pseudonyms are made with: nobody sees them.
const PSEUDONYM_KEY: &str = "tests make pseudonyms with a key that everybody knows";

/// How long the relay may take, which sends to nobody.
const DRAIN: Duration = Duration::from_secs(10);

/// A state file without any state, of which each test has a copy: to make one takes longer than most tests.
#[derive(Debug)]
pub struct Blank {
    folder: TempDir,
}

/// What a test is played with.
pub struct Scene {
    /// The domain.
    pub domain: Arc<dyn Reconciler>,
    /// The client whose answers the player gives.
    pub client: Client,
    /// Who gives them.
    pub player: Arc<Player>,
    /// The rows on the other side.
    pub rows: Held,
    /// What time it is.
    pub now: Instant,
    /// Where the run begins to read.
    pub start: Instant,
    /// The schemas that events must fit.
    pub schemas: Arc<Registry>,
}

/// Why a test could not be played.
#[derive(Debug, thiserror::Error)]
pub enum NotPlayed {
    /// There is no room for its state.
    #[error("its state cannot be kept in a temporary folder: {0}")]
    NoRoom(#[from] std::io::Error),
    /// The state store failed.
    #[error("{}", .0.with_causes())]
    Store(#[from] StoreError),
    /// The run reported nothing.
    #[error("the run reported nothing of the domain")]
    NoReport,
}

struct Nobody;

impl Watcher for Nobody {
    fn saw(&self, _: Progress<'_>) {}
}

impl Blank {
    /// Makes one.
    pub async fn make() -> Result<Self, NotPlayed> {
        let blank = Self { folder: TempDir::new()? };
        open(&blank.file()).await?.close().await;
        Ok(blank)
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("blank.db")
    }
}

async fn open(path: &Path) -> Result<Store, StoreError> {
    Store::open(&StoreSettings::Sqlite { path: path.to_owned() }).await
}

/// Plays a test.
pub async fn play(scene: Scene, blank: &Blank) -> Result<Outcome, NotPlayed> {
    let Scene { domain, client, player, rows, start, schemas, now } = scene;
    let setting = Setting {
        domain: Arc::new(Staged::new(domain, start, player.clone())),
        client,
        database: Database::Held(rows),
        now,
        schemas,
        mode: Mode::Run,
        cancel: CancellationToken::new(),
    };
    let (report, arrived) = night(setting, blank).await?;
    Ok(Outcome::of(&report, &start.to_string(), arrived, &player))
}

/// What a night takes.
pub(super) struct Setting {
    pub(super) domain: Arc<dyn Reconciler>,
    pub(super) client: Client,
    pub(super) database: Database,
    pub(super) now: Instant,
    pub(super) schemas: Arc<Registry>,
    pub(super) mode: Mode,
    pub(super) cancel: CancellationToken,
}

/// One night of one domain: what it reports, and how many events arrived.
pub(super) async fn night(setting: Setting, blank: &Blank) -> Result<(DomainReport, u64), NotPlayed> {
    let folder = TempDir::new()?;
    let state = folder.path().join("state.db");
    std::fs::copy(blank.file(), &state)?;
    let clock = Clock::still(setting.now);
    let store = open(&state).await?.with_clock(clock.clone());
    let tray = Tray::default();
    let job = job(setting, store.clone(), clock);
    let mut queues = queues(job.domains.as_slice(), &tray);
    let report = Box::pin(run::run(&job, &mut queues)).await;
    store.close().await;
    let domain = report?.domains.into_iter().next().ok_or(NotPlayed::NoReport)?;
    Ok((domain, tray.arrived()))
}

fn job(setting: Setting, store: Store, clock: Clock) -> Job {
    let Setting { domain, client, database, schemas, mode, cancel, now: _ } = setting;
    let (provider, name) = (domain.provider().to_string(), domain.local().database.clone());
    Job {
        run_id: Uuid::now_v7(),
        call: Call::default(),
        store,
        domains: vec![domain],
        lacking: BTreeMap::new(),
        clients: [(provider, Ok(client))].into(),
        databases: [(name, Ok(database))].into(),
        watcher: Arc::new(Nobody),
        cancel,
        signal_exit: Arc::new(|| None),
        pseudonyms: Pseudonyms::new(&SecretString::from(PSEUDONYM_KEY)).ok(),
        schemas,
        clocks: Clocks { process: clock.clone(), local: clock },
        options: options(mode),
    }
}

fn options(mode: Mode) -> Options {
    Options {
        mode,
        scope: Scope::Coverage,
        max_emits: None,
        found: Found::Repaired,
        if_locked: IfLocked::Fail,
        shard: Shard::default(),
        drain: DRAIN,
        deadline: None,
        watchdog: Duration::from_mins(15),
        resumes: None,
        list: usize::MAX,
        // One after the other, so that a test goes the same way each time.
        concurrency: 1,
        bookmarks: Bookmarks::default(),
        differences_exit: false,
        keep: Keep::default(),
        terms: Terms::default(),
    }
}

fn queues(domains: &[Arc<dyn Reconciler>], tray: &Tray) -> Queues {
    let names = domains.iter().flat_map(|domain| funnel::queues_of(domain.as_ref()));
    let queues: BTreeMap<String, Box<dyn Queue>> =
        names.map(|name| (name, Box::new(tray.clone()) as Box<dyn Queue>)).collect();
    queues
}
