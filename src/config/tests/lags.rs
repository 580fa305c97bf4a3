//! What a queue says about its consumers, and what of that is refused.

use std::fmt::Write as _;

use super::{CONFIG, DOMAIN, World};
use crate::config::LagConfig;

fn with_queue(queue: &str) -> World {
    let table = "billing: {sqlite: {path: queue.db, table: events}}";
    assert!(CONFIG.contains(table));
    World::new(&CONFIG.replace(table, &format!("billing: {queue}")), &[("reconcilers/a.yaml", DOMAIN)])
}

#[test]
fn every_broker_has_its_lag_by_the_name_of_who_consumes_or_by_none() {
    let named = |max: Option<u64>, of: Option<&str>| LagConfig { max, of: of.map(ToOwned::to_owned) };
    for (queue, lag) in [
        ("{sqlite: {path: queue.db}, lag: {max: 10000}}", named(Some(10_000), None)),
        ("{postgres: {url: env:QUEUE}, lag: {max: 1}}", named(Some(1), None)),
        (
            "{redis: {url: \"redis://127.0.0.1\", stream: a}, lag: {of: billing}}",
            named(None, Some("billing")),
        ),
        (
            "{nats: {url: \"nats://127.0.0.1\", subject: a}, lag: {of: billing, max: 5}}",
            named(Some(5), Some("billing")),
        ),
        (
            "{sqs: {url: \"https://sqs.eu-west-1.amazonaws.com/123456789012/a\"}, lag: {max: 5}}",
            named(Some(5), None),
        ),
        (
            "{kafka: {brokers: [\"127.0.0.1:9092\"], topic: a}, lag: {of: billing, max: 5}}",
            named(Some(5), Some("billing")),
        ),
        ("{rabbitmq: {url: \"amqp://127.0.0.1\", routing_key: a}, lag: {max: 5}}", named(Some(5), None)),
        (
            "{rabbitmq: {url: \"amqp://127.0.0.1\", exchange: a}, lag: {max: 5, of: b}}",
            named(Some(5), Some("b")),
        ),
    ] {
        assert_eq!(with_queue(queue).loaded().config.lag("billing"), Some(&lag), "{queue}");
    }
    assert_eq!(with_queue("{stdout: {}}").loaded().config.lag("billing"), None);
}

#[test]
fn a_lag_that_cannot_be_meant_is_refused_with_place_and_advice() {
    let mut said = String::new();
    for queue in [
        "{sqlite: {path: queue.db}, lag: {max: 0}}",
        "{sqlite: {path: queue.db}, lag: {max: -1}}",
        "{sqlite: {path: queue.db}, lag: {max: many}}",
        "{sqlite: {path: queue.db}, lag: {}}",
        "{postgres: {url: env:QUEUE}, lag: {max: 10, of: billing}}",
        "{redis: {url: \"redis://127.0.0.1\", stream: a}, lag: {max: 10}}",
        "{nats: {url: \"nats://127.0.0.1\", subject: a}, lag: {max: 10}}",
        "{rabbitmq: {url: \"amqp://127.0.0.1\", exchange: a}, lag: {max: 10}}",
        "{kafka: {brokers: [\"127.0.0.1:9092\"], topic: a}, lag: {max: 10}}",
        "{stdout: {}, lag: {of: billing}}",
        "{lag: {max: 10}}",
    ] {
        let _ = writeln!(said, "## {queue}\n{}", with_queue(queue).problems());
    }
    insta::assert_snapshot!(said);
}

#[test]
fn a_bound_on_a_queue_that_does_not_tell_is_a_doubt() {
    let loaded = with_queue("{ndjson: {path: out}, lag: {max: 10}}").loaded();
    let [doubt] = &loaded.warnings[..] else { panic!("{:?}", loaded.warnings) };
    let doubt = doubt.with_its_help();
    assert!(doubt.contains("tieout.yaml:5:") && doubt.contains("nothing is slowed down"), "{doubt}");
}

#[test]
fn a_funnel_in_a_database_that_is_not_there_is_refused() {
    let counting = DOMAIN.replacen(
        "compare:",
        "funnel:\n  database: ap\n  received: SELECT count(*) FROM a WHERE t >= :from AND t < :to\ncompare:",
        1,
    );
    let world = World::new(CONFIG, &[("reconcilers/a.yaml", &counting)]);
    assert!(
        world.problems().starts_with("reconcilers/a.yaml:10:13: there is no database `ap`"),
        "{}",
        world.problems()
    );
}
