//! Progress on a terminal: a spinner per domain with pages, items and rate. How many will come is not known, so no bar fills up.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{HumanCount, MultiProgress, ProgressBar, ProgressState, ProgressStyle};

use super::Audience;
use crate::progress::{Progress, Watcher};
use crate::report::RunReport;
use crate::report::text;

const RUNNING: &str = "{spinner} {prefix}  {msg}{human_pos} items  {rate}  {elapsed}";
const FINISHED: &str = "  {msg}";

/// Between two turns of the spinner: often enough to look alive, seldom enough to cost nothing.
const TURN: Duration = Duration::from_millis(120);

/// Draws the running domains.
pub struct Bars {
    screen: MultiProgress,
    running: Mutex<HashMap<String, ProgressBar>>,
}

impl Bars {
    /// Draws on `screen`.
    #[must_use]
    pub fn new(screen: MultiProgress) -> Self {
        Self { screen, running: Mutex::default() }
    }

    fn start(&self, domain: &str) {
        let bar = self.screen.add(ProgressBar::no_length().with_prefix(domain.to_owned()));
        bar.set_style(style(RUNNING));
        bar.enable_steady_tick(TURN);
        self.running.lock().unwrap_or_else(PoisonError::into_inner).insert(domain.to_owned(), bar);
    }

    /// The line of a domain that runs.
    fn bar(&self, domain: &str) -> Option<ProgressBar> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).get(domain).cloned()
    }
}

fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner());
    style.with_key("rate", |state: &ProgressState, out: &mut dyn fmt::Write| {
        let _ = write!(out, "{:.0}/s", state.per_sec());
    })
}

impl Watcher for Bars {
    fn saw(&self, progress: Progress<'_>) {
        match progress {
            Progress::DomainStarted { domain } => self.start(domain),
            Progress::Page { domain, pages, items } => {
                let Some(bar) = self.bar(domain) else { return };
                bar.set_message(format!("page {}, ", HumanCount(pages)));
                bar.set_position(items);
            }
            Progress::Waiting { domain, seconds, what } => {
                let Some(bar) = self.bar(domain) else { return };
                bar.set_message(format!("waiting {seconds} s {what}, "));
            }
            Progress::Resting { domain, seconds } => {
                let Some(bar) = self.bar(domain) else { return };
                bar.set_message(format!("waiting {seconds} s for young items to rest, "));
            }
            Progress::Confirming { domain, unrepaired, .. } => {
                let Some(bar) = self.bar(domain) else { return };
                bar.set_message(format!("{unrepaired} sent and not repaired yet, "));
            }
            Progress::DomainFinished { report } => {
                let Some(bar) = self.bar(&report.domain) else { return };
                bar.set_style(style(FINISHED));
                bar.finish_with_message(text::domain(report));
            }
        }
    }
}

impl Audience for Bars {
    fn end(&self, _: &RunReport) -> io::Result<()> {
        self.screen.clear()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::going::WaitsFor;
    use crate::report::text::samples;
    use indicatif::ProgressDrawTarget;

    #[test]
    fn a_line_counts_what_was_read_and_never_claims_a_share() {
        let bars = Bars::new(MultiProgress::with_draw_target(ProgressDrawTarget::hidden()));
        bars.saw(Progress::DomainStarted { domain: "stripe.charges" });
        bars.saw(Progress::Page { domain: "stripe.charges", pages: 1_212, items: 121_200 });
        let bar = bars.bar("stripe.charges").unwrap();
        assert_eq!((bar.message().as_str(), bar.position(), bar.length()), ("page 1,212, ", 121_200, None));
        bars.saw(Progress::Waiting { domain: "stripe.charges", seconds: 540, what: WaitsFor::Limit });
        assert_eq!(bar.message(), "waiting 540 s for the provider's limit, ");
        bars.saw(Progress::DomainFinished { report: &samples::in_sync().domains[0] });
        assert_eq!(bar.message(), "stripe.charges: done, 1,904 items, in sync, 9.0 s");
    }
}
