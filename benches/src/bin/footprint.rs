//! What tieout takes before it does anything: to say its version, to check a hundred definitions, to wait for a schedule as a daemon, as
//! a file, and to be built. Prints one line a figure; exits 1 when a target is missed.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use clap::Parser;
use procfs::process::Process;
use tieout_bench::figures::{Figure, Target};
use tieout_bench::measure::child::{self, Spent};
use tieout_bench::measure::{MIB, as_f64, median};
use tieout_bench::stage::place::beside;

/// How often a short command is measured.
const TURNS: usize = 21;

/// How many definitions are checked.
const DEFINITIONS: usize = 100;

/// How long a daemon has to come to rest.
const SETTLING: Duration = Duration::from_secs(5);

const CONFIGURATION: &str = include_str!("../../definitions/footprint/tieout.yaml");
const DOMAIN: &str = include_str!("../../definitions/footprint/charges.yaml");

/// Measures what tieout takes before it does anything
#[derive(Parser)]
struct Args {
    /// Not used: no database takes part.
    #[arg(long, hide = true)]
    database: Option<String>,
    /// Leave the build from nothing out, which takes minutes
    #[arg(long)]
    no_build: bool,
    /// How long the daemon is looked at, in seconds
    #[arg(long, default_value_t = 60)]
    idle_seconds: u64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<ExitCode> {
    let args = Args::parse();
    let program = beside("tieout")?;
    let mut figures = version(&program).await?;
    figures.push(check(&program).await?);
    figures.extend(idle(&program, Duration::from_secs(args.idle_seconds)).await?);
    let size = as_f64(fs::metadata(&program)?.len()) / MIB;
    figures.push(Figure::new("binary_mib", size, 1, Target::None));
    if !args.no_build {
        figures.extend(build().await?);
    }
    let mut out = io::stdout().lock();
    for figure in &figures {
        writeln!(out, "{figure}")?;
    }
    Ok(if figures.iter().all(Figure::met) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs a command some times. Each must succeed.
async fn measured(command: impl Fn() -> Command) -> anyhow::Result<Vec<Spent>> {
    let mut all = Vec::new();
    for _ in 0..TURNS {
        let (status, spent) = child::run(command()).await?;
        ensure!(status.success(), "it ended with {status}");
        all.push(spent);
    }
    Ok(all)
}

async fn version(program: &Path) -> anyhow::Result<Vec<Figure>> {
    let spent = measured(|| {
        let mut command = Command::new(program);
        command.arg("--version").stdout(Stdio::null());
        command
    })
    .await?;
    let wall = median(spent.iter().map(|one| one.wall.as_secs_f64() * 1e3));
    let peak = median(spent.iter().map(|one| as_f64(one.peak_rss) / MIB));
    Ok(vec![
        Figure::new("version_ms", wall, 1, Target::Below(10.0)),
        Figure::new("version_peak_rss_mib", peak, 1, Target::Below(20.0)),
    ])
}

/// A folder with so many definitions.
fn definitions(n: usize) -> anyhow::Result<tempfile::TempDir> {
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("tieout.yaml"), CONFIGURATION)?;
    fs::write(folder.path().join("key"), "sk_example\n")?;
    for at in 0..n {
        let domain = DOMAIN.replace("shop.charges", &format!("shop.charges_{at}"));
        fs::write(folder.path().join(format!("charges_{at}.yaml")), domain)?;
    }
    Ok(folder)
}

async fn check(program: &Path) -> anyhow::Result<Figure> {
    let folder = definitions(DEFINITIONS)?;
    let spent = measured(|| {
        let mut command = Command::new(program);
        command.arg("check").current_dir(folder.path()).stdout(Stdio::null());
        command
    })
    .await?;
    let wall = median(spent.iter().map(|one| one.wall.as_secs_f64()));
    Ok(Figure::new(format!("check_{DEFINITIONS}_definitions_seconds"), wall, 3, Target::Below(0.5)))
}

/// A daemon that is killed when nobody looks at it any more.
struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _reaped = self.0.wait();
    }
}

/// How often a process woke up, all threads together, and the ticks of CPU it used.
fn used(process: &Process) -> anyhow::Result<(u64, u64)> {
    let mut wakes = 0;
    for task in process.tasks()? {
        wakes += task?.status()?.voluntary_ctxt_switches.context("the kernel counts no switches")?;
    }
    let stat = process.stat()?;
    Ok((wakes, stat.utime + stat.stime))
}

async fn idle(program: &Path, time: Duration) -> anyhow::Result<Vec<Figure>> {
    let folder = definitions(1)?;
    let mut command = Command::new(program);
    command.arg("daemon").current_dir(folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut daemon = Daemon(command.spawn()?);
    tokio::time::sleep(SETTLING).await;
    ensure!(daemon.0.try_wait()?.is_none(), "the daemon has ended");
    let process = Process::new(i32::try_from(daemon.0.id())?)?;
    let (wakes_before, ticks_before) = used(&process)?;
    tokio::time::sleep(time).await;
    let (wakes, ticks) = used(&process)?;
    let rss = process.status()?.vmrss.context("the kernel does not say VmRSS")?;
    let cpu = as_f64(ticks - ticks_before) / as_f64(procfs::ticks_per_second()) / time.as_secs_f64();
    let wakes = as_f64(wakes - wakes_before) / time.as_secs_f64();
    Ok(vec![
        Figure::new("idle_daemon_rss_mib", as_f64(rss) / 1024.0, 1, Target::Below(20.0)),
        Figure::new("idle_daemon_wakes_per_second", wakes, 2, Target::AtMost(3.0)),
        Figure::new("idle_daemon_cpu_percent", cpu * 100.0, 3, Target::Below(0.1)),
    ])
}

/// From nothing but the sources of the libraries.
async fn build() -> anyhow::Result<Vec<Figure>> {
    let target = tempfile::tempdir()?;
    let root: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["build", "--release", "--locked", "--quiet", "-p", "tieout"]);
    command.current_dir(root).env("CARGO_TARGET_DIR", target.path());
    let (status, spent) = child::run(command).await?;
    ensure!(status.success(), "the build ended with {status}");
    Ok(vec![
        Figure::new("clean_release_build_seconds", spent.wall.as_secs_f64(), 0, Target::None),
        Figure::new("clean_release_build_cpu_seconds", spent.cpu.as_secs_f64(), 0, Target::None),
    ])
}
