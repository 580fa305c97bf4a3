//! The state store as the ledger of limits that several processes share.

use futures::future::{BoxFuture, FutureExt as _};

use crate::source::{Ask, Granted, Ledger, LedgerFault};
use crate::store::{Standing, Store};

/// The state store as a ledger of limits.
#[derive(Debug)]
pub struct StoreLedger(Store);

impl StoreLedger {
    /// Limits that are kept in a store.
    #[must_use]
    pub const fn new(store: Store) -> Self {
        Self(store)
    }
}

impl Ledger for StoreLedger {
    fn ask(&self, ask: Ask) -> BoxFuture<'_, Result<Granted, LedgerFault>> {
        let store = self.0.clone();
        // No call of the store is cut off, whoever gives up waiting for this one.
        let asked = tokio::spawn(async move {
            store.advance(&ask.limit, |Standing { now, next }| ask.decide(next, now)).await
        });
        async move {
            match asked.await {
                Ok(granted) => granted.map_err(|error| LedgerFault(error.with_causes())),
                Err(error) => Err(LedgerFault(error.to_string())),
            }
        }
        .boxed()
    }
}
