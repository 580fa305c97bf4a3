//! A state store of its own for every test, and the values to put into it.

use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::time::Duration;

use futures::FutureExt as _;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use tieout_reconcilers::discrepancy::{Digest, Kind};
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::name::{DomainName, Each};
use tieout_reconcilers::window::Window;
use uuid::Uuid;

use crate::event::{Event, Start};
use crate::finding::{Finding, Identity, State};
use crate::local::tests::Pooler;
use crate::store::sql::args;
use crate::store::{Commit, Fence, Lease, OutboxState, Release, RunMode, RunRow, Store, StoreSettings};

/// Makes two tests of each behaviour, which takes a [`World`].
macro_rules! on_both_stores {
    ($($behaviour:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $behaviour() {
                $crate::store::tests::World::on_sqlite(super::$behaviour).await;
            })*
        }

        mod postgres {
            $(#[tokio::test]
            async fn $behaviour() {
                $crate::store::tests::World::on_postgres(super::$behaviour).await;
            })*
        }
    };
}
pub(crate) use on_both_stores;

/// The same, and a third test with the state in PostgreSQL behind a transaction pooler.
macro_rules! on_every_store {
    ($($behaviour:ident),* $(,)?) => {
        $crate::store::tests::on_both_stores!($($behaviour),*);

        mod pooled {
            $(#[tokio::test]
            async fn $behaviour() {
                $crate::store::tests::World::behind_a_pooler(super::$behaviour).await;
            })*
        }
    };
}
pub(crate) use on_every_store;

/// Gives a test a PostgreSQL database of its own by its URL, and drops it however the test ends.
pub(crate) async fn with_postgres(test: impl AsyncFnOnce(String)) {
    let server = std::env::var("TIEOUT_TEST_POSTGRES")
        .unwrap_or_else(|_| "postgres://root@127.0.0.1:5432/postgres".to_owned());
    let database = format!("tieout_test_{}", Uuid::now_v7().simple());
    let mut admin = PgConnection::connect(&server).await.expect("PostgreSQL must run for this test");
    admin.execute(AssertSqlSafe(format!("CREATE DATABASE {database}"))).await.unwrap();

    let mut url = url::Url::parse(&server).unwrap();
    url.set_path(&database);
    let outcome = AssertUnwindSafe(test(url.to_string())).catch_unwind().await;

    admin.execute(AssertSqlSafe(format!("DROP DATABASE {database} WITH (FORCE)"))).await.unwrap();
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
}

/// A state store in which a run has begun and holds the lease of one domain.
pub(crate) struct World {
    pub(crate) settings: StoreSettings,
    pub(crate) store: Store,
    pub(crate) lease: Lease,
    pub(crate) folder: PathBuf,
}

impl World {
    pub(crate) async fn on_sqlite(test: impl AsyncFnOnce(Self)) {
        let folder = tempfile::tempdir().unwrap();
        let settings = StoreSettings::Sqlite { path: folder.path().join("state.db") };
        test(Self::new(settings, folder.path().to_owned()).await).await;
    }

    pub(crate) async fn on_postgres(test: impl AsyncFnOnce(Self)) {
        let folder = tempfile::tempdir().unwrap();
        with_postgres(async |url| {
            let settings = StoreSettings::Postgres { url: url.into() };
            test(Self::new(settings, folder.path().to_owned()).await).await;
        })
        .await;
    }

    pub(crate) async fn behind_a_pooler(test: impl AsyncFnOnce(Self)) {
        let folder = tempfile::tempdir().unwrap();
        with_postgres(async |url| {
            let server: url::Url = url.parse().unwrap();
            let pooler = Pooler::before(&server).await;
            let settings = StoreSettings::Postgres { url: pooler.url(&server).into() };
            test(Self::new(settings, folder.path().to_owned()).await).await;
        })
        .await;
    }

    async fn new(settings: StoreSettings, folder: PathBuf) -> Self {
        let store = Store::open(&settings).await.unwrap();
        let run_id = begin_run(&store).await;
        let lease = store.acquire(&domain(), &Each::default(), run_id, "first").await.unwrap();
        Self { settings, store, lease, folder }
    }

    /// What fences the writes of the run.
    pub(crate) fn fence(&self) -> Fence {
        Fence::Member(self.lease.clone())
    }

    /// Another run takes the domain over, because the holder's lease ran out.
    pub(crate) async fn take_over(&self) -> Lease {
        self.age("leases", "expires_at").await;
        let run_id = begin_run(&self.store).await;
        self.store.acquire(&domain(), &Each::default(), run_id, "second").await.unwrap()
    }

    /// Gives a sign of life for the run of a lease, and says whether that keeps the lease.
    pub(crate) async fn keeps(&self, lease: &Lease) -> bool {
        self.store.beat(lease.run_id()).await.unwrap().kept.contains(lease)
    }

    /// Writes down another process for everything that is held and runs.
    pub(crate) async fn held_by_process(&self, process: &str) {
        let mut tx = self.store.write("test").await.unwrap();
        for table in ["leases", "runs", "tokens"] {
            tx.execute(format!("UPDATE {table} SET process = $1"), &args![process]).await.unwrap();
        }
        tx.commit().await.unwrap();
    }

    /// Moves a time in all rows of a table an hour back, as if the clock had gone on.
    pub(crate) async fn age(&self, table: &str, column: &str) {
        let mut tx = self.store.write("test").await.unwrap();
        let earlier = tx.now().await.unwrap() - Duration::from_hours(1);
        tx.execute(format!("UPDATE {table} SET {column} = $1"), &args![earlier]).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Commits open findings on keys, each with a staged event.
    pub(crate) async fn stage(&self, lease: &Lease, keys: &[&str]) {
        let findings = keys.iter().map(|key| finding(key, State::Open)).collect();
        let events = keys.iter().map(|key| event(key)).collect();
        self.store.commit(lease, Commit { findings, events, ..Commit::default() }).await.unwrap();
    }

    /// Commits open findings on keys, each with a pending event.
    pub(crate) async fn make_pending(&self, keys: &[&str]) {
        self.stage(&self.lease, keys).await;
        self.store.release(&self.lease, |_| Release::Pending).await.unwrap();
    }

    /// A queue has acknowledged the events of keys, by the ids that [`event`] gives them.
    pub(crate) async fn acknowledge(&self, keys: &[&str]) {
        let mut numbers = Vec::new();
        for key in keys {
            let sql = "SELECT seq FROM outbox WHERE event_id = $1";
            let mut tx = self.store.read().await.unwrap();
            numbers.push(tx.row(sql, &args![event_id(key)]).await.unwrap().unwrap().int("seq").unwrap());
        }
        self.store.acknowledge(&numbers).await.unwrap();
    }

    pub(crate) async fn finding(&self, key: &str) -> Finding {
        self.store.show(&id(key)).await.unwrap().unwrap().finding
    }

    pub(crate) async fn history(&self, key: &str) -> Vec<(u32, State)> {
        let record = self.store.show(&id(key)).await.unwrap().unwrap();
        record.history.iter().map(|entry| (entry.episode, entry.state)).collect()
    }

    /// The state of a key's event, by the id that [`event`] gives it.
    pub(crate) async fn event_state(&self, key: &str) -> OutboxState {
        let mut tx = self.store.read().await.unwrap();
        let row = tx
            .row("SELECT state FROM outbox WHERE event_id = $1", &args![event_id(key)])
            .await
            .unwrap()
            .unwrap();
        OutboxState::from_word(&row.text("state").unwrap()).unwrap()
    }
}

pub(crate) async fn begin_run(store: &Store) -> Uuid {
    let run_id = Uuid::now_v7();
    let run = RunRow {
        run_id,
        started_at: store.now().await.unwrap(),
        mode: RunMode::Run,
        trigger: "manual".to_owned(),
        args_json: "[]".to_owned(),
        version: "0.0.0".to_owned(),
        resumes: None,
    };
    store.begin_run(&run).await.unwrap();
    run_id
}

pub(crate) fn domain() -> DomainName {
    "shop.charges".parse().unwrap()
}

pub(crate) fn id(key: &str) -> Identity {
    Identity { domain: domain(), each: Each::default(), key: Key::checked(key).unwrap() }
}

/// The id of the event on a key.
pub(crate) fn event_id(key: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, key.as_bytes())
}

pub(crate) fn event(key: &str) -> Event {
    Event {
        id: event_id(key),
        finding: id(key),
        kind: Kind::Missing,
        episode: 1,
        queue: "billing".to_owned(),
        source: "/tieout/shop.charges".to_owned(),
        event_type: "com.example.charge.created".to_owned(),
        start: Start::Staged,
        payload: format!(r#"{{"id":"{}","subject":"{key}"}}"#, event_id(key)),
    }
}

pub(crate) fn finding(key: &str, state: State) -> Finding {
    Finding {
        id: id(key),
        kind: Kind::Missing,
        state,
        episode: 1,
        reemissions: 0,
        digest: Digest::of(key),
        fields: Vec::new(),
        reason: None,
        cause: None,
        amount: None,
        clock: None,
        first_seen: at(1_000),
        last_seen: at(1_000),
        acknowledged_at: None,
        closed_at: None,
        event_id: Some(event_id(key)),
        run_id: Uuid::nil(),
        occurred_at: None,
        held_by: None,
        ignored: None,
        owner: None,
        interventions: 0,
    }
}

/// Seconds since 1970.
pub(crate) fn at(seconds: i64) -> Instant {
    Instant::from_micros(seconds * 1_000_000)
}

pub(crate) fn window(from: i64, to: i64) -> Window {
    Window::new(at(from), at(to)).unwrap()
}
