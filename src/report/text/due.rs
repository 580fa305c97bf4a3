//! When domains are due, as a table.

use super::escape::safe;
use super::grid::{Grid, page};
use crate::report::due::DueLine;

/// `tieout next`: a line for each time, and the domains that have none.
#[must_use]
pub fn due(lines: &[DueLine], unscheduled: &[&str]) -> String {
    let mut grid = Grid::new(0).titles(["DUE", "WALL CLOCK", "ZONE", "DOMAIN", "CRON"]);
    for line in lines {
        grid.row([
            line.at.to_string(),
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
    page(&lines)
}
