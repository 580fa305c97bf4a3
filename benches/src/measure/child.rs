//! Runs a program to its end and says what it spent, by the kernel's own account of that one child.
//!
//! The kernel counts the peak memory of a child from before its `exec`, so a child can never seem smaller than
//! the process that started it: see [`floor`].

use std::{
    process::{Command, ExitStatus},
    time::{Duration, Instant},
};

use anyhow::Context as _;
use procfs::process::Process;
use wait4::Wait4 as _;

use crate::provider::epoch_nanos;

/// What a process used from its start to its end.
#[derive(Clone, Copy, Debug)]
pub struct Spent {
    /// User and system time of all its threads.
    pub cpu: Duration,
    /// From just before its start to its end.
    pub wall: Duration,
    /// The largest resident set, in bytes.
    pub peak_rss: u64,
    /// The moment just before its start, in nanoseconds of Unix time.
    pub started_nanos: u64,
}

/// Runs `command` until it ends. Its output must go to files or nowhere: nobody reads its pipes.
pub async fn run(mut command: Command) -> anyhow::Result<(ExitStatus, Spent)> {
    let measured = move || {
        let (started, started_nanos) = (Instant::now(), epoch_nanos());
        let child =
            command.spawn().with_context(|| format!("starting {}", command.get_program().display()))?;
        let end = child.wait4()?;
        let cpu = end.rusage.utime + end.rusage.stime;
        let spent = Spent { cpu, wall: started.elapsed(), peak_rss: end.rusage.maxrss, started_nanos };
        anyhow::Ok((end.status, spent))
    };
    tokio::task::spawn_blocking(measured).await?
}

/// The peak memory of this process in bytes, under which no child's can be measured.
pub fn floor() -> anyhow::Result<u64> {
    let peak = Process::myself()?.status()?.vmhwm.context("the kernel does not say VmHWM")?;
    Ok(peak * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_cpu_time_and_the_status_of_a_child_are_its_own() {
        let mut command = Command::new("sh");
        command.args(["-c", "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; exit 3"]);
        let (status, spent) = run(command).await.unwrap();
        assert_eq!(status.code(), Some(3));
        assert!(spent.cpu > Duration::from_millis(5), "{spent:?}");
        assert!(spent.peak_rss > 500_000, "{spent:?}");
    }
}
