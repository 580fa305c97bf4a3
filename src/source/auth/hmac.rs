//! HMACs over a text that the definition declares.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA512, digest};
use chrono::{DateTime, Utc};
use reqwest::Request;
use reqwest::header::HeaderName;
use secrecy::{ExposeSecret as _, SecretString};
use tieout_reconcilers::define::auth::sign::{Hash, Hmac, Part};
use tieout_reconcilers::define::auth::woven::Woven;
use tieout_reconcilers::instant::Instant;
use url::Position;

use super::sign::{body, hex, host, mac, set, written};
use crate::source::error::SourceError;

/// Signs a request.
pub(super) fn sign(
    sign: &Hmac<SecretString>,
    request: &mut Request,
    now: DateTime<Utc>,
    nonce: &str,
) -> Result<(), SourceError> {
    let timestamp = sign.time.write(Instant::from(now));
    let parts = Parts::of(request, sign.hash, &timestamp, nonce);
    let text = parts.weave(&sign.text, "");
    let tag = mac(sign.hash, sign.key.expose_secret().as_bytes(), text.as_bytes());
    let signature = written(tag.as_ref(), sign.encoding);
    let headers: Vec<(&str, String)> =
        sign.headers.iter().map(|(name, value)| (name.as_str(), parts.weave(value, &signature))).collect();
    for (name, value) in headers {
        let name = HeaderName::try_from(name)
            .map_err(|_| SourceError::settings("the name of the signature's header is not a header name"))?;
        set(request, name, &value)?;
    }
    Ok(())
}

/// The parts of a request that can be signed.
struct Parts<'p> {
    method: String,
    host: String,
    path: String,
    query: String,
    target: String,
    url: String,
    body: String,
    body_hash: String,
    timestamp: &'p str,
    nonce: &'p str,
}

impl<'p> Parts<'p> {
    fn of(request: &Request, hash: Hash, timestamp: &'p str, nonce: &'p str) -> Self {
        let url = request.url();
        let digest = match hash {
            Hash::Sha1 => digest(&SHA1_FOR_LEGACY_USE_ONLY, body(request)),
            Hash::Sha256 => digest(&SHA256, body(request)),
            Hash::Sha512 => digest(&SHA512, body(request)),
        };
        Self {
            method: request.method().to_string(),
            host: host(request),
            path: url.path().to_owned(),
            query: url.query().unwrap_or_default().to_owned(),
            target: url[Position::BeforePath..Position::AfterQuery].to_owned(),
            url: url.as_str().to_owned(),
            body: String::from_utf8_lossy(body(request)).into_owned(),
            body_hash: hex(digest.as_ref()),
            timestamp,
            nonce,
        }
    }

    fn weave<'v>(&'v self, text: &'v Woven<SecretString, Part>, signature: &'v str) -> String {
        text.weave(
            |fixed| fixed.expose_secret(),
            |part| match part {
                Part::Method => &self.method,
                Part::Host => &self.host,
                Part::Path => &self.path,
                Part::Query => &self.query,
                Part::Target => &self.target,
                Part::Url => &self.url,
                Part::Body => &self.body,
                Part::BodyHash => &self.body_hash,
                Part::Timestamp => self.timestamp,
                Part::Nonce => self.nonce,
                Part::Signature => signature,
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::Method;
    use tieout_reconcilers::define::auth::sign::Encoding;
    use tieout_reconcilers::instant::TimeFormat;

    #[test]
    fn the_vector_of_rfc_4231_comes_out_in_both_forms() {
        let tag = mac(Hash::Sha256, b"Jefe", b"what do ya want for nothing?");
        assert_eq!(
            written(tag.as_ref(), Encoding::Hex),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(written(tag.as_ref(), Encoding::Base64), "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=");
    }

    #[test]
    fn the_declared_parts_are_signed_and_the_headers_show_what_they_were() {
        use tieout_reconcilers::define::checked::FromText as _;
        use tieout_reconcilers::define::template::Template;
        let text = |written: &str| {
            let woven = Woven::<Template, Part>::from_text(written).unwrap();
            woven.with(|template| SecretString::from(template.to_string()))
        };
        let keys = Hmac {
            key: "secret".into(),
            hash: Hash::Sha256,
            encoding: Encoding::Hex,
            time: TimeFormat::Epoch,
            text: text("{timestamp}\n{method}\n{target}\n{host}\n{body}\n{nonce}"),
            headers: vec![
                ("x-signature".to_owned(), text("v1={signature}")),
                ("x-time".to_owned(), text("{timestamp}")),
            ],
        };
        let mut request = Request::new(Method::POST, "http://a.example:81/x?b=c".parse().unwrap());
        *request.body_mut() = Some("{}".into());
        sign(&keys, &mut request, DateTime::from_timestamp(1_764_000_000, 0).unwrap(), "n1").unwrap();
        let expected = mac(Hash::Sha256, b"secret", b"1764000000\nPOST\n/x?b=c\na.example:81\n{}\nn1");
        assert_eq!(request.headers()["x-signature"], format!("v1={}", hex(expected.as_ref())));
        assert_eq!(request.headers()["x-time"], "1764000000");
    }
}
