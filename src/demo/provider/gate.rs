//! What every request passes before it is answered: the count, the key, the rate limit, the latency, the faults.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::{StreamExt, stream};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use secrecy::{ExposeSecret, SecretString};

use super::manners::{Manners, Trouble};
use super::refusal::Refusal;

/// No page of the simulated provider comes near it.
const LARGEST_BODY_BYTES: usize = 1 << 20;

/// How many requests met which fate so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// All requests.
    pub requests: u64,
    /// Those without the right key, answered 401.
    pub unauthorised: u64,
    /// Those over the rate limit, answered 429.
    pub throttled: u64,
    /// Those that an injected fault struck.
    pub faults: u64,
}

/// Decides the fate of every request.
pub(super) struct Gate {
    key: SecretString,
    manners: Manners,
    limiter: DefaultDirectRateLimiter,
    requests: AtomicU64,
    unauthorised: AtomicU64,
    throttled: AtomicU64,
    faults: AtomicU64,
    admitted_by_path: Mutex<BTreeMap<String, u64>>,
}

impl Gate {
    pub(super) fn new(key: SecretString, manners: Manners) -> Self {
        let quota = Quota::per_second(manners.per_second).allow_burst(manners.burst);
        Self {
            key,
            manners,
            limiter: RateLimiter::direct(quota),
            requests: AtomicU64::new(0),
            unauthorised: AtomicU64::new(0),
            throttled: AtomicU64::new(0),
            faults: AtomicU64::new(0),
            admitted_by_path: Mutex::default(),
        }
    }

    pub(super) fn traffic(&self) -> Traffic {
        Traffic {
            requests: self.requests.load(Ordering::Relaxed),
            unauthorised: self.unauthorised.load(Ordering::Relaxed),
            throttled: self.throttled.load(Ordering::Relaxed),
            faults: self.faults.load(Ordering::Relaxed),
        }
    }

    /// Lets a request in, or refuses it; says what will go wrong with it.
    fn admit(&self, request: &Request) -> Result<Option<Trouble>, Refusal> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let expected = format!("Bearer {}", self.key.expose_secret());
        if request.headers().get(header::AUTHORIZATION).is_none_or(|given| given != expected.as_str()) {
            self.unauthorised.fetch_add(1, Ordering::Relaxed);
            return Err(Refusal::Unauthorised);
        }
        if self.limiter.check().is_err() {
            self.throttled.fetch_add(1, Ordering::Relaxed);
            return Err(Refusal::TooFast);
        }
        Ok(self.trouble(request.uri().path()))
    }

    fn trouble(&self, path: &str) -> Option<Trouble> {
        let mut admitted = self.admitted_by_path.lock().unwrap_or_else(PoisonError::into_inner);
        let nth = admitted.entry(path.to_owned()).or_default();
        *nth += 1;
        let fault = self.manners.faults.iter().find(|fault| fault.path == path && fault.nth == *nth)?;
        self.faults.fetch_add(1, Ordering::Relaxed);
        Some(fault.trouble)
    }
}

/// The middleware around all routes.
pub(super) async fn pass(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Response {
    tokio::time::sleep(gate.manners.latency).await;
    match gate.admit(&request) {
        Err(refusal) => refusal.into_response(),
        Ok(None) => next.run(request).await,
        Ok(Some(Trouble::Broken)) => Refusal::Broken.into_response(),
        Ok(Some(Trouble::Busy { retry_after_s })) => Refusal::Busy { retry_after_s }.into_response(),
        Ok(Some(Trouble::Truncated)) => truncated(next.run(request).await).await,
    }
}

/// Promises the whole body, sends half of it and drops the connection.
async fn truncated(whole: Response) -> Response {
    let (mut parts, body) = whole.into_parts();
    let body = to_bytes(body, LARGEST_BODY_BYTES).await.unwrap_or_default();
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    let half = stream::iter([Ok::<Bytes, io::Error>(body.slice(..body.len() / 2))]);
    let cut = stream::once(async {
        // An error at once would be noticed before the half is written, and the client would see no body at all.
        tokio::time::sleep(Duration::from_millis(10)).await;
        Err(io::Error::from(io::ErrorKind::UnexpectedEof))
    });
    Response::from_parts(parts, Body::from_stream(half.chain(cut)))
}
