//! What `next` shows.

use chrono::NaiveDateTime;
use serde::Serialize;
use tieout_reconcilers::instant::Instant;

/// A time at which a domain is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DueLine {
    /// The domain.
    pub domain: String,
    /// The instant.
    pub at: Instant,
    /// The time that its schedule names, by the wall clocks of the zone.
    pub shown: NaiveDateTime,
    /// The zone.
    pub zone: &'static str,
    /// The schedule's expression.
    pub cron: String,
}
