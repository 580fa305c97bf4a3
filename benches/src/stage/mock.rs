//! The mock provider as a running process. It ends with its handle, and by its tether even if we are killed.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::Context as _;

use crate::{charges::Population, provider::Report};

/// How the mock behaves besides answering.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manners {
    /// After how many pages it answers with errors for a while.
    pub fails_after: Option<u64>,
    /// For how long.
    pub fails_for: Duration,
    /// How long every answer takes on its way.
    pub latency: Duration,
}

/// A mock that answers.
#[derive(Debug)]
pub struct Mock {
    process: Child,
    port: u16,
    client: reqwest::Client,
}

impl Mock {
    /// Starts `program` with a population and waits until it answers.
    pub fn start(program: &Path, population: &Population, manners: &Manners) -> anyhow::Result<Self> {
        let Population { items, start, seconds, .. } = population;
        let mut process = Command::new(program)
            .args([format!("--items={items}"), format!("--start={start}"), format!("--seconds={seconds}")])
            .args(manners.fails_after.map(|pages| format!("--fails-after={pages}")))
            .arg(format!("--fails-for={}", manners.fails_for.as_secs()))
            .arg(format!("--latency={}", manners.latency.as_millis()))
            .arg("--tethered")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting {}", program.display()))?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().context("no stdout")?).read_line(&mut line)?;
        let client = reqwest::Client::builder().no_proxy().build()?;
        let port = line.trim().parse().context("the mock did not say its port")?;
        Ok(Self { process, port, client })
    }

    /// Where it answers, on loopback.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Starts counting anew.
    pub async fn forget(&self) -> anyhow::Result<()> {
        self.client.delete(self.control()).send().await?.error_for_status()?;
        Ok(())
    }

    /// What it was asked since [`Mock::forget`].
    pub async fn report(&self) -> anyhow::Result<Report> {
        Ok(self.client.get(self.control()).send().await?.error_for_status()?.json().await?)
    }

    fn control(&self) -> String {
        format!("http://127.0.0.1:{}/_traffic", self.port)
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        // It may have ended already, which is all that is wanted.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
