//! Where a limit is kept that several processes share.

use std::fmt;
use std::time::Duration;

use futures::future::BoxFuture;
use tieout_reconcilers::instant::Instant;

use super::spacing::{Grant, Spacing};

/// What a process asks of a shared limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Which limit: the same text for everybody who shares it.
    pub limit: String,
    /// How far apart its moments are.
    pub spacing: Spacing,
    /// How far ahead they have to lie, so that the answer comes before them.
    pub lead: Duration,
    /// How many are wanted at most, at least 1.
    pub most: u32,
}

/// What a process is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// What the ledger's clock showed.
    pub now: Instant,
    /// What was given, by that clock.
    pub grant: Grant,
}

/// The ledger could not be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LedgerFault(pub String);

/// Gives each moment of a limit to one process. What was given and is not used is lost; it is never given twice.
pub trait Ledger: Send + Sync + fmt::Debug {
    /// Asks for moments.
    fn ask(&self, ask: Ask) -> BoxFuture<'_, Result<Granted, LedgerFault>>;
}

impl Ask {
    /// What is given where a limit stands like this, and how it stands then.
    #[must_use]
    pub fn decide(&self, next: Option<Instant>, now: Instant) -> (Granted, Instant) {
        let (grant, next) = self.spacing.grant(next, now, self.lead, self.most);
        (Granted { now, grant }, next)
    }
}
