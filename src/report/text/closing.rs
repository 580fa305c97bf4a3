//! The end of a report, where the eye rests: status and exit code, how far it is verified, money, problems, next steps.

use rust_decimal::Decimal;

use crate::report::amounts::Amount;
use crate::report::exit;
use crate::report::value::{DomainReport, EventCounts, RunReport, Status};

use super::carried_out::carried_out;
use super::escape::safe;
use super::grid::{Grid, counted, figure};
use super::lives::lives;
use super::look::Look;
use super::next_steps::next_steps;

/// The line that says how it ended: `PARTIAL (exit 3)  1 of 2 domains done, 1 partial; 4 events emitted`.
pub(super) fn last_line(report: &RunReport, look: &Look) -> String {
    let word = report.status.as_str().to_uppercase();
    let ended = match report.status {
        Status::Running => String::new(),
        // Its process returned nothing.
        _ if report.exit.reasons.iter().any(|reason| reason == exit::DIED) => String::new(),
        _ => format!(" (exit {})", report.exit.code),
    };
    let events = if report.mode == "plan" { String::new() } else { format!("; {}", events(report)) };
    look.paint(&format!("{word}{ended}  {}{events}", domains(report)))
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
    let repaired: u64 = report.domains.iter().map(|domain| domain.follow_up.repaired).sum();
    let emitted: u64 = sum(|events| events.emitted);
    let looked_at = if emitted > 0 { " (looked at again in the next run)" } else { "" };
    let others = [
        (repaired, "repaired"),
        (sum(|events| events.held), "held"),
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
        paragraph("verified through", verified_through(report)),
        paragraph("at stake", at_stake(report)),
        paragraph("findings", lives(report)),
        paragraph("causes", causes(report)),
        paragraph("problems", problem_rows(report)),
        paragraph("notes", notes(report)),
        paragraph("warnings", warnings(report)),
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

fn verified_through(report: &RunReport) -> Vec<[String; 2]> {
    let through = |domain: &DomainReport| domain.verified_through.clone();
    report
        .domains
        .iter()
        .map(|domain| {
            let through = through(domain).unwrap_or_else(|| "nothing yet".to_owned());
            [safe(&domain.domain).into_owned(), safe(&through).into_owned()]
        })
        .collect()
}

/// What this run's findings move, per currency; currencies are never added up.
fn at_stake(report: &RunReport) -> Vec<[String; 2]> {
    let lines =
        report.domains.iter().flat_map(|domain| domain.amounts.iter().map(move |line| (domain, line)));
    lines.filter_map(|(domain, line)| stake(&domain.domain, line)).collect()
}

fn stake(domain: &str, line: &Amount) -> Option<[String; 2]> {
    let parts = [("missing", &line.missing), ("mismatched", &line.mismatched), ("orphaned", &line.orphaned)]
        .map(|(word, text)| (word, text.parse::<Decimal>().unwrap_or_default()));
    let sum: Decimal = parts.iter().map(|(_, amount)| amount.abs()).sum();
    let parts = parts.iter().filter(|(_, amount)| !amount.is_zero());
    let parts = parts.map(|(word, amount)| format!("{word} {amount}")).collect::<Vec<_>>().join(", ");
    let money = safe(&format!("{} {sum}", line.currency)).into_owned();
    (!sum.is_zero()).then(|| [money, format!("{}: {parts}", safe(domain))])
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

fn notes(report: &RunReport) -> Vec<[String; 2]> {
    let of = |domain: &DomainReport| {
        let name = safe(&domain.domain).into_owned();
        domain.notes.iter().map(|note| [name.clone(), safe(note).into_owned()]).collect::<Vec<_>>()
    };
    report.domains.iter().flat_map(of).collect()
}

/// What did not work beside the run.
fn warnings(report: &RunReport) -> Vec<[String; 2]> {
    report.warnings.iter().map(|warning| [safe(warning).into_owned(), String::new()]).collect()
}

/// What went wrong or is doubtful, in lines, each problem with its domain.
fn problems(report: &RunReport) -> Vec<(String, Vec<String>)> {
    let of = |domain: &DomainReport| {
        let told = domain.problems.iter().map(|problem| lines(problem));
        let tripped = domain.limits.iter().filter(|limit| limit.tripped);
        let limits = tripped.map(|limit| lines(&format!("held by a limit: {}", limit.text)));
        let unexplained = domain.amounts.iter().filter(|line| !is_zero(&line.unexplained));
        let unexplained = unexplained.map(|Amount { currency, unexplained, .. }| {
            lines(&format!("{currency} {unexplained} of the difference is not explained"))
        });
        let all = told.chain(limits).chain(unexplained);
        all.map(|lines| (safe(&domain.domain).into_owned(), lines)).collect::<Vec<_>>()
    };
    report.domains.iter().flat_map(of).collect()
}

/// A problem may bring a statement of several lines with it.
fn lines(text: &str) -> Vec<String> {
    text.lines().map(|line| safe(line).into_owned()).collect()
}

fn problem_rows(report: &RunReport) -> Vec<[String; 2]> {
    let row = |(domain, lines): (String, Vec<String>)| {
        let domains = std::iter::once(domain).chain(std::iter::repeat(String::new()));
        domains.zip(lines).map(|(domain, line)| [domain, line]).collect::<Vec<_>>()
    };
    problems(report).into_iter().flat_map(row).collect()
}

fn is_zero(amount: &str) -> bool {
    amount.parse::<Decimal>().is_ok_and(|amount| amount.is_zero())
}

/// The problems as lines of their own, for those who asked for silence.
pub(super) fn problem_lines(report: &RunReport) -> Vec<String> {
    let told = |(domain, lines): (String, Vec<String>)| format!("{domain}: {}", lines.join("\n  "));
    problems(report).into_iter().map(told).collect()
}
