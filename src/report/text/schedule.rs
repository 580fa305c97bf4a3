//! Pauses and the journal, for people.

use super::escape::safe;
use super::grid::{Grid, page};
use super::look::{Look, shell_word};
use crate::report::schedule::{JournalLine, PauseChanged, PauseView};

/// That a domain is paused, and how that ends.
#[must_use]
pub fn paused(pause: &PauseView, look: &Look) -> String {
    let name = safe(&pause.domain);
    let (Some(by), Some(since)) = (&pause.by, pause.since) else {
        return format!("Paused: {name}, in its file");
    };
    let why = pause.reason.as_deref().map(|reason| format!(" ({})", safe(reason))).unwrap_or_default();
    let resume = look.command(&format!("state resume {}", shell_word(&pause.domain)));
    format!("Paused: {name}, by {} since {}{why}; end it: {resume}", safe(by), look.at(since))
}

/// `tieout state pause` and `resume`.
#[must_use]
pub fn pause_changed(changed: &[PauseChanged]) -> String {
    let line = |one: &PauseChanged| {
        let name = safe(&one.domain);
        match (one.paused, one.was_paused) {
            (true, false) => {
                format!("{name}: paused; no run works on it, and one that does ends it within seconds")
            }
            (true, true) => format!("{name}: was paused already; that pause stays"),
            (false, true) => format!("{name}: resumed; it runs at its next due time"),
            (false, false) => format!("{name}: was not paused"),
        }
    };
    page(&changed.iter().map(line).collect::<Vec<_>>())
}

/// `tieout state journal`: oldest first, so that the newest stands where one looks.
#[must_use]
pub fn journal(lines: &[JournalLine], look: &Look) -> String {
    if lines.is_empty() {
        return "Nothing is in the journal: neither a daemon nor the retry job has worked with this state\n"
            .to_owned();
    }
    let mut grid = Grid::new(0).titles(["AT", "EVENT", "DOMAIN", "DUE", "RUN", "WHAT"]);
    for line in lines {
        grid.row([
            look.at(line.at),
            line.event.to_owned(),
            line.domain.as_deref().map(|name| safe(name).into_owned()).unwrap_or_default(),
            look.at_if_any(line.scheduled_for),
            line.run_id.map(|run| run.to_string()).unwrap_or_default(),
            look.sentence(&line.detail),
        ]);
    }
    page(&grid.lines())
}
