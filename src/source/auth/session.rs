//! One token for all who need it: fetched by the first, awaited by the others, renewed before it runs out or once it is
//! refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use tieout_reconcilers::define::auth::show::Show;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::credential::admitted_base;
use super::jwt::Minted;
use super::login::LoginSteps;
use super::oauth::TokenGrant;
use super::pass::Pass;
use super::rotating::Rotating;
use crate::source::error::SourceError;
use crate::source::provider::ProviderSettings;

/// How long before its end a token is renewed, at most: requests take time, and clocks differ.
const MARGIN: Duration = Duration::from_mins(1);

/// Who gives tokens out.
#[derive(Debug)]
pub(super) enum Issuer {
    /// A token endpoint.
    Oauth(Box<TokenGrant>),
    /// A token endpoint whose refresh tokens are good once.
    Rotating(Rotating),
    /// We ourselves.
    Jwt(Box<Minted>),
    /// A login.
    Login(Box<LoginSteps>),
}

/// A token as it was given out.
#[derive(Debug, Clone)]
pub(super) struct Issued {
    pub(super) token: SecretString,
    /// How long it is good, where that is known.
    pub(super) good_for: Option<Duration>,
    /// The base that its answer named.
    pub(super) base: Option<String>,
}

/// One token for all who need it.
#[derive(Debug)]
pub struct Session {
    issuer: Issuer,
    show: Option<Show<SecretString>>,
    settings: ProviderSettings,
    state: Mutex<State>,
    failures: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    current: Option<Current>,
    serial: u64,
    failure: Option<SourceError>,
}

#[derive(Debug)]
struct Current {
    pass: Arc<Pass>,
    token: SecretString,
    until: Option<Instant>,
}

impl Session {
    pub(super) fn new(issuer: Issuer, show: Option<Show<SecretString>>, settings: &ProviderSettings) -> Self {
        let settings = settings.clone();
        Self { issuer, show, settings, state: Mutex::default(), failures: AtomicU64::new(0) }
    }

    /// A pass with a good token, and another one than the refused.
    pub(super) async fn pass(
        &self,
        now: DateTime<Utc>,
        refused: Option<u64>,
    ) -> Result<Arc<Pass>, SourceError> {
        let failures = self.failures.load(Ordering::Acquire);
        let mut state = self.state.lock().await;
        if let Some(pass) = state.good(refused) {
            return Ok(pass);
        }
        // Whoever waited while another failed would only fail in the same way, later.
        if let Some(failure) =
            state.failure.as_ref().filter(|_| self.failures.load(Ordering::Acquire) != failures)
        {
            return Err(failure.clone());
        }
        let old = state.current.as_ref().map(|current| current.token.clone());
        let issued = self.issue(old, now).await.and_then(|issued| self.shown(issued, state.serial + 1));
        match issued {
            Ok(current) => {
                state.serial += 1;
                state.failure = None;
                Ok(Arc::clone(&state.current.insert(current).pass))
            }
            Err(failure) => {
                self.failures.fetch_add(1, Ordering::Release);
                state.failure = Some(failure.clone());
                Err(failure)
            }
        }
    }

    async fn issue(&self, stale: Option<SecretString>, now: DateTime<Utc>) -> Result<Issued, SourceError> {
        match &self.issuer {
            Issuer::Oauth(grant) => grant.issue(now).await,
            Issuer::Rotating(rotating) => rotating.issue(stale, now).await,
            Issuer::Jwt(minted) => minted.issue(now).await,
            Issuer::Login(steps) => steps.issue(now).await,
        }
    }

    fn shown(&self, issued: Issued, serial: u64) -> Result<Current, SourceError> {
        let base = admitted_base(&self.settings, issued.base.as_deref())?;
        let pass = Pass::of_token(self.show.as_ref(), &issued.token)?.numbered(serial, base);
        let until = issued
            .good_for
            .and_then(|good_for| Instant::now().checked_add(good_for.saturating_sub(margin(good_for))));
        tracing::debug!(provider = %self.settings.name, serial, good_for = ?issued.good_for, "got a token");
        Ok(Current { pass: Arc::new(pass), token: issued.token, until })
    }
}

impl State {
    fn good(&self, refused: Option<u64>) -> Option<Arc<Pass>> {
        let current = self.current.as_ref()?;
        let is_other = refused != Some(current.pass.serial());
        let is_good = current.until.is_none_or(|until| Instant::now() < until);
        (is_other && is_good).then(|| Arc::clone(&current.pass))
    }
}

/// A token that lives shortly is not renewed all the time.
pub(super) fn margin(good_for: Duration) -> Duration {
    MARGIN.min(good_for / 5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_renewed_a_minute_before_its_end_and_a_short_one_later() {
        assert_eq!(margin(Duration::from_hours(1)), Duration::from_mins(1));
        assert_eq!(margin(Duration::from_mins(1)), Duration::from_secs(12));
        assert_eq!(margin(Duration::ZERO), Duration::ZERO);
    }
}
