//! How much memory this process has held at most.

use anyhow::Context as _;

use super::as_f64;

/// The largest resident set so far, in MiB.
pub fn rss_mib() -> anyhow::Result<f64> {
    let status = procfs::process::Process::myself()?.status()?;
    Ok(as_f64(status.vmhwm.context("the kernel does not say it")?) / 1024.0)
}
