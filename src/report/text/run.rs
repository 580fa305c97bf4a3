//! A run as text: its findings, a line per domain, and the closing.

use crate::report::value::{DomainReport, RunReport};

use super::closing::{last_line, paragraphs, problem_lines};
use super::escape::safe;
use super::funnel::funnels;
use super::grid::{Grid, figure, page};
use super::listing::{LEGEND, listing, sizes};
use super::look::{Look, shell_word};
use super::note::note;
use super::plan::summary;
use super::quarantine::quarantines;
use super::scope::{settle, window};

/// The report of a run.
#[must_use]
pub fn run(report: &RunReport, look: &Look) -> String {
    let mut lines = vec![heading(report, look)];
    lines.extend(relatives(report));
    lines.push(String::new());
    lines.extend(listings(report, look));
    lines.extend(table(report, look));
    lines.push(String::new());
    let domains = report.domains.iter();
    let funnels =
        funnels(domains.filter_map(|domain| Some((domain.domain.as_str(), domain.funnel.as_ref()?))));
    if !funnels.is_empty() {
        lines.extend(funnels);
        lines.push(String::new());
    }
    let quarantines = quarantines(report);
    if !quarantines.is_empty() {
        lines.extend(quarantines);
        lines.push(String::new());
    }
    lines.push(last_line(report, look));
    lines.extend(paragraphs(report, look));
    page(&lines)
}

/// For those who asked for silence: the problems and the last line, and of a plan what it would do.
#[must_use]
pub fn brief(report: &RunReport, look: &Look) -> String {
    let mut lines = problem_lines(report, look);
    lines.push(last_line(report, look));
    lines.extend((report.mode == "plan").then(|| summary(report)));
    page(&lines)
}

/// The last line alone: how the run ended.
#[must_use]
pub fn ending(report: &RunReport, look: &Look) -> String {
    last_line(report, look)
}

/// How it ended and what to do, without what was found: the end of [`run`], uncoloured.
#[must_use]
pub fn verdict(report: &RunReport, look: &Look) -> String {
    let look = Look { color: false, ..look.clone() };
    let mut lines = vec![last_line(report, &look)];
    lines.extend(paragraphs(report, &look));
    page(&lines)
}

/// One domain in one line, for those who watch: `stripe.charges: done, 48,211 items, 4 findings, 72.3 s`.
#[must_use]
pub fn domain(report: &DomainReport) -> String {
    let (name, status, items) = (safe(&report.domain), report.status.as_str(), figure(report.of_truth()));
    format!("{name}: {status}, {items} items, {}, {:.1} s", note(report), report.seconds)
}

/// `tieout 0.1.0  run 019...  started 2025-11-21T02:00:00Z  window 2025-11-20T00:00:00Z..2025-11-21T01:45:00Z  settle 15m`.
pub(super) fn heading(report: &RunReport, look: &Look) -> String {
    let RunReport { tool_version, mode, run_id, started_at, .. } = report;
    let what = format!("tieout {tool_version}  {mode} {run_id}");
    let began = format!("{}  started {}", safe(&what), look.told(started_at));
    let parts = [Some(began), window(report, look), settle(report)];
    parts.into_iter().flatten().collect::<Vec<_>>().join("  ")
}

/// The runs that this one goes on with, or that go on with it.
fn relatives(report: &RunReport) -> Vec<String> {
    let before = report.resumes.map(|run| format!("it goes on with run {run}"));
    let after = report.successor.map(|run| format!("run {run} came after it"));
    before.into_iter().chain(after).collect()
}

/// The findings of every domain that has some.
fn listings(report: &RunReport, look: &Look) -> Vec<String> {
    let mut lines = Vec::new();
    for domain in report.domains.iter().filter(|domain| !domain.findings.is_empty()) {
        lines.push(format!("{}  {}", safe(&domain.domain), sizes(domain, look)));
        let all = look.command(&format!("findings list {} --limit 0", shell_word(&domain.domain)));
        lines.extend(listing(domain, &all).iter().map(|line| look.paint(line)));
        lines.push(String::new());
    }
    if !lines.is_empty() {
        lines.extend([LEGEND.to_owned(), String::new()]);
    }
    lines
}

/// One line per domain.
pub(super) fn table(report: &RunReport, look: &Look) -> Vec<String> {
    let titles =
        ["STATUS", "DOMAIN", "ITEMS", "MISSING", "MISMATCHED", "ORPHANED", "EMITTED", "SECONDS", "RESULT"];
    let mut grid = Grid::new(0).titles(titles).figures(2..8);
    for domain in &report.domains {
        grid.row(cells(domain));
    }
    grid.lines().iter().map(|line| look.paint(line)).collect()
}

fn cells(domain: &DomainReport) -> [String; 9] {
    let items = domain.items;
    [
        domain.status.as_str().to_owned(),
        safe(&domain.domain).into_owned(),
        figure(domain.of_truth()),
        figure(items.missing),
        figure(items.mismatched),
        figure(items.orphaned),
        figure(domain.events.emitted),
        format!("{:.1}", domain.seconds),
        note(domain),
    ]
}
