//! What the state store knows, as tables: the domains, the runs, the findings.

use std::time::Duration;

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::money::Money;

use crate::finding::Finding;
use crate::report::views::{RunLine, StatusLine};

use super::escape::{safe, sides};
use super::grid::{Grid, counted, figure, page};
use super::listing::told;
use super::look::{Look, shell_word};

/// `tieout status`: one line per domain, as of `now`.
#[must_use]
pub fn status(lines: &[StatusLine], now: Instant, look: &Look) -> String {
    let titles = ["DOMAIN", "VERIFIED THROUGH", "LAST RUN", "OPEN", "OLDEST", "AT STAKE", "DEAD LETTERS"];
    let mut grid = Grid::new(0).titles(titles).figures([3, 6]);
    for line in lines {
        grid.row(status_cells(line, now));
    }
    let never = lines.iter().filter(|line| line.last_run.is_none());
    let never: Vec<String> = never.map(|line| shell_word(&line.domain)).collect();
    let mut page_lines = grid.lines();
    if !never.is_empty() {
        page_lines.push(format!("Not run yet: {}", look.command(&format!("run {}", never.join(" ")))));
    }
    page(&page_lines)
}

fn status_cells(line: &StatusLine, now: Instant) -> [String; 7] {
    let through = line.verified_through.map(|at| format!("{at} ({} ago)", age(at, now)));
    let back = line.changes_back_to.map(|at| format!(", changes back to {at}")).unwrap_or_default();
    let behind = line.furthest_behind.as_deref().map(|each| format!(" [{}]", safe(each))).unwrap_or_default();
    let last = line.last_run.map(|(status, at)| format!("{} {at}", status.as_str()));
    let stakes = line.at_stake.iter().map(amount).collect::<Vec<_>>().join(", ");
    [
        safe(&line.domain).into_owned(),
        through.map_or_else(|| "nothing yet".to_owned(), |through| through + &back) + &behind,
        last.unwrap_or_else(|| "never".to_owned()),
        figure(line.open),
        line.oldest.map(|at| age(at, now)).unwrap_or_default(),
        stakes,
        figure(line.dead),
    ]
}

/// How long ago something was, in its largest unit.
fn age(at: Instant, now: Instant) -> String {
    let seconds = u64::try_from((now.micros() - at.micros()) / 1_000_000).unwrap_or_default();
    let text = humantime::format_duration(Duration::from_secs(seconds)).to_string();
    text.split(' ').next().unwrap_or_default().to_owned()
}

fn amount(money: &Money) -> String {
    safe(&format!("{} {money}", money.currency)).into_owned()
}

/// `tieout report list`: one line per run, newest first as given.
#[must_use]
pub fn runs(lines: &[RunLine], look: &Look) -> String {
    if lines.is_empty() {
        return format!("No runs yet. Begin with: {}\n", look.command("plan"));
    }
    let mut grid = Grid::new(0).titles(["STATUS", "RUN", "MODE", "STARTED", "FINISHED", "EXIT"]).figures([5]);
    for line in lines {
        let finished = line.finished_at.map(|at| at.to_string());
        let exit = line.exit_code.map(|code| code.to_string());
        grid.row([
            line.status.as_str().to_owned(),
            line.run_id.to_string(),
            safe(&line.mode).into_owned(),
            line.started_at.to_string(),
            finished.unwrap_or_else(|| "-".to_owned()),
            exit.unwrap_or_else(|| "-".to_owned()),
        ]);
    }
    page(&grid.lines().iter().map(|line| look.paint(line)).collect::<Vec<_>>())
}

/// `tieout findings list`: one line per finding; `not_listed` says how many more there are.
#[must_use]
pub fn findings(findings: &[Finding], not_listed: u64) -> String {
    if findings.is_empty() {
        return "No findings match.\n".to_owned();
    }
    let mut grid = Grid::new(0).titles(["STATE", "KIND", "FINDING", "AMOUNT", "FIRST SEEN", "LAST SEEN"]);
    for finding in findings {
        grid.row([
            finding.state.as_str().to_owned(),
            finding.kind.as_str().to_owned(),
            path(finding),
            finding.amount.as_ref().map(amount).unwrap_or_default(),
            finding.first_seen.to_string(),
            finding.last_seen.to_string(),
        ]);
    }
    let mut lines = grid.lines();
    if not_listed > 0 {
        lines.push(format!("... {} (--limit 0 shows all)", counted(not_listed, "more finding")));
    }
    page(&lines)
}

/// `domain/key`, with the member of the fan-out where there is one.
fn path(finding: &Finding) -> String {
    let id = &finding.id;
    let each = if id.each.as_str().is_empty() { String::new() } else { format!(" [{}]", id.each.as_str()) };
    safe(&format!("{}/{}{each}", id.domain, id.key.as_str())).into_owned()
}

/// `tieout findings show`: everything about one finding.
#[must_use]
pub fn finding(finding: &Finding) -> String {
    let head = format!("{}  {}  {}", path(finding), finding.kind.as_str(), finding.state.as_str());
    let mut grid = Grid::new(2);
    for (label, text) in facts(finding) {
        grid.row([label.to_owned(), text]);
    }
    let mut fields = Grid::new(2).titles(["FIELD", "LOCAL", "UPSTREAM"]);
    for diff in &finding.fields {
        let (local, upstream) = sides(diff.local.as_deref(), diff.upstream.as_deref());
        fields.row([safe(&diff.field).into_owned(), local, upstream]);
    }
    page(&[vec![head], grid.lines(), fields.lines()].concat())
}

/// What is known of a finding, in the order of its life.
fn facts(finding: &Finding) -> Vec<(&'static str, String)> {
    let facts = [
        ("why", finding.reason.as_deref().map(|reason| safe(reason).into_owned())),
        (
            "cause",
            finding.cause.as_ref().map(|explained| told(explained.cause.as_str(), explained.why.as_deref())),
        ),
        ("amount", finding.amount.as_ref().map(amount)),
        ("item's clock", finding.clock.map(|at| at.to_string())),
        ("first seen", Some(finding.first_seen.to_string())),
        ("last seen", Some(finding.last_seen.to_string())),
        ("event", finding.event_id.map(|id| id.to_string())),
        ("acknowledged", finding.acknowledged_at.map(|at| at.to_string())),
        ("closed", finding.closed_at.map(|at| at.to_string())),
        ("episode", Some(finding.episode.to_string())),
        ("sent in vain", (finding.reemissions > 0).then(|| counted(finding.reemissions.into(), "time"))),
        ("run", Some(finding.run_id.to_string())),
        ("digest", Some(safe(finding.digest.as_str()).into_owned())),
    ];
    facts.into_iter().filter_map(|(label, text)| Some((label, text?))).collect()
}

/// `tieout check` and `probe`: rows of result, subject and detail, and a sum.
#[must_use]
pub fn checks<'a>(
    command: &str,
    rows: impl Iterator<Item = [&'a str; 3]>,
    failed: u64,
    warnings: u64,
    look: &Look,
) -> String {
    let mut grid = Grid::new(0);
    for row in rows {
        grid.row(row.map(|cell| safe(cell).into_owned()));
    }
    let mut lines: Vec<String> = grid.lines().iter().map(|line| look.paint(line)).collect();
    lines.push(format!("{command}: {} failed, {}", figure(failed), counted(warnings, "warning")));
    page(&lines)
}
