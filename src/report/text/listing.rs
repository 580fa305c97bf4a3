//! The findings of a domain, one line each, and under it the fields in which the sides differ.

use tieout_reconcilers::direction::Direction;

use crate::report::value::{DomainReport, ItsDeadLetter, PlannedFinding};

use super::escape::{safe, sides_of};
use super::grid::{Grid, counted, figure};
use super::look::Look;

/// What the symbols of a listing mean.
pub(super) const LEGEND: &str = "Legend  + missing   ~ mismatched (local -> upstream)   - orphaned   ! unreadable   ? too young   = agrees";

/// The lines of a domain's findings; empty where it has none. `all` is the command that shows all.
pub(super) fn listing(report: &DomainReport, all: &str) -> Vec<String> {
    let all_sent = all_sent(report);
    let mut grid = Grid::new(2);
    for finding in &report.findings {
        grid.row([
            format!("{} {}{}", symbol(finding), safe(&finding.key), member(finding)),
            safe(&finding.kind).into_owned(),
            money(finding).unwrap_or_default(),
            outcome(finding, all_sent) + &returns(finding),
        ]);
    }
    let heads = grid.lines().into_iter();
    let mut lines: Vec<String> = heads
        .zip(&report.findings)
        .flat_map(|(head, finding)| [vec![head], changes(finding)].concat())
        .collect();
    if report.findings_not_listed > 0 {
        let more = counted(report.findings_not_listed, "more finding");
        lines.push(format!("  ... {more}; all of them: {all}"));
    }
    lines
}

/// Whether every event of the run was acknowledged.
pub(super) const fn all_sent(report: &DomainReport) -> bool {
    let events = report.events;
    events.emitted > 0 && events.waiting + events.dead == 0
}

/// The member of the fan-out, as lists of findings write it.
pub(super) fn member(finding: &PlannedFinding) -> String {
    if finding.each.is_empty() { String::new() } else { format!(" [{}]", safe(&finding.each)) }
}

/// The sign of a finding, as the legend explains it.
pub(super) fn symbol(finding: &PlannedFinding) -> char {
    match (finding.state.as_str(), finding.kind.as_str()) {
        ("suspected", _) => '?',
        ("repaired" | "healed", _) => '=',
        (_, "missing") => '+',
        (_, "mismatched") => '~',
        (_, "orphaned") => '-',
        _ => '!',
    }
}

/// What a finding moves.
pub(super) fn money(finding: &PlannedFinding) -> Option<String> {
    let amount = finding.amount.as_deref()?;
    let currency = finding.currency.as_deref().unwrap_or_default();
    Some(safe(&format!("{currency} {amount}")).trim_start().to_owned())
}

/// What happens about a finding, and why.
pub(super) fn outcome(finding: &PlannedFinding, all_sent: bool) -> String {
    let what = match (finding.state.as_str(), &finding.event_type) {
        ("open", _) if finding.dead_letter.is_some() => dead_letter(finding),
        ("suspected", _) => "too young to judge".to_owned(),
        ("held", _) => "held".to_owned(),
        ("emitted", None) => "emitted earlier, not repaired yet".to_owned(),
        // Findings are listed as they are decided; delivery comes after, and is counted.
        ("open", Some(event)) if all_sent => format!("emitted {}", safe(event)),
        ("emitted", Some(event)) => format!("emitted {}", safe(event)),
        ("recurring", _) => "parked: sending it again does not help".to_owned(),
        ("open", Some(event)) => format!("emit {}", safe(event)),
        ("open", None) if finding.event_id.is_some() => "its event was not delivered yet".to_owned(),
        ("open", None) => "not emitted (reported only)".to_owned(),
        (state, _) => safe(state).into_owned(),
    };
    let what =
        finding.reason.as_deref().map_or_else(|| what.clone(), |reason| format!("{what}: {}", safe(reason)));
    match &finding.cause {
        Some(cause) => format!("{what}; cause: {}", told(cause, finding.cause_why.as_deref())),
        None => what,
    }
}

/// `dead letter 7f3a90c1 (rejected)`.
fn dead_letter(finding: &PlannedFinding) -> String {
    let told =
        |letter: &ItsDeadLetter| format!("dead letter {} ({})", safe(&letter.group), safe(&letter.class));
    finding.dead_letter.as_ref().map(told).unwrap_or_default()
}

/// Where a change was lost, in words.
pub(super) fn told(cause: &str, why: Option<&str>) -> String {
    let cause = cause.replace('_', " ");
    let why = why.map(|why| format!(", {why}")).unwrap_or_default();
    safe(&(cause + &why)).into_owned()
}

/// That it is not the first time, and who takes care of it.
pub(super) fn returns(finding: &PlannedFinding) -> String {
    let again = if finding.episode > 1 { format!(" (episode {})", finding.episode) } else { String::new() };
    let owner = finding.owner.as_deref().map(|owner| format!(" [{}]", safe(owner))).unwrap_or_default();
    again + &owner
}

/// The fields of a pair that differs; what only one side holds says nothing by being listed.
fn changes(finding: &PlannedFinding) -> Vec<String> {
    if finding.kind != "mismatched" {
        return Vec::new();
    }
    let mut grid = Grid::new(6);
    for diff in &finding.fields {
        let (local, upstream) = sides_of(diff);
        grid.row([safe(&diff.field).into_owned(), format!("{local} -> {upstream}")]);
    }
    grid.lines()
}

/// From when on a complete read found nothing on either side: a quiet increment is no empty provider.
fn nothing_since(report: &DomainReport) -> Option<&str> {
    let is_quiet = report.complete && report.items.upstream == 0 && report.items.local == 0;
    let (from, _) = report.ranges.first().filter(|_| is_quiet)?;
    Some(from)
}

/// How many of both sides were read, and what of it says nothing.
pub(super) fn sizes(report: &DomainReport, look: &Look) -> String {
    let items = report.items;
    let young = items.pending.upstream.max(items.pending.local);
    let mut parts = match nothing_since(report) {
        Some(from) => vec![format!("0 new since {}", look.told(from))],
        None => {
            vec![format!("{} upstream", figure(items.upstream)), format!("{} local", figure(items.local))]
        }
    };
    if report.direction == Direction::Outbound {
        parts.push("outbound".to_owned());
    }
    if young > 0 {
        parts.push(format!("{} too young to judge", figure(young)));
    }
    parts.extend(report.owner.as_deref().map(|owner| format!("owner {}", safe(owner))));
    parts.join(", ")
}
