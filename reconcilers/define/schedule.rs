//! When a domain runs: a cron expression in a named zone, checked as far as that is possible without a clock.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};
use croner::errors::CronError;
use croner::parser::{CronParser, Seconds, Year};
use croner::{Cron, Direction};
use serde::Deserialize;

use super::checked::{Checked, Fault, FromText};
use super::document::Problems;
use super::words;
use crate::reconciler::Schedule;

/// 2026-01-01T00:00:00Z. Without years in an expression, any start finds the same answer to "does it ever fire?".
const ANY_START: i64 = 1_767_225_600;

/// How far ahead, and at how many firings, a schedule is looked at: every pause that there is comes within two years.
const LOOKED_AT: TimeDelta = TimeDelta::days(2 * 366);
const FIRINGS: usize = 5_000;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScheduleFile {
    cron: Checked<CronText>,
    zone: Option<Checked<Tz>>,
}

/// A cron expression of five fields that fires at some time.
#[derive(Debug, Clone, PartialEq, Eq)]
struct CronText(String);

impl FromText for CronText {
    fn from_text(text: &str) -> Result<Self, Fault> {
        let help = "write five fields, minute hour day month weekday, such as `0 2 * * *`";
        let cron = parse(text).map_err(|error| {
            Fault::new(format!("`{text}` is not a cron expression: {}", reason(&error))).with_help(help)
        })?;
        let start = DateTime::<Utc>::from_timestamp(ANY_START, 0).unwrap_or_default();
        cron.find_next_occurrence(&start, true).map_err(|_| {
            Fault::new(format!("`{text}` never fires")).with_help("no day of any year fits its day and month")
        })?;
        Ok(Self(text.to_owned()))
    }
}

fn parse(text: &str) -> Result<Cron, CronError> {
    CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build().parse(text)
}

impl Schedule {
    /// The longest time between two runs, of a few thousand.
    #[must_use]
    pub fn longest_pause(&self) -> Option<Duration> {
        let cron = parse(&self.cron).ok()?;
        let start = DateTime::<Utc>::from_timestamp(ANY_START, 0)?.with_timezone(&self.zone);
        let end = start + LOOKED_AT;
        let times = cron.iter_from(start, Direction::Forward).take_while(|at| *at < end).take(FIRINGS);
        let times: Vec<DateTime<Tz>> = times.collect();
        let pauses = times.windows(2).filter_map(|pair| (*pair.get(1)? - *pair.first()?).to_std().ok());
        pauses.max()
    }
}

fn reason(error: &CronError) -> String {
    match error {
        CronError::EmptyPattern => "it is empty".to_owned(),
        CronError::InvalidPattern(why) if why.contains("must") => "it does not have five fields".to_owned(),
        CronError::InvalidPattern(why)
        | CronError::IllegalCharacters(why)
        | CronError::ComponentError(why) => why.trim_end_matches('.').to_owned(),
        other => other.to_string(),
    }
}

impl FromText for Tz {
    fn from_text(text: &str) -> Result<Self, Fault> {
        text.parse().map_err(|_| {
            let near = words::nearest(text, TZ_VARIANTS.iter().map(|zone| zone.name()));
            let help = match near {
                Some(near) => format!("did you mean `{near}`? zones are named as in the IANA database"),
                None => {
                    "zones are named as in the IANA database, such as `Europe/London` or `UTC`".to_owned()
                }
            };
            Fault::new(format!("`{text}` is not a time zone")).with_help(help)
        })
    }
}

impl ScheduleFile {
    pub(super) fn compile(self, problems: &mut Problems<'_>) -> Option<Schedule> {
        let cron = problems.take(self.cron);
        let zone = match self.zone {
            Some(zone) => problems.take(zone),
            None => Some(Tz::UTC),
        };
        Some(Schedule { cron: cron?.0, zone: zone? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_pause_of_a_schedule_is_the_one_over_its_weekend_or_its_year() {
        let pause = |cron: &str| {
            let schedule = Schedule { cron: cron.to_owned(), zone: Tz::Europe__London };
            schedule.longest_pause().unwrap().as_secs() / 3_600
        };
        assert_eq!(pause("*/5 * * * *"), 0);
        assert_eq!(pause("0 2 * * 1-5"), 72 + 1, "the clock goes back on a weekend");
        assert_eq!(pause("0 2 1 * *"), 31 * 24 + 1);
        assert_eq!(pause("0 2 1 1 *"), 365 * 24);
        let leap = Schedule { cron: "0 2 29 2 *".to_owned(), zone: Tz::UTC };
        assert_eq!(leap.longest_pause(), None, "once in two years at most");
    }
}
