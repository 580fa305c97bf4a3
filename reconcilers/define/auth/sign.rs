//! Signatures over each request: AWS Signature Version 4, OAuth 1.0a, and HMACs over a declared text.

use schemars::JsonSchema;
use serde::Deserialize;

use super::door::Door;
use super::woven::{Thread, Woven};
use crate::define::checked::{Checked, Fault, Ordered, Placed, Word};
use crate::define::problem::Spot;
use crate::define::template::Template;
use crate::instant::TimeFormat;

/// A signature over each request.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SignFile {
    /// Which signature it is; the other words belong to one kind or another.
    kind: Checked<Kind>,
    /// Of `sigv4`: the region.
    region: Option<Checked<Template>>,
    /// Of `sigv4`: the service.
    service: Option<Checked<Template>>,
    /// Of `sigv4`: the id of the key.
    access_key: Option<Checked<Template>>,
    /// Of `sigv4`: the key.
    secret_key: Option<Checked<Template>>,
    /// Of `sigv4`: the token of a session.
    session_token: Option<Checked<Template>>,
    /// Of `oauth1`: the id of the consumer.
    consumer_key: Option<Checked<Template>>,
    /// Of `oauth1`: the secret of the consumer.
    consumer_secret: Option<Checked<Template>>,
    /// Of `oauth1`: the token.
    token: Option<Checked<Template>>,
    /// Of `oauth1`: the secret of the token.
    token_secret: Option<Checked<Template>>,
    /// Of `oauth1`: the realm.
    realm: Option<Checked<Template>>,
    /// Of `hmac`: the key.
    key: Option<Checked<Template>>,
    /// Of `hmac`: what is signed, such as `"{timestamp}{method}{target}{body}"`.
    text: Option<Checked<Woven<Template, Part>>>,
    /// Of `hmac`: the headers that show it, such as `{X-Signature: "{signature}"}`.
    headers: Option<Ordered<Checked<Woven<Template, Part>>>>,
    /// Of `hmac`: how the signature is written; `hex` where this is left out.
    encoding: Option<Checked<Encoding>>,
    /// Of `hmac`: how `{timestamp}` is written; `epoch` where this is left out.
    time: Option<Checked<TimeFormat>>,
    /// Of `oauth1` and `hmac`: the hash.
    hash: Option<Checked<Hash>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    SigV4,
    Oauth1,
    Hmac,
}

impl Word for Kind {
    const WHAT: &'static str = "kind of signature";

    fn words() -> Vec<(&'static str, Self)> {
        vec![("sigv4", Kind::SigV4), ("oauth1", Kind::Oauth1), ("hmac", Kind::Hmac)]
    }
}

/// A signature over each request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sign<T = Template> {
    /// AWS Signature Version 4.
    SigV4(SigV4<T>),
    /// OAuth 1.0a (RFC 5849).
    Oauth1(Oauth1<T>),
    /// An HMAC over a declared text.
    Hmac(Hmac<T>),
}

/// What AWS Signature Version 4 needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigV4<T> {
    /// The region, such as `eu-west-1`.
    pub region: T,
    /// The service, such as `execute-api`.
    pub service: T,
    /// The id of the key.
    pub access_key: T,
    /// The key.
    pub secret_key: T,
    /// The token of temporary keys.
    pub session_token: Option<T>,
}

/// What OAuth 1.0a needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Oauth1<T> {
    /// The consumer's id.
    pub consumer_key: T,
    /// The consumer's secret.
    pub consumer_secret: T,
    /// The token's id and secret, where there is a token.
    pub token: Option<(T, T)>,
    /// The realm, where the provider wants one.
    pub realm: Option<T>,
    /// SHA-1 or SHA-256.
    pub hash: Hash,
}

/// What an HMAC over a declared text needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hmac<T> {
    /// The key.
    pub key: T,
    /// The hash.
    pub hash: Hash,
    /// How the signature is written.
    pub encoding: Encoding,
    /// How `{timestamp}` is written.
    pub time: TimeFormat,
    /// What is signed.
    pub text: Woven<T, Part>,
    /// Headers that hold the signature and what it was made with, names in lower case.
    pub headers: Vec<(String, Woven<T, Part>)>,
}

/// A hash of an HMAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    /// SHA-1, which HMACs may still be made with.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

impl Word for Hash {
    const WHAT: &'static str = "hash";

    fn words() -> Vec<(&'static str, Self)> {
        vec![("sha1", Hash::Sha1), ("sha256", Hash::Sha256), ("sha512", Hash::Sha512)]
    }
}

/// How a signature is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// In lower-case hexadecimal digits.
    Hex,
    /// In base64 with padding.
    Base64,
}

impl Word for Encoding {
    const WHAT: &'static str = "encoding";

    fn words() -> Vec<(&'static str, Self)> {
        vec![("hex", Encoding::Hex), ("base64", Encoding::Base64)]
    }
}

/// A part of a request, as a signature sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// `GET` or `POST`.
    Method,
    /// The host, with its port where it is not the scheme's own.
    Host,
    /// The path.
    Path,
    /// The query without its question mark.
    Query,
    /// The path with its query.
    Target,
    /// The whole URL.
    Url,
    /// The body.
    Body,
    /// The hash of the body, in hexadecimal digits.
    BodyHash,
    /// The time of signing.
    Timestamp,
    /// A text that is used once.
    Nonce,
    /// The signature itself.
    Signature,
}

impl Thread for Part {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("method", Self::Method),
        ("host", Self::Host),
        ("path", Self::Path),
        ("query", Self::Query),
        ("target", Self::Target),
        ("url", Self::Url),
        ("body", Self::Body),
        ("body_hash", Self::BodyHash),
        ("timestamp", Self::Timestamp),
        ("nonce", Self::Nonce),
        ("signature", Self::Signature),
    ];
}

impl<T> Sign<T> {
    pub(super) fn try_map<'a, U, E>(
        &'a self,
        f: &mut impl FnMut(&'a T) -> Result<U, E>,
    ) -> Result<Sign<U>, E> {
        Ok(match self {
            Self::SigV4(sign) => Sign::SigV4(SigV4 {
                region: f(&sign.region)?,
                service: f(&sign.service)?,
                access_key: f(&sign.access_key)?,
                secret_key: f(&sign.secret_key)?,
                session_token: sign.session_token.as_ref().map(f).transpose()?,
            }),
            Self::Oauth1(sign) => Sign::Oauth1(Oauth1 {
                consumer_key: f(&sign.consumer_key)?,
                consumer_secret: f(&sign.consumer_secret)?,
                token: sign.token.as_ref().map(|(id, secret)| Ok((f(id)?, f(secret)?))).transpose()?,
                realm: sign.realm.as_ref().map(f).transpose()?,
                hash: sign.hash,
            }),
            Self::Hmac(sign) => {
                let headers = sign.headers.iter().map(|(name, value)| Ok((name.clone(), value.try_map(f)?)));
                Sign::Hmac(Hmac {
                    headers: headers.collect::<Result<_, E>>()?,
                    key: f(&sign.key)?,
                    hash: sign.hash,
                    encoding: sign.encoding,
                    time: sign.time,
                    text: sign.text.try_map(f)?,
                })
            }
        })
    }
}

impl Sign<Template> {
    pub(super) fn compile(file: Placed<SignFile>, door: &mut Door<'_, '_>) -> Option<Self> {
        let spot = file.spot;
        let mut file = file.value;
        let kind = door.0.take(file.kind.clone())?;
        let sign = match kind {
            Kind::SigV4 => sigv4(&mut file, spot, door).map(Self::SigV4),
            Kind::Oauth1 => oauth1(&mut file, spot, door).map(Self::Oauth1),
            Kind::Hmac => hmac(&mut file, spot, door).map(Self::Hmac),
        };
        for (name, at) in file.left() {
            door.0.add(at, Fault::new(format!("`{name}` does not belong to this kind of signature")));
        }
        sign
    }
}

impl SignFile {
    /// What no kind has taken.
    fn left(&self) -> Vec<(&'static str, Spot)> {
        let texts = [
            ("region", &self.region),
            ("service", &self.service),
            ("access_key", &self.access_key),
            ("secret_key", &self.secret_key),
            ("session_token", &self.session_token),
            ("consumer_key", &self.consumer_key),
            ("consumer_secret", &self.consumer_secret),
            ("token", &self.token),
            ("token_secret", &self.token_secret),
            ("realm", &self.realm),
            ("key", &self.key),
        ];
        let texts = texts.into_iter().filter_map(|(name, text)| Some((name, text.as_ref()?.spot)));
        let others = [
            ("text", self.text.as_ref().map(|text| text.spot)),
            ("headers", self.headers.as_ref().and_then(|headers| Some(headers.0.first()?.spot))),
            ("encoding", self.encoding.as_ref().map(|encoding| encoding.spot)),
            ("time", self.time.as_ref().map(|time| time.spot)),
            ("hash", self.hash.as_ref().map(|hash| hash.spot)),
        ];
        texts.chain(others.into_iter().filter_map(|(name, at)| Some((name, at?)))).collect()
    }
}

fn sigv4(file: &mut SignFile, spot: Spot, door: &mut Door<'_, '_>) -> Option<SigV4<Template>> {
    let region = door.wanted("region", spot, file.region.take());
    let service = door.wanted("service", spot, file.service.take());
    let access_key = door.wanted("access_key", spot, file.access_key.take());
    let secret_key = door.wanted("secret_key", spot, file.secret_key.take());
    let session_token = door.text_option(file.session_token.take());
    Some(SigV4 {
        region: region?,
        service: service?,
        access_key: access_key?,
        secret_key: secret_key?,
        session_token,
    })
}

fn oauth1(file: &mut SignFile, spot: Spot, door: &mut Door<'_, '_>) -> Option<Oauth1<Template>> {
    let consumer_key = door.wanted("consumer_key", spot, file.consumer_key.take());
    let consumer_secret = door.wanted("consumer_secret", spot, file.consumer_secret.take());
    let token = match (file.token.take(), file.token_secret.take()) {
        (None, None) => None,
        (id, secret) => {
            let id = door.wanted("token", spot, id);
            Some((id?, door.wanted("token_secret", spot, secret)?))
        }
    };
    let hash = file.hash.take();
    let at = hash.as_ref().map(|hash| hash.spot);
    let hash = hash.map_or(Some(Hash::Sha1), |hash| door.0.take(hash));
    if let (Some(Hash::Sha512), Some(at)) = (hash, at) {
        door.0.add(at, Fault::new("OAuth 1.0a signs with `sha1` or `sha256`"));
    }
    let realm = door.text_option(file.realm.take());
    Some(Oauth1 { consumer_key: consumer_key?, consumer_secret: consumer_secret?, token, realm, hash: hash? })
}

fn hmac(file: &mut SignFile, spot: Spot, door: &mut Door<'_, '_>) -> Option<Hmac<Template>> {
    let key = door.wanted("key", spot, file.key.take());
    let hash = file.hash.take().map_or(Some(Hash::Sha256), |hash| door.0.take(hash));
    let encoding = file.encoding.take().map_or(Some(Encoding::Hex), |encoding| door.0.take(encoding));
    let time = file.time.take().map_or(Some(TimeFormat::Epoch), |time| door.0.take(time));
    let Some(text) = file.text.take() else {
        door.0.add(spot, Fault::new("the key `text` is missing in this block"));
        return None;
    };
    let text_spot = text.spot;
    let text = door.woven(text)?;
    if text.count(Part::Signature) > 0 {
        door.0.add(text_spot, Fault::new("the text cannot hold its own signature").at("{signature}"));
    }
    let mut headers = Vec::new();
    for entry in file.headers.take().unwrap_or_default().0 {
        let name = door.header_name(&entry.key, entry.spot);
        headers.extend(door.woven(entry.value).and_then(|value| Some((name?, value))));
    }
    if headers.iter().all(|(_, value)| value.count(Part::Signature) == 0) {
        let help = "write `headers: {X-Signature: \"{signature}\"}`";
        door.0.add(spot, Fault::new("no header holds the `{signature}`").with_help(help));
    }
    Some(Hmac { key: key?, hash: hash?, encoding: encoding?, time: time?, text, headers })
}
