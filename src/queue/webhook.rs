//! The application's own handler of webhooks. An event is confirmed when the handler answers with a status of success, and carries its id
//! in every attempt, by which a handler knows what comes twice.
//!
//! It never follows a redirect, never reads what a handler says beyond its status, and sends nothing to an address that the settings do not
//! allow.

mod answer;
mod request;
mod signature;
mod target;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use futures::stream::{FuturesOrdered, StreamExt as _};
use reqwest::header::{DATE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Method, Request, Response};
use tieout_reconcilers::pace;
use tieout_reconcilers::page;
use tokio::time::Instant;

use self::answer::Answer;
pub(crate) use self::request::MARK;
use self::request::request;
pub use self::signature::{NotASecret, Scheme, Signer};
pub use self::target::{Allow, NotATarget, Target};
use super::{Delivery, Outcome, Queue, QueueFault, stopped};
use crate::clock::Clock;
use crate::source::connect;
use crate::store::{CLAIM_TIME, Outgoing};

/// How long a connection may take, with its name look-up and TLS handshake.
const CONNECT_TIME: Duration = Duration::from_secs(5);
/// So many failures in a row are the application's and not the events'.
const FAILURES: u32 = 5;
/// The longest pause that a handler can ask for; longer ones end with the run anyway.
const LONGEST_PAUSE: Duration = Duration::from_hours(1);
/// How much of an answer is thrown away so that its connection can be used again; over that, it is closed.
const THROWN_AWAY: usize = 64 << 10;
/// The part of a claim's time in which a batch is delivered, in percent.
const SHARE_OF_CLAIM: u32 = 70;

/// A handler of webhooks.
#[derive(Debug, Clone)]
pub struct WebhookSettings {
    /// Its address.
    pub target: Target,
    /// What is sent, and how it is signed.
    pub signer: Signer,
    /// Other headers of every request; none of them is secret.
    pub headers: Vec<(String, String)>,
    /// The largest body.
    pub max_bytes: usize,
    /// How many requests are on their way at once.
    pub parallel: usize,
    /// How long one may take.
    pub timeout: Duration,
}

/// A handler, and how it does.
pub(super) struct WebhookQueue {
    settings: Arc<WebhookSettings>,
    client: Option<Client>,
    clock: Clock,
    /// How many events in a row it failed at, over all batches.
    failed: u32,
    /// What it said when it asked to be left alone, and until when.
    rests: Option<(String, Instant)>,
}

impl WebhookQueue {
    pub(super) fn new(settings: &WebhookSettings) -> Self {
        Self {
            settings: Arc::new(settings.clone()),
            client: None,
            clock: Clock::default(),
            failed: 0,
            rests: None,
        }
    }

    #[cfg(test)]
    pub(super) fn by_clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    fn client(&mut self) -> Result<Client, QueueFault> {
        if let Some(client) = &self.client {
            return Ok(client.clone());
        }
        let builder = connect::builder(self.settings.target.reach, CONNECT_TIME)
            .timeout(self.settings.timeout)
            .pool_max_idle_per_host(self.settings.parallel)
            .no_gzip();
        let client = builder.build().map_err(|error| self.refused(error.without_url().to_string()))?;
        Ok(self.client.insert(client).clone())
    }

    /// Asks the server, and not the handler, for anything at all: whatever it answers, it is there.
    async fn knock(&mut self) -> Result<(), QueueFault> {
        let client = self.client()?;
        let mut request = Request::new(Method::OPTIONS, self.settings.target.server());
        let (name, value) = MARK;
        request.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        let Err(error) = client.execute(request).await else { return Ok(()) };
        match Answer::none(error, self.settings.timeout) {
            Answer::Refused(why) => Err(self.refused(why)),
            Answer::Unreachable { why, .. } | Answer::Failed(why) => Err(self.unreachable(why)),
            Answer::Settled(_) | Answer::Unsendable(_) => Ok(()),
        }
    }

    /// Sends a few events at once, and hears what became of them in their order. While the handler seems to be down, one event alone
    /// tries whether it still is.
    async fn deliver(&mut self, batch: &[Outgoing]) -> Delivery {
        let client = match self.client() {
            Ok(client) => client,
            Err(fault) => return stopped(fault),
        };
        if let Some(fault) = self.resting() {
            return stopped(fault);
        }
        let (settings, clock) = (Arc::clone(&self.settings), self.clock.clone());
        let (mut waiting, mut on_their_way) = (batch.iter(), FuturesOrdered::new());
        let mut delivery = Delivery::default();
        loop {
            let at_once = if self.failed < FAILURES { settings.parallel } else { 1 };
            let free = at_once.saturating_sub(on_their_way.len());
            on_their_way
                .extend(waiting.by_ref().take(free).map(|event| post(&client, &settings, &clock, event)));
            let Some(answer) = on_their_way.next().await else { return delivery };
            let (outcome, fault) = self.settle(answer);
            let is_known = outcome.is_some();
            delivery.outcomes.extend(outcome);
            if fault.is_none() {
                continue;
            }
            delivery.fault = fault;
            // What the next ones came to is known too, as long as none before them has to be asked again.
            while is_known && let Some(Answer::Settled(outcome)) = on_their_way.next().await {
                delivery.outcomes.push(outcome);
            }
            return delivery;
        }
    }

    /// What an answer says about its event, and whether the queue can go on.
    fn settle(&mut self, answer: Answer) -> (Option<Outcome>, Option<QueueFault>) {
        match answer {
            Answer::Settled(outcome) => {
                self.failed = 0;
                (Some(outcome), None)
            }
            Answer::Unsendable(outcome) => (Some(outcome), None),
            Answer::Failed(why) => {
                self.failed = self.failed.saturating_add(1);
                let in_a_row = || {
                    let failed = self.failed;
                    self.unreachable(format!("it failed at {failed} events in a row, at the last so: {why}"))
                };
                let fault = (self.failed >= FAILURES).then(in_a_row);
                (Some(Outcome::Retry(why)), fault)
            }
            Answer::Unreachable { why, pause } => {
                let until = pause.map(|pause| Instant::now() + pause.min(LONGEST_PAUSE));
                self.rests = until.map(|until| (why.clone(), until));
                (None, Some(self.resting().unwrap_or_else(|| self.unreachable(why))))
            }
            Answer::Refused(why) => (None, Some(self.refused(why))),
        }
    }

    /// Whether it still wants to be left alone.
    fn resting(&self) -> Option<QueueFault> {
        let (why, until) = self.rests.as_ref()?;
        let left = until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())?;
        let left = left.as_secs_f64().ceil();
        Some(self.unreachable(format!("{why} and asks for a pause, of which {left} s are left")))
    }

    fn unreachable(&self, why: String) -> QueueFault {
        QueueFault::Unreachable { place: self.settings.target.place(), why }
    }

    fn refused(&self, why: String) -> QueueFault {
        QueueFault::Refused { place: self.settings.target.place(), why }
    }
}

impl Queue for WebhookQueue {
    fn system(&self) -> &'static str {
        "webhook"
    }

    fn ready(&mut self) -> BoxFuture<'_, Result<(), QueueFault>> {
        self.knock().boxed()
    }

    fn takes_at_once(&self) -> u32 {
        let rounds =
            (CLAIM_TIME * SHARE_OF_CLAIM / 100).as_millis() / self.settings.timeout.as_millis().max(1);
        let rounds = u32::try_from(rounds).unwrap_or(u32::MAX).max(1);
        u32::try_from(self.settings.parallel).unwrap_or(u32::MAX).saturating_mul(rounds)
    }

    fn send<'a>(&'a mut self, batch: &'a [Outgoing]) -> BoxFuture<'a, Delivery> {
        self.deliver(batch).boxed()
    }
}

/// Sends one event.
async fn post(client: &Client, settings: &WebhookSettings, clock: &Clock, event: &Outgoing) -> Answer {
    let request = match request(settings, event, clock.now().utc().timestamp()) {
        Ok(request) => request,
        Err(outcome) => return Answer::Unsendable(outcome),
    };
    match client.execute(request).await {
        Ok(response) => {
            let answer = Answer::to(response.status().as_u16(), pause(response.headers(), clock));
            throw_away(response).await;
            answer
        }
        Err(error) => Answer::none(error, settings.timeout),
    }
}

/// The pause that an answer asks for.
fn pause(headers: &HeaderMap, clock: &Clock) -> Option<Duration> {
    let read = |name: HeaderName| Some((name.to_string(), headers.get(&name)?.to_str().ok()?.to_owned()));
    let headers: Vec<(String, String)> = [RETRY_AFTER, DATE].into_iter().filter_map(read).collect();
    let response = page::Response { status: 0, headers: &headers, body: &[] };
    pace::retry_after(&response, SystemTime::from(clock.now().utc()))
}

/// Takes what is left of an answer off its connection.
async fn throw_away(mut response: Response) {
    let mut left = THROWN_AWAY;
    while let Ok(Some(part)) = response.chunk().await {
        let Some(less) = left.checked_sub(part.len()) else { break };
        left = less;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::Mode;
    use crate::queue::tests::event;
    use crate::source::address::Reach;

    #[tokio::test]
    async fn a_name_that_turns_out_to_be_of_a_private_address_is_refused_when_it_is_resolved() {
        let scheme = Scheme::Standard(Mode::Structured);
        let settings = WebhookSettings {
            target: Target { url: "https://localhost:1/hooks".parse().unwrap(), reach: Reach::Public },
            signer: Signer::new(scheme, &"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned().into()).unwrap(),
            headers: Vec::new(),
            max_bytes: 1_000,
            parallel: 1,
            timeout: Duration::from_secs(10),
        };
        let mut queue = WebhookQueue::new(&settings);
        let fault = queue.ready().await.unwrap_err();
        let said = "the queue at localhost:1 refuses: `localhost` is not a public address; \
                    say `allow_private: true` for it in tieout.yaml if it really is on your own network";
        assert_eq!(fault.to_string(), said);
        let delivery = queue.send(&[event("ch_1", "{}")]).await;
        assert_eq!((delivery.outcomes, delivery.fault), (Vec::new(), Some(fault)));
    }
}
