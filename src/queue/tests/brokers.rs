//! What every broker promises, on the real one: an event is acknowledged when it is there, and stands in it as its binding says.

use std::collections::BTreeMap;
use std::env;

use futures::StreamExt as _;
use secrecy::SecretString;

use super::event;
use crate::queue::{
    AmqpSettings, Mode, NatsSettings, Outcome, QueueFault, QueueSettings, RedisSettings, open,
};
use crate::store::Outgoing;

/// A broker's message as a consumer sees it.
#[derive(Debug, PartialEq, Eq)]
struct Received {
    headers: BTreeMap<String, String>,
    body: String,
}

/// The address of a broker, from the environment or where it usually is.
fn address(variable: &str, usual: &str) -> SecretString {
    env::var(variable).unwrap_or_else(|_| usual.to_owned()).into()
}

/// A name that no other test has.
fn own_name() -> String {
    format!("tieout_test_{}", uuid::Uuid::now_v7().simple())
}

fn events(count: usize) -> Vec<Outgoing> {
    (0..count).map(|number| event(&format!("ch_{number}"), r#"{"amount":1250}"#)).collect()
}

async fn send(settings: &QueueSettings, batch: &[Outgoing]) -> Vec<Outcome> {
    let mut queue = open(settings);
    queue.ready().await.unwrap();
    let delivery = queue.send(batch).await;
    assert_eq!(delivery.fault, None);
    delivery.outcomes
}

/// What is said of a queue that is not there.
async fn refusal(settings: &QueueSettings) -> String {
    match open(settings).ready().await {
        Err(QueueFault::Refused { why, .. }) => why,
        other => panic!("{other:?}"),
    }
}

/// That a server which nobody runs is worth another attempt.
async fn is_unreachable(settings: &QueueSettings) -> bool {
    let mut queue = open(settings);
    let at_start = matches!(queue.ready().await, Err(QueueFault::Unreachable { .. }));
    let sending = queue.send(&events(1)).await;
    at_start && sending.outcomes.is_empty() && matches!(sending.fault, Some(QueueFault::Unreachable { .. }))
}

/// Whole events, in their order.
fn payloads(batch: &[Outgoing]) -> Vec<String> {
    batch.iter().map(|event| event.payload.clone()).collect()
}

mod redis {
    use super::*;
    use ::redis::AsyncTypedCommands as _;
    use secrecy::ExposeSecret as _;

    struct Stream {
        settings: RedisSettings,
        connection: ::redis::aio::MultiplexedConnection,
    }

    impl Stream {
        async fn new(mode: Mode) -> Self {
            let url = address("TIEOUT_TEST_REDIS", "redis://127.0.0.1:6379");
            let client = ::redis::Client::open(url.expose_secret()).unwrap();
            let connection = client.get_multiplexed_async_connection().await.unwrap();
            let settings = RedisSettings { url, stream: own_name(), mode, max_length: None, replicas: 0 };
            Self { settings, connection }
        }

        fn queue(&self) -> QueueSettings {
            QueueSettings::Redis(self.settings.clone())
        }

        async fn received(&mut self) -> Vec<Received> {
            let entries: Vec<(String, BTreeMap<String, String>)> = ::redis::cmd("XRANGE")
                .arg(&self.settings.stream)
                .arg("-")
                .arg("+")
                .query_async(&mut self.connection)
                .await
                .unwrap();
            let received = entries.into_iter().map(|(_, mut headers)| {
                let body = headers.remove("event").unwrap();
                Received { headers, body }
            });
            received.collect()
        }

        async fn end(mut self) {
            self.connection.del(&self.settings.stream).await.unwrap();
        }
    }

    #[tokio::test]
    async fn redis_has_every_event_whole_and_in_its_order() {
        let mut stream = Stream::new(Mode::Structured).await;
        let batch = events(250);
        assert_eq!(send(&stream.queue(), &batch).await, vec![Outcome::Acknowledged; 250]);
        let received = stream.received().await;
        assert_eq!(received.iter().map(|one| one.body.clone()).collect::<Vec<_>>(), payloads(&batch));
        insta::assert_debug_snapshot!(received.first());
        stream.end().await;
    }

    #[tokio::test]
    async fn redis_has_the_attributes_beside_the_data_where_that_is_wanted() {
        let mut stream = Stream::new(Mode::Binary).await;
        send(&stream.queue(), &events(1)).await;
        insta::assert_debug_snapshot!(stream.received().await);
        stream.end().await;
    }

    #[tokio::test]
    async fn redis_keeps_about_as_many_entries_as_it_is_told() {
        let mut stream = Stream::new(Mode::Structured).await;
        stream.settings.max_length = Some(100);
        send(&stream.queue(), &events(1_000)).await;
        let n_kept = stream.received().await.len();
        assert!((100..300).contains(&n_kept), "{n_kept}");
        stream.end().await;
    }

    #[tokio::test]
    async fn what_too_few_replicas_have_is_not_acknowledged() {
        let mut stream = Stream::new(Mode::Structured).await;
        stream.settings.replicas = 1;
        let mut queue = open(&stream.queue());
        let delivery = queue.send(&events(1)).await;
        assert_eq!(delivery.outcomes, []);
        assert!(matches!(delivery.fault, Some(QueueFault::Unreachable { .. })), "{:?}", delivery.fault);
        stream.end().await;
    }

    #[tokio::test]
    async fn a_batch_in_which_nothing_can_be_a_message_is_dead() {
        let stream = Stream::new(Mode::Binary).await;
        let mut batch = events(1);
        batch[0].payload = "not json".to_owned();
        let outcomes = send(&stream.queue(), &batch).await;
        assert!(matches!(&outcomes[..], [Outcome::Dead { class: "poison", .. }]), "{outcomes:?}");
        stream.end().await;
    }

    #[tokio::test]
    async fn a_key_that_is_no_stream_is_refused_and_not_touched() {
        let mut stream = Stream::new(Mode::Structured).await;
        stream.connection.set(&stream.settings.stream, "precious").await.unwrap();
        let why = refusal(&stream.queue()).await;
        assert!(why.contains("is a string, not a stream"), "{why}");
        assert_eq!(
            stream.connection.get(&stream.settings.stream).await.unwrap().as_deref(),
            Some("precious")
        );
        stream.end().await;
    }

    #[tokio::test]
    async fn asking_whether_redis_is_ready_writes_nothing() {
        let mut stream = Stream::new(Mode::Structured).await;
        open(&stream.queue()).ready().await.unwrap();
        assert!(!stream.connection.exists(&stream.settings.stream).await.unwrap());
        stream.end().await;
    }

    #[tokio::test]
    async fn redis_that_is_not_there_is_worth_another_attempt() {
        let mut settings = Stream::new(Mode::Structured).await.settings;
        settings.url = "redis://127.0.0.1:1".to_owned().into();
        assert!(is_unreachable(&QueueSettings::Redis(settings)).await);
    }
}

mod nats {
    use super::*;
    use async_nats::jetstream;
    use async_nats::jetstream::consumer::pull::Config as Pull;
    use async_nats::jetstream::stream::{Config, Stream as Kept};
    use secrecy::ExposeSecret as _;

    struct Stream {
        settings: NatsSettings,
        context: jetstream::Context,
        kept: Kept,
    }

    impl Stream {
        async fn new(mode: Mode, config: Config) -> Self {
            let url = address("TIEOUT_TEST_NATS", "nats://127.0.0.1:4222");
            let context = jetstream::new(async_nats::connect(url.expose_secret()).await.unwrap());
            let subject = own_name();
            let config = Config { name: subject.clone(), subjects: vec![subject.clone()], ..config };
            let kept = context.create_stream(config).await.unwrap();
            let settings = NatsSettings { url, subject, mode, credentials: None };
            Self { settings, context, kept }
        }

        fn queue(&self) -> QueueSettings {
            QueueSettings::Nats(self.settings.clone())
        }

        async fn received(&mut self) -> Vec<Received> {
            let count = self.kept.info().await.unwrap().state.messages;
            let consumer = self.kept.create_consumer(Pull::default()).await.unwrap();
            let messages = consumer.messages().await.unwrap().take(usize::try_from(count).unwrap());
            let received = messages.map(|message| {
                let message = message.unwrap();
                let headers = message.headers.iter().flat_map(async_nats::HeaderMap::iter);
                let headers =
                    headers.map(|(name, values)| (name.to_string(), values[0].to_string())).collect();
                Received { headers, body: String::from_utf8(message.payload.to_vec()).unwrap() }
            });
            received.collect().await
        }

        async fn end(self) {
            self.context.delete_stream(&self.settings.subject).await.unwrap();
        }
    }

    #[tokio::test]
    async fn nats_has_every_event_whole_and_in_its_order() {
        let mut stream = Stream::new(Mode::Structured, Config::default()).await;
        let batch = events(600);
        assert_eq!(send(&stream.queue(), &batch).await, vec![Outcome::Acknowledged; 600]);
        let received = stream.received().await;
        assert_eq!(received.iter().map(|one| one.body.clone()).collect::<Vec<_>>(), payloads(&batch));
        insta::assert_debug_snapshot!(received.first());
        stream.end().await;
    }

    #[tokio::test]
    async fn nats_has_the_attributes_as_headers_where_that_is_wanted() {
        let mut stream = Stream::new(Mode::Binary, Config::default()).await;
        send(&stream.queue(), &events(1)).await;
        insta::assert_debug_snapshot!(stream.received().await);
        stream.end().await;
    }

    #[tokio::test]
    async fn nats_drops_what_comes_twice_and_acknowledges_it_all_the_same() {
        let mut stream = Stream::new(Mode::Structured, Config::default()).await;
        let batch = events(3);
        send(&stream.queue(), &batch).await;
        assert_eq!(send(&stream.queue(), &batch).await, vec![Outcome::Acknowledged; 3]);
        assert_eq!(stream.received().await.len(), 3);
        stream.end().await;
    }

    #[tokio::test]
    async fn what_nats_does_not_take_for_its_size_is_dead_and_its_siblings_arrive() {
        let mut stream =
            Stream::new(Mode::Structured, Config { max_message_size: 2_000, ..Config::default() }).await;
        let mut batch = events(3);
        batch[1] = event("ch_1", &format!("\"{}\"", "x".repeat(3_000)));
        let outcomes = send(&stream.queue(), &batch).await;
        assert!(matches!(&outcomes[1], Outcome::Dead { class: "too_large", .. }), "{outcomes:?}");
        batch[1] = event("ch_1", &format!("\"{}\"", "x".repeat(2 << 20)));
        let outcomes = send(&stream.queue(), &batch).await;
        assert!(
            matches!(&outcomes[1], Outcome::Dead { class: "too_large", .. }),
            "beyond the server's own limit: {outcomes:?}"
        );
        assert_eq!(stream.received().await.len(), 2);
        stream.end().await;
    }

    #[tokio::test]
    async fn a_full_stream_costs_no_event_an_attempt() {
        use async_nats::jetstream::stream::DiscardPolicy;
        let config = Config { max_messages: 2, discard: DiscardPolicy::New, ..Config::default() };
        let stream = Stream::new(Mode::Structured, config).await;
        let delivery = open(&stream.queue()).send(&events(5)).await;
        assert_eq!(delivery.outcomes, [Outcome::Acknowledged, Outcome::Acknowledged]);
        assert!(matches!(delivery.fault, Some(QueueFault::Unreachable { .. })), "{:?}", delivery.fault);
        stream.end().await;
    }

    #[tokio::test]
    async fn a_subject_that_no_stream_keeps_is_refused_with_the_way_out() {
        let stream = Stream::new(Mode::Structured, Config::default()).await;
        let settings = NatsSettings { subject: own_name(), ..stream.settings.clone() };
        let why = refusal(&QueueSettings::Nats(settings.clone())).await;
        assert!(why.contains("nats stream add --subjects"), "{why}");
        let delivery = open(&QueueSettings::Nats(settings)).send(&events(1)).await;
        assert!(matches!(delivery.fault, Some(QueueFault::Refused { .. })), "{:?}", delivery.fault);
        stream.end().await;
    }

    #[tokio::test]
    async fn nats_that_is_not_there_is_worth_another_attempt() {
        let url = "nats://127.0.0.1:1".to_owned().into();
        let settings = NatsSettings { url, subject: own_name(), mode: Mode::Structured, credentials: None };
        assert!(is_unreachable(&QueueSettings::Nats(settings)).await);
    }
}

mod amqp {
    use super::*;
    use lapin::options::{
        BasicGetOptions, ExchangeDeclareOptions, ExchangeDeleteOptions, QueueBindOptions,
        QueueDeclareOptions, QueueDeleteOptions,
    };
    use lapin::types::{AMQPValue, FieldTable};
    use lapin::{Channel, Connection, ConnectionProperties, ExchangeKind};
    use secrecy::ExposeSecret as _;

    /// An exchange with a queue of the same name, which takes every `com.example.charge.#`.
    struct Exchange {
        settings: AmqpSettings,
        _connection: Connection,
        channel: Channel,
    }

    impl Exchange {
        async fn new(mode: Mode) -> Self {
            let url = address("TIEOUT_TEST_RABBITMQ", "amqp://127.0.0.1:5672");
            let connection =
                Connection::connect(url.expose_secret(), ConnectionProperties::default()).await.unwrap();
            let channel = connection.create_channel().await.unwrap();
            let exchange = own_name();
            let durable = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
            channel
                .exchange_declare(
                    exchange.as_str().into(),
                    ExchangeKind::Topic,
                    durable,
                    FieldTable::default(),
                )
                .await
                .unwrap();
            channel
                .queue_declare(
                    exchange.as_str().into(),
                    QueueDeclareOptions::durable(),
                    FieldTable::default(),
                )
                .await
                .unwrap();
            let (name, key) = (exchange.as_str(), "com.example.charge.#");
            channel
                .queue_bind(
                    name.into(),
                    name.into(),
                    key.into(),
                    QueueBindOptions::default(),
                    FieldTable::default(),
                )
                .await
                .unwrap();
            let settings = AmqpSettings { url, exchange, routing_key: None, mode, max_bytes: 1 << 20 };
            Self { settings, _connection: connection, channel }
        }

        fn queue(&self) -> QueueSettings {
            QueueSettings::Amqp(self.settings.clone())
        }

        async fn received(&self) -> Vec<Received> {
            let mut received = Vec::new();
            let name = self.settings.exchange.as_str();
            while let Some(message) =
                self.channel.basic_get(name.into(), BasicGetOptions { no_ack: true }).await.unwrap()
            {
                let properties = &message.delivery.properties;
                let text = |value: &AMQPValue| match value {
                    AMQPValue::LongString(text) => text.to_string(),
                    other => panic!("{other:?}"),
                };
                let headers = properties.headers().iter().flat_map(|headers| headers.inner().iter());
                let mut headers: BTreeMap<String, String> =
                    headers.map(|(name, value)| (name.to_string(), text(value))).collect();
                headers.insert("delivery mode".to_owned(), format!("{:?}", properties.delivery_mode()));
                headers.insert("content type".to_owned(), format!("{:?}", properties.content_type()));
                headers.insert("message id".to_owned(), format!("{:?}", properties.message_id()));
                headers.insert("type".to_owned(), format!("{:?}", properties.kind()));
                received.push(Received {
                    headers,
                    body: String::from_utf8(message.delivery.data.clone()).unwrap(),
                });
            }
            received
        }

        async fn end(self) {
            let name = self.settings.exchange.as_str();
            self.channel.queue_delete(name.into(), QueueDeleteOptions::default()).await.unwrap();
            self.channel.exchange_delete(name.into(), ExchangeDeleteOptions::default()).await.unwrap();
        }
    }

    #[tokio::test]
    async fn rabbitmq_has_every_event_whole_and_in_its_order() {
        let exchange = Exchange::new(Mode::Structured).await;
        let batch = events(250);
        assert_eq!(send(&exchange.queue(), &batch).await, vec![Outcome::Acknowledged; 250]);
        let received = exchange.received().await;
        assert_eq!(received.iter().map(|one| one.body.clone()).collect::<Vec<_>>(), payloads(&batch));
        insta::assert_debug_snapshot!(received.first());
        exchange.end().await;
    }

    #[tokio::test]
    async fn rabbitmq_has_the_attributes_as_headers_where_that_is_wanted() {
        let exchange = Exchange::new(Mode::Binary).await;
        send(&exchange.queue(), &events(1)).await;
        insta::assert_debug_snapshot!(exchange.received().await);
        exchange.end().await;
    }

    #[tokio::test]
    async fn what_no_queue_of_rabbitmq_takes_is_dead_and_its_siblings_arrive() {
        let exchange = Exchange::new(Mode::Structured).await;
        let mut batch = events(3);
        batch[1].event_type = "com.example.refund.created".to_owned();
        let outcomes = send(&exchange.queue(), &batch).await;
        assert!(
            matches!(&outcomes[1], Outcome::Dead { class: "unroutable", reason } if reason.contains("NO_ROUTE")),
            "{outcomes:?}"
        );
        assert_eq!((&outcomes[0], &outcomes[2]), (&Outcome::Acknowledged, &Outcome::Acknowledged));
        assert_eq!(exchange.received().await.len(), 2);
        exchange.end().await;
    }

    #[tokio::test]
    async fn each_of_many_events_that_no_queue_takes_is_dead_itself() {
        let exchange = Exchange::new(Mode::Structured).await;
        let mut batch = events(200);
        for event in batch.iter_mut().step_by(2) {
            event.event_type = "com.example.refund.created".to_owned();
        }
        let outcomes = send(&exchange.queue(), &batch).await;
        for (at, outcome) in outcomes.iter().enumerate() {
            let is_dead = matches!(outcome, Outcome::Dead { class: "unroutable", .. });
            assert_eq!(
                (is_dead, *outcome == Outcome::Acknowledged),
                (at % 2 == 0, at % 2 == 1),
                "{at}: {outcome:?}"
            );
        }
        let there: Vec<String> = exchange.received().await.into_iter().map(|one| one.body).collect();
        let routed: Vec<Outgoing> = batch.iter().skip(1).step_by(2).cloned().collect();
        assert_eq!(there, payloads(&routed));
        exchange.end().await;
    }

    #[tokio::test]
    async fn a_message_over_the_limit_is_not_sent_and_its_siblings_arrive() {
        let exchange = Exchange::new(Mode::Structured).await;
        let mut batch = events(3);
        batch[1] = event("ch_1", &format!("\"{}\"", "x".repeat(1 << 20)));
        let outcomes = send(&exchange.queue(), &batch).await;
        assert!(matches!(&outcomes[1], Outcome::Dead { class: "too_large", .. }), "{outcomes:?}");
        assert_eq!(exchange.received().await.len(), 2);
        exchange.end().await;
    }

    #[tokio::test]
    async fn an_exchange_that_is_not_there_is_refused() {
        let exchange = Exchange::new(Mode::Structured).await;
        let settings = AmqpSettings { exchange: own_name(), ..exchange.settings.clone() };
        let why = refusal(&QueueSettings::Amqp(settings.clone())).await;
        assert!(why.contains("NOT_FOUND"), "{why}");
        let delivery = open(&QueueSettings::Amqp(settings)).send(&events(1)).await;
        assert!(matches!(delivery.fault, Some(QueueFault::Refused { .. })), "{:?}", delivery.fault);
        exchange.end().await;
    }

    #[tokio::test]
    async fn a_login_that_rabbitmq_does_not_know_is_refused() {
        let exchange = Exchange::new(Mode::Structured).await;
        let host = exchange.settings.url.expose_secret().rsplit(['/', '@']).next().unwrap().to_owned();
        let url = format!("amqp://nobody:wrong@{host}").into();
        let why = refusal(&QueueSettings::Amqp(AmqpSettings { url, ..exchange.settings.clone() })).await;
        assert!(why.contains("ACCESS_REFUSED"), "{why}");
        exchange.end().await;
    }

    #[tokio::test]
    async fn rabbitmq_that_is_not_there_is_worth_another_attempt() {
        let url = "amqp://127.0.0.1:1".to_owned().into();
        let settings = AmqpSettings {
            url,
            exchange: "a".to_owned(),
            routing_key: None,
            mode: Mode::Structured,
            max_bytes: 1,
        };
        assert!(is_unreachable(&QueueSettings::Amqp(settings)).await);
    }
}
