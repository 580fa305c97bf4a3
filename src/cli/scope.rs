//! What `run`, `plan` and `backfill` are asked to look at, and within which limits.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::window::Window;

use super::again::Earlier;
use super::failure::Failure;
use super::keys::Keys;
use super::select::{Domains, NamedDomains};
use super::terms::Terms;
use super::values::{When, when};
use crate::run;

/// The scope of a run or plan.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Scope {
    /// Which domains.
    #[command(flatten)]
    pub domains: Domains,
    /// Which items, in place of what lies in a range.
    #[command(flatten)]
    pub keys: Keys,
    /// Read everything from where coverage begins, however much of it is verified; a feed of changes from its beginning, not from
    /// its saved token
    #[arg(long, conflicts_with_all = ["since", "window", "key", "keys_from"])]
    pub full: bool,
    /// Which range, in place of what follows from coverage.
    #[command(flatten)]
    pub range: Range,
    /// On which terms.
    #[command(flatten)]
    pub terms: Terms,
    /// How it is done.
    #[command(flatten)]
    pub manner: Manner,
}

/// A range of time that somebody asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Args)]
pub struct Range {
    /// Read from this time on, whatever coverage says: a date (`2025-11-21` is midnight UTC), a time with its offset, or how long
    /// ago (`2d`)
    #[arg(long, value_name = "WHEN", value_parser = when)]
    pub since: Option<When>,
    /// Read up to this time, which itself is left out; up to now when left out
    #[arg(long, value_name = "WHEN", value_parser = when, requires = "since")]
    pub until: Option<When>,
    /// Read what is no older than this (`24h`): the same as `--since 24h`
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, conflicts_with_all = ["since", "until"])]
    pub window: Option<Duration>,
}

/// How a run works, whatever it looks at.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Manner {
    /// The most events to emit per domain, in place of the domain's own limit
    #[arg(long, value_name = "N", env = "TIEOUT_MAX_EMITS", hide_env_values = true)]
    pub max_emits: Option<u64>,
    /// Hold everything that is found, for a first run on an old backlog: it was there before anybody looked
    #[arg(long, env = "TIEOUT_BASELINE", hide_env_values = true, value_parser = clap::builder::BoolishValueParser::new())]
    pub baseline: bool,
    /// How many findings to show per domain; all are counted; 0 shows all
    #[arg(long, value_name = "N", default_value_t = 20, env = "TIEOUT_LIMIT", hide_env_values = true)]
    pub limit: usize,
    /// How many ranges of a feed are read side by side; the provider's own limits hold all the same
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=64), env = "TIEOUT_CONCURRENCY", hide_env_values = true)]
    pub concurrency: u8,
    /// Off a terminal: how often a domain says that it is alive
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = humantime::parse_duration, env = "TIEOUT_HEARTBEAT", hide_env_values = true)]
    pub heartbeat: Duration,
    /// Begin nothing more after so long; what was done is kept, the next run goes on, and the exit code is 3
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, env = "TIEOUT_DEADLINE", hide_env_values = true)]
    pub deadline: Option<Duration>,
    /// End the run where nothing has moved for so long: no answer, no row, no commit, no event, and no pause with a known end
    #[arg(long, value_name = "TIME", default_value = "15m", value_parser = watchdog, env = "TIEOUT_WATCHDOG", hide_env_values = true)]
    pub watchdog: Duration,
}

/// A time after which a run ends itself; none at all would end every run.
fn watchdog(text: &str) -> Result<Duration, String> {
    let time = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    if time.is_zero() {
        Err("a run cannot end itself at once; leave it out for 15m".to_owned())
    } else {
        Ok(time)
    }
}

/// What a run does with events and locks.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Sending {
    /// How long to deliver waiting events before the run ends; what is left goes out with the next run
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = humantime::parse_duration, env = "TIEOUT_DRAIN", hide_env_values = true)]
    pub drain: Duration,
    /// When another run works on a domain
    #[arg(
        long,
        value_name = "WHAT",
        default_value = "fail",
        env = "TIEOUT_IF_LOCKED",
        hide_env_values = true
    )]
    pub if_locked: IfLocked,
    /// What several processes belong to that share the work (implies --if-locked join): they do each domain once, and whoever comes
    /// when it is done has nothing to do
    #[arg(long, value_name = "NAME", value_parser = job, env = "TIEOUT_JOB", hide_env_values = true)]
    pub job: Option<String>,
    /// The number of this process among them, which names it where it holds something
    #[arg(long, value_name = "N", env = "JOB_COMPLETION_INDEX", hide_env_values = true)]
    pub job_index: Option<u32>,
}

/// The longest name of a job.
const LONGEST_JOB: usize = 200;

/// The name of a job.
fn job(text: &str) -> Result<String, String> {
    if text.is_empty() || text.len() > LONGEST_JOB || text.chars().any(char::is_control) {
        return Err(format!("the name of a job has 1 to {LONGEST_JOB} bytes, and no control characters"));
    }
    Ok(text.to_owned())
}

/// `tieout run`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct RunArgs {
    /// What to look at.
    #[command(flatten)]
    pub scope: Scope,
    /// What it does with events and locks.
    #[command(flatten)]
    pub sending: Sending,
    /// Go on with the domains that an interrupted run did not end, as it was asked to: its scope, --max-emits, --baseline and --settle; the
    /// newest run when left out
    #[arg(long, value_name = "RUN", num_args = 0..=1, default_missing_value = "", conflicts_with_all = ["domains", "select", "exclude", "full", "key", "keys_from", "since", "window", "failed"])]
    pub resume: Option<Earlier>,
    /// The domains that failed, are partial, were interrupted or not begun in a run; in the newest one when left out
    #[arg(long, value_name = "RUN", num_args = 0..=1, default_missing_value = "", conflicts_with_all = ["domains", "select", "exclude"])]
    pub failed: Option<Earlier>,
    /// Send what a plan of `tieout plan --out` says and nothing else; each item is looked at again before, and what changed since
    /// is left out
    #[arg(long, value_name = "FILE", conflicts_with_all = ["domains", "select", "exclude", "full", "key", "keys_from", "since", "window", "resume", "failed"])]
    pub plan: Option<PathBuf>,
    /// After delivery, look again at what was sent, early and then ever more seldom, until all of it is repaired or so long has passed
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, env = "TIEOUT_CONFIRM", hide_env_values = true)]
    pub confirm: Option<Duration>,
    /// Exit with 4 instead of 0 when differences were found
    #[arg(long, env = "TIEOUT_DETAILED_EXITCODE", hide_env_values = true, value_parser = clap::builder::BoolishValueParser::new())]
    pub detailed_exitcode: bool,
}

/// `tieout plan`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct PlanArgs {
    /// What to look at.
    #[command(flatten)]
    pub scope: Scope,
    /// Also keep the plan in this file, for `tieout run --plan`; it lists all findings
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// How long the file may be carried out
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = humantime::parse_duration, requires = "out")]
    pub expires: Duration,
    /// Write over a file that is there
    #[arg(long, requires = "out")]
    pub overwrite: bool,
}

/// `tieout backfill`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct BackfillArgs {
    /// Which domains.
    #[command(flatten)]
    pub domains: NamedDomains,
    /// Fill what was never verified of this range, also before the domain's own beginning.
    #[command(flatten)]
    pub range: Range,
    /// How it is done.
    #[command(flatten)]
    pub manner: Manner,
    /// What it does with events and locks.
    #[command(flatten)]
    pub sending: Sending,
}

/// What to do about a domain that another run works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum IfLocked {
    /// Exit with 6
    Fail,
    /// Leave the domain out and exit with 0
    Skip,
    /// Wait until it is free, or --deadline comes, or 12 hours have passed
    Wait,
    /// Share the work: read ranges for that run, and let others read ranges for this one
    Join,
}

impl Range {
    /// The range that was asked for, up to `now` where no end was named. Refuses one that is empty.
    pub fn window(&self, now: Instant) -> Result<Option<Window>, Failure> {
        let Some(since) = self.since.or(self.window.map(When::Ago)) else { return Ok(None) };
        let [since, until] = [since, self.until.unwrap_or(When::At(now))].map(|when| when.before(now));
        let empty = || Failure::usage("empty_range", format!("nothing lies between {since} and {until}"));
        Window::new(since, until).map(Some).ok_or_else(empty)
    }
}

impl Manner {
    /// How many findings a report lists at most per domain.
    #[must_use]
    pub const fn findings_shown(&self) -> usize {
        if self.limit == 0 { usize::MAX } else { self.limit }
    }
}

impl IfLocked {
    /// The same for a run.
    #[must_use]
    pub const fn for_run(self) -> run::IfLocked {
        match self {
            Self::Fail => run::IfLocked::Fail,
            Self::Skip => run::IfLocked::Skip,
            Self::Wait => run::IfLocked::Wait,
            Self::Join => run::IfLocked::Join,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::{Cli, Command};
    use crate::cli::values::instant;
    use clap::Parser;
    use tieout_reconcilers::key::Key;

    fn scope(args: &[&str]) -> Result<Scope, clap::Error> {
        let args = ["tieout", "plan"].iter().chain(args);
        let Command::Plan(plan) = Cli::try_parse_from(args)?.command else { unreachable!() };
        Ok(plan.scope)
    }

    #[test]
    fn a_date_is_midnight_utc_and_the_end_defaults_to_now() {
        let now = instant("2025-11-21T12:00:00+01:00").unwrap();
        let window = scope(&["--since", "2025-11-20"]).unwrap().range.window(now).unwrap().unwrap();
        assert_eq!(window.from().to_string(), "2025-11-20T00:00:00Z");
        assert_eq!(window.to(), now);
        assert_eq!(scope(&[]).unwrap().range.window(now).unwrap(), None);
    }

    #[test]
    fn a_range_may_be_told_by_how_long_ago_it_was() {
        let now = instant("2025-11-21T12:00:00Z").unwrap();
        let window = |args: &[&str]| {
            let window = scope(args).unwrap().range.window(now).unwrap().unwrap();
            [window.from().to_string(), window.to().to_string()]
        };
        assert_eq!(
            window(&["--since", "2d", "--until", "1d"]),
            ["2025-11-19T12:00:00Z", "2025-11-20T12:00:00Z"]
        );
        assert_eq!(window(&["--window", "24h"]), ["2025-11-20T12:00:00Z", "2025-11-21T12:00:00Z"]);
        assert_eq!(window(&["--window", "24h"]), window(&["--since", "24h"]));
    }

    #[test]
    fn an_empty_range_is_a_usage_error() {
        let scope = scope(&["--since", "2025-11-20", "--until", "2025-11-20"]).unwrap();
        assert_eq!(scope.range.window(Instant::from_micros(0)).unwrap_err().exit, 2);
    }

    #[test]
    fn keys_come_in_a_list_and_exclude_a_range() {
        let keys = scope(&["--key", "ch_1,ch_2"]).unwrap().keys.key;
        assert_eq!(keys.iter().map(Key::as_str).collect::<Vec<_>>(), ["ch_1", "ch_2"]);
        for wrong in [
            ["--key", "ch_1", "--since", "2025-11-20"].as_slice(),
            &["--key", "ch_1", "--window", "24h"],
            &["--keys-from", "-", "--since", "2025-11-20"],
            &["--keys-from", "-", "--window", "24h"],
            &["--full", "--since", "2025-11-20"],
            &["--full", "--since", "2025-11-20", "--until", "2025-11-21"],
            &["--full", "--window", "24h"],
            &["--full", "--key", "ch_1"],
            &["--full", "--keys-from", "-"],
            &["--since", "2d", "--window", "24h"],
            &["--window", "24h", "--until", "1h"],
            &["--until", "2025-11-20"],
            &["--since", "yesterday"],
            &["--key", "a\u{1b}b"],
            &["--max-emits", "-1"],
            &["--concurrency", "0"],
            &["--concurrency", "65"],
            &["--watchdog", "0s"],
        ] {
            assert_eq!(scope(wrong).unwrap_err().exit_code(), 2, "{wrong:?}");
        }
    }

    #[test]
    fn a_job_has_a_name_and_its_processes_have_numbers() {
        let run = |more: &[&str]| {
            let args = ["tieout", "run"].iter().chain(more);
            match Cli::try_parse_from(args)?.command {
                Command::Run(run) => Ok(run.sending),
                _ => unreachable!(),
            }
        };
        let named = run(&["--job", "nightly-1/4711", "--job-index", "7"]).unwrap();
        assert_eq!((named.job.as_deref(), named.job_index), (Some("nightly-1/4711"), Some(7)));
        for wrong in [["--job", ""], ["--job", "a\nb"], ["--job-index", "-1"], ["--job-index", "seven"]] {
            let refused: clap::Error = run(&wrong).unwrap_err();
            assert_eq!(refused.exit_code(), 2, "{wrong:?}");
        }
    }

    #[test]
    fn a_limit_of_zero_shows_all() {
        assert_eq!(scope(&[]).unwrap().manner.findings_shown(), 20);
        assert_eq!(scope(&["--limit", "0"]).unwrap().manner.findings_shown(), usize::MAX);
    }
}
