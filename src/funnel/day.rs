//! Civil days: as the calendar of a zone has them, whatever its clocks do.

use chrono::NaiveDate;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::reconciler::Reconciler;
use tieout_reconcilers::window::Window;
use tieout_reconcilers::zone::Zone;

/// A civil day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// Its date.
    pub date: NaiveDate,
    /// The zone whose calendar it is of.
    pub zone: Zone,
    /// From its first instant to that of the next day.
    pub window: Window,
    /// Whether it is over.
    pub is_over: bool,
}

/// The zone whose days a domain counts by: that of its schedule, and UTC where it has none.
pub(super) fn zone_of(domain: &dyn Reconciler) -> Zone {
    domain.schedule().map_or(Zone::UTC, |schedule| schedule.zone().into())
}

/// The newest days of a zone, the one that `now` is in last. A date that a zone left out is no day.
#[must_use]
pub fn days(zone: Zone, now: Instant, count: usize) -> Vec<Day> {
    let dates = std::iter::successors(Some(zone.shows(now).date()), NaiveDate::pred_opt);
    let day = |date: NaiveDate| {
        let window = Window::new(zone.day(date), zone.day(date.succ_opt()?))?;
        Some(Day { date, zone, window, is_over: window.to() <= now })
    };
    let mut days: Vec<Day> = dates.filter_map(day).take(count).collect();
    days.reverse();
    days
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Instant {
        text.parse::<chrono::DateTime<chrono::Utc>>().unwrap().into()
    }

    fn told(zone: &str, now: &str) -> Vec<String> {
        let told = |day: &Day| {
            let over = if day.is_over { "over" } else { "goes on" };
            format!("{} {} to {} {over}", day.date, day.window.from(), day.window.to())
        };
        days(Zone::named(zone).unwrap(), at(now), 2).iter().map(told).collect()
    }

    #[test]
    fn a_day_is_as_long_as_the_calendar_of_its_zone_has_it() {
        assert_eq!(
            told("Europe/London", "2026-10-26T02:00:00Z"),
            [
                "2026-10-25 2026-10-24T23:00:00Z to 2026-10-26T00:00:00Z over",
                "2026-10-26 2026-10-26T00:00:00Z to 2026-10-27T00:00:00Z goes on",
            ]
        );
        assert_eq!(
            told("Pacific/Apia", "2011-12-30T12:00:00Z"),
            [
                "2011-12-29 2011-12-29T10:00:00Z to 2011-12-30T10:00:00Z over",
                "2011-12-31 2011-12-30T10:00:00Z to 2011-12-31T10:00:00Z goes on",
            ],
            "the 30th was left out"
        );
    }

    proptest! {
        #[test]
        fn days_follow_each_other_without_a_gap_and_the_last_one_has_now(
            zone in prop::sample::select(vec!["UTC", "America/New_York", "Asia/Kathmandu", "Africa/Cairo", "Pacific/Apia"]),
            seconds in 0_i64..2_000_000_000,
        ) {
            let now = Instant::from_micros(seconds * 1_000_000);
            let days = days(Zone::named(zone).unwrap(), now, 5);
            prop_assert_eq!(days.len(), 5);
            prop_assert!(days.last().unwrap().window.contains(now));
            for pair in days.windows(2) {
                prop_assert_eq!(pair[0].window.to(), pair[1].window.from());
                prop_assert!(pair[0].is_over && pair[0].date < pair[1].date);
            }
        }
    }
}
