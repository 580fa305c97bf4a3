//! The end of a report, where the eye rests: status and exit code, how far it is verified, money, problems, next steps.

use rust_decimal::Decimal;

use tieout_reconcilers::money::major;

use crate::report::amounts::Amount;
use crate::report::exit;
use crate::report::lives::HeldLine;
use crate::report::value::{DomainReport, EventCounts, RunReport, Status};

use super::carried_out::carried_out;
use super::escape::safe;
use super::grid::{Grid, counted, figure};
use super::lives::lives;
use super::look::Look;
use super::named::named;
use super::next_steps::next_steps;

/// The line that says how it ended: `PARTIAL (exit 3)  1 of 2 domains done, 1 partial; 4 events emitted`.
pub(super) fn last_line(report: &RunReport, look: &Look) -> String {
    look.paint(&(headline(report) + &gate(report)))
}

/// The same without the conditions of a gate: words of this program and numbers.
pub(super) fn headline(report: &RunReport) -> String {
    let word = report.status.as_str().to_uppercase();
    let ended = match report.status {
        Status::Running => String::new(),
        // Its process returned nothing.
        _ if report.exit.reasons.iter().any(|reason| reason == exit::DIED) => String::new(),
        _ => format!(" (exit {})", report.exit.code),
    };
    let events = if report.mode == "plan" { String::new() } else { format!("; {}", events(report)) };
    format!("{word}{ended}  {}{events}", domains(report))
}

/// The conditions of `--fail-on` that were met, each with its figure.
pub(super) fn gate(report: &RunReport) -> String {
    let reasons = report.exit.reasons.iter();
    let met: Vec<&str> = reasons.filter_map(|reason| reason.strip_prefix("fail_on:")).collect();
    if met.is_empty() {
        String::new()
    } else {
        safe(&format!("; --fail-on: {}", met.join(", "))).into_owned()
    }
}

fn domains(report: &RunReport) -> String {
    let number = |status| report.domains.iter().filter(|domain| domain.status == status).count();
    let done = format!("{} of {} done", number(Status::Done), counted(report.domains.len() as u64, "domain"));
    let others = [
        Status::Partial,
        Status::Held,
        Status::Failed,
        Status::Skipped,
        Status::Interrupted,
        Status::Running,
    ]
    .into_iter()
    .filter(|status| number(*status) > 0)
    .map(|status| format!("{} {}", number(status), status.as_str()));
    std::iter::once(done).chain(others).collect::<Vec<_>>().join(", ")
}

fn events(report: &RunReport) -> String {
    let sum = |of: fn(&EventCounts) -> u64| report.domains.iter().map(|domain| of(&domain.events)).sum();
    let repaired: u64 = report.domains.iter().map(DomainReport::repaired).sum();
    let emitted: u64 = sum(|events| events.emitted);
    let is_left =
        |domain: &DomainReport| domain.events.emitted > domain.looked_again.map_or(0, |again| again.repaired);
    let looked_at =
        if report.domains.iter().any(is_left) { " (looked at again in the next run)" } else { "" };
    let earlier = report.domains.iter().flat_map(|domain| held_before(report, domain));
    let held_earlier = earlier.map(|set| set.events).sum();
    let left = |domain: &DomainReport| domain.standing.dead_letters.saturating_sub(domain.events.dead);
    let dead_earlier = report.domains.iter().map(left).sum();
    let others = [
        (repaired, "repaired"),
        (sum(|events| events.held), "held"),
        (held_earlier, "still held by earlier runs"),
        (dead_earlier, "waiting as dead letters"),
        (sum(|events| events.waiting), "waiting to be sent"),
        (sum(|events| events.retried), "retried from dead letters"),
        (sum(|events| events.dead), "given up"),
        (sum(|events| events.expired), "expired as dead letters"),
    ];
    let others = others
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{} {what}", figure(number)));
    let first = format!("{} emitted{looked_at}", counted(emitted, "event"));
    std::iter::once(first).chain(others).collect::<Vec<_>>().join(", ")
}

/// The paragraphs under the last line.
pub(super) fn paragraphs(report: &RunReport, look: &Look) -> Vec<String> {
    let steps = next_steps(report, look).into_iter().map(|step| [step.command, step.why.to_owned()]);
    [
        paragraph("plan", carried_out(report)),
        paragraph("named", named(report)),
        paragraph("verified through", verified_through(report, look)),
        paragraph("at stake", at_stake(report)),
        paragraph("findings", lives(report, look)),
        paragraph("causes", causes(report)),
        paragraph("problems", problem_rows(report, look)),
        paragraph("notes", notes(report, look)),
        paragraph("warnings", warnings(report, look)),
        paragraph("next", steps.collect()),
    ]
    .concat()
}

/// Rows under a label that stands beside the first of them.
fn paragraph(label: &str, rows: Vec<[String; 2]>) -> Vec<String> {
    let mut grid = Grid::new(2);
    for (at, [subject, text]) in rows.into_iter().enumerate() {
        let label = if at == 0 { label } else { "" };
        grid.row([format!("{label:<16}"), subject, text]);
    }
    grid.lines()
}

fn verified_through(report: &RunReport, look: &Look) -> Vec<[String; 2]> {
    let row = |domain: &DomainReport| {
        let through = domain.verified_through.as_deref().map(|at| look.told(at));
        [safe(&domain.domain).into_owned(), through.unwrap_or_else(|| "nothing yet".to_owned())]
    };
    // Whoever was kept from a domain did not look how far it is.
    report.domains.iter().filter(|domain| domain.status != Status::Skipped).map(row).collect()
}

/// What the findings move that are not over, of this night and of earlier ones, per currency; currencies are never added up.
pub(super) fn at_stake(report: &RunReport) -> Vec<[String; 2]> {
    report.domains.iter().flat_map(stakes).collect()
}

fn stakes(domain: &DomainReport) -> Vec<[String; 2]> {
    let read: Vec<(&str, Decimal, String)> = domain.amounts.iter().filter_map(of_this_read).collect();
    // What is still wrong at the end; a report that was written before it was told of has what was read.
    if domain.found.is_nothing() {
        return read.into_iter().map(|(currency, sum, parts)| stake(domain, currency, sum, &parts)).collect();
    }
    let totals = &domain.found.at_stake;
    let moved = totals.currencies().map(|currency| (currency, totals.minor(currency)));
    let moved = moved.filter(|(_, minor)| *minor != 0);
    let row = |(currency, minor)| {
        let sum: Decimal = major(currency, minor).parse().unwrap_or_default();
        let parts = read.iter().find(|(of, read, _)| *of == currency && *read == sum);
        stake(domain, currency, sum, &parts.map_or_else(|| kinds(domain), |(_, _, parts)| parts.clone()))
    };
    moved.map(row).collect()
}

fn stake(domain: &DomainReport, currency: &str, sum: Decimal, parts: &str) -> [String; 2] {
    let money = safe(&format!("{currency} {sum}")).into_owned();
    [money, format!("{}: {parts}", safe(&domain.domain))]
}

/// What was read in this run of a currency: its sum without signs, and its parts.
fn of_this_read(line: &Amount) -> Option<(&str, Decimal, String)> {
    let parts = [("missing", &line.missing), ("mismatched", &line.mismatched), ("orphaned", &line.orphaned)]
        .map(|(word, text)| (word, text.parse::<Decimal>().unwrap_or_default()));
    let sum: Decimal = parts.iter().map(|(_, amount)| amount.abs()).sum();
    let parts = parts.iter().filter(|(_, amount)| !amount.is_zero());
    let parts = parts.map(|(word, amount)| format!("{word} {amount}")).collect::<Vec<_>>().join(", ");
    (!sum.is_zero()).then_some((line.currency.as_str(), sum, parts))
}

/// `3 missing, 1 mismatched`: which findings are not over, of all currencies.
fn kinds(domain: &DomainReport) -> String {
    let kinds = domain.found.kinds.iter();
    kinds
        .map(|(kind, number)| format!("{} {}", figure(*number), kind.as_str()))
        .collect::<Vec<_>>()
        .join(", ")
}

/// How many of this run's findings were lost where.
fn causes(report: &RunReport) -> Vec<[String; 2]> {
    let explained = report.domains.iter().filter(|domain| !domain.causes.is_empty());
    let row = |domain: &DomainReport| {
        let counts = domain
            .causes
            .iter()
            .map(|(cause, number)| format!("{} {}", figure(*number), safe(&cause.replace('_', " "))));
        [safe(&domain.domain).into_owned(), counts.collect::<Vec<_>>().join(", ")]
    };
    explained.map(row).collect()
}

fn notes(report: &RunReport, look: &Look) -> Vec<[String; 2]> {
    let of = |domain: &DomainReport| {
        let name = safe(&domain.domain).into_owned();
        domain.notes.iter().map(|note| [name.clone(), look.sentence(note)]).collect::<Vec<_>>()
    };
    report.domains.iter().flat_map(of).collect()
}

/// What did not work beside the run.
fn warnings(report: &RunReport, look: &Look) -> Vec<[String; 2]> {
    report.warnings.iter().map(|warning| [look.sentence(warning), String::new()]).collect()
}

/// What went wrong in a domain or is doubtful: the lines of each problem.
pub(super) fn problems(report: &RunReport, domain: &DomainReport, look: &Look) -> Vec<Vec<String>> {
    let told = domain.problems.iter().map(|problem| lines(problem, look));
    let tripped = domain.limits.iter().filter(|limit| limit.tripped);
    let limits = tripped.map(|limit| lines(&format!("held by a limit: {}", limit.text), look));
    let unexplained = domain.amounts.iter().filter(|line| !is_zero(&line.unexplained));
    let unexplained = unexplained.map(|Amount { currency, unexplained, .. }| {
        lines(&format!("{currency} {unexplained} of the difference is not explained"), look)
    });
    let held = held_before(report, domain).map(|set| lines(&held_since(set), look));
    told.chain(limits).chain(held).chain(unexplained).collect()
}

/// The problems of all domains, each with its domain.
fn all_problems(report: &RunReport, look: &Look) -> Vec<(String, Vec<String>)> {
    let of = |domain: &DomainReport| {
        let name = safe(&domain.domain).into_owned();
        problems(report, domain, look).into_iter().map(|lines| (name.clone(), lines)).collect::<Vec<_>>()
    };
    report.domains.iter().flat_map(of).collect()
}

/// What limits of earlier runs hold of a domain.
fn held_before<'r>(report: &'r RunReport, domain: &'r DomainReport) -> impl Iterator<Item = &'r HeldLine> {
    domain.standing.held_by_limits().filter(|set| set.run_id != report.run_id)
}

/// `33 events held since 2025-11-20T02:00:00Z by run 019...: max_emits: ...`.
fn held_since(set: &HeldLine) -> String {
    let since = set.since.as_deref().map(|at| format!(" since {at}")).unwrap_or_default();
    let why = set.reason.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
    format!("{} held{since} by run {}{why}", counted(set.events, "event"), set.run_id)
}

/// A problem may bring a statement of several lines with it.
fn lines(text: &str, look: &Look) -> Vec<String> {
    text.lines().map(|line| look.sentence(line)).collect()
}

fn problem_rows(report: &RunReport, look: &Look) -> Vec<[String; 2]> {
    let row = |(domain, lines): (String, Vec<String>)| {
        let domains = std::iter::once(domain).chain(std::iter::repeat(String::new()));
        domains.zip(lines).map(|(domain, line)| [domain, line]).collect::<Vec<_>>()
    };
    all_problems(report, look).into_iter().flat_map(row).collect()
}

fn is_zero(amount: &str) -> bool {
    amount.parse::<Decimal>().is_ok_and(|amount| amount.is_zero())
}

/// The problems as lines of their own, for those who asked for silence.
pub(super) fn problem_lines(report: &RunReport, look: &Look) -> Vec<String> {
    let told = |(domain, lines): (String, Vec<String>)| format!("{domain}: {}", lines.join("\n  "));
    all_problems(report, look).into_iter().map(told).collect()
}
