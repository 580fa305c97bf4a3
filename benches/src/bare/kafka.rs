//! Records of an idempotent producer, handed over one after the other, whose reports are awaited afterwards.

use anyhow::anyhow;
use rdkafka::producer::{FutureProducer, FutureRecord};
use tieout::store::Outgoing;

use super::Bare;

/// A topic.
pub struct Kafka {
    /// Where it is.
    pub producer: FutureProducer,
    /// Its name.
    pub topic: String,
}

impl Bare for Kafka {
    async fn publish(&mut self, batch: &[Outgoing]) -> anyhow::Result<()> {
        let mut sent = Vec::with_capacity(batch.len());
        for event in batch {
            let record = FutureRecord::to(&self.topic).key(&event.subject).payload(&event.payload);
            sent.push(self.producer.send_result(record).map_err(|(error, _)| error)?);
        }
        for report in sent {
            report.await?.map_err(|(error, _)| anyhow!("a record was not taken: {error}"))?;
        }
        Ok(())
    }
}
