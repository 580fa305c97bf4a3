//! Queues that are handlers of webhooks: what is refused and how, and what a loaded one holds.

use std::fmt::Write as _;
use std::time::Duration;

use super::{CONFIG, DOMAIN, World};
use crate::queue::QueueSettings;
use crate::queue::webhook::Scheme;

const URL: &str = "url: \"https://app.example.com/hooks\"";
const SECRET: &str = "secret: \"file:hook\"";
/// `whsec_` and 24 bytes in base64.
const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A configuration whose queue is a handler with these settings.
fn world(settings: &str, files: &[(&str, &str)]) -> World {
    let queue = format!("billing: {{webhook: {{{settings}}}}}");
    let config = CONFIG.replace("billing: {sqlite: {path: queue.db, table: events}}", &queue);
    World::new(&config, &[&[("reconcilers/a.yaml", DOMAIN)], files].concat())
}

#[test]
fn wrong_webhooks_are_refused_with_place_and_advice() {
    let mut said = String::new();
    for (name, settings) in [
        ("no secret", URL.to_owned()),
        ("no address", SECRET.to_owned()),
        ("inline secret", format!("{URL}, secret: whsec_hunter2")),
        ("unknown signature", format!("{URL}, {SECRET}, signature: strip")),
        ("mode of a provider's handler", format!("{URL}, {SECRET}, signature: stripe, mode: binary")),
        ("unknown mode", format!("{URL}, {SECRET}, mode: batched")),
        ("topic without a header for it", format!("{URL}, {SECRET}, topic: orders/create")),
        ("topic of Stripe", format!("{URL}, {SECRET}, signature: stripe, topic: charge")),
        ("topic with a space", format!("{URL}, {SECRET}, signature: github, topic: \"an issue\"")),
        ("plain HTTP", format!("url: \"http://app.example.com/hooks\", {SECRET}")),
        ("plain HTTP to a private address", format!("url: \"http://10.0.0.1/\", {SECRET}, allow_http: true")),
        ("a private address", format!("url: \"https://10.0.0.1/\", {SECRET}")),
        (
            "the address of metadata",
            format!("url: \"https://169.254.169.254/\", {SECRET}, allow_private: true"),
        ),
        ("a login in the address", format!("url: \"https://me:hunter2@app.example.com/\", {SECRET}")),
        ("a user in the address", format!("url: \"https://hunter2@app.example.com/\", {SECRET}")),
        ("a query in the address", format!("url: \"https://app.example.com/?key=hunter2\", {SECRET}")),
        ("no address of the web", format!("url: app.example.com, {SECRET}")),
        ("too many at once", format!("{URL}, {SECRET}, parallel: 65")),
        ("none at once", format!("{URL}, {SECRET}, parallel: 0")),
        ("no time", format!("{URL}, {SECRET}, timeout: 0s")),
        ("too much time", format!("{URL}, {SECRET}, timeout: 2m")),
        ("no byte", format!("{URL}, {SECRET}, max_bytes: 0")),
        ("a header that is ours", format!("{URL}, {SECRET}, headers: {{X-GitHub-Event: push}}")),
        ("a header that holds a secret", format!("{URL}, {SECRET}, headers: {{Authorization: hunter2}}")),
        ("a header that is none", format!("{URL}, {SECRET}, headers: {{\"a b\": c}}")),
        ("a header in two lines", format!("{URL}, {SECRET}, headers: {{X-A: \"b\\nc\"}}")),
        ("unknown key", format!("{URL}, {SECRET}, retries: 3")),
    ] {
        let _ = writeln!(said, "## {name}\n{}", world(&settings, &[]).problems());
    }
    assert!(!said.contains("hunter2"), "a secret was repeated:\n{said}");
    insta::assert_snapshot!(said);
}

#[test]
fn what_only_shows_when_secrets_are_read_is_refused_without_repeating_it() {
    let mut said = String::new();
    for (name, url, secret) in [
        ("a secret without its prefix", "https://app.example.com/", "hunter2"),
        ("a secret that is no base64", "https://app.example.com/", "whsec_hunter2!"),
        ("a login in the address", "https://me:hunter2@app.example.com/", KEY),
        ("plain HTTP", "http://app.example.com/hunter2", KEY),
        ("a private address", "https://192.168.0.1/hunter2", KEY),
        ("no address of the web", "hunter2", KEY),
    ] {
        let world = world(&format!("url: \"file:url\", {SECRET}"), &[("url", url), ("hook", secret)]);
        let refused = world.loaded().config.resolve_queue("billing").unwrap_err();
        let _ = writeln!(said, "## {name}\n{refused}");
    }
    assert!(!said.contains("hunter2"), "a secret was repeated:\n{said}");
    insta::assert_snapshot!(said);
}

#[test]
fn a_webhook_has_defaults_and_takes_what_is_set() {
    let resolved = |settings: &str| {
        let world = world(settings, &[("url", "https://app.example.com/hooks?key=hunter2\n"), ("hook", KEY)]);
        match world.loaded().config.resolve_queue("billing").unwrap() {
            QueueSettings::Webhook(settings) => settings,
            other => panic!("{other:?}"),
        }
    };
    let least = resolved(&format!("{URL}, {SECRET}"));
    insta::assert_debug_snapshot!(least);
    let most = resolved(&format!(
        "url: \"file:url\", {SECRET}, signature: shopify, topic: orders/create, headers: {{X-Shopify-Shop-Domain: shop.example.com}}, \
         parallel: 64, timeout: 40s, max_bytes: 100, allow_http: true, allow_private: true"
    ));
    insta::assert_debug_snapshot!(most);
    assert_eq!((most.timeout, most.parallel), (Duration::from_secs(40), 64));
    assert!(!format!("{most:?} {least:?}").contains("hunter2"));
    let github = resolved(&format!("{URL}, {SECRET}, signature: github"));
    assert!(format!("{github:?}").contains(&format!("{:?}", Scheme::Github(None))));
}
