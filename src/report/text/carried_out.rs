//! What became of a plan, as rows under the end of a report: how many of its events went out, and each that did not.

use crate::report::carried_out::{ItemCarriedOut, Outcome};
use crate::report::value::{DomainReport, RunReport};

use super::escape::safe;
use super::grid::figure;

/// How many items are named per domain; JSON has all.
const NAMED: usize = 20;

/// A row per domain with its sums, and one for each item whose event was not let go.
pub(super) fn carried_out(report: &RunReport) -> Vec<[String; 2]> {
    report.domains.iter().flat_map(rows).collect()
}

fn rows(domain: &DomainReport) -> Vec<[String; 2]> {
    let Some(done) = &domain.carried_out else { return Vec::new() };
    let sums = Outcome::ALL.map(|outcome| (done.number(outcome), outcome.words()));
    let sums = sums.into_iter().filter(|(number, _)| *number > 0);
    let sums = sums.map(|(number, words)| format!("{} {words}", figure(number))).collect::<Vec<_>>();
    let sums = if sums.is_empty() { "it had no event".to_owned() } else { sums.join(", ") };
    let left: Vec<&ItemCarriedOut> = done
        .items
        .iter()
        .filter(|item| !matches!(item.outcome, Outcome::Emitted | Outcome::Released))
        .collect();
    let more = left.len().saturating_sub(NAMED);
    let named = left.into_iter().take(NAMED).map(row);
    let more =
        (more > 0).then(|| [format!("... {} more", figure(more as u64)), "--format json has all".to_owned()]);
    std::iter::once([safe(&domain.domain).into_owned(), sums]).chain(named).chain(more).collect()
}

fn row(item: &ItemCarriedOut) -> [String; 2] {
    let member = if item.each.is_empty() { String::new() } else { format!(" [{}]", safe(&item.each)) };
    let why = item.why.as_deref().map(|why| format!(": {}", safe(why))).unwrap_or_default();
    [format!("  {}{member}", safe(&item.key)), format!("{}{why}", item.outcome.words())]
}
