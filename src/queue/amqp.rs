//! An exchange of RabbitMQ (AMQP 0-9-1). Messages are persistent and mandatory; an event is confirmed once the broker has confirmed its
//! message and not returned it. A confirmation alone is no delivery: the broker also confirms what no queue takes.

use std::collections::HashMap;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use lapin::message::BasicReturnMessage;
use lapin::options::{
    BasicPublishOptions, ConfirmSelectOptions, ExchangeDeclareOptions, QueueDeclareOptions,
};
use lapin::protocol::{AMQPErrorKind, AMQPHardError, AMQPSoftError};
use lapin::types::{AMQPValue, FieldTable};
use lapin::uri::AMQPUri;
use lapin::{
    BasicProperties, Channel, Confirmation, Connection, ConnectionProperties, Error, ErrorKind, ExchangeKind,
    PublisherConfirm,
};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::binding::{Message, too_large};
use super::{AmqpSettings, Delivery, Mode, Outcome, Queue, QueueFault, stopped};
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
        let Some(address) = address(&self.url) else {
            return Err(QueueFault::Refused {
                place: self.place.clone(),
                why: "the URL cannot be read".to_owned(),
            });
        };
        let connected = tokio::time::timeout(CONNECT_TIME, dial(address)).await;
        let connected = connected.map_err(|_| self.unreachable("it does not answer".to_owned()))?;
        let (connection, channel) = connected.map_err(|error| self.fault(&error))?;
        self.open = Some((connection, channel.clone()));
        Ok(channel)
    }

    /// Asks whether the exchange is there; the nameless one always is, and then the queue of the routing key must be.
    async fn look(&mut self) -> Result<(), QueueFault> {
        let channel = self.connect().await?;
        let looked = match (&self.exchange, &self.routing_key) {
            (exchange, Some(queue)) if exchange.is_empty() => {
                let passive = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
                channel.queue_declare(queue.as_str().into(), passive, FieldTable::default()).await.map(drop)
            }
            (exchange, _) if exchange.is_empty() => Ok(()),
            (exchange, _) => {
                let passive = ExchangeDeclareOptions { passive: true, ..ExchangeDeclareOptions::default() };
                let kind = ExchangeKind::Topic;
                channel.exchange_declare(exchange.as_str().into(), kind, passive, FieldTable::default()).await
            }
        };
        looked.map_err(|error| self.lost(&error))
    }

    /// Publishes a batch without a pause, and waits for the confirmations afterwards.
    async fn deliver(&mut self, batch: &[Outgoing]) -> Delivery {
        let channel = match self.connect().await {
            Ok(channel) => channel,
            Err(fault) => return stopped(fault),
        };
        // A broker that has no memory or disk left reads nothing, and lets whoever publishes wait.
        let until = Instant::now() + ANSWER_TIME;
        let mut sent = Vec::with_capacity(batch.len());
        for event in batch {
            match timeout_at(until, self.publish(&channel, event)).await {
                Ok(Ok(published)) => sent.push(published),
                Ok(Err(error)) => return stopped(self.lost(&error)),
                Err(_) => return stopped(self.unconfirmed()),
            }
        }
        crash_point!("amqp_queue.after_publish");
        match self.confirmed(sent, until).await {
            Ok(confirmed) => Delivery { outcomes: outcomes(batch, &confirmed), fault: None },
            Err(fault) => stopped(fault),
        }
    }

    /// A message on its way, or the end of an event that is none.
    async fn publish(
        &self,
        channel: &Channel,
        event: &Outgoing,
    ) -> lapin::Result<Result<PublisherConfirm, Outcome>> {
        let message = match Message::of(event, self.mode) {
            Ok(message) if message.size() > self.max_bytes => {
                return Ok(Err(too_large(message.size(), self.max_bytes)));
            }
            Ok(message) => message,
            Err(outcome) => return Ok(Err(outcome)),
        };
        let key = self.routing_key.as_deref().unwrap_or(&event.event_type);
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let properties = properties(event, &message);
        let (exchange, body) = (self.exchange.as_str(), message.body.as_bytes());
        channel.basic_publish(exchange.into(), key.into(), options, body, properties).await.map(Ok)
    }

    /// Waits until the whole batch is confirmed: only then it is known which of its messages came back. Before that nothing of it counts as
    /// delivered.
    async fn confirmed(
        &mut self,
        sent: Vec<Result<PublisherConfirm, Outcome>>,
        until: Instant,
    ) -> Result<Vec<Result<Confirmation, Outcome>>, QueueFault> {
        let mut confirmed = Vec::with_capacity(sent.len());
        for published in sent {
            confirmed.push(match published {
                Err(outcome) => Err(outcome),
                Ok(confirm) => match timeout_at(until, confirm).await {
                    Ok(Ok(confirmation)) => Ok(confirmation),
                    Ok(Err(error)) => return Err(self.lost(&error)),
                    Err(_) => return Err(self.unconfirmed()),
                },
            });
        }
        Ok(confirmed)
    }

    fn unconfirmed(&mut self) -> QueueFault {
        self.open = None;
        self.unreachable("it did not confirm in time".to_owned())
    }

    /// A fault after which the connection is not used any more.
    fn lost(&mut self, error: &Error) -> QueueFault {
        self.open = None;
        self.fault(error)
    }

    fn fault(&self, error: &Error) -> QueueFault {
        let why = error.to_string();
        match error.kind() {
            ErrorKind::ProtocolError(said) if is_final(said.kind()) => {
                QueueFault::Refused { place: self.place.clone(), why }
            }
            ErrorKind::AuthProviderError(_) => QueueFault::Refused { place: self.place.clone(), why },
            _ => self.unreachable(why),
        }
    }

    fn unreachable(&self, why: String) -> QueueFault {
        QueueFault::Unreachable { place: self.place.clone(), why }
    }
}

impl Queue for AmqpQueue {
    fn ready(&mut self) -> BoxFuture<'_, Result<(), QueueFault>> {
        self.look().boxed()
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

/// Whether somebody must do something: a login or a grant that is refused, an exchange or a virtual host that is not there.
fn is_final(said: &AMQPErrorKind) -> bool {
    matches!(
        said,
        AMQPErrorKind::Soft(
            AMQPSoftError::ACCESSREFUSED | AMQPSoftError::NOTFOUND | AMQPSoftError::PRECONDITIONFAILED
        ) | AMQPErrorKind::Hard(AMQPHardError::NOTALLOWED | AMQPHardError::INVALIDPATH)
    )
}

/// What became of each event. A message that came back is found by its id: the client hands it to whichever confirmation it sees next.
fn outcomes(batch: &[Outgoing], confirmed: &[Result<Confirmation, Outcome>]) -> Vec<Outcome> {
    let returned = confirmed.iter().filter_map(|one| match one {
        Ok(Confirmation::Ack(returned) | Confirmation::Nack(returned)) => returned.as_ref(),
        _ => None,
    });
    let id_of = |message: &BasicReturnMessage| {
        message.delivery.properties.message_id().as_ref().map(ToString::to_string)
    };
    let returned: HashMap<String, &BasicReturnMessage> =
        returned.filter_map(|message| Some((id_of(message)?, message))).collect();
    let outcome = |(event, confirmed): (&Outgoing, &Result<Confirmation, Outcome>)| match confirmed {
        Err(outcome) => outcome.clone(),
        Ok(confirmation) => match (returned.get(&event.event_id.to_string()), confirmation) {
            (Some(message), _) => unroutable(message),
            (None, Confirmation::Ack(_)) => Outcome::Acknowledged,
            (None, Confirmation::Nack(_)) => Outcome::Retry("the broker could not keep it".to_owned()),
            (None, Confirmation::NotRequested) => Outcome::Retry("the broker does not confirm".to_owned()),
        },
    };
    batch.iter().zip(confirmed).map(outcome).collect()
}

fn unroutable(returned: &BasicReturnMessage) -> Outcome {
    let reason = format!(
        "no queue takes the routing key `{}` of the exchange `{}` ({} {})",
        returned.delivery.routing_key, returned.delivery.exchange, returned.reply_code, returned.reply_text
    );
    Outcome::Dead { class: "unroutable", reason }
}

/// Persistent, with the id where consumers and tools look for it. Attributes are headers with the prefix of the binding for AMQP.
fn properties(event: &Outgoing, message: &Message<'_>) -> BasicProperties {
    let mut headers = FieldTable::default();
    for (name, value) in &message.attributes {
        headers.insert(format!("cloudEvents_{name}").into(), AMQPValue::LongString(value.as_str().into()));
    }
    BasicProperties::default()
        .with_delivery_mode(2)
        .with_message_id(event.event_id.to_string().into())
        .with_content_type(message.content_type.as_ref().into())
        .with_headers(headers)
        .with_type(event.event_type.as_str().into())
        .with_app_id("tieout".into())
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
