//! Signs a request as the last step before it leaves.

use aws_lc_rs::hmac::{self, Key};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use reqwest::Request;
use reqwest::header::{HeaderName, HeaderValue};
use secrecy::SecretString;
use tieout_reconcilers::define::auth::Sign;
use tieout_reconcilers::define::auth::sign::{Encoding, Hash};

use super::{hmac as declared, oauth1, sigv4};
use crate::source::error::SourceError;

/// Signs requests.
#[derive(Debug)]
pub(super) struct Signer(Sign<SecretString>);

impl Signer {
    pub(super) const fn new(sign: Sign<SecretString>) -> Self {
        Self(sign)
    }

    /// Adds the signature. `now` is the provider's time as far as we know it.
    pub(super) fn sign(&self, request: &mut Request, now: DateTime<Utc>) -> Result<(), SourceError> {
        match &self.0 {
            Sign::SigV4(sign) => sigv4::sign(sign, request, now),
            Sign::Oauth1(sign) => oauth1::sign(sign, request, now, &nonce()),
            Sign::Hmac(sign) => declared::sign(sign, request, now, &nonce()),
        }
    }
}

/// A text that is used once.
fn nonce() -> String {
    uuid::Uuid::now_v7().simple().to_string()
}

/// The HMAC of a text.
pub(super) fn mac(hash: Hash, key: &[u8], text: &[u8]) -> hmac::Tag {
    let algorithm = match hash {
        Hash::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        Hash::Sha256 => hmac::HMAC_SHA256,
        Hash::Sha512 => hmac::HMAC_SHA512,
    };
    hmac::sign(&Key::new(algorithm, key), text)
}

/// Bytes as a signature is written.
pub(super) fn written(bytes: &[u8], encoding: Encoding) -> String {
    match encoding {
        Encoding::Hex => hex(bytes),
        Encoding::Base64 => STANDARD.encode(bytes),
    }
}

/// Bytes in lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

/// The body of a request, which is always in memory.
pub(super) fn body(request: &Request) -> &[u8] {
    request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default()
}

/// The host as it stands in the `Host` header.
pub(super) fn host(request: &Request) -> String {
    let url = request.url();
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Sets a header that is printed nowhere.
pub(super) fn set(request: &mut Request, name: HeaderName, value: &str) -> Result<(), SourceError> {
    let mut value =
        HeaderValue::try_from(value).map_err(|_| SourceError::settings("the signature cannot be sent"))?;
    value.set_sensitive(true);
    request.headers_mut().insert(name, value);
    Ok(())
}
