//! What cannot be read, as tables, and what became of it when a person did something about it.

use tieout_reconcilers::key::Key;

use crate::quarantine::{Entry, Kind, State};
use crate::report::quarantine::{QuarantineDone, QuarantineReport};
use crate::report::value::RunReport;

use super::escape::safe;
use super::grid::{Grid, counted, figure, page};
use super::look::{Look, shell_word};

/// `tieout quarantine list`.
#[must_use]
pub fn quarantine(entries: &[Entry], not_listed: u64, look: &Look) -> String {
    let Some(first) = entries.first() else { return "Nothing in quarantine matches.\n".to_owned() };
    let titles = ["ID", "DOMAIN", "KIND", "CLASS", "STATE", "LAST SEEN", "RUNS", "PLACE", "REASON"];
    let mut grid = Grid::new(0).titles(titles).figures([6]);
    for entry in entries {
        grid.row([
            entry.seen.id.to_string(),
            safe(&of_whom(entry)).into_owned(),
            entry.seen.kind.as_str().to_owned(),
            entry.seen.class.as_str().to_owned(),
            entry.state.as_str().to_owned(),
            look.at(entry.last_seen),
            figure(entry.times.into()),
            safe(&entry.seen.place).into_owned(),
            safe(&entry.seen.reason).into_owned(),
        ]);
    }
    let mut lines = grid.lines();
    if not_listed > 0 {
        lines.push(format!("... {} more (--limit 0 shows all)", figure(not_listed)));
    }
    lines.push(format!("Look closer: {}", look.command(&format!("quarantine show {}", first.seen.id))));
    page(&lines)
}

/// `tieout quarantine show`.
#[must_use]
pub fn quarantine_entry(entry: &Entry, look: &Look) -> String {
    let seen = &entry.seen;
    let mut grid = Grid::new(2);
    for [label, what] in facts(entry, look) {
        grid.row([label.clone(), safe(&what).into_owned()]);
    }
    let head =
        format!("{}  {} ({}), {}", seen.id, seen.kind.as_str(), seen.class.as_str(), entry.state.as_str());
    let mut lines = vec![head];
    lines.extend(grid.lines());
    lines.extend(next(entry, look));
    page(&lines)
}

fn of_whom(entry: &Entry) -> String {
    match entry.each.as_str() {
        "" => entry.domain.to_string(),
        each => format!("{} [{each}]", entry.domain),
    }
}

fn facts(entry: &Entry, look: &Look) -> Vec<[String; 2]> {
    let seen = &entry.seen;
    let fact = |label: &str, what: String| [label.to_owned(), what];
    let mut facts = vec![fact("domain", of_whom(entry)), fact("reason", seen.reason.clone())];
    facts.push(fact("place", seen.place.clone()));
    facts.extend(seen.key.as_ref().map(|key: &Key| fact("key", key.as_str().to_owned())));
    facts.extend(seen.fingerprint.as_ref().map(|print| fact("fingerprint", print.clone())));
    facts.push(fact("range", format!("{} to {}", look.at(entry.window.from()), look.at(entry.window.to()))));
    let runs = counted(entry.times.into(), "run");
    facts.push(fact(
        "seen",
        format!("{} to {}, in {runs}", look.at(entry.first_seen), look.at(entry.last_seen)),
    ));
    facts.extend(entry.accepted.as_ref().map(|accepted| {
        fact("accepted", format!("{} by {}: {}", look.at(accepted.at), accepted.by, accepted.why))
    }));
    facts
}

/// What it does, and what a person may do.
fn next(entry: &Entry, look: &Look) -> Vec<String> {
    let id = &entry.seen.id;
    let retry = format!("Read its range again: {}", look.command(&format!("quarantine retry {id}")));
    let go_on =
        || format!("Go on without it:     {}", look.command(&format!("quarantine drop {id} --reason '...'")));
    let domain = shell_word(entry.domain.as_str());
    match (entry.state, entry.seen.kind) {
        (State::Gone, _) => vec!["Its range was read whole without it.".to_owned()],
        (State::Accepted, Kind::Row) => {
            vec!["As long as the row stays what it is, it makes no run partial.".to_owned(), retry]
        }
        (State::Accepted, _) => vec![
            "As long as it stays what it is, its range may be verified; no absence is concluded there."
                .to_owned(),
            retry,
        ],
        (State::Open, Kind::Item) => {
            vec!["Its range is not verified, and every run reads it again.".to_owned(), go_on()]
        }
        (State::Open, Kind::Row) => vec![
            "Its range may be verified; every run that reads the row is partial.".to_owned(),
            retry,
            go_on(),
        ],
        (State::Open, Kind::Page) => vec![
            "Its range is not verified, and every run reads it again; a page cannot be dropped.".to_owned(),
            format!("See what the feed sends: {}", look.command(&format!("preview {domain}"))),
        ],
    }
}

/// `tieout quarantine drop`.
#[must_use]
pub fn quarantine_accepted(view: &QuarantineDone, look: &Look) -> String {
    let reason = view.reason.as_deref().unwrap_or_default();
    let head = if view.done {
        format!("dropped {} as {}: {}", figure(view.eligible), safe(&view.by), safe(reason))
    } else {
        format!("{} of {} can be dropped", figure(view.eligible), figure(view.chosen + view.beyond_limit))
    };
    let mut lines = vec![listed(head, view)];
    lines.extend(after(view, look, "Verify their ranges now"));
    page(&lines)
}

/// `tieout quarantine retry`.
#[must_use]
pub fn quarantine_reopened(view: &QuarantineDone, look: &Look) -> String {
    let ranges = counted(view.ranges.len() as u64, "range");
    let (of, all) = (figure(view.eligible), figure(view.chosen + view.beyond_limit));
    let head = if view.done {
        format!("{ranges} will be read again for {of} of {all}, as {} wants", safe(&view.by))
    } else {
        format!("{ranges} would be read again for {of} of {all}")
    };
    let mut lines = vec![listed(head, view)];
    lines.extend(
        view.ranges.iter().map(|range| format!("  {} to {}", look.at(range.from), look.at(range.to))),
    );
    lines.extend(after(view, look, "Read them now"));
    page(&lines)
}

fn after(view: &QuarantineDone, look: &Look, what: &str) -> Option<String> {
    if !view.done {
        return Some("Nothing was done.".to_owned());
    }
    let domains: Vec<String> = view.domains.iter().map(|domain| shell_word(domain)).collect();
    (!domains.is_empty()).then(|| format!("{what}: {}", look.command(&format!("run {}", domains.join(" ")))))
}

/// A sentence with what it leaves out.
fn listed(head: String, view: &QuarantineDone) -> String {
    let others = [
        (view.pages, "pages, which are never dropped: nobody knows what they hold, nor what follows them"),
        (view.untold, "cannot be told from others"),
        (view.already_accepted, "dropped already"),
        (view.gone, "gone"),
        (view.beyond_limit, "left out by --limit"),
    ];
    let others = others.into_iter().filter(|(number, _)| *number > 0);
    let others: Vec<String> = others.map(|(number, what)| format!("{} {what}", figure(number))).collect();
    if others.is_empty() { head } else { format!("{head} ({})", others.join("; ")) }
}

/// What the report of a run says.
pub(super) fn quarantines(report: &RunReport) -> Vec<String> {
    let domains = report.domains.iter();
    let all = domains.filter_map(|domain| Some((domain.domain.as_str(), domain.quarantine.as_ref()?)));
    all.flat_map(|(domain, quarantine)| section(domain, quarantine)).collect()
}

fn section(domain: &str, quarantine: &QuarantineReport) -> Vec<String> {
    let QuarantineReport { open, accepted, left_out, entries } = quarantine;
    let more = if *left_out > 0 { format!(", {} more not kept", figure(*left_out)) } else { String::new() };
    let mut lines = vec![format!(
        "Quarantine of {}: {} open, {} accepted{more}",
        safe(domain),
        figure(*open),
        figure(*accepted)
    )];
    let mut grid = Grid::new(2);
    for entry in entries {
        grid.row([
            safe(&entry.id).into_owned(),
            entry.state.as_str().to_owned(),
            entry.kind.as_str().to_owned(),
            entry.class.as_str().to_owned(),
            safe(&entry.place).into_owned(),
        ]);
    }
    lines.extend(grid.lines());
    let not_listed = (open + accepted).saturating_sub(entries.len() as u64);
    if not_listed > 0 {
        lines.push(format!("  ... {} more", figure(not_listed)));
    }
    lines
}
