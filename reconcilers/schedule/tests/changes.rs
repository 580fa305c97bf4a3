//! What becomes of times around every change of clocks of fifty years. The changes are found by watching how far the clocks of a
//! zone are ahead, and nothing here asks for what a reading stands for: that is what is to be proven.

use std::sync::LazyLock;

use chrono::TimeDelta;

use super::*;

/// How many days before and after a change are looked at.
const NEAR: i64 = 2;

/// How often clocks are watched. None is changed twice in this time.
const STEP: i64 = 12 * 3_600;

/// Times of a day at which nights begin, whatever the clocks of a zone do then.
const TIMES: [(u32, u32); 6] = [(0, 0), (0, 30), (1, 30), (2, 15), (1, 45), (23, 59)];

/// The clocks of all zones, watched once.
static ALL: LazyLock<Vec<Clocks>> = LazyLock::new(|| ZONES.into_iter().map(Clocks::watched).collect());

/// The clocks of a zone: since when they are ahead by how much, in seconds of universal time.
struct Clocks {
    zone: &'static str,
    stretches: Vec<(i64, i64)>,
}

/// What a change skips or repeats: from the first reading to the one after the last.
struct Change {
    from: NaiveDateTime,
    to: NaiveDateTime,
}

impl Clocks {
    fn watched(zone: &'static str) -> Self {
        let clocks: Tz = zone.parse().unwrap();
        let ahead = |second: i64| {
            let at = DateTime::<Utc>::from_timestamp(second, 0).unwrap().naive_utc();
            i64::from(clocks.offset_from_utc_datetime(&at).fix().local_minus_utc())
        };
        let of = |year| new_year(year).and_time(NaiveTime::MIN).and_utc().timestamp();
        let (mut at, end) = (of(FIRST_YEAR) - 7 * 24 * 3_600, of(LAST_YEAR) + 7 * 24 * 3_600);
        let mut stretches = vec![(at, ahead(at))];
        while at < end {
            let (mut before, mut after) = (at, at + STEP);
            at = after;
            while ahead(before) != ahead(after) && after - before > 1 {
                let middle = i64::midpoint(before, after);
                if ahead(middle) == ahead(before) { before = middle } else { after = middle }
            }
            if ahead(before) != ahead(after) {
                stretches.push((after, ahead(after)));
            }
        }
        Self { zone, stretches }
    }

    fn of(zone: &str) -> &'static Self {
        ALL.iter().find(|clocks| clocks.zone == zone).unwrap()
    }

    fn changes(&self) -> impl Iterator<Item = Change> {
        self.stretches.windows(2).map(|pair| {
            let [(_, before), (at, after)] = [pair[0], pair[1]];
            let reading = |ahead| DateTime::<Utc>::from_timestamp(at + ahead, 0).unwrap().naive_utc();
            Change { from: reading(before.min(after)), to: reading(before.max(after)) }
        })
    }

    /// When the clocks first show a reading or a later one, and whether that is the reading itself.
    fn first(&self, shown: NaiveDateTime) -> (Instant, bool) {
        let reading = shown.and_utc().timestamp();
        let ends = self.stretches.iter().skip(1).map(|(since, _)| *since).chain([i64::MAX]);
        let in_stretch = |((since, ahead), end): (&(i64, i64), i64)| {
            let at = (reading - ahead).max(*since);
            (at < end).then_some((at, at + ahead == reading))
        };
        let (at, is_shown) = self.stretches.iter().zip(ends).find_map(in_stretch).unwrap();
        (Instant::from_micros(at * 1_000_000), is_shown)
    }

    /// What a time of a day comes to around a reading: one run on each day that has a noon.
    fn runs(&self, near: NaiveDateTime, time: NaiveTime) -> Vec<Due> {
        let days = (-NEAR..=NEAR).map(|days| near.date() + TimeDelta::days(days));
        let has_noon = |day: &NaiveDate| self.first(noon(*day)).1;
        let shown = days.filter(has_noon).map(|day| day.and_time(time));
        shown.map(|shown| Due { at: self.first(shown).0, shown }).collect()
    }
}

impl Change {
    /// The times of a day that it touches: the first and the last minute that it skips or repeats, the middle, and those on both sides.
    fn times(&self) -> BTreeSet<NaiveTime> {
        let minute = TimeDelta::minutes(1);
        let of = [self.from - minute, self.from, self.middle(), self.to - minute, self.to];
        of.into_iter().map(|shown| shown.time()).collect()
    }

    fn middle(&self) -> NaiveDateTime {
        self.from + (self.to - self.from) / 2
    }
}

fn time(hour: u32, minute: u32) -> NaiveTime {
    NaiveTime::from_hms_opt(hour, minute, 0).unwrap()
}

fn daily(time: NaiveTime) -> String {
    time.format("%-M %-H * * *").to_string()
}

/// A time of a day that the last change of a zone's clocks skipped or repeated.
pub(super) fn touched(zone: &str) -> String {
    daily(Clocks::of(zone).changes().last().map_or(time(2, 15), |change| change.middle().time()))
}

#[test]
fn the_changes_that_are_tried_are_those_of_the_zones() {
    let still = ALL.iter().filter(|clocks| clocks.changes().next().is_none());
    assert_eq!(
        still.map(|clocks| clocks.zone).collect::<Vec<_>>(),
        ["Asia/Kathmandu", "Asia/Kolkata", "UTC"]
    );
    let last = |zone: &str| {
        let change = Clocks::of(zone).changes().last().unwrap();
        (change.from.time(), change.to.time())
    };
    assert_eq!(last("Europe/London"), (time(1, 0), time(2, 0)));
    assert_eq!(last("America/Havana"), (time(0, 0), time(1, 0)));
    assert_eq!(last("Australia/Lord_Howe"), (time(2, 0), time(2, 30)));
    assert_eq!(Clocks::of("Europe/London").changes().count(), 100, "two in each year");
}

#[test]
fn around_every_change_of_clocks_each_day_has_one_run_whatever_time_they_skip_or_repeat() {
    for clocks in &*ALL {
        for change in clocks.changes() {
            let often = TIMES.into_iter().map(|(hour, minute)| time(hour, minute));
            for time in often.chain(change.times()).collect::<BTreeSet<_>>() {
                let expected = clocks.runs(change.from, time);
                let runs = schedule(&daily(time), clocks.zone);
                let start = expected[0].at - Duration::from_micros(1);
                let found: Vec<Due> = runs.after(start).take(expected.len()).collect();
                assert_eq!(found, expected, "{} at {time}, near {}", clocks.zone, change.from);
                assert_eq!(runs.last_until(start + Duration::from_micros(1)), Some(expected[0]));
            }
        }
    }
}

proptest! {
    /// Within two hours of every change of clocks of fifty years: a time of a day is due when a clock first shows it or a later one.
    #[test]
    fn a_time_of_day_is_due_when_a_watched_clock_first_shows_it(
        zone in prop::sample::select(ZONES.to_vec()),
        change in any::<prop::sample::Index>(),
        is_its_end in any::<bool>(),
        minutes in -120_i64..=120,
        near in -1_i64..=1,
    ) {
        let changes: Vec<Change> = Clocks::of(zone).changes().collect();
        prop_assume!(!changes.is_empty());
        let change = change.get(&changes);
        let edge = if is_its_end { change.to } else { change.from };
        let shown = edge + TimeDelta::minutes(minutes) + TimeDelta::days(near);
        prop_assume!(Clocks::of(zone).first(noon(shown.date())).1);
        let expected = watched(zone, shown.date(), shown.time());
        let runs = schedule(&daily(shown.time()), zone);
        let due = runs.after(expected - Duration::from_hours(60)).find(|due| due.shown == shown);
        prop_assert_eq!(due.map(|due| due.at), Some(expected));
    }
}
