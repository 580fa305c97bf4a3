//! The one HTTP client of a provider: one request, one answer.
//!
//! It never follows a redirect off the configured origins. It never retries (see [`fetch`](super::fetch)) and never reads
//! an item.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::{AGE, DATE, HeaderMap, HeaderValue, LOCATION};
use tieout_reconcilers::name::Name;
use tieout_reconcilers::page::{PageRequest, PublicUrl, Response};
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::auth::{Pass, Vault};
use super::body;
use super::connect::{Connections, Side};
use super::error::{Lead, SourceError};
use super::limit::Pace;
use super::origin::{Bound, Origin};
use super::provider::{Base, Caps, ProviderSettings};
use super::retry::RetryBudget;
use super::room::{Held, Room};
use super::traffic::{Sent, Traffic};

/// How many redirects in a row are followed.
const MAX_REDIRECTS: u32 = 3;

/// A provider's client. Clones share connections, pace and retry budget.
#[derive(Clone)]
pub struct Client {
    pub(super) shared: Arc<Shared>,
    deadline: Option<Instant>,
    skew: Arc<OnceLock<TimeDelta>>,
    pub(super) traffic: Arc<Traffic>,
    pub(super) room: Room,
}

pub(super) struct Shared {
    name: Name,
    connections: Connections,
    pub(super) origin: Origin,
    pub(super) caps: Caps,
    pub(super) pace: Pace,
    pub(super) budget: RetryBudget,
}

/// An answer, whatever its status.
#[derive(Debug)]
pub struct Fetched {
    /// HTTP status.
    pub status: u16,
    /// Header names in lower case with their values.
    pub headers: Vec<(String, String)>,
    /// The decompressed body.
    pub body: Bytes,
    /// Where it came from, after redirects: what relative links on it are resolved against.
    pub url: Url,
    /// The place of the body in the room of its walks.
    pub(super) held: Held,
}

impl Fetched {
    /// The answer as definitions see it.
    #[must_use]
    pub fn response(&self) -> Response<'_> {
        Response { status: self.status, headers: &self.headers, body: &self.body }
    }
}

impl Client {
    /// The client of a provider. Nothing is sent.
    pub fn new(settings: &ProviderSettings) -> Result<Self, SourceError> {
        Self::with_vault(settings, None)
    }

    /// The client of a provider whose tokens are good once and therefore kept. Nothing is sent.
    pub fn with_vault(
        settings: &ProviderSettings,
        vault: Option<Arc<dyn Vault>>,
    ) -> Result<Self, SourceError> {
        let connections = Connections::new(settings);
        if let Base::Fixed(base) = &settings.base {
            connections.to(base, Side::Own)?;
        }
        let shared = Shared {
            name: settings.name.clone(),
            connections,
            origin: Origin::new(settings, vault)?,
            caps: settings.caps.clone(),
            pace: Pace::new(settings.rate)?,
            budget: RetryBudget::default(),
        };
        Ok(Self {
            shared: Arc::new(shared),
            deadline: None,
            skew: Arc::default(),
            traffic: Arc::default(),
            room: Room::default(),
        })
    }

    /// The same client for one run: it stops at the run's deadline, measures the provider's clock anew and counts
    /// its own requests.
    #[must_use]
    pub fn for_run(&self, deadline: Option<Instant>) -> Self {
        Self { deadline, skew: Arc::default(), traffic: Arc::default(), ..self.clone() }
    }

    /// The same client, whose pages wait in a room that other walks share.
    #[must_use]
    pub fn in_room(self, room: Room) -> Self {
        Self { room, ..self }
    }

    /// The provider's name.
    #[must_use]
    pub fn provider(&self) -> &Name {
        &self.shared.name
    }

    /// The requests of this run so far.
    #[must_use]
    pub fn sent(&self) -> Sent {
        self.traffic.sent()
    }

    /// How far the provider's clock was ahead of ours in the run's first answer.
    ///
    /// `Date` has no fractions: the true skew lies between this and one second more.
    #[must_use]
    pub fn first_skew(&self) -> Option<TimeDelta> {
        self.skew.get().copied()
    }

    /// The provider's time, as far as its answers showed how far its clock is from ours.
    pub(super) fn their_now(&self) -> DateTime<Utc> {
        DateTime::<Utc>::from(SystemTime::now()) + self.first_skew().unwrap_or_default()
    }

    /// A request as it may be printed: where it goes, without its query.
    #[must_use]
    pub fn describe(&self, request: &PageRequest, page: Option<&Url>) -> String {
        match self.resolve(request, page) {
            Ok(to) => format!("{} {}", request.method.as_str(), PublicUrl(to.into_url())),
            Err(_) => "a request that was not sent".to_owned(),
        }
    }

    /// Where a request goes, if that is on the origin.
    pub(super) fn resolve(&self, request: &PageRequest, page: Option<&Url>) -> Result<Bound, SourceError> {
        self.shared.origin.resolve(&request.target, page)
    }

    /// Sends a request once, when the pace permits it. `page` is what relative links are resolved against.
    pub async fn send(&self, request: &PageRequest, page: Option<&Url>) -> Result<Fetched, SourceError> {
        let pass = self.pass().await?;
        self.send_with(request, page, &pass).await
    }

    /// Sends a request once with a pass.
    pub(super) async fn send_with(
        &self,
        request: &PageRequest,
        page: Option<&Url>,
        pass: &Pass,
    ) -> Result<Fetched, SourceError> {
        let to = self.resolve(request, page)?;
        let permitted = async {
            let held = self.room.enter().await;
            self.shared.pace.ready().await;
            Ok(held)
        };
        let held = self.in_time(None, permitted).await?;
        self.in_time(Some(self.shared.caps.request_time), self.exchange(to, request, pass, held)).await
    }

    /// Runs some work for at most `limit`, and never beyond the deadline.
    pub(super) async fn in_time<T>(
        &self,
        limit: Option<Duration>,
        work: impl Future<Output = Result<T, SourceError>>,
    ) -> Result<T, SourceError> {
        let own = limit.map(|limit| (Instant::now() + limit, SourceError::TimedOut(limit)));
        let run = self.deadline.map(|at| (at, SourceError::OutOfTime));
        let first = own.into_iter().chain(run).min_by_key(|(at, _)| *at);
        match first {
            Some((at, too_late)) => timeout_at(at, work).await.unwrap_or(Err(too_late)),
            None => work.await,
        }
    }

    /// Whether a pause would end before the deadline.
    pub(super) fn has_time_for(&self, pause: Duration) -> bool {
        self.deadline.is_none_or(|deadline| deadline.saturating_duration_since(Instant::now()) > pause)
    }

    async fn exchange(
        &self,
        mut to: Bound,
        asked: &PageRequest,
        pass: &Pass,
        held: Held,
    ) -> Result<Fetched, SourceError> {
        for hop in 0..=MAX_REDIRECTS {
            if hop > 0 {
                self.shared.pace.ready().await;
            }
            let request = self.shared.origin.request(&to, asked, pass, self.their_now())?;
            let http = self.shared.connections.to(to.url(), to.side())?;
            let answer = http.execute(request).await.map_err(not_sent)?;
            if to.side() == Side::Own {
                self.note_skew(answer.headers());
            }
            match redirected(&answer) {
                None => return self.receive(to, answer, held).await,
                Some(location) => to = self.shared.origin.follow(to.url(), location, Lead::Redirect)?,
            }
        }
        Err(SourceError::TooManyRedirects(MAX_REDIRECTS))
    }

    async fn receive(
        &self,
        from: Bound,
        answer: reqwest::Response,
        mut held: Held,
    ) -> Result<Fetched, SourceError> {
        let status = answer.status().as_u16();
        let headers = kept_headers(answer.headers(), self.shared.caps.header_bytes)?;
        let body = body::read(answer, &self.shared.caps, &mut held).await?;
        let url = from.into_url();
        tracing::debug!(provider = %self.shared.name, path = url.path(), status, bytes = body.len(), "answered");
        Ok(Fetched { status, headers, body, url, held })
    }

    fn note_skew(&self, headers: &HeaderMap) {
        // What a cache kept for a while says when it was made, not what time it is.
        if self.skew.get().is_some() || headers.contains_key(AGE) {
            return;
        }
        if let Some(theirs) = date(headers) {
            let ours = DateTime::<Utc>::from(SystemTime::now());
            let _already_measured = self.skew.set(DateTime::<Utc>::from(theirs) - ours);
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("provider", &self.shared.name).finish_non_exhaustive()
    }
}

fn not_sent(error: reqwest::Error) -> SourceError {
    let doing = if error.is_connect() { "connecting" } else { "sending the request" };
    SourceError::transport(doing, error)
}

fn redirected(answer: &reqwest::Response) -> Option<&str> {
    matches!(answer.status().as_u16(), 301 | 302 | 303 | 307 | 308)
        .then(|| answer.headers().get(LOCATION)?.to_str().ok())
        .flatten()
}

fn date(headers: &HeaderMap) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()
}

fn kept_headers(headers: &HeaderMap, cap: usize) -> Result<Vec<(String, String)>, SourceError> {
    let size: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if size > cap {
        return Err(SourceError::HeadersTooLarge { cap });
    }
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    Ok(headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect())
}
