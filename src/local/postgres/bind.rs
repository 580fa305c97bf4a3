//! Writes instants and keys as the types that PostgreSQL takes the parameters for, so that indexes are used.

use sqlx::encode::{Encode, IsNull};
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgArguments, PgTypeInfo, PgTypeKind};
use sqlx::{Arguments as _, Type, TypeInfo as _};
use tieout_reconcilers::instant::{Instant, TimeFormat};
use tieout_reconcilers::key::Key;
use tieout_reconcilers::zone::Zone;

use super::decode::{Kind, Setting, oid};
use crate::local::decoders::Decoding as _;
use crate::local::error::DefinitionFault;

/// What `:from` or `:to` is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InstantType {
    /// `timestamptz`.
    Zoned,
    /// `timestamp`, as the clocks of a zone show it.
    Unzoned(Zone),
    /// `date` in a zone.
    Date(Zone),
    /// `bigint`, in the domain's epoch format.
    Number(TimeFormat),
}

/// A range of instants, of which `:from` and `:to` are the bounds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Range {
    /// The first instant inside.
    pub(super) from: Instant,
    /// The first instant after it.
    pub(super) to: Instant,
}

/// Which of the two bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    /// `:from`.
    From,
    /// `:to`.
    To,
}

impl InstantType {
    /// The type of a parameter, if an instant can be written as it.
    pub(super) fn of(
        parameter: &'static str,
        inferred: &PgTypeInfo,
        time: TimeFormat,
        zone: Option<Zone>,
    ) -> Result<Self, DefinitionFault> {
        let is_number = matches!(time, TimeFormat::Epoch | TimeFormat::EpochMs | TimeFormat::EpochUs);
        let type_name = || inferred.name().to_lowercase().into();
        let zone = || {
            let what = format!("`{parameter}`").into();
            zone.ok_or_else(|| DefinitionFault::Zoneless { what, type_name: type_name() })
        };
        match oid(inferred) {
            1184 => Ok(Self::Zoned),
            1114 => Ok(Self::Unzoned(zone()?)),
            1082 => Ok(Self::Date(zone()?)),
            20 if is_number => Ok(Self::Number(time)),
            _ => Err(DefinitionFault::ParameterType {
                parameter,
                type_name: type_name(),
                hint: "cast it to the column's time type, as in `:from::timestamptz`, or, where the column counts \
                       from 1970, declare `time: epoch` and cast it to bigint",
            }),
        }
    }

    /// Adds a bound. What a clock shows more than once is bounded so widely that nothing is left out; a number that the
    /// format cannot hold is cut off downwards.
    pub(super) fn add(self, range: Range, bound: Bound, values: &mut PgArguments) -> Result<(), sqlx::Error> {
        let at = if bound == Bound::From { range.from } else { range.to };
        let added = match self {
            Self::Zoned => values.add(at.utc()),
            Self::Unzoned(zone) => {
                let readings = zone.readings(range.from, range.to);
                values.add(if bound == Bound::From { readings.from } else { readings.to })
            }
            Self::Date(zone) => values.add(zone.first_day_from(at)),
            Self::Number(time) => {
                let unit = i64::try_from(time.resolution().as_micros()).unwrap_or(1);
                values.add(at.micros().div_euclid(unit))
            }
        };
        added.map_err(sqlx::Error::Encode)
    }
}

/// What `:keys` is taken for.
#[derive(Debug, Clone)]
pub(super) struct KeysType {
    array: PgTypeInfo,
    element: Element,
}

/// A type that a text may be written as.
#[derive(Debug, Clone)]
struct Element {
    info: PgTypeInfo,
    kind: Kind,
}

impl KeysType {
    /// The type of the parameter, if it is an array of something that can be a key.
    pub(super) fn of(inferred: &PgTypeInfo) -> Result<Self, DefinitionFault> {
        if let PgTypeKind::Array(element) = inferred.kind()
            && let Ok(kind) = Kind::of(element, Setting::default())
            && kind.can_be_key()
        {
            return Ok(Self { array: inferred.clone(), element: Element { info: element.clone(), kind } });
        }
        Err(DefinitionFault::ParameterType {
            parameter: ":keys",
            type_name: inferred.name().to_lowercase().into(),
            hint: "cast the column to text, as in `id::text IN (:keys)`",
        })
    }

    /// The keys as an array of this type; a key that the type cannot hold is left out.
    pub(super) const fn array<'k>(&'k self, keys: &'k [Key]) -> KeyArray<'k> {
        KeyArray { keys_type: self, keys }
    }
}

impl Element {
    /// Writes one text, or says that the type cannot hold it.
    fn write(&self, key: &str, buffer: &mut PgArgumentBuffer) -> bool {
        match self.kind {
            Kind::Int2 => whole(key).is_some_and(|number: i16| extend(buffer, &number.to_be_bytes())),
            Kind::Int4 => whole(key).is_some_and(|number: i32| extend(buffer, &number.to_be_bytes())),
            Kind::Int8 => whole(key).is_some_and(|number: i64| extend(buffer, &number.to_be_bytes())),
            Kind::Uuid => {
                uuid::Uuid::try_parse(key).is_ok_and(|uuid| extend(buffer, uuid.as_bytes().as_slice()))
            }
            Kind::Numeric => digits(key).is_some_and(|bytes| extend(buffer, &bytes)),
            _ => self.is_label(key) && extend(buffer, key.as_bytes()),
        }
    }

    /// An enumeration holds its labels only; any other text type holds every text.
    fn is_label(&self, key: &str) -> bool {
        match self.info.kind() {
            PgTypeKind::Enum(labels) => labels.iter().any(|label| label == key),
            _ => true,
        }
    }
}

/// Keys as one array parameter.
pub(super) struct KeyArray<'k> {
    keys_type: &'k KeysType,
    keys: &'k [Key],
}

impl Type<sqlx::Postgres> for KeyArray<'_> {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(1009))
    }
}

impl Encode<'_, sqlx::Postgres> for KeyArray<'_> {
    fn produces(&self) -> Option<PgTypeInfo> {
        Some(self.keys_type.array.clone())
    }

    /// One dimension, no nulls, the element's type, the count, the lower bound, then each element with its length.
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        for number in [1, 0] {
            extend(buffer, &i32::to_be_bytes(number));
        }
        extend(buffer, &oid(&self.keys_type.element.info).to_be_bytes());
        let count_at = buffer.len();
        for number in [0, 1] {
            extend(buffer, &i32::to_be_bytes(number));
        }
        let mut count = 0_i32;
        for key in self.keys {
            let length_at = buffer.len();
            extend(buffer, &[0; 4]);
            if self.keys_type.element.write(key.as_str(), buffer) {
                let length = i32::try_from(buffer.len() - length_at - 4)?;
                buffer[length_at..length_at + 4].copy_from_slice(&length.to_be_bytes());
                count += 1;
            } else {
                buffer.truncate(length_at);
            }
        }
        buffer[count_at..count_at + 4].copy_from_slice(&count.to_be_bytes());
        Ok(IsNull::No)
    }
}

/// A value of the member of a fan-out, as the type that the server takes its parameter for.
#[derive(Debug, Clone)]
pub(super) struct MemberValue {
    element: Element,
    value: Box<str>,
}

impl MemberValue {
    /// A value, if the type can hold it.
    pub(super) fn of(inferred: &PgTypeInfo, value: &str) -> Result<Self, DefinitionFault> {
        let type_name: Box<str> = inferred.name().to_lowercase().into();
        let kind = Kind::of(inferred, Setting::default()).ok();
        let Some(kind) = kind.filter(|kind| kind.can_be_key()) else {
            let hint = "cast it to the column's type, as in `:each.account::text`";
            return Err(DefinitionFault::ParameterType { parameter: ":each", type_name, hint });
        };
        let element = Element { info: inferred.clone(), kind };
        if element.write(value, &mut PgArgumentBuffer::default()) {
            return Ok(Self { element, value: value.into() });
        }
        let reason = format!("`:each` stands for `{value}`, which no {type_name} can be");
        Err(DefinitionFault::Refused { at: None, reason })
    }
}

impl Type<sqlx::Postgres> for MemberValue {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(25))
    }
}

impl Encode<'_, sqlx::Postgres> for MemberValue {
    fn produces(&self) -> Option<PgTypeInfo> {
        Some(self.element.info.clone())
    }

    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        self.element.write(&self.value, buffer);
        Ok(IsNull::No)
    }
}

fn extend(buffer: &mut PgArgumentBuffer, bytes: &[u8]) -> bool {
    buffer.extend_from_slice(bytes);
    true
}

/// A whole number written the only way it would be written back: `007` is text that no integer column holds.
fn whole<N: std::str::FromStr + ToString>(key: &str) -> Option<N> {
    key.parse().ok().filter(|number: &N| number.to_string() == key)
}

/// A whole number of any length as a `numeric`: digits to the base of 10,000 behind count, weight, sign and scale.
fn digits(key: &str) -> Option<Vec<u8>> {
    let magnitude = key.strip_prefix('-').unwrap_or(key);
    let is_whole = magnitude.bytes().all(|b| b.is_ascii_digit()) && !magnitude.starts_with('0');
    if key != "0" && (!is_whole || magnitude.is_empty()) {
        return None;
    }
    let groups: Vec<i16> = magnitude.as_bytes().rchunks(4).rev().map(group).collect();
    let count = i16::try_from(groups.len()).ok()?;
    let sign = if magnitude.len() < key.len() { 0x4000 } else { 0 };
    let header = [count, count - 1, sign, 0];
    Some(header.into_iter().chain(groups).flat_map(i16::to_be_bytes).collect())
}

fn group(digits: &[u8]) -> i16 {
    digits.iter().fold(0, |sum, digit| sum * 10 + i16::from(digit - b'0'))
}
