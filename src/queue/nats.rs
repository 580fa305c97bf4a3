//! A subject of NATS JetStream. An event is confirmed by the acknowledgement of the stream that keeps the subject, and carries its id
//! as `Nats-Msg-Id`, by which the stream drops what comes twice within its window. Nobody relies on that.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::error::Error as _;
use std::path::PathBuf;
use std::time::Duration;

use async_nats::jetstream::Context;
use async_nats::jetstream::context::{
    ContextBuilder, GetStreamByNameErrorKind, PublishAckFuture, PublishError, PublishErrorKind,
};
use async_nats::jetstream::message::PublishMessage;
use async_nats::{ConnectError, ConnectErrorKind, ConnectOptions, HeaderMap, ServerAddr, header};
use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::binding::{Message, encoded};
use super::{Delivery, Mode, NatsSettings, Outcome, Queue, QueueFault, stopped};
use crate::store::Outgoing;

/// How long a connection may take.
const CONNECT_TIME: Duration = Duration::from_secs(10);
/// How long an acknowledgement may take.
const ANSWER_TIME: Duration = Duration::from_secs(15);
/// Events that are sent and not acknowledged yet.
const IN_FLIGHT: usize = 256;

/// The server's codes for a stream that has no room for any message, and for this one.
const NO_ROOM: [u64; 3] = [10_077, 10_047, 10_023];
const MESSAGE_TOO_LARGE: u64 = 10_054;

/// A subject.
pub(super) struct NatsQueue {
    url: SecretString,
    subject: String,
    mode: Mode,
    credentials: Option<PathBuf>,
    place: String,
    stream: Option<Context>,
}

/// An event after it was handed over.
enum Published {
    /// The stream is to acknowledge it.
    Sent(PublishAckFuture),
    /// It did not leave this process.
    Refused(PublishError),
    /// It cannot be a message.
    Never(Outcome),
}

/// What a failed publish is said against.
enum Blame {
    Queue(QueueFault),
    Event(Outcome),
}

impl NatsQueue {
    pub(super) fn new(settings: &NatsSettings) -> Self {
        let NatsSettings { url, subject, mode, credentials } = settings;
        let place = url.expose_secret().parse::<ServerAddr>().map_or_else(
            |_| "NATS".to_owned(),
            |address| format!("NATS {}:{}", address.host(), address.port()),
        );
        Self {
            url: url.clone(),
            subject: subject.clone(),
            mode: *mode,
            credentials: credentials.clone(),
            place,
            stream: None,
        }
    }

    async fn connect(&mut self) -> Result<Context, QueueFault> {
        if let Some(stream) = &self.stream {
            return Ok(stream.clone());
        }
        let mut options = ConnectOptions::new()
            .name("tieout")
            .connection_timeout(CONNECT_TIME)
            .request_timeout(Some(ANSWER_TIME))
            // A connection that is lost is made anew by the relay's next attempt; the client cannot be kept from trying once by itself.
            .max_reconnects(1);
        let Some((address, login)) = apart(&self.url) else {
            return Err(self.refused("the URL cannot be read".to_owned()));
        };
        options = match login {
            Login::None => options,
            Login::Token(token) => options.token(token),
            Login::User(user, password) => options.user_and_password(user, password),
        };
        if let Some(file) = &self.credentials {
            let read = options.credentials_file(file).await;
            options = read.map_err(|error| self.refused(format!("{}: {error}", file.display())))?;
        }
        let client = options.connect(address).await.map_err(|error| self.not_connected(&error))?;
        let stream = ContextBuilder::new()
            .timeout(ANSWER_TIME)
            .ack_timeout(ANSWER_TIME)
            .max_ack_inflight(IN_FLIGHT)
            .backpressure_on_inflight(true)
            .build(client);
        Ok(self.stream.insert(stream).clone())
    }

    /// Asks which stream keeps the subject: without one, nobody would.
    async fn look(&mut self) -> Result<(), QueueFault> {
        let stream = self.connect().await?;
        let Err(error) = stream.stream_by_subject(self.subject.as_str()).await else { return Ok(()) };
        Err(match error.kind() {
            GetStreamByNameErrorKind::NotFound => self.no_stream(),
            GetStreamByNameErrorKind::InvalidSubject => {
                self.refused(format!("`{}` is no subject", self.subject))
            }
            _ => self.lost(error.to_string()),
        })
    }

    /// Publishes one event after the other, in their order, while the acknowledgements of earlier ones are still on their way.
    async fn deliver(&mut self, batch: &[Outgoing]) -> Delivery {
        let stream = match self.connect().await {
            Ok(stream) => stream,
            Err(fault) => return stopped(fault),
        };
        let (mut delivery, mut on_their_way) = (Delivery::default(), VecDeque::new());
        for event in batch {
            if on_their_way.len() == IN_FLIGHT
                && let Err(fault) = self.settle(&mut on_their_way, &mut delivery).await
            {
                return Delivery { fault: Some(fault), ..delivery };
            }
            on_their_way.push_back(self.publish(&stream, event).await);
        }
        crash_point!("nats_queue.after_publish");
        while !on_their_way.is_empty() {
            if let Err(fault) = self.settle(&mut on_their_way, &mut delivery).await {
                return Delivery { fault: Some(fault), ..delivery };
            }
        }
        delivery
    }

    async fn publish(&self, stream: &Context, event: &Outgoing) -> Published {
        let message = match Message::of(event, self.mode) {
            Ok(message) => message,
            Err(outcome) => return Published::Never(outcome),
        };
        let publish = PublishMessage::build()
            .headers(headers(event, &message))
            .payload(Bytes::copy_from_slice(message.body.as_bytes()));
        match stream.send_publish(self.subject.clone(), publish).await {
            Ok(acknowledgement) => Published::Sent(acknowledgement),
            Err(error) => Published::Refused(error),
        }
    }

    /// Waits for what becomes of the oldest event.
    async fn settle(
        &mut self,
        on_their_way: &mut VecDeque<Published>,
        delivery: &mut Delivery,
    ) -> Result<(), QueueFault> {
        let acknowledged = match on_their_way.pop_front() {
            None => return Ok(()),
            Some(Published::Sent(acknowledgement)) => acknowledgement.await.map(|_| Outcome::Acknowledged),
            Some(Published::Never(outcome)) => Ok(outcome),
            Some(Published::Refused(error)) => Err(error),
        };
        let outcome = match acknowledged.map_err(|error| self.blame(&error)) {
            Ok(outcome) | Err(Blame::Event(outcome)) => outcome,
            Err(Blame::Queue(fault)) => return Err(fault),
        };
        delivery.outcomes.push(outcome);
        Ok(())
    }

    fn blame(&mut self, error: &PublishError) -> Blame {
        let reason = error.to_string();
        match error.kind() {
            PublishErrorKind::MaxPayloadExceeded => {
                Blame::Event(Outcome::Dead { class: "too_large", reason })
            }
            PublishErrorKind::StreamNotFound => Blame::Queue(self.no_stream()),
            PublishErrorKind::TimedOut | PublishErrorKind::BrokenPipe | PublishErrorKind::MaxAckPending => {
                Blame::Queue(self.lost(reason))
            }
            PublishErrorKind::WrongLastMessageId
            | PublishErrorKind::WrongLastSequence
            | PublishErrorKind::Other => self.answer(error, reason),
        }
    }

    /// What the stream itself said.
    fn answer(&mut self, error: &PublishError, reason: String) -> Blame {
        let said = error.source().and_then(|source| source.downcast_ref::<async_nats::jetstream::Error>());
        match said.map(|said| said.error_code().0) {
            Some(MESSAGE_TOO_LARGE) => Blame::Event(Outcome::Dead { class: "too_large", reason }),
            Some(code) if NO_ROOM.contains(&code) => Blame::Queue(self.unreachable(reason)),
            Some(_) => Blame::Event(Outcome::Retry(reason)),
            None => Blame::Queue(self.lost(reason)),
        }
    }

    fn not_connected(&self, error: &ConnectError) -> QueueFault {
        let why = error.to_string();
        match error.kind() {
            ConnectErrorKind::ServerParse
            | ConnectErrorKind::Authentication
            | ConnectErrorKind::AuthorizationViolation => self.refused(why),
            _ => self.unreachable(why),
        }
    }

    fn no_stream(&self) -> QueueFault {
        self.refused(format!(
            "no stream keeps the subject `{0}`; make one with `nats stream add --subjects {0}`",
            self.subject
        ))
    }

    /// A fault after which the connection is not used any more.
    fn lost(&mut self, why: String) -> QueueFault {
        self.stream = None;
        self.unreachable(why)
    }

    fn unreachable(&self, why: String) -> QueueFault {
        QueueFault::Unreachable { place: self.place.clone(), why }
    }

    fn refused(&self, why: String) -> QueueFault {
        QueueFault::Refused { place: self.place.clone(), why }
    }
}

impl Queue for NatsQueue {
    fn ready(&mut self) -> BoxFuture<'_, Result<(), QueueFault>> {
        self.look().boxed()
    }

    fn send<'a>(&'a mut self, batch: &'a [Outgoing]) -> BoxFuture<'a, Delivery> {
        self.deliver(batch).boxed()
    }
}

/// Who one is at a server.
#[derive(Debug, PartialEq, Eq)]
enum Login {
    None,
    Token(String),
    User(String, String),
}

/// The address alone, and the login that stands in it, which the client does not look for there.
fn apart(url: &SecretString) -> Option<(String, Login)> {
    let mut url = Url::parse(url.expose_secret()).ok().filter(Url::has_host)?;
    let decoded = |text: &str| percent_decode_str(text).decode_utf8().ok().map(Cow::into_owned);
    let login = match (url.username(), url.password()) {
        ("", None) => Login::None,
        (token, None) => Login::Token(decoded(token)?),
        (user, Some(password)) => Login::User(decoded(user)?, decoded(password)?),
    };
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    Some((url.to_string(), login))
}

/// The headers of the binding for NATS: attributes with the prefix `ce-`, percent-encoded as in HTTP.
fn headers(event: &Outgoing, message: &Message<'_>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::NATS_MESSAGE_ID, event.event_id.to_string());
    headers.insert("Content-Type", message.content_type.as_ref());
    for (name, value) in &message.attributes {
        headers.insert(format!("ce-{name}"), encoded(value));
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_login_is_taken_out_of_the_address() {
        let read = |text: &str| apart(&text.to_owned().into());
        let address = || "nats://nats.example.com:4222".to_owned();
        assert_eq!(read("nats://nats.example.com:4222"), Some((address(), Login::None)));
        assert_eq!(
            read("nats://s3cret@nats.example.com:4222"),
            Some((address(), Login::Token("s3cret".to_owned())))
        );
        let user = Login::User("app".to_owned(), "a/b@c".to_owned());
        assert_eq!(read("nats://app:a%2Fb%40c@nats.example.com:4222"), Some((address(), user)));
        assert_eq!(read("nats:nats.example.com"), None);
    }
}
