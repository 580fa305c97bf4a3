//! Progress where nobody looks at a terminal: a line when a domain starts and ends, and one per heartbeat in between.

use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::HumanCount;

use super::Audience;
use super::beats::{Alive, Beats, Clock};
use crate::progress::{Progress, Watcher};
use crate::report::RunReport;
use crate::report::text;

/// Writes lines for a log.
pub struct Lines<W> {
    inner: Mutex<(W, Beats)>,
}

impl<W: Write + Send> Lines<W> {
    /// Writes to `out`; each domain speaks at least every `every` by `clock`.
    pub fn new(out: W, clock: Clock, every: Duration) -> Self {
        Self { inner: Mutex::new((out, Beats::new(clock, every))) }
    }

    /// Lets something happen and writes what it says. A log that cannot be written must not end a run.
    fn say(&self, happens: impl FnOnce(&mut Beats) -> Vec<String>) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        for line in happens(&mut inner.1) {
            let _ = writeln!(inner.0, "{line}");
        }
        let _ = inner.0.flush();
    }
}

impl<W: Write + Send> Watcher for Lines<W> {
    fn saw(&self, progress: Progress<'_>) {
        self.say(|beats| match progress {
            Progress::DomainStarted { domain } => {
                beats.start(domain);
                vec![format!("{domain}: started")]
            }
            Progress::Page { domain, pages, items } => {
                beats.page(domain, pages, items).iter().map(alive).collect()
            }
            Progress::Waiting { domain, seconds, what } => {
                beats.wait(domain, seconds, what).iter().map(alive).collect()
            }
            Progress::Resting { domain, seconds } => beats.rest(domain, seconds).iter().map(alive).collect(),
            Progress::Confirming { domain, unrepaired, .. } => {
                beats.confirm(domain, unrepaired).iter().map(alive).collect()
            }
            Progress::DomainFinished { report } => {
                beats.stop(&report.domain);
                vec![text::domain(report)]
            }
        });
    }
}

impl<W: Write + Send> Audience for Lines<W> {
    fn beat(&self) {
        self.say(|beats| beats.all_due().iter().map(alive).collect());
    }

    fn end(&self, _: &RunReport) -> std::io::Result<()> {
        Ok(())
    }
}

/// What a domain says that is alive.
pub(super) fn alive(alive: &Alive) -> String {
    let Alive { domain, pages, items, resting_seconds, waiting, unrepaired } = alive;
    let read = format!("{domain}: page {}, {} items", HumanCount(*pages), HumanCount(*items));
    if let Some((seconds, what)) = waiting {
        return format!("{read}, waiting {seconds} s {what}");
    }
    match (resting_seconds, unrepaired) {
        (Some(seconds), _) => format!("{read}, waiting {seconds} s for young items to rest"),
        (None, Some(left)) => {
            format!("{read}, waiting until {} more findings are repaired", HumanCount(*left))
        }
        (None, None) => read,
    }
}
