//! Tokens that we sign: what they claim, and how they are exchanged.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{self, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde_json::{Value, json};
use wiremock::matchers::{body_string_contains, header_regex, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::double::request;
use super::tokens::authorised;
use crate::source::{Client, ProviderSettings};

/// A key pair of this moment, as PEM, with what verifies its signatures.
struct Pair {
    key: String,
    public: DecodingKey,
}

fn pem(pkcs8: &[u8]) -> String {
    let lines = STANDARD.encode(pkcs8);
    let lines: Vec<&str> =
        lines.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"))
}

fn elliptic() -> Pair {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let key = pem(pair.to_pkcs8v1().unwrap().as_ref());
    Pair { key, public: DecodingKey::from_ec_der(pair.public_key().as_ref()) }
}

fn rsa() -> Pair {
    let pair = rsa::KeyPair::generate(KeySize::Rsa2048).unwrap();
    let key = pem(AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).unwrap().as_ref());
    Pair { key, public: DecodingKey::from_rsa_der(pair.public_key().as_ref()) }
}

fn with_key(base: &str, auth: &str, key: &str) -> ProviderSettings {
    let mut settings = authorised(base, auth);
    let auth = settings.auth.take().unwrap().try_map(|text| {
        use secrecy::ExposeSecret as _;
        let text = text.expose_secret().replace("CANARY-key", key);
        Ok::<_, ()>(text.into())
    });
    settings.auth = Some(auth.unwrap());
    settings
}

fn shown(request: &Request) -> String {
    request.headers["authorization"].to_str().unwrap().strip_prefix("Bearer ").unwrap().to_owned()
}

fn opened(token: &str, key: &DecodingKey, alg: Algorithm) -> (Option<String>, Value) {
    let mut validation = Validation::new(alg);
    validation.set_audience(&["appstoreconnect-v1"]);
    let opened = decode::<Value>(token, key, &validation).unwrap();
    (opened.header.kid, opened.claims)
}

#[tokio::test]
async fn a_token_that_we_sign_claims_what_was_declared_and_ends_in_time() {
    let (elliptic, rsa) = (elliptic(), rsa());
    for (alg, key, public) in [
        (Algorithm::ES256, elliptic.key, elliptic.public),
        // In one line, as environment variables hold it.
        (Algorithm::RS256, rsa.key.replace('\n', "\\n"), rsa.public.clone()),
        (Algorithm::PS256, rsa.key, rsa.public),
        (Algorithm::HS256, "shared".to_owned(), DecodingKey::from_secret(b"shared")),
    ] {
        let server = MockServer::start().await;
        Mock::given(path("/a")).respond_with(ResponseTemplate::new(200)).expect(2).mount(&server).await;
        let auth = format!(
            "{{jwt: {{alg: {alg:?}, key: \"{{secret.key}}\", header: {{kid: k1}}, ttl: 20m, \
             claims: {{iss: issuer, aud: appstoreconnect-v1, scope: [a, b]}}}}}}"
        );
        let client = Client::new(&with_key(&server.uri(), &auth, &key)).unwrap();
        client.send(&request("/a", &[]), None).await.unwrap();
        client.send(&request("/a", &[]), None).await.unwrap();
        let asked = server.received_requests().await.unwrap();
        assert_eq!(shown(&asked[0]), shown(&asked[1]), "it is signed once while it is good");
        let (kid, claims) = opened(&shown(&asked[0]), &public, alg);
        assert_eq!((kid.as_deref(), &claims["scope"]), (Some("k1"), &json!(["a", "b"])));
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 1_200);
    }
}

#[tokio::test]
async fn a_signed_token_is_exchanged_as_an_assertion_or_as_a_bearer() {
    let server = MockServer::start().await;
    Mock::given(path("/token"))
        .and(body_string_contains(
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=ey",
        ))
        .respond_with(
            ResponseTemplate::new(200).set_body_json(json!({"access_token": "one", "expires_in": 3600})),
        )
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(path("/app/installations/7/access_tokens"))
        .and(header_regex("authorization", "^Bearer ey"))
        .respond_with(
            ResponseTemplate::new(201)
                .set_body_json(json!({"token": "two", "expires_at": "2099-01-01T00:00:00Z"})),
        )
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(path("/a"))
        .and(header_regex("authorization", "^Bearer (one|two)$"))
        .respond_with(ResponseTemplate::new(200))
        .expect(2)
        .mount(&server)
        .await;
    let rsa = rsa();
    for exchange in [
        "{url: /token, as: assertion}",
        "{url: /app/installations/7/access_tokens, as: bearer, token: token, expires: expires_at}",
    ] {
        let auth = format!(
            "{{jwt: {{alg: RS256, key: \"{{secret.key}}\", claims: {{iss: me}}, exchange: {exchange}}}}}"
        );
        let client = Client::new(&with_key(&server.uri(), &auth, &rsa.key)).unwrap();
        assert_eq!(client.send(&request("/a", &[]), None).await.unwrap().status, 200);
    }
}

#[test]
fn a_key_that_signs_nothing_is_refused_without_being_shown() {
    let auth = "{jwt: {alg: ES256, key: \"{secret.key}\"}}";
    for bad in ["hunter2", &rsa().key, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"] {
        let refused = Client::new(&with_key("http://127.0.0.1:1", auth, bad)).unwrap_err();
        assert_eq!(refused.to_string(), "the key is no private key in PEM that ES256 can sign with");
    }
}
