//! When a domain runs: the times of a cron expression, by the wall clocks of a zone, as instants. Nothing here asks what time it is.
//!
//! What clocks that are changed make of a time follows cron: a time that was skipped comes when the clock has been put forward,
//! and a time that is shown twice comes the first time. Only an expression whose hour is open (`*` or `*/2`) runs in both
//! passes of a repeated hour, because it means a pace and not a time of day.

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, Timelike as _, Utc};
use chrono_tz::Tz;
use croner::errors::CronError;
use croner::parser::{CronParser, Seconds, Year};
use croner::{Cron, Direction};

use crate::instant::Instant;
use crate::zone::{Shown, Zone};

mod jitter;

/// 2026-01-01T00:00:00Z. Without years in an expression, any start finds the same answer to "does it ever fire?".
const ANY_START: i64 = 1_767_225_600;

/// How far ahead, and at how many times, a schedule is looked at: every pause that there is comes within two years.
const LOOKED_AT: Duration = Duration::from_hours(2 * 366 * 24);
const TIMES: usize = 5_000;

/// What becomes of times that came while nobody could run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CatchUp {
    /// One run for all of them, in the name of the newest.
    #[default]
    Latest,
    /// Nothing: the next time is the next run.
    Skip,
}

/// A cron expression in a named zone, checked, and what becomes of its times.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    cron: Cron,
    zone: Tz,
    catch_up: CatchUp,
    jitter: Duration,
    is_paused: bool,
}

/// A time at which a domain is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// The instant.
    pub at: Instant,
    /// What the expression asked for, as a wall clock of the zone shows it: where clocks were put forward over it, an earlier
    /// time than they show at the instant.
    pub shown: NaiveDateTime,
}

/// Why a text is no cron expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CronFault {
    /// It cannot be read.
    #[error("`{0}` is not a cron expression: {1}")]
    Unreadable(String, String),
    /// No day of any year fits it.
    #[error("`{0}` never fires")]
    Never(String),
}

impl Schedule {
    /// Reads an expression of five fields, or of six with the seconds first.
    pub fn new(cron: &str, zone: Tz) -> Result<Self, CronFault> {
        let parser = CronParser::builder().seconds(Seconds::Optional).year(Year::Disallowed).build();
        let unreadable = |error| CronFault::Unreadable(cron.to_owned(), reason(&error));
        let schedule = Self {
            cron: parser.parse(cron).map_err(unreadable)?,
            zone,
            catch_up: CatchUp::default(),
            jitter: Duration::ZERO,
            is_paused: false,
        };
        let start = DateTime::<Utc>::from_timestamp(ANY_START, 0).unwrap_or_default();
        match schedule.cron.find_next_occurrence(&start, true) {
            Ok(_) => Ok(schedule),
            Err(_) => Err(CronFault::Never(cron.to_owned())),
        }
    }

    /// The expression as it was written.
    #[must_use]
    pub fn cron(&self) -> &str {
        self.cron.as_str()
    }

    /// The zone whose clocks it is meant by.
    #[must_use]
    pub const fn zone(&self) -> Tz {
        self.zone
    }

    /// The same with another rule for times that were missed.
    #[must_use]
    pub fn catching_up(self, catch_up: CatchUp) -> Self {
        Self { catch_up, ..self }
    }

    /// The same whose runs start up to so long after their times. It has to be shorter than [`Self::shortest_pause`], so that no run
    /// starts after the next one.
    #[must_use]
    pub fn spread_over(self, jitter: Duration) -> Self {
        Self { jitter, ..self }
    }

    /// The same whose times pass without a run.
    #[must_use]
    pub fn paused(self) -> Self {
        Self { is_paused: true, ..self }
    }

    /// What becomes of times that were missed.
    #[must_use]
    pub const fn catch_up(&self) -> CatchUp {
        self.catch_up
    }

    /// The longest time between a due time and the start of its run.
    #[must_use]
    pub const fn jitter(&self) -> Duration {
        self.jitter
    }

    /// Whether its times pass without a run.
    #[must_use]
    pub const fn is_paused(&self) -> bool {
        self.is_paused
    }

    /// The first time after an instant. Every expression has one, until the calendar of the library ends in the year 5000.
    #[must_use]
    pub fn next_after(&self, after: Instant) -> Option<Due> {
        let zone = Zone::from(self.zone);
        let mut found: Option<Due> = None;
        for shown in self.times(zone.readings(after, after).from, Direction::Forward) {
            let first = zone.first_at_or_past(shown);
            if found.is_some_and(|found| found.at < first) {
                break;
            }
            let due = self.instants(shown).into_iter().flatten().filter(|at| *at > after).min();
            let is_sooner = |at: &Instant| found.is_none_or(|found| *at < found.at);
            found = due.filter(is_sooner).map(|at| Due { at, shown }).or(found);
        }
        found
    }

    /// The last time at or before an instant.
    #[must_use]
    pub fn last_until(&self, until: Instant) -> Option<Due> {
        let zone = Zone::from(self.zone);
        let mut found: Option<Due> = None;
        for shown in self.times(zone.readings(until, until).to, Direction::Backward) {
            let last = zone.read(shown).latest().max(zone.first_at_or_past(shown));
            if found.is_some_and(|found| found.at > last) {
                break;
            }
            let due = self.instants(shown).into_iter().flatten().filter(|at| *at <= until).max();
            let is_later = |at: &Instant| found.is_none_or(|found| *at > found.at);
            found = due.filter(is_later).map(|at| Due { at, shown }).or(found);
        }
        found
    }

    /// The times after an instant, one after the other.
    pub fn after(&self, after: Instant) -> impl Iterator<Item = Due> {
        std::iter::successors(self.next_after(after), |due| self.next_after(due.at))
    }

    /// The longest time between two runs, of a few thousand.
    #[must_use]
    pub fn longest_pause(&self) -> Option<Duration> {
        self.pauses().into_iter().max()
    }

    /// The shortest time between two runs, of a few thousand.
    #[must_use]
    pub fn shortest_pause(&self) -> Option<Duration> {
        self.pauses().into_iter().min()
    }

    fn pauses(&self) -> Vec<Duration> {
        let start = Instant::from_micros(ANY_START * 1_000_000);
        let times = self.after(start).take_while(|due| due.at < start + LOOKED_AT).take(TIMES);
        let times: Vec<Instant> = times.map(|due| due.at).collect();
        let pause =
            |pair: &[Instant]| pair.get(1)?.micros().checked_sub(pair.first()?.micros())?.try_into().ok();
        times.windows(2).filter_map(pause).map(Duration::from_micros).collect()
    }

    /// The times that the expression asks for, by the wall clock, whatever the clock makes of them. Asked for one by one, because the
    /// library's iterator leaves out every second one of times that are a second apart.
    fn times(&self, from: NaiveDateTime, direction: Direction) -> impl Iterator<Item = NaiveDateTime> {
        let from = from.with_nanosecond(0).unwrap_or(from).and_utc();
        let find = move |at, inclusive| match direction {
            Direction::Forward => self.cron.find_next_occurrence(&at, inclusive).ok(),
            Direction::Backward => self.cron.find_previous_occurrence(&at, inclusive).ok(),
        };
        std::iter::successors(find(from, true), move |at| find(*at, false)).map(|time| time.naive_utc())
    }

    /// What becomes of a time: one instant, both where a pace goes through a repeated hour, or none of a day that never was.
    fn instants(&self, shown: NaiveDateTime) -> [Option<Instant>; 2] {
        let zone = Zone::from(self.zone);
        match zone.read(shown) {
            Shown::Once(at) => [Some(at), None],
            Shown::Twice { earlier, later } => {
                [Some(earlier), self.cron.pattern.hours.from_wildcard.then_some(later)]
            }
            Shown::Never(_) => {
                let at = zone.first_at_or_past(shown);
                let day_before = zone.shows(at - Duration::from_micros(1)).date();
                let is_day = day_before == shown.date() || zone.shows(at).date() == shown.date();
                [is_day.then_some(at), None]
            }
        }
    }
}

fn reason(error: &CronError) -> String {
    match error {
        CronError::EmptyPattern => "it is empty".to_owned(),
        CronError::InvalidPattern(why) if why.contains("must") => {
            "it does not have five or six fields".to_owned()
        }
        CronError::InvalidPattern(why)
        | CronError::IllegalCharacters(why)
        | CronError::ComponentError(why) => why.trim_end_matches('.').to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
