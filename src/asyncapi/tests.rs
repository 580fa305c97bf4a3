//! Whole documents of whole configurations.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::Value;
use tempfile::TempDir;

use super::{About, Document, document, yaml};
use crate::config::Config;

const PROVIDER: &str = "provider: shop
base: https://shop.example.com
auth: {bearer: \"{secret.key}\"}
feeds:
  orders:
    request: GET /orders
    rows: data
    id: id
    next: none
    window: {clock: at, as: epoch, \"on\": created, filter: client}
    confirm: {one: \"GET /orders/{id}\", gone: 404}
";

/// A domain of the provider `shop`, up to what it emits.
const DOMAIN: &str = "feed: shop/orders
local:
  database: app
  rows: SELECT id, amount, at FROM orders WHERE at >= :from AND at < :to
  keys: SELECT id, amount, at FROM orders WHERE id IN (:keys)
  key: id
  clock: at
compare:
  amount:
";

const CHARGES: &str = "feed: stripe/charges
local:
  database: app
  rows: SELECT id, amount, at FROM charges WHERE at >= :from AND at < :to
  keys: SELECT id, amount, at FROM charges WHERE id IN (:keys)
  key: id
  clock: at
compare:
  amount:
";

/// The document of a configuration with these queues and domains. No variable that it names is set.
fn document_of(queues: &str, domains: &[String]) -> Document {
    document_with(PROVIDER, queues, domains)
}

/// The same with another provider.
fn document_with(provider: &str, queues: &str, domains: &[String]) -> Document {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let config = format!(
        "state: {{url: \"sqlite:state.db\"}}\ndatabases: {{app: {{url: \"env:TIEOUT_TEST_NO_URL\"}}}}\nqueues:\n{queues}\
         providers:\n  shop: {{secrets: {{key: env:TIEOUT_TEST_NO_KEY}}}}\n  stripe: {{secrets: {{stripe_key: env:TIEOUT_TEST_NO_KEY}}}}\n\
         reconcilers: [.]\n"
    );
    write("tieout.yaml", &config);
    write("shop.yaml", provider);
    for (at, domain) in domains.iter().enumerate() {
        write(&format!("domain-{at}.yaml"), domain);
    }
    let loaded = Config::load(&folder.path().join("tieout.yaml")).unwrap_or_else(|problems| {
        panic!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    });
    let about = About { title: "Events of the shop".to_owned(), version: "1.0.0".to_owned() };
    document(&loaded.config, &loaded.domains, about)
}

/// A domain that sends missing items.
fn domain(name: &str, queue: &str, event_type: &str) -> String {
    format!("domain: {name}\n{DOMAIN}emit:\n  queue: {queue}\n  missing: {{type: {event_type:?}}}\n")
}

/// Queues of every kind that is always built, and domains that share one of them.
#[test]
fn a_document_has_a_channel_for_each_queue_and_a_message_for_each_type() {
    let queues = "  table: {postgres: {url: \"postgres://app@db.example.com/shop\", table: app.events}}
  hooks: {webhook: {url: \"https://app.example.com/hooks\", secret: env:TIEOUT_TEST_NO_KEY, mode: binary, headers: {x-team: billing}}}
  unused: {stdout: {}}
";
    let shared = format!(
        "domain: shop.orders\n{DOMAIN}policy: {{orphans: emit}}\nemit:\n  queue: table\n  missing: {{type: com.example.changed}}\n  \
         mismatched: {{type: com.example.changed}}\n  orphaned: {{type: com.example.deleted}}\n"
    );
    let thin = format!(
        "domain: shop.copies\n{DOMAIN}emit:\n  queue: table\n  missing: {{type: com.example.changed, data: thin}}\n"
    );
    let outbound = format!(
        "domain: shop.stock\ndirection: outbound\n{DOMAIN}emit:\n  queue: hooks\n  missing: {{type: com.example.stock}}\n"
    );
    let original = format!(
        "domain: stripe.charges\n{CHARGES}emit:\n  queue: hooks\n  missing: {{type: \"com.example.café\", data: original}}\n"
    );
    insta::assert_snapshot!(yaml(&document_of(queues, &[shared, thin, outbound, original])).unwrap());
}

/// What each kind of queue is called, and what stands beside the payload.
#[cfg(feature = "all-queues")]
#[test]
fn each_kind_of_queue_has_its_protocol_its_address_and_its_bindings() {
    let queues = "  a-sqlite: {sqlite: {path: \"var/queue {1}.db\"}}
  b-pgmq: {pgmq: {url: env:TIEOUT_TEST_NO_URL, queue: billing}}
  c-redis: {redis: {url: \"rediss://redis.example.com:6380/1\", stream: \"{shop}:events\", mode: binary}}
  d-exchange: {rabbitmq: {url: \"amqps://app@rabbit.example.com/shop\", exchange: billing, mode: binary}}
  e-queue: {rabbitmq: {url: \"amqp://rabbit.example.com\", routing_key: billing}}
  f-nats: {nats: {url: \"tls://nats.example.com:4222\", subject: billing.repairs, mode: binary}}
  g-standard: {webhook: {url: file:hook, secret: env:TIEOUT_TEST_NO_KEY}}
  h-stripe: {webhook: {url: \"http://localhost:8080/hooks\", secret: env:TIEOUT_TEST_NO_KEY, signature: stripe}}
  i-shopify: {webhook: {url: \"https://app.example.com/hooks\", secret: env:TIEOUT_TEST_NO_KEY, signature: shopify, topic: orders/create}}
  j-github: {webhook: {url: \"https://app.example.com/hooks\", secret: env:TIEOUT_TEST_NO_KEY, signature: github}}
  k-file: {ndjson: {path: events.ndjson}}
  l-stdout: {stdout: {}}
  m-sqs: {sqs: {url: \"https://sqs.eu-west-1.amazonaws.com/123456789012/billing.fifo\"}}
  n-sns: {sns: {topic: \"arn:aws:sns:eu-west-1:123456789012:billing\"}}
  o-eventbridge: {eventbridge: {bus: billing, region: eu-west-1}}
  p-kafka: {kafka: {brokers: [\"kafka-1.example.com:9092\", \"kafka-2.example.com:9092\"], topic: billing.repairs, mode: binary, tls: {}}}
  q-pubsub: {pubsub: {topic: projects/example/topics/billing, mode: binary}}
";
    let names = queues.lines().filter_map(|line| line.trim_start().split_once(':'));
    let domains: Vec<String> =
        names.map(|(queue, _)| domain(&format!("shop.{queue}"), queue, "com.example.created")).collect();
    let document = document_of(queues, &domains);
    let shown: Vec<String> = document.channels.keys().map(|name| shown(&document, name)).collect();
    insta::assert_snapshot!(shown.join("\n"));
}

/// A channel with its server and its only message, as JSON on a few lines, without the payload's schema.
#[cfg(feature = "all-queues")]
fn shown(document: &Document, name: &str) -> String {
    let mut value = serde_json::to_value(document).unwrap();
    let mut message = value["channels"][name]["messages"]["com.example.created"].take();
    message["payload"].take();
    let (channel, server) = (value["channels"][name].take(), value["servers"][name].take());
    let operation = value["operations"][format!("send-{name}")].take();
    format!(
        "{name}\n  server    {server}\n  channel   {channel}\n  operation {operation}\n  message   {message}\n"
    )
}

#[test]
fn a_domain_that_is_read_for_several_members_has_a_source_for_each() {
    let provider =
        PROVIDER.replace("GET /orders\n", "\"GET /{each.region}/orders\"\n    each: {region: [eu, us]}\n");
    let provider = provider.replace("\"GET /orders/{id}\"", "\"GET /{each.region}/orders/{id}\"");
    let domain = domain("shop.orders", "table", "com.example.created")
        .replace("WHERE", "WHERE region = :each.region AND");
    let document = document_with(&provider, "  table: {sqlite: {path: queue.db}}\n", &[domain]);
    let document = serde_json::to_value(&document).unwrap();
    let payload = &document["channels"]["table"]["messages"]["com.example.created"]["payload"];
    assert_eq!(
        payload["allOf"][1]["properties"]["source"]["pattern"], r"^/tieout/shop\.orders/.+$",
        "{payload}"
    );
}

#[test]
fn only_the_queues_of_the_wanted_domains_are_in_the_document() {
    let queues = "  a: {sqlite: {path: queue.db}}\n  b: {stdout: {}}\n";
    let document = document_of(queues, &[domain("shop.orders", "b", "com.example.created")]);
    let names: BTreeSet<&str> = document.channels.keys().map(String::as_str).collect();
    assert_eq!(names, ["b"].into());
    assert_eq!(document.servers.keys().collect::<Vec<_>>(), ["b"]);
    assert_eq!(document.operations.keys().collect::<Vec<_>>(), ["send-b"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// YAML has many ways to read a text as something else.
    #[test]
    fn yaml_and_json_say_the_same(event_type in r"(yes|1\.0|0x1|~|null|-|[!-~é\u{1f600}]{1,90})", path in "[ -~]{1,100}") {
        prop_assume!(path.trim() == path);
        let queues = format!("  files: {{ndjson: {{path: {}}}}}\n", serde_json::to_string(&path).unwrap());
        let domain = domain("shop.orders", "files", "TYPE").replace("\"TYPE\"", &serde_json::to_string(&event_type).unwrap());
        let document = document_of(&queues, &[domain]);
        let read: Value = serde_saphyr::from_str(&yaml(&document).unwrap()).unwrap();
        prop_assert_eq!(read, serde_json::to_value(&document).unwrap());
    }
}
