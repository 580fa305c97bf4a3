//! How many messages wait in a queue, by declaring it passively. AMQP does not tell how many of them consumers have taken.

use lapin::options::QueueDeclareOptions;
use lapin::types::FieldTable;
use tokio::time::timeout;

use super::{ANSWER_TIME, AmqpQueue};
use crate::queue::{Lag, QueueFault};

impl AmqpQueue {
    /// The queue that is meant, or that of the routing key where messages go to the nameless exchange.
    pub(super) async fn lag_of(&mut self, queue: Option<&str>) -> Result<Option<Lag>, QueueFault> {
        let of_the_key = self.routing_key.clone().filter(|_| self.exchange.is_empty());
        let Some(queue) = queue.map(ToOwned::to_owned).or(of_the_key) else { return Ok(None) };
        let waiting = self.declared(&queue).await?;
        Ok(Some(Lag { waiting, taken: None }))
    }

    /// Asks whether a queue is there, and how many messages wait in it.
    pub(super) async fn declared(&mut self, queue: &str) -> Result<u64, QueueFault> {
        let channel = self.connect().await?;
        let passive = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
        let asked = channel.queue_declare(queue.into(), passive, FieldTable::default());
        match timeout(ANSWER_TIME, asked).await {
            Ok(Ok(declared)) => Ok(declared.message_count().into()),
            Ok(Err(error)) => Err(self.lost(&error)),
            Err(_) => Err(self.unanswered()),
        }
    }
}
