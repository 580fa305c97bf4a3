//! What is said about a domain in a few words. "In sync" is said only where everything was read and nothing is open.

use crate::report::value::{DomainReport, Status};

use super::grid::{counted, figure};

/// The remark at the end of a domain's line.
pub(super) fn note(report: &DomainReport) -> String {
    match report.status {
        Status::Skipped => match report.failure.as_deref() {
            Some("not_begun") => "not begun, because another domain failed".to_owned(),
            Some("paused") => "paused".to_owned(),
            _ => "another run holds its lease".to_owned(),
        },
        Status::Failed => "nothing can be said".to_owned(),
        Status::Running => "not finished".to_owned(),
        _ => {
            let parts = [vec![verdict(report)], later(report)].concat();
            parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
        }
    }
}

/// What the read itself says.
fn verdict(report: &DomainReport) -> String {
    let found = found(report);
    match (found, report.complete) {
        (0, false) => "no findings in what was read".to_owned(),
        (0, true) if unsettled(report) > 0 => String::new(),
        (0, true) if report.items.upstream + report.items.local == 0 => "nothing new to compare".to_owned(),
        (0, true) => "in sync".to_owned(),
        (_, false) => format!("{} in what was read", counted(found, "finding")),
        (_, true) => counted(found, "finding"),
    }
}

/// What became of this run's and earlier events.
fn later(report: &DomainReport) -> Vec<String> {
    let (events, again) = (report.events, report.follow_up);
    let (stuck, parked) = (again.emitted_not_repaired, again.recurring);
    let open = unsettled(report).saturating_sub(stuck + parked);
    [
        (events.held, "held"),
        (events.waiting, "waiting to be sent"),
        (events.retried, "retried from dead letters"),
        (events.dead, "given up"),
        (events.expired, "expired as dead letters"),
        (report.repaired(), "repaired"),
        (again.healed, "healed"),
        (stuck, "emitted earlier and not repaired yet"),
        (parked, "parked"),
        (open, "found earlier and still open"),
        (report.items.ignored.upstream.max(report.items.ignored.local), "ignored"),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, what)| format!("{} {what}", figure(number)))
    .collect()
}

/// Findings of this run's read.
pub(super) fn found(report: &DomainReport) -> u64 {
    let items = report.items;
    items.missing + items.mismatched + items.orphaned + items.unreadable.upstream.max(items.unreadable.local)
}

/// Earlier findings that were looked at and are still different.
fn unsettled(report: &DomainReport) -> u64 {
    let again = report.follow_up;
    again.checked.saturating_sub(again.repaired + again.healed)
}
