//! The digest of what the truth holds: another state has another digest, another spelling of one state has not.

use std::collections::BTreeMap;

use super::fields::Fields;
use super::rules::Rule;
use super::side::Values;
use crate::direction::Direction;
use crate::discrepancy::Digest;
use crate::items::ItemView;
use crate::row::Row;

impl Fields {
    /// The digest of the state that the truth holds; of nothing where it holds nothing.
    #[must_use]
    pub fn digest(&self, item: Option<ItemView<'_>>, row: Option<&Row<'_>>) -> Digest {
        match (self.direction, item, row) {
            (Direction::Inbound, Some(item), _) => self.digest_of(&item),
            (Direction::Outbound, _, Some(row)) => self.digest_of(&row),
            _ => Digest::of(""),
        }
    }

    fn digest_of<'a, V: Values<'a>>(&'a self, side: &V) -> Digest {
        let compared = self.fields.iter().enumerate().filter(|(_, field)| field.rule != Rule::Ignored);
        let members = compared.map(|(index, field)| {
            // An unreadable value counts as it was sent, so that another unreadable value has another digest.
            let value =
                self.normal(index, side).map_or_else(|_| side.value(index).as_sent(), |canon| canon.json());
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
