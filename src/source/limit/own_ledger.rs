//! The ledger of limits that nobody but this process shares: it is kept in memory, and its clock is never set.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use futures::future::{self, BoxFuture, FutureExt as _};
use tieout_reconcilers::instant::Instant as LedgerInstant;
use tokio::time::Instant;

use super::ledger::{Ask, Granted, Ledger, LedgerFault};

/// Limits in memory.
#[derive(Debug)]
pub(in crate::source) struct OwnLedger {
    born: Instant,
    /// When the next request within each limit is due.
    next: Mutex<HashMap<String, LedgerInstant>>,
}

impl Default for OwnLedger {
    fn default() -> Self {
        Self { born: Instant::now(), next: Mutex::default() }
    }
}

impl Ledger for OwnLedger {
    fn ask(&self, ask: Ask) -> BoxFuture<'_, Result<Granted, LedgerFault>> {
        let passed = i64::try_from(self.born.elapsed().as_micros()).unwrap_or(i64::MAX);
        // Its state is plain numbers, which no panic leaves half written.
        let mut all = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.get(&ask.limit).copied();
        let (granted, next) = ask.decide(known, LedgerInstant::from_micros(passed));
        all.insert(ask.limit, next);
        future::ready(Ok(granted)).boxed()
    }
}
