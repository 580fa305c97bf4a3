//! What OpenTelemetry calls each kind of queue.

use super::{CONFIG, DOMAIN, World};
use crate::queue;

/// Settings that a queue of each kind needs at the least, and what its spans say of it.
const KINDS: [(&str, &str); 14] = [
    ("sqlite: {path: queue.db, table: events}", "sqlite"),
    ("postgres: {url: \"file:postgres\", table: events}", "postgres"),
    ("pgmq: {url: \"file:postgres\", queue: billing}", "pgmq"),
    ("redis: {url: \"redis://127.0.0.1\", stream: billing}", "redis"),
    ("rabbitmq: {url: \"amqp://127.0.0.1\", exchange: billing}", "rabbitmq"),
    ("nats: {url: \"nats://127.0.0.1\", subject: billing}", "nats"),
    ("sqs: {url: \"https://sqs.eu-west-1.amazonaws.com/123456789012/billing\"}", "aws_sqs"),
    ("sns: {topic: \"arn:aws:sns:eu-west-1:123456789012:billing\"}", "aws.sns"),
    ("eventbridge: {bus: billing, region: eu-west-1}", "eventbridge"),
    ("kafka: {brokers: [\"127.0.0.1:9092\"], topic: billing}", "kafka"),
    ("pubsub: {topic: projects/example/topics/billing}", "gcp_pubsub"),
    ("webhook: {url: \"http://localhost:8080/hooks\", secret: \"file:secret\"}", "webhook"),
    ("ndjson: {path: events.ndjson}", "ndjson"),
    ("stdout: {}", "stdout"),
];

#[test]
fn each_kind_of_queue_says_which_messaging_system_it_is_also_where_its_consumers_are_watched() {
    for (settings, system) in KINDS {
        let queue = format!("billing: {{{settings}}}");
        let config = CONFIG.replace("billing: {sqlite: {path: queue.db, table: events}}", &queue);
        let files = [
            ("reconcilers/a.yaml", DOMAIN),
            ("postgres", "postgres://127.0.0.1/app"),
            ("secret", "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="),
        ];
        let world = World::new(&config, &files);
        let queue = queue::open(&world.loaded().config.resolve_queue("billing").unwrap());
        assert_eq!(queue.system(), system);
        assert_eq!(queue::watched(queue, None, Some(1)).system(), system);
    }
}
