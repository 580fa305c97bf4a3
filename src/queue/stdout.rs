//! Standard output, one event a line. What reads it must keep it: an event counts as delivered once it is flushed.

use std::io::{self, Write as _};

use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::{Delivery, Queue, QueueFault, all_acknowledged, lines, stopped};
use crate::store::Outgoing;

/// Standard output.
#[derive(Debug)]
pub(super) struct StdoutQueue;

impl Queue for StdoutQueue {
    fn system(&self) -> &'static str {
        "stdout"
    }

    fn ready(&mut self) -> BoxFuture<'_, Result<(), QueueFault>> {
        futures::future::ready(Ok(())).boxed()
    }

    fn send<'a>(&'a mut self, batch: &'a [Outgoing]) -> BoxFuture<'a, Delivery> {
        let lines = lines(batch);
        let write = |lines: Vec<u8>| {
            let mut stdout = std::io::stdout().lock();
            stdout.write_all(&lines).and_then(|()| stdout.flush())
        };
        let written = tokio::task::spawn_blocking(move || write(lines));
        async move {
            match written.await.unwrap_or_else(|stopped| Err(io::Error::other(stopped))) {
                Ok(()) => all_acknowledged(batch),
                Err(error) => {
                    stopped(QueueFault::Refused { place: "stdout".to_owned(), why: error.to_string() })
                }
            }
        }
        .boxed()
    }
}
