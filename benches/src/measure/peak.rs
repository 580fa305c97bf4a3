//! How much memory this process has held at most.

use std::pin::pin;
use std::time::Duration;

use anyhow::Context as _;

use super::as_f64;

/// The largest resident set so far, in MiB.
pub fn rss_mib() -> anyhow::Result<f64> {
    let status = procfs::process::Process::myself()?.status()?;
    Ok(as_f64(status.vmhwm.context("the kernel does not say it")?) / 1024.0)
}

/// How often memory is looked at while something runs.
const LOOKS: Duration = Duration::from_millis(50);

/// Does something, and says the largest resident set that was seen meanwhile, in MiB: not what was held before.
pub async fn during<T>(work: impl Future<Output = T>) -> anyhow::Result<(T, f64)> {
    let mut work = pin!(work);
    let (mut looks, mut most) = (tokio::time::interval(LOOKS), 0_u64);
    loop {
        tokio::select! {
            done = &mut work => return Ok((done, as_f64(most) / 1024.0)),
            _ = looks.tick() => {
                let status = procfs::process::Process::myself()?.status()?;
                most = most.max(status.vmrss.context("the kernel does not say it")?);
            }
        }
    }
}
