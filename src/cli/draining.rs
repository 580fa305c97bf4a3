//! How long a command delivers what it let go.

use std::time::Duration;

use clap::Args;
use clap::builder::BoolishValueParser;

/// The words about it.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Draining {
    /// How long to deliver; what is left goes out with the next run
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = humantime::parse_duration, env = "TIEOUT_DRAIN", hide_env_values = true)]
    pub drain: Duration,
    /// Deliver nothing now
    #[arg(long, conflicts_with = "drain", env = "TIEOUT_NO_DRAIN", hide_env_values = true, value_parser = BoolishValueParser::new())]
    pub no_drain: bool,
}

impl Draining {
    /// The time for it: none where nothing is delivered now.
    pub(super) const fn time(&self) -> Duration {
        if self.no_drain { Duration::ZERO } else { self.drain }
    }
}
