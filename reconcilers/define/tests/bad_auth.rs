//! `auth` blocks that are refused, and what is said about them.

use super::{PROVIDER, parse_provider, table};

/// What each case replaces.
const GOOD: &str = "{bearer: \"{secret.key}\"}";

#[test]
fn wrong_credentials_are_refused_with_place_excerpt_and_advice() {
    let cases = [
        ("no credential", GOOD, "{}"),
        ("cursor in a credential", GOOD, "{bearer: \"{cursor}\"}"),
        ("key without a place", GOOD, "{key: {value: \"{secret.key}\"}}"),
        ("key without a value", GOOD, "{key: {query: api_key}}"),
        ("unknown grant", GOOD, "{oauth: {grant: password, token_url: /t, client: \"{secret.key}\"}}"),
        (
            "refresh without a token",
            GOOD,
            "{oauth: {grant: refresh_token, token_url: /t, client: \"{secret.key}\"}}",
        ),
        (
            "rotation of nothing",
            GOOD,
            "{oauth: {grant: client_credentials, token_url: /t, client: \"{secret.key}\", rotate: true}}",
        ),
        (
            "secret in a token's address",
            GOOD,
            "{oauth: {grant: client_credentials, token_url: \"https://a.example/{secret.key}\", client: x}}",
        ),
        (
            "token's address without a host",
            GOOD,
            "{oauth: {grant: client_credentials, token_url: login.example.com, client: x}}",
        ),
        (
            "token not shown",
            GOOD,
            "{oauth: {grant: client_credentials, token_url: /t, client: x, then: {header: X, value: y}}}",
        ),
        (
            "token shown nowhere",
            GOOD,
            "{oauth: {grant: client_credentials, token_url: /t, client: x, then: {value: \"{token}\"}}}",
        ),
        ("unknown algorithm", GOOD, "{jwt: {alg: none, key: \"{secret.key}\"}}"),
        ("own claim", GOOD, "{jwt: {alg: HS256, key: \"{secret.key}\", claims: {exp: 1}}}"),
        ("short token", GOOD, "{jwt: {alg: HS256, key: \"{secret.key}\", ttl: 5s}}"),
        ("login without a token", GOOD, "{login: {request: POST /login}}"),
        ("login by two ways", GOOD, "{login: {request: POST /login, body: {a: b}, form: {a: b}, token: t}}"),
        (
            "login that needs an earlier step",
            GOOD,
            "{login: {request: POST /login, body: {a: \"{token}\"}, token: t}}",
        ),
        ("login that sends with GET", GOOD, "{login: {request: GET /login, body: {a: b}, token: t}}"),
        ("unknown kind of signature", GOOD, "{sign: {kind: sigv2}}"),
        ("signature without its key", GOOD, "{sign: {kind: sigv4, region: a, service: b, access_key: c}}"),
        (
            "signature of another kind",
            GOOD,
            "{sign: {kind: oauth1, consumer_key: a, consumer_secret: b, region: c}}",
        ),
        (
            "signature that is sent nowhere",
            GOOD,
            "{sign: {kind: hmac, key: \"{secret.key}\", text: \"{bdy}\"}}",
        ),
        (
            "signature over itself",
            GOOD,
            "{sign: {kind: hmac, key: a, text: \"{signature}\", headers: {X: \"{signature}\"}}}",
        ),
    ];
    insta::assert_snapshot!(table(PROVIDER, &cases, parse_provider));
}

#[test]
fn places_that_credentials_may_not_go_to_are_refused() {
    let cases = [
        ("certificate without its key", "limits:", "tls: {cert: \"{secret.cert}\"}\nlimits:"),
        ("hosts of everybody", "limits:", "hosts: [\"*.com\"]\nlimits:"),
        ("hosts with a path", "limits:", "hosts: [a.example.com/x]\nlimits:"),
        ("base of no token", "https://api.example.com/v1", "\"{token.instance_url}/v1\""),
    ];
    insta::assert_snapshot!(table(PROVIDER, &cases, parse_provider));
}
