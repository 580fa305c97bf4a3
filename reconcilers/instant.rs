//! Points in time and the ways that APIs and databases write them.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, SecondsFormat, Utc};
use rust_decimal::prelude::ToPrimitive;
use serde::de::Error as _;
use serde::{Deserialize, Serialize};

use crate::number::decimal;

/// A point in time: microseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

impl Instant {
    /// The instant a number of microseconds after 1970.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// As a `chrono` value; instants outside its range (262,000 years) become 1970.
    #[must_use]
    pub fn utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or_default()
    }

    /// The last multiple of `grain` at or before this instant.
    #[must_use]
    pub fn floor(self, grain: Duration) -> Self {
        let grain = micros(grain).max(1);
        Self(self.0.div_euclid(grain).saturating_mul(grain))
    }
}

/// A duration in whole microseconds, saturating at 292,000 years.
fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

impl From<DateTime<Utc>> for Instant {
    fn from(at: DateTime<Utc>) -> Self {
        Self(at.timestamp_micros())
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(micros(duration)))
    }
}

impl Sub<Duration> for Instant {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(micros(duration)))
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.utc().to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

impl Serialize for Instant {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        TimeFormat::Rfc3339
            .read(&text)
            .ok_or_else(|| D::Error::custom(format!("{text:?} is no instant of RFC 3339")))
    }
}

/// How a text or number stands for an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeFormat {
    /// Whole or fractional seconds since 1970.
    Epoch,
    /// Milliseconds since 1970.
    EpochMs,
    /// Microseconds since 1970.
    EpochUs,
    /// `2025-11-21T00:00:00Z`, any offset when read, `Z` when written.
    #[default]
    Rfc3339,
    /// `2025-11-21 00:00:00` in UTC, as SQLite's `datetime()` writes it.
    Sql,
}

impl TimeFormat {
    /// Writes an instant; what the format cannot hold is cut off downwards.
    #[must_use]
    pub fn write(self, at: Instant) -> String {
        match self {
            Self::Epoch => at.micros().div_euclid(1_000_000).to_string(),
            Self::EpochMs => at.micros().div_euclid(1_000).to_string(),
            Self::EpochUs => at.micros().to_string(),
            Self::Rfc3339 => at.to_string(),
            Self::Sql => at.utc().format("%Y-%m-%d %H:%M:%S%.f").to_string(),
        }
    }

    /// Reads an instant from the text of a number or of a string, without quotes.
    #[must_use]
    pub fn read(self, text: &str) -> Option<Instant> {
        match self {
            Self::Epoch => read_scaled(text, 1_000_000),
            Self::EpochMs => read_scaled(text, 1_000),
            Self::EpochUs => read_scaled(text, 1),
            Self::Rfc3339 => DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc().into()),
            Self::Sql => {
                NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").ok().map(|at| at.and_utc().into())
            }
        }
    }

    /// The shortest duration that the format can tell apart.
    #[must_use]
    pub const fn resolution(self) -> Duration {
        match self {
            Self::Epoch => Duration::from_secs(1),
            Self::EpochMs => Duration::from_millis(1),
            Self::EpochUs | Self::Rfc3339 | Self::Sql => Duration::from_micros(1),
        }
    }
}

/// Reads a number of units of `scale` microseconds each, keeping what a fraction says to the microsecond.
fn read_scaled(text: &str, scale: i64) -> Option<Instant> {
    if let Ok(whole) = text.parse::<i64>() {
        return whole.checked_mul(scale).and_then(known);
    }
    known(decimal(text)?.checked_mul(scale.into())?.floor().to_i64()?)
}

/// An instant that has a date: a number of milliseconds read as microseconds or seconds may have none.
fn known(micros: i64) -> Option<Instant> {
    const DATED: std::ops::RangeInclusive<i64> =
        DateTime::<Utc>::MIN_UTC.timestamp_micros()..=DateTime::<Utc>::MAX_UTC.timestamp_micros();
    DATED.contains(&micros).then_some(Instant(micros))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [TimeFormat; 5] =
        [TimeFormat::Epoch, TimeFormat::EpochMs, TimeFormat::EpochUs, TimeFormat::Rfc3339, TimeFormat::Sql];

    proptest! {
        #[test]
        fn what_is_written_is_read_back_to_the_formats_resolution(micros in 0_i64..4_102_444_800_000_000) {
            for format in ALL {
                let at = Instant::from_micros(micros);
                prop_assert_eq!(format.read(&format.write(at)), Some(at.floor(format.resolution())));
            }
        }
    }

    #[test]
    fn the_ends_of_time_can_be_cut_off_too() {
        let day = Duration::from_hours(24);
        assert!(Instant::from_micros(i64::MIN).floor(day) <= Instant::from_micros(i64::MIN + 1));
        assert!(Instant::from_micros(i64::MAX).floor(day) <= Instant::from_micros(i64::MAX));
        assert_eq!(Instant::from_micros(-1).floor(day), Instant::from_micros(-86_400_000_000));
    }

    #[test]
    fn fractions_of_a_second_are_kept_and_nonsense_is_refused() {
        assert_eq!(TimeFormat::Epoch.read("1.5"), Some(Instant::from_micros(1_500_000)));
        assert_eq!(TimeFormat::Epoch.read("1.7e9"), TimeFormat::Epoch.read("1700000000"));
        assert_eq!(TimeFormat::EpochMs.read("-0.0005"), Some(Instant::from_micros(-1)), "cut off downwards");
        assert_eq!(TimeFormat::Epoch.read("99999999999999999999"), None);
        assert_eq!(TimeFormat::Epoch.read("9000000000000"), None, "beyond all dates");
        assert_eq!(TimeFormat::Rfc3339.read("yesterday"), None);
        assert_eq!(
            TimeFormat::Rfc3339.read("2025-11-21T01:00:00+01:00"),
            TimeFormat::Sql.read("2025-11-21 00:00:00")
        );
    }
}
