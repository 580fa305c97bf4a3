//! A stored report in full: everything that a run printed, the findings by money, and the tie-out per currency.

use rust_decimal::Decimal;

use crate::report::value::{DomainReport, PlannedFinding, RunReport};

use super::escape::safe;
use super::grid::{Grid, page};
use super::look::Look;

/// The report of a run or plan that is over, or of one that still goes on.
#[must_use]
pub fn show(report: &RunReport, look: &Look) -> String {
    let sorted = dearest_first(report);
    let told = if report.mode == "plan" { super::plan(&sorted, look) } else { super::run(&sorted, look) };
    [told, page(&ranges(report, look)), page(&tie_out(report))].concat()
}

/// The report with the findings that move the most money first.
pub(super) fn dearest_first(report: &RunReport) -> RunReport {
    let mut sorted = report.clone();
    for domain in &mut sorted.domains {
        domain.findings.sort_by_key(|finding| std::cmp::Reverse(weight(finding)));
    }
    sorted
}

/// What a finding weighs in a list; amounts of one domain are nearly always in one currency.
fn weight(finding: &PlannedFinding) -> Decimal {
    let amount = finding.amount.as_deref().and_then(|amount| amount.parse::<Decimal>().ok());
    amount.unwrap_or_default().abs()
}

/// The ranges that were read.
fn ranges(report: &RunReport, look: &Look) -> Vec<String> {
    let mut grid = Grid::new(0).titles(["READ", "FROM", "UP TO", "NOT JUDGED FROM", "SETTLE"]);
    for domain in &report.domains {
        for (from, to) in &domain.ranges {
            let ceiling = domain.ceiling.as_deref().unwrap_or("-");
            let [from, to, ceiling] = [from, to, ceiling].map(|at| look.told(at));
            let settle = format!("{} s", domain.settle_seconds);
            grid.row([safe(&domain.domain).into_owned(), from, to, ceiling, settle]);
        }
    }
    titled(grid.lines())
}

/// `difference = missing + mismatched - orphaned + unexplained`, per domain and currency.
fn tie_out(report: &RunReport) -> Vec<String> {
    let titles = [
        "TIE-OUT",
        "CURRENCY",
        "UPSTREAM",
        "LOCAL",
        "DIFFERENCE",
        "MISSING",
        "MISMATCHED",
        "ORPHANED",
        "UNEXPLAINED",
    ];
    let mut grid = Grid::new(0).titles(titles).figures(2..9);
    for domain in &report.domains {
        for cells in lines(domain) {
            grid.row(cells);
        }
    }
    titled(grid.lines())
}

fn lines(domain: &DomainReport) -> impl Iterator<Item = [String; 9]> {
    domain.amounts.iter().map(|line| {
        [
            &domain.domain,
            &line.currency,
            &line.upstream,
            &line.local,
            &line.difference,
            &line.missing,
            &line.mismatched,
            &line.orphaned,
            &line.unexplained,
        ]
        .map(|cell| safe(cell).into_owned())
    })
}

/// A table with an empty line before it, or nothing where it has no rows.
fn titled(lines: Vec<String>) -> Vec<String> {
    if lines.is_empty() { lines } else { [vec![String::new()], lines].concat() }
}
