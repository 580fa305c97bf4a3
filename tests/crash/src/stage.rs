//! What stands before the first case: a server for each worker, with the databases that cases are copied from.

use std::path::PathBuf;
use std::sync::Arc;

use crate::cluster::Cluster;
use crate::place::{EVENTS, app_tables};
use crate::play::Stage;
use crate::process::{Manner, Process, Seen};
use crate::{files, place, scene::Scene, watch};

/// The queue's table, as its consumers would make it.
const QUEUE_TABLE: &str = "CREATE TABLE EVENTS (seq bigserial PRIMARY KEY, event_id text NOT NULL UNIQUE, source text NOT NULL,
    type text NOT NULL, subject text NOT NULL, event json NOT NULL, enqueued_at timestamptz NOT NULL DEFAULT now(),
    consumed_at timestamptz);";

/// The program that is tried, built beside this one.
pub(crate) fn program() -> PathBuf {
    let here = std::env::current_exe().unwrap();
    let program = here.with_file_name("tieout-on-trial");
    assert!(program.exists(), "{} is missing: start this with tests/crash/run", program.display());
    program
}

/// Starts a server and makes the databases that cases are copied from: one without tieout's tables, one with them.
pub(crate) async fn stage(bug: Option<&'static str>, keeps: bool) -> Stage {
    let cluster = Arc::new(Cluster::start().await);
    let program = program();
    let admin = cluster.sql("postgres");
    admin.run("CREATE DATABASE blank").await;
    let blank = cluster.sql("blank");
    blank.run(&(app_tables(true) + &QUEUE_TABLE.replace("EVENTS", EVENTS))).await;
    // The watch writes here, also where tieout's tables come later.
    blank
        .run(&format!("CREATE TABLE {} (at timestamptz DEFAULT clock_timestamp(), what text)", watch::TABLE))
        .await;
    admin.run("CREATE DATABASE migrated TEMPLATE blank").await;
    migrate(&cluster, &program).await;
    watch::writes(&cluster.sql("migrated")).await;
    Stage { cluster, program, bug, keeps }
}

/// Lets tieout bring its tables up to date.
async fn migrate(cluster: &Arc<Cluster>, program: &std::path::Path) {
    let folder = tempfile::tempdir().unwrap();
    let urls = files::Urls {
        server: Some(Cluster::url(cluster.port, "migrated")),
        provider: "http://127.0.0.1:1".to_owned(),
    };
    files::write(folder.path(), &urls, Scene::Postgres, 0);
    place::write_secrets(folder.path());
    let args = ["report".to_owned(), "list".to_owned()];
    let mut process = Process::start(program, folder.path(), "migrate", &args, &Manner::default());
    let seen = process.wait().await;
    let said = std::fs::read_to_string(folder.path().join("migrate.err")).unwrap_or_default();
    assert_eq!(seen, Seen::Exited(0), "{said}");
}
