//! Keeps tokens that are good once, and pages that may be unchanged, in the state store, encrypted, and limits that processes share:
//! between the client that asks for them and the store that knows nothing of them.

mod ledger;
mod seal;
mod shelf;

use futures::future::{BoxFuture, FutureExt as _};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use tieout_reconcilers::instant::Instant;

use crate::source::auth::{Claim, Kept, Vault, VaultFault};
use crate::store::{Store, StoreError, TokenClaim};

pub use ledger::StoreLedger;
pub use seal::{NotAKey, Seal};
pub use shelf::StoreShelf;

/// The state store as a place for tokens.
#[derive(Debug)]
pub struct StoreVault {
    store: Store,
    seal: Seal,
}

/// Tokens as they are sealed.
#[derive(Serialize, Deserialize)]
struct Written {
    origin: String,
    refresh: String,
    access: String,
    until_us: Option<i64>,
    base: Option<String>,
}

impl StoreVault {
    /// The state store with the key that seals what is kept in it.
    pub fn new(store: Store, key: &SecretString) -> Result<Self, NotAKey> {
        Ok(Self { store, seal: Seal::new(key)? })
    }

    fn write(&self, credential: &str, kept: &Kept) -> Result<String, VaultFault> {
        let written = Written {
            origin: kept.origin.clone(),
            refresh: kept.refresh.expose_secret().to_owned(),
            access: kept.access.expose_secret().to_owned(),
            until_us: kept.until.map(Instant::micros),
            base: kept.base.clone(),
        };
        let text = serde_json::to_vec(&written).ok().and_then(|text| self.seal.close(credential, text));
        text.ok_or_else(|| VaultFault("the tokens cannot be encrypted".to_owned()))
    }

    fn read(&self, credential: &str, sealed: &str) -> Result<Kept, VaultFault> {
        let opened = self.seal.open(credential, sealed);
        let written = opened.and_then(|text| serde_json::from_slice::<Written>(&text).ok()).ok_or_else(|| {
            VaultFault(format!(
                "what the state store keeps for `{credential}` does not open with `state.key`: use the key it was \
                 written with, or delete its row in `tokens` and authorise again"
            ))
        })?;
        Ok(Kept {
            origin: written.origin,
            refresh: written.refresh.into(),
            access: written.access.into(),
            until: written.until_us.map(Instant::from_micros),
            base: written.base,
        })
    }
}

impl Vault for StoreVault {
    fn read<'v>(&'v self, credential: &'v str) -> BoxFuture<'v, Result<Option<Kept>, VaultFault>> {
        async move {
            let sealed = self.store.token(credential).await.map_err(|error| fault(&error))?;
            sealed.map(|sealed| self.read(credential, &sealed)).transpose()
        }
        .boxed()
    }

    fn claim<'v>(&'v self, credential: &'v str) -> BoxFuture<'v, Result<Claim, VaultFault>> {
        async move {
            Ok(match self.store.claim_token(credential).await.map_err(|error| fault(&error))? {
                TokenClaim::Busy => Claim::Busy,
                TokenClaim::Ours(claim, sealed) => {
                    Claim::Ours(claim, sealed.map(|sealed| self.read(credential, &sealed)).transpose()?)
                }
            })
        }
        .boxed()
    }

    fn keep<'v>(
        &'v self,
        credential: &'v str,
        claim: i64,
        kept: &'v Kept,
    ) -> BoxFuture<'v, Result<(), VaultFault>> {
        async move {
            if bug!("token_in_log") {
                tracing::debug!(refresh = kept.refresh.expose_secret());
            }
            if bug!("token_not_kept") {
                return self.release(credential, claim).await;
            }
            let sealed = self.write(credential, kept)?;
            let kept =
                self.store.keep_token(credential, claim, &sealed).await.map_err(|error| fault(&error))?;
            let taken_over =
                || VaultFault("another process has taken the credential over meanwhile".to_owned());
            kept.then_some(()).ok_or_else(taken_over)
        }
        .boxed()
    }

    fn release<'v>(&'v self, credential: &'v str, claim: i64) -> BoxFuture<'v, Result<(), VaultFault>> {
        async move { self.store.release_token(credential, claim).await.map_err(|error| fault(&error)) }
            .boxed()
    }
}

fn fault(error: &StoreError) -> VaultFault {
    VaultFault(error.with_causes())
}

#[cfg(test)]
mod tests;
