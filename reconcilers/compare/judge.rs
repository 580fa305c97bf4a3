//! Judges a pair: equal, or what the discrepancy is. A pair is judged by what both sides hold now and by nothing else.

use std::collections::BTreeMap;

use super::fields::Fields;
use super::normal::{UnreadableField, of, same};
use super::side::{Side, Values};
use super::version::{Versions, versions};
use crate::direction::Direction;
use crate::discrepancy::{Digest, Discrepancy, FieldDiff, Kind};
use crate::items::ItemView;
use crate::key::Key;
use crate::row::Row;
use crate::scalar::{Canon, Scalar};

impl Fields {
    /// Whether both sides agree on every field.
    pub fn agree(&self, item: ItemView<'_>, row: &Row<'_>) -> Result<bool, UnreadableField> {
        for index in 0..self.fields.len() {
            let upstream = self.normal(index, &item)?;
            let local = self.normal(index, &row)?;
            if !same(&upstream, &local) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether every compared field of an item can be read.
    pub fn readable(&self, item: ItemView<'_>) -> Result<(), UnreadableField> {
        (0..self.fields.len()).try_for_each(|index| self.normal(index, &item).map(drop))
    }

    /// Judges a pair from scratch: the discrepancy between what the two sides hold now, or nothing where they agree or the
    /// copy is ahead.
    ///
    /// `upstream` is the item with the whole JSON text it came from.
    #[must_use]
    pub fn judge(
        &self,
        key: &Key,
        upstream: Option<(ItemView<'_>, &str)>,
        local: Option<&Row<'_>>,
    ) -> Option<Discrepancy> {
        let item = upstream.map(|(item, _)| item);
        let (kind, outcome) = match (item, local) {
            (None, None) => return None,
            (Some(item), None) => (self.direction.kind_of_only(Side::Upstream), self.one_side(&item)),
            (None, Some(row)) => (self.direction.kind_of_only(Side::Local), self.one_side(&row)),
            (Some(item), Some(row)) if self.is_copy_ahead(item, row) => return None,
            (Some(item), Some(row)) => (Kind::Mismatched, self.both_sides(item, row)),
        };
        let (kind, fields, reason) = match outcome {
            Ok(fields) if kind == Kind::Mismatched && fields.is_empty() => return None,
            Ok(fields) => (kind, fields, conflict(item, local)),
            Err(fault) => (Kind::Unreadable, Vec::new(), Some(fault.to_string())),
        };
        Some(Discrepancy {
            key: key.clone(),
            kind,
            fields,
            digest: self.digest(item, local),
            reason,
            amount: self.at_stake(item, local),
            truth: match self.direction {
                Direction::Inbound => upstream.map(|(_, raw)| raw.into()),
                Direction::Outbound => local.and_then(|row| row.whole.clone()),
            },
            original: None,
        })
    }

    /// Whether the copy is newer than the truth, so that a difference is no drift.
    #[must_use]
    pub fn is_copy_ahead(&self, item: ItemView<'_>, row: &Row<'_>) -> bool {
        self.direction.is_copy_ahead(versions(item, row))
    }

    /// The digest of the state that the truth holds; of nothing where it holds nothing.
    #[must_use]
    pub fn digest(&self, item: Option<ItemView<'_>>, row: Option<&Row<'_>>) -> Digest {
        match (self.direction, item, row) {
            (Direction::Inbound, Some(item), _) => self.digest_of(&item),
            (Direction::Outbound, _, Some(row)) => self.digest_of(&row),
            _ => Digest::of(""),
        }
    }

    fn digest_of<'a, V: Values<'a>>(&self, side: &V) -> Digest {
        let members = self.fields.iter().enumerate().map(|(index, field)| {
            let value =
                self.normal(index, side).map_or_else(|_| as_sent(&side.value(index)), |canon| canon.json());
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

    /// What the one side holds that the other lacks.
    fn one_side<'a, V: Values<'a>>(&self, side: &V) -> Result<Vec<FieldDiff>, UnreadableField> {
        let diffs = self.fields.iter().enumerate().map(|(index, field)| {
            let value = Some(self.normal(index, side)?.json().into());
            let (upstream, local) = of(V::SIDE, (value.clone(), None), (None, value));
            Ok(FieldDiff { field: field.name.clone(), upstream, local })
        });
        diffs.collect()
    }

    /// Where the two sides differ.
    fn both_sides(&self, item: ItemView<'_>, row: &Row<'_>) -> Result<Vec<FieldDiff>, UnreadableField> {
        let mut diffs = Vec::new();
        for (index, field) in self.fields.iter().enumerate() {
            let (upstream, local) = (self.normal(index, &item)?, self.normal(index, &row)?);
            if !same(&upstream, &local) {
                let json = |canon: &Canon<'_>| Some(canon.json().into());
                let (upstream, local) = (json(&upstream), json(&local));
                diffs.push(FieldDiff { field: field.name.clone(), upstream, local });
            }
        }
        Ok(diffs)
    }
}

/// Equal versions with different fields mean that one side wrote what the marker does not cover.
fn conflict(item: Option<ItemView<'_>>, row: Option<&Row<'_>>) -> Option<String> {
    (versions(item?, row?) == Versions::Equal).then(|| "conflict".to_owned())
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
