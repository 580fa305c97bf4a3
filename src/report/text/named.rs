//! What is thought of the items that a call named, as rows under the end of a report.

use crate::report::named::{NamedItem, Verdict};
use crate::report::value::{DomainReport, RunReport};

use super::escape::safe;
use super::grid::figure;

/// A row per domain with its sums, and one for each item.
pub(super) fn named(report: &RunReport) -> Vec<[String; 2]> {
    report.domains.iter().flat_map(rows).collect()
}

fn rows(domain: &DomainReport) -> Vec<[String; 2]> {
    let Some(named) = &domain.named else { return Vec::new() };
    let sums =
        named.verdicts.iter().map(|(verdict, number)| format!("{} {}", figure(*number), words(*verdict)));
    let head = [safe(&domain.domain).into_owned(), sums.collect::<Vec<_>>().join(", ")];
    let more = (named.not_listed > 0)
        .then(|| [format!("  ... {} more", figure(named.not_listed)), "--limit 0 names all".to_owned()]);
    std::iter::once(head).chain(named.items.iter().map(row)).chain(more).collect()
}

const fn words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Unread => "not read",
        Verdict::Differs => "different",
        Verdict::Young => "too young to judge",
        Verdict::Absent => "on neither side",
        Verdict::Agrees => "in agreement",
    }
}

fn row(item: &NamedItem) -> [String; 2] {
    let member = if item.each.is_empty() { String::new() } else { format!(" [{}]", safe(&item.each)) };
    [format!("  {}{member}", safe(&item.key)), safe(&thought(item)).into_owned()]
}

/// `mismatched in amount, status; emitted earlier`.
fn thought(item: &NamedItem) -> String {
    let kind = item.kind.as_deref().unwrap_or_default();
    let fields = match kind {
        "mismatched" => format!(" in {}", item.fields.join(", ")),
        _ => String::new(),
    };
    let what = match item.verdict {
        Verdict::Agrees => "the sides agree".to_owned(),
        Verdict::Absent => "on neither side".to_owned(),
        Verdict::Differs => format!("{kind}{fields}"),
        Verdict::Young => format!("{kind}{fields}, too young to judge"),
        Verdict::Unread => format!("not read: {}", item.why.as_deref().unwrap_or_default()),
    };
    let state = match item.state.as_deref() {
        Some("emitted") => "; emitted earlier, not repaired yet",
        Some("recurring") => "; parked: sending it again does not help",
        Some("held") => "; held",
        Some("ignored") => "; ignored",
        Some("repaired") => "; repaired",
        Some("healed") => "; healed",
        _ => "",
    };
    format!("{what}{state}")
}
