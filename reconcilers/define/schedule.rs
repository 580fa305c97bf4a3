//! When a domain runs, as its file says it.

use chrono_tz::{TZ_VARIANTS, Tz};
use serde::Deserialize;

use super::checked::{Checked, Fault, FromText};
use super::document::Problems;
use super::words;
use crate::schedule::{CronFault, Schedule};

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScheduleFile {
    cron: Checked<CronText>,
    zone: Option<Checked<Tz>>,
}

/// A cron expression that fires at some time.
#[derive(Debug, Clone, PartialEq, Eq)]
struct CronText(String);

impl FromText for CronText {
    fn from_text(text: &str) -> Result<Self, Fault> {
        match Schedule::new(text, Tz::UTC) {
            Ok(_) => Ok(Self(text.to_owned())),
            Err(fault) => Err(Fault::new(fault.to_string()).with_help(advice(&fault))),
        }
    }
}

fn advice(fault: &CronFault) -> &'static str {
    match fault {
        CronFault::Unreadable(..) => {
            "write five fields, minute hour day month weekday, such as `0 2 * * *`, or six with the second first"
        }
        CronFault::Never(_) => "no day of any year fits its day and month",
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
        Schedule::new(&cron?.0, zone?).ok()
    }
}
