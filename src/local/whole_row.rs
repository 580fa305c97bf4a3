//! A row as one JSON object by the names of its columns, which is what an outbound domain sends.

use tieout_reconcilers::scalar::Scalar;

/// The object so far.
#[derive(Debug, Default)]
pub(super) struct WholeRow(String);

impl WholeRow {
    /// Adds a column. Numbers keep all their digits, times are RFC 3339 in UTC, and JSON stays JSON.
    pub(super) fn add(&mut self, name: &str, value: &Scalar<'_>) {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        self.0.push_str(&text(name));
        self.0.push(':');
        self.0.push_str(&json(value));
    }

    /// The object.
    pub(super) fn finish(mut self) -> Box<str> {
        self.0.push_str(if self.0.is_empty() { "{}" } else { "}" });
        self.0.into()
    }
}

fn json(value: &Scalar<'_>) -> String {
    match value {
        Scalar::Absent | Scalar::Null => "null".to_owned(),
        Scalar::Bool(flag) => flag.to_string(),
        Scalar::Int(whole) => whole.to_string(),
        Scalar::Instant(at) => format!("\"{at}\""),
        Scalar::Text(any) => text(any),
        // A database knows numbers that JSON does not, such as `NaN`.
        Scalar::Number(raw) | Scalar::Json(raw) if is_json(raw) => raw.to_string(),
        Scalar::Number(raw) | Scalar::Json(raw) => text(raw),
    }
}

fn text(any: &str) -> String {
    serde_json::Value::from(any).to_string()
}

fn is_json(raw: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(raw).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tieout_reconcilers::instant::Instant;

    #[test]
    fn every_value_keeps_what_it_says() {
        let mut whole = WholeRow::default();
        let values = [
            ("id", Scalar::Text("a\"1".into())),
            ("big", Scalar::Number("18446744073709551616.10".into())),
            ("none", Scalar::Null),
            ("nan", Scalar::Number("NaN".into())),
            ("tags", Scalar::Json(r#"{"a": [1]}"#.into())),
            ("paid", Scalar::Bool(true)),
            ("at", Scalar::Instant(Instant::from_micros(1_500_000))),
        ];
        for (name, value) in &values {
            whole.add(name, value);
        }
        assert_eq!(
            &*whole.finish(),
            r#"{"id":"a\"1","big":18446744073709551616.10,"none":null,"nan":"NaN","tags":{"a": [1]},"paid":true,"at":"1970-01-01T00:00:01.500Z"}"#
        );
        assert_eq!(&*WholeRow::default().finish(), "{}");
    }
}
