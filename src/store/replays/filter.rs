//! What a replay was asked for, as a column keeps it.

use serde_json::json;

use crate::store::SentFilter;

impl SentFilter {
    /// The filter as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        json!(self).to_string()
    }

    /// The filter of a JSON text; nothing where that is none, or says more than is understood.
    pub(super) fn from_json(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use tieout_reconcilers::instant::Instant;
    use tieout_reconcilers::key::Key;
    use uuid::Uuid;

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
