//! What the state store knows, as tables: the domains, the runs, the findings.

use std::time::Duration;

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::money::Money;
use tieout_reconcilers::spoken::Spoken;
use uuid::Uuid;

use crate::finding::Finding;
use crate::report::stake::Stake;
use crate::report::state::Range;
use crate::report::value::Status;
use crate::report::views::{RunLine, Running, StatusLine};

use super::escape::safe;
use super::funnel::funnels;
use super::grid::{Grid, counted, figure, page};
use super::look::{Look, shell_word};
use super::schedule::paused;

/// `tieout status`: one line per domain, as of `now`, and what a person has to do.
#[must_use]
pub fn status(lines: &[StatusLine], now: Instant, look: &Look) -> String {
    let titles = [
        "DOMAIN",
        "VERIFIED THROUGH",
        "LAST RUN",
        "OPEN",
        "OLDEST",
        "HELD",
        "RECURRING",
        "IGNORED",
        "AT STAKE",
        "DEAD LETTERS",
        "OWNER",
    ];
    let mut grid = Grid::new(0).titles(titles).figures([3, 5, 6, 7, 9]).hidden_where_empty(4..11);
    for line in lines {
        grid.row(status_cells(line, now, look));
    }
    let never = lines.iter().filter(|line| line.last_run.is_none());
    let never: Vec<String> = never.map(|line| shell_word(&line.domain)).collect();
    let mut page_lines = grid.lines();
    page_lines
        .extend(funnels(lines.iter().filter_map(|line| Some((line.domain.as_str(), line.funnel.as_ref()?)))));
    page_lines.extend(lines.iter().filter_map(|line| running(line, now, look)));
    page_lines.extend(lines.iter().filter_map(|line| ended_badly(line, look)));
    page_lines.extend(lines.iter().filter_map(|line| changes(line, look)));
    page_lines.extend(lines.iter().flat_map(|line| holes(line, look)));
    if !never.is_empty() {
        page_lines.push(format!("Not run yet: {}", look.command(&format!("run {}", never.join(" ")))));
    }
    page_lines.extend(lines.iter().filter_map(|line| Some(late(line, line.missed_due?, look))));
    let next = lines.iter().filter_map(|line| Some((line.next_due?, &line.domain))).min();
    page_lines.extend(next.map(|(at, domain)| format!("Next due: {} ({})", look.at(at), safe(domain))));
    page_lines.extend(lines.iter().filter_map(|line| Some(paused(line.paused.as_ref()?, look))));
    page_lines.extend(lines.iter().filter_map(|line| waits_for_its_queue(line, look)));
    for line in lines {
        page_lines.extend(waits_for_a_person(line, look));
    }
    page(&page_lines)
}

/// That a run works on a domain now.
fn running(line: &StatusLine, now: Instant, look: &Look) -> Option<String> {
    let Running { run_id, since } = line.running?;
    let (name, age) = (safe(&line.domain), age(since, now));
    Some(format!("{name}: running since {} ({age}), run {run_id}", to_seconds(since, look)))
}

/// Why the last run of a domain left something to do, and where that stands.
fn ended_badly(line: &StatusLine, look: &Look) -> Option<String> {
    let last = line.last_run.as_ref()?;
    let is_bad = matches!(last.status, Status::Failed | Status::Partial | Status::Interrupted);
    let exit = last.exit_code.map(|code| format!("exit {code}"));
    let why: Vec<String> = exit.into_iter().chain(last.reason.clone()).collect();
    let why = if why.is_empty() { String::new() } else { format!(" ({})", safe(&why.join(", "))) };
    let show = look.command(&format!("report show {}", last.run_id));
    is_bad.then(|| format!("{}: {}{why}: {show}", safe(&line.domain), last.status.as_str()))
}

/// How far changes of older items are followed.
fn changes(line: &StatusLine, look: &Look) -> Option<String> {
    let name = safe(&line.domain);
    match (line.changes_through, line.changes_back_to) {
        (Some(at), _) => Some(format!("{name}: changes through {}", to_seconds(at, look))),
        (None, Some(at)) => Some(format!("{name}: changes back to {}", to_seconds(at, look))),
        (None, None) => None,
    }
}

/// What the next run sends first.
fn waits_for_its_queue(line: &StatusLine, look: &Look) -> Option<String> {
    let command = look.command(&format!("run {}", shell_word(&line.domain)));
    let events = counted(line.waiting, "event");
    (line.waiting > 0).then(|| format!("{}: {events} waiting to be sent: {command}", safe(&line.domain)))
}

/// An instant as short as a table needs it.
fn to_seconds(at: Instant, look: &Look) -> String {
    look.at(at.floor(Duration::from_secs(1)))
}

/// That nobody has read up to a due time of a domain, and where to look for the reason.
fn late(line: &StatusLine, missed: Instant, look: &Look) -> String {
    let why = look.command(&format!("doctor {}", shell_word(&line.domain)));
    format!(
        "Late: {} was due at {} and is not verified up to there: {why}",
        safe(&line.domain),
        look.at(missed)
    )
}

/// How many holes of a domain are listed.
const HOLES: usize = 5;

/// What of a domain was never verified, and what can be done about it.
fn holes(line: &StatusLine, look: &Look) -> Vec<String> {
    let name = safe(&line.domain);
    let mut lines = Vec::new();
    if !line.holes.is_empty() {
        let fill = look.command(&format!("backfill {}", shell_word(&line.domain)));
        lines.push(format!("Hole in {name}: {}; fill: {fill}", listed(&line.holes, look)));
    }
    if !line.lost.is_empty() {
        lines.push(format!(
            "Lost of {name}: {}; the provider does not keep it any more, so nothing can be proved about it",
            listed(&line.lost, look)
        ));
    }
    lines
}

fn listed(ranges: &[Range], look: &Look) -> String {
    let shown =
        ranges.iter().take(HOLES).map(|range| format!("{} to {}", look.at(range.from), look.at(range.to)));
    let shown = shown.collect::<Vec<_>>().join(", ");
    match ranges.len().saturating_sub(HOLES) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// What of a domain goes on only when a person says so, each with its command.
fn waits_for_a_person(line: &StatusLine, look: &Look) -> Vec<String> {
    let held = line.standing.held_sets.iter().map(|set| {
        let why = set.reason.as_deref().unwrap_or("held");
        format!("Held ({}): {}", safe(why), approval(set.run_id, &line.domain, set.events, look))
    });
    let command = format!("findings list {} --state recurring", shell_word(&line.domain));
    let parked =
        (line.standing.recurring > 0).then(|| format!("Parked, sent in vain: {}", look.command(&command)));
    let command = format!("dlq list --domain {}", shell_word(&line.domain));
    let dead =
        (line.dead > 0).then(|| format!("{}: {}", counted(line.dead, "dead letter"), look.command(&command)));
    let command = format!("quarantine list --domain {}", shell_word(&line.domain));
    let quarantined = (line.quarantined > 0).then(|| {
        format!("{} cannot be read: {}", counted(line.quarantined, "thing"), look.command(&command))
    });
    held.chain(parked).chain(dead).chain(quarantined).collect()
}

/// The command that approves what a run holds of a domain.
#[must_use]
pub fn approval(run_id: Uuid, domain: &str, events: u64, look: &Look) -> String {
    look.command(&format!("approve {run_id} {} --expect {events}", shell_word(domain)))
}

fn status_cells(line: &StatusLine, now: Instant, look: &Look) -> [String; 11] {
    let through = line.verified_through.map(|at| format!("{} ({})", to_seconds(at, look), age(at, now)));
    let behind = line.furthest_behind.as_deref().map(|each| format!(" [{}]", safe(each))).unwrap_or_default();
    let last = line.last_run.as_ref();
    let last = last.map(|run| format!("{} {}", run.status.as_str(), to_seconds(run.at, look)));
    let some = |number: u64| if number == 0 { String::new() } else { figure(number) };
    [
        safe(&line.domain).into_owned(),
        through.unwrap_or_else(|| "nothing yet".to_owned()) + &behind,
        last.unwrap_or_else(|| "never".to_owned()),
        figure(line.open),
        line.oldest.map(|at| age(at, now)).unwrap_or_default(),
        some(line.standing.held),
        some(line.standing.recurring),
        some(line.standing.ignored),
        stakes(&line.at_stake),
        some(line.dead),
        line.owner.as_deref().map(|owner| safe(owner).into_owned()).unwrap_or_default(),
    ]
}

/// How long ago something was, in its largest unit.
pub(super) fn age(at: Instant, now: Instant) -> String {
    let seconds = u64::try_from((now.micros() - at.micros()) / 1_000_000).unwrap_or_default();
    Spoken(Duration::from_secs(seconds)).roughly()
}

pub(super) fn amount(money: &Money) -> String {
    safe(&format!("{} {money}", money.currency)).into_owned()
}

/// Money in all its currencies.
pub(super) fn stakes(stake: &Stake) -> String {
    stake.amounts().iter().map(amount).collect::<Vec<_>>().join(", ")
}

/// `tieout report list`: one line per run, newest first as given.
#[must_use]
pub fn runs(lines: &[RunLine], look: &Look) -> String {
    if lines.is_empty() {
        return format!("No runs yet. Begin with: {}\n", look.command("plan"));
    }
    let titles = ["STATUS", "RUN", "MODE", "TRIGGER", "STARTED", "FINISHED", "EXIT"];
    let mut grid = Grid::new(0).titles(titles).figures([6]);
    for line in lines {
        let finished = line.finished_at.map(|at| look.at(at));
        let exit = line.exit_code.map(|code| code.to_string());
        grid.row([
            line.status.as_str().to_owned(),
            line.run_id.to_string(),
            safe(&line.mode).into_owned(),
            safe(&line.trigger).into_owned(),
            look.at(line.started_at),
            finished.unwrap_or_else(|| "-".to_owned()),
            exit.unwrap_or_else(|| "-".to_owned()),
        ]);
    }
    page(&grid.lines().iter().map(|line| look.paint(line)).collect::<Vec<_>>())
}

/// `tieout findings list`: one line per finding; `not_listed` says how many more there are.
#[must_use]
pub fn findings(findings: &[Finding], not_listed: u64, look: &Look) -> String {
    if findings.is_empty() {
        return "No findings match.\n".to_owned();
    }
    let mut grid = Grid::new(0).figures([4]).titles([
        "STATE",
        "KIND",
        "FINDING",
        "AMOUNT",
        "EPISODE",
        "FIRST SEEN",
        "LAST SEEN",
        "OWNER",
    ]);
    for finding in findings {
        grid.row([
            finding.state.as_str().to_owned(),
            finding.kind.as_str().to_owned(),
            path(finding),
            finding.amount.as_ref().map(amount).unwrap_or_default(),
            finding.episode.to_string(),
            look.at(finding.first_seen),
            look.at(finding.last_seen),
            finding.owner.as_deref().map(|owner| safe(owner).into_owned()).unwrap_or_default(),
        ]);
    }
    let mut lines = grid.lines();
    if not_listed > 0 {
        lines.push(format!("... {} (--limit 0 shows all)", counted(not_listed, "more finding")));
    }
    page(&lines)
}

/// `domain/key`, with the member of the fan-out where there is one.
pub(super) fn path(finding: &Finding) -> String {
    let id = &finding.id;
    let each = if id.each.as_str().is_empty() { String::new() } else { format!(" [{}]", id.each.as_str()) };
    safe(&format!("{}/{}{each}", id.domain, id.key.as_str())).into_owned()
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
        grid.row(row.map(|cell| look.sentence(cell)));
    }
    let mut lines: Vec<String> = grid.lines().iter().map(|line| look.paint(line)).collect();
    lines.push(format!("{command}: {} failed, {}", figure(failed), counted(warnings, "warning")));
    page(&lines)
}
