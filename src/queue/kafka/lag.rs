//! How far a group of consumers is behind: of each partition, what was written past the offset that the group has committed.
//!
//! It is asked as a member that never joins, so nothing is assigned to it, and no rebalance comes of it.

use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{IsError, KafkaError, RDKafkaErrorCode};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use tokio::task::spawn_blocking;

use super::client::connection;
use crate::queue::{KafkaSettings, Lag};

/// How long each question may take.
const ANSWER_TIME: Duration = Duration::from_secs(10);

/// The lag of a group. What a member was given and has not committed is part of it, and Kafka does not tell it apart.
pub(super) async fn of_group(settings: &KafkaSettings, group: &str) -> Result<Lag, RDKafkaErrorCode> {
    let mut config = connection(settings);
    config.set("group.id", group).set("enable.auto.commit", "false");
    let topic = settings.topic.clone();
    // The library waits on a thread.
    let asked = spawn_blocking(move || {
        let consumer: BaseConsumer = config.create()?;
        waiting(&consumer, &topic)
    });
    let waiting = asked.await.map_err(|_| RDKafkaErrorCode::Fail)?;
    let waiting = waiting.map_err(|error| error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Fail))?;
    Ok(Lag { waiting, taken: None })
}

fn waiting(consumer: &BaseConsumer, topic: &str) -> Result<u64, KafkaError> {
    let committed = consumer.committed_offsets(partitions(consumer, topic)?, ANSWER_TIME)?;
    let mut waiting = 0;
    for partition in committed.elements() {
        partition.error()?;
        let (low, high) = consumer.fetch_watermarks(topic, partition.partition(), ANSWER_TIME)?;
        // Where nothing was committed, everything that is kept waits. So does it where it was deleted before it was read.
        let from = match partition.offset() {
            Offset::Offset(offset) => offset.max(low),
            _ => low,
        };
        waiting += u64::try_from(high - from).unwrap_or_default();
    }
    Ok(waiting)
}

fn partitions(consumer: &BaseConsumer, topic: &str) -> Result<TopicPartitionList, KafkaError> {
    let metadata = consumer.fetch_metadata(Some(topic), ANSWER_TIME)?;
    let known = metadata.topics().iter().find(|one| one.name() == topic);
    let known = known.filter(|one| !one.partitions().is_empty());
    let unknown = || KafkaError::MetadataFetch(RDKafkaErrorCode::UnknownTopic);
    let known = known.ok_or_else(unknown)?;
    if let Some(error) = known.error().filter(IsError::is_error) {
        return Err(KafkaError::MetadataFetch(error.into()));
    }
    let mut all = TopicPartitionList::new();
    for partition in known.partitions() {
        all.add_partition(topic, partition.id());
    }
    Ok(all)
}
