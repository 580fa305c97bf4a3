//! AWS Signature Version 4 in headers.

use std::fmt::Write as _;

use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, Utc};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use reqwest::Request;
use reqwest::header::{AUTHORIZATION, HeaderName};
use secrecy::{ExposeSecret as _, SecretString};
use tieout_reconcilers::define::auth::sign::{Hash, SigV4};

use super::sign::{body, hex, host, mac, set};
use crate::source::error::SourceError;

/// What stays as it is in a canonical URI.
pub(super) const UNRESERVED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Signs a request.
pub(super) fn sign(
    sign: &SigV4<SecretString>,
    request: &mut Request,
    now: DateTime<Utc>,
) -> Result<(), SourceError> {
    let time = now.format("%Y%m%dT%H%M%SZ").to_string();
    set(request, HeaderName::from_static("x-amz-date"), &time)?;
    if let Some(token) = &sign.session_token {
        set(request, HeaderName::from_static("x-amz-security-token"), token.expose_secret())?;
    }
    let headers = signed_headers(request);
    let names = headers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(";");
    let canonical = canonical_request(request, sign, &headers, &names);
    let (region, service) = (sign.region.expose_secret(), sign.service.expose_secret());
    let scope = format!("{}/{region}/{service}/aws4_request", &time[..8]);
    let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", sha256(canonical.as_bytes()));
    let mut key = format!("AWS4{}", sign.secret_key.expose_secret()).into_bytes();
    for part in [&time[..8], region, service, "aws4_request"] {
        key = mac(Hash::Sha256, &key, part.as_bytes()).as_ref().to_vec();
    }
    let signature = hex(mac(Hash::Sha256, &key, text.as_bytes()).as_ref());
    let value = format!(
        "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
        sign.access_key.expose_secret()
    );
    set(request, AUTHORIZATION, &value)
}

/// The headers that are signed, by name: the host, the content type, and those of AWS.
fn signed_headers(request: &Request) -> Vec<(String, String)> {
    let mut headers = vec![("host".to_owned(), host(request))];
    for (name, value) in request.headers() {
        let name = name.as_str();
        if name == "content-type" || name.starts_with("x-amz-") {
            let value = String::from_utf8_lossy(value.as_bytes());
            headers.push((name.to_owned(), value.split_whitespace().collect::<Vec<_>>().join(" ")));
        }
    }
    headers.sort();
    headers
}

fn canonical_request(
    request: &Request,
    sign: &SigV4<SecretString>,
    headers: &[(String, String)],
    names: &str,
) -> String {
    let mut text = format!("{}\n{}\n{}\n", request.method(), path(request, sign), query(request));
    for (name, value) in headers {
        let _infallible = writeln!(text, "{name}:{value}");
    }
    let _infallible = write!(text, "\n{names}\n{}", sha256(body(request)));
    text
}

/// The path as it is sent, encoded once more; S3 alone takes it as it is sent.
fn path(request: &Request, sign: &SigV4<SecretString>) -> String {
    let path = request.url().path();
    if sign.service.expose_secret() == "s3" {
        return path.to_owned();
    }
    path.split('/')
        .map(|part| utf8_percent_encode(part, UNRESERVED).to_string())
        .collect::<Vec<_>>()
        .join("/")
}

fn query(request: &Request) -> String {
    let Some(query) = request.url().query() else { return String::new() };
    // A plus is a space for servers that read forms, and we never write one for anything else.
    let encode = |text: &str| {
        let plain = text.replace('+', " ");
        let plain = percent_decode_str(&plain).collect::<Vec<u8>>();
        percent_encoding::percent_encode(&plain, UNRESERVED).to_string()
    };
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (encode(name), encode(value))
        })
        .collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

fn sha256(bytes: &[u8]) -> String {
    hex(digest(&SHA256, bytes).as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::Method;
    use reqwest::header::{CONTENT_TYPE, HeaderValue};

    /// The keys and the time of AWS's published test suite.
    fn signed(method: Method, url: &str, body: Option<&'static str>, token: Option<&str>) -> String {
        let keys = SigV4 {
            region: "us-east-1".into(),
            service: "service".into(),
            access_key: "AKIDEXAMPLE".into(),
            secret_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".into(),
            session_token: token.map(Into::into),
        };
        let mut request = Request::new(method, url.parse().unwrap());
        if let Some(body) = body {
            let form = HeaderValue::from_static("application/x-www-form-urlencoded");
            request.headers_mut().insert(CONTENT_TYPE, form);
            *request.body_mut() = Some(body.into());
        }
        sign(&keys, &mut request, "2015-08-30T12:36:00Z".parse().unwrap()).unwrap();
        let value = request.headers()[AUTHORIZATION].to_str().unwrap();
        value.split_once("Signature=").unwrap().1.to_owned()
    }

    #[test]
    fn the_published_vectors_come_out() {
        let get = |url| signed(Method::GET, url, None, None);
        let vanilla = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
        assert_eq!(get("https://example.amazonaws.com/"), vanilla, "get-vanilla");
        assert_eq!(
            get("https://example.amazonaws.com/?Param2=value2&Param1=value1"),
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            "get-vanilla-query-order-key-case"
        );
        assert_eq!(
            signed(Method::POST, "https://example.amazonaws.com/", Some("Param1=value1"), None),
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
            "post-x-www-form-urlencoded"
        );
        assert_eq!(
            signed(Method::POST, "https://example.amazonaws.com/", None, None),
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
            "post-vanilla"
        );
    }

    #[test]
    fn a_path_is_encoded_once_more_except_for_s3() {
        let keys = |service: &str| SigV4 {
            region: "r".into(),
            service: service.into(),
            access_key: "a".into(),
            secret_key: "b".into(),
            session_token: None,
        };
        let request = Request::new(Method::GET, "https://a.example/x%20y/z".parse().unwrap());
        assert_eq!(path(&request, &keys("execute-api")), "/x%2520y/z");
        assert_eq!(path(&request, &keys("s3")), "/x%20y/z");
    }

    #[test]
    fn a_session_token_is_part_of_what_is_signed() {
        let url = "https://example.amazonaws.com/";
        assert_ne!(signed(Method::GET, url, None, Some("t")), signed(Method::GET, url, None, None));
    }
}
