//! What a run leaves of the funnel for the metrics: the last day that was over, and how far consumers were behind.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tieout_reconcilers::instant::TimeFormat;

use crate::funnel::{Flow, Funnel};

/// The funnel of a domain, as far as somebody told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LastFunnel {
    /// The first instant of the day, in seconds of Unix time.
    pub day: i64,
    /// Its numbers by what they count; those that nobody told are not there.
    pub numbers: BTreeMap<String, i64>,
    /// Events that the consumers of each queue had not consumed, where the queue told.
    pub behind: BTreeMap<String, u64>,
}

impl LastFunnel {
    /// The figures of a funnel.
    #[must_use]
    pub fn of(funnel: &Funnel) -> Self {
        let over = funnel.days.iter().rev().find(|day| day.over);
        let from = over.and_then(|day| TimeFormat::Rfc3339.read(&day.from));
        let behind = funnel.consumers.iter().filter_map(|consumers| {
            let behind = consumers.waiting.known()? + consumers.taken.known().unwrap_or_default();
            Some((consumers.queue.clone(), behind))
        });
        Self {
            day: from.map_or(0, |from| from.micros() / 1_000_000),
            numbers: over.map(numbers).unwrap_or_default(),
            behind: behind.collect(),
        }
    }
}

fn numbers(day: &Flow) -> BTreeMap<String, i64> {
    let counts = [
        ("received", Some(day.received)),
        ("consumed", Some(day.consumed)),
        ("failed", Some(day.failed)),
        ("waiting", day.waiting),
        ("decided", Some(day.decided)),
        ("re_emitted", Some(day.re_emitted)),
        ("repaired", Some(day.repaired)),
        ("unrepaired", Some(day.unrepaired)),
        ("dead", Some(day.dead)),
        ("undelivered", Some(day.undelivered)),
        ("superseded", Some(day.superseded)),
    ];
    let known = counts.into_iter().filter_map(|(name, number)| Some((name, number?.known()?)));
    let mut numbers: BTreeMap<String, i64> =
        known.map(|(name, number)| (name.to_owned(), i64::try_from(number).unwrap_or(i64::MAX))).collect();
    numbers.extend(day.unexplained.known().map(|unexplained| ("unexplained".to_owned(), unexplained)));
    numbers
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_told_of_a_day_adds_up_as_its_figures_do() {
        let day = json!({
            "day": "2026-11-01", "zone": "UTC", "from": "2026-11-01T00:00:00Z", "to": "2026-11-02T00:00:00Z", "over": true,
            "received": 100, "consumed": 90, "failed": 4, "waiting": 1, "unexplained": 5,
            "decided": 31, "re_emitted": 16, "repaired": 9, "unrepaired": 7, "dead": 8, "undelivered": 5, "superseded": 2,
        });
        let days: Vec<Flow> = vec![serde_json::from_value(day).unwrap()];
        assert_eq!(days[0].mistake(), None);
        let told = LastFunnel::of(&Funnel { days, consumers: Vec::new() }).numbers;
        let sum = |parts: &[&str]| parts.iter().map(|part| told[*part]).sum::<i64>();
        assert_eq!(told["received"], sum(&["consumed", "failed", "waiting", "unexplained"]));
        assert_eq!(told["decided"], sum(&["re_emitted", "dead", "undelivered", "superseded"]));
        assert_eq!(told["re_emitted"], sum(&["repaired", "unrepaired"]));
        assert_eq!((told["decided"], told["received"]), (31, 100));
    }
}
