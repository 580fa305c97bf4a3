//! Requests with a token that may have to be renewed: refused once, it is renewed once, and the request sent once again.

use std::sync::Arc;

use tieout_reconcilers::name::{Each, Name};
use tieout_reconcilers::page::{Answer, PageRequest, Response};
use url::Url;

use super::auth::Pass;
use super::connect::Side;
use super::error::SourceError;
use super::http::{Client, Exchange, Fetched, Line};
use super::limit::Permit;

/// An answer and what it says, or why there is none. The request is under way until this is dropped.
pub(super) struct Asked<'c> {
    pub(super) permit: Permit<'c>,
    pub(super) outcome: Result<(Fetched, Answer), SourceError>,
}

impl Client {
    /// Waits for what has to be known before any request about a member can be made: the base, where a token names it.
    pub async fn ready(&self, each: &Each) -> Result<(), SourceError> {
        let line = self.line(each)?;
        if line.shared.origin.base().is_ok() {
            return Ok(());
        }
        line.pass().await.map(drop)
    }

    /// A link on a page about a member as it may be compared and kept: without the parameters that hold a credential.
    pub fn without_keys(&self, each: &Each, link: &str) -> Result<String, SourceError> {
        Ok(self.line(each)?.shared.origin.without_keys(link))
    }
}

impl Line {
    /// The provider's name.
    pub(super) fn provider(&self) -> &Name {
        &self.shared.name
    }

    /// What the next request wears.
    pub(super) async fn pass(&self) -> Result<Arc<Pass>, SourceError> {
        self.for_token(self.shared.origin.pass(self.their_now())).await
    }

    /// Asks once, and once more with a new token where the provider does not take the old one any more.
    pub(super) async fn ask(
        &self,
        request: &PageRequest,
        page: Option<&Url>,
        classify: &(impl Fn(&Response<'_>) -> Answer + Send + Sync),
    ) -> Result<Asked<'_>, SourceError> {
        let pass = self.pass().await?;
        let asked = self.ask_with(request, page, classify, &pass).await?;
        let Ok((_, Answer::Refresh(why))) = &asked.outcome else { return Ok(asked) };
        let renewed = self.for_token(self.shared.origin.renewed(&pass, self.their_now())).await?;
        let Some(pass) = renewed else { return Ok(asked) };
        tracing::info!(provider = %self.provider(), why, "the token was renewed, asking once again");
        drop(asked);
        self.ask_with(request, page, classify, &pass).await
    }

    async fn ask_with(
        &self,
        request: &PageRequest,
        page: Option<&Url>,
        classify: &(impl Fn(&Response<'_>) -> Answer + Send + Sync),
        pass: &Pass,
    ) -> Result<Asked<'_>, SourceError> {
        let Exchange { permit, outcome } = self.exchange(request, page, pass).await?;
        let outcome = outcome.map(|fetched| {
            let answer = classify(&fetched.response());
            let answer = if fetched.side == Side::Other { of_stranger(answer) } else { answer };
            (fetched, struck_out(answer, pass))
        });
        Ok(Asked { permit, outcome })
    }
}

/// What an answer of another origin means. It was shown no credential, so it cannot refuse one: the link to it is good no
/// more.
fn of_stranger(answer: Answer) -> Answer {
    match answer {
        Answer::Refresh(why) | Answer::Rejected(why) => {
            Answer::Restart(format!("{why} from another origin, which was shown no credential"))
        }
        other => other,
    }
}

/// What an answer means, without the credentials that some providers repeat in their messages.
fn struck_out(answer: Answer, pass: &Pass) -> Answer {
    let out = |why: String| pass.strike_out(&why);
    match answer {
        Answer::Read | Answer::Empty => answer,
        Answer::Partly(why) => Answer::Partly(out(why)),
        Answer::Retry(why) => Answer::Retry(out(why)),
        Answer::Wait { why, at_least } => Answer::Wait { why: out(why), at_least },
        Answer::OutOfService(why) => Answer::OutOfService(out(why)),
        Answer::Refresh(why) => Answer::Refresh(out(why)),
        Answer::Restart(why) => Answer::Restart(out(why)),
        Answer::Resync(why) => Answer::Resync(out(why)),
        Answer::Halve(why) => Answer::Halve(out(why)),
        Answer::Skip(why) => Answer::Skip(out(why)),
        Answer::Rejected(why) => Answer::Rejected(out(why)),
        Answer::Fail(why) => Answer::Fail(out(why)),
        Answer::JobFailed(why) => Answer::JobFailed(out(why)),
    }
}
