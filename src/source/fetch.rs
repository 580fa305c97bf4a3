//! One request with its retries, until there is an answer that means something.
//!
//! What an answer means is the definition's business; this file only asks it, waits, and asks the provider again.

use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use tieout_reconcilers::pace;
use tieout_reconcilers::page::{Answer, PageRequest, Response};
use tokio::time::Instant;
use url::Url;

use super::error::{NextStep, SourceError, clip};
use super::http::{Client, Fetched, Line};
use super::limit::{Attempts, Ended, Permit, Verdict};
use super::renew::Asked;
use crate::going::WaitsFor;

/// The status that asks for fewer requests, whatever the definition says.
const TOO_MANY_REQUESTS: u16 = 429;

/// A complete answer.
#[derive(Debug)]
pub enum Answered {
    /// There is something to read.
    Read(Fetched),
    /// There is something to read, and the provider says that it is not all there is.
    Partly(Fetched, String),
    /// There is nothing there.
    Empty(Fetched),
}

impl Client {
    /// Asks until `classify` finds an answer, as often and as long as the caps and the retry budget permit.
    pub async fn fetch(
        &self,
        request: &PageRequest,
        page: Option<&Url>,
        classify: impl Fn(&Response<'_>) -> Answer + Send + Sync,
    ) -> Result<Answered, SourceError> {
        self.line(&request.each)?.fetch(request, page, classify).await
    }
}

impl Line {
    async fn fetch(
        &self,
        request: &PageRequest,
        page: Option<&Url>,
        classify: impl Fn(&Response<'_>) -> Answer + Send + Sync,
    ) -> Result<Answered, SourceError> {
        let mut attempts = Attempts { number: 1, since: None };
        loop {
            let Asked { permit, outcome } = self.ask(request, page, &classify).await?;
            let outcome = outcome.and_then(|(fetched, answer)| self.understand(fetched, answer, &permit));
            self.trip.traffic.count(&outcome);
            let verdict = permit.ended(ended(&outcome), attempts);
            drop(permit);
            match (verdict, outcome) {
                (None, outcome) => return outcome,
                (Some(verdict), outcome) => {
                    let Err(failure) = outcome else { return outcome };
                    attempts.since.get_or_insert_with(Instant::now);
                    self.wait_after(attempts.number, failure, verdict).await?;
                    attempts.number += 1;
                }
            }
        }
    }

    /// What an answer means for the caller, after the budget has learned from it.
    fn understand(
        &self,
        fetched: Fetched,
        answer: Answer,
        permit: &Permit<'_>,
    ) -> Result<Answered, SourceError> {
        let now = SystemTime::from(self.trip.clock.now().utc());
        let seen = pace::seen(&self.shared.gauge, &fetched.response(), now);
        permit.see(seen.as_ref());
        if seen.is_some_and(|seen| seen.told == pace::Told::Declared) {
            self.shared.budget.has_told.store(true, Ordering::Relaxed);
        }
        self.note_poll_interval(&fetched);
        let status = fetched.status;
        let asked = pace::pause(&fetched.response(), seen.as_ref(), now);
        let slow_down = |why: &str, at_least: Option<Duration>| {
            Err(SourceError::SlowDown { status, why: clip(why), pause: asked.max(at_least) })
        };
        match answer {
            Answer::Read => Ok(Answered::Read(fetched)),
            Answer::Partly(why) => Ok(Answered::Partly(fetched, clip(&why))),
            Answer::Empty => Ok(Answered::Empty(fetched)),
            Answer::Retry(why) if status == TOO_MANY_REQUESTS => slow_down(&why, None),
            Answer::Retry(why) => {
                Err(SourceError::Unavailable { status, why: clip(&why), retry_after: asked })
            }
            Answer::Wait { why, at_least } => slow_down(&why, at_least),
            Answer::OutOfService(why) => {
                Err(SourceError::OutOfService { status, why: clip(&why), retry_after: asked })
            }
            Answer::Restart(why) => Err(SourceError::Lost { status, why: clip(&why) }),
            Answer::Resync(why) => Err(SourceError::TokenExpired { status, why: clip(&why) }),
            Answer::Halve(why) => Err(SourceError::TooMuch { status, why: clip(&why) }),
            Answer::Skip(why) => Err(SourceError::LeftOut { status, why: clip(&why) }),
            Answer::Refresh(why) | Answer::Rejected(why) => {
                Err(SourceError::Rejected { status, why: clip(&why) })
            }
            Answer::Fail(why) => Err(SourceError::Refused { status, why: clip(&why) }),
            Answer::JobFailed(why) => Err(SourceError::JobFailed { why: clip(&why) }),
        }
    }

    /// Waits as long as it makes sense after a failed attempt, or says that it makes none.
    async fn wait_after(
        &self,
        attempt: u32,
        failure: SourceError,
        verdict: Verdict,
    ) -> Result<(), SourceError> {
        let provider = self.provider();
        match verdict {
            Verdict::TooLong(asked) => Err(SourceError::Throttled { asked, most: self.shared.caps.max_wait }),
            Verdict::Enough => Err(SourceError::GaveUp { attempts: attempt, last: Box::new(failure) }),
            Verdict::After(pause) if !self.trip.has_time_for(pause) => {
                tracing::info!(%provider, attempt, ?pause, %failure, "no time is left to ask again");
                Err(SourceError::OutOfTime)
            }
            Verdict::After(pause) => {
                tracing::info!(%provider, attempt, ?pause, %failure, "asking again");
                if let Some(end) = Instant::now().checked_add(pause) {
                    self.trip.going.waits_for(end, WaitsFor::Outage);
                }
                self.trip.pause(pause).await
            }
            Verdict::Again => {
                tracing::info!(%provider, attempt, %failure, "asking again when the provider can answer");
                Ok(())
            }
        }
    }
}

/// How a request ended, as far as its budget is concerned.
fn ended(outcome: &Result<Answered, SourceError>) -> Ended {
    match outcome {
        Err(SourceError::SlowDown { pause, .. }) => Ended::Throttled(*pause),
        Err(SourceError::Unavailable { retry_after, .. }) => Ended::Failed(*retry_after),
        Err(SourceError::OutOfService { retry_after, .. }) => Ended::OutOfService(*retry_after),
        Err(error) if error.next_step() == NextStep::AskAgain => Ended::Failed(None),
        _ => Ended::Answered,
    }
}
