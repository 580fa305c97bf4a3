//! RabbitMQ on a real server.

use super::*;
use lapin::options::{
    BasicGetOptions, ExchangeDeclareOptions, ExchangeDeleteOptions, QueueBindOptions, QueueDeclareOptions,
    QueueDeleteOptions,
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
        Self::with(mode, FieldTable::default()).await
    }

    /// The same, whose queue has some arguments.
    async fn with(mode: Mode, arguments: FieldTable) -> Self {
        let url = address("TIEOUT_TEST_RABBITMQ", "amqp://127.0.0.1:5672");
        let connection =
            Connection::connect(url.expose_secret(), ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        let exchange = own_name();
        let durable = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
        channel
            .exchange_declare(exchange.as_str().into(), ExchangeKind::Topic, durable, FieldTable::default())
            .await
            .unwrap();
        channel
            .queue_declare(exchange.as_str().into(), QueueDeclareOptions::durable(), arguments)
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
            received
                .push(Received { headers, body: String::from_utf8(message.delivery.data.clone()).unwrap() });
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
async fn what_no_queue_of_rabbitmq_takes_is_unroutable_and_its_siblings_arrive() {
    let exchange = Exchange::new(Mode::Structured).await;
    let mut batch = events(3);
    batch[1].event_type = "com.example.refund.created".to_owned();
    let outcomes = send(&exchange.queue(), &batch).await;
    assert!(
        matches!(&outcomes[1], Outcome::Unroutable(reason) if reason.contains("NO_ROUTE")),
        "{outcomes:?}"
    );
    assert_eq!((&outcomes[0], &outcomes[2]), (&Outcome::Acknowledged, &Outcome::Acknowledged));
    assert_eq!(exchange.received().await.len(), 2);
    exchange.end().await;
}

#[tokio::test]
async fn each_of_many_events_that_no_queue_takes_is_unroutable_itself() {
    let exchange = Exchange::new(Mode::Structured).await;
    let mut batch = events(200);
    for event in batch.iter_mut().step_by(2) {
        event.event_type = "com.example.refund.created".to_owned();
    }
    let outcomes = send(&exchange.queue(), &batch).await;
    for (at, outcome) in outcomes.iter().enumerate() {
        let is_unroutable = matches!(outcome, Outcome::Unroutable(_));
        assert_eq!(
            (is_unroutable, *outcome == Outcome::Acknowledged),
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
async fn what_a_full_queue_rejects_costs_no_attempt() {
    let mut arguments = FieldTable::default();
    arguments.insert("x-max-length".into(), AMQPValue::LongInt(1));
    arguments.insert("x-overflow".into(), AMQPValue::LongString("reject-publish".into()));
    let exchange = Exchange::with(Mode::Structured, arguments).await;
    assert_eq!(send(&exchange.queue(), &events(1)).await, [Outcome::Acknowledged]);
    let outcomes = send(&exchange.queue(), &events(2)).await;
    assert!(matches!(&outcomes[..], [Outcome::NotNow(_), Outcome::NotNow(_)]), "{outcomes:?}");
    exchange.end().await;
}

#[tokio::test]
async fn an_event_whose_type_is_too_long_for_a_routing_key_is_dead_and_its_siblings_arrive() {
    let exchange = Exchange::new(Mode::Structured).await;
    let mut batch = events(3);
    batch[1].event_type = "x".repeat(256);
    let outcomes = send(&exchange.queue(), &batch).await;
    assert!(matches!(&outcomes[1], Outcome::Dead { class: "unroutable", .. }), "{outcomes:?}");
    assert_eq!(exchange.received().await.len(), 2);
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

#[tokio::test]
async fn a_queue_of_rabbitmq_is_behind_by_what_waits_in_it() {
    let exchange = Exchange::new(Mode::Structured).await;
    let (queue, name) = (exchange.queue(), exchange.settings.exchange.clone());
    send(&queue, &events(5)).await;
    assert_eq!(lag(&queue, Some(&name)).await, Some(Lag { waiting: 5, taken: None }));
    assert_eq!(lag(&queue, None).await, None, "an exchange has no messages");
    // What a consumer has taken, RabbitMQ counts no more.
    let taken = exchange.channel.basic_get(name.as_str().into(), BasicGetOptions::default()).await.unwrap();
    assert_eq!(lag(&queue, Some(&name)).await, Some(Lag { waiting: 4, taken: None }));
    drop(taken);
    assert!(unknown_lag(&queue, "tieout_test_no_such_queue").await.contains("NOT_FOUND"));
    let by_name =
        AmqpSettings { exchange: String::new(), routing_key: Some(name), ..exchange.settings.clone() };
    assert_eq!(lag(&QueueSettings::Amqp(by_name), None).await, Some(Lag { waiting: 4, taken: None }));
    exchange.end().await;
}
