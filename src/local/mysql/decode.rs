//! Reads the binary values of the MySQL protocol straight into scalars. Text is borrowed; numbers keep every digit.

use std::borrow::Cow;

use chrono::{NaiveDate, NaiveDateTime};
use sqlx::mysql::{MySqlTypeInfo, MySqlValueRef};
use sqlx::{Decode, MySql as Driver, Type, TypeInfo as _, ValueRef as _};
use tieout_reconcilers::scalar::Scalar;
use tieout_reconcilers::zone::{Shown, Zone};

use crate::local::columns::{Cell, Value};
use crate::local::decoders::{Decoding, Unfit};

/// How the values of a column are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text of any length, enumerations, sets.
    Text,
    /// Whole numbers of up to 64 bits.
    Signed,
    /// Whole numbers of up to 64 bits that are never negative.
    Unsigned,
    /// `tinyint(1)`, which `boolean` stands for.
    Bool,
    /// `bit(1)`.
    Bit,
    /// `decimal`, which is sent as text.
    Decimal,
    /// `float`.
    Float,
    /// `double`.
    Double,
    /// `timestamp`.
    Zoned,
    /// `datetime`, as the clocks of a zone show it.
    Unzoned(Zone),
    /// `date`, the start of its day in a zone.
    Date(Zone),
    /// `json`.
    Json,
    /// A column without a type, which only holds nulls.
    Null,
}

impl Kind {
    /// How a type is read, if it is one that can be compared.
    pub(super) fn of(type_info: &MySqlTypeInfo, zone: Option<Zone>) -> Result<Self, Unfit> {
        // The driver names text of a binary collation, such as `utf8mb4_bin`, like bytes; it knows the two apart all the same.
        if <str as Type<Driver>>::compatible(type_info) {
            return Ok(Self::Text);
        }
        let zone = || zone.ok_or(Unfit::Zoneless);
        Ok(match type_info.name() {
            "ENUM" | "SET" => Self::Text,
            "TINYINT" | "SMALLINT" | "MEDIUMINT" | "INT" | "BIGINT" => Self::Signed,
            "TINYINT UNSIGNED" | "SMALLINT UNSIGNED" | "MEDIUMINT UNSIGNED" | "INT UNSIGNED"
            | "BIGINT UNSIGNED" | "YEAR" => Self::Unsigned,
            "BOOLEAN" => Self::Bool,
            "BIT" => Self::Bit,
            "DECIMAL" => Self::Decimal,
            "FLOAT" => Self::Float,
            "DOUBLE" => Self::Double,
            "TIMESTAMP" => Self::Zoned,
            "DATETIME" => Self::Unzoned(zone()?),
            "DATE" => Self::Date(zone()?),
            "JSON" => Self::Json,
            "NULL" => Self::Null,
            _ => return Err(Unfit::Type),
        })
    }
}

impl Decoding for Kind {
    fn can_be_key(self) -> bool {
        matches!(self, Self::Text | Self::Signed | Self::Unsigned | Self::Decimal)
    }
}

/// Reads a value.
#[inline]
pub(super) fn cell(kind: Kind, value: MySqlValueRef<'_>) -> Cell<'_> {
    let is_null = value.is_null();
    let Ok(bytes) = <&[u8] as Decode<Driver>>::decode(value.clone()) else {
        return Ok(Value::Is(Scalar::Null));
    };
    // The driver takes a date of zeros for null. It is no null, and no date.
    if is_null {
        return Err("holds a date of zeros");
    }
    match kind {
        Kind::Zoned => time(value).map(|time| Value::Is(Scalar::Instant(time.and_utc().into()))),
        Kind::Unzoned(zone) => time(value).map(|time| Value::Shown(zone.read(time))),
        Kind::Date(zone) => <NaiveDate as Decode<Driver>>::decode(value)
            .map(|date| Value::Shown(Shown::Once(zone.day(date))))
            .map_err(|_| "holds no date of the calendar"),
        kind => scalar(kind, bytes).map(Value::Is),
    }
}

fn time(value: MySqlValueRef<'_>) -> Result<NaiveDateTime, &'static str> {
    <NaiveDateTime as Decode<Driver>>::decode(value).map_err(|_| "holds no time of the calendar")
}

fn scalar(kind: Kind, bytes: &[u8]) -> Result<Scalar<'_>, &'static str> {
    const TORN: &str = "holds a value out of range";
    Ok(match kind {
        Kind::Text => Scalar::Text(Cow::Borrowed(text(bytes)?)),
        Kind::Signed => Scalar::Int(signed(bytes).ok_or(TORN)?),
        Kind::Unsigned => {
            let whole = unsigned(bytes).ok_or(TORN)?;
            i64::try_from(whole).map_or_else(|_| Scalar::Number(whole.to_string().into()), Scalar::Int)
        }
        Kind::Bool | Kind::Bit => match unsigned(bytes) {
            Some(0) => Scalar::Bool(false),
            Some(1) => Scalar::Bool(true),
            _ if kind == Kind::Bit => {
                return Err("holds more than one bit; read it as a number, as in `flags + 0`");
            }
            _ => return Err("is a boolean that is neither 0 nor 1; read it as a number, as in `flag + 0`"),
        },
        Kind::Decimal => {
            let digits = text(bytes)?;
            digits.parse().map_or(Scalar::Number(Cow::Borrowed(digits)), Scalar::Int)
        }
        // The shortest text that means the same float.
        Kind::Float => {
            Scalar::Number(format!("{:?}", f32::from_le_bytes(exactly(bytes).ok_or(TORN)?)).into())
        }
        Kind::Double => {
            Scalar::Number(format!("{:?}", f64::from_le_bytes(exactly(bytes).ok_or(TORN)?)).into())
        }
        Kind::Json => Scalar::from_json(Some(text(bytes)?.trim_ascii())),
        Kind::Zoned | Kind::Unzoned(_) | Kind::Date(_) | Kind::Null => return Err(TORN),
    })
}

fn text(bytes: &[u8]) -> Result<&str, &'static str> {
    std::str::from_utf8(bytes).map_err(|_| "holds text that is not UTF-8")
}

/// A whole number in its own width, lowest byte first.
fn signed(bytes: &[u8]) -> Option<i64> {
    Some(match bytes.len() {
        1 => i8::from_le_bytes(exactly(bytes)?).into(),
        2 => i16::from_le_bytes(exactly(bytes)?).into(),
        4 => i32::from_le_bytes(exactly(bytes)?).into(),
        _ => i64::from_le_bytes(exactly(bytes)?),
    })
}

fn unsigned(bytes: &[u8]) -> Option<u64> {
    Some(match bytes.len() {
        1 => u8::from_le_bytes(exactly(bytes)?).into(),
        2 => u16::from_le_bytes(exactly(bytes)?).into(),
        4 => u32::from_le_bytes(exactly(bytes)?).into(),
        _ => u64::from_le_bytes(exactly(bytes)?),
    })
}

fn exactly<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_of_every_width_keep_their_digits() {
        assert_eq!(scalar(Kind::Signed, &[0xff]), Ok(Scalar::Int(-1)));
        assert_eq!(scalar(Kind::Unsigned, &[0xff]), Ok(Scalar::Int(255)));
        assert_eq!(scalar(Kind::Signed, &i32::MIN.to_le_bytes()), Ok(Scalar::Int(i32::MIN.into())));
        assert_eq!(
            scalar(Kind::Unsigned, &u64::MAX.to_le_bytes()),
            Ok(Scalar::Number("18446744073709551615".into()))
        );
        assert!(scalar(Kind::Signed, &[0, 1, 2]).is_err());
    }

    #[test]
    fn what_is_no_boolean_is_no_boolean() {
        assert_eq!(scalar(Kind::Bool, &[1]), Ok(Scalar::Bool(true)));
        assert!(scalar(Kind::Bool, &[7]).unwrap_err().contains("neither 0 nor 1"));
        assert!(scalar(Kind::Bit, &[0b101]).unwrap_err().contains("more than one bit"));
        assert!(scalar(Kind::Bit, &[0, 1]).is_err());
    }

    #[test]
    fn decimals_keep_their_digits() {
        assert_eq!(scalar(Kind::Decimal, b"10.00"), Ok(Scalar::Number("10.00".into())));
        assert_eq!(scalar(Kind::Decimal, b"-7"), Ok(Scalar::Int(-7)));
        assert!(scalar(Kind::Text, &[0xff]).is_err());
    }
}
