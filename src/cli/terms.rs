//! The terms of one run or plan, which nothing but its call can set.

use std::time::Duration;

use clap::Args;
use clap::builder::BoolishValueParser;

use super::pace::Pace;
use crate::report::Gate;
use crate::run::{self, AfterFailure};

/// On which terms one run or plan works.
#[derive(Debug, Clone, Default, PartialEq, Args)]
pub struct Terms {
    /// After the first domain that failed, begin no other one; what was done is kept and delivered
    #[arg(long, env = "TIEOUT_FAIL_FAST", hide_env_values = true, value_parser = BoolishValueParser::new())]
    pub fail_fast: bool,
    /// Exit with 4 where what was found is more than this, such as `missing>0,money>100USD`: any of findings, missing, mismatched,
    /// orphaned, unreadable, or money in a currency, with > or >=
    #[arg(long, value_name = "CONDITIONS", env = "TIEOUT_FAIL_ON", hide_env_values = true)]
    pub fail_on: Option<Gate>,
    /// How long items rest before they are judged, in place of the domains' own `policy: {settle: ...}`; it may only be longer
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, env = "TIEOUT_SETTLE", hide_env_values = true)]
    pub settle: Option<Duration>,
    /// Ask no provider more often than this (`5/s`, `300/m`), whatever its own limits permit; they hold all the same
    #[arg(long, value_name = "N/s", env = "TIEOUT_REQUEST_RATE", hide_env_values = true)]
    pub rate: Option<Pace>,
}

impl Terms {
    /// The same for a run.
    #[must_use]
    pub fn for_run(&self) -> run::Terms {
        run::Terms {
            after_failure: if self.fail_fast { AfterFailure::Stop } else { AfterFailure::GoOn },
            settle: self.settle,
            confirm: None,
            fail_on: self.fail_on.clone(),
        }
    }
}
