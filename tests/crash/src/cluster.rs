//! A PostgreSQL server of the harness's own, which it may crash as it likes. It ends with the harness.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::canary::PASSWORD;
use crate::sql::Sql;

/// How long a server may take to answer.
const PATIENCE: u32 = 600;

/// What its keeper is asked to do.
enum Order {
    Start(Sender<()>),
    Crash(Sender<()>),
}

/// A server.
pub(crate) struct Cluster {
    pub(crate) port: u16,
    keeper: Mutex<Sender<Order>>,
    _folder: TempDir,
}

impl Cluster {
    /// Makes and starts a server. `fsync` is off: the server's process dies here, never the machine.
    pub(crate) async fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("tieout-crash-pg.").tempdir().unwrap();
        let bin = binaries();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        if rustix::process::getuid().is_root() {
            own(folder.path());
        }
        let mut initdb = as_server(&bin.join("initdb"));
        initdb.arg("--pgdata").arg(&data).args([
            "--username=tieout",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ]);
        let made = initdb.stdout(Stdio::null()).stderr(Stdio::inherit()).status().unwrap();
        assert!(made.success(), "initdb failed");
        // A port that was free a moment ago; the server says so where it is not any more.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let keeper = Mutex::new(keep(bin.join("postgres"), data, port));
        let cluster = Self { port, keeper, _folder: folder };
        cluster.bring_up().await;
        cluster
    }

    /// The URL of a database, through `port`.
    pub(crate) fn url(port: u16, database: &str) -> String {
        format!("postgres://tieout:{PASSWORD}@127.0.0.1:{port}/{database}")
    }

    pub(crate) fn sql(&self, database: &str) -> Sql {
        Sql::Postgres(Self::url(self.port, database))
    }

    /// Ends the server without a word to its clients, and starts it again.
    pub(crate) async fn crash(&self) {
        self.order(Order::Crash).await;
        self.bring_up().await;
    }

    async fn bring_up(&self) {
        self.order(Order::Start).await;
        let admin = self.sql("postgres");
        for _ in 0..PATIENCE {
            if admin.try_rows("SELECT 1").await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the server on port {} does not answer", self.port);
    }

    async fn order(&self, order: fn(Sender<()>) -> Order) {
        let (done, is_done) = channel();
        self.keeper.lock().unwrap_or_else(PoisonError::into_inner).send(order(done)).unwrap();
        tokio::task::spawn_blocking(move || is_done.recv().unwrap()).await.unwrap();
    }
}

/// The kernel ends the server when the thread that started it ends, so one thread keeps it all the time.
fn keep(program: PathBuf, data: PathBuf, port: u16) -> Sender<Order> {
    let (orders, asked) = channel();
    std::thread::spawn(move || {
        let mut server: Option<Child> = None;
        while let Ok(order) = asked.recv() {
            match order {
                Order::Start(done) => {
                    server = Some(launch(&program, &data, port));
                    done.send(()).unwrap();
                }
                Order::Crash(done) => {
                    if let Some(mut child) = server.take() {
                        // `QUIT` is PostgreSQL's immediate shutdown: nothing is written, as in a crash.
                        kill_process(Pid::from_child(&child), Signal::QUIT).unwrap();
                        child.wait().unwrap();
                    }
                    done.send(()).unwrap();
                }
            }
        }
    });
    orders
}

fn launch(program: &Path, data: &Path, port: u16) -> Child {
    let log = File::options().create(true).append(true).open(data.join("../log")).unwrap();
    let settings = [
        "listen_addresses=127.0.0.1",
        &format!("port={port}"),
        "unix_socket_directories=",
        "max_connections=200",
        "fsync=off",
        "synchronous_commit=on",
        "full_page_writes=off",
        "autovacuum=off",
        "shared_buffers=64MB",
    ]
    .map(|setting| ["-c".to_owned(), setting.to_owned()])
    .concat();
    let mut command = as_server(program);
    command.arg("-D").arg(data).args(settings).stdout(Stdio::null()).stderr(log).spawn().unwrap()
}

/// A command that the kernel ends with the thread that starts it, under an account that is not root.
fn as_server(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "QUIT"]);
    if rustix::process::getuid().is_root() {
        command.args([
            &format!("--reuid={}", account()),
            &format!("--regid={}", account()),
            "--clear-groups",
        ]);
    }
    command.arg(program).current_dir("/");
    command
}

fn own(folder: &Path) {
    let owned = Command::new("chown").arg("-R").arg(account()).arg(folder).status().unwrap();
    assert!(owned.success());
}

/// Servers refuse to run as root.
fn account() -> &'static str {
    let has_postgres =
        Command::new("id").arg("postgres").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if has_postgres.is_ok_and(|status| status.success()) { "postgres" } else { "nobody" }
}

/// Where the newest installed server keeps its programs; Debian leaves them out of PATH.
fn binaries() -> PathBuf {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|bin| bin.join("initdb").exists())
        .collect();
    found.sort();
    let in_path =
        || std::env::split_paths(&std::env::var_os("PATH")?).find(|bin| bin.join("initdb").exists());
    found.pop().or_else(in_path).expect("PostgreSQL's programs: apt-get install postgresql")
}
