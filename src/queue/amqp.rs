//! An exchange of RabbitMQ (AMQP 0-9-1). Messages are persistent and mandatory; an event is confirmed once the broker has confirmed its
//! message and not returned it. A confirmation alone is no delivery: the broker also confirms what no queue takes.

mod lag;
mod message;
mod said;

use std::slice;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions, ExchangeDeclareOptions};
use lapin::types::{FieldTable, ShortString, ShortStringError};
use lapin::uri::AMQPUri;
use lapin::{
    BasicProperties, Channel, Confirmation, Connection, ConnectionProperties, Error, ExchangeKind,
    PublisherConfirm,
};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::{Instant, timeout, timeout_at};
use url::Url;

use self::message::{properties, routing_key};
use self::said::{Blame, blame, outcomes};
use super::binding::{Message, too_large};
use super::{AmqpSettings, Delivery, Lag, Mode, Outcome, Queue, QueueFault, stopped};
use crate::store::Outgoing;

/// How long a connection, and a confirmation, may take.
const CONNECT_TIME: Duration = Duration::from_secs(10);
const ANSWER_TIME: Duration = Duration::from_secs(15);

/// An exchange.
pub(super) struct AmqpQueue {
    url: SecretString,
    exchange: String,
    routing_key: Option<String>,
    mode: Mode,
    max_bytes: usize,
    place: String,
    open: Option<(Connection, Channel)>,
}

/// An event on its way into a message.
struct Publishing<'e> {
    key: ShortString,
    properties: BasicProperties,
    body: &'e str,
}

/// Why some events were not sent.
enum Trouble {
    /// It is the broker's.
    Queue(QueueFault),
    /// It is that of one of them.
    Message(String),
}

impl AmqpQueue {
    pub(super) fn new(settings: &AmqpSettings) -> Self {
        let AmqpSettings { url, exchange, routing_key, mode, max_bytes } = settings;
        let place = address(url).map_or_else(
            || "RabbitMQ".to_owned(),
            |uri| format!("RabbitMQ {}:{}", uri.authority.host, uri.authority.port),
        );
        Self {
            url: url.clone(),
            exchange: exchange.clone(),
            routing_key: routing_key.clone(),
            mode: *mode,
            max_bytes: *max_bytes,
            place,
            open: None,
        }
    }

    async fn connect(&mut self) -> Result<Channel, QueueFault> {
        if let Some((_, channel)) = self.open.as_ref().filter(|(_, channel)| channel.status().connected()) {
            return Ok(channel.clone());
        }
        self.open = None;
        let address = address(&self.url).ok_or_else(|| self.refused("the URL cannot be read".to_owned()))?;
        let connected = tokio::time::timeout(CONNECT_TIME, dial(address)).await;
        let connected = connected.map_err(|_| self.unreachable("it does not answer".to_owned()))?;
        let (connection, channel) = connected.map_err(|error| self.fault(blame(&error)))?;
        self.open = Some((connection, channel.clone()));
        Ok(channel)
    }

    /// Asks whether the exchange is there; the nameless one always is, and then the queue of the routing key must be.
    async fn look(&mut self) -> Result<(), QueueFault> {
        if self.exchange.is_empty() {
            return match self.routing_key.clone() {
                Some(queue) => self.declared(&queue).await.map(drop),
                None => Ok(()),
            };
        }
        let channel = self.connect().await?;
        let passive = ExchangeDeclareOptions { passive: true, ..ExchangeDeclareOptions::default() };
        let exchange = self.exchange.as_str().into();
        let asked = channel.exchange_declare(exchange, ExchangeKind::Topic, passive, FieldTable::default());
        match timeout(ANSWER_TIME, asked).await {
            Ok(looked) => looked.map_err(|error| self.lost(&error)),
            Err(_) => Err(self.unanswered()),
        }
    }

    /// Sends a batch; where one of its messages is larger than the broker takes, one event after the other, to learn which.
    async fn deliver(&mut self, batch: &[Outgoing]) -> Delivery {
        match self.send_together(batch).await {
            Ok(delivery) => delivery,
            Err(Trouble::Queue(fault)) => stopped(fault),
            Err(Trouble::Message(_)) => self.send_apart(batch).await,
        }
    }

    async fn send_apart(&mut self, batch: &[Outgoing]) -> Delivery {
        let mut delivery = Delivery::default();
        for event in batch {
            match self.send_together(slice::from_ref(event)).await {
                Ok(Delivery { outcomes, fault }) => {
                    delivery.outcomes.extend(outcomes);
                    if fault.is_some() {
                        return Delivery { fault, ..delivery };
                    }
                }
                Err(Trouble::Queue(fault)) => return Delivery { fault: Some(fault), ..delivery },
                Err(Trouble::Message(reason)) => {
                    delivery.outcomes.push(Outcome::Dead { class: "too_large", reason });
                }
            }
        }
        delivery
    }

    /// Publishes some events without a pause, and waits for the confirmations afterwards. What was confirmed before the time was over counts.
    async fn send_together(&mut self, batch: &[Outgoing]) -> Result<Delivery, Trouble> {
        let channel = self.connect().await.map_err(Trouble::Queue)?;
        // A broker that has no memory or disk left reads nothing, and lets whoever publishes wait.
        let until = Instant::now() + ANSWER_TIME;
        let mut sent = Vec::with_capacity(batch.len());
        for event in batch {
            sent.push(match self.message(event) {
                Err(outcome) => Err(outcome),
                Ok(message) => match timeout_at(until, self.publish(&channel, message)).await {
                    Ok(published) => Ok(published.map_err(|error| self.trouble(&error))?),
                    Err(_) => return Err(Trouble::Queue(self.unanswered())),
                },
            });
        }
        crash_point!("amqp_queue.after_publish");
        let (confirmed, fault) = self.confirmed(sent, until).await?;
        Ok(Delivery { outcomes: outcomes(batch, &confirmed), fault })
    }

    /// An event as a message, or the end of an event that cannot be one.
    fn message<'e>(&self, event: &'e Outgoing) -> Result<Publishing<'e>, Outcome> {
        let message = Message::of(event, self.mode)?;
        if message.size() > self.max_bytes {
            return Err(too_large(message.size(), self.max_bytes));
        }
        let dead = |class, error: ShortStringError| Outcome::Dead { class, reason: error.to_string() };
        let key = routing_key(self.routing_key.as_deref(), event);
        let key = key.map_err(|error| dead("unroutable", error))?;
        let properties = properties(event, &message).map_err(|error| dead("poison", error))?;
        Ok(Publishing { key, properties, body: message.body })
    }

    async fn publish(&self, channel: &Channel, message: Publishing<'_>) -> lapin::Result<PublisherConfirm> {
        let Publishing { key, properties, body } = message;
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        channel.basic_publish(self.exchange.as_str().into(), key, options, body.as_bytes(), properties).await
    }

    /// Waits until the whole batch is confirmed: only then it is known which of its messages came back. Before that nothing of it counts as
    /// delivered.
    async fn confirmed(
        &mut self,
        sent: Vec<Result<PublisherConfirm, Outcome>>,
        until: Instant,
    ) -> Result<(Vec<Result<Confirmation, Outcome>>, Option<QueueFault>), Trouble> {
        let mut confirmed = Vec::with_capacity(sent.len());
        for published in sent {
            confirmed.push(match published {
                Err(outcome) => Err(outcome),
                Ok(confirm) => match timeout_at(until, confirm).await {
                    Ok(confirmation) => Ok(confirmation.map_err(|error| self.trouble(&error))?),
                    Err(_) => return Ok((confirmed, Some(self.unanswered()))),
                },
            });
        }
        Ok((confirmed, None))
    }

    fn unanswered(&mut self) -> QueueFault {
        self.open = None;
        self.unreachable("it did not answer in time".to_owned())
    }

    /// A fault while messages were published. The connection is not used any more.
    fn trouble(&mut self, error: &Error) -> Trouble {
        self.open = None;
        match blame(error) {
            Blame::Asked(why) => Trouble::Message(why),
            other => Trouble::Queue(self.fault(other)),
        }
    }

    /// A fault after which the connection is not used any more.
    fn lost(&mut self, error: &Error) -> QueueFault {
        self.open = None;
        self.fault(blame(error))
    }

    fn fault(&self, blame: Blame) -> QueueFault {
        match blame {
            Blame::ForNow(why) => self.unreachable(why),
            Blame::Refusal(why) | Blame::Asked(why) => self.refused(why),
        }
    }

    fn refused(&self, why: String) -> QueueFault {
        QueueFault::Refused { place: self.place.clone(), why }
    }

    fn unreachable(&self, why: String) -> QueueFault {
        QueueFault::Unreachable { place: self.place.clone(), why }
    }
}

impl Queue for AmqpQueue {
    fn system(&self) -> &'static str {
        "rabbitmq"
    }

    fn ready(&mut self) -> BoxFuture<'_, Result<(), QueueFault>> {
        self.look().boxed()
    }

    fn lag<'a>(&'a mut self, of: Option<&'a str>) -> BoxFuture<'a, Result<Option<Lag>, QueueFault>> {
        self.lag_of(of).boxed()
    }

    fn send<'a>(&'a mut self, batch: &'a [Outgoing]) -> BoxFuture<'a, Delivery> {
        self.deliver(batch).boxed()
    }
}

/// The address as the client understands it. Its parser repeats what it cannot read, and takes what it does not know for this machine, so it
/// gets only addresses with a name or an IPv4 address.
fn address(url: &SecretString) -> Option<AMQPUri> {
    let parsed = Url::parse(url.expose_secret()).ok()?;
    let is_known = parsed.host_str().is_some_and(|host| !host.is_empty() && !host.starts_with('['));
    if is_known { url.expose_secret().parse().ok() } else { None }
}

async fn dial(address: AMQPUri) -> lapin::Result<(Connection, Channel)> {
    let properties = ConnectionProperties::default().with_connection_name("tieout".into());
    let connection = Connection::connect_uri(address, properties).await?;
    let channel = connection.create_channel().await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    Ok((connection, channel))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_the_client_would_misread_is_none() {
        let read = |text: &str| address(&text.to_owned().into()).map(|uri| uri.authority.host);
        assert_eq!(read("amqp://app:hunter2@rabbit.example.com/shop").as_deref(), Some("rabbit.example.com"));
        assert_eq!(read("amqp://127.0.0.1:5672").as_deref(), Some("127.0.0.1"));
        for bad in ["amqp:app:hunter2@rabbit/shop", "amqp://[2001:db8::1]:5672", "rabbit"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
