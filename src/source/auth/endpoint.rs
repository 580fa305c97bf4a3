//! One request to a token endpoint: an origin of its own, few attempts, a small answer, and nothing of either in a message.

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Method, Request, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use tieout_reconcilers::page::Response;
use tokio::time::timeout;
use url::Url;
use zeroize::Zeroizing;

use crate::source::body;
use crate::source::connect::{Connections, Side};
use crate::source::error::SourceError;
use crate::source::provider::{Base, Caps, ProviderSettings};
use crate::source::room::Room;

/// Attempts of one request, the first included. The provider's own budget is for its pages.
const ATTEMPTS: u32 = 4;
/// The largest answer that is read.
const MAX_ANSWER: usize = 256 * 1024;
/// Time for one attempt.
const ATTEMPT_TIME: Duration = Duration::from_secs(15);
/// The longest pause that is waited for.
const MAX_PAUSE: Duration = Duration::from_secs(10);

/// Where tokens are asked for.
#[derive(Debug)]
pub(super) struct Endpoint {
    url: Url,
    connections: Connections,
    caps: Caps,
}

/// What is asked of a token endpoint.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) method: Method,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<AskBody>,
}

/// What is sent to a token endpoint.
#[derive(Debug)]
pub(super) struct AskBody {
    pub(super) content_type: &'static str,
    pub(super) text: SecretString,
}

/// What a token endpoint answered. It is printed nowhere.
pub(super) struct Told {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Zeroizing<Vec<u8>>,
}

impl Told {
    pub(super) fn response(&self) -> Response<'_> {
        Response { status: self.status, headers: &self.headers, body: &self.body }
    }
}

impl Endpoint {
    /// The endpoint at an address, or at a path below the base. Nothing is sent.
    pub(super) fn new(settings: &ProviderSettings, address: &SecretString) -> Result<Self, SourceError> {
        let text = address.expose_secret();
        let url = match (&settings.base, text.starts_with('/')) {
            (Base::Fixed(base), true) => {
                Url::parse(&format!("{}{text}", base.as_str().trim_end_matches('/')))
            }
            _ => Url::parse(text),
        };
        let url = url.map_err(|_| SourceError::settings("the address of the token request is no URL"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(SourceError::settings("the address of the token request holds a user or password"));
        }
        if url.scheme() == "http" && !settings.allow_private {
            return Err(SourceError::settings("the address of the token request must be https"));
        }
        let caps = Caps { page_bytes: MAX_ANSWER, ..settings.caps.clone() };
        let connections = Connections::new(settings);
        connections.to(&url, Side::Own)?;
        Ok(Self { url, connections, caps })
    }

    /// The pause between two attempts, before it doubles.
    pub(super) const fn pause(&self) -> Duration {
        self.caps.retry_base
    }

    /// Asks until there is an answer that is neither "later" nor lost on the way.
    pub(super) async fn ask(&self, ask: &Ask) -> Result<Told, SourceError> {
        let mut attempts = 1;
        loop {
            let (failure, pause) = match self.once(ask).await {
                Ok(told) if is_later(told.status) => {
                    let why = "the token endpoint cannot answer now".to_owned();
                    let failure = SourceError::Unavailable { status: told.status, why, retry_after: None };
                    (failure, asked_pause(&told))
                }
                Ok(told) => return Ok(told),
                Err(failure) if failure.next_step() == crate::source::NextStep::AskAgain => (failure, None),
                Err(failure) => return Err(failure),
            };
            if attempts == ATTEMPTS {
                return Err(SourceError::GaveUp { attempts, last: Box::new(failure) });
            }
            tracing::info!(origin = %self.url.origin().ascii_serialization(), attempts, %failure, "asking for a token again");
            let own = self.pause().saturating_mul(1 << attempts).mul_f64(fastrand::f64());
            tokio::time::sleep(pause.unwrap_or(own).min(MAX_PAUSE)).await;
            attempts += 1;
        }
    }

    async fn once(&self, ask: &Ask) -> Result<Told, SourceError> {
        let mut request = Request::new(ask.method.clone(), self.url.clone());
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
        request.headers_mut().extend(ask.headers.clone());
        if let Some(body) = &ask.body {
            request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(body.content_type));
            *request.body_mut() = Some(body.text.expose_secret().to_owned().into());
        }
        let exchange = async {
            let http = self.connections.to(&self.url, Side::Own)?;
            let answer = http.execute(request).await;
            let answer = answer.map_err(|error| SourceError::transport("asking for a token", error))?;
            let status = answer.status();
            let headers = text_headers(answer.headers());
            // What a login sends back waits for no comparison, so it takes no room from the walks.
            let mut held = Room::default().enter().await;
            let body: Bytes = body::read(answer, &self.caps, &mut held).await?;
            Ok(told(status, headers, &body))
        };
        timeout(ATTEMPT_TIME, exchange).await.unwrap_or(Err(SourceError::TimedOut(ATTEMPT_TIME)))
    }
}

fn told(status: StatusCode, headers: Vec<(String, String)>, body: &[u8]) -> Told {
    Told { status: status.as_u16(), headers, body: Zeroizing::new(body.to_vec()) }
}

fn text_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

const fn is_later(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500..=599)
}

fn asked_pause(told: &Told) -> Option<Duration> {
    let seconds = told.response().header(RETRY_AFTER.as_str())?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}
