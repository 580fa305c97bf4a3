//! What became of findings tonight and how they stand, in a few words per domain.

use std::time::Duration;

use tieout_reconcilers::spoken::Spoken;

use crate::report::lives::{Standing, Tonight, Took};
use crate::report::value::{DomainReport, RunReport};

use super::escape::safe;
use super::grid::figure;
use super::look::Look;

/// A row per domain whose findings moved or wait.
pub(super) fn lives(report: &RunReport, look: &Look) -> Vec<[String; 2]> {
    report.domains.iter().flat_map(|domain| rows(domain, look)).collect()
}

fn rows(domain: &DomainReport, look: &Look) -> Vec<[String; 2]> {
    let told = [tonight(&domain.tonight), times(&domain.tonight), standing(&domain.standing, look)];
    let told = told.into_iter().filter(|text| !text.is_empty());
    told.map(|text| [safe(&domain.domain).into_owned(), text]).collect()
}

/// `3 new, 1 reopened, 2 repaired, 1 parked`.
fn tonight(tonight: &Tonight) -> String {
    let counts = [
        (tonight.new, "new"),
        (tonight.reopened, "reopened"),
        (tonight.sent_again, "sent again"),
        (tonight.repaired, "repaired"),
        (tonight.healed, "healed"),
        (tonight.parked, "parked: sending does not help"),
    ];
    listed(&counts)
}

/// `noticed after 6h (at most 2 days), repaired after 20h (at most 3 days)`.
fn times(tonight: &Tonight) -> String {
    let time = |what: &str, took: Option<Took>| {
        let took = took?;
        let [median, worst] = [took.median_seconds, took.worst_seconds]
            .map(|seconds| Spoken(Duration::from_secs(seconds)).roughly());
        Some(format!("{what} after {median} (at most {worst})"))
    };
    let times = [time("noticed", tonight.time_to_detect), time("over", tonight.time_to_repair)];
    times.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// `5 still open, 12 held, oldest since 2025-11-18T02:00:00Z, 2 with ada`.
fn standing(standing: &Standing, look: &Look) -> String {
    let counts = [
        (standing.still_open, "from earlier runs"),
        (standing.held, "held"),
        (standing.recurring, "parked"),
        (standing.ignored, "ignored"),
        (standing.dead_letters, "waiting as dead letters"),
    ];
    let mut parts = vec![listed(&counts)];
    // Where all of them are tonight's, the oldest says nothing.
    let oldest = standing.oldest.as_deref().filter(|_| !parts[0].is_empty());
    parts.extend(oldest.map(|at| format!("oldest since {}", look.told(at))));
    parts.extend(
        standing.owners.iter().map(|one| format!("{} with {}", figure(one.findings), safe(&one.owner))),
    );
    parts.retain(|part| !part.is_empty());
    if parts.is_empty() { String::new() } else { format!("now {}", parts.join(", ")) }
}

fn listed(counts: &[(u64, &str)]) -> String {
    let counts = counts.iter().filter(|(number, _)| *number > 0);
    counts.map(|(number, what)| format!("{} {what}", figure(*number))).collect::<Vec<_>>().join(", ")
}
