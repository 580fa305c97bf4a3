//! The digest of what upstream holds: another state has another digest, another spelling of one state has not.

use std::collections::BTreeMap;

use super::fields::Fields;
use super::side::Values;
use crate::discrepancy::Digest;
use crate::items::ItemView;
use crate::scalar::Scalar;

impl Fields {
    /// The digest of the state that upstream holds; of nothing where it holds nothing.
    #[must_use]
    pub fn digest(&self, item: Option<ItemView<'_>>) -> Digest {
        let Some(item) = item else { return Digest::of("") };
        let members = self.fields.iter().enumerate().map(|(index, field)| {
            let value =
                self.normal(index, &item).map_or_else(|_| as_sent(&item.value(index)), |canon| canon.json());
            (field.name.as_ref(), value)
        });
        // A BTreeMap sorts the names, so the order of the definition does not matter.
        let sorted: BTreeMap<&str, String> = members.collect();
        let body: Vec<String> = sorted
            .iter()
            .map(|(name, value)| format!("{}:{value}", serde_json::Value::from(*name)))
            .collect();
        Digest::of(&format!("{{{}}}", body.join(",")))
    }
}

/// An unreadable value as it was sent, so that another unreadable value has another digest.
fn as_sent(value: &Scalar<'_>) -> String {
    match value {
        Scalar::Absent | Scalar::Null => "null".to_owned(),
        Scalar::Bool(flag) => flag.to_string(),
        Scalar::Int(whole) => whole.to_string(),
        Scalar::Number(text) | Scalar::Json(text) => text.to_string(),
        Scalar::Text(text) => serde_json::Value::from(text.as_ref()).to_string(),
        Scalar::Instant(at) => format!("\"{at}\""),
    }
}
