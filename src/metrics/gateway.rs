//! A Pushgateway: one group of metrics per domain, so that a run over one domain wipes no other.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::catalogue::MetricKind;
use super::sample::Family;
use super::text::text;
use crate::source::trust::{ADVICE, refusal};

/// How long a connection and a whole request may take.
const CONNECT_TIME: Duration = Duration::from_secs(3);
const REQUEST_TIME: Duration = Duration::from_secs(5);

/// What a Pushgateway reads.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Where a Pushgateway is, and who we are to it.
#[derive(Debug, Clone)]
pub struct GatewaySettings {
    /// `http://` or `https://`; may hold a name and a password, which are sent as such.
    pub url: SecretString,
    /// Sent as `Authorization: Bearer`.
    pub token: Option<SecretString>,
    /// The label `job` of our groups.
    pub job: String,
}

/// Why a Pushgateway did not do what it was asked to. None says the address, which may hold a password.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// The address is none.
    #[error("the address of the Pushgateway is not one of `http://HOST:PORT`")]
    NoAddress,
    /// It cannot be reached, or did not answer in time.
    #[error("the Pushgateway {what}")]
    Unreachable {
        /// What happened.
        what: String,
    },
    /// Its certificate is not trusted.
    #[error("the Pushgateway cannot be connected to: {cause}; {ADVICE}")]
    Untrusted {
        /// What is wrong with it.
        cause: String,
    },
    /// It answered with a refusal.
    #[error("the Pushgateway answered {0}")]
    Refused(StatusCode),
    /// What it answered makes no sense.
    #[error("the Pushgateway's list of groups cannot be read")]
    Unreadable,
}

/// The labels of a group of metrics.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    /// The domain that it is about; nothing where it is about tieout itself.
    pub domain: Option<String>,
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.domain.as_deref().unwrap_or("(tieout itself)"))
    }
}

/// A Pushgateway.
#[derive(Debug)]
pub struct Gateway {
    client: reqwest::Client,
    url: Url,
    token: Option<SecretString>,
    job: String,
}

impl Gateway {
    /// Prepares to talk to it; nothing is connected yet.
    pub fn new(settings: &GatewaySettings) -> Result<Self, PushError> {
        let url = Url::parse(settings.url.expose_secret()).map_err(|_| PushError::NoAddress)?;
        if url.cannot_be_a_base() || !matches!(url.scheme(), "http" | "https") {
            return Err(PushError::NoAddress);
        }
        let builder = reqwest::Client::builder()
            .user_agent(concat!("tieout/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(CONNECT_TIME)
            .timeout(REQUEST_TIME);
        // Plain HTTP needs no certificates, and loading the system's would take time.
        let builder = if url.scheme() == "http" { builder.tls_certs_only([]) } else { builder };
        let client = builder.build().map_err(|error| unreachable(&error))?;
        Ok(Self { client, url, token: settings.token.clone(), job: settings.job.clone() })
    }

    /// Replaces the metrics of a group that are in `families`; others of the group stay.
    pub async fn push(&self, group: &Group, families: &[Family]) -> Result<(), PushError> {
        let pushed = families.iter().filter(|family| family.metric.kind == MetricKind::Gauge);
        let pushed = pushed.map(|family| family.about(group.domain.as_deref())).collect();
        let text = text(pushed).map_err(|_| PushError::Unreadable)?;
        let request = self.request(Method::POST, self.of(group)?);
        accepted(&send(request.header(CONTENT_TYPE, TEXT).body(text)).await?)
    }

    /// The groups of our job that have no other labels than ours.
    pub async fn groups(&self) -> Result<Vec<Group>, PushError> {
        let url = self.at(&["api", "v1", "metrics"])?;
        let answer = send(self.request(Method::GET, url)).await?;
        accepted(&answer)?;
        let listed: Listed = answer.json().await.map_err(|_| PushError::Unreadable)?;
        let mut groups: Vec<Group> =
            listed.data.into_iter().filter_map(|entry| self.ours(entry.labels)).collect();
        groups.sort();
        Ok(groups)
    }

    /// Removes a group with all its metrics.
    pub async fn delete(&self, group: &Group) -> Result<(), PushError> {
        accepted(&send(self.request(Method::DELETE, self.of(group)?)).await?)
    }

    fn ours(&self, mut labels: BTreeMap<String, String>) -> Option<Group> {
        // Every group has this label, mostly an empty one.
        labels.remove("instance").filter(|instance| !instance.is_empty()).map_or(Some(()), |_| None)?;
        labels.remove("job").filter(|job| *job == self.job)?;
        let domain = labels.remove("domain");
        labels.is_empty().then_some(Group { domain })
    }

    fn of(&self, group: &Group) -> Result<Url, PushError> {
        let mut path = vec!["metrics", "job", &self.job];
        path.extend(group.domain.as_deref().map(|domain| ["domain", domain]).into_iter().flatten());
        self.at(&path)
    }

    fn at(&self, path: &[&str]) -> Result<Url, PushError> {
        let mut url = self.url.clone();
        url.path_segments_mut().map_err(|()| PushError::NoAddress)?.pop_if_empty().extend(path);
        Ok(url)
    }

    fn request(&self, method: Method, url: Url) -> RequestBuilder {
        let request = self.client.request(method, url);
        match &self.token {
            Some(token) => request.bearer_auth(token.expose_secret()),
            None => request,
        }
    }
}

#[derive(Deserialize)]
struct Listed {
    data: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    labels: BTreeMap<String, String>,
}

async fn send(request: RequestBuilder) -> Result<Response, PushError> {
    request.send().await.map_err(|error| unreachable(&error))
}

fn accepted(answer: &Response) -> Result<(), PushError> {
    let status = answer.status();
    if status.is_success() { Ok(()) } else { Err(PushError::Refused(status)) }
}

/// Only what kind of trouble it is: the text of the library names the address.
fn unreachable(error: &reqwest::Error) -> PushError {
    if let Some(cause) = refusal(error) {
        return PushError::Untrusted { cause };
    }
    let what = if error.is_timeout() {
        format!("did not answer within {} s", REQUEST_TIME.as_secs())
    } else if error.is_connect() {
        "cannot be reached".to_owned()
    } else {
        "broke the connection off".to_owned()
    };
    PushError::Unreachable { what }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::tests::untrusted_server;

    #[tokio::test]
    async fn a_certificate_that_nobody_vouches_for_is_told_with_what_to_do() {
        let url = untrusted_server().await.into();
        let settings = GatewaySettings { url, token: None, job: "tieout".to_owned() };
        let refused = Gateway::new(&settings).unwrap().groups().await.unwrap_err();
        insta::assert_snapshot!(refused);
    }
}
