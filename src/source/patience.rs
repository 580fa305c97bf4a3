//! Waits until a provider has finished a job, or until it takes the next one, and no longer than the definition says.

use std::mem::{Discriminant, discriminant};
use std::time::Duration;

use tieout_reconcilers::export::{Later, Wait};
use tokio::time::Instant;

use super::error::SourceError;
use super::http::Client;

/// How long a walk has waited for one and the same thing.
#[derive(Debug, Default)]
pub(super) struct Patience {
    since: Option<(Discriminant<Wait>, Instant)>,
}

impl Patience {
    /// Pauses before the next question, unless that would come too late. Dropping it ends the pause.
    pub(super) async fn pause(&mut self, client: &Client, later: &Later) -> Result<(), SourceError> {
        let now = Instant::now();
        let what = discriminant(&later.wait);
        let (_, since) = *self.since.take_if(|(known, _)| *known == what).get_or_insert((what, now));
        self.since = Some((what, since));
        let waited = now.duration_since(since);
        if waited.saturating_add(later.after) > later.within {
            return Err(given_up(waited, &later.wait));
        }
        if !client.trip.has_time_for(later.after) {
            return Err(SourceError::OutOfTime);
        }
        if client.is_stood_in_for() {
            return Ok(());
        }
        tracing::debug!(provider = %client.provider(), pause = ?later.after, wait = ?later.wait, "waiting for an export");
        client.trip.pause(later.after).await
    }
}

fn given_up(waited: Duration, wait: &Wait) -> SourceError {
    // Fractions of a second help nobody, unless there is nothing else.
    let seconds = Duration::from_secs(waited.as_secs());
    let waited =
        if seconds.is_zero() { Duration::from_millis(u64::from(waited.subsec_millis())) } else { seconds };
    match wait {
        Wait::Turn => SourceError::NoTurn { waited },
        Wait::Job(state) => SourceError::JobTooLong { waited, state: state.clone() },
    }
}
