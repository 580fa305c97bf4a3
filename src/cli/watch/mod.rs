//! Those who watch a run: a terminal, a log, a program, or nobody. They tell what happens and decide nothing.

use std::io;
use std::time::Duration;

use uuid::Uuid;

use super::args::Format;
use super::output::Output;
use crate::progress::{Progress, Watcher};
use crate::report::RunReport;

mod asked;
mod bars;
mod beats;
mod lines;
mod records;
mod screen;

pub use asked::Asked;
pub use bars::Bars;
pub use beats::{Clock, stopwatch};
pub use lines::Lines;
pub use records::Records;
pub use screen::Screen;

/// Somebody who watches a run from its beginning to its end.
pub trait Audience: Watcher {
    /// The run begins.
    fn begin(&self, _run_id: Uuid, _mode: &str, _selected: &[String]) {}

    /// Time passed: whoever is due says that it is alive. To be called about once a second.
    fn beat(&self) {}

    /// Somebody asks how far it is.
    fn asked(&self) {}

    /// The run ended with this report. Fails where an earlier word could not be written.
    fn end(&self, report: &RunReport) -> io::Result<()>;
}

/// Nobody.
#[derive(Debug, Clone, Copy)]
pub struct Nobody;

impl Watcher for Nobody {
    fn saw(&self, _: Progress<'_>) {}
}

impl Audience for Nobody {
    fn end(&self, _: &RunReport) -> io::Result<()> {
        Ok(())
    }
}

/// Who watches, by what was asked for and where standard error goes.
#[must_use]
pub fn audience(output: &Output, screen: &Screen, heartbeat: Duration) -> Box<dyn Audience> {
    let watching: Box<dyn Audience> = match (output.format, output.quiet, &screen.bars) {
        (Format::Jsonl, quiet, _) => {
            let every = (!quiet).then_some(heartbeat);
            Box::new(Records::new(output.writer(), stopwatch(), crate::clock::Clock::default(), every))
        }
        (_, true, _) => Box::new(Nobody),
        (_, false, Some(bars)) => Box::new(Bars::new(bars.clone())),
        (_, false, None) => Box::new(Lines::new(screen.clone(), stopwatch(), heartbeat)),
    };
    Box::new(Asked::new(watching, screen.clone(), stopwatch()))
}

#[cfg(test)]
mod tests;
