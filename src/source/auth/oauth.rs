//! Asks an OAuth 2 token endpoint (RFC 6749) for a token.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use tieout_reconcilers::define::auth::oauth::{ClientAuth, Grant, Oauth};
use tieout_reconcilers::define::reader::Reader;
use url::form_urlencoded;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::answer::{Opened, open};
use super::endpoint::{Ask, AskBody, Endpoint};
use super::session::Issued;
use crate::source::error::SourceError;

/// A form of RFC 6749.
pub(super) const FORM: &str = "application/x-www-form-urlencoded";

/// Asks a token endpoint for a token.
#[derive(Debug)]
pub(super) struct TokenGrant {
    oauth: Oauth<SecretString>,
    endpoint: Endpoint,
    base: Option<Reader>,
    /// A refresh token that an answer brought though none was expected.
    unexpected: Mutex<Option<SecretString>>,
}

impl TokenGrant {
    pub(super) fn new(oauth: Oauth<SecretString>, endpoint: Endpoint, base: Option<Reader>) -> Self {
        Self { oauth, endpoint, base, unexpected: Mutex::default() }
    }

    /// A token for the client's own credentials, or for a refresh token that stays the same.
    pub(super) async fn issue(&self, now: DateTime<Utc>) -> Result<Issued, SourceError> {
        let configured = self.refresh();
        let newer = self.unexpected.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let refresh = newer.as_ref().or(configured);
        let opened = self.exchange(refresh, now).await?;
        if let (Some(used), Some(next)) = (refresh, opened.refresh)
            && used.expose_secret() != next.expose_secret()
        {
            tracing::warn!(
                "the token endpoint hands out a new refresh token: if the old one stops working with that, \
                 declare `rotate: true`"
            );
            *self.unexpected.lock().unwrap_or_else(PoisonError::into_inner) = Some(next);
        }
        Ok(opened.issued)
    }

    /// The configured refresh token.
    pub(super) const fn refresh(&self) -> Option<&SecretString> {
        match &self.oauth.grant {
            Grant::ClientCredentials => None,
            Grant::RefreshToken(refresh) | Grant::RotatingRefreshToken(refresh) => Some(refresh),
        }
    }

    /// The pause between two attempts of anything that belongs to a token.
    pub(super) const fn pause(&self) -> Duration {
        self.endpoint.pause()
    }

    /// One exchange with the endpoint.
    pub(super) async fn exchange(
        &self,
        refresh: Option<&SecretString>,
        now: DateTime<Utc>,
    ) -> Result<Opened, SourceError> {
        let told = self.endpoint.ask(&self.ask(refresh)?).await?;
        open(&told, &self.oauth.answer, self.base.as_ref(), now)
    }

    fn ask(&self, refresh: Option<&SecretString>) -> Result<Ask, SourceError> {
        let (id, secret) = self.client();
        let mut pairs =
            vec![("grant_type", if refresh.is_some() { "refresh_token" } else { "client_credentials" })];
        pairs.extend(refresh.map(|refresh| ("refresh_token", refresh.expose_secret())));
        pairs.extend(self.oauth.scope.as_ref().map(|scope| ("scope", scope.expose_secret())));
        pairs.extend(self.oauth.params.iter().map(|(name, value)| (name.as_str(), value.expose_secret())));
        let mut headers = HeaderMap::new();
        if self.oauth.client_auth == ClientAuth::Basic {
            headers.insert(AUTHORIZATION, basic(id, secret.unwrap_or_default())?);
        } else {
            pairs.push(("client_id", id));
            pairs.extend(secret.map(|secret| ("client_secret", secret)));
        }
        let body = if self.oauth.client_auth == ClientAuth::Json { json(&pairs) } else { form(&pairs) };
        Ok(Ask { method: Method::POST, headers, body: Some(body) })
    }

    /// The client's id and secret. One text may hold both, as HTTP writes them.
    fn client(&self) -> (&str, Option<&str>) {
        let client = self.oauth.client.expose_secret();
        match &self.oauth.secret {
            Some(secret) => (client, Some(secret.expose_secret())),
            None => client.split_once(':').map_or((client, None), |(id, secret)| (id, Some(secret))),
        }
    }
}

fn basic(id: &str, secret: &str) -> Result<HeaderValue, SourceError> {
    // Not encoded as a form first, as RFC 6749 wants it: hardly any provider decodes it.
    let text = format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
    let mut value = HeaderValue::try_from(text)
        .map_err(|_| SourceError::settings("the client's id or secret cannot be sent"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Pairs as a form.
pub(super) fn form(pairs: &[(&str, &str)]) -> AskBody {
    let text = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    AskBody { content_type: FORM, text: text.into() }
}

/// Pairs as a JSON object.
fn json(pairs: &[(&str, &str)]) -> AskBody {
    let object: Value = pairs.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
    AskBody { content_type: "application/json", text: object.to_string().into() }
}
