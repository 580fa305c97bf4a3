//! The CPU time of PostgreSQL's backends. The postmaster collects what each backend used when the backend ends,
//! so the difference between two readings is the work of every session that ended between them, and of the parallel
//! workers that such a session had. Works only where the server runs on this machine, and says so where it does not.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use procfs::process::{ProcState, Process, all_processes};
use sqlx::{Connection as _, PgConnection};

use crate::stage::database::Database;

/// How long the sessions of a program that has ended may take to end too.
const PATIENCE: Duration = Duration::from_secs(10);

/// The parent of all backends of a local server.
#[derive(Clone, Copy, Debug)]
pub struct Postmaster {
    pid: i32,
}

impl Postmaster {
    /// The instrument for a database's server, if there is one here; why not is said. Its own session is over before
    /// anything is measured.
    pub async fn find(database: &Database) -> anyhow::Result<Option<Self>> {
        let mut server = database.server().await?;
        let found = Self::of(&mut server).await;
        server.close().await?;
        Ok(found.inspect_err(|error| eprintln!("PostgreSQL is not measured: {error:#}")).ok())
    }

    /// Finds the parent of the backend that serves this connection.
    pub async fn of(connection: &mut PgConnection) -> anyhow::Result<Self> {
        let backend: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(connection).await?;
        let remote = "the backend is no process of this machine";
        let pid = Process::new(backend).and_then(|process| process.stat()).context(remote)?.ppid;
        ensure!(Process::new(pid)?.stat()?.comm == "postgres", "{remote}");
        Ok(Self { pid })
    }

    /// The CPU time of all backends that have ended so far. Counts in clock ticks, usually of 10 ms.
    pub fn collected(self) -> anyhow::Result<Duration> {
        let stat = Process::new(self.pid)?.stat()?;
        let ticks = u64::try_from(stat.cutime + stat.cstime)?;
        Ok(Duration::from_millis(ticks * 1_000 / procfs::ticks_per_second()))
    }

    /// The CPU time so far of all backends that are at work in `database` now.
    pub fn at_work(self, database: &str) -> anyhow::Result<Duration> {
        let mut ticks = 0;
        for process in all_processes()?.flatten() {
            let (Ok(stat), Ok(title)) = (process.stat(), process.cmdline()) else { continue };
            if stat.ppid == self.pid
                && title.iter().any(|words| words.split(' ').any(|word| word == database))
            {
                ticks += stat.utime + stat.stime;
            }
        }
        Ok(Duration::from_millis(ticks * 1_000 / procfs::ticks_per_second()))
    }

    /// Waits until every session in `database` has ended and is collected.
    pub async fn settled(self, database: &str) -> anyhow::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while self.serves(database)? {
            if Instant::now() > deadline {
                bail!("sessions in {database} have not ended {PATIENCE:?} after their program");
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Ok(())
    }

    /// Whether a backend is at work in `database`, or has ended and is not collected yet.
    fn serves(self, database: &str) -> anyhow::Result<bool> {
        for process in all_processes()?.flatten() {
            // A process that vanishes while it is looked at has been collected.
            let (Ok(stat), Ok(title)) = (process.stat(), process.cmdline()) else { continue };
            // A process that ends gives its memory back first, its title with it, and becomes a zombie only then.
            let zombie = matches!(stat.state(), Ok(ProcState::Zombie)) || title.iter().all(String::is_empty);
            let in_database = title.iter().any(|words| words.split(' ').any(|word| word == database));
            if stat.ppid == self.pid && (zombie || in_database) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
