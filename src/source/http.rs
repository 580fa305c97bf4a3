//! The one HTTP client of a provider: one request, one answer.
//!
//! It never follows a redirect off the configured origins. It never retries (see [`fetch`](super::fetch)) and never reads
//! an item.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::{AGE, DATE, HeaderMap, HeaderValue, LOCATION};
use tieout_reconcilers::define::limits::Gauge;
use tieout_reconcilers::name::{Each, Name};
use tieout_reconcilers::page::{PageRequest, PublicUrl, Response};
use tokio::time::{Instant, timeout_at};
use tracing::Instrument as _;
use url::Url;

use super::auth::{Pass, Vault};
use super::body;
use super::budgets::{Budget, Budgets};
use super::conditional::Keeping;
use super::connect::{Connections, Side};
use super::error::{Lead, SourceError};
use super::kept::Shelf;
use super::limit::Permit;
use super::origin::{Bound, Origin};
use super::provider::{Base, Caps, ProviderSettings};
use super::room::{Held, Room};
use super::stand_in::{Question, StandIn, Witness};
use super::traffic::{Sent, Traffic};
use crate::clock::Clock;
use crate::going::{Going, LAST_WORDS};

/// How many redirects in a row are followed.
const MAX_REDIRECTS: u32 = 3;

/// A provider's client. Clones share connections and budgets.
///
/// Whom a request asks about ([`PageRequest::each`]) decides with which credential and on which budget it leaves.
#[derive(Clone)]
pub struct Client {
    name: Name,
    caps: Caps,
    lines: Arc<Lines>,
    pub(super) trip: Trip,
}

/// What the requests of one run share.
#[derive(Clone, Default)]
pub(super) struct Trip {
    deadline: Option<Instant>,
    /// When what the next request goes on from is forgotten, and how long it lived.
    forgotten: Option<(Instant, Duration)>,
    skew: Arc<OnceLock<TimeDelta>>,
    pub(super) clock: Clock,
    pub(super) traffic: Arc<Traffic>,
    pub(super) room: Room,
    pub(super) keeping: Option<Keeping>,
    /// Whether the work goes on that the requests are for.
    pub(super) going: Going,
}

/// The ways to a provider: that of its own credential, and those of members with another one. An error is what every request
/// on that way ends with.
struct Lines {
    common: Result<Arc<Shared>, SourceError>,
    of_members: BTreeMap<Each, Result<Arc<Shared>, SourceError>>,
}

/// What all requests on one way to a provider share.
pub(super) struct Shared {
    pub(super) name: Name,
    connections: Connections,
    pub(super) origin: Origin,
    pub(super) caps: Caps,
    pub(super) gauge: Gauge,
    pub(super) budget: Arc<Budget>,
    /// The headers of every request.
    pub(super) headers: Vec<(String, String)>,
    stand_in: Option<Arc<dyn StandIn>>,
    witness: Option<Arc<dyn Witness>>,
}

/// A client with the credential of whoever is asked about.
pub(super) struct Line {
    pub(super) shared: Arc<Shared>,
    pub(super) trip: Trip,
}

/// A request that was sent, and what came of it. It is under way until this is dropped.
pub(super) struct Exchange<'c> {
    pub(super) permit: Permit<'c>,
    pub(super) outcome: Result<Fetched, SourceError>,
}

/// One answer on the way to the one that is not a redirect.
pub(super) enum Hop {
    There(Fetched),
    Onwards(Bound, Held),
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
    /// Who answered.
    pub(super) side: Side,
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
        Self::within(settings, vault, &Budgets::default())
    }

    /// The same, on the budgets that its provider's other clients have too: one for each credential.
    pub fn within(
        settings: &ProviderSettings,
        vault: Option<Arc<dyn Vault>>,
        budgets: &Budgets,
    ) -> Result<Self, SourceError> {
        let connections = Connections::new(settings);
        if let (Base::Fixed(base), None) = (&settings.base, &settings.stand_in) {
            connections.to(base, Side::Own)?;
        }
        let shared = Shared {
            name: settings.name.clone(),
            connections,
            origin: Origin::new(settings, vault)?,
            caps: settings.caps.clone(),
            gauge: settings.limits.gauge.clone(),
            budget: budgets.of(settings),
            headers: settings.headers.clone(),
            stand_in: settings.stand_in.clone(),
            witness: settings.witness.clone(),
        };
        let lines = Lines { common: Ok(Arc::new(shared)), of_members: BTreeMap::new() };
        let (name, caps) = (settings.name.clone(), settings.caps.clone());
        Ok(Self { name, caps, lines: Arc::new(lines), trip: Trip::default() })
    }

    /// The client of a provider some of whose members have credentials of their own: each has its client, and everybody else
    /// shares the `common` one. Where there is none, because a secret cannot be read for example, the requests that would need
    /// it end with that error and no other does.
    #[must_use]
    pub fn of_members(
        name: Name,
        caps: Caps,
        common: Result<Self, SourceError>,
        members: BTreeMap<Each, Result<Self, SourceError>>,
    ) -> Self {
        let common_of =
            |client: Result<Self, SourceError>| client.and_then(|client| client.lines.common.clone());
        let of_members = members.into_iter().map(|(each, client)| (each, common_of(client))).collect();
        let lines = Lines { common: common_of(common), of_members };
        Self { name, caps, lines: Arc::new(lines), trip: Trip::default() }
    }

    /// The same client, which takes pages from a shelf where the provider says that they are unchanged.
    #[must_use]
    pub fn with_shelf(self, pages: Arc<dyn Shelf>) -> Self {
        Self { trip: Trip { keeping: Some(Keeping::on(pages)), ..self.trip }, ..self }
    }

    /// The same client for one run: it stops at the run's deadline, measures the provider's clock anew and counts
    /// its own requests.
    #[must_use]
    pub fn for_run(&self, deadline: Option<Instant>) -> Self {
        let (room, keeping) = (self.trip.room.clone(), self.trip.keeping.clone());
        Self { trip: Trip { deadline, room, keeping, ..Trip::default() }, ..self.clone() }
    }

    /// The same client for requests that go on from what an answer said at `since`: they are not sent once that is older
    /// than `ttl`.
    #[must_use]
    pub(super) fn going_on(&self, since: Instant, ttl: Duration) -> Self {
        let forgotten = since.checked_add(ttl).map(|at| (at, ttl));
        Self { trip: Trip { forgotten, ..self.trip.clone() }, ..self.clone() }
    }

    /// The same client, whose pages wait in a room that other walks share.
    #[must_use]
    pub fn in_room(self, room: Room) -> Self {
        Self { trip: Trip { room, ..self.trip }, ..self }
    }

    /// The same client, which holds the provider's clock against this one.
    #[must_use]
    pub fn by_clock(self, clock: Clock) -> Self {
        Self { trip: Trip { clock, ..self.trip }, ..self }
    }

    /// The same client, whose requests are for some work: they end soon after that does.
    #[must_use]
    pub fn for_work(self, going: Going) -> Self {
        Self { trip: Trip { going, ..self.trip }, ..self }
    }

    /// The provider's name.
    #[must_use]
    pub fn provider(&self) -> &Name {
        &self.name
    }

    /// How much of what it sends is too much.
    pub(super) const fn caps(&self) -> &Caps {
        &self.caps
    }

    /// Where its pages wait.
    pub(super) const fn room(&self) -> &Room {
        &self.trip.room
    }

    /// Whether a member of a fan-out can be asked about: an error says what is wrong with its credential.
    pub fn serves(&self, each: &Each) -> Result<(), SourceError> {
        self.line(each).map(drop)
    }

    /// The client with the credential for a member.
    pub(super) fn line(&self, each: &Each) -> Result<Line, SourceError> {
        let shared = self.lines.of_members.get(each).unwrap_or(&self.lines.common).clone()?;
        Ok(Line { shared, trip: self.trip.clone() })
    }

    /// What tells the account that a member is read from apart from others: where it lies, and a digest of its credential. Nothing
    /// of the credential can be read from it.
    pub fn account(&self, each: &Each) -> Result<String, SourceError> {
        let line = self.line(each)?;
        let base = line.shared.origin.base().map(Url::as_str).unwrap_or_default();
        Ok(format!("{} {base}", line.shared.budget.owner))
    }

    /// Whether somebody answers in the provider's place, whom no pause would spare.
    pub(super) fn is_stood_in_for(&self) -> bool {
        let mut lines = self.lines.of_members.values().chain([&self.lines.common]);
        lines.any(|line| line.as_ref().is_ok_and(|shared| shared.stand_in.is_some()))
    }

    /// The requests of this run so far.
    #[must_use]
    pub fn sent(&self) -> Sent {
        self.trip.traffic.sent()
    }

    /// How far the provider's clock was ahead of ours in the run's first answer.
    ///
    /// `Date` has no fractions: the true skew lies between this and one second more.
    #[must_use]
    pub fn first_skew(&self) -> Option<TimeDelta> {
        self.trip.skew.get().copied()
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
        self.line(&request.each)?.resolve(request, page)
    }

    /// Sends a request once, when its budget permits it. `page` is what relative links are resolved against.
    pub async fn send(&self, request: &PageRequest, page: Option<&Url>) -> Result<Fetched, SourceError> {
        let line = self.line(&request.each)?;
        let pass = line.pass().await?;
        line.exchange(request, page, &pass).await?.outcome
    }
}

impl Trip {
    /// Whether a pause would end before the deadline.
    pub(super) fn has_time_for(&self, pause: Duration) -> bool {
        self.deadline.is_none_or(|deadline| deadline.saturating_duration_since(Instant::now()) > pause)
    }

    /// Waits, unless the work ends.
    pub(super) async fn pause(&self, time: Duration) -> Result<(), SourceError> {
        self.going.pause(time).await.map_err(|_| SourceError::Stopped)
    }
}

impl Line {
    /// The provider's time, as far as its answers showed how far its clock is from ours.
    pub(super) fn their_now(&self) -> DateTime<Utc> {
        self.trip.clock.now().utc() + self.trip.skew.get().copied().unwrap_or_default()
    }

    /// Where a request goes, if that is on the origin.
    pub(super) fn resolve(&self, request: &PageRequest, page: Option<&Url>) -> Result<Bound, SourceError> {
        self.shared.origin.resolve(&request.target, page)
    }

    /// Sends a request once with a pass, when its budget permits it; an error is one that nothing was sent for.
    pub(super) async fn exchange(
        &self,
        request: &PageRequest,
        page: Option<&Url>,
        pass: &Pass,
    ) -> Result<Exchange<'_>, SourceError> {
        let mut to = self.resolve(request, page)?;
        self.learn_quota(pass).await;
        let mut held = self.in_time(None, async { Ok(self.trip.room.enter().await) }).await?;
        for _ in 0..=MAX_REDIRECTS {
            let permit = self.permit(&to).await?;
            if let Some((at, ttl)) = self.trip.forgotten
                && at <= Instant::now()
            {
                return Err(SourceError::Outlived(ttl));
            }
            let hop = self.hop(to, request, pass, held);
            crash_point!("provider.before_request");
            let outcome = self.in_time(Some(self.shared.caps.request_time), hop).await;
            crash_point!("provider.after_answer");
            let outcome = match outcome {
                Ok(Hop::Onwards(next, still_held)) => {
                    (to, held) = (next, still_held);
                    continue;
                }
                Ok(Hop::There(fetched)) => Ok(fetched),
                Err(error) => Err(error),
            };
            return Ok(Exchange { permit, outcome });
        }
        Err(SourceError::TooManyRedirects(MAX_REDIRECTS))
    }

    /// Waits until the pace that was asked for permits a request which no budget counts.
    pub(super) async fn keep_pace(&self) -> Result<(), SourceError> {
        let Trip { deadline, going, .. } = &self.trip;
        self.in_time(None, self.shared.budget.gates.keep_pace(*deadline, going)).await
    }

    /// Waits until the budget of an address permits a request.
    async fn permit(&self, to: &Bound) -> Result<Permit<'_>, SourceError> {
        let base = self.shared.origin.base()?.path().trim_end_matches('/');
        let route = to.url().path().strip_prefix(base).unwrap_or_default();
        let going = &self.trip.going;
        let entered = self.shared.budget.gates.enter(route, to.url(), self.trip.deadline, going);
        self.in_time(None, entered).await
    }

    /// Runs some work for at most `limit`, and never beyond the deadline. What has a limit is a request: once the run is to end it
    /// may come to its own end. What only waits for its turn ends at once.
    pub(super) async fn in_time<T>(
        &self,
        limit: Option<Duration>,
        work: impl Future<Output = Result<T, SourceError>>,
    ) -> Result<T, SourceError> {
        if limit.is_none() && self.trip.going.is_over() {
            return Err(SourceError::Stopped);
        }
        let last_words = if limit.is_some() { LAST_WORDS } else { Duration::ZERO };
        let done = self.within(limit, last_words, work).await;
        if limit.is_some() {
            // Whatever came of it: whoever asks again and again in vain has bounds of its own.
            self.trip.going.moves();
        }
        done
    }

    /// Waits for a token, never beyond the deadline. A refresh that was begun may come to its own end.
    pub(super) async fn for_token<T>(
        &self,
        work: impl Future<Output = Result<T, SourceError>>,
    ) -> Result<T, SourceError> {
        self.within(None, LAST_WORDS, work).await
    }

    async fn within<T>(
        &self,
        limit: Option<Duration>,
        last_words: Duration,
        work: impl Future<Output = Result<T, SourceError>>,
    ) -> Result<T, SourceError> {
        let own = limit.map(|limit| (Instant::now() + limit, SourceError::TimedOut(limit)));
        let run = self.trip.deadline.map(|at| (at, SourceError::OutOfTime));
        let first = own.into_iter().chain(run).min_by_key(|(at, _)| *at);
        let in_time = async {
            match first {
                Some((at, too_late)) => timeout_at(at, work).await.unwrap_or(Err(too_late)),
                None => work.await,
            }
        };
        tokio::select! {
            biased;
            done = in_time => done,
            () = self.trip.going.over_for(last_words) => Err(SourceError::Stopped),
        }
    }

    pub(super) async fn hop(
        &self,
        to: Bound,
        asked: &PageRequest,
        pass: &Pass,
        held: Held,
    ) -> Result<Hop, SourceError> {
        let question = Question { asked, url: to.url(), base: self.shared.origin.base()? };
        if let Some(stand_in) = &self.shared.stand_in {
            return self.instead(stand_in.as_ref(), &question, to.side(), held).await;
        }
        if let Some(witness) = &self.shared.witness {
            witness.permits(&question)?;
        }
        let request = self.shared.origin.request(&to, asked, pass, self.their_now())?;
        let http = self.shared.connections.to(to.url(), to.side())?;
        let span = tracing::debug_span!(
            "tieout.request",
            otel.name = format_args!("HTTP {}", request.method()),
            otel.kind = "client",
            http.request.method = %request.method(),
            server.address = request.url().host_str(),
            server.port = request.url().port_or_known_default(),
            http.response.status_code = tracing::field::Empty,
        );
        let answer = http.execute(request).instrument(span.clone()).await.map_err(not_sent)?;
        span.record("http.response.status_code", answer.status().as_u16());
        if to.side() == Side::Own {
            self.note_skew(answer.headers());
        }
        match redirected(&answer) {
            None => {
                let fetched = self.receive(to.clone(), answer, held).await?;
                if let Some(witness) = &self.shared.witness {
                    let question = Question { asked, url: to.url(), base: self.shared.origin.base()? };
                    witness.heard(&question, &fetched.response());
                }
                Ok(Hop::There(fetched))
            }
            Some(location) => {
                let next = self.shared.origin.follow(to.url(), location, Lead::Redirect)?;
                Ok(Hop::Onwards(next, held))
            }
        }
    }

    /// What somebody answers in the provider's place. No connection is made.
    async fn instead(
        &self,
        stand_in: &dyn StandIn,
        question: &Question<'_>,
        side: Side,
        mut held: Held,
    ) -> Result<Hop, SourceError> {
        let reply = stand_in.answer(question)?;
        if reply.body.len() > self.shared.caps.page_bytes {
            return Err(SourceError::BodyTooLarge { cap: self.shared.caps.page_bytes });
        }
        held.grow(reply.body.len()).await;
        held.whole(reply.body.len());
        let (status, headers, body) = (reply.status, reply.headers, Bytes::from(reply.body));
        Ok(Hop::There(Fetched { status, headers, body, url: question.url.clone(), side, held }))
    }

    /// Remembers when the address of an answer may be asked again, where the answer says so.
    pub(super) fn note_poll_interval(&self, fetched: &Fetched) {
        let seconds = fetched.response().header("x-poll-interval").and_then(|text| text.trim().parse().ok());
        if let Some(seconds) = seconds {
            self.shared.budget.gates.poll_again_after(&fetched.url, Duration::from_secs(seconds));
        }
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
        let (side, url) = (from.side(), from.into_url());
        tracing::debug!(provider = %self.shared.name, path = url.path(), status, bytes = body.len(), "answered");
        Ok(Fetched { status, headers, body, url, side, held })
    }

    fn note_skew(&self, headers: &HeaderMap) {
        // What a cache kept for a while says when it was made, not what time it is.
        if self.trip.skew.get().is_some() || headers.contains_key(AGE) {
            return;
        }
        if let Some(theirs) = date(headers) {
            let ours = self.trip.clock.now().utc();
            let _already_measured = self.trip.skew.set(DateTime::<Utc>::from(theirs) - ours);
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("provider", &self.name).finish_non_exhaustive()
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
