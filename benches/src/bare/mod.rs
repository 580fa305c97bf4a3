//! What a careful programmer writes without tieout: one publisher for each broker, with the crate that tieout uses for it, that sends
//! batches without a pause and waits for the broker's own confirmation. It sorts no errors and keeps no records.

mod kafka;
mod nats;
mod postgres;
mod rabbitmq;
mod redis;

pub use kafka::Kafka;
pub use nats::Nats;
pub use postgres::Postgres;
pub use rabbitmq::RabbitMq;
pub use redis::Redis;

use tieout::store::Outgoing;

/// Publishes events, and comes back when the broker has confirmed all of them.
pub trait Bare {
    /// Publishes a batch.
    fn publish(&mut self, batch: &[Outgoing]) -> impl Future<Output = anyhow::Result<()>>;
}
