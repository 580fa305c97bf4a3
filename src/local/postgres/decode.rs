//! Reads the binary values of PostgreSQL straight into scalars. Text is borrowed; numbers keep every digit.

use std::borrow::Cow;

use sqlx::TypeInfo as _;
use sqlx::postgres::{PgTypeInfo, PgTypeKind};
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::scalar::Scalar;

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
    /// `timestamptz`, and `timestamp` taken as UTC.
    Timestamp,
    /// `date`, the start of its day in UTC.
    Date,
    /// `json`.
    Json,
    /// `jsonb`.
    Jsonb,
}

/// The number of a type in the catalogue, which is fixed for built-in types.
pub(super) fn oid(type_info: &PgTypeInfo) -> u32 {
    type_info.oid().map_or(0, |oid| oid.0)
}

impl Kind {
    /// How a type is read, if it is one that can be compared.
    pub(super) fn of(type_info: &PgTypeInfo) -> Option<Self> {
        Some(match oid(type_info) {
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
            1114 | 1184 => Self::Timestamp,
            1082 => Self::Date,
            114 => Self::Json,
            3802 => Self::Jsonb,
            // Both are sent as their text.
            _ if matches!(type_info.kind(), PgTypeKind::Enum(_)) => Self::Text,
            _ if type_info.name() == "citext" => Self::Text,
            _ => return None,
        })
    }

    /// Whether such values identify items.
    pub(super) const fn can_be_key(self) -> bool {
        matches!(
            self,
            Self::Text | Self::Padded | Self::Int2 | Self::Int4 | Self::Int8 | Self::Numeric | Self::Uuid
        )
    }
}

/// Reads a value, or nothing where it is out of range (such as `infinity`) or not what its type promises.
#[inline]
pub(super) fn scalar(kind: Kind, bytes: &[u8]) -> Option<Scalar<'_>> {
    Some(match kind {
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
        Kind::Timestamp => Scalar::Instant(timestamp(i64::from_be_bytes(exactly(bytes)?))?),
        Kind::Date => Scalar::Instant(date(i32::from_be_bytes(exactly(bytes)?))?),
        Kind::Json => Scalar::from_json(Some(text(bytes)?.trim_ascii())),
        // The first byte is the version of the format.
        Kind::Jsonb => Scalar::from_json(Some(text(bytes.strip_prefix(&[1])?)?)),
    })
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
    (days != i32::MAX && days != i32::MIN).then(|| Instant::from_micros(i64::from(days) * DAY + EPOCH))
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
        assert_eq!(scalar(Kind::Timestamp, &i64::MAX.to_be_bytes()), None);
        assert_eq!(scalar(Kind::Date, &i32::MIN.to_be_bytes()), None);
        assert_eq!(scalar(Kind::Int8, &[0, 1]), None);
        assert_eq!(scalar(Kind::Text, &[0xff]), None);
        assert_eq!(scalar(Kind::Jsonb, b"\x02{}"), None);
    }

    #[test]
    fn a_float_is_the_shortest_text_that_means_it() {
        let float =
            |number: f64| scalar(Kind::Float8, &number.to_be_bytes().clone()).map(|s| format!("{s:?}"));
        assert_eq!(float(0.1), Some("Number(\"0.1\")".to_owned()));
        assert_eq!(float(1e300), Some("Number(\"1e300\")".to_owned()));
        assert_eq!(float(1000.0), Some("Number(\"1000.0\")".to_owned()));
    }
}
