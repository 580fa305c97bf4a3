//! Pipelines of a hundred entries.

use redis::Pipeline;
use redis::aio::MultiplexedConnection;
use tieout::store::Outgoing;

use super::Bare;

/// A stream.
pub struct Redis {
    /// Where it is.
    pub connection: MultiplexedConnection,
    /// Its key.
    pub stream: String,
}

impl Bare for Redis {
    async fn publish(&mut self, batch: &[Outgoing]) -> anyhow::Result<()> {
        for events in batch.chunks(100) {
            let mut pipeline = Pipeline::new();
            for event in events {
                pipeline.xadd(&self.stream, "*", &[("event", &event.payload)]);
            }
            let _ids: Vec<String> = pipeline.query_async(&mut self.connection).await?;
        }
        Ok(())
    }
}
