//! Times as a wall clock shows them: a pattern without an offset, in a zone whose clocks are put forward and back.
//!
//! Where a clock is put back, one text means two instants; where it is put forward, some texts mean none. Rows then
//! have the earlier instant, so that each belongs to exactly one window, and bounds are never written as such a text:
//! [`WallTime::is_certain`] says which ones to avoid.

use std::fmt::{self, Write as _};
use std::time::Duration;

use chrono::format::{Item, Parsed, StrftimeItems, parse};
use chrono::{MappedLocalTime, NaiveDateTime, Offset as _, TimeZone as _};
use chrono_tz::Tz;

use crate::instant::Instant;
use crate::zone::Zone;

/// A strptime pattern in a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WallTime {
    pattern: Box<str>,
    items: Vec<Item<'static>>,
    zone: Tz,
    resolution: Duration,
    has_offset: bool,
}

/// Why a pattern cannot stand for instants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PatternFault {
    /// It is no pattern.
    #[error("is not a strptime pattern")]
    NotAPattern,
    /// What it writes does not say which instant was meant.
    #[error("loses what it writes: what it writes cannot be read back")]
    NotReadBack,
    /// It writes an offset and has a zone as well.
    #[error("writes its own offset, so a `zone` means nothing beside it")]
    ZoneAndOffset,
}

/// Steps that a pattern may tell apart, shortest first.
const STEPS: [Duration; 6] = [
    Duration::from_micros(1),
    Duration::from_millis(1),
    Duration::from_secs(1),
    Duration::from_mins(1),
    Duration::from_hours(1),
    Duration::from_hours(24),
];

/// Instants that every pattern must write so that it can read them back: each with other digits, in the afternoon, at
/// the end of a year, on a leap day.
const PROBES: [i64; 4] =
    [1_763_735_696_123_456, 1_735_689_599_999_999, 1_709_210_096_000_001, 1_752_534_245_250_000];

impl WallTime {
    /// A pattern such as `%Y/%m/%d %H:%M`, in a zone where one is given and in UTC otherwise.
    pub fn new(pattern: &str, zone: Option<Tz>) -> Result<Self, PatternFault> {
        let items = StrftimeItems::new(pattern).parse_to_owned().map_err(|_| PatternFault::NotAPattern)?;
        let mut time = Self {
            pattern: pattern.into(),
            has_offset: has_offset(&items),
            items,
            zone: zone.unwrap_or(Tz::UTC),
            resolution: Duration::from_hours(24),
        };
        if time.has_offset && zone.is_some() {
            return Err(PatternFault::ZoneAndOffset);
        }
        let midnight = 1_763_683_200_000_000;
        time.written(midnight).map_err(|_| PatternFault::NotReadBack)?;
        let base = time.write(midnight);
        let step = STEPS.into_iter().find(|step| time.write(midnight + micros(*step)) != base);
        time.resolution = step.ok_or(PatternFault::NotReadBack)?;
        let is_read_back = |at: &i64| {
            let wall = time.floor(time.wall(Instant::from_micros(*at)), time.resolution);
            time.read(&time.write(wall)).is_some_and(|read| time.wall(read) == wall)
        };
        if PROBES.iter().all(is_read_back) { Ok(time) } else { Err(PatternFault::NotReadBack) }
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// The shortest step that the pattern can tell apart.
    #[must_use]
    pub const fn resolution(&self) -> Duration {
        self.resolution
    }

    /// Reads a text. A time that comes twice is the earlier one; a time that was skipped is what the clock shows after
    /// it was put forward.
    #[must_use]
    pub fn read(&self, text: &str) -> Option<Instant> {
        let mut parsed = Parsed::new();
        parse(&mut parsed, text, self.items.iter()).ok()?;
        if parsed.hour_mod_12().is_none() {
            parsed.set_hour(0).ok()?;
        }
        if parsed.minute().is_none() {
            parsed.set_minute(0).ok()?;
        }
        if self.has_offset {
            return Some(parsed.to_datetime().ok()?.to_utc().into());
        }
        Some(Zone::from(self.zone).read(parsed.to_naive_datetime_with_offset(0).ok()?).earliest())
    }

    /// What the wall clock shows at an instant, in microseconds since it showed 1970.
    #[must_use]
    pub fn wall(&self, at: Instant) -> i64 {
        let offset = self.zone.offset_from_utc_datetime(&at.utc().naive_utc()).fix();
        at.micros().saturating_add(i64::from(offset.local_minus_utc()) * 1_000_000)
    }

    /// When the day began, by the wall clock, in which an instant lies; `days` may be several of them.
    #[must_use]
    pub fn day(&self, at: Instant, days: Duration) -> Instant {
        let begins = naive(self.floor(self.wall(at), days));
        Zone::from(self.zone).read(begins).earliest()
    }

    /// Whether what the wall clock shows means exactly one instant.
    #[must_use]
    pub fn is_certain(&self, wall: i64) -> bool {
        matches!(self.zone.from_local_datetime(&naive(wall)), MappedLocalTime::Single(_))
    }

    /// Writes what the wall clock shows; what the pattern does not show is cut off.
    #[must_use]
    pub fn write(&self, wall: i64) -> String {
        self.written(wall).unwrap_or_default()
    }

    /// The same; a pattern with a word that can only be read, such as `%#z`, is never written.
    fn written(&self, wall: i64) -> Result<String, fmt::Error> {
        let mut text = String::new();
        write!(text, "{}", naive(wall).and_utc().format_with_items(self.items.iter()))?;
        Ok(text)
    }

    /// The last multiple of `grain` that the clock showed.
    #[must_use]
    pub fn floor(&self, wall: i64, grain: Duration) -> i64 {
        Instant::from_micros(wall).floor(grain).micros()
    }
}

/// What a wall clock shows; what lies beyond all dates becomes 1970.
fn naive(wall: i64) -> NaiveDateTime {
    Instant::from_micros(wall).utc().naive_utc()
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// Whether a pattern says the offset itself.
fn has_offset(items: &[Item<'_>]) -> bool {
    use chrono::format::Fixed;
    items.iter().any(|item| {
        matches!(
            item,
            Item::Fixed(
                Fixed::TimezoneOffset
                    | Fixed::TimezoneOffsetColon
                    | Fixed::TimezoneOffsetColonZ
                    | Fixed::TimezoneOffsetZ
                    | Fixed::TimezoneOffsetDoubleColon
                    | Fixed::TimezoneOffsetTripleColon
                    | Fixed::RFC2822
                    | Fixed::RFC3339
            )
        ) || matches!(item, Item::Numeric(chrono::format::Numeric::Timestamp, _))
    })
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::*;

    fn in_zone(pattern: &str, zone: &str) -> WallTime {
        WallTime::new(pattern, Some(zone.parse().unwrap())).unwrap()
    }

    fn utc(text: &str) -> Instant {
        text.parse::<DateTime<Utc>>().unwrap().into()
    }

    #[test]
    fn patterns_tell_apart_what_they_show() {
        for (pattern, expected) in [
            ("%Y-%m-%d", Duration::from_hours(24)),
            ("%d/%m/%Y %H", Duration::from_hours(1)),
            ("%Y/%m/%d %H:%M", Duration::from_mins(1)),
            ("%I:%M %p %d %b %Y", Duration::from_mins(1)),
            ("%Y%m%d%H%M%S", Duration::from_secs(1)),
            ("%Y-%m-%dT%H:%M:%S%z", Duration::from_secs(1)),
            ("%Y-%m-%d %H:%M:%S%.3f", Duration::from_millis(1)),
            ("%Y-%m-%d %H:%M:%S%.f", Duration::from_micros(1)),
        ] {
            assert_eq!(WallTime::new(pattern, None).unwrap().resolution(), expected, "{pattern}");
        }
    }

    #[test]
    fn patterns_that_lose_a_part_of_the_time_are_refused() {
        use PatternFault::{NotAPattern, NotReadBack, ZoneAndOffset};
        for (pattern, fault) in [
            ("%Q", NotAPattern),
            ("%Y-%m-%dT%H:%M:%S%#z", NotReadBack),
            ("yesterday", NotReadBack),
            ("%H:%M", NotReadBack),
            ("%m-%d", NotReadBack),
            ("%Y-%m-%d %M", NotReadBack),
            ("%Y-%m-%d %I:%M", NotReadBack),
        ] {
            assert_eq!(WallTime::new(pattern, None).unwrap_err(), fault, "{pattern}");
        }
        let london = Some(chrono_tz::Europe::London);
        assert_eq!(WallTime::new("%Y-%m-%dT%H:%M%z", london).unwrap_err(), ZoneAndOffset);
    }

    #[test]
    fn a_time_that_comes_twice_is_the_earlier_one_and_a_skipped_one_is_moved_forward() {
        let new_york = in_zone("%Y-%m-%d %H:%M", "America/New_York");
        for (text, expected) in [
            ("2025-07-01 12:00", "2025-07-01T16:00:00Z"),
            ("2025-11-02 01:30", "2025-11-02T05:30:00Z"),
            ("2025-11-02 02:00", "2025-11-02T07:00:00Z"),
            ("2025-03-09 02:30", "2025-03-09T07:30:00Z"),
            ("2025-03-09 03:30", "2025-03-09T07:30:00Z"),
        ] {
            assert_eq!(new_york.read(text), Some(utc(expected)), "{text}");
        }
        let samoa = in_zone("%Y-%m-%d", "Pacific/Apia");
        assert_eq!(samoa.read("2011-12-30"), Some(utc("2011-12-30T10:00:00Z")), "a day that never was");
        assert_eq!(new_york.read("2025-13-01 00:00"), None);
        assert_eq!(new_york.read("2025-07-01"), None);
    }

    #[test]
    fn texts_without_one_meaning_are_known_as_such() {
        let new_york = in_zone("%Y-%m-%d %H:%M", "America/New_York");
        let wall = |text: &str| utc(text).micros();
        assert!(new_york.is_certain(wall("2025-07-01T12:00:00Z")));
        assert!(!new_york.is_certain(wall("2025-11-02T01:30:00Z")));
        assert!(!new_york.is_certain(wall("2025-03-09T02:30:00Z")));
        assert_eq!(new_york.write(new_york.wall(utc("2025-07-01T16:05:59Z"))), "2025-07-01 12:05");
    }
}
