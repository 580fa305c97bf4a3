//! What the wall clocks of a place show, and which instants that stands for.
//!
//! Where clocks are put back, one reading means two instants; where they are put forward, some readings mean none. What
//! is made of those is for whoever asked: nothing is guessed here.

use std::time::Duration;

use chrono::{NaiveDate, NaiveDateTime, Offset as _, SecondsFormat, TimeDelta, TimeZone as _};
use chrono_tz::Tz;

use crate::instant::Instant;

/// No zone skips or repeats more than the day that Samoa left out.
const LONGEST_CHANGE: Duration = Duration::from_hours(25);
/// Clocks are never changed twice within this time.
const SHORTEST_PAUSE: Duration = Duration::from_hours(6);

/// A time zone, by the rules of the IANA database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone(Tz);

/// Which instants a reading of a wall clock stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// The one at which the clock showed it.
    Once(Instant),
    /// It was shown, the clock was put back, and it was shown again.
    Twice {
        /// The first time.
        earlier: Instant,
        /// The second time.
        later: Instant,
    },
    /// The clock was put forward over it. The instant is where it would have been, had the clock gone on.
    Never(Instant),
}

/// A range of readings, `[from, to)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Readings {
    /// The first reading inside.
    pub from: NaiveDateTime,
    /// The first reading after it.
    pub to: NaiveDateTime,
    /// Whether every reading inside belongs to an instant of the range that was asked for.
    pub is_exact: bool,
}

impl Zone {
    /// An instant as its wall clocks show it, RFC 3339 with their offset.
    #[must_use]
    pub fn rfc3339(self, at: Instant) -> String {
        at.utc().with_timezone(&self.0).to_rfc3339_opts(SecondsFormat::AutoSi, true)
    }
}

impl From<Tz> for Zone {
    fn from(zone: Tz) -> Self {
        Self(zone)
    }
}

impl Shown {
    /// The first instant that may be meant.
    #[must_use]
    pub const fn earliest(self) -> Instant {
        match self {
            Self::Once(at) | Self::Twice { earlier: at, .. } | Self::Never(at) => at,
        }
    }

    /// The last instant that may be meant.
    #[must_use]
    pub const fn latest(self) -> Instant {
        match self {
            Self::Once(at) | Self::Twice { later: at, .. } | Self::Never(at) => at,
        }
    }
}

impl Zone {
    /// Coordinated universal time, which is never put forward or back.
    pub const UTC: Self = Self(Tz::UTC);

    /// The zone of a name such as `Europe/London`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        name.parse().ok().map(Self)
    }

    /// Its name in the IANA database.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// Which instants a reading stands for.
    #[must_use]
    pub fn read(self, shown: NaiveDateTime) -> Shown {
        match self.0.from_local_datetime(&shown) {
            chrono::MappedLocalTime::Single(at) => Shown::Once(at.to_utc().into()),
            chrono::MappedLocalTime::Ambiguous(a, b) => {
                let (a, b) = (a.to_utc().into(), b.to_utc().into());
                Shown::Twice { earlier: Instant::min(a, b), later: Instant::max(a, b) }
            }
            chrono::MappedLocalTime::None => {
                let before = shown.checked_sub_signed(TimeDelta::days(1)).unwrap_or(shown);
                let before = self.0.from_local_datetime(&before).earliest();
                let offset = before.map_or(0, |before| before.offset().fix().local_minus_utc());
                Shown::Never(moved(shown, -offset).and_utc().into())
            }
        }
    }

    /// The first instant at which a clock shows a reading or has just been put forward over it.
    #[must_use]
    pub fn first_at_or_past(self, shown: NaiveDateTime) -> Instant {
        let Shown::Never(at) = self.read(shown) else { return self.read(shown).earliest() };
        let is_past = |second: i64| self.shows(Instant::from_micros(second * 1_000_000)) > shown;
        let end = at.micros().div_euclid(1_000_000);
        let (mut before, mut past) = ((at - LONGEST_CHANGE).micros().div_euclid(1_000_000), end);
        while past - before > 1 {
            let middle = before.midpoint(past);
            if is_past(middle) { past = middle } else { before = middle }
        }
        Instant::from_micros(past * 1_000_000)
    }

    /// What clocks show at an instant.
    #[must_use]
    pub fn shows(self, at: Instant) -> NaiveDateTime {
        moved(at.utc().naive_utc(), self.offset(at))
    }

    /// The first instant of a day.
    #[must_use]
    pub fn day(self, date: NaiveDate) -> Instant {
        self.read(date.and_time(chrono::NaiveTime::MIN)).earliest()
    }

    /// The first day that begins at or after an instant.
    #[must_use]
    pub fn first_day_from(self, at: Instant) -> NaiveDate {
        let date = self.shows(at).date();
        if self.day(date) >= at { date } else { date.succ_opt().unwrap_or(date) }
    }

    /// Readings among which is every one that may stand for an instant of `[from, to)`. Where clocks are changed nearby
    /// there are others among them as well, and `is_exact` says so.
    #[must_use]
    pub fn readings(self, from: Instant, to: Instant) -> Readings {
        let mut offsets = (self.offset(from), self.offset(from));
        let mut at = from - LONGEST_CHANGE;
        while self.0 != Tz::UTC && at < to + LONGEST_CHANGE + SHORTEST_PAUSE {
            let offset = self.offset(at);
            offsets = (offsets.0.min(offset), offsets.1.max(offset));
            at = at + SHORTEST_PAUSE;
        }
        Readings {
            from: moved(from.utc().naive_utc(), offsets.0),
            to: moved(to.utc().naive_utc(), offsets.1),
            is_exact: offsets.0 == offsets.1,
        }
    }

    /// How many seconds clocks are ahead of universal time.
    fn offset(self, at: Instant) -> i32 {
        self.0.offset_from_utc_datetime(&at.utc().naive_utc()).fix().local_minus_utc()
    }
}

/// Some seconds later; the ends of all dates are not passed.
fn moved(time: NaiveDateTime, seconds: i32) -> NaiveDateTime {
    time.checked_add_signed(TimeDelta::seconds(seconds.into())).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn zone(name: &str) -> Zone {
        Zone::named(name).unwrap()
    }

    fn utc(text: &str) -> Instant {
        text.parse::<chrono::DateTime<chrono::Utc>>().unwrap().into()
    }

    fn shown(text: &str) -> NaiveDateTime {
        text.parse().unwrap()
    }

    #[test]
    fn a_reading_means_one_instant_two_or_none() {
        let london = zone("Europe/London");
        assert_eq!(london.read(shown("2026-07-01T12:00:00")), Shown::Once(utc("2026-07-01T11:00:00Z")));
        assert_eq!(
            london.read(shown("2026-10-25T01:30:00")),
            Shown::Twice { earlier: utc("2026-10-25T00:30:00Z"), later: utc("2026-10-25T01:30:00Z") }
        );
        assert_eq!(london.read(shown("2026-03-29T01:30:00")), Shown::Never(utc("2026-03-29T01:30:00Z")));
        assert_eq!(
            zone("Pacific/Apia").read(shown("2011-12-30T12:00:00")),
            Shown::Never(utc("2011-12-30T22:00:00Z")),
            "a day that never was"
        );
        assert_eq!(Zone::UTC.read(shown("2026-03-29T01:30:00")), Shown::Once(utc("2026-03-29T01:30:00Z")));
    }

    #[test]
    fn a_reading_that_clocks_were_put_forward_over_is_past_when_they_are() {
        let first = |name: &str, reading: &str| zone(name).first_at_or_past(shown(reading));
        for reading in
            ["2026-03-29T01:00:00", "2026-03-29T01:30:00", "2026-03-29T01:59:59", "2026-03-29T02:00:00"]
        {
            assert_eq!(first("Europe/London", reading), utc("2026-03-29T01:00:00Z"), "{reading}");
        }
        assert_eq!(first("Europe/London", "2026-10-25T01:30:00"), utc("2026-10-25T00:30:00Z"));
        assert_eq!(first("Pacific/Apia", "2011-12-30T12:00:00"), utc("2011-12-30T10:00:00Z"));
    }

    #[test]
    fn a_day_begins_at_midnight_or_where_clocks_were_put_forward_over_it() {
        let day = |name: &str, date: &str| zone(name).day(date.parse().unwrap());
        assert_eq!(day("Europe/London", "2026-07-01"), utc("2026-06-30T23:00:00Z"));
        assert_eq!(day("America/Santiago", "2026-09-06"), utc("2026-09-06T04:00:00Z"));
        let first = |at: &str| zone("Europe/London").first_day_from(utc(at)).to_string();
        assert_eq!(first("2026-06-30T23:00:00Z"), "2026-07-01");
        assert_eq!(first("2026-06-30T23:00:00.000001Z"), "2026-07-02");
        assert_eq!(first("2026-06-30T22:59:59Z"), "2026-07-01");
    }

    #[test]
    fn readings_are_exact_where_no_clock_is_changed() {
        let london = zone("Europe/London");
        let summer = london.readings(utc("2026-07-01T00:00:00Z"), utc("2026-07-02T00:00:00Z"));
        assert_eq!((summer.from, summer.to), (shown("2026-07-01T01:00:00"), shown("2026-07-02T01:00:00")));
        assert!(summer.is_exact);
        assert!(!london.readings(utc("2026-10-25T00:00:00Z"), utc("2026-10-25T00:30:00Z")).is_exact);
        assert!(Zone::UTC.readings(utc("2000-01-01T00:00:00Z"), utc("2026-10-25T00:30:00Z")).is_exact);
    }

    proptest! {
        /// Around every change of clocks of a decade, in zones that change by an hour, by half an hour, by a day and at midnight.
        #[test]
        fn every_reading_of_an_instant_lies_in_the_readings_of_a_window_around_it(
            name in prop::sample::select(vec![
                "Europe/London", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "America/Santiago", "Asia/Kolkata",
            ]),
            minute in 0_i64..5_260_000,
            before in 0_i64..3_000,
            after in 1_i64..3_000,
        ) {
            let zone = zone(name);
            let at = |minute: i64| Instant::from_micros((minute + 21_000_000) * 60_000_000);
            let readings = zone.readings(at(minute - before), at(minute + after));
            let shown = zone.shows(at(minute));
            prop_assert!(readings.from <= shown && shown < readings.to);
            // Whatever it is read as, it is found in the window of that instant.
            for meant in [zone.read(shown).earliest(), zone.read(shown).latest()] {
                let readings = zone.readings(meant, meant + Duration::from_micros(1));
                prop_assert!(readings.from <= shown && shown < readings.to);
            }
        }
    }
}
