//! A plan as text: what would be emitted and why, and in its last line that nothing was.

use tieout_reconcilers::instant::Instant;

use crate::report::value::{DomainReport, RunReport};

use super::closing::{last_line, paragraphs};
use super::escape::safe;
use super::grid::{counted, figure, page};
use super::listing::{LEGEND, listing, sizes};
use super::look::{Look, shell_word};
use super::note::note;
use super::run::heading;

/// The report of a plan.
#[must_use]
pub fn plan(report: &RunReport, look: &Look) -> String {
    let mut lines = vec![heading(report, look), String::new()];
    for domain in &report.domains {
        let name = safe(&domain.domain);
        let head = format!("{name}  {}: {}", sizes(domain, look), note(domain));
        lines.push(head.trim_end_matches([':', ' ']).to_owned());
        let all = look.command(&format!("plan {} --limit 0", shell_word(&domain.domain)));
        lines.extend(listing(domain, &all).iter().map(|line| look.paint(line)));
        lines.push(String::new());
    }
    if report.domains.iter().any(|domain| !domain.findings.is_empty()) {
        lines.extend([LEGEND.to_owned(), String::new()]);
    }
    lines.push(last_line(report, look));
    lines.extend(paragraphs(report, look));
    lines.extend([String::new(), summary(report)]);
    page(&lines)
}

/// What follows a plan that was kept in a file.
#[must_use]
pub fn saved_plan(path: &str, expires_at: Instant, look: &Look) -> String {
    let command = look.command(&format!("run --plan {}", shell_word(path)));
    page(&[
        format!("Send it: {command}"),
        format!(
            "It may be carried out until {}; each item is looked at again before its event is sent.",
            look.at(expires_at)
        ),
    ])
}

/// `Plan: 4 events to emit (3 missing, 1 mismatched), 1 orphaned. Nothing was sent.`
pub(super) fn summary(report: &RunReport) -> String {
    let sum = |of: &dyn Fn(&DomainReport) -> u64| report.domains.iter().map(of).sum::<u64>();
    let held = sum(&|domain| domain.events.held);
    let dead = sum(&|domain| domain.events.dead);
    let emits = sum(&|domain| domain.events.would_send());
    let others = [
        (held, "held by a safety limit"),
        (dead, "dead because of their schema"),
        (sum(&|domain| domain.items.orphaned), "orphaned"),
        (sum(&|domain| domain.items.unreadable.upstream.max(domain.items.unreadable.local)), "unreadable"),
        (sum(&|domain| domain.items.pending.upstream.max(domain.items.pending.local)), "too young to judge"),
    ];
    let others = others.into_iter().filter(|(number, _)| *number > 0);
    let others = others.map(|(number, what)| format!("{} {what}", figure(number)));
    let events = format!("{} to emit{}", counted(emits, "event"), by_kind(report, emits));
    let parts = std::iter::once(events).chain(others).collect::<Vec<_>>().join(", ");
    let scope = if report.domains.iter().all(|domain| domain.complete) { "" } else { " in what was read" };
    format!("Plan: {parts}{scope}. Nothing was sent.")
}

/// The events by kind, where every one of them is listed.
fn by_kind(report: &RunReport, emits: u64) -> String {
    let listed = report.domains.iter().flat_map(|domain| &domain.findings);
    let sent: Vec<_> =
        listed.filter(|finding| finding.event_type.is_some() && finding.state == "open").collect();
    if emits == 0 || sent.len() as u64 != emits {
        return String::new();
    }
    let kinds = ["missing", "mismatched", "orphaned"].map(|kind| {
        let number = sent.iter().filter(|finding| finding.kind == kind).count() as u64;
        (number > 0).then(|| format!("{} {kind}", figure(number)))
    });
    format!(" ({})", kinds.into_iter().flatten().collect::<Vec<_>>().join(", "))
}
