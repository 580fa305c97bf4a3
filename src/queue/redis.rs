//! A Redis Stream. An event is confirmed by the id that the server gives its entry, and by replicas where the configuration asks for
//! that. Nothing is ever taken out, unless the configuration bounds the stream.

use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, Pipeline, RedisError, RedisResult, ServerErrorKind, Value,
    cmd,
};
use secrecy::{ExposeSecret as _, SecretString};

use super::binding::{Message, too_large};
use super::{Delivery, Mode, Outcome, Queue, QueueFault, RedisSettings};
use crate::store::Outgoing;

/// How long a connection may take.
const CONNECT_TIME: Duration = Duration::from_secs(10);
/// How long an answer may take.
const ANSWER_TIME: Duration = Duration::from_secs(15);
/// How long replicas have to confirm.
const REPLICA_TIME: Duration = Duration::from_millis(REPLICA_MILLIS);
const REPLICA_MILLIS: u64 = 5_000;
/// Entries of one pipeline.
const PIPELINE: usize = 100;
/// The longest text that a server takes (`proto-max-bulk-len`).
const MAX_BYTES: usize = 512 << 20;

/// A stream.
pub(super) struct RedisQueue {
    url: SecretString,
    stream: String,
    mode: Mode,
    max_length: Option<u64>,
    replicas: u32,
    place: String,
    connection: Option<MultiplexedConnection>,
}

impl RedisQueue {
    pub(super) fn new(settings: &RedisSettings) -> Self {
        let RedisSettings { url, stream, mode, max_length, replicas } = settings;
        let place = Client::open(url.expose_secret()).map_or_else(
            |_| "Redis".to_owned(),
            |client| format!("Redis {}", client.get_connection_info().addr()),
        );
        Self {
            url: url.clone(),
            stream: stream.clone(),
            mode: *mode,
            max_length: *max_length,
            replicas: *replicas,
            place,
            connection: None,
        }
    }

    async fn connect(&mut self) -> Result<MultiplexedConnection, QueueFault> {
        if let Some(connection) = &self.connection {
            return Ok(connection.clone());
        }
        let client = Client::open(self.url.expose_secret()).map_err(|error| self.fault(&error))?;
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_TIME))
            .set_response_timeout(Some(ANSWER_TIME + REPLICA_TIME));
        let connected = client.get_multiplexed_async_connection_with_config(&config).await;
        Ok(self.connection.insert(connected.map_err(|error| self.fault(&error))?).clone())
    }

    /// Asks whether the stream may be written, without writing it: commands of a transaction are checked before they are queued.
    async fn rehearse(&mut self) -> Result<(), QueueFault> {
        let mut connection = self.connect().await?;
        let mut rehearsal = Pipeline::new();
        rehearsal
            .cmd("TYPE")
            .arg(&self.stream)
            .cmd("MULTI")
            .add_command(self.entry(&[("event", "")]))
            .cmd("DISCARD");
        let answered: RedisResult<(String, Value, Value, Value)> =
            rehearsal.query_async(&mut connection).await;
        let (kind, ..) = answered.map_err(|error| self.lost(&error))?;
        match kind.as_str() {
            "none" | "stream" => Ok(()),
            other => Err(self.refused(format!("the key `{}` is a {other}, not a stream", self.stream))),
        }
    }

    async fn deliver(&mut self, batch: &[Outgoing]) -> Delivery {
        let mut delivery = Delivery::default();
        for events in batch.chunks(PIPELINE) {
            match self.append(events).await {
                Ok(outcomes) => delivery.outcomes.extend(outcomes),
                Err(fault) => return Delivery { fault: Some(fault), ..delivery },
            }
        }
        delivery
    }

    /// Appends some events with one pipeline.
    async fn append(&mut self, events: &[Outgoing]) -> Result<Vec<Outcome>, QueueFault> {
        let mut connection = self.connect().await?;
        let messages: Vec<Result<Message<'_>, Outcome>> =
            events.iter().map(|event| self.message(event)).collect();
        let mut pipeline = Pipeline::new();
        pipeline.ignore_errors();
        for message in messages.iter().flatten() {
            pipeline.add_command(self.entry(&fields(message)));
        }
        if pipeline.is_empty() {
            return Ok(messages.into_iter().filter_map(Result::err).collect());
        }
        let appended: RedisResult<Vec<RedisResult<Value>>> = pipeline.query_async(&mut connection).await;
        crash_point!("redis_queue.after_append");
        let mut answers = appended.map_err(|error| self.lost(&error))?.into_iter();
        let mut outcomes = Vec::with_capacity(events.len());
        for message in messages {
            outcomes.push(match message {
                Err(outcome) => outcome,
                Ok(_) => self.outcome(answers.next())?,
            });
        }
        self.wait_for_replicas(&mut connection).await?;
        Ok(outcomes)
    }

    fn message<'e>(&self, event: &'e Outgoing) -> Result<Message<'e>, Outcome> {
        let message = Message::of(event, self.mode)?;
        if message.body.len() > MAX_BYTES {
            Err(too_large(message.body.len(), MAX_BYTES))
        } else {
            Ok(message)
        }
    }

    fn entry(&self, fields: &[(impl AsRef<str>, impl AsRef<str>)]) -> Cmd {
        let mut entry = cmd("XADD");
        entry.arg(&self.stream);
        if let Some(length) = self.max_length {
            entry.arg("MAXLEN").arg("~").arg(length);
        }
        entry.arg("*");
        for (name, value) in fields {
            entry.arg(name.as_ref()).arg(value.as_ref());
        }
        entry
    }

    fn outcome(&mut self, answer: Option<RedisResult<Value>>) -> Result<Outcome, QueueFault> {
        match answer {
            Some(Ok(_)) => Ok(Outcome::Acknowledged),
            Some(Err(error)) => Err(self.lost(&error)),
            None => Err(self.unreachable("it did not answer every command".to_owned())),
        }
    }

    /// What replicas do not have may be lost with the server. The events are sent again, with the same ids.
    async fn wait_for_replicas(&mut self, connection: &mut MultiplexedConnection) -> Result<(), QueueFault> {
        if self.replicas == 0 {
            return Ok(());
        }
        let mut wait = cmd("WAIT");
        wait.arg(self.replicas).arg(REPLICA_MILLIS);
        let confirmed: u32 = wait.query_async(connection).await.map_err(|error| self.lost(&error))?;
        if confirmed >= self.replicas {
            return Ok(());
        }
        Err(self.unreachable(format!("{confirmed} of {} replicas have confirmed", self.replicas)))
    }

    /// A fault after which the connection is not used any more.
    fn lost(&mut self, error: &RedisError) -> QueueFault {
        self.connection = None;
        self.fault(error)
    }

    fn fault(&self, error: &RedisError) -> QueueFault {
        let why = error.to_string();
        match error.kind() {
            ErrorKind::AuthenticationFailed
            | ErrorKind::InvalidClientConfig
            | ErrorKind::Server(ServerErrorKind::NoPerm) => self.refused(why),
            // `WRONGTYPE`, `NOAUTH`, `WRONGPASS`: nothing that waiting mends.
            _ if matches!(error.code(), Some("WRONGTYPE" | "NOAUTH" | "WRONGPASS")) => self.refused(why),
            _ => self.unreachable(why),
        }
    }

    fn unreachable(&self, why: String) -> QueueFault {
        QueueFault::Unreachable { place: self.place.clone(), why }
    }

    fn refused(&self, why: String) -> QueueFault {
        QueueFault::Refused { place: self.place.clone(), why }
    }
}

impl Queue for RedisQueue {
    fn ready(&mut self) -> BoxFuture<'_, Result<(), QueueFault>> {
        self.rehearse().boxed()
    }

    fn send<'a>(&'a mut self, batch: &'a [Outgoing]) -> BoxFuture<'a, Delivery> {
        self.deliver(batch).boxed()
    }
}

/// The fields of an entry. CloudEvents has no binding for Redis; the names are those of its binding for Kafka.
fn fields<'m>(message: &'m Message<'_>) -> Vec<(String, &'m str)> {
    let attributes = message.attributes.iter().map(|(name, value)| (format!("ce_{name}"), value.as_str()));
    let rest =
        [("content-type".to_owned(), message.content_type.as_ref()), ("event".to_owned(), message.body)];
    attributes.chain(rest).collect()
}
