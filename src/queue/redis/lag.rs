//! How far a group of consumers is behind, by `XINFO GROUPS`.

use redis::aio::MultiplexedConnection;
use redis::streams::StreamInfoGroupsReply;
use redis::{ErrorKind, RedisError, ServerErrorKind, cmd};

use super::RedisQueue;
use crate::queue::{Lag, QueueFault};

impl RedisQueue {
    /// Redis does not know how many entries wait for a group where some of them were taken out of the stream (`XDEL`), where the group began
    /// in the middle of it, and before Redis 7.
    pub(super) async fn lag_of(&mut self, group: Option<&str>) -> Result<Option<Lag>, QueueFault> {
        let Some(group) = group else { return Ok(None) };
        let mut connection = self.connect().await?;
        let asked = groups(&mut connection, &self.stream).await;
        let reply = match asked {
            Ok(reply) => reply,
            Err(error) if is_no_stream(&error) => StreamInfoGroupsReply::default(),
            Err(error) => return Err(self.lost(&error)),
        };
        let Some(its) = reply.groups.iter().find(|known| known.name == group) else {
            return Err(self.refused(format!("the stream `{}` has no group `{group}`", self.stream)));
        };
        let lag = |waiting: usize| Lag { waiting: waiting as u64, taken: Some(its.pending as u64) };
        Ok(its.lag.map(lag))
    }
}

async fn groups(
    connection: &mut MultiplexedConnection,
    stream: &str,
) -> Result<StreamInfoGroupsReply, RedisError> {
    cmd("XINFO").arg("GROUPS").arg(stream).query_async(connection).await
}

/// A stream is made by its first entry, or with its first group.
fn is_no_stream(error: &RedisError) -> bool {
    let is_plain = error.kind() == ErrorKind::Server(ServerErrorKind::ResponseError);
    is_plain && error.detail().is_some_and(|said| said.contains("no such key"))
}
