//! A topic of Google Pub/Sub. An event is confirmed by the id that the service gives its message. Messages carry an ordering key, unless the
//! configuration says otherwise; the service takes those of one key in a request of their own.

mod access;
mod message;
mod said;

use std::collections::BTreeMap;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use google_cloud_gax::retry_policy::{RetryPolicy, RetryPolicyExt as _};
use google_cloud_pubsub::client::{BasePublisher, Publisher, TopicAdmin};
use google_cloud_pubsub::error::PublishError;
use google_cloud_pubsub::model::Message;
use google_cloud_pubsub::retry_policy::RetryableErrors;
use tokio::task::unconstrained;
use tokio::time::{Instant, timeout, timeout_at};
use tracing::debug;

use self::access::{Access, access};
use self::message::message;
use self::said::{Blame, Look, blame, look};
use super::{Delivery, Outcome, PubsubSettings, Queue, QueueFault};
use crate::store::Outgoing;

/// Where the service is, unless the configuration says otherwise.
const SERVICE: &str = "https://pubsub.googleapis.com";
/// How long a batch, and the look at the topic, may take.
const ANSWER_TIME: Duration = Duration::from_secs(15);
/// How long, and how often, the client may try a request by itself. It does so in the background as well, so it ends before a batch does.
const RETRY_TIME: Duration = Duration::from_secs(10);
const ATTEMPTS: u32 = 3;
/// Requests on their way at once: as many as the client lets through one connection. What waits for a free place would have its own time for
/// retries only afterwards.
const REQUESTS: usize = 100;
/// The most messages and bytes of a request; the service takes 1,000 and ten million.
const MESSAGES: u32 = 1_000;
const BYTES: u32 = 5_000_000;

/// A topic.
pub(super) struct PubsubQueue {
    settings: PubsubSettings,
    place: String,
    open: Option<BasePublisher>,
}

/// An event during a batch.
enum Slot {
    /// It is to be sent, or to be sent again by itself.
    Waits(Message),
    /// It is known what became of it.
    Is(Outcome),
}

impl Slot {
    /// Takes in what became of an event, if that is known. What follows one that is put off, and has its key, is put off with it.
    fn settle(&mut self, outcome: Option<Outcome>, put_off: &mut BTreeMap<String, String>) {
        let Self::Waits(Message { ordering_key, .. }) = self else { return };
        let put_off_too = || put_off.get(ordering_key).cloned().map(Outcome::NotNow);
        let Some(outcome) = outcome.or_else(put_off_too) else { return };
        if let Outcome::NotNow(why) = &outcome {
            put_off.insert(ordering_key.clone(), why.clone());
        }
        *self = Self::Is(outcome);
    }
}

impl PubsubQueue {
    pub(super) fn new(settings: &PubsubSettings) -> Self {
        let endpoint = settings.endpoint.as_deref().unwrap_or(SERVICE);
        let host = endpoint.split_once("://").map_or(endpoint, |(_, host)| host);
        let place = format!("Pub/Sub {}", host.trim_end_matches('/'));
        Self { settings: settings.clone(), place, open: None }
    }

    async fn connect(&mut self) -> Result<BasePublisher, QueueFault> {
        if let Some(open) = &self.open {
            return Ok(open.clone());
        }
        let Access { endpoint, credentials } = self.access()?;
        let builder = BasePublisher::builder().with_credentials(credentials).with_retry_policy(retries());
        let builder = match endpoint {
            Some(endpoint) => builder.with_endpoint(endpoint),
            None => builder,
        };
        let built = builder.build().await;
        Ok(self.open.insert(built.map_err(|_| self.no_client())?).clone())
    }

    /// Asks for the topic. That needs another right (`pubsub.topics.get`) than publishing does, so a login that may not look may still publish:
    /// whether it may shows with the first event.
    async fn look(&self) -> Result<(), QueueFault> {
        let Access { endpoint, credentials } = self.access()?;
        let builder = TopicAdmin::builder().with_credentials(credentials).with_retry_policy(retries());
        let builder = match endpoint {
            Some(endpoint) => builder.with_endpoint(endpoint),
            None => builder,
        };
        let topics = builder.build().await.map_err(|_| self.no_client())?;
        let asked = topics.get_topic().set_topic(&self.settings.topic).send();
        let Ok(answer) = timeout(ANSWER_TIME, asked).await else { return Err(self.unanswered()) };
        match answer.map_or_else(|error| look(&error), |_| Look::There) {
            Look::There => Ok(()),
            Look::NotPermitted => {
                debug!(topic = self.settings.topic, "the login may not look at the topic");
                Ok(())
            }
            Look::Fault(blame) => Err(self.fault(blame)),
        }
    }

    async fn deliver(&mut self, batch: &[Outgoing]) -> Delivery {
        let until = Instant::now() + ANSWER_TIME;
        let at_once = if self.settings.ordering { REQUESTS } else { batch.len().max(1) };
        let mut outcomes = Vec::with_capacity(batch.len());
        for events in batch.chunks(at_once) {
            if let Err(fault) = self.publish(events, until, &mut outcomes).await {
                self.open = None;
                return Delivery { outcomes, fault: Some(fault) };
            }
        }
        Delivery { outcomes, fault: None }
    }

    /// Publishes some events together. A request is taken or refused as a whole, so what the service refuses is sent again, each event by
    /// itself.
    async fn publish(
        &mut self,
        events: &[Outgoing],
        until: Instant,
        outcomes: &mut Vec<Outcome>,
    ) -> Result<(), QueueFault> {
        let client = self.connect().await?;
        let PubsubSettings { mode, ordering, .. } = self.settings;
        let into_slot = |event| message(event, mode, ordering).map_or_else(Slot::Is, Slot::Waits);
        let mut slots: Vec<Slot> = events.iter().map(into_slot).collect();
        let mut done = Ok(());
        let mut per_request = MESSAGES;
        while done.is_ok() && slots.iter().any(|slot| matches!(slot, Slot::Waits(_))) {
            done = self.send_waiting(&client, per_request, until, &mut slots).await;
            per_request = 1;
        }
        crash_point!("pubsub_queue.after_publish");
        let known = |slot| match slot {
            Slot::Is(outcome) => Some(outcome),
            Slot::Waits(_) => None,
        };
        outcomes.extend(slots.into_iter().map_while(known));
        done
    }

    /// Sends every event that waits, as far as the first that says something about the topic or the service. The client holds back whatever
    /// follows a refused message of the same key; it forgets which keys those are with each call, since it is made anew for it. So the first
    /// event of a key that waits is always sent, and those after it never before it.
    async fn send_waiting(
        &self,
        client: &BasePublisher,
        per_request: u32,
        until: Instant,
        slots: &mut [Slot],
    ) -> Result<(), QueueFault> {
        let publisher = self.publisher(client, per_request);
        let mut on_their_way = Vec::new();
        for slot in slots.iter_mut() {
            if let Slot::Waits(message) = slot {
                let answer = publisher.publish(message.clone());
                on_their_way.push((slot, answer));
            }
        }
        // What is known when the time is over still counts. The runtime would not answer so many questions at once.
        let _ = timeout_at(until, publisher.flush()).await;
        let mut put_off = BTreeMap::new();
        for (slot, answer) in on_their_way {
            let Some(answer) = unconstrained(answer).now_or_never() else {
                return Err(self.unanswered());
            };
            let outcome = self.settle(answer, per_request)?;
            slot.settle(outcome, &mut put_off);
        }
        Ok(())
    }

    fn publisher(&self, client: &BasePublisher, per_request: u32) -> Publisher {
        client
            .publisher(&self.settings.topic)
            .set_message_count_threshold(per_request)
            .set_byte_threshold(BYTES)
            .build()
    }

    /// What became of an event, unless it has to be sent again by itself.
    fn settle(
        &self,
        published: Result<String, PublishError>,
        per_request: u32,
    ) -> Result<Option<Outcome>, QueueFault> {
        let Err(error) = published else { return Ok(Some(Outcome::Acknowledged)) };
        match blame(&error) {
            Blame::NotNow(why) => Ok(Some(Outcome::NotNow(why))),
            Blame::Request(reason) if per_request == 1 => {
                Ok(Some(Outcome::Dead { class: "rejected", reason }))
            }
            Blame::Request(_) | Blame::HeldBack => Ok(None),
            blame => Err(self.fault(blame)),
        }
    }

    fn access(&self) -> Result<Access, QueueFault> {
        access(&self.settings).map_err(|why| self.refused(why.to_owned()))
    }

    fn fault(&self, blame: Blame) -> QueueFault {
        match blame {
            Blame::NoTopic => self.refused(format!(
                "there is no topic `{0}`; make it with `gcloud pubsub topics create {0}`",
                self.settings.topic
            )),
            Blame::Refusal(why) => self.refused(why),
            Blame::ForNow(why) | Blame::NotNow(why) | Blame::Request(why) => self.unreachable(why),
            Blame::HeldBack => self.unreachable("it holds the key of the event back".to_owned()),
        }
    }

    fn no_client(&self) -> QueueFault {
        self.refused("no client can be made for this endpoint and these credentials".to_owned())
    }

    fn unanswered(&self) -> QueueFault {
        self.unreachable("it did not answer in time".to_owned())
    }

    fn unreachable(&self, why: String) -> QueueFault {
        QueueFault::Unreachable { place: self.place.clone(), why }
    }

    fn refused(&self, why: String) -> QueueFault {
        QueueFault::Refused { place: self.place.clone(), why }
    }
}

impl Queue for PubsubQueue {
    fn system(&self) -> &'static str {
        "gcp_pubsub"
    }

    fn ready(&mut self) -> BoxFuture<'_, Result<(), QueueFault>> {
        self.look().boxed()
    }

    fn send<'a>(&'a mut self, batch: &'a [Outgoing]) -> BoxFuture<'a, Delivery> {
        self.deliver(batch).boxed()
    }
}

/// What the service recommends to repeat, a few times and no longer than a batch may take: the client's own limit is ten minutes, and waiting for
/// a service that is down is the relay's.
fn retries() -> impl RetryPolicy + 'static {
    RetryableErrors.with_time_limit(RETRY_TIME).with_attempt_limit(ATTEMPTS)
}
