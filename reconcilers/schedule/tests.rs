use std::collections::BTreeSet;

use chrono::{Datelike as _, NaiveDate, NaiveTime, Offset as _, TimeZone as _};
use proptest::prelude::*;

use super::*;

mod changes;

/// Zones whose clocks are changed at midnight, by half an hour, over a day, often, in the south, and never.
const ZONES: [&str; 20] = [
    "America/Santiago",
    "America/Sao_Paulo",
    "America/Havana",
    "America/Asuncion",
    "America/New_York",
    "America/St_Johns",
    "America/Scoresbysund",
    "Asia/Amman",
    "Asia/Beirut",
    "Asia/Gaza",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Antarctica/Troll",
    "Australia/Lord_Howe",
    "Europe/London",
    "Pacific/Apia",
    "Pacific/Kwajalein",
    "UTC",
];
const FIRST_YEAR: i32 = 1990;
const LAST_YEAR: i32 = 2040;

fn schedule(cron: &str, zone: &str) -> Schedule {
    Schedule::new(cron, zone.parse().unwrap()).unwrap()
}

fn utc(text: &str) -> Instant {
    text.parse::<DateTime<Utc>>().unwrap().into()
}

fn new_year(year: i32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, 1, 1).unwrap()
}

/// The days of a zone; one that was left out has no noon.
fn days(zone: &str) -> BTreeSet<NaiveDate> {
    let zone: Tz = zone.parse().unwrap();
    let has_noon = |day: &NaiveDate| zone.from_local_datetime(&noon(*day)).earliest().is_some();
    new_year(FIRST_YEAR).iter_days().take_while(|day| *day < new_year(LAST_YEAR)).filter(has_noon).collect()
}

fn noon(day: NaiveDate) -> NaiveDateTime {
    day.and_hms_opt(12, 0, 0).unwrap()
}

/// When the clocks of a zone first show a time of a day or a later one, by watching them from minute to minute.
fn watched(zone: &str, day: NaiveDate, time: NaiveTime) -> Instant {
    let zone: Tz = zone.parse().unwrap();
    let start = day.and_time(NaiveTime::MIN).and_utc() - chrono::TimeDelta::hours(40);
    let is_past = |at: &DateTime<Utc>| at.with_timezone(&zone).naive_local() >= day.and_time(time);
    (0..10_000).map(|minutes| start + chrono::TimeDelta::minutes(minutes)).find(is_past).unwrap().into()
}

#[test]
fn every_civil_day_of_fifty_years_has_exactly_one_run_in_every_zone() {
    // At a time that its clocks skip or repeat; more times are tried around the changes themselves.
    for zone in ZONES {
        let cron = changes::touched(zone);
        let start: Instant =
            (new_year(FIRST_YEAR).and_time(NaiveTime::MIN).and_utc() - chrono::TimeDelta::days(2)).into();
        let runs = schedule(&cron, zone);
        let runs: Vec<Due> = runs
            .after(start)
            .filter(|due| due.shown.year() >= FIRST_YEAR)
            .take_while(|due| due.shown.year() < LAST_YEAR)
            .collect();
        assert!(runs.windows(2).all(|pair| pair[0].at < pair[1].at), "{zone} {cron}");
        let of_runs: BTreeSet<NaiveDate> = runs.iter().map(|due| due.shown.date()).collect();
        assert_eq!(of_runs.len(), runs.len(), "{zone} {cron}: a day has two");
        let days = days(zone);
        let differ: Vec<&NaiveDate> = of_runs.symmetric_difference(&days).collect();
        assert!(differ.is_empty(), "{zone} {cron}: {differ:?}");
    }
}

#[test]
fn what_clocks_skip_comes_when_they_have_been_put_forward_and_what_they_repeat_comes_once() {
    let first = |cron: &str, zone: &str, after: &str| schedule(cron, zone).next_after(utc(after)).unwrap().at;
    let london = "Europe/London";
    assert_eq!(first("30 1 * * *", london, "2026-03-28T12:00:00Z"), utc("2026-03-29T01:00:00Z"));
    assert_eq!(first("0 2 * * *", london, "2026-03-28T12:00:00Z"), utc("2026-03-29T01:00:00Z"));
    assert_eq!(first("30 1 * * *", london, "2026-10-24T12:00:00Z"), utc("2026-10-25T00:30:00Z"));
    assert_eq!(first("30 1 * * *", london, "2026-10-25T00:30:00Z"), utc("2026-10-26T01:30:00Z"));
    assert_eq!(first("45 1 * * *", london, "2026-10-25T01:15:00Z"), utc("2026-10-26T01:45:00Z"));
    assert_eq!(first("30 1,13 * * *", london, "2026-03-29T00:00:00Z"), utc("2026-03-29T01:00:00Z"));
    assert_eq!(first("0 0 * * *", "America/Santiago", "2026-09-06T00:00:00Z"), utc("2026-09-06T04:00:00Z"));
    assert_eq!(
        first("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z"),
        utc("2026-10-03T15:30:00Z")
    );
    let half_an_hour = |after: &str| first("45 1 * * *", "Australia/Lord_Howe", after);
    assert_eq!(half_an_hour("2026-04-04T00:00:00Z"), utc("2026-04-04T14:45:00Z"));
    assert_eq!(
        half_an_hour("2026-04-04T14:45:00Z"),
        utc("2026-04-05T15:15:00Z"),
        "not when it is shown again"
    );
    assert_eq!(
        first("0 12 * * *", "Pacific/Apia", "2011-12-29T23:00:00Z"),
        utc("2011-12-30T22:00:00Z"),
        "no 30 December"
    );
}

#[test]
fn a_pace_goes_through_both_passes_of_a_repeated_hour_and_does_not_repeat_itself_after_a_skipped_one() {
    let times = |after: &str| -> Vec<String> {
        let half_hours = schedule("*/30 * * * *", "Europe/London");
        half_hours.after(utc(after)).take(4).map(|due| due.at.to_string()).collect()
    };
    let spring =
        ["2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z", "2026-03-29T02:00:00Z"];
    assert_eq!(times("2026-03-29T00:00:00Z"), spring);
    let autumn =
        ["2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:00:00Z"];
    assert_eq!(times("2026-10-25T00:00:00Z"), autumn);
    let quarters = schedule("*/15 * * * *", "Australia/Lord_Howe");
    let repeated: Vec<String> =
        quarters.after(utc("2026-04-04T14:30:00Z")).take(4).map(|due| due.shown.time().to_string()).collect();
    assert_eq!(repeated, ["01:45:00", "01:30:00", "01:45:00", "02:00:00"], "half an hour, twice");
}

#[test]
fn seconds_may_come_first() {
    let due = schedule("30 0 2 * * *", "UTC").next_after(utc("2026-11-27T02:00:00Z")).unwrap();
    assert_eq!(due.at, utc("2026-11-27T02:00:30Z"));
    assert_eq!(schedule("30 0 2 * * *", "UTC").cron(), "30 0 2 * * *");
}

#[test]
fn the_longest_pause_of_a_schedule_is_the_one_over_its_weekend_or_its_year() {
    let hours = |cron: &str| schedule(cron, "Europe/London").longest_pause().unwrap().as_secs() / 3_600;
    assert_eq!(hours("*/5 * * * *"), 0);
    assert_eq!(hours("0 2 * * 1-5"), 72 + 1, "the clock goes back on a weekend");
    assert_eq!(hours("0 2 1 * *"), 31 * 24 + 1);
    assert_eq!(hours("0 2 1 1 *"), 365 * 24);
    assert_eq!(schedule("0 2 29 2 *", "UTC").longest_pause(), None, "once in two years at most");
}

proptest! {
    /// The last time until an instant is the one that the next times lead to.
    #[test]
    fn looking_back_finds_what_looking_ahead_finds(
        zone in prop::sample::select(ZONES.to_vec()),
        cron in prop::sample::select(vec!["30 1 * * *", "*/30 * * * *", "15 0,2,23 * * *", "0 */2 * * *", "59 23 * * 0"]),
        minute in 0_i64..26_280_000,
    ) {
        let runs = schedule(cron, zone);
        let at = Instant::from_micros((minute + 10_519_200) * 60_000_000);
        let last = runs.last_until(at).unwrap();
        prop_assert!(last.at <= at);
        prop_assert_eq!(runs.next_after(last.at - Duration::from_micros(1)).map(|due| due.at), Some(last.at));
        prop_assert!(runs.next_after(last.at).unwrap().at > at);
    }
}

#[test]
fn what_is_said_of_missed_times_and_delays_is_kept_and_the_default_is_one_run_at_the_time_itself() {
    let plain = schedule("0 2 * * *", "Europe/London");
    assert_eq!(
        (plain.catch_up(), plain.jitter(), plain.is_paused()),
        (CatchUp::Latest, Duration::ZERO, false)
    );
    let said = plain.catching_up(CatchUp::Skip).spread_over(Duration::from_mins(10)).paused();
    assert_eq!(
        (said.catch_up(), said.jitter(), said.is_paused()),
        (CatchUp::Skip, Duration::from_mins(10), true)
    );
}

#[test]
fn the_shortest_pause_is_that_of_the_day_on_which_clocks_are_put_forward() {
    assert_eq!(schedule("30 4 * * *", "Europe/London").shortest_pause(), Some(Duration::from_hours(23)));
    assert_eq!(schedule("30 4 * * *", "UTC").shortest_pause(), Some(Duration::from_hours(24)));
    assert_eq!(schedule("* * * * * *", "UTC").shortest_pause(), Some(Duration::from_secs(1)));
}

proptest! {
    #[test]
    fn a_run_starts_within_its_jitter_and_everybody_finds_the_same_start(day in 0_u64..20_000, minutes in 1_u64..1_380) {
        let jitter = Duration::from_mins(minutes);
        let nightly = schedule("0 2 * * *", "Europe/London").spread_over(jitter);
        let domain = "shop.charges".parse().unwrap();
        let due = Instant::from_micros(0) + Duration::from_hours(24 * day);
        let start = nightly.start_of(&domain, due);
        prop_assert!(due <= start && start < due + jitter);
        prop_assert_eq!(start, nightly.clone().start_of(&domain, due));
    }
}

#[test]
fn domains_of_one_time_are_spread_over_its_jitter_and_without_one_start_at_once() {
    let hourly = schedule("0 * * * *", "UTC");
    let due = utc("2026-11-28T02:00:00Z");
    let starts = |schedule: &Schedule| -> BTreeSet<Instant> {
        (0..100).map(|n| schedule.start_of(&format!("shop.domain{n}").parse().unwrap(), due)).collect()
    };
    assert_eq!(starts(&hourly), [due].into());
    assert!(starts(&hourly.spread_over(Duration::from_mins(30))).len() > 90);
}
