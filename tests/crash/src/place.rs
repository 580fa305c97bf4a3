//! Where a case plays: a folder with definitions, and databases that are made for it and dropped after it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::DateTime;
use tempfile::TempDir;

use crate::canary::{FIRST_TOKEN, STATE_KEY};
use crate::cluster::Cluster;
use crate::files;
use crate::scene::{Queue, Scene, State};
use crate::sql::{Sql, quoted};
use crate::world::{Body, Domain, World};

/// The table and file that events go to.
pub(crate) const EVENTS: &str = "tieout_events";

/// A case's folder and databases.
pub(crate) struct Place {
    folder: TempDir,
    cluster: Arc<Cluster>,
    database: Option<String>,
    pub(crate) state: Sql,
    pub(crate) app: Sql,
    /// The queue, where it is a table.
    pub(crate) events: Option<Sql>,
}

/// Two clusters may be worked on at a time, so names are counted over all of them.
static NEXT: AtomicU64 = AtomicU64::new(0);

impl Place {
    /// Sets a scene for a world: the definitions, and what the shop knows. `port` is where tieout reaches the server.
    pub(crate) async fn set(
        cluster: &Arc<Cluster>,
        scene: Scene,
        world: &World,
        base: &str,
        port: u16,
    ) -> Self {
        let folder = tempfile::Builder::new().prefix("tieout-crash.").tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let uses_server = scene.state() != State::Sqlite;
        let mut database = None;
        if uses_server {
            let name = format!("case_{}", NEXT.fetch_add(1, Ordering::SeqCst));
            let template = if scene.state() == State::Blank { "blank" } else { "migrated" };
            cluster.sql("postgres").run(&format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
            database = Some(name);
        }
        let in_server = || database.as_ref().map(|name| cluster.sql(name));
        let state = in_server().unwrap_or(Sql::Sqlite(path("state.db")));
        let app = in_server().unwrap_or(Sql::Sqlite(path("app.db")));
        let events = match scene.queue() {
            Queue::Table => Some(in_server().unwrap_or(Sql::Sqlite(path("queue.db")))),
            Queue::Lines => None,
        };
        if !uses_server {
            app.run(&app_tables(false)).await;
        }
        let urls = files::Urls {
            server: database.as_ref().map(|name| Cluster::url(port, name)),
            provider: base.to_owned(),
        };
        files::write(folder.path(), &urls, scene, world.start);
        write_secrets(folder.path());
        let place = Self { folder, cluster: Arc::clone(cluster), database, state, app, events };
        place.fill_shop(world).await;
        place
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn fill_shop(&self, world: &World) {
        let mut statements = String::new();
        for thing in &world.things {
            if let Some(body) = thing.local {
                statements += &put(thing.domain, &thing.key, thing.created, body);
            }
        }
        self.app.run(&statements).await;
    }

    /// Lets two minutes pass in which nobody who is stopped gave a sign of life: whatever lapses in that time has lapsed.
    pub(crate) async fn two_minutes_pass(&self) {
        let signs = [
            ("leases", "expires_at", "holder IS NOT NULL"),
            ("runs", "heartbeat_at", "status = 'running'"),
            ("slice_leases", "expires_at", "claim IS NOT NULL"),
            ("tokens", "expires_at", "claimed <> 0"),
            ("replays", "heartbeat_at", "state = 'running'"),
            ("outbox_pending", "claimed_until", "claimed_until IS NOT NULL"),
        ];
        self.lapse(&signs).await;
    }

    /// Nobody can see any more whether the processes of before are dead, and two minutes pass.
    pub(crate) async fn the_host_is_gone(&self) {
        for sql in [
            "UPDATE leases SET process = NULL",
            "UPDATE slice_leases SET process = NULL",
            "UPDATE tokens SET process = NULL",
            "UPDATE runs SET process = NULL",
            "UPDATE replays SET process = NULL",
            "UPDATE outbox_pending SET claimed_by = 'elsewhere' WHERE claimed_by IS NOT NULL",
        ] {
            self.change(sql).await;
        }
        self.two_minutes_pass().await;
    }

    async fn lapse(&self, which: &[(&str, &str, &str)]) {
        let long_ago = "'2000-01-01T00:00:00.000000Z'";
        for (table, column, which) in which {
            self.change(&format!("UPDATE {table} SET {column} = {long_ago} WHERE {which}")).await;
        }
    }

    /// Changes a table of the state, unless it is not there yet: then there is nothing to change.
    async fn change(&self, sql: &str) {
        if let Err(error) = self.state.try_rows(sql).await {
            let says = error.to_string();
            let is_missing = says.contains("does not exist") || says.contains("no such table");
            assert!(is_missing, "{says}: {sql}");
        }
    }

    /// Drops what was made.
    pub(crate) async fn clear(self) {
        if let Some(name) = &self.database {
            self.cluster.sql("postgres").run(&format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }
}

/// The secrets where the definitions look for them.
pub(crate) fn write_secrets(folder: &Path) {
    std::fs::write(folder.join("key"), FIRST_TOKEN).unwrap();
    std::fs::write(folder.join("state.key"), STATE_KEY).unwrap();
}

/// The shop's tables, with the ledger of events that it has applied.
pub(crate) fn app_tables(is_postgres: bool) -> String {
    let instant = if is_postgres { "timestamptz" } else { "text" };
    let table = |domain: Domain| {
        format!(
            "CREATE TABLE {} (id text PRIMARY KEY, amount_minor bigint, currency text, status text, created_at {instant} NOT NULL);\n",
            domain.feed()
        )
    };
    let inbox =
        "CREATE TABLE inbox (seq bigint, event_id text PRIMARY KEY, domain text, key text, event text);";
    Domain::ALL.map(table).concat() + inbox
}

/// Writes what the shop knows of an item.
pub(crate) fn put(domain: Domain, key: &str, created: i64, body: Body) -> String {
    let status = if body.status == "paid" { "PAID" } else { "OPEN" };
    let created =
        DateTime::from_timestamp(created, 0).unwrap().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    format!(
        "INSERT INTO {} (id, amount_minor, currency, status, created_at) VALUES ({}, {}, 'USD', '{status}', '{created}')
         ON CONFLICT (id) DO UPDATE SET amount_minor = excluded.amount_minor, status = excluded.status;\n",
        domain.feed(),
        quoted(key),
        body.amount,
    )
}
