//! Instants at a precision, and the days of a zone.

use super::*;
use crate::wall_time::WallTime;
use chrono_tz::Tz;
use proptest::prelude::*;

fn dates(zone: Tz) -> Rule {
    let wall = WallTime::new("%Y-%m-%d", Some(zone)).unwrap();
    Rule::Time(TimeRule {
        upstream: crate::clock_format::ClockFormat::Wall(wall.into()),
        local: TimeFormat::Rfc3339,
        precision: Duration::from_hours(24),
    })
}

fn agrees(rule: &Rule, upstream: &str, local: &str) -> bool {
    Pair::field(&format!("\"{upstream}\""), text(local)).agrees(&one(rule.clone())).unwrap()
}

#[test]
fn a_date_is_the_day_of_its_zone_and_not_that_of_utc() {
    let london = dates(Tz::Europe__London);
    assert!(agrees(&london, "2025-07-14", "2025-07-14T09:00:00Z"));
    assert!(agrees(&london, "2025-07-14", "2025-07-13T23:30:00Z"), "half past midnight in summer");
    assert!(!agrees(&london, "2025-07-14", "2025-07-14T23:30:00Z"));
    let new_york = dates(Tz::America__New_York);
    assert!(agrees(&new_york, "2025-07-14", "2025-07-15T03:59:59Z"));
    assert!(!agrees(&new_york, "2025-07-14", "2025-07-15T04:00:00Z"));
}

#[test]
fn a_day_that_begins_late_or_has_another_length_is_one_day() {
    // Clocks were put forward at midnight, so that the day began at one.
    let santiago = dates(Tz::America__Santiago);
    assert!(agrees(&santiago, "2025-09-07", "2025-09-07T04:00:00Z"));
    assert!(agrees(&santiago, "2025-09-07", "2025-09-08T02:59:59Z"));
    assert!(!agrees(&santiago, "2025-09-07", "2025-09-07T03:59:59Z"));
    let london = dates(Tz::Europe__London);
    assert!(agrees(&london, "2025-10-26", "2025-10-26T23:59:59Z"), "a day of 25 hours");
    assert!(!agrees(&london, "2025-03-30", "2025-03-30T23:00:00Z"), "a day of 23 hours");
}

proptest! {
    #[test]
    fn a_day_is_its_own_day_and_holds_its_instants(seconds in 0_i64..2_000_000_000, zone in 0_usize..5) {
        let zone = [Tz::UTC, Tz::Europe__London, Tz::America__Santiago, Tz::Pacific__Apia, Tz::Asia__Kathmandu][zone];
        let wall = WallTime::new("%Y-%m-%d", Some(zone)).unwrap();
        let at = crate::instant::Instant::from_micros(seconds * 1_000_000);
        let day = wall.day(at, Duration::from_hours(24));
        prop_assert_eq!(wall.day(day, Duration::from_hours(24)), day);
        prop_assert!(day <= at && at.micros() - day.micros() < 26 * 3_600 * 1_000_000);
        prop_assert_eq!(wall.write(wall.wall(day)), wall.write(wall.wall(at)), "the same date");
        prop_assert_eq!(wall.read(&wall.write(wall.wall(at))), Some(day));
    }
}
