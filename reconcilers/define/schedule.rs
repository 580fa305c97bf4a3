//! When a domain runs, as its file says it.

use chrono_tz::{TZ_VARIANTS, Tz};
use schemars::JsonSchema;
use serde::Deserialize;

use super::checked::{Checked, Fault, FromText, Word};
use super::document::Problems;
use super::value::Length;
use super::words;
use crate::schedule::{CatchUp, CronFault, Schedule};
use crate::spoken::Spoken;
use crate::zone::Zone;

/// When a domain runs.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ScheduleFile {
    /// Five fields, or six with the second first: `0 2 * * *`.
    cron: Checked<CronText>,
    /// Whose clocks these are.
    #[schemars(extend("default" = "UTC"))]
    zone: Option<Checked<Tz>>,
    /// What becomes of times that passed while nobody was there.
    #[schemars(extend("default" = "latest"))]
    catch_up: Option<Checked<CatchUp>>,
    /// By how much each run is put off at most, so that not all begin at once.
    #[schemars(extend("default" = "0s"))]
    jitter: Option<Checked<Length>>,
    /// Whether the daemon leaves the domain out.
    #[serde(default)]
    paused: bool,
}

/// A cron expression that fires at some time.
#[derive(Debug, Clone, PartialEq, Eq)]
struct CronText(String);

impl FromText for CronText {
    const WHAT: &'static str = "cron expression";
    const EXAMPLES: &'static [&'static str] = &["0 2 * * *"];

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

impl Word for CatchUp {
    const WHAT: &'static str = "word";

    fn words() -> Vec<(&'static str, Self)> {
        vec![("latest", Self::Latest), ("skip", Self::Skip)]
    }
}

impl FromText for Tz {
    const WHAT: &'static str = "time zone";
    const EXAMPLES: &'static [&'static str] = &["Europe/London", "UTC"];

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

impl FromText for Zone {
    const WHAT: &'static str = Tz::WHAT;
    const EXAMPLES: &'static [&'static str] = Tz::EXAMPLES;

    fn from_text(text: &str) -> Result<Self, Fault> {
        Tz::from_text(text).map(Self::from)
    }
}

impl ScheduleFile {
    pub(super) fn compile(self, problems: &mut Problems<'_>) -> Option<Schedule> {
        let cron = problems.take(self.cron);
        let zone = match self.zone {
            Some(zone) => problems.take(zone),
            None => Some(Tz::UTC),
        };
        let catch_up = problems.take_option(self.catch_up).unwrap_or_default();
        let spot = self.jitter.as_ref().map(|jitter| jitter.spot).unwrap_or_default();
        let jitter = problems.take_option(self.jitter).map(|length| length.0).unwrap_or_default();
        let schedule = Schedule::new(&cron?.0, zone?).ok()?.catching_up(catch_up).spread_over(jitter);
        if let Some(fault) = too_late(&schedule) {
            problems.add(spot, fault);
        }
        Some(if self.paused { schedule.paused() } else { schedule })
    }
}

/// A run must not start after the next one is due.
fn too_late(schedule: &Schedule) -> Option<Fault> {
    if schedule.jitter().is_zero() {
        return None;
    }
    let shortest = schedule.shortest_pause().filter(|pause| *pause <= schedule.jitter())?;
    let message = format!(
        "a jitter of {} is not shorter than the {} between two times of `{}`",
        Spoken(schedule.jitter()),
        Spoken(shortest),
        schedule.cron()
    );
    Some(Fault::new(message).with_help("choose a shorter one, such as a tenth of that time"))
}
