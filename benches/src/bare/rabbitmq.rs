//! Persistent messages, published one after the other, whose confirmations are awaited afterwards.

use anyhow::ensure;
use lapin::options::BasicPublishOptions;
use lapin::{BasicProperties, Channel, Confirmation};
use tieout::store::Outgoing;

use super::Bare;

/// An exchange.
pub struct RabbitMq {
    /// A channel that confirms.
    pub channel: Channel,
    /// Its name.
    pub exchange: String,
}

impl Bare for RabbitMq {
    async fn publish(&mut self, batch: &[Outgoing]) -> anyhow::Result<()> {
        let mut sent = Vec::with_capacity(batch.len());
        for event in batch {
            let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
            let properties = BasicProperties::default()
                .with_delivery_mode(2)
                .with_message_id(event.event_id.to_string().into());
            let (exchange, key) = (self.exchange.as_str(), event.event_type.as_str());
            let body = event.payload.as_bytes();
            sent.push(
                self.channel.basic_publish(exchange.into(), key.into(), options, body, properties).await?,
            );
        }
        for confirm in sent {
            ensure!(matches!(confirm.await?, Confirmation::Ack(None)), "a message was not taken");
        }
        Ok(())
    }
}
