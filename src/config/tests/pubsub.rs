//! Queues that are topics of Google Pub/Sub: what is refused and how, and what a loaded one holds.

use std::fmt::Write as _;

use super::{CONFIG, DOMAIN, World};
use crate::queue::{PubsubLogin, PubsubSettings, QueueSettings};

const TOPIC: &str = "topic: projects/shop-1/topics/billing";

/// A configuration whose queue is a topic with these settings.
fn world(settings: &str, files: &[(&str, &str)]) -> World {
    let queue = format!("billing: {{pubsub: {{{settings}}}}}");
    let config = CONFIG.replace("billing: {sqlite: {path: queue.db, table: events}}", &queue);
    World::new(&config, &[&[("reconcilers/a.yaml", DOMAIN)], files].concat())
}

fn resolved(settings: &str) -> PubsubSettings {
    let key = r#"{"type":"service_account","private_key":"hunter2"}"#;
    match world(settings, &[("key.json", key)]).loaded().config.resolve_queue("billing").unwrap() {
        QueueSettings::Pubsub(settings) => settings,
        other => panic!("{other:?}"),
    }
}

#[test]
fn wrong_topics_are_refused_with_place_and_advice() {
    let mut said = String::new();
    for (name, settings) in [
        ("no topic", "ordering: true".to_owned()),
        ("a topic without its project", "topic: billing".to_owned()),
        ("a subscription", "topic: projects/shop-1/subscriptions/billing".to_owned()),
        ("a short topic", "topic: projects/shop-1/topics/ab".to_owned()),
        ("a topic of Google's", "topic: projects/shop-1/topics/google-bills".to_owned()),
        ("a topic that begins with a digit", "topic: projects/shop-1/topics/1bills".to_owned()),
        ("a topic with a space", "topic: projects/shop-1/topics/my bills".to_owned()),
        ("no project", "topic: projects//topics/billing".to_owned()),
        ("unknown mode", format!("{TOPIC}, mode: batched")),
        ("no truth", format!("{TOPIC}, ordering: subject")),
        ("an inline secret", format!("{TOPIC}, credentials: hunter2")),
        ("an endpoint without a scheme", format!("{TOPIC}, endpoint: \"127.0.0.1:8085\"")),
        ("an endpoint of another kind", format!("{TOPIC}, endpoint: \"grpc://pubsub.example.com\"")),
        ("a login in the endpoint", format!("{TOPIC}, endpoint: \"https://me:hunter2@example.com\"")),
        ("a path in the endpoint", format!("{TOPIC}, endpoint: \"https://example.com/v1\"")),
        (
            "credentials for an emulator",
            format!("{TOPIC}, endpoint: \"http://127.0.0.1:8085\", credentials: file:key.json"),
        ),
        ("unknown key", format!("{TOPIC}, subscription: billing")),
    ] {
        let _ = writeln!(said, "## {name}\n{}", world(&settings, &[]).problems());
    }
    assert!(!said.contains("hunter2"), "a secret was repeated:\n{said}");
    insta::assert_snapshot!(said);
}

#[test]
fn credentials_that_are_no_key_of_a_service_account_are_refused_without_repeating_them() {
    for bad in ["hunter2", "{}", r#"{"type":"authorized_user","refresh_token":"hunter2"}"#] {
        let world = world(&format!("{TOPIC}, credentials: file:key.json"), &[("key.json", bad)]);
        let refused = world.loaded().config.resolve_queue("billing").unwrap_err().to_string();
        let expected = "queues.billing.pubsub.credentials: it is not the key of a service account in JSON; \
                        without `credentials` the application default credentials are used";
        assert_eq!(refused, expected, "{bad}");
    }
}

#[test]
fn a_topic_has_defaults_and_takes_what_is_set() {
    let least = resolved(TOPIC);
    insta::assert_debug_snapshot!(least);
    let most = resolved(&format!(
        "{TOPIC}, mode: binary, ordering: false, credentials: file:key.json, \
         endpoint: \"https://europe-west1-pubsub.googleapis.com/\""
    ));
    insta::assert_debug_snapshot!(most);
    assert!(!format!("{most:?}").contains("hunter2"));
}

#[test]
fn an_emulator_is_told_no_credentials_wherever_they_may_stand() {
    let emulator = resolved(&format!("{TOPIC}, endpoint: \"http://127.0.0.1:8085\""));
    assert!(matches!(emulator.login, PubsubLogin::Anonymous));
    let region = resolved(&format!("{TOPIC}, endpoint: \"https://europe-west1-pubsub.googleapis.com\""));
    assert!(matches!(region.login, PubsubLogin::Environment));
}
