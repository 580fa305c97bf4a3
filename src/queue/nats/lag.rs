//! How far a durable consumer is behind, by what JetStream tells about it.

use async_nats::jetstream::Context;
use async_nats::jetstream::context::ConsumerInfoErrorKind as Kind;

use super::NatsQueue;
use crate::queue::{Lag, QueueFault};

impl NatsQueue {
    /// The consumer has to be one of the stream that keeps the subject.
    pub(super) async fn lag_of(&self, stream: &Context, consumer: &str) -> Result<Lag, QueueFault> {
        let asked = stream.stream_by_subject(self.subject.as_str()).await;
        let name = match asked {
            Ok(name) => name,
            Err(error) => return Err(self.without_stream(&error)),
        };
        let kept = stream.get_stream_no_info(&name).await;
        let kept = kept.map_err(|error| self.unreachable(error.to_string()))?;
        let info = kept.consumer_info(consumer).await.map_err(|error| match error.kind() {
            Kind::NotFound | Kind::StreamNotFound | Kind::InvalidName => {
                self.refused(format!("the stream `{name}` has no consumer `{consumer}`"))
            }
            _ => self.unreachable(error.to_string()),
        })?;
        Ok(Lag { waiting: info.num_pending, taken: Some(info.num_ack_pending as u64) })
    }
}
