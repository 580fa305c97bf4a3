//! The laws that every rule keeps, and examples of what each rule is for.

mod digest;
mod examples;
mod judging;
mod laws;
mod money;
mod versions;

use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::direction::Direction;
use crate::discrepancy::Discrepancy;
use crate::instant::TimeFormat;
use crate::items::Items;
use crate::key::Key;
use crate::money::Unit;
use crate::path::Path;
use crate::projection::{At, Projection};
use crate::row::Row;
use crate::scalar::Scalar;

/// Both sides of one item.
struct Pair {
    items: Items,
    raw: String,
    row: Row<'static>,
}

impl Pair {
    /// An item with the members `version` and `f0`, `f1`, ... beside a row with the same.
    fn of(upstream: &str, version: Scalar<'static>, local: Vec<Scalar<'static>>) -> Self {
        let slots = ["id", "at", "version", "f0", "f1"].map(|name| Path::try_from(name.to_owned()).ok());
        let projection = Projection::new(&At::required(Path::root()), &slots, &[], 9);
        let raw = format!(r#"{{"id":"k",{upstream}}}"#);
        let items = projection.read_item(raw.as_bytes()).unwrap().items;
        let row = Row { key: "k".into(), clock: None, changed: None, version, fields: local, whole: None };
        Self { items, raw, row }
    }

    /// One field, without versions.
    fn field(upstream: &str, local: Scalar<'static>) -> Self {
        Self::of(&format!(r#""f0":{upstream}"#), Scalar::Absent, vec![local])
    }

    fn agrees(&self, fields: &Fields) -> Result<bool, String> {
        fields.agree(self.items.get(0).unwrap(), &self.row).map_err(|fault| fault.to_string())
    }

    fn judge(&self, fields: &Fields) -> Option<Discrepancy> {
        let item = self.items.get(0).unwrap();
        fields.judge(&Key::checked("k").unwrap(), Some((item, &self.raw)), Some(&self.row))
    }

    fn digest(&self, fields: &Fields) -> String {
        fields.digest(self.items.get(0), None).as_str().to_owned()
    }
}

fn field(index: usize, rule: Rule) -> Field {
    let name = format!("f{index}");
    Field {
        upstream: Path::try_from(name.clone()).unwrap(),
        local: name.clone().into(),
        name: name.into(),
        rule,
    }
}

fn one(rule: Rule) -> Fields {
    Fields { fields: vec![field(0, rule)], money: None, direction: Direction::Inbound }
}

fn words(pairs: &[(&str, &str)]) -> Rule {
    let boxed = pairs.iter().map(|(a, b)| ((*a).into(), (*b).into()));
    Rule::Map(boxed.collect::<BTreeMap<_, _>>())
}

fn text(text: &str) -> Scalar<'static> {
    Scalar::Text(text.to_owned().into())
}

fn number(text: &str) -> Scalar<'static> {
    Scalar::Number(text.to_owned().into())
}

fn time(upstream: TimeFormat, local: TimeFormat, precision: Duration) -> Rule {
    Rule::Time { upstream: upstream.into(), local, precision }
}

/// An amount in `f0` with its currency in `f1`.
fn amounts(upstream: Unit, local: Unit) -> Fields {
    Fields {
        fields: vec![field(0, Rule::Money { upstream, local, currency: 1 }), field(1, Rule::FoldCase)],
        money: Some(MoneyFields { amount: 0, currency: 1, upstream, local }),
        direction: Direction::Inbound,
    }
}
