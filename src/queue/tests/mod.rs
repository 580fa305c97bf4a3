//! What the queues promise: every event once, poison alone, and nothing acknowledged that is not there.

#[cfg(feature = "all-queues")]
mod brokers;
mod files;
mod lags;
mod pgmq;
mod postgres;
#[cfg(feature = "gcp")]
mod pubsub;
mod sqlite;
mod webhook;

use tieout_reconcilers::key::Key;
use tieout_reconcilers::name::Each;

use crate::finding::Identity;
use crate::store::Outgoing;
use crate::store::tests::event_id;

/// An event on a key, with its data as JSON.
pub(super) fn event(key: &str, data: &str) -> Outgoing {
    let id = Identity {
        domain: "shop.charges".parse().unwrap(),
        each: Each::default(),
        key: Key::checked(key).unwrap(),
    };
    Outgoing {
        seq: 0,
        event_id: event_id(key),
        id,
        source: "/tieout/shop.charges".to_owned(),
        event_type: "com.example.charge.created".to_owned(),
        subject: key.to_owned(),
        payload: format!(r#"{{"id":"{}","data":{data}}}"#, event_id(key)),
        attempts: 0,
    }
}

/// A topic at some brokers, with the defaults of the configuration.
#[cfg(feature = "kafka")]
pub(super) fn kafka(brokers: &str) -> crate::queue::KafkaSettings {
    crate::queue::KafkaSettings {
        brokers: brokers.split(',').map(str::to_owned).collect(),
        topic: format!("tieout_test_{}", uuid::Uuid::now_v7().simple()),
        mode: crate::queue::Mode::Structured,
        compression: crate::queue::Compression::default(),
        max_bytes: 1_000_000,
        tls: None,
        login: None,
    }
}
