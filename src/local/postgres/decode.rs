//! Reads the binary values of PostgreSQL straight into scalars. Text is borrowed; numbers keep every digit.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDateTime};
use sqlx::TypeInfo as _;
use sqlx::postgres::{PgTypeInfo, PgTypeKind};
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::scalar::Scalar;
use tieout_reconcilers::zone::{Shown, Zone};

use crate::local::columns::Value;
use crate::local::decoders::{Decoding, Unfit};

/// Microseconds from 1970 to 2000, where PostgreSQL's time begins.
const EPOCH: i64 = 946_684_800_000_000;
const DAY: i64 = 86_400_000_000;

/// How the values of a column are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text of any length, names, enumerations.
    Text,
    /// `char(n)`, whose trailing blanks mean nothing.
    Padded,
    /// `smallint`.
    Int2,
    /// `integer`.
    Int4,
    /// `bigint`.
    Int8,
    /// `boolean`.
    Bool,
    /// `numeric`.
    Numeric,
    /// `real`.
    Float4,
    /// `double precision`.
    Float8,
    /// `uuid`.
    Uuid,
    /// `money`, with as many decimal places as the server's `lc_monetary` has.
    Money(u8),
    /// `timestamptz`.
    Zoned,
    /// `timestamp`, as the clocks of a zone show it.
    Unzoned(Zone),
    /// `date`, the start of its day in a zone.
    Date(Zone),
    /// `json`.
    Json,
    /// `jsonb`.
    Jsonb,
}

/// What the types themselves do not say.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Setting {
    /// The zone of times and dates that are stored without one.
    pub(super) zone: Option<Zone>,
    /// The decimal places of `money`, where a column of it is read.
    pub(super) money: u8,
}

/// The number of `money` in the catalogue.
pub(super) const MONEY: u32 = 790;

/// The number of a type in the catalogue, which is fixed for built-in types.
pub(super) fn oid(type_info: &PgTypeInfo) -> u32 {
    type_info.oid().map_or(0, |oid| oid.0)
}

impl Kind {
    /// How a type is read, if it is one that can be compared.
    pub(super) fn of(type_info: &PgTypeInfo, setting: Setting) -> Result<Self, Unfit> {
        let zone = || setting.zone.ok_or(Unfit::Zoneless);
        Ok(match oid(type_info) {
            19 | 25 | 1043 => Self::Text,
            1042 => Self::Padded,
            21 => Self::Int2,
            23 => Self::Int4,
            20 => Self::Int8,
            16 => Self::Bool,
            1700 => Self::Numeric,
            700 => Self::Float4,
            701 => Self::Float8,
            2950 => Self::Uuid,
            MONEY => Self::Money(setting.money),
            1184 => Self::Zoned,
            1114 => Self::Unzoned(zone()?),
            1082 => Self::Date(zone()?),
            114 => Self::Json,
            3802 => Self::Jsonb,
            // Both are sent as their text.
            _ if matches!(type_info.kind(), PgTypeKind::Enum(_)) => Self::Text,
            _ if type_info.name() == "citext" => Self::Text,
            _ => return Err(Unfit::Type),
        })
    }
}

impl Decoding for Kind {
    fn can_be_key(self) -> bool {
        matches!(
            self,
            Self::Text | Self::Padded | Self::Int2 | Self::Int4 | Self::Int8 | Self::Numeric | Self::Uuid
        )
    }
}

/// Reads a value, or nothing where it is out of range (such as `infinity`) or not what its type promises.
#[inline]
pub(super) fn value(kind: Kind, bytes: &[u8]) -> Option<Value<'_>> {
    Some(Value::Is(match kind {
        Kind::Text => Scalar::Text(Cow::Borrowed(text(bytes)?)),
        Kind::Padded => Scalar::Text(Cow::Borrowed(text(bytes)?.trim_end_matches(' '))),
        Kind::Int2 => Scalar::Int(i16::from_be_bytes(exactly(bytes)?).into()),
        Kind::Int4 => Scalar::Int(i32::from_be_bytes(exactly(bytes)?).into()),
        Kind::Int8 => Scalar::Int(i64::from_be_bytes(exactly(bytes)?)),
        Kind::Bool => Scalar::Bool(*bytes.first()? != 0),
        Kind::Numeric => numeric(bytes)?,
        // The shortest text that means the same float.
        Kind::Float4 => Scalar::Number(format!("{:?}", f32::from_be_bytes(exactly(bytes)?)).into()),
        Kind::Float8 => Scalar::Number(format!("{:?}", f64::from_be_bytes(exactly(bytes)?)).into()),
        Kind::Uuid => Scalar::Text(uuid::Uuid::from_slice(bytes).ok()?.to_string().into()),
        Kind::Money(places) => money(i64::from_be_bytes(exactly(bytes)?), places),
        Kind::Zoned => Scalar::Instant(timestamp(i64::from_be_bytes(exactly(bytes)?))?),
        Kind::Unzoned(zone) => {
            let time = timestamp(i64::from_be_bytes(exactly(bytes)?))?;
            return Some(Value::Shown(zone.read(dated(time)?)));
        }
        Kind::Date(zone) => {
            let day = date(i32::from_be_bytes(exactly(bytes)?))?;
            return Some(Value::Shown(Shown::Once(zone.day(dated(day)?.date()))));
        }
        Kind::Json => Scalar::from_json(Some(text(bytes)?.trim_ascii())),
        // The first byte is the version of the format.
        Kind::Jsonb => Scalar::from_json(Some(text(bytes.strip_prefix(&[1])?)?)),
    }))
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

fn exactly<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.try_into().ok()
}

/// The extremes stand for `infinity` and `-infinity`.
fn timestamp(micros: i64) -> Option<Instant> {
    (micros != i64::MAX && micros != i64::MIN).then(|| micros.checked_add(EPOCH).map(Instant::from_micros))?
}

fn date(days: i32) -> Option<Instant> {
    (days != i32::MAX && days != i32::MIN)
        .then(|| i64::from(days).checked_mul(DAY)?.checked_add(EPOCH).map(Instant::from_micros))?
}

/// Where a time lies on a calendar, unless it is beyond all dates.
fn dated(time: Instant) -> Option<NaiveDateTime> {
    DateTime::from_timestamp_micros(time.micros()).map(|time| time.naive_utc())
}

/// The number of smallest units of an amount as the amount itself.
fn money(units: i64, places: u8) -> Scalar<'static> {
    if places == 0 {
        return Scalar::Int(units);
    }
    let places = usize::from(places);
    let digits = format!("{:0width$}", units.unsigned_abs(), width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    let sign = if units < 0 { "-" } else { "" };
    Scalar::Number(format!("{sign}{whole}.{fraction}").into())
}

/// Reads digits to the base of 10,000. A decimal type would round what is longer than it can hold; the text does not.
fn numeric(bytes: &[u8]) -> Option<Scalar<'_>> {
    let (header, digits) = bytes.split_first_chunk::<8>()?;
    let word = |index: usize| i16::from_be_bytes([header[index], header[index + 1]]);
    let (weight, scale) = (i32::from(word(2)), usize::try_from(word(6)).ok()?);
    let negative = match word(4).cast_unsigned() {
        0x0000 => false,
        0x4000 => true,
        // NaN and the infinities.
        _ => return None,
    };
    let digit = |place: i32| {
        let at = usize::try_from(place).ok().map_or(usize::MAX, |place| place.saturating_mul(2));
        let pair = digits.get(at..at.saturating_add(2));
        pair.map_or(0, |pair| i16::from_be_bytes([pair[0], pair[1]]))
    };
    if scale == 0 && weight < 4 {
        // At most sixteen digits.
        let whole = (0..=weight).fold(0, |sum, place| sum * 10_000 + i64::from(digit(place)));
        return Some(Scalar::Int(if negative { -whole } else { whole }));
    }
    let text = numeric_text(negative, weight, scale, digit);
    Some(text.parse().map_or(Scalar::Number(text.into()), Scalar::Int))
}

fn numeric_text(negative: bool, weight: i32, scale: usize, digit: impl Fn(i32) -> i16) -> String {
    let mut text = String::with_capacity(24 + scale);
    if negative {
        text.push('-');
    }
    let start = text.len();
    for place in 0..=weight {
        push_four(&mut text, digit(place));
    }
    let zeros = text[start..].bytes().take_while(|b| *b == b'0').count();
    text.replace_range(start..start + zeros, if zeros == text.len() - start { "0" } else { "" });
    if scale > 0 {
        text.push('.');
        let end = text.len() + scale;
        let mut place = weight + 1;
        while text.len() < end {
            push_four(&mut text, digit(place));
            place += 1;
        }
        text.truncate(end);
    }
    text
}

fn push_four(text: &mut String, digit: i16) {
    for divisor in [1_000, 100, 10, 1] {
        let figure = u8::try_from(digit / divisor % 10).unwrap_or_default();
        text.push(char::from(b'0' + figure));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn infinite_instants_and_torn_values_are_out_of_range() {
        assert_eq!(value(Kind::Zoned, &i64::MAX.to_be_bytes()), None);
        assert_eq!(value(Kind::Unzoned(Zone::UTC), &i64::MIN.to_be_bytes()), None);
        assert_eq!(value(Kind::Date(Zone::UTC), &i32::MIN.to_be_bytes()), None);
        assert_eq!(value(Kind::Date(Zone::UTC), &(i32::MAX - 1).to_be_bytes()), None, "beyond all dates");
        assert_eq!(value(Kind::Int8, &[0, 1]), None);
        assert_eq!(value(Kind::Text, &[0xff]), None);
        assert_eq!(value(Kind::Jsonb, b"\x02{}"), None);
    }

    #[test]
    fn money_has_the_decimal_places_of_its_locale() {
        let read = |units, places| match money(units, places) {
            Scalar::Number(text) => text.into_owned(),
            Scalar::Int(whole) => whole.to_string(),
            other => format!("{other:?}"),
        };
        assert_eq!(read(-5, 2), "-0.05");
        assert_eq!(read(123_456, 2), "1234.56");
        assert_eq!(read(1_500, 3), "1.500");
        assert_eq!(read(7, 0), "7");
        assert_eq!(read(i64::MIN, 2), "-92233720368547758.08");
    }

    #[test]
    fn a_float_is_the_shortest_text_that_means_it() {
        let float = |number: f64| value(Kind::Float8, &number.to_be_bytes()).map(|s| format!("{s:?}"));
        assert_eq!(float(0.1), Some("Is(Number(\"0.1\"))".to_owned()));
        assert_eq!(float(1e300), Some("Is(Number(\"1e300\"))".to_owned()));
        assert_eq!(float(1000.0), Some("Is(Number(\"1000.0\"))".to_owned()));
    }
}
