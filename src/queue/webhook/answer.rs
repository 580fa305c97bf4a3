//! What the answer to a webhook means for its event and for the queue. Of an answer it knows the status and how long one is to wait: what
//! else a handler says may be about people, and is not read.

use std::error::Error;
use std::io;
use std::time::Duration;

use crate::queue::Outcome;
use crate::source::SourceError;

/// What became of a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// The handler has decided about the event.
    Settled(Outcome),
    /// The event cannot be a webhook; nobody was asked.
    Unsendable(Outcome),
    /// The handler failed: at this event, or whole.
    Failed(String),
    /// Nobody takes anything now.
    Unreachable {
        /// What was seen.
        why: String,
        /// How long the handler wants to be left alone.
        pause: Option<Duration>,
    },
    /// Nobody takes anything until somebody does something.
    Refused(String),
}

impl Answer {
    /// What a status means. `pause` is what the answer asks for.
    pub(super) fn to(status: u16, pause: Option<Duration>) -> Self {
        let said = format!("it answers with status {status}");
        let refused = |what: &str| Self::Refused(format!("{said}; {what}"));
        match status {
            200..=299 => Self::Settled(Outcome::Acknowledged),
            300..=399 => refused("a redirect is not followed: write the address that it leads to"),
            401 | 403 => refused("look whether `secret` and `signature` are what the handler expects"),
            404 | 405 => refused("look whether `url` is the handler's address, and whether it takes POST"),
            410 => refused(
                "the handler wants no more events: set up another one, or take the queue out of `emit`",
            ),
            413 => Self::Settled(Outcome::Dead { class: "too_large", reason: said }),
            400 | 415 | 422 => Self::Settled(Outcome::Dead { class: "rejected", reason: said }),
            429 => Self::Unreachable { why: said, pause },
            503 if pause.is_some() => Self::Unreachable { why: said, pause },
            _ => Self::Failed(said),
        }
    }

    /// What it means that there is no answer. `time` is how long it was waited for.
    pub(super) fn none(error: reqwest::Error, time: Duration) -> Self {
        let (is_new, is_late, is_tls) = (error.is_connect(), error.is_timeout(), is_tls(&error));
        match SourceError::transport(if is_new { "connecting" } else { "sending the event" }, error) {
            SourceError::AddressRefused(why) => Self::Refused(why),
            untrusted @ SourceError::Untrusted { .. } => Self::Refused(untrusted.to_string()),
            failed if is_tls => {
                Self::Refused(format!("{failed}; look whether it speaks TLS at this address"))
            }
            failed if is_new => Self::Unreachable { why: failed.to_string(), pause: None },
            _ if is_late => Self::Failed(format!("it gave no answer within {time:?}")),
            failed => Self::Failed(failed.to_string()),
        }
    }
}

/// Whether a handshake failed for what the other side said in it, which it says again next time.
fn is_tls(error: &reqwest::Error) -> bool {
    let mut next: Option<&(dyn Error + 'static)> = error.source();
    while let Some(cause) = next {
        if cause.downcast_ref::<io::Error>().is_some_and(is_invalid) {
            return error.is_connect();
        }
        next = cause.source();
    }
    false
}

/// Errors of the network wrap one another, and do not show that as their source.
fn is_invalid(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<io::Error>());
    error.kind() == io::ErrorKind::InvalidData || inner.is_some_and(is_invalid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_its_meaning() {
        let pause = Some(Duration::from_secs(30));
        let said = [
            200, 202, 204, 299, 301, 304, 307, 400, 401, 403, 404, 405, 408, 409, 410, 413, 415, 418, 422,
            425, 429, 500, 502, 503, 504, 599,
        ];
        let said: Vec<String> = said
            .into_iter()
            .flat_map(|status| [(status, None), (status, pause)])
            .map(|(status, pause)| format!("{status} {pause:?}: {:?}", Answer::to(status, pause)))
            .collect();
        insta::assert_snapshot!(said.join("\n"));
    }
}
