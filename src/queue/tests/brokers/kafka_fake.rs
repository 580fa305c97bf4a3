//! Kafka's faults on librdkafka's own mock cluster: a fake of three brokers in this process, which does as it is told.

use std::time::Duration;

use super::*;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use rdkafka::types::{RDKafkaApiKey as Request, RDKafkaRespErr as Said};

/// How many brokers, and how many partitions of the topic, each with a leader of its own.
const BROKERS: i32 = 3;

struct Cluster {
    fake: MockCluster<'static, DefaultProducerContext>,
    settings: KafkaSettings,
}

impl Cluster {
    fn new() -> Self {
        let fake = MockCluster::new(BROKERS).unwrap();
        let settings = crate::queue::tests::kafka(&fake.bootstrap_servers());
        fake.create_topic(&settings.topic, BROKERS, BROKERS).unwrap();
        for partition in 0..BROKERS {
            fake.partition_leader(&settings.topic, partition, Some(partition + 1)).unwrap();
        }
        Self { fake, settings }
    }

    fn queue(&self) -> QueueSettings {
        QueueSettings::Kafka(self.settings.clone())
    }

    /// A queue that is ready, and what the next requests of a kind will be answered.
    async fn answering(&self, request: Request, answers: &[Said]) -> Box<dyn crate::queue::Queue> {
        let mut queue = open(&self.queue());
        queue.ready().await.unwrap();
        self.fake.request_errors(request, answers);
        queue
    }
}

#[tokio::test]
async fn everything_is_acknowledged_whoever_leads_a_partition() {
    let cluster = Cluster::new();
    assert_eq!(send(&cluster.queue(), &events(200)).await, vec![Outcome::Acknowledged; 200]);
}

#[tokio::test]
async fn a_change_of_leaders_in_the_middle_of_a_batch_is_nobodys_business() {
    let cluster = Cluster::new();
    let answers = [Said::RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION; 2];
    let mut queue = cluster.answering(Request::Produce, &answers).await;
    cluster.fake.partition_leader(&cluster.settings.topic, 0, Some(2)).unwrap();
    let delivery = queue.send(&events(100)).await;
    assert_eq!((delivery.outcomes, delivery.fault), (vec![Outcome::Acknowledged; 100], None));
}

#[tokio::test]
async fn an_answer_that_is_lost_is_asked_for_again_and_costs_nothing() {
    let cluster = Cluster::new();
    let answers = [Said::RD_KAFKA_RESP_ERR__TRANSPORT, Said::RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT];
    let mut queue = cluster.answering(Request::Produce, &answers).await;
    let delivery = queue.send(&events(100)).await;
    assert_eq!((delivery.outcomes, delivery.fault), (vec![Outcome::Acknowledged; 100], None));
}

#[tokio::test]
async fn a_broker_that_stays_down_holds_the_events_of_its_partitions_and_no_others() {
    let cluster = Cluster::new();
    let mut queue = open(&cluster.queue());
    queue.ready().await.unwrap();
    cluster.fake.broker_down(2).unwrap();
    let delivery = queue.send(&events(60)).await;
    assert_eq!(delivery.fault, None);
    let held = delivery.outcomes.iter().filter(|one| matches!(one, Outcome::NotNow(_))).count();
    let there = delivery.outcomes.iter().filter(|one| **one == Outcome::Acknowledged).count();
    assert!((held > 0, there > 0, held + there) == (true, true, 60), "{:?}", delivery.outcomes);
    cluster.fake.broker_up(2).unwrap();
    let delivery = queue.send(&events(60)).await;
    assert_eq!((delivery.outcomes, delivery.fault), (vec![Outcome::Acknowledged; 60], None));
}

#[tokio::test]
async fn a_cluster_that_goes_away_costs_no_event_an_attempt_and_is_found_again() {
    let cluster = Cluster::new();
    let mut queue = open(&cluster.queue());
    queue.ready().await.unwrap();
    for broker in 1..=BROKERS {
        cluster.fake.broker_down(broker).unwrap();
    }
    let delivery = queue.send(&events(10)).await;
    assert_eq!(delivery.outcomes, []);
    assert!(matches!(delivery.fault, Some(QueueFault::Unreachable { .. })), "{:?}", delivery.fault);
    for broker in 1..=BROKERS {
        cluster.fake.broker_up(broker).unwrap();
    }
    let delivery = queue.send(&events(10)).await;
    assert_eq!((delivery.outcomes, delivery.fault), (vec![Outcome::Acknowledged; 10], None));
}

#[tokio::test]
async fn a_topic_that_may_not_be_written_pauses_the_queue_and_says_which_grant_it_needs() {
    let cluster = Cluster::new();
    let answers = [Said::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED; 3];
    let mut queue = cluster.answering(Request::Produce, &answers).await;
    let delivery = queue.send(&events(30)).await;
    assert_eq!(delivery.outcomes, []);
    let why = match delivery.fault {
        Some(QueueFault::Refused { why, .. }) => why,
        other => panic!("{other:?}"),
    };
    assert!(why.ends_with("grant the login DESCRIBE and WRITE on the topic"), "{why}");
}

#[tokio::test]
async fn a_login_that_may_not_be_an_idempotent_producer_pauses_the_queue() {
    let cluster = Cluster::new();
    let answers = [Said::RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED; 3];
    cluster.fake.request_errors(Request::InitProducerId, &answers);
    let delivery = open(&cluster.queue()).send(&events(3)).await;
    assert_eq!(delivery.outcomes, []);
    let fault = delivery.fault.unwrap();
    assert!(
        matches!(&fault, QueueFault::Refused { why, .. } if why.contains("IDEMPOTENT_WRITE")),
        "{fault:?}"
    );
}

#[tokio::test]
async fn what_a_broker_says_of_a_batch_for_its_size_is_asked_of_each_event_alone() {
    let cluster = Cluster::new();
    // The batch of one partition, and then the first event of it that is sent alone.
    let answers = [Said::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE];
    let mut queue = cluster.answering(Request::Produce, &answers).await;
    let delivery = queue.send(&events(30)).await;
    assert_eq!((delivery.outcomes, delivery.fault), (vec![Outcome::Acknowledged; 30], None));

    let one = [Said::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE];
    let mut queue = cluster.answering(Request::Produce, &one).await;
    let delivery = queue.send(&events(1)).await;
    assert!(matches!(delivery.outcomes[..], [Outcome::Dead { class: "too_large", .. }]), "{delivery:?}");
}

#[tokio::test]
async fn a_sequence_that_a_broker_does_not_know_ends_the_producer_and_no_event() {
    let cluster = Cluster::new();
    let answers = [Said::RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER];
    let mut queue = cluster.answering(Request::Produce, &answers).await;
    let first = queue.send(&events(30)).await;
    assert!(
        !first.outcomes.iter().any(|one| matches!(one, Outcome::Dead { .. } | Outcome::Retry(_))),
        "{first:?}"
    );
    let again = queue.send(&events(30)).await;
    assert_eq!((again.outcomes, again.fault), (vec![Outcome::Acknowledged; 30], None));
}

#[tokio::test]
async fn what_is_cut_off_is_not_sent_after_all_and_the_next_batch_has_a_client_of_its_own() {
    let cluster = Cluster::new();
    let mut queue = open(&cluster.queue());
    queue.ready().await.unwrap();
    for broker in 1..=BROKERS {
        cluster.fake.broker_round_trip_time(broker, Duration::from_secs(5)).unwrap();
    }
    let batch = events(30);
    let cut_off = tokio::time::timeout(Duration::from_millis(300), queue.send(&batch)).await;
    assert!(cut_off.is_err(), "it was not slow");
    for broker in 1..=BROKERS {
        cluster.fake.broker_round_trip_time(broker, Duration::ZERO).unwrap();
    }
    let delivery = queue.send(&batch).await;
    assert_eq!((delivery.outcomes, delivery.fault), (vec![Outcome::Acknowledged; 30], None));
}

#[tokio::test]
async fn a_topic_that_is_taken_away_under_a_queue_pauses_it_and_buries_nothing() {
    let cluster = Cluster::new();
    let gone = Said::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    let mut queue = cluster.answering(Request::Produce, &[gone; 1_000]).await;
    cluster.fake.topic_error(&cluster.settings.topic, gone).unwrap();
    let delivery = queue.send(&events(30)).await;
    assert_eq!(delivery.outcomes, []);
    let fault = delivery.fault.unwrap();
    assert!(
        matches!(&fault, QueueFault::Refused { why, .. } if why.contains("there is no topic")),
        "{fault:?}"
    );
}
