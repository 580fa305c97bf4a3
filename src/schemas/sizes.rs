//! How large the data of events is, by what they carry: to choose what a domain sends. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tieout_reconcilers::jq::Expression;

/// What an event carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Carries {
    /// The key alone.
    Thin,
    /// What an expression makes of the item.
    Mapped,
    /// The whole item.
    Full,
    /// The provider's own event.
    Original,
}

impl Carries {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Thin => "thin",
            Self::Mapped => "mapped",
            Self::Full => "full",
            Self::Original => "original",
        }
    }
}

/// How large one kind of data is, in bytes of JSON text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Sizes {
    /// What kind.
    pub data: Carries,
    /// Of how many events.
    pub events: u64,
    /// Half of them are not larger.
    pub p50_bytes: u64,
    /// Of a hundred, one is larger.
    pub p99_bytes: u64,
    /// The largest.
    pub max_bytes: u64,
}

/// The sizes of some events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Measured {
    /// By kind, the smallest kind first.
    pub sizes: Vec<Sizes>,
    /// Items that the expression makes nothing of.
    pub underivable: u64,
}

#[derive(Deserialize)]
struct Parts<'p> {
    subject: String,
    tieoutorigin: Option<String>,
    #[serde(borrow)]
    data: &'p RawValue,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyAlone {
    #[serde(rename = "key")]
    _key: String,
}

/// Measures events, as JSON texts. `item` is what data is that is neither a key nor a provider's event: `mapped` where the domain maps. What is
/// no event is left out. `map` is tried on every whole item.
#[must_use]
pub fn measure<'p>(
    payloads: impl Iterator<Item = &'p str>,
    item: Carries,
    map: Option<&Expression>,
) -> Measured {
    let mut lengths: BTreeMap<Carries, Vec<u64>> = BTreeMap::new();
    let mut underivable = 0;
    for parts in payloads.filter_map(|payload| serde_json::from_str::<Parts<'_>>(payload).ok()) {
        let mut note = |carries, length: usize| lengths.entry(carries).or_default().push(length as u64);
        note(Carries::Thin, serde_json::json!({ "key": parts.subject }).to_string().len());
        let data = parts.data.get();
        let carries = match parts.tieoutorigin {
            Some(_) => Carries::Original,
            None if serde_json::from_str::<KeyAlone>(data).is_ok() => continue,
            None => item,
        };
        note(carries, data.len());
        if let (Carries::Full, Some(map)) = (carries, map) {
            match map.of_item(data) {
                Ok(mapped) => note(Carries::Mapped, mapped.len()),
                Err(_) => underivable += 1,
            }
        }
    }
    let sizes = lengths.into_iter().filter_map(|(data, lengths)| sizes(data, lengths)).collect();
    Measured { sizes, underivable }
}

fn sizes(data: Carries, mut lengths: Vec<u64>) -> Option<Sizes> {
    lengths.sort_unstable();
    // The smallest length that is not exceeded by more than so many of a hundred.
    let at = |percent: usize| lengths.get((lengths.len() * percent).div_ceil(100).saturating_sub(1)).copied();
    Some(Sizes {
        data,
        events: lengths.len() as u64,
        p50_bytes: at(50)?,
        p99_bytes: at(99)?,
        max_bytes: lengths.last().copied()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(key: &str, data: &str, origin: bool) -> String {
        let origin = if origin { r#","tieoutorigin":"evt_1""# } else { "" };
        format!(r#"{{"id":"x","subject":"{key}"{origin},"data":{data}}}"#)
    }

    #[test]
    fn each_kind_is_measured_by_what_was_carried_and_what_would_have_been() {
        let events = [
            payload("a", r#"{"id":"a","amount": 12.50}"#, false),
            payload("b", r#"{"id":"b","other":1}"#, false),
            payload("c", r#"{"key":"c"}"#, false),
            payload("d", r#"{"id":"evt_1","data":{}}"#, true),
            "no event".to_owned(),
        ];
        let map = Expression::parse("if .amount then {id} else error end").unwrap();
        let measured = measure(events.iter().map(String::as_str), Carries::Full, Some(&map));
        let told: Vec<_> = measured
            .sizes
            .iter()
            .map(|s| (s.data, s.events, s.p50_bytes, s.p99_bytes, s.max_bytes))
            .collect();
        assert_eq!(
            told,
            [
                (Carries::Thin, 4, 11, 11, 11),
                (Carries::Mapped, 1, 10, 10, 10),
                (Carries::Full, 2, 20, 26, 26),
                (Carries::Original, 1, 24, 24, 24),
            ]
        );
        assert_eq!(measured.underivable, 1);
        let mapped = measure(events.iter().map(String::as_str), Carries::Mapped, None);
        assert!(
            mapped.sizes.iter().all(|sizes| sizes.data != Carries::Full),
            "nobody knows how large its items were"
        );
    }

    #[test]
    fn one_of_a_hundred_is_larger_than_p99() {
        let sizes = sizes(Carries::Full, (1..=200).collect()).unwrap();
        assert_eq!((sizes.p50_bytes, sizes.p99_bytes, sizes.max_bytes), (100, 198, 200));
    }
}
