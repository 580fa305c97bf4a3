//! Kafka on tansu, a server of its own that speaks Kafka's protocol.

use super::*;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::{Headers as _, Message as _};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use secrecy::ExposeSecret as _;

/// How many partitions a topic has.
const PARTITIONS: i32 = 3;

struct Topic {
    settings: KafkaSettings,
    admin: AdminClient<DefaultClientContext>,
}

/// A record as a consumer sees it.
#[derive(Debug, PartialEq, Eq)]
struct Record {
    partition: i32,
    key: String,
    received: Received,
}

impl Topic {
    async fn new(mode: Mode) -> Self {
        let url = address("TIEOUT_TEST_KAFKA", "tcp://127.0.0.1:9092");
        let broker = url.expose_secret().rsplit('/').next().unwrap().to_owned();
        let settings = KafkaSettings { mode, ..crate::queue::tests::kafka(&broker) };
        let admin: AdminClient<_> = ClientConfig::new().set("bootstrap.servers", &broker).create().unwrap();
        let topic = NewTopic::new(&settings.topic, PARTITIONS, TopicReplication::Fixed(1));
        let answers = admin.create_topics([&topic], &AdminOptions::new()).await.unwrap();
        assert!(answers[0].is_ok(), "{answers:?}");
        Self { settings, admin }
    }

    fn queue(&self) -> QueueSettings {
        QueueSettings::Kafka(self.settings.clone())
    }

    /// Reads every partition to its end, without a group.
    fn received(&self) -> Vec<Record> {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", &self.settings.brokers[0])
            .set("group.id", "tieout-test")
            .set("enable.auto.commit", "false")
            .set("enable.partition.eof", "true")
            .create()
            .unwrap();
        let mut all = TopicPartitionList::new();
        for partition in 0..PARTITIONS {
            all.add_partition_offset(&self.settings.topic, partition, Offset::Beginning).unwrap();
        }
        consumer.assign(&all).unwrap();
        let (mut records, mut ended) = (Vec::new(), 0);
        while ended < PARTITIONS {
            match consumer.poll(std::time::Duration::from_secs(30)).expect("a record, or the end") {
                Ok(message) => records.push(Record {
                    partition: message.partition(),
                    key: String::from_utf8(message.key().unwrap().to_vec()).unwrap(),
                    received: received(&message),
                }),
                Err(KafkaError::PartitionEOF(_)) => ended += 1,
                Err(error) => panic!("{error}"),
            }
        }
        records
    }

    /// Reads and commits so many records as a member of a group would.
    fn consume(&self, group: &str, count: usize) {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", &self.settings.brokers[0])
            .set("group.id", group)
            .set("enable.auto.commit", "false")
            .set("auto.offset.reset", "earliest")
            .create()
            .unwrap();
        let mut all = TopicPartitionList::new();
        for partition in 0..PARTITIONS {
            all.add_partition_offset(&self.settings.topic, partition, Offset::Stored).unwrap();
        }
        consumer.assign(&all).unwrap();
        for _ in 0..count {
            let message = consumer.poll(std::time::Duration::from_secs(30)).expect("a record").unwrap();
            consumer.commit_message(&message, rdkafka::consumer::CommitMode::Sync).unwrap();
        }
    }

    async fn end(self) {
        let gone = self.admin.delete_topics(&[&self.settings.topic], &AdminOptions::new()).await.unwrap();
        assert!(gone[0].is_ok(), "{gone:?}");
    }
}

fn received(message: &rdkafka::message::BorrowedMessage<'_>) -> Received {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let headers = message.headers().into_iter().flat_map(|headers| headers.iter());
    let headers = headers.map(|one| (one.key.to_owned(), text(one.value.unwrap()))).collect();
    Received { headers, body: text(message.payload().unwrap()) }
}

#[tokio::test]
async fn kafka_has_every_event_whole_and_each_key_in_its_order() {
    let topic = Topic::new(Mode::Structured).await;
    let mut queue = open(&topic.queue());
    let mut sent = Vec::new();
    for round in 0..3 {
        let batch: Vec<Outgoing> =
            (0..200).map(|at| event(&format!("ch_{at}"), &format!("{{\"round\":{round}}}"))).collect();
        let delivery = queue.send(&batch).await;
        assert_eq!((delivery.outcomes, delivery.fault), (vec![Outcome::Acknowledged; 200], None));
        sent.extend(batch);
    }
    let records = topic.received();
    assert_eq!(records.len(), 600);
    for key in (0..200).map(|at| format!("ch_{at}")) {
        let of_key: Vec<&Record> = records.iter().filter(|record| record.key == key).collect();
        let expected = sent.iter().filter(|event| event.subject == key).map(|event| &event.payload);
        assert!(of_key.iter().map(|record| &record.received.body).eq(expected), "{of_key:?}");
        assert!(of_key.iter().all(|record| record.partition == of_key[0].partition));
    }
    let first = records.iter().find(|record| record.key == "ch_0").unwrap();
    insta::assert_debug_snapshot!(first.received);
    topic.end().await;
}

#[tokio::test]
async fn kafka_has_the_attributes_as_headers_where_that_is_wanted() {
    let topic = Topic::new(Mode::Binary).await;
    send(&topic.queue(), &events(1)).await;
    let received: Vec<Received> = topic.received().into_iter().map(|record| record.received).collect();
    insta::assert_debug_snapshot!(received);
    topic.end().await;
}

/// The hashes are those that the tests of Kafka's own Java client expect of its partitioner (`UtilsTest`).
#[tokio::test]
async fn an_event_is_in_the_partition_that_javas_own_producers_choose_for_its_subject() {
    let topic = Topic::new(Mode::Structured).await;
    let hashes: [(&str, i32); 6] = [
        ("21", -973_932_308),
        ("foobar", -790_332_482),
        ("a-little-bit-long-string", -985_981_536),
        ("a-little-bit-longer-string", -1_486_304_829),
        ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
        ("abc", 479_470_107),
    ];
    let batch: Vec<Outgoing> = hashes.iter().map(|(subject, _)| event(subject, "{}")).collect();
    send(&topic.queue(), &batch).await;
    let found: BTreeMap<String, i32> =
        topic.received().into_iter().map(|record| (record.key, record.partition)).collect();
    let expected: BTreeMap<String, i32> = hashes
        .iter()
        .map(|(subject, hash)| ((*subject).to_owned(), (hash & i32::MAX) % PARTITIONS))
        .collect();
    assert_eq!(found, expected);
    topic.end().await;
}

#[tokio::test]
async fn every_compression_arrives() {
    for compression in crate::queue::Compression::ALL {
        let mut topic = Topic::new(Mode::Structured).await;
        topic.settings.compression = compression;
        let batch = events(20);
        assert_eq!(send(&topic.queue(), &batch).await, vec![Outcome::Acknowledged; 20], "{compression:?}");
        assert_eq!(topic.received().len(), 20, "{compression:?}");
        topic.end().await;
    }
}

#[tokio::test]
async fn a_record_over_the_limit_is_not_sent_and_its_siblings_arrive() {
    let topic = Topic::new(Mode::Structured).await;
    let mut batch = events(3);
    batch[1] = event("ch_1", &format!("\"{}\"", "x".repeat(1_000_000)));
    let outcomes = send(&topic.queue(), &batch).await;
    assert!(matches!(&outcomes[1], Outcome::Dead { class: "too_large", .. }), "{outcomes:?}");
    assert_eq!(topic.received().len(), 2);
    topic.end().await;
}

#[tokio::test]
async fn a_topic_that_is_not_there_is_refused_with_the_way_out_and_not_made() {
    let topic = Topic::new(Mode::Structured).await;
    let nowhere = KafkaSettings { topic: own_name(), ..topic.settings.clone() };
    let why = refusal(&QueueSettings::Kafka(nowhere.clone())).await;
    assert!(why.contains("kafka-topics.sh --create --topic"), "{why}");
    let delivery = open(&QueueSettings::Kafka(nowhere.clone())).send(&events(1)).await;
    assert!(matches!(delivery.fault, Some(QueueFault::Refused { .. })), "{:?}", delivery.fault);
    let all = topic.admin.inner().fetch_metadata(None, std::time::Duration::from_secs(10)).unwrap();
    assert!(!all.topics().iter().any(|one| one.name() == nowhere.topic), "it was made");
    topic.end().await;
}

#[tokio::test]
async fn kafka_that_is_not_there_is_worth_another_attempt() {
    assert!(is_unreachable(&QueueSettings::Kafka(crate::queue::tests::kafka("127.0.0.1:1"))).await);
}

#[tokio::test]
async fn a_broker_that_nobody_vouches_for_is_refused() {
    let server = crate::source::tests::untrusted_server().await;
    let mut settings = crate::queue::tests::kafka(server.trim_start_matches("https://"));
    settings.tls = Some(crate::queue::KafkaTls { authorities: None, certificate: None });
    let why = refusal(&QueueSettings::Kafka(settings)).await;
    assert!(why.contains("certificate verify failed"), "{why}");
}

#[tokio::test]
async fn a_group_of_kafka_is_behind_by_what_was_written_past_what_it_committed() {
    let topic = Topic::new(Mode::Structured).await;
    // One by one: tansu takes a batch of records for one where it is asked for the end of a partition.
    for event in events(5) {
        send(&topic.queue(), &[event]).await;
    }
    let group = own_name();
    // A group that never committed has all of it before it.
    assert_eq!(lag(&topic.queue(), Some(&group)).await, Some(Lag { waiting: 5, taken: None }));
    topic.consume(&group, 2);
    assert_eq!(lag(&topic.queue(), Some(&group)).await, Some(Lag { waiting: 3, taken: None }));
    topic.consume(&group, 3);
    assert_eq!(lag(&topic.queue(), Some(&group)).await, Some(Lag { waiting: 0, taken: None }));
    assert_eq!(lag(&topic.queue(), None).await, None);
    let gone = KafkaSettings { topic: own_name(), ..topic.settings.clone() };
    assert!(unknown_lag(&QueueSettings::Kafka(gone), &group).await.contains("there is no topic"));
    topic.end().await;
}
