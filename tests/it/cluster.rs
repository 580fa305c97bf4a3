//! A PostgreSQL server that one test owns, in a folder of its own: it may be stopped and started again.
//!
//! It ends with the test's thread in whatever way that ends, `kill -9` included.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};
use tempfile::TempDir;

use crate::process::until_so;

/// How a server is stopped.
#[derive(Clone, Copy)]
pub(crate) enum Stop {
    /// Its clients are told and everything is written down.
    Fast,
    /// As a crash would: the next start recovers.
    Immediate,
}

pub(crate) struct Cluster {
    folder: TempDir,
    programs: PathBuf,
    account: Option<(u32, u32)>,
    server: Option<Child>,
    port: u16,
}

impl Cluster {
    /// A running server with a database `shop`.
    pub(crate) async fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let account = account();
        if let Some((user, group)) = account {
            std::os::unix::fs::chown(folder.path(), Some(user), Some(group)).unwrap();
        }
        let mut cluster = Self { folder, programs: programs(), account, server: None, port: 0 };
        let mut initdb = cluster.command("initdb");
        initdb.args([
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
            "-D",
        ]);
        let made = initdb.arg(cluster.data()).output().unwrap();
        assert!(made.status.success(), "{made:?}");
        // A port is free when the server could bind it, so there is no gap between asking and taking.
        while cluster.server.is_none() {
            cluster.port = any_port();
            cluster.try_start();
        }
        cluster.sql("postgres", "CREATE DATABASE shop").await;
        cluster
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// The address of the database `shop` for the server's own superuser.
    pub(crate) fn url(&self) -> String {
        self.url_of("postgres", "shop")
    }

    pub(crate) fn url_of(&self, user: &str, database: &str) -> String {
        format!("postgres://{user}@127.0.0.1:{}/{database}", self.port)
    }

    /// Stops the server and waits until it is gone.
    pub(crate) fn stop(&mut self, how: Stop) {
        let Some(mut server) = self.server.take() else { return };
        let signal = match how {
            Stop::Fast => "-INT",
            Stop::Immediate => "-QUIT",
        };
        Command::new("kill").args([signal, &server.id().to_string()]).status().unwrap();
        server.wait().unwrap();
    }

    /// Starts the server again on the same port, and waits until it answers.
    pub(crate) fn start_again(&mut self) {
        self.try_start();
        assert!(self.server.is_some(), "the server did not start again");
    }

    /// Runs statements in a database on a connection of their own.
    pub(crate) async fn sql(&self, database: &str, statements: &str) {
        let mut connection = self.connect(database).await;
        sqlx::raw_sql(AssertSqlSafe(statements.to_owned())).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    /// The one number that a query of `shop` gives.
    pub(crate) async fn count(&self, query: &str) -> i64 {
        let mut connection = self.connect("shop").await;
        let row = sqlx::query(AssertSqlSafe(query.to_owned())).fetch_one(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        row.get(0)
    }

    /// Waits until a query of `shop` gives something else than 0.
    pub(crate) async fn until(&self, query: &str) {
        until_so(query, async || self.count(query).await != 0).await;
    }

    pub(crate) async fn connect(&self, database: &str) -> PgConnection {
        PgConnection::connect(&self.url_of("postgres", database)).await.unwrap()
    }

    fn try_start(&mut self) {
        // What an earlier start has written would be taken for this one's.
        let ready = self.data().join("postmaster.pid");
        let _not_there = std::fs::remove_file(&ready);
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.data()).args(["-c", "listen_addresses=127.0.0.1"]);
        command.args(["-c", &format!("port={}", self.port), "-c", "unix_socket_directories="]);
        command.args(["-c", "fsync=off", "-c", "full_page_writes=off"]);
        let mut server = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        loop {
            let is_ready = std::fs::read_to_string(&ready)
                .is_ok_and(|text| text.lines().any(|line| line.trim_end() == "ready"));
            if is_ready {
                self.server = Some(server);
                return;
            }
            if server.try_wait().unwrap().is_some() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A program of the server's. It refuses to be run by root, who lends it another account.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "QUIT"]);
        if let Some((user, group)) = self.account {
            command.args([
                format!("--reuid={user}"),
                format!("--regid={group}"),
                "--clear-groups".to_owned(),
            ]);
        }
        command.arg(self.programs.join(program)).current_dir("/");
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop(Stop::Immediate);
    }
}

/// Where the newest installed server keeps its programs; Debian leaves them out of PATH.
fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let version_of = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let installed = versions.filter_map(|entry| Some(entry.ok()?.path()));
    let installed = installed.filter(|path| path.join("bin/initdb").exists());
    match installed.max_by_key(|path| version_of(path)) {
        Some(newest) => newest.join("bin"),
        None => on_path("initdb").expect("PostgreSQL's initdb, which tests/run installs"),
    }
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).find(|folder| folder.join(program).exists())
}

/// The user and group that the server runs as, where that cannot be the test's own.
fn account() -> Option<(u32, u32)> {
    let id = |args: &[&str]| {
        let told = Command::new("id").args(args).output().ok().filter(|told| told.status.success())?;
        String::from_utf8(told.stdout).ok()?.trim().parse::<u32>().ok()
    };
    if id(&["--user"])? != 0 {
        return None;
    }
    let of = |name: &str| Some((id(&["--user", name])?, id(&["--group", name])?));
    of("postgres").or_else(|| of("nobody"))
}

/// A port that nobody is given by the system.
fn any_port() -> u16 {
    let random = uuid::Uuid::now_v7().as_u128();
    20_000 + u16::try_from(random % 12_000).unwrap()
}
