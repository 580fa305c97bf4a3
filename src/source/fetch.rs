//! One request with its retries, until there is an answer that means something.
//!
//! What an answer means is the definition's business; this file only asks it, waits, and asks the provider again.

use std::time::{Duration, SystemTime};

use tieout_reconcilers::page::{Answer, PageRequest, Response};
use url::Url;

use super::error::{NextStep, SourceError, clip};
use super::http::{Client, Fetched};
use super::retry::{Decision, decide, retry_after};

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
        let mut attempt = 1;
        loop {
            let outcome = self.attempt(request, page, &classify).await;
            self.traffic.count(&outcome);
            let failure = match outcome {
                Ok(answered) => {
                    self.shared.budget.deposit();
                    return Ok(answered);
                }
                Err(failure) if failure.next_step() == NextStep::AskAgain => failure,
                Err(failure) => return Err(failure),
            };
            self.wait_after(attempt, failure).await?;
            attempt += 1;
        }
    }

    async fn attempt(
        &self,
        request: &PageRequest,
        page: Option<&Url>,
        classify: &(impl Fn(&Response<'_>) -> Answer + Send + Sync),
    ) -> Result<Answered, SourceError> {
        let (fetched, answer) = self.ask(request, page, classify).await?;
        let status = fetched.status;
        let unavailable = |why: &str, at_least: Option<Duration>| {
            let asked = retry_after(&fetched.response(), SystemTime::now());
            SourceError::Unavailable { status, why: clip(why), retry_after: asked.max(at_least) }
        };
        match answer {
            Answer::Read => Ok(Answered::Read(fetched)),
            Answer::Partly(why) => Ok(Answered::Partly(fetched, clip(&why))),
            Answer::Empty => Ok(Answered::Empty(fetched)),
            Answer::Retry(why) => Err(unavailable(&why, None)),
            Answer::Wait { why, at_least } => Err(unavailable(&why, at_least)),
            Answer::Restart(why) => Err(SourceError::Lost { status, why: clip(&why) }),
            Answer::Resync(why) => Err(SourceError::TokenExpired { status, why: clip(&why) }),
            Answer::Halve(why) => Err(SourceError::TooMuch { status, why: clip(&why) }),
            Answer::Skip(why) => Err(SourceError::LeftOut { status, why: clip(&why) }),
            Answer::Refresh(why) | Answer::Rejected(why) => {
                Err(SourceError::Rejected { status, why: clip(&why) })
            }
            Answer::Fail(why) => Err(SourceError::Refused { status, why: clip(&why) }),
        }
    }

    /// Waits as long as it makes sense after a failed attempt, or says that it makes none.
    async fn wait_after(&self, attempt: u32, failure: SourceError) -> Result<(), SourceError> {
        let asked = match &failure {
            SourceError::Unavailable { retry_after, .. } => *retry_after,
            _ => None,
        };
        let provider = self.provider();
        match decide(&self.shared.caps, attempt, asked, fastrand::f64()) {
            Decision::TooLong(asked) => {
                Err(SourceError::Throttled { asked, most: self.shared.caps.max_wait })
            }
            Decision::Obey(pause) | Decision::BackOff(pause) if !self.has_time_for(pause) => {
                tracing::info!(%provider, attempt, ?pause, %failure, "no time is left to ask again");
                Err(SourceError::OutOfTime)
            }
            // The provider named the time, so coming back then is no load that it did not agree to.
            Decision::Obey(pause) => {
                tracing::info!(%provider, attempt, ?pause, %failure, "the provider asks for a pause");
                self.shared.pace.hold(pause);
                Ok(())
            }
            Decision::BackOff(pause) if self.shared.budget.withdraw() => {
                tracing::info!(%provider, attempt, ?pause, %failure, "asking again");
                tokio::time::sleep(pause).await;
                Ok(())
            }
            Decision::BackOff(_) | Decision::Enough => {
                Err(SourceError::GaveUp { attempts: attempt, last: Box::new(failure) })
            }
        }
    }
}
