//! A topic of Kafka. An event is confirmed by the delivery report of its record: every replica in sync has it (`acks=all`). The key of the
//! record is the event's subject, which finds the partition that Java's own producers find for it.
//!
//! The producer is idempotent: what it sends again by itself, after a lost answer or a change of leaders, is there once. It is given up
//! with the first batch of which something failed; what its successor sends again may be there twice.

mod client;
mod ear;
mod lag;
mod record;
mod said;
mod sorted;

use std::slice;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::time::{Instant, sleep_until};

use self::client::Client;
use self::record::Record;
use self::said::{Blame, Trouble, blame};
use self::sorted::{End, sorted};
use super::{Delivery, KafkaSettings, Lag, Queue, QueueFault, stopped};
use crate::store::Outgoing;

/// How long it may take to find the topic.
const CONNECT_TIME: Duration = Duration::from_secs(10);
/// How long it may still take once no broker could be reached: one whose name has several addresses is tried at the next.
const LAST_TRY: Duration = Duration::from_secs(1);
/// How long the client tries to have a record confirmed.
const ANSWER_TIME: Duration = Duration::from_secs(15);
/// How much later it says that it could not: it looks once a second for what has no more time.
const REPORT_TIME: Duration = Duration::from_secs(3);

/// A topic.
pub(super) struct KafkaQueue {
    settings: KafkaSettings,
    place: String,
    open: Option<Client>,
}

impl KafkaQueue {
    pub(super) fn new(settings: &KafkaSettings) -> Self {
        let place = match settings.brokers.split_first() {
            None => "Kafka".to_owned(),
            Some((only, [])) => format!("Kafka {only}"),
            Some((first, others)) => format!("Kafka {first} and {} more", others.len()),
        };
        Self { settings: settings.clone(), place, open: None }
    }

    /// A client that has found the topic.
    async fn connect(&self) -> Result<Client, QueueFault> {
        let client = Client::new(&self.settings).map_err(|why| self.refused(why))?;
        match self.look(&client).await {
            Ok(()) => Ok(client),
            Err(fault) => {
                client.give_up();
                Err(fault)
            }
        }
    }

    /// Asks whether the topic is there, without making it.
    async fn look(&self, client: &Client) -> Result<(), QueueFault> {
        let finding = client.find(&self.settings.topic, CONNECT_TIME);
        client.ear().answer(finding, LAST_TRY).await.map_err(|why| match why {
            Trouble::Nowhere(_) => self.no_topic(),
            Trouble::Refusal(why) => self.refused(why),
            Trouble::ForNow(why) => self.unreachable(why),
        })
    }

    async fn prove(&mut self) -> Result<(), QueueFault> {
        self.open = None;
        self.open = Some(self.connect().await?);
        Ok(())
    }

    async fn deliver(&mut self, batch: &[Outgoing]) -> Delivery {
        // It is taken out until all of it is settled, so that what is cut off meanwhile ends with its client.
        let connected = match self.open.take() {
            Some(client) => Ok(client),
            None => self.connect().await,
        };
        let mut client = match connected {
            Ok(client) => client,
            Err(fault) => return stopped(fault),
        };
        let ends = self.hand_over(&mut client, batch).await;
        let is_settled = ends.iter().all(End::is_settled);
        let (outcomes, trouble) = sorted(ends);
        let fault = match trouble {
            None => None,
            Some(trouble) => Some(self.fault(&client, trouble).await),
        };
        if is_settled {
            self.open = Some(client);
        } else {
            client.give_up();
        }
        Delivery { outcomes, fault }
    }

    /// Sends a batch; what is refused together with others, for something that only one of them may have, once more by itself.
    async fn hand_over(&self, client: &mut Client, batch: &[Outgoing]) -> Vec<End> {
        let until = Instant::now() + ANSWER_TIME + REPORT_TIME;
        let mut ends = self.send_together(client, batch, until).await;
        if ends.iter().filter(|end| end.was_sent()).count() > 1 {
            for (event, end) in batch.iter().zip(&mut ends) {
                if end.is_of_all() {
                    let alone = self.send_together(client, slice::from_ref(event), until).await;
                    *end = alone.into_iter().next().unwrap_or(End::Open);
                }
            }
        }
        ends
    }

    /// Sends some events without a pause, and waits for their reports.
    async fn send_together(&self, client: &mut Client, batch: &[Outgoing], until: Instant) -> Vec<End> {
        let KafkaSettings { topic, mode, max_bytes, .. } = &self.settings;
        let first = client.numbers(batch.len());
        let send = |(number, event)| match Record::of(event, *mode, *max_bytes) {
            Ok(record) => client.send(topic, record, number),
            Err(outcome) => End::Never(outcome),
        };
        let mut ends: Vec<End> = (first..).zip(batch).map(send).collect();
        crash_point!("kafka_queue.after_send");
        let ear = client.ear();
        while ends.contains(&End::Open) {
            let trouble = tokio::select! {
                biased;
                (number, end) = client.report() => {
                    // Of an earlier batch some may come late.
                    if let Some(open) = number.checked_sub(first).and_then(|at| ends.get_mut(at)) {
                        *open = end;
                    }
                    continue;
                }
                why = ear.refusal() => Trouble::Refusal(why),
                () = sleep_until(until) => Trouble::ForNow("it did not confirm in time".to_owned()),
            };
            for open in ends.iter_mut().filter(|end| **end == End::Open) {
                *open = End::Failed(Blame::Queue(trouble.clone()));
            }
        }
        ends
    }

    /// A broker that has just started knows fewer topics and partitions than there are, so it is asked once more.
    async fn fault(&self, client: &Client, trouble: Trouble) -> QueueFault {
        match trouble {
            Trouble::Refusal(why) => self.refused(why),
            Trouble::ForNow(why) => self.unreachable(why),
            Trouble::Nowhere(why) => match self.look(client).await {
                Ok(()) => self.unreachable(why),
                Err(fault) => fault,
            },
        }
    }

    fn no_topic(&self) -> QueueFault {
        self.refused(format!(
            "there is no topic `{0}`; make one with `kafka-topics.sh --create --topic {0}`",
            self.settings.topic
        ))
    }

    fn unreachable(&self, why: String) -> QueueFault {
        QueueFault::Unreachable { place: self.place.clone(), why }
    }

    fn refused(&self, why: String) -> QueueFault {
        QueueFault::Refused { place: self.place.clone(), why }
    }
}

impl Queue for KafkaQueue {
    fn system(&self) -> &'static str {
        "kafka"
    }

    fn lag<'a>(&'a mut self, of: Option<&'a str>) -> BoxFuture<'a, Result<Option<Lag>, QueueFault>> {
        async move {
            let Some(group) = of else { return Ok(None) };
            lag::of_group(&self.settings, group).await.map(Some).map_err(|code| match blame(code) {
                Blame::Queue(Trouble::Nowhere(_)) => self.no_topic(),
                Blame::Queue(Trouble::Refusal(why)) => self.refused(why),
                _ => self.unreachable(format!("it does not say how far `{group}` is: {code}")),
            })
        }
        .boxed()
    }

    fn ready(&mut self) -> BoxFuture<'_, Result<(), QueueFault>> {
        self.prove().boxed()
    }

    fn send<'a>(&'a mut self, batch: &'a [Outgoing]) -> BoxFuture<'a, Delivery> {
        self.deliver(batch).boxed()
    }
}
