//! What every broker promises, on the real one: an event is acknowledged when it is there, and stands in it as its binding says.

mod amqp;
mod aws;
mod eventbridge;
mod kafka;
mod kafka_fake;
mod nats;
mod pubsub;
mod redis;
mod sns;
mod sqs;

use std::collections::BTreeMap;
use std::env;

use futures::StreamExt as _;
use secrecy::SecretString;

use super::event;
use crate::queue::{
    AmqpSettings, KafkaSettings, Lag, Mode, NatsSettings, Outcome, PubsubLogin, PubsubSettings, QueueFault,
    QueueSettings, RedisSettings, open,
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

/// How far some consumers of a queue are behind.
async fn lag(settings: &QueueSettings, of: Option<&str>) -> Option<Lag> {
    open(settings).lag(of).await.unwrap()
}

/// What is said of consumers that are not there.
async fn unknown_lag(settings: &QueueSettings, of: &str) -> String {
    match open(settings).lag(Some(of)).await {
        Err(QueueFault::Refused { why, .. }) => why,
        other => panic!("{other:?}"),
    }
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
