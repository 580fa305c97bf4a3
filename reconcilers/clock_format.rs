//! How an API writes points in time: the plain formats, those of single vendors, and patterns of wall clocks.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat};

use crate::compare::CLOCK;
use crate::instant::{Instant, TimeFormat};
use crate::items::ItemView;
use crate::scalar::unquote;
use crate::wall_time::WallTime;

/// How the text or number of an API stands for an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClockFormat {
    /// As databases write it too.
    Plain(TimeFormat),
    /// RFC 3339, always with milliseconds.
    Rfc3339Ms,
    /// RFC 3339, always with microseconds.
    Rfc3339Us,
    /// `Fri, 21 Nov 2025 00:00:00 GMT`, as e-mail and HTTP headers have it.
    Rfc2822,
    /// `/Date(1763683200000+0000)/`; the offset only says where it was shown.
    MsJson,
    /// Seconds and exactly six digits of microseconds, `1763683200.000200`.
    Slack,
    /// What a wall clock shows.
    Wall(Arc<WallTime>),
}

impl Default for ClockFormat {
    fn default() -> Self {
        Self::Plain(TimeFormat::default())
    }
}

impl From<TimeFormat> for ClockFormat {
    fn from(format: TimeFormat) -> Self {
        Self::Plain(format)
    }
}

impl ClockFormat {
    /// The clock of an item, where it has one that can be read.
    #[must_use]
    pub fn of(&self, item: ItemView<'_>) -> Option<Instant> {
        let raw = item.slot(CLOCK)?;
        match raw.as_bytes().first()? {
            b'"' => self.read(&unquote(raw)?),
            b'-' | b'0'..=b'9' => self.read(raw),
            _ => None,
        }
    }

    /// Reads an instant from the text of a number or of a string, without quotes.
    #[must_use]
    pub fn read(&self, text: &str) -> Option<Instant> {
        match self {
            Self::Plain(format) => format.read(text),
            Self::Rfc3339Ms | Self::Rfc3339Us => TimeFormat::Rfc3339.read(text),
            Self::Rfc2822 => DateTime::parse_from_rfc2822(text).ok().map(|at| at.to_utc().into()),
            Self::MsJson => TimeFormat::EpochMs.read(milliseconds(text)?),
            Self::Slack => TimeFormat::Epoch.read(text),
            Self::Wall(wall) => wall.read(text),
        }
    }

    /// Writes what the provider's clock [shows](Self::wall); what the format cannot hold is cut off downwards.
    #[must_use]
    pub fn write(&self, wall: i64) -> String {
        let at = Instant::from_micros(wall);
        match self {
            Self::Plain(format) => format.write(at),
            Self::Rfc3339Ms => at.utc().to_rfc3339_opts(SecondsFormat::Millis, true),
            Self::Rfc3339Us => at.utc().to_rfc3339_opts(SecondsFormat::Micros, true),
            Self::Rfc2822 => at.utc().format("%a, %d %b %Y %H:%M:%S GMT").to_string(),
            Self::MsJson => format!("/Date({})/", wall.div_euclid(1_000)),
            Self::Slack => {
                let (sign, micros) = (if wall < 0 { "-" } else { "" }, wall.unsigned_abs());
                format!("{sign}{}.{:06}", micros / 1_000_000, micros % 1_000_000)
            }
            Self::Wall(time) => time.write(wall),
        }
    }

    /// What the provider's clock shows at an instant, in microseconds since it showed 1970. Other than in the zone of a
    /// [`WallTime`] that is the instant itself.
    #[must_use]
    pub fn wall(&self, at: Instant) -> i64 {
        match self {
            Self::Wall(wall) => wall.wall(at),
            _ => at.micros(),
        }
    }

    /// Whether what the clock shows means exactly one instant.
    #[must_use]
    pub fn is_certain(&self, wall: i64) -> bool {
        match self {
            Self::Wall(time) => time.is_certain(wall),
            _ => true,
        }
    }

    /// An instant cut off to a precision. Days are those of the format's zone, where it has one.
    #[must_use]
    pub fn floor(&self, at: Instant, precision: Duration) -> Instant {
        match self {
            Self::Wall(wall) if precision >= Duration::from_hours(24) => wall.day(at, precision),
            _ => at.floor(precision),
        }
    }

    /// The shortest duration that the format can tell apart.
    #[must_use]
    pub fn resolution(&self) -> Duration {
        match self {
            Self::Plain(format) => format.resolution(),
            Self::Rfc3339Ms | Self::MsJson => Duration::from_millis(1),
            Self::Rfc3339Us | Self::Slack => Duration::from_micros(1),
            Self::Rfc2822 => Duration::from_secs(1),
            Self::Wall(wall) => wall.resolution(),
        }
    }
}

/// The milliseconds in `/Date(ms)/` and `/Date(ms+zz)/`.
fn milliseconds(text: &str) -> Option<&str> {
    let inner = text.strip_prefix("/Date(")?.strip_suffix(")/")?;
    let sign = inner.char_indices().skip(1).find(|(_, c)| matches!(c, '+' | '-'));
    Some(sign.map_or(inner, |(at, _)| &inner[..at]))
}

/// One of every kind, for tests that hold for all of them.
#[cfg(test)]
pub(crate) fn every_format() -> Vec<ClockFormat> {
    let wall = |pattern: &str, zone: &str| {
        let zone = (!zone.is_empty()).then(|| zone.parse().unwrap());
        ClockFormat::Wall(Arc::new(WallTime::new(pattern, zone).unwrap()))
    };
    let plain =
        [TimeFormat::Epoch, TimeFormat::EpochMs, TimeFormat::EpochUs, TimeFormat::Rfc3339, TimeFormat::Sql];
    let mut all: Vec<ClockFormat> = plain.into_iter().map(ClockFormat::Plain).collect();
    all.extend([
        ClockFormat::Rfc3339Ms,
        ClockFormat::Rfc3339Us,
        ClockFormat::Rfc2822,
        ClockFormat::MsJson,
        ClockFormat::Slack,
        wall("%Y-%m-%d", ""),
        wall("%Y-%m-%dT%H:%M:%S%z", ""),
        wall("%Y-%m-%d", "America/New_York"),
        wall("%Y/%m/%d %H:%M", "Europe/London"),
        wall("%Y-%m-%d %H:%M:%S%.f", "Australia/Lord_Howe"),
        wall("%Y%m%d%H%M%S", "America/Havana"),
        wall("%Y-%m-%d %H:%M", "Pacific/Apia"),
    ]);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_back_to_the_formats_resolution(micros in 0_i64..4_102_444_800_000_000) {
            for format in every_format() {
                let resolution = format.resolution();
                let wall = Instant::from_micros(format.wall(Instant::from_micros(micros))).floor(resolution).micros();
                let read = format.read(&format.write(wall));
                prop_assert!(read.is_some(), "{format:?} cannot read {}", format.write(wall));
                if format.is_certain(wall) {
                    prop_assert_eq!(format.wall(read.unwrap()), wall, "{:?}", format);
                }
            }
        }
    }

    #[test]
    fn vendors_write_the_same_instant_in_their_own_ways() {
        let at = Instant::from_micros(1_763_683_200_250_000);
        for (format, text) in [
            (ClockFormat::Rfc3339Ms, "2025-11-21T00:00:00.250Z"),
            (ClockFormat::Rfc3339Us, "2025-11-21T00:00:00.250000Z"),
            (ClockFormat::MsJson, "/Date(1763683200250)/"),
            (ClockFormat::Slack, "1763683200.250000"),
        ] {
            assert_eq!(format.write(at.micros()), text);
            assert_eq!(format.read(text), Some(at), "{text}");
        }
        assert_eq!(ClockFormat::Rfc2822.write(at.micros()), "Fri, 21 Nov 2025 00:00:00 GMT");
        assert_eq!(ClockFormat::MsJson.read("/Date(1763683200250+1300)/"), Some(at));
        assert_eq!(ClockFormat::MsJson.read("/Date(-250-0500)/"), Some(Instant::from_micros(-250_000)));
        assert_eq!(
            ClockFormat::Rfc2822.read("Fri, 21 Nov 2025 01:00:00 +0100"),
            ClockFormat::Rfc2822.read("Fri, 21 Nov 2025 00:00:00 GMT")
        );
        for (format, text) in [
            (ClockFormat::MsJson, "1763683200250"),
            (ClockFormat::MsJson, "/Date()/"),
            (ClockFormat::Slack, "soon"),
            (ClockFormat::Rfc2822, "2025-11-21"),
        ] {
            assert_eq!(format.read(text), None, "{text}");
        }
    }
}
