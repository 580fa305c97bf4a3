//! A queue whose consumers are watched: once they are too far behind, nothing more is sent before they have caught up. The bound holds for
//! one process that sends; whoever else sends to the queue is seen at the next look.

use std::fmt;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use indicatif::HumanCount;
use tieout_reconcilers::window::Window;
use tokio::time::Instant;

use super::{Delivery, Lag, Queue, QueueFault, Tally};
use crate::store::Outgoing;

/// How long consumers have to catch up before they are looked at again. Tests have few events to consume.
const PAUSE: Duration = if cfg!(test) { Duration::from_millis(20) } else { Duration::from_millis(500) };

/// How long a queue that does not tell is sent to without another question.
const UNTOLD_PAUSE: Duration = Duration::from_secs(15);

/// How many events may be sent now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// So many.
    For(u32),
    /// None, for its consumers are too far behind.
    Crowded {
        /// How far they are behind.
        crowd: Crowd,
        /// When to ask again.
        again: Duration,
    },
}

/// Consumers that are too far behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crowd {
    /// How many events they have not consumed.
    pub behind: u64,
    /// How many they may be behind.
    pub max: u64,
}

impl fmt::Display for Crowd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [behind, max] = [self.behind, self.max].map(HumanCount);
        write!(f, "waits for its consumers: {behind} behind, and at most {max} may be")
    }
}

/// A queue, who of its consumers is meant, and how far they may be behind.
struct Watched {
    queue: Box<dyn Queue>,
    of: Option<String>,
    max: Option<u64>,
    seen: Seen,
}

/// What the last look has shown.
#[derive(Debug, Clone, Copy)]
enum Seen {
    /// So many more may be sent before the next one.
    Room(u64),
    /// None, before this instant.
    Crowded(Crowd, Instant),
    /// Nothing, and nobody asks again before this instant.
    Untold(Instant),
}

/// Watches the consumers of a queue.
#[must_use]
pub fn watched(queue: Box<dyn Queue>, of: Option<String>, max: Option<u64>) -> Box<dyn Queue> {
    Box::new(Watched { queue, of, max, seen: Seen::Room(0) })
}

impl Watched {
    /// What is granted counts as sent: consumers are asked again once it is used up.
    async fn grant(&mut self, wanted: u32) -> Room {
        let Some(max) = self.max else { return Room::For(wanted) };
        if self.is_stale() {
            self.seen = self.look(max).await;
        }
        match &mut self.seen {
            Seen::Room(left) => {
                let granted = u32::try_from(*left).unwrap_or(u32::MAX).min(wanted);
                *left -= u64::from(granted);
                Room::For(granted)
            }
            Seen::Crowded(crowd, until) => {
                Room::Crowded { crowd: *crowd, again: until.saturating_duration_since(Instant::now()) }
            }
            Seen::Untold(_) => Room::For(wanted),
        }
    }

    fn is_stale(&self) -> bool {
        match self.seen {
            Seen::Room(left) => left == 0,
            Seen::Crowded(_, until) | Seen::Untold(until) => Instant::now() >= until,
        }
    }

    async fn look(&mut self, max: u64) -> Seen {
        match self.queue.lag(self.of.as_deref()).await {
            Ok(Some(lag)) if lag.behind() < max => Seen::Room(max - lag.behind()),
            Ok(Some(lag)) => Seen::Crowded(Crowd { behind: lag.behind(), max }, Instant::now() + PAUSE),
            Ok(None) => self.untold("the broker does not tell"),
            Err(fault) => self.untold(&fault.to_string()),
        }
    }

    /// Nobody is held up by what is not known.
    fn untold(&self, why: &str) -> Seen {
        if !matches!(self.seen, Seen::Untold(_)) {
            tracing::warn!("how far the consumers are behind is not known, so nothing is slowed down: {why}");
        }
        Seen::Untold(Instant::now() + UNTOLD_PAUSE)
    }
}

impl Queue for Watched {
    fn watches_consumers(&self) -> bool {
        self.max.is_some()
    }

    fn ready(&mut self) -> BoxFuture<'_, Result<(), QueueFault>> {
        self.queue.ready()
    }

    fn unlike(&mut self) -> BoxFuture<'_, Result<Option<Vec<String>>, QueueFault>> {
        self.queue.unlike()
    }

    fn system(&self) -> &'static str {
        self.queue.system()
    }

    fn takes_at_once(&self) -> u32 {
        self.queue.takes_at_once()
    }

    fn lag<'a>(&'a mut self, of: Option<&'a str>) -> BoxFuture<'a, Result<Option<Lag>, QueueFault>> {
        self.queue.lag(of.or(self.of.as_deref()))
    }

    fn tally<'a>(
        &'a mut self,
        source: &'a str,
        window: Window,
    ) -> BoxFuture<'a, Result<Option<Tally>, QueueFault>> {
        self.queue.tally(source, window)
    }

    fn room(&mut self, wanted: u32) -> BoxFuture<'_, Room> {
        self.grant(wanted).boxed()
    }

    fn send<'a>(&'a mut self, batch: &'a [Outgoing]) -> BoxFuture<'a, Delivery> {
        self.queue.send(batch)
    }
}
