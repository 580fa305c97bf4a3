//! Asks a provider how much is left before anything else is asked of it, where the definition says how.
//!
//! The answer feeds the same budget as the headers of other answers do. Where there is none, nothing is lost but that.

use std::time::SystemTime;

use tieout_reconcilers::define::quota::Quota;
use tokio::sync::Mutex;

use super::auth::Pass;
use super::error::SourceError;
use super::http::{Fetched, Hop, Line};
use tieout_reconcilers::pace::{self, Seen};

/// How a provider is asked, by one task at a time.
#[derive(Debug)]
pub(super) struct Asking {
    quota: Quota,
    one: Mutex<()>,
}

impl Asking {
    pub(super) fn new(quota: Quota) -> Self {
        Self { quota, one: Mutex::default() }
    }
}

impl Line {
    /// Asks how much is left, where that is due. Who calls this must hold no room, because the answer takes some.
    pub(super) async fn learn_quota(&self, pass: &Pass) {
        let Some(Asking { quota, one }) = &self.shared.budget.quota else { return };
        let gates = &self.shared.budget.gates;
        if !gates.wants_quota() {
            return;
        }
        let _only_one = one.lock().await;
        if !gates.wants_quota() {
            return;
        }
        let told = self.ask_quota(quota, pass).await;
        self.trip.traffic.count(&told);
        if let Err(error) = &told {
            let provider = &self.shared.name;
            tracing::info!(%provider, %error, "the quota was not told; the other answers have to show what is left");
        }
        gates.told(told.ok().as_ref());
    }

    async fn ask_quota(&self, quota: &Quota, pass: &Pass) -> Result<Seen, SourceError> {
        let fetched =
            self.in_time(Some(self.shared.caps.request_time), self.fetch_quota(quota, pass)).await?;
        let status = fetched.status;
        let seen = pace::seen(&quota.gauge, &fetched.response(), SystemTime::now());
        seen.filter(|_| (200..300).contains(&status)).ok_or_else(|| {
            let why = "the answer does not say how much is left".to_owned();
            SourceError::Refused { status, why }
        })
    }

    async fn fetch_quota(&self, quota: &Quota, pass: &Pass) -> Result<Fetched, SourceError> {
        let to = self.resolve(&quota.request, None)?;
        self.keep_pace().await?;
        // In this order, because whoever waits for a seat elsewhere has its room already.
        let held = self.trip.room.enter().await;
        let _seat = self.shared.budget.gates.seat().await;
        match self.hop(to, &quota.request, pass, held).await? {
            Hop::There(fetched) => Ok(fetched),
            Hop::Onwards(..) => Err(SourceError::TooManyRedirects(0)),
        }
    }
}
