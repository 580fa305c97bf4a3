//! Refresh tokens that are good once: one refresher among all processes, and no new token is used before it is kept.
//!
//! Between the provider's answer and our commit there is a moment in which a crash loses the only good token; nothing can
//! close it from our side. It is kept short: the refresh runs in a task of its own that no cancelled request can take
//! along, and keeping the token is the first thing that follows the answer.

use std::sync::Arc;
use std::time::Duration;
use tracing::Instrument as _;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use tieout_reconcilers::instant::Instant;

use super::oauth::TokenGrant;
use super::session::{Issued, margin};
use super::vault::{Claim, Kept, Vault, VaultFault};
use crate::source::error::SourceError;

/// How often those who wait look whether the refresher is done.
const LOOK: Duration = Duration::from_millis(200);
/// How often, before they give up: longer than a claim lives.
const LOOKS: u32 = 900;
/// How often keeping a new token is tried.
const KEEP_ATTEMPTS: u32 = 8;

/// A refresh token that is good once.
#[derive(Debug, Clone)]
pub(super) struct Rotating(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    credential: String,
    grant: TokenGrant,
    origin: String,
    vault: Arc<dyn Vault>,
}

impl Rotating {
    pub(super) fn new(credential: &str, grant: TokenGrant, vault: Arc<dyn Vault>) -> Self {
        let seed = grant.refresh().map(ExposeSecret::expose_secret).unwrap_or_default();
        let origin = STANDARD_NO_PAD.encode(digest(&SHA256, seed.as_bytes()));
        Self(Arc::new(Inner { credential: credential.to_owned(), grant, origin, vault }))
    }

    /// The newest token that is not the stale one. What is begun is finished, even if nobody waits for it any more.
    pub(super) async fn issue(
        &self,
        stale: Option<SecretString>,
        now: DateTime<Utc>,
    ) -> Result<Issued, SourceError> {
        let inner = Arc::clone(&self.0);
        let task = tokio::spawn(async move { inner.issue(stale.as_ref(), now).await }.in_current_span());
        task.await.unwrap_or_else(|_| Err(SourceError::settings("the refresh of the token was given up")))
    }
}

impl Inner {
    async fn issue(&self, stale: Option<&SecretString>, now: DateTime<Utc>) -> Result<Issued, SourceError> {
        for _ in 0..LOOKS {
            let kept = self.vault.read(&self.credential).await.map_err(|fault| unkept(&fault))?;
            if let Some(issued) = self.usable(kept.as_ref(), stale, now) {
                return Ok(issued);
            }
            match self.vault.claim(&self.credential).await.map_err(|fault| unkept(&fault))? {
                Claim::Busy => tokio::time::sleep(LOOK).await,
                Claim::Ours(claim, kept) => return self.refresh(claim, kept, stale, now).await,
            }
        }
        Err(SourceError::settings("another process has been refreshing the token for too long"))
    }

    async fn refresh(
        &self,
        claim: i64,
        kept: Option<Kept>,
        stale: Option<&SecretString>,
        now: DateTime<Utc>,
    ) -> Result<Issued, SourceError> {
        // Somebody may have refreshed between our look and our claim.
        if let Some(issued) = self.usable(kept.as_ref(), stale, now) {
            self.release(claim).await;
            return Ok(issued);
        }
        let kept = kept.filter(|kept| kept.origin == self.origin);
        let refresh = kept.as_ref().map(|kept| &kept.refresh).or(self.grant.refresh());
        let opened = match self.grant.exchange(refresh, now).await {
            Ok(opened) => opened,
            Err(error) => {
                self.release(claim).await;
                return Err(error);
            }
        };
        let issued = opened.issued;
        let next = opened.refresh.as_ref().or(refresh).cloned().unwrap_or_default();
        let until = issued
            .good_for
            .and_then(|good_for| now.checked_add_signed(chrono::TimeDelta::from_std(good_for).ok()?));
        let kept = Kept {
            origin: self.origin.clone(),
            refresh: next,
            access: issued.token.clone(),
            until: until.map(Instant::from),
            base: issued.base.clone(),
        };
        self.keep(claim, &kept).await?;
        Ok(issued)
    }

    async fn keep(&self, claim: i64, kept: &Kept) -> Result<(), SourceError> {
        let mut attempt = 1;
        loop {
            match self.vault.keep(&self.credential, claim, kept).await {
                Ok(()) => return Ok(()),
                Err(fault) if attempt == KEEP_ATTEMPTS => {
                    tracing::error!(credential = self.credential, %fault, "a refresh token was used up and the next one could not be kept: authorise again");
                    return Err(unkept(&fault));
                }
                Err(fault) => {
                    tracing::warn!(credential = self.credential, %fault, "keeping the new refresh token again");
                    tokio::time::sleep(self.grant.pause()).await;
                    attempt += 1;
                }
            }
        }
    }

    async fn release(&self, claim: i64) {
        // A claim that stays ends by itself.
        if let Err(fault) = self.vault.release(&self.credential, claim).await {
            tracing::debug!(credential = self.credential, %fault, "the claim on the token ends by itself");
        }
    }

    /// The kept token, if it goes back to ours, is still good and is not the stale one.
    fn usable(
        &self,
        kept: Option<&Kept>,
        stale: Option<&SecretString>,
        now: DateTime<Utc>,
    ) -> Option<Issued> {
        let kept = kept.filter(|kept| kept.origin == self.origin)?;
        if stale.is_some_and(|stale| stale.expose_secret() == kept.access.expose_secret()) {
            return None;
        }
        let good_for = match kept.until {
            Some(until) => {
                let left = (until.utc() - now).to_std().ok()?;
                Some(left).filter(|left| *left > margin(*left).max(Duration::from_secs(5))).map(Some)?
            }
            None => None,
        };
        Some(Issued { token: kept.access.clone(), good_for, base: kept.base.clone() })
    }
}

fn unkept(fault: &VaultFault) -> SourceError {
    SourceError::Settings(format!("the refresh token cannot be kept: {fault}"))
}
