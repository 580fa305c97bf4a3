//! How the provider's change markers of two sides stand to each other.

use std::cmp::Ordering;

use super::fields::VERSION;
use crate::instant::TimeFormat;
use crate::items::ItemView;
use crate::number::decimal;
use crate::row::Row;
use crate::scalar::{Canon, Scalar};

/// How the provider's change markers of the two sides stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Versions {
    /// One side has none, or they cannot be ordered.
    Unknown,
    /// The local side is newer than the item as it was read.
    LocalAhead,
    /// Both are the same.
    Equal,
    /// Upstream is newer.
    UpstreamAhead,
}

/// How the change markers of an item and its row stand to each other.
#[must_use]
pub fn versions(item: ItemView<'_>, row: &Row<'_>) -> Versions {
    // Most feeds have no marker, and then nothing of the row has to be read.
    let Some(raw) = item.slot(VERSION) else { return Versions::Unknown };
    let (Some(upstream), Some(local)) = (marker(&Scalar::from_json(Some(raw))), marker(&row.version)) else {
        return Versions::Unknown;
    };
    match order(&upstream, &local) {
        None => Versions::Unknown,
        Some(Ordering::Less) => Versions::LocalAhead,
        Some(Ordering::Equal) => Versions::Equal,
        Some(Ordering::Greater) => Versions::UpstreamAhead,
    }
}

fn order(upstream: &Canon<'_>, local: &Canon<'_>) -> Option<Ordering> {
    match (upstream, local) {
        (Canon::Int(a), Canon::Int(b)) => Some(a.cmp(b)),
        (Canon::Instant(a), Canon::Instant(b)) => Some(a.cmp(b)),
        (Canon::Decimal(a), Canon::Decimal(b)) => Some(a.cmp(b)),
        (Canon::Int(a), Canon::Decimal(b)) => Some(rust_decimal::Decimal::from(*a).cmp(b)),
        (Canon::Decimal(a), Canon::Int(b)) => Some(a.cmp(&rust_decimal::Decimal::from(*b))),
        (a, b) => (a == b).then_some(Ordering::Equal),
    }
}

/// A change marker in a form that can be ordered: a number, an instant, or text that can only be equal.
fn marker<'a>(value: &Scalar<'a>) -> Option<Canon<'a>> {
    let number = |text: &str| decimal(text).map(Canon::number);
    match value {
        Scalar::Int(whole) => Some(Canon::Int(*whole)),
        Scalar::Instant(at) => Some(Canon::Instant(*at)),
        Scalar::Number(text) => number(text),
        Scalar::Text(text) if text.is_empty() => None,
        Scalar::Text(text) => {
            let instant = || TimeFormat::Rfc3339.read(text).map(Canon::Instant);
            number(text).or_else(instant).or_else(|| Some(Canon::Text(text.clone())))
        }
        _ => None,
    }
}
