//! Sends a message to an address of the web: by the client that webhooks of queues go by, once more where that may help. Of an answer it
//! reads the status alone.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::{Client, Method, Request};
use url::Url;

use super::sent::{NotSent, Sent};
use crate::clock::Clock;
use crate::queue::webhook::{Signer, Target};
use crate::source::{SourceError, connect};

/// How long a connection may take, and how long an attempt.
const CONNECT_TIME: Duration = Duration::from_secs(3);
const ATTEMPT_TIME: Duration = Duration::from_secs(4);
/// How long is waited before the second attempt.
pub(super) const PAUSE: Duration = Duration::from_secs(1);

/// What is sent.
pub(super) struct Letter<'a> {
    pub(super) target: &'a Target,
    /// The target's address, or one below it.
    pub(super) url: Url,
    pub(super) content_type: &'static str,
    pub(super) body: String,
    /// What signs it, with an id that both attempts share.
    pub(super) signed: Option<(&'a Signer, String)>,
}

/// Sends a letter.
pub(super) async fn post(letter: &Letter<'_>) -> Result<Sent, NotSent> {
    let client = connect::builder(letter.target.reach, CONNECT_TIME).timeout(ATTEMPT_TIME).no_gzip().build();
    let client = client.map_err(|error| NotSent::Refused(error.without_url().to_string()))?;
    match attempt(&client, letter).await {
        Err(error) if error.may_pass() => {
            tokio::time::sleep(PAUSE).await;
            attempt(&client, letter).await
        }
        done => done,
    }
}

async fn attempt(client: &Client, letter: &Letter<'_>) -> Result<Sent, NotSent> {
    let place = letter.target.place();
    match client.execute(request(letter)).await {
        Ok(response) => answered(&place, response.status().as_u16()),
        Err(error) => Err(unanswered(&place, error)),
    }
}

fn request(letter: &Letter<'_>) -> Request {
    let mut request = Request::new(Method::POST, letter.url.clone());
    let headers = request.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(letter.content_type));
    if let Some((signer, id)) = &letter.signed {
        let now = Clock::default().now().utc().timestamp();
        for (name, value) in signer.standard(id, &letter.body, now) {
            // An id, a number and base64 can stand in any header.
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }
    *request.body_mut() = Some(letter.body.clone().into());
    request
}

/// What a status means.
fn answered(place: &str, status: u16) -> Result<Sent, NotSent> {
    let said = format!("{place} answers with status {status}");
    match status {
        200..=299 => Ok(Sent(said)),
        300..=399 => Err(NotSent::Refused(format!(
            "{said}; a redirect is not followed: write the address that it leads to"
        ))),
        401 | 403 => {
            Err(NotSent::Login(format!("{said}; look whether the address and its secret are still good")))
        }
        404 | 410 => {
            Err(NotSent::Refused(format!("{said}; look whether the address of the channel is still there")))
        }
        408 | 429 | 500..=599 => Err(NotSent::Unreachable(said)),
        _ => Err(NotSent::Refused(format!("{said}; look whether the channel is of this kind"))),
    }
}

/// What it means that there is no answer.
fn unanswered(place: &str, error: reqwest::Error) -> NotSent {
    let (is_new, is_late) = (error.is_connect(), error.is_timeout());
    match SourceError::transport(if is_new { "connecting" } else { "sending the message" }, error) {
        SourceError::AddressRefused(why) => NotSent::Refused(why),
        untrusted @ SourceError::Untrusted { .. } => NotSent::Refused(format!("{place}: {untrusted}")),
        _ if is_late => NotSent::Unreachable(format!("{place} gives no answer in time")),
        failed => NotSent::Unreachable(format!("{place}: {failed}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::webhook::Allow;
    use crate::source::tests::untrusted_server;

    #[tokio::test]
    async fn a_certificate_that_nobody_vouches_for_is_refused_and_not_tried_again() {
        let address = untrusted_server().await;
        let target = Target::of(&address, Allow::default()).unwrap();
        let url = address.parse().unwrap();
        let letter =
            Letter { target: &target, url, content_type: "text/plain", body: String::new(), signed: None };
        let refused = post(&letter).await.unwrap_err();
        assert!(matches!(&refused, NotSent::Refused(why) if why.contains("UnknownIssuer")), "{refused:?}");
        assert!(refused.to_string().contains("SSL_CERT_FILE"), "{refused}");
    }
}
