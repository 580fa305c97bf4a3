//! Judges a pair: equal, or what the discrepancy is. A pair is judged by what both sides hold now and by nothing else.

use super::fields::{FIELDS, Fields};
use super::normal::UnreadableField;
use super::rules::Rule;
use super::side::{Side, Values, of};
use super::version::{Versions, versions};
use crate::direction::Direction;
use crate::discrepancy::{Discrepancy, FieldDiff, Kind};
use crate::items::ItemView;
use crate::key::Key;
use crate::row::Row;
use crate::scalar::Canon;

impl Fields {
    /// Whether both sides agree on every field.
    pub fn agree(&self, item: ItemView<'_>, row: &Row<'_>) -> Result<bool, UnreadableField> {
        for (index, field) in self.fields.iter().enumerate() {
            if field.agrees_plainly(item.slot(FIELDS + index), row.fields.get(index)) {
                continue;
            }
            let upstream = self.normal(index, &item)?;
            let local = self.normal(index, &row)?;
            if !field.rule.agrees(&upstream, &local) {
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

    /// What the one side holds that the other lacks.
    fn one_side<'a, V: Values<'a>>(&'a self, side: &V) -> Result<Vec<FieldDiff>, UnreadableField> {
        let diffs = self.fields.iter().enumerate().map(|(index, field)| {
            let value = match &field.rule {
                Rule::Ignored => side.value(index).as_sent(),
                _ => self.normal(index, side)?.json(),
            };
            let value = Some(value.into());
            let (upstream, local) = of(V::SIDE, (value.clone(), None), (None, value));
            Ok(FieldDiff { field: field.name.clone(), upstream, local, hidden: None })
        });
        diffs.collect()
    }

    /// Where the two sides differ.
    fn both_sides(&self, item: ItemView<'_>, row: &Row<'_>) -> Result<Vec<FieldDiff>, UnreadableField> {
        let mut diffs = Vec::new();
        for (index, field) in self.fields.iter().enumerate() {
            let (upstream, local) = (self.normal(index, &item)?, self.normal(index, &row)?);
            if !field.rule.agrees(&upstream, &local) {
                let json = |canon: &Canon<'_>| Some(canon.json().into());
                let (upstream, local) = (json(&upstream), json(&local));
                diffs.push(FieldDiff { field: field.name.clone(), upstream, local, hidden: None });
            }
        }
        Ok(diffs)
    }
}

/// Equal versions with different fields mean that one side wrote what the marker does not cover.
fn conflict(item: Option<ItemView<'_>>, row: Option<&Row<'_>>) -> Option<String> {
    (versions(item?, row?) == Versions::Equal).then(|| "conflict".to_owned())
}
