//! Queues that are topics of Kafka: what is refused and how, and what a loaded one holds.

use std::fmt::Write as _;

use super::{CONFIG, DOMAIN, World};
use crate::queue::{KafkaSettings, QueueSettings};

const TOPIC: &str = "brokers: [\"kafka.example.com:9092\"], topic: billing.repairs";

/// A configuration whose queue is a topic with these settings.
fn world(settings: &str, files: &[(&str, &str)]) -> World {
    let queue = format!("billing: {{kafka: {{{settings}}}}}");
    let config = CONFIG.replace("billing: {sqlite: {path: queue.db, table: events}}", &queue);
    World::new(&config, &[&[("reconcilers/a.yaml", DOMAIN)], files].concat())
}

#[test]
fn wrong_topics_are_refused_with_place_and_advice() {
    let mut said = String::new();
    let broker = |broker: &str| format!("brokers: [\"{broker}\"], topic: a");
    let login = |login: &str| format!("{TOPIC}, login: {{{login}}}");
    for (name, settings) in [
        ("no broker", "brokers: [], topic: a".to_owned()),
        ("a broker without a port", broker("kafka.example.com")),
        ("a broker at no port", broker("kafka.example.com:0")),
        ("a broker with a scheme", broker("kafka://kafka.example.com:9092")),
        ("a broker with a login", broker("app:hunter2@kafka.example.com:9092")),
        ("two brokers in one", broker("a.example.com:9092,b.example.com:9092")),
        ("no topic", "brokers: [\"kafka.example.com:9092\"]".to_owned()),
        ("a topic with a slash", "brokers: [\"kafka.example.com:9092\"], topic: billing/repairs".to_owned()),
        ("a topic that is a folder", "brokers: [\"kafka.example.com:9092\"], topic: \"..\"".to_owned()),
        ("unknown mode", format!("{TOPIC}, mode: batched")),
        ("unknown compression", format!("{TOPIC}, compression: zip")),
        ("no byte", format!("{TOPIC}, max_bytes: 0")),
        ("more than brokers take", format!("{TOPIC}, max_bytes: 104857601")),
        ("unknown mechanism", login("mechanism: SCRAM-SHA-1, user: app, password: env:KAFKA")),
        ("a password in the file", login("mechanism: PLAIN, user: app, password: hunter2")),
        ("a login without a password", login("mechanism: PLAIN, user: app")),
        ("a key in the file", format!("{TOPIC}, tls: {{certificate: app.pem, key: hunter2}}")),
        ("a certificate without its key", format!("{TOPIC}, tls: {{certificate: app.pem}}")),
        ("a key without its certificate", format!("{TOPIC}, tls: {{key: file:app.key}}")),
        ("unknown key", format!("{TOPIC}, acks: 1")),
    ] {
        let _ = writeln!(said, "## {name}\n{}", world(&settings, &[]).problems());
    }
    assert!(!said.contains("hunter2"), "a secret was repeated:\n{said}");
    insta::assert_snapshot!(said);
}

#[test]
fn a_topic_has_defaults_and_takes_what_is_set() {
    let resolved = |settings: &str| -> KafkaSettings {
        let world = world(settings, &[("password", "hunter2\n"), ("key", "hunter2")]);
        let folder = world.folder.path().to_path_buf();
        match world.loaded().config.resolve_queue("billing").unwrap() {
            QueueSettings::Kafka(mut settings) => {
                if let Some(tls) = &mut settings.tls {
                    let within =
                        |file: &mut std::path::PathBuf| *file = file.strip_prefix(&folder).unwrap().into();
                    let certificate = tls.certificate.as_mut().map(|(file, _)| file);
                    tls.authorities.iter_mut().chain(certificate).for_each(within);
                }
                settings
            }
            other => panic!("{other:?}"),
        }
    };
    let least = resolved(TOPIC);
    insta::assert_debug_snapshot!(least);
    let most = resolved(
        "brokers: [\"10.0.0.1:9093\", \"[2001:db8::1]:9093\"], topic: a_b-c, mode: binary, compression: gzip, max_bytes: 5000000, \
         tls: {authorities: ca.pem, certificate: app.pem, key: file:key}, \
         login: {mechanism: SCRAM-SHA-256, user: app, password: \"file:password\"}",
    );
    insta::assert_debug_snapshot!(most);
    assert!(!format!("{most:?}").contains("hunter2"));
}

#[test]
fn a_password_that_is_not_there_is_named_and_not_guessed() {
    let settings =
        format!("{TOPIC}, login: {{mechanism: PLAIN, user: app, password: env:TIEOUT_TEST_NO_KEY}}");
    let refused = world(&settings, &[]).loaded().config.resolve_queue("billing").unwrap_err();
    assert_eq!(
        refused.to_string(),
        "queues.billing.kafka.login.password: the environment variable `TIEOUT_TEST_NO_KEY` is not set"
    );
}
