//! What one request wears: headers, parameters of the query, members of the body, and perhaps a signature.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use reqwest::Request;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tieout_reconcilers::define::auth::key::Key;
use tieout_reconcilers::define::auth::show::{Place, Show};
use tieout_reconcilers::define::auth::woven::Token;
use url::{Url, form_urlencoded};
use zeroize::Zeroizing;

use super::sign::Signer;
use crate::source::error::SourceError;

/// The shortest text that is taken for a secret.
const SHORTEST_SECRET: usize = 6;

/// What one request wears. It is put on as the last step before the request leaves, and only towards the provider.
#[derive(Debug, Default)]
pub struct Pass {
    headers: HeaderMap,
    query: Vec<(String, SecretString)>,
    body: Vec<(String, SecretString)>,
    signer: Option<Signer>,
    /// What an answer may not repeat in a message.
    secrets: Vec<SecretString>,
    /// Which token it shows, counted from 1; 0 where it shows none.
    serial: u64,
    /// The base that the token's answer named.
    base: Option<Url>,
}

impl Pass {
    /// `Authorization: Bearer ...`.
    pub(super) fn bearer(token: &str) -> Result<Self, SourceError> {
        Ok(Self::with_header(AUTHORIZATION, &Zeroizing::new(format!("Bearer {token}")))?.hiding([token]))
    }

    /// HTTP basic authentication.
    pub(super) fn basic(user: &str, password: &str) -> Result<Self, SourceError> {
        let pair = Zeroizing::new(format!("{user}:{password}"));
        let pass =
            Self::with_header(AUTHORIZATION, &Zeroizing::new(format!("Basic {}", STANDARD.encode(&*pair))))?;
        Ok(pass.hiding([user, password]))
    }

    /// Keys of the provider's own.
    pub(super) fn of_key(key: &Key<SecretString>) -> Result<Self, SourceError> {
        let mut pass = Self { query: key.query.clone(), body: key.body.clone(), ..Self::default() };
        for (name, value) in &key.headers {
            pass.set(header_name(name)?, value.expose_secret())?;
        }
        let values = key.headers.iter().chain(&key.query).chain(&key.body);
        Ok(pass.hiding(values.map(|(_, value)| value.expose_secret())))
    }

    /// A token, as the definition shows it.
    pub(super) fn of_token(
        show: Option<&Show<SecretString>>,
        token: &SecretString,
    ) -> Result<Self, SourceError> {
        let Some(show) = show else { return Self::bearer(token.expose_secret()) };
        let text = show.value.weave(|fixed| fixed.expose_secret(), |Token| token.expose_secret());
        let pass = match &show.place {
            Place::Header(name) => Self::with_header(header_name(name)?, &Zeroizing::new(text))?,
            Place::Query(name) => {
                Self { query: vec![(name.clone(), SecretString::from(text))], ..Self::default() }
            }
        };
        Ok(pass.hiding([token.expose_secret()]))
    }

    /// A signature over each request.
    pub(super) fn signing(signer: Signer) -> Self {
        Self { signer: Some(signer), ..Self::default() }
    }

    /// The same as the pass of a numbered token.
    pub(super) fn numbered(self, serial: u64, base: Option<Url>) -> Self {
        Self { serial, base, ..self }
    }

    /// The same, with texts that are struck out of what answers say.
    fn hiding<'s>(mut self, texts: impl IntoIterator<Item = &'s str>) -> Self {
        // What is shorter is no secret, and would be struck out of everything.
        let texts = texts.into_iter().filter(|text| text.len() >= SHORTEST_SECRET);
        self.secrets.extend(texts.map(SecretString::from));
        self
    }

    /// What an answer says, without the credentials that some repeat in it.
    #[must_use]
    pub fn strike_out(&self, text: &str) -> String {
        let secrets = self.secrets.iter().map(SecretString::expose_secret);
        secrets.fold(text.to_owned(), |text, secret| text.replace(secret, "***"))
    }

    fn with_header(name: HeaderName, value: &str) -> Result<Self, SourceError> {
        let mut pass = Self::default();
        pass.set(name, value)?;
        Ok(pass)
    }

    fn set(&mut self, name: HeaderName, value: &str) -> Result<(), SourceError> {
        let mut value = HeaderValue::try_from(value).map_err(|_| {
            SourceError::settings(
                "the secret holds a line break or another character that no header can hold",
            )
        })?;
        value.set_sensitive(true);
        self.headers.insert(name, value);
        Ok(())
    }

    /// Which token it shows.
    #[must_use]
    pub const fn serial(&self) -> u64 {
        self.serial
    }

    /// The base that the token's answer named.
    #[must_use]
    pub const fn base(&self) -> Option<&Url> {
        self.base.as_ref()
    }

    /// Puts it on. `now` is the provider's time as far as we know it.
    pub fn put_on(&self, request: &mut Request, now: DateTime<Utc>) -> Result<(), SourceError> {
        for (name, value) in &self.headers {
            request.headers_mut().insert(name, value.clone());
        }
        if !self.query.is_empty() {
            let pairs = self.query.iter().map(|(name, value)| (name, value.expose_secret()));
            request.url_mut().query_pairs_mut().extend_pairs(pairs);
        }
        if !self.body.is_empty() {
            self.fill_body(request)?;
        }
        self.signer.as_ref().map_or(Ok(()), |signer| signer.sign(request, now))
    }

    fn fill_body(&self, request: &mut Request) -> Result<(), SourceError> {
        let nowhere = || {
            SourceError::settings(
                "the credentials stand in the body, and this request sends no JSON object or form",
            )
        };
        let body = request.body().and_then(reqwest::Body::as_bytes).ok_or_else(nowhere)?;
        let text = std::str::from_utf8(body).map_err(|_| nowhere())?;
        let kind =
            request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let filled = match kind.split(';').next().unwrap_or_default().trim() {
            "application/json" => self.fill_object(text).ok_or_else(nowhere)?,
            "application/x-www-form-urlencoded" => self.fill_form(text),
            _ => return Err(nowhere()),
        };
        *request.body_mut() = Some(filled.into());
        Ok(())
    }

    /// The members stand in front, and the rest keeps its text.
    fn fill_object(&self, text: &str) -> Option<String> {
        let rest = text.trim_start().strip_prefix('{')?.trim_start();
        let members = self.body.iter().map(|(name, value)| {
            format!("{}:{}", Value::from(name.as_str()), Value::from(value.expose_secret()))
        });
        let members = members.collect::<Vec<_>>().join(",");
        let comma = if rest.starts_with('}') { "" } else { "," };
        Some(format!("{{{members}{comma}{rest}"))
    }

    fn fill_form(&self, text: &str) -> String {
        let mut form = form_urlencoded::Serializer::new(text.to_owned());
        form.extend_pairs(self.body.iter().map(|(name, value)| (name, value.expose_secret())));
        form.finish()
    }
}

fn header_name(name: &str) -> Result<HeaderName, SourceError> {
    HeaderName::try_from(name)
        .map_err(|_| SourceError::settings("the name of the auth header is not a header name"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> Option<String> {
        let body = vec![("client_id".to_owned(), SecretString::from("a\"b"))];
        Pass { body, ..Pass::default() }.fill_object(text)
    }

    #[test]
    fn members_are_added_to_an_object_and_to_nothing_else() {
        assert_eq!(filled("{}").unwrap(), r#"{"client_id":"a\"b"}"#);
        assert_eq!(filled(" { \"x\": 1.50 }").unwrap(), r#"{"client_id":"a\"b","x": 1.50 }"#);
        assert_eq!(filled("[1]"), None);
    }
}
