//! The laws that every rule keeps, and examples of what each rule is for.

mod blank;
mod digest;
mod examples;
mod fold;
mod ignored;
mod judging;
mod laws;
mod money;
mod time;
mod tolerance;
mod unordered;
mod versions;

use std::time::Duration;

use super::*;
use crate::direction::Direction;
use crate::discrepancy::Discrepancy;
use crate::instant::TimeFormat;
use crate::items::Items;
use crate::key::Key;
use crate::money::{Currencies, Unit};
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
        let slots =
            ["id", "at", "version", "f0", "f1", "f2"].map(|name| Path::try_from(name.to_owned()).ok());
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
    Field::named(&Path::of_member(&format!("f{index}")), rule)
}

fn one(rule: Rule) -> Fields {
    Fields::of(vec![field(0, rule)])
}

fn blank(nothings: &[Nothing], rule: Rule) -> Fields {
    Fields::of(vec![Field { blank: Blank::of(nothings.to_vec()), ..field(0, rule) }])
}

fn words(pairs: &[(&str, &str)]) -> Rule {
    Rule::Words(Words::mapped(pairs.iter().copied(), Fold::default()).unwrap())
}

fn text(text: &str) -> Scalar<'static> {
    Scalar::Text(text.to_owned().into())
}

fn number(text: &str) -> Scalar<'static> {
    Scalar::Number(text.to_owned().into())
}

fn time(upstream: TimeFormat, local: TimeFormat, precision: Duration) -> Rule {
    Rule::Time(TimeRule { upstream: upstream.into(), local, precision })
}

/// An amount in `f0` with its currency in `f1`.
fn amounts(upstream: Unit, local: Unit) -> Fields {
    Fields {
        fields: vec![field(0, money(upstream, local)), field(1, Rule::fold_case())],
        money: Some(MoneyFields { amount: 0, currency: 1, upstream, local }),
        direction: Direction::Inbound,
        currencies: Currencies::iso(),
    }
}

fn money(upstream: Unit, local: Unit) -> Rule {
    Rule::Money(MoneyRule { upstream, local, currency: 1 })
}
