//! Publishes with up to 256 acknowledgements awaited behind.

use std::collections::VecDeque;

use async_nats::HeaderMap;
use async_nats::jetstream::Context;
use tieout::store::Outgoing;

use super::Bare;

/// Acknowledgements that are awaited at once.
const IN_FLIGHT: usize = 256;

/// A subject that a stream keeps.
pub struct Nats {
    /// Where it is.
    pub stream: Context,
    /// Its name.
    pub subject: String,
}

impl Bare for Nats {
    async fn publish(&mut self, batch: &[Outgoing]) -> anyhow::Result<()> {
        let mut on_their_way = VecDeque::with_capacity(IN_FLIGHT);
        for event in batch {
            if on_their_way.len() == IN_FLIGHT
                && let Some(oldest) = on_their_way.pop_front()
            {
                IntoFuture::into_future(oldest).await?;
            }
            let mut headers = HeaderMap::new();
            headers.insert("Nats-Msg-Id", event.event_id.to_string());
            let payload = event.payload.clone().into();
            on_their_way
                .push_back(self.stream.publish_with_headers(self.subject.clone(), headers, payload).await?);
        }
        for acknowledgement in on_their_way {
            acknowledgement.await?;
        }
        Ok(())
    }
}
