//! Writes instants and keys as the types of their columns, so that indexes are used: the MySQL protocol does not say what
//! a server takes a parameter for.

use sqlx::Arguments as _;
use sqlx::mysql::{MySqlArguments, MySqlTypeInfo};
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::reconciler::Local;
use tieout_reconcilers::window::Window;
use tieout_reconcilers::zone::Zone;

use super::decode::Kind;
use crate::local::error::DefinitionFault;
use crate::local::padded::padded;
use crate::local::times::{Times, sortable};

/// What the bounds of a range are written as.
#[derive(Debug, Clone, Copy)]
pub(super) enum InstantType {
    /// `timestamp`, in universal time.
    Zoned,
    /// `datetime`, as the clocks of a zone show it.
    Unzoned(Zone),
    /// `date` in a zone.
    Date(Zone),
    /// A number or text in the domain's format.
    Written(Times),
}

/// One of the two bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    /// `:from`.
    From,
    /// `:to`.
    To,
}

impl InstantType {
    /// As the clock column is read.
    pub(super) const fn of(clock: Kind, times: Times) -> Self {
        match clock {
            Kind::Zoned => Self::Zoned,
            Kind::Unzoned(zone) => Self::Unzoned(zone),
            Kind::Date(zone) => Self::Date(zone),
            _ => Self::Written(times),
        }
    }

    /// As the domain says that times are stored.
    pub(super) fn of_a_number(local: &Local) -> Self {
        let times = Times::of(local);
        match local.zone {
            _ if times.are_numbers() => Self::Written(times),
            Some(zone) => Self::Unzoned(zone),
            None => Self::Zoned,
        }
    }

    /// Adds a bound. What a clock shows more than once is bounded so widely that nothing is left out.
    pub(super) fn add(
        self,
        window: Window,
        bound: Bound,
        values: &mut MySqlArguments,
    ) -> Result<(), sqlx::Error> {
        let pick = |from, to| if bound == Bound::From { from } else { to };
        let at: Instant = pick(window.from(), window.to());
        let added = match self {
            Self::Zoned => values.add(at.utc().naive_utc()),
            Self::Unzoned(zone) => {
                let readings = zone.readings(window.from(), window.to());
                values.add(if bound == Bound::From { readings.from } else { readings.to })
            }
            Self::Date(zone) => values.add(zone.first_day_from(at)),
            Self::Written(times) => {
                let [from, to] = times.bounds(window);
                let text = if bound == Bound::From { from } else { to };
                match text.parse::<i64>() {
                    Ok(number) if times.are_numbers() => values.add(number),
                    _ => values.add(sortable(&text)),
                }
            }
        };
        added.map_err(sqlx::Error::Encode)
    }
}

/// What `:keys` are written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeysType {
    /// Text.
    Text,
    /// Whole numbers. As text they would be compared as floats, which takes neighbours for the same.
    Signed,
    /// Whole numbers that are never negative.
    Unsigned,
    /// Whole numbers of up to 65 digits.
    Decimal,
}

impl KeysType {
    /// As the key column is read.
    pub(super) const fn of(key: Kind) -> Self {
        match key {
            Kind::Signed => Self::Signed,
            Kind::Unsigned => Self::Unsigned,
            Kind::Decimal => Self::Decimal,
            _ => Self::Text,
        }
    }

    /// How a key is written in the SQL. A long number has no type of its own in the protocol.
    pub(super) const fn placeholder(self) -> &'static str {
        if matches!(self, Self::Decimal) { "CAST(? AS DECIMAL(65, 0))" } else { "?" }
    }

    /// Whether the column's type can hold a key at all; a key that it cannot hold is absent.
    pub(super) fn holds(self, key: &Key) -> bool {
        match self {
            Self::Text => true,
            Self::Signed => whole::<i64>(key).is_some(),
            Self::Unsigned => whole::<u64>(key).is_some(),
            Self::Decimal => is_whole(key.as_str()),
        }
    }

    /// Adds keys that the type can hold; the last one fills the rest of the list.
    pub(super) fn add(self, keys: &[Key], values: &mut MySqlArguments) -> Result<(), sqlx::Error> {
        for key in padded(keys) {
            let added = match self {
                Self::Text | Self::Decimal => values.add(key.as_str()),
                Self::Signed => values.add(whole::<i64>(key)),
                Self::Unsigned => values.add(whole::<u64>(key)),
            };
            added.map_err(sqlx::Error::Encode)?;
        }
        Ok(())
    }
}

/// A whole number written the only way it would be written back: `007` is text that no integer column holds.
fn whole<N: std::str::FromStr + ToString>(key: &Key) -> Option<N> {
    key.as_str().parse().ok().filter(|number: &N| number.to_string() == key.as_str())
}

/// Whether a text is a whole number of up to 65 digits, written the only way it would be written back.
fn is_whole(key: &str) -> bool {
    let digits = key.strip_prefix('-').unwrap_or(key);
    let is_number = (1..=65).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    is_number && (key == "0" || !digits.starts_with('0'))
}

/// The fault of a time or date without a zone.
pub(super) fn zoneless(column: &str, type_info: &MySqlTypeInfo) -> DefinitionFault {
    let type_name = sqlx::TypeInfo::name(type_info).to_lowercase().into();
    DefinitionFault::Zoneless { what: format!("column `{column}`").into(), type_name }
}
