//! Signs tokens (RFC 7519), and exchanges them where the provider wants that.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use tieout_reconcilers::define::auth::jwt::{self, Exchange, ExchangeBy, Jwt};
use tieout_reconcilers::define::auth::woven::Token;
use tieout_reconcilers::define::reader::Reader;
use zeroize::Zeroizing;

use super::answer::open;
use super::endpoint::{Ask, Endpoint};
use super::oauth::form;
use super::session::Issued;
use crate::source::error::SourceError;

/// How far in the past a token begins, because the provider's clock may be behind ours.
const BEFORE: Duration = Duration::from_secs(30);

/// The grant of RFC 7523.
const ASSERTION: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// Signs tokens.
pub(super) struct Minted {
    header: Header,
    key: EncodingKey,
    claims: Value,
    ttl: Duration,
    exchange: Option<(Exchange<SecretString>, Endpoint)>,
    base: Option<Reader>,
}

impl std::fmt::Debug for Minted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Minted").field("ttl", &self.ttl).finish_non_exhaustive()
    }
}

impl Minted {
    /// Reads the key. Nothing is sent.
    pub(super) fn new(
        jwt: Jwt<SecretString>,
        endpoint: Option<Endpoint>,
        base: Option<Reader>,
    ) -> Result<Self, SourceError> {
        let alg = algorithm(jwt.alg);
        let mut header = Header::new(alg);
        for (name, value) in &jwt.header {
            set(&mut header, name, value.expose_secret())?;
        }
        let claims = jwt.claims.render(&|text| text.weave(|fixed| fixed.expose_secret(), |Token| ""));
        let key = encoding_key(alg, jwt.key.expose_secret())?;
        Ok(Self { header, key, claims, ttl: jwt.ttl, exchange: jwt.exchange.zip(endpoint), base })
    }

    /// A token that is good now.
    pub(super) async fn issue(&self, now: DateTime<Utc>) -> Result<Issued, SourceError> {
        let token = self.sign(now)?;
        let Some((exchange, endpoint)) = &self.exchange else {
            return Ok(Issued { token, good_for: Some(self.ttl.saturating_sub(BEFORE)), base: None });
        };
        let told = endpoint.ask(&hand_in(exchange, &token)?).await?;
        Ok(open(&told, &exchange.answer, self.base.as_ref(), now)?.issued)
    }

    fn sign(&self, now: DateTime<Utc>) -> Result<SecretString, SourceError> {
        let begins = now.timestamp() - TimeDelta::from_std(BEFORE).unwrap_or_default().num_seconds();
        let mut claims = self.claims.clone();
        claims["iat"] = begins.into();
        claims["exp"] = begins.saturating_add_unsigned(self.ttl.as_secs()).into();
        encode(&self.header, &claims, &self.key)
            .map(SecretString::from)
            .map_err(|_| SourceError::settings("the key cannot sign a token"))
    }
}

fn hand_in(exchange: &Exchange<SecretString>, token: &SecretString) -> Result<Ask, SourceError> {
    let params = exchange.params.iter().map(|(name, value)| (name.as_str(), value.expose_secret()));
    let mut pairs: Vec<(&str, &str)> = params.collect();
    let mut headers = HeaderMap::new();
    match exchange.by {
        ExchangeBy::Assertion => {
            pairs.extend([("grant_type", ASSERTION), ("assertion", token.expose_secret())]);
        }
        ExchangeBy::Bearer => {
            let text = Zeroizing::new(format!("Bearer {}", token.expose_secret()));
            let mut value = HeaderValue::try_from(&**text)
                .map_err(|_| SourceError::settings("the signed token cannot be sent"))?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
    }
    let body = (!pairs.is_empty()).then(|| form(&pairs));
    Ok(Ask { method: Method::POST, headers, body })
}

fn set(header: &mut Header, name: &str, value: &str) -> Result<(), SourceError> {
    match name {
        "alg" => return Err(SourceError::settings("the header's `alg` follows from the definition's")),
        "kid" => header.kid = Some(value.to_owned()),
        "typ" => header.typ = Some(value.to_owned()),
        "cty" => header.cty = Some(value.to_owned()),
        other => header.extras.insert(other, value),
    }
    Ok(())
}

fn encoding_key(alg: Algorithm, text: &str) -> Result<EncodingKey, SourceError> {
    // One line, as environment variables and service account files hold it.
    let unfolded =
        Zeroizing::new(if text.contains('\n') { text.to_owned() } else { text.replace("\\n", "\n") });
    let pem = unfolded.as_bytes();
    let key = match alg {
        Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => {
            return Ok(EncodingKey::from_secret(text.as_bytes()));
        }
        Algorithm::ES256 | Algorithm::ES384 => EncodingKey::from_ec_pem(pem),
        Algorithm::EdDSA => EncodingKey::from_ed_pem(pem),
        _ => EncodingKey::from_rsa_pem(pem),
    };
    key.map_err(|_| {
        SourceError::Settings(format!("the key is no private key in PEM that {alg:?} can sign with"))
    })
}

const fn algorithm(alg: jwt::Algorithm) -> Algorithm {
    match alg {
        jwt::Algorithm::HS256 => Algorithm::HS256,
        jwt::Algorithm::HS384 => Algorithm::HS384,
        jwt::Algorithm::HS512 => Algorithm::HS512,
        jwt::Algorithm::RS256 => Algorithm::RS256,
        jwt::Algorithm::RS384 => Algorithm::RS384,
        jwt::Algorithm::RS512 => Algorithm::RS512,
        jwt::Algorithm::PS256 => Algorithm::PS256,
        jwt::Algorithm::PS384 => Algorithm::PS384,
        jwt::Algorithm::PS512 => Algorithm::PS512,
        jwt::Algorithm::ES256 => Algorithm::ES256,
        jwt::Algorithm::ES384 => Algorithm::ES384,
        jwt::Algorithm::EdDSA => Algorithm::EdDSA,
    }
}
