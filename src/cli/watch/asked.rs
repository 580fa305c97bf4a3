//! Says how far a run is when somebody asks with SIGUSR1, whoever else watches it.

use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use uuid::Uuid;

use super::Audience;
use super::beats::{Beats, Clock};
use super::lines::alive;
use crate::progress::{Progress, Watcher};
use crate::report::RunReport;

/// Nobody is told before they ask.
const NEVER: Duration = Duration::MAX;

/// Somebody who watches, and whoever asks in between.
pub struct Asked<W> {
    watching: Box<dyn Audience>,
    inner: Mutex<(W, Beats)>,
}

impl<W: Write + Send> Asked<W> {
    /// Tells `watching` everything, and `out` how far it is when somebody asks.
    pub fn new(watching: Box<dyn Audience>, out: W, clock: Clock) -> Self {
        Self { watching, inner: Mutex::new((out, Beats::new(clock, NEVER))) }
    }

    fn inner(&self) -> MutexGuard<'_, (W, Beats)> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<W: Write + Send> Watcher for Asked<W> {
    fn saw(&self, progress: Progress<'_>) {
        let mut inner = self.inner();
        match &progress {
            Progress::DomainStarted { domain } => inner.1.start(domain),
            Progress::Page { domain, pages, items } => drop(inner.1.page(domain, *pages, *items)),
            Progress::Waiting { domain, seconds, what } => drop(inner.1.wait(domain, *seconds, *what)),
            Progress::Resting { domain, seconds } => drop(inner.1.rest(domain, *seconds)),
            Progress::Confirming { domain, unrepaired, .. } => drop(inner.1.confirm(domain, *unrepaired)),
            Progress::DomainFinished { report } => inner.1.stop(&report.domain),
        }
        drop(inner);
        self.watching.saw(progress);
    }
}

impl<W: Write + Send> Audience for Asked<W> {
    fn begin(&self, run_id: Uuid, mode: &str, selected: &[String]) {
        self.watching.begin(run_id, mode, selected);
    }

    fn beat(&self) {
        self.watching.beat();
    }

    fn asked(&self) {
        let mut inner = self.inner();
        let running = inner.1.all();
        let lines = match &running[..] {
            [] => vec!["no domain is being read at the moment".to_owned()],
            running => running.iter().map(alive).collect(),
        };
        for line in lines {
            // A log that cannot be written must not end a run.
            let _ = writeln!(inner.0, "{line}");
        }
        let _ = inner.0.flush();
    }

    fn end(&self, report: &RunReport) -> std::io::Result<()> {
        self.watching.end(report)
    }
}
