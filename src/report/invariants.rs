//! The sums that must hold in every report; a report that breaks one is wrong and says so.

use super::value::{DomainReport, ItemCounts};

/// A sum that does not add up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the counts of {domain} do not add up: {side} is {said}, its parts sum to {sum}; this is a bug in tieout"
)]
pub struct Broken {
    domain: String,
    side: &'static str,
    said: u64,
    sum: u64,
}

/// Checks the counts of a domain on both sides.
pub fn check(report: &DomainReport) -> Result<(), Broken> {
    let ItemCounts { upstream, local, matched, mismatched, missing, orphaned, pending, unreadable, ignored } =
        report.items;
    let both = matched + mismatched;
    let sums = [
        ("upstream", upstream, both + missing + pending.upstream + unreadable.upstream + ignored.upstream),
        ("local", local, both + orphaned + pending.local + unreadable.local + ignored.local),
    ];
    match sums.into_iter().find(|(_, said, sum)| said != sum) {
        None => Ok(()),
        Some((side, said, sum)) => Err(Broken { domain: report.domain.clone(), side, said, sum }),
    }
}
