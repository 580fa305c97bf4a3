//! What a run has looked at, in the heading of its report: from when to when, and how long items had to rest.

use std::collections::BTreeSet;
use std::time::Duration;

use tieout_reconcilers::instant::{Instant, TimeFormat};
use tieout_reconcilers::spoken::Spoken;

use crate::report::value::RunReport;

use super::grid::figure;
use super::look::Look;

/// `window 2025-11-20T00:00:00Z..2025-11-21T01:45:00Z`, from the first instant of all domains to their last, where it read any range:
/// a run about keys has none.
pub(super) fn window(report: &RunReport, look: &Look) -> Option<String> {
    let at = |text: &str| TimeFormat::Rfc3339.read(text);
    let told = report.domains.iter().flat_map(|domain| &domain.ranges);
    let ranges: BTreeSet<(Instant, Instant)> =
        told.filter_map(|(from, to)| Some((at(from)?, at(to)?))).collect();
    let (from, _) = ranges.first()?;
    let to = ranges.iter().map(|(_, to)| to).max()?;
    let parts = match ranges.len() {
        1 => String::new(),
        several => format!(" in {} ranges", figure(several as u64)),
    };
    Some(format!("window {}..{}{parts}", look.at(*from), look.at(*to)))
}

/// `settle 15m`, or `settle 15m to 1h` where domains differ.
pub(super) fn settle(report: &RunReport) -> Option<String> {
    let settles: BTreeSet<u64> = report.domains.iter().map(|domain| domain.settle_seconds).collect();
    let said = |seconds: &u64| Spoken(Duration::from_secs(*seconds)).to_string();
    let (shortest, longest) = (settles.first()?, settles.last()?);
    let longer = if longest > shortest { format!(" to {}", said(longest)) } else { String::new() };
    Some(format!("settle {}{longer}", said(shortest)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::DomainReport;
    use crate::report::text::samples;

    #[test]
    fn the_window_reaches_over_all_that_was_read_and_says_in_how_many_ranges() {
        let mut report = samples::partial();
        let look = Look::default();
        let told = |report: &RunReport| window(report, &look).unwrap_or_default();
        assert_eq!(told(&report), "window 2025-11-20T00:00:00Z..2025-11-21T01:45:00Z");
        let text = |text: &str| text.to_owned();
        report.domains[1].ranges = vec![
            (text("2025-11-18T00:00:00Z"), text("2025-11-19T00:00:00Z")),
            (text("2025-11-21T00:00:00Z"), text("2025-11-21T01:45:00.5Z")),
        ];
        assert_eq!(told(&report), "window 2025-11-18T00:00:00Z..2025-11-21T01:45:00.500Z in 3 ranges");
        report.domains.iter_mut().for_each(|domain| domain.ranges.clear());
        assert_eq!(window(&report, &look), None, "a run about keys looks at no range");
    }

    #[test]
    fn how_long_items_rest_is_said_once_or_from_the_shortest_to_the_longest() {
        let mut report = samples::partial();
        assert_eq!(settle(&report).as_deref(), Some("settle 15m"));
        report.domains[0] = DomainReport { settle_seconds: 3_600, ..report.domains[0].clone() };
        assert_eq!(settle(&report).as_deref(), Some("settle 15m to 1h"));
        report.domains.clear();
        assert_eq!(settle(&report), None);
    }
}
