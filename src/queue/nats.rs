//! A subject of NATS JetStream. An event is confirmed by the acknowledgement of the stream that keeps the subject, and carries its id
//! as `Nats-Msg-Id`, by which the stream drops what comes twice within its window. Nobody relies on that.

mod lag;
mod login;
mod said;
mod trouble;

use std::collections::VecDeque;
use std::error::Error as _;
use std::path::PathBuf;
use std::time::Duration;

use async_nats::jetstream::Context;
use async_nats::jetstream::context::{
    ContextBuilder, GetStreamByNameError, GetStreamByNameErrorKind, PublishAckFuture, PublishError,
    RequestError, RequestErrorKind,
};
use async_nats::jetstream::message::PublishMessage;
use async_nats::{ConnectError, ConnectErrorKind, ConnectOptions, HeaderMap, ServerAddr, header};
use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use secrecy::{ExposeSecret as _, SecretString};

use self::login::{Login, apart};
use self::said::{Blame, blame};
use self::trouble::{Ear, Trouble, listen};
use super::binding::{Message, encoded};
use super::{Delivery, Lag, Mode, NatsSettings, Outcome, Queue, QueueFault};
use crate::store::Outgoing;

/// How long a connection may take.
const CONNECT_TIME: Duration = Duration::from_secs(10);
/// How long an acknowledgement may take.
const ANSWER_TIME: Duration = Duration::from_secs(15);
/// Events that are sent and not acknowledged yet.
const IN_FLIGHT: usize = 256;

/// A subject.
pub(super) struct NatsQueue {
    url: SecretString,
    subject: String,
    mode: Mode,
    credentials: Option<PathBuf>,
    place: String,
    open: Option<Open>,
}

/// A connection.
#[derive(Clone)]
struct Open {
    stream: Context,
    ear: Ear,
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
            open: None,
        }
    }

    async fn connect(&mut self) -> Result<Open, QueueFault> {
        if let Some(open) = &self.open {
            return Ok(open.clone());
        }
        let Some((address, login)) = apart(&self.url) else {
            return Err(self.refused("the URL cannot be read".to_owned()));
        };
        let (options, ear) = listen(self.options(login).await?);
        let client = options.connect(address).await.map_err(|error| self.not_connected(&error))?;
        let stream = ContextBuilder::new()
            .timeout(ANSWER_TIME)
            .ack_timeout(ANSWER_TIME)
            .max_ack_inflight(IN_FLIGHT)
            .backpressure_on_inflight(true)
            .build(client);
        Ok(self.open.insert(Open { stream, ear }).clone())
    }

    async fn options(&self, login: Login) -> Result<ConnectOptions, QueueFault> {
        let options = ConnectOptions::new()
            .name("tieout")
            .connection_timeout(CONNECT_TIME)
            .request_timeout(Some(ANSWER_TIME))
            // A connection that is lost is made anew by the relay's next attempt; the client cannot be kept from trying once by itself.
            .max_reconnects(1);
        let options = match login {
            Login::None => options,
            Login::Token(token) => options.token(token),
            Login::User(user, password) => options.user_and_password(user, password),
        };
        let Some(file) = &self.credentials else { return Ok(options) };
        let read = options.credentials_file(file).await;
        read.map_err(|error| self.refused(format!("{}: {error}", file.display())))
    }

    /// Does something with the connection, and no longer than it has no trouble. After a fault it is not used any more.
    async fn with<T>(
        &mut self,
        work: impl AsyncFnOnce(&Self, &Context) -> Result<T, QueueFault>,
    ) -> Result<T, QueueFault> {
        let Open { stream, mut ear } = self.connect().await?;
        let done = tokio::select! {
            biased;
            done = work(self, &stream) => done,
            trouble = ear.trouble() => Err(self.in_trouble(trouble)),
        };
        if done.is_err() {
            self.open = None;
        }
        done
    }

    /// Asks which stream keeps the subject: without one, nobody would.
    async fn look(&self, stream: &Context) -> Result<(), QueueFault> {
        let found = stream.stream_by_subject(self.subject.as_str()).await;
        found.map(drop).map_err(|error| self.without_stream(&error))
    }

    /// Why no stream was found.
    fn without_stream(&self, error: &GetStreamByNameError) -> QueueFault {
        match error.kind() {
            GetStreamByNameErrorKind::NotFound => self.no_stream(),
            GetStreamByNameErrorKind::InvalidSubject => {
                self.refused(format!("`{}` is no subject", self.subject))
            }
            _ if has_no_jetstream(error) => {
                self.refused("JetStream is not enabled, at the server or for this account".to_owned())
            }
            _ => self.unreachable(error.to_string()),
        }
    }

    /// Publishes one event after the other, in their order, while the acknowledgements of earlier ones are still on their way.
    async fn publish_all(
        &self,
        stream: &Context,
        batch: &[Outgoing],
        outcomes: &mut Vec<Outcome>,
    ) -> Result<(), QueueFault> {
        let mut on_their_way = VecDeque::new();
        for event in batch {
            if on_their_way.len() == IN_FLIGHT {
                outcomes.extend(self.settle(stream, &mut on_their_way).await?);
            }
            on_their_way.push_back(self.publish(stream, event).await);
        }
        crash_point!("nats_queue.after_publish");
        while let Some(outcome) = self.settle(stream, &mut on_their_way).await? {
            outcomes.push(outcome);
        }
        Ok(())
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

    /// Waits for what becomes of the oldest event, if there is one.
    async fn settle(
        &self,
        stream: &Context,
        on_their_way: &mut VecDeque<Published>,
    ) -> Result<Option<Outcome>, QueueFault> {
        let error = match on_their_way.pop_front() {
            None => return Ok(None),
            Some(Published::Never(outcome)) => return Ok(Some(outcome)),
            Some(Published::Refused(error)) => error,
            Some(Published::Sent(acknowledgement)) => match acknowledgement.await {
                Ok(_) => return Ok(Some(Outcome::Acknowledged)),
                Err(error) => error,
            },
        };
        match blame(&error) {
            Blame::Event(outcome) => Ok(Some(outcome)),
            Blame::ForNow(why) => Err(self.unreachable(why)),
            Blame::Refusal(why) => Err(self.refused(why)),
            Blame::Nobody => {
                self.look(stream).await?;
                Err(self.unreachable("the stream has no leader just now".to_owned()))
            }
        }
    }

    fn in_trouble(&self, trouble: Trouble) -> QueueFault {
        match trouble {
            Trouble::Lost => self.unreachable("the connection is lost".to_owned()),
            Trouble::NotPermitted(said) => self.refused(said),
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

    fn unreachable(&self, why: String) -> QueueFault {
        QueueFault::Unreachable { place: self.place.clone(), why }
    }

    fn refused(&self, why: String) -> QueueFault {
        QueueFault::Refused { place: self.place.clone(), why }
    }
}

impl Queue for NatsQueue {
    fn system(&self) -> &'static str {
        "nats"
    }

    fn ready(&mut self) -> BoxFuture<'_, Result<(), QueueFault>> {
        self.with(async |this, stream| this.look(stream).await).boxed()
    }

    fn lag<'a>(&'a mut self, of: Option<&'a str>) -> BoxFuture<'a, Result<Option<Lag>, QueueFault>> {
        async move {
            let Some(consumer) = of else { return Ok(None) };
            self.with(async |this, stream| this.lag_of(stream, consumer).await).await.map(Some)
        }
        .boxed()
    }

    fn send<'a>(&'a mut self, batch: &'a [Outgoing]) -> BoxFuture<'a, Delivery> {
        async {
            let mut outcomes = Vec::with_capacity(batch.len());
            let all =
                self.with(async |this, stream| this.publish_all(stream, batch, &mut outcomes).await).await;
            Delivery { outcomes, fault: all.err() }
        }
        .boxed()
    }
}

/// Whether nobody answers questions about streams.
fn has_no_jetstream(error: &GetStreamByNameError) -> bool {
    let asked = error.source().and_then(|source| source.downcast_ref::<RequestError>());
    asked.is_some_and(|asked| asked.kind() == RequestErrorKind::NoResponders)
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
