//! A filter of sent events as JSON and back. Its times are instants, so that what was asked for is the same whenever it is carried on.

use serde::{Deserialize, Serialize};
use tieout_reconcilers::instant::{Instant, TimeFormat};
use tieout_reconcilers::key::Key;
use tieout_reconcilers::name::DomainName;
use uuid::Uuid;

use crate::store::SentFilter;

/// A filter as it is written. What does not restrict is left out.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    domains: Vec<DomainName>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    queues: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    types: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    keys: Vec<Key>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    run_id: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<String>,
}

impl SentFilter {
    /// The filter as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        let Self { domains, queues, types, keys, run_id, since, until } = self.clone();
        let [since, until] = [since, until].map(|at| at.map(|at: Instant| at.to_string()));
        let written = Written { domains, queues, types, keys, run_id, since, until };
        serde_json::to_string(&written).unwrap_or_default()
    }

    /// The filter of a JSON text; nothing where that is none, or says more than is understood.
    pub(super) fn from_json(text: &str) -> Option<Self> {
        let Written { domains, queues, types, keys, run_id, since, until } =
            serde_json::from_str(text).ok()?;
        let read = |at: Option<String>| at.map_or(Some(None), |at| TimeFormat::Rfc3339.read(&at).map(Some));
        Some(Self { domains, queues, types, keys, run_id, since: read(since)?, until: read(until)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_comes_back_as_it_was_and_one_that_is_not_understood_does_not() {
        let full = SentFilter {
            domains: vec!["shop.charges".parse().unwrap()],
            queues: vec!["billing".to_owned()],
            types: vec!["com.example.created".to_owned()],
            keys: vec![Key::checked("ch_1").unwrap()],
            run_id: Some(Uuid::nil()),
            since: Some(Instant::from_micros(1_234_567)),
            until: Some(Instant::from_micros(2_000_000)),
        };
        for filter in [SentFilter::default(), full] {
            assert_eq!(SentFilter::from_json(&filter.to_json()), Some(filter));
        }
        assert_eq!(SentFilter::default().to_json(), "{}");
        for wrong in ["", "7", r#"{"since":"yesterday"}"#, r#"{"newer":1}"#, r#"{"domains":["A B"]}"#] {
            assert_eq!(SentFilter::from_json(wrong), None, "{wrong}");
        }
    }
}
