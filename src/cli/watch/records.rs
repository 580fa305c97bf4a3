//! Progress and results for programs: one JSON record per line, while things happen.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use uuid::Uuid;

use super::Audience;
use super::beats::{self, Alive, Beats};
use crate::clock::Clock;
use crate::progress::{Progress, Watcher};
use crate::report::RunReport;
use crate::report::json::{self, Record};

/// Writes JSON records.
pub struct Records<W> {
    inner: Mutex<Inner<W>>,
}

struct Inner<W> {
    out: W,
    beats: Beats,
    /// What time records bear.
    clock: Clock,
    /// The first failure to write. The run goes on, and says so at its end.
    failed: Option<io::Error>,
}

impl<W: Write + Send> Records<W> {
    /// Writes to `out`; each domain's progress at most every `every` by the stopwatch, and not at all where that is `None`. Records
    /// bear the time of the clock.
    pub fn new(out: W, stopwatch: beats::Clock, clock: Clock, every: Option<Duration>) -> Self {
        let beats = Beats::new(stopwatch, every.unwrap_or(Duration::MAX));
        Self { inner: Mutex::new(Inner { out, beats, clock, failed: None }) }
    }

    fn write(&self, happens: impl FnOnce(&mut Beats, &str) -> serde_json::Result<String>) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let now = inner.clock.now().to_string();
        let text = happens(&mut inner.beats, &now).map_err(io::Error::from);
        // Each record goes out at once: somebody may be reading along.
        let written =
            text.and_then(|text| inner.out.write_all(text.as_bytes())).and_then(|()| inner.out.flush());
        if let Err(error) = written {
            inner.failed.get_or_insert(error);
        }
    }
}

impl<W: Write + Send> Watcher for Records<W> {
    fn saw(&self, progress: Progress<'_>) {
        self.write(|beats, at| match progress {
            Progress::DomainStarted { domain } => {
                beats.start(domain);
                Record::DomainStarted { at, domain }.to_line()
            }
            Progress::Page { domain, pages, items } => alive(beats.page(domain, pages, items).as_slice(), at),
            Progress::Waiting { domain, seconds, what } => {
                alive(beats.wait(domain, seconds, what).as_slice(), at)
            }
            Progress::Resting { domain, seconds } => alive(beats.rest(domain, seconds).as_slice(), at),
            Progress::Confirming { domain, unrepaired, .. } => {
                alive(beats.confirm(domain, unrepaired).as_slice(), at)
            }
            Progress::DomainFinished { report } => {
                beats.stop(&report.domain);
                json::domain_lines(report)
            }
        });
    }
}

impl<W: Write + Send> Audience for Records<W> {
    fn begin(&self, run_id: Uuid, mode: &str, selected: &[String]) {
        self.write(|_, at| Record::RunStarted { at, run_id, mode, selected }.to_line());
    }

    fn beat(&self) {
        self.write(|beats, at| alive(&beats.all_due(), at));
    }

    fn end(&self, report: &RunReport) -> io::Result<()> {
        self.write(|_, _| json::run_line(report));
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.failed.take().map_or(Ok(()), Err)
    }
}

fn alive(domains: &[Alive], at: &str) -> serde_json::Result<String> {
    domains
        .iter()
        .map(|Alive { domain, pages, items, resting_seconds, waiting, unrepaired }| {
            let (pages, items) = (*pages, *items);
            let (resting_seconds, unrepaired) = (*resting_seconds, *unrepaired);
            let (waiting_seconds, waiting_for) =
                waiting.map(|(seconds, what)| (seconds, what.as_str())).unzip();
            Record::Progress {
                at,
                domain,
                pages,
                items,
                resting_seconds,
                waiting_seconds,
                waiting_for,
                unrepaired,
            }
            .to_line()
        })
        .collect()
}
