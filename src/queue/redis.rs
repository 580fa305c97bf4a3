//! A Redis Stream. An event is confirmed by the id that the server gives its entry, and by replicas where the configuration asks for
//! that. Nothing is ever taken out, unless the configuration bounds the stream.

mod lag;
mod said;

use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, Pipeline, RedisError, RedisResult, Value, cmd};
use secrecy::{ExposeSecret as _, SecretString};

use self::said::{Blame, blame};
use super::binding::{Message, too_large};
use super::{Delivery, Lag, Mode, Outcome, Queue, QueueFault, RedisSettings};
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

    /// Asks whether the stream may be written, without writing it: commands of a transaction are checked before they are queued. Each waits
    /// for the one before it, since outside of a transaction an entry would be written.
    async fn rehearse(&mut self) -> Result<(), QueueFault> {
        let mut connection = self.connect().await?;
        let asked = cmd("TYPE").arg(&self.stream).query_async(&mut connection).await;
        let kind: String = asked.map_err(|error| self.lost(&error))?;
        if !matches!(kind.as_str(), "none" | "stream") {
            return Err(self.refused(format!("the key `{}` is a {kind}, not a stream", self.stream)));
        }
        for command in [cmd("MULTI"), self.entry(&[("event", "")]), cmd("DISCARD")] {
            command.exec_async(&mut connection).await.map_err(|error| self.lost(&error))?;
        }
        self.replicas_are_there(&mut connection).await
    }

    async fn deliver(&mut self, batch: &[Outgoing]) -> Delivery {
        let mut outcomes = Vec::with_capacity(batch.len());
        for events in batch.chunks(PIPELINE) {
            if let Err(fault) = self.append(events, &mut outcomes).await {
                return Delivery { outcomes, fault: Some(fault) };
            }
        }
        Delivery { outcomes, fault: None }
    }

    /// Appends some events with one pipeline.
    async fn append(&mut self, events: &[Outgoing], outcomes: &mut Vec<Outcome>) -> Result<(), QueueFault> {
        let mut connection = self.connect().await?;
        let messages: Vec<Result<Message<'_>, Outcome>> =
            events.iter().map(|event| self.message(event)).collect();
        let mut pipeline = Pipeline::new();
        pipeline.ignore_errors();
        for message in messages.iter().flatten() {
            pipeline.add_command(self.entry(&fields(message)));
        }
        if pipeline.is_empty() {
            outcomes.extend(messages.into_iter().filter_map(Result::err));
            return Ok(());
        }
        self.replicas_are_there(&mut connection).await?;
        let appended: RedisResult<Vec<RedisResult<Value>>> = pipeline.query_async(&mut connection).await;
        crash_point!("redis_queue.after_append");
        let answers = appended.map_err(|error| self.lost(&error))?;
        self.replicas_have_it(&mut connection).await?;
        self.sort(messages, answers, outcomes)
    }

    /// What became of each event, as far as the first that the server did not take. Those after it may be there, and are sent again.
    fn sort(
        &mut self,
        messages: Vec<Result<Message<'_>, Outcome>>,
        answers: Vec<RedisResult<Value>>,
        outcomes: &mut Vec<Outcome>,
    ) -> Result<(), QueueFault> {
        let mut answers = answers.into_iter();
        for message in messages {
            outcomes.push(match message {
                Err(outcome) => outcome,
                Ok(_) => match answers.next() {
                    Some(Ok(_)) => Outcome::Acknowledged,
                    Some(Err(error)) => return Err(self.lost(&error)),
                    None => return Err(self.unreachable("it did not answer every command".to_owned())),
                },
            });
        }
        Ok(())
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

    /// Whether there are as many replicas as must have every event. What is appended while there are fewer would be appended again and again.
    async fn replicas_are_there(&mut self, connection: &mut MultiplexedConnection) -> Result<(), QueueFault> {
        self.wait(connection, "are there").await
    }

    /// What replicas do not have may be lost with the server. The events are sent again, with the same ids.
    async fn replicas_have_it(&mut self, connection: &mut MultiplexedConnection) -> Result<(), QueueFault> {
        self.wait(connection, "have confirmed").await
    }

    /// Waits until enough replicas have what this connection wrote so far.
    async fn wait(&mut self, connection: &mut MultiplexedConnection, done: &str) -> Result<(), QueueFault> {
        if self.replicas == 0 {
            return Ok(());
        }
        let mut wait = cmd("WAIT");
        wait.arg(self.replicas).arg(REPLICA_MILLIS);
        let confirmed: u32 = wait.query_async(connection).await.map_err(|error| self.lost(&error))?;
        if confirmed >= self.replicas {
            return Ok(());
        }
        Err(self.unreachable(format!("{confirmed} of {} replicas {done}", self.replicas)))
    }

    /// A fault after which the connection is not used any more.
    fn lost(&mut self, error: &RedisError) -> QueueFault {
        self.connection = None;
        self.fault(error)
    }

    fn fault(&self, error: &RedisError) -> QueueFault {
        match blame(error) {
            Blame::ForNow(why) => self.unreachable(why),
            Blame::Refusal(why) => self.refused(why),
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
    fn system(&self) -> &'static str {
        "redis"
    }

    fn ready(&mut self) -> BoxFuture<'_, Result<(), QueueFault>> {
        self.rehearse().boxed()
    }

    fn lag<'a>(&'a mut self, of: Option<&'a str>) -> BoxFuture<'a, Result<Option<Lag>, QueueFault>> {
        self.lag_of(of).boxed()
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
