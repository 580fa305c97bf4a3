//! NATS JetStream on a real server.

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
            let headers = headers.map(|(name, values)| (name.to_string(), values[0].to_string())).collect();
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

#[tokio::test]
async fn a_durable_consumer_of_nats_is_behind_by_what_it_has_not_acknowledged() {
    let stream = Stream::new(Mode::Structured, Config::default()).await;
    let queue = stream.queue();
    assert!(unknown_lag(&queue, "billing").await.ends_with("has no consumer `billing`"));
    assert!(unknown_lag(&queue, "no name").await.ends_with("has no consumer `no name`"));
    let durable = Pull { durable_name: Some("billing".to_owned()), ..Pull::default() };
    let consumer = stream.kept.create_consumer(durable).await.unwrap();
    send(&queue, &events(5)).await;
    assert_eq!(lag(&queue, Some("billing")).await, Some(Lag { waiting: 5, taken: Some(0) }));
    let mut taken = consumer.fetch().max_messages(2).messages().await.unwrap();
    let first = taken.next().await.unwrap().unwrap();
    taken.next().await.unwrap().unwrap();
    assert_eq!(lag(&queue, Some("billing")).await, Some(Lag { waiting: 3, taken: Some(2) }));
    first.double_ack().await.unwrap();
    assert_eq!(lag(&queue, Some("billing")).await, Some(Lag { waiting: 3, taken: Some(1) }));
    assert_eq!(lag(&queue, None).await, None);
    stream.end().await;
}
