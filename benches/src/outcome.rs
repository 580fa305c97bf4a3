//! Whether a run found exactly what was planted. A run that did not is void, however fast it was.

use std::io::{self, BufRead};

use anyhow::{Context as _, ensure};
use serde::Deserialize;

use crate::charges::{Fate, Population};

/// The part of `tieout run --format json` that is checked.
#[derive(Deserialize)]
struct Document {
    domains: Vec<Domain>,
}

#[derive(Deserialize)]
struct Domain {
    status: String,
    items: Items,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Items {
    upstream: u64,
    missing: u64,
    mismatched: u64,
    orphaned: u64,
}

#[derive(Deserialize)]
struct Event {
    subject: String,
}

/// Checks the result document against what was planted.
pub fn check_document(document: &str, population: &Population) -> anyhow::Result<()> {
    let document: Document = serde_json::from_str(document).context("the result document")?;
    let [domain] = document.domains.as_slice() else {
        anyhow::bail!("{} domains were run instead of one", document.domains.len());
    };
    let (missing, mismatched) = population.planted();
    let planted = Items { upstream: population.items, missing, mismatched, orphaned: 0 };
    ensure!(domain.items == planted, "planted {planted:?}, found {:?}", domain.items);
    ensure!(domain.status == "done", "the domain is {}", domain.status);
    Ok(())
}

/// Checks that each planted item, and no other, has one event. `events` holds one event a line, as JSON.
pub fn check_events(events: impl io::Read, population: &Population) -> anyhow::Result<()> {
    // One byte an item, however much drifted: a child's memory cannot be seen below that of whoever starts it.
    let mut seen = vec![false; usize::try_from(population.items)?];
    let mut count = 0;
    for line in io::BufReader::new(events).lines() {
        let Event { subject } = serde_json::from_str(&line?).context("an event in the queue")?;
        let position = population.position(&subject).with_context(|| format!("an event for {subject}"))?;
        ensure!(
            population.fate(position) != Fate::Agrees,
            "an event for {subject}, where nothing was planted"
        );
        let seen = seen.get_mut(usize::try_from(position)?).context("a position beyond the population")?;
        ensure!(!std::mem::replace(seen, true), "two events for {subject}");
        count += 1;
    }
    let (missing, mismatched) = population.planted();
    ensure!(count == missing + mismatched, "{count} events for {missing} + {mismatched}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const POPULATION: Population = Population { items: 2_000, start: 0, seconds: 100, one_in: 1_000 };

    fn document(missing: u64, status: &str) -> String {
        serde_json::json!({"schema": "tieout.run/v1", "domains": [{
            "status": status,
            "items": {"upstream": 2_000, "local": 1_998, "missing": missing, "mismatched": 2, "orphaned": 0},
        }]})
        .to_string()
    }

    fn events(positions: impl IntoIterator<Item = u64>) -> String {
        let lines =
            positions.into_iter().map(|at| format!("{{\"subject\":\"{}\"}}\n", POPULATION.charge(at).id));
        lines.collect()
    }

    fn planted() -> impl Iterator<Item = u64> {
        (0..POPULATION.items).filter(|position| POPULATION.fate(*position) != Fate::Agrees)
    }

    #[test]
    fn a_document_with_the_planted_numbers_passes_and_any_other_is_void() {
        check_document(&document(2, "done"), &POPULATION).unwrap();
        check_document(&document(1, "done"), &POPULATION).unwrap_err();
        check_document(&document(2, "partial"), &POPULATION).unwrap_err();
        check_document("", &POPULATION).unwrap_err();
    }

    #[test]
    fn events_pass_when_each_planted_item_and_no_other_has_one() {
        check_events(events(planted()).as_bytes(), &POPULATION).unwrap();
        check_events(events(planted().skip(1)).as_bytes(), &POPULATION).unwrap_err();
        check_events(events(planted().chain(planted().take(1))).as_bytes(), &POPULATION).unwrap_err();
        let innocent = (0..POPULATION.items).find(|position| POPULATION.fate(*position) == Fate::Agrees);
        check_events(events(planted().skip(1).chain(innocent)).as_bytes(), &POPULATION).unwrap_err();
    }
}
