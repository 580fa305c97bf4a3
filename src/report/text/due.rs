//! When domains are due, as a table.

use super::escape::safe;
use super::grid::{Grid, page};
use super::look::Look;
use super::schedule::paused;
use crate::report::due::DueLine;
use crate::report::schedule::PauseView;

/// `tieout next`: a line for each time, and the domains that have none or are paused.
#[must_use]
pub fn due(lines: &[DueLine], unscheduled: &[&str], pauses: &[PauseView], look: &Look) -> String {
    let mut grid = Grid::new(0).titles(["DUE", "WALL CLOCK", "ZONE", "DOMAIN", "CRON"]);
    for line in lines {
        grid.row([
            look.at(line.at),
            line.shown.format("%a %Y-%m-%d %H:%M:%S").to_string(),
            line.zone.to_owned(),
            safe(&line.domain).into_owned(),
            safe(&line.cron).into_owned(),
        ]);
    }
    let mut lines = grid.lines();
    if !unscheduled.is_empty() {
        let names: Vec<_> = unscheduled.iter().map(|name| safe(name)).collect();
        lines.push(format!("No schedule: {}; add `schedule: {{cron: \"0 2 * * *\"}}`", names.join(", ")));
    }
    lines.extend(pauses.iter().map(|pause| paused(pause, look)));
    page(&lines)
}
