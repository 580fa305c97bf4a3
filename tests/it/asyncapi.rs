//! The documents of what is sent, as the official parser of AsyncAPI, Backstage and real events judge them.

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::node::{Verdict, judge};
use crate::world::{World, charge};

const PARSER: &str = include_str!("../node/asyncapi.mjs");
const BACKSTAGE: &str = include_str!("../node/backstage.mjs");

/// The queue of every world.
const QUEUE: &str = "sqlite: {path: queue.db, table: tieout_events}";

/// A world with another queue.
async fn world_with(queue: &str) -> World {
    let world = World::agreeing(0).await;
    world.edit("tieout.yaml", QUEUE, queue);
    world
}

/// The document of a world.
fn written(world: &World, args: &[&str]) -> String {
    let outcome = world.tieout(&[&["asyncapi"], args].concat());
    assert_eq!(outcome.code, 0, "{outcome:?}");
    outcome.stdout
}

/// Lets the parser judge the documents of queues, each of its own configuration; that of the first in both formats, which say the same.
async fn all_parse(queues: &[&str]) {
    for (at, queue) in queues.iter().enumerate() {
        let world = world_with(queue).await;
        let formats: &[&str] = if at == 0 { &["yaml", "json"] } else { &["yaml"] };
        for &format in formats {
            let document = written(&world, &["--format", format]);
            let Verdict { is_good, said } = judge(PARSER, &[], &document);
            assert!(is_good && said.is_empty(), "{queue}: {said}\n{document}");
        }
    }
}

#[tokio::test]
async fn the_official_parser_has_nothing_against_the_documents_of_tables_and_files() {
    all_parse(&[
        QUEUE,
        "sqlite: {path: \"var/a {b}.db\"}",
        "postgres: {url: \"postgres://app@db.example.com:5433/shop\", table: app.events}",
        "postgres: {url: \"env:TIEOUT_TEST_NO_URL\"}",
        "pgmq: {url: \"postgresql:///shop\", queue: billing}",
        "ndjson: {path: events.ndjson}",
        "stdout: {}",
    ])
    .await;
}

#[cfg(feature = "all-queues")]
#[tokio::test]
async fn the_official_parser_has_nothing_against_the_documents_of_brokers() {
    all_parse(&[
        "redis: {url: \"redis://redis.example.com/1\", stream: billing}",
        "redis: {url: \"env:TIEOUT_TEST_NO_URL\", stream: \"{billing}:events\", mode: binary}",
        "rabbitmq: {url: \"amqp://app@rabbit.example.com/shop\", exchange: billing}",
        "rabbitmq: {url: \"amqps://rabbit.example.com\", exchange: billing, routing_key: repairs, mode: binary}",
        "rabbitmq: {url: \"env:TIEOUT_TEST_NO_URL\", routing_key: billing}",
        "nats: {url: \"nats://nats.example.com:4222\", subject: billing.repairs}",
        "nats: {url: \"tls://nats.example.com\", subject: billing.repairs, mode: binary}",
        "kafka: {brokers: [\"kafka-1.example.com:9092\", \"kafka-2.example.com:9092\"], topic: billing}",
        "kafka: {brokers: [\"kafka.example.com:9093\"], topic: billing, mode: binary, tls: {}}",
        "sqs: {url: \"https://sqs.eu-west-1.amazonaws.com/123456789012/billing.fifo\"}",
        "sns: {topic: \"arn:aws:sns:eu-west-1:123456789012:billing\"}",
        "sns: {topic: \"arn:aws:sns:eu-west-1:123456789012:billing.fifo\"}",
        "eventbridge: {bus: billing, region: eu-west-1}",
        "pubsub: {topic: projects/example/topics/billing}",
        "pubsub: {topic: projects/example/topics/billing, mode: binary, ordering: false}",
    ])
    .await;
}

#[tokio::test]
async fn the_official_parser_has_nothing_against_the_documents_of_webhooks() {
    let of = |more: &str| {
        format!("webhook: {{url: \"https://app.example.com/hooks\", secret: \"file:hook\", {more}}}")
    };
    all_parse(&[
        &of("headers: {x-team: billing}"),
        &of("mode: binary"),
        &of("signature: stripe"),
        &of("signature: shopify, topic: orders/create"),
        &of("signature: github"),
        "webhook: {url: \"env:TIEOUT_TEST_NO_URL\", secret: \"file:hook\"}",
    ])
    .await;
}

/// Every kind of data, a fan-out, a type of strange characters, several domains in one queue, and a domain that only reports.
#[tokio::test]
async fn the_official_parser_has_nothing_against_a_document_of_several_domains() {
    let world = World::agreeing(0).await;
    world.edit(
        "tieout.yaml",
        &format!("shop: {{{QUEUE}}}"),
        &format!("shop: {{{QUEUE}}}, out: {{stdout: {{}}}}"),
    );
    let domain = include_str!("world/charges.yaml");
    let (head, _) = domain.split_once("emit:").unwrap();
    let another = |name: &str, rest: &str| {
        let text = head.replace("domain: shop.charges", &format!("domain: {name}"));
        world.write(&format!("{name}.yaml"), &format!("{text}{rest}"));
    };
    another("shop.thin", "emit: {queue: shop, missing: {type: com.example.charge.created, data: thin}}\n");
    another(
        "shop.odd",
        "emit: {queue: shop, missing: {type: \"a/b:c#é\"}, mismatched: {type: \"a_b_c__\", data: thin}}\n",
    );
    another("shop.quiet", "");
    another(
        "shop.out",
        "direction: outbound\nemit: {queue: out, missing: {type: com.example.charge.pushed}}\n",
    );
    let document = written(&world, &[]);
    let Verdict { is_good, said } = judge(PARSER, &[], &document);
    assert!(is_good && said.is_empty(), "{said}\n{document}");
    assert_eq!(document, written(&world, &["--format", "yaml"]), "the same configuration has two documents");
}

/// Schemas of the registry with everything that has a place of its own there: definitions, references, an id, keywords of later drafts.
#[tokio::test]
async fn the_official_parser_has_nothing_against_the_schemas_of_the_registry() {
    let world = World::agreeing(0).await;
    world.schema(
        "charge/v1.json",
        r##"{
            "$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "https://example.com/schemas/charge/v1.json",
            "type": "object", "required": ["id", "amount"], "unevaluatedProperties": true,
            "properties": {
                "id": {"type": "string"}, "amount": {"$ref": "#/$defs/minor"}, "refunds": {"type": "array", "items": {"$ref": "#"}},
                "currency": {"enum": ["USD", "EUR"]}, "at": {"type": "string", "format": "date-time"}
            },
            "$defs": {"minor": {"type": "integer", "minimum": 0}},
            "dependentRequired": {"amount": ["currency"]}
        }"##,
    );
    world.schema(
        "charge/v2.json",
        r#"{"type": "object", "prefixItems": [true], "properties": {"id": {"const": "a"}}}"#,
    );
    world.edit("charges.yaml", "charge.created", "charge.created, schema: charge/v1");
    world.edit("charges.yaml", "charge.updated", "charge.updated, schema: charge/v2");
    for format in ["yaml", "json"] {
        let document = written(&world, &["--format", format]);
        assert!(document.contains("dependentRequired") && document.contains("minor"), "{document}");
        let Verdict { is_good, said } = judge(PARSER, &[], &document);
        assert!(is_good && said.is_empty(), "{said}\n{document}");
    }
}

#[tokio::test]
async fn a_document_with_a_mistake_is_refused_by_the_parser() {
    let document = written(&World::agreeing(0).await, &[]);
    for (from, to, complaint) in [
        ("action: send", "action: emit", "\"action\" property must be equal to one of the allowed values"),
        ("#/components/schemas/event", "#/components/schemas/evnt", "evnt"),
        ("$message.payload#/id", "payload.id", "correlationId"),
    ] {
        assert!(document.contains(from), "{from}\n{document}");
        let Verdict { is_good, said } = judge(PARSER, &[], &document.replacen(from, to, 1));
        assert!(!is_good && said.contains(complaint), "{from}: {said}");
    }
}

/// The payload of a type of event in the document of a world.
fn payload(world: &World, event_type: &str) -> Validator {
    let mut document: Value = serde_json::from_str(&written(world, &["--format", "json"])).unwrap();
    document["$ref"] = json!(format!("#/channels/shop/messages/{event_type}/payload"));
    jsonschema::options()
        .with_draft(jsonschema::Draft::Draft202012)
        .should_validate_formats(true)
        .build(&document)
        .unwrap()
}

#[tokio::test]
async fn real_events_are_what_the_document_says() {
    let world = World::agreeing(3).await;
    world.upstream(&charge("ch_lost", 5, 500));
    world.local(&charge("ch_gone", 6, 500)).await;
    world.change_upstream("ch_001", |charge| charge["amount"] = json!(1));
    world.edit("charges.yaml", "max_ratio: 100%", "max_ratio: 100%, orphans: emit");
    world.edit(
        "charges.yaml",
        "  mismatched:",
        "  orphaned: {type: com.example.charge.deleted}\n  mismatched:",
    );
    world.run();
    let events = world.events().await;
    assert_eq!(events.len(), 3, "{events:?}");
    for mut event in events {
        let schema = payload(&world, event["type"].as_str().unwrap());
        let faults: Vec<String> = schema.iter_errors(&event).map(|fault| fault.to_string()).collect();
        assert!(faults.is_empty(), "{faults:?}\n{event}");
        for (attribute, wrong) in [
            ("id", json!("1")),
            ("source", json!("/tieout/shop.refunds")),
            ("type", json!("com.example.refund")),
            ("tieoutkind", json!("unreadable")),
            ("tieoutepisode", json!("1")),
            ("data", json!("ch_1")),
        ] {
            let right = std::mem::replace(&mut event[attribute], wrong);
            assert!(!schema.is_valid(&event), "{attribute} may be anything");
            event[attribute] = right;
        }
    }
}

#[tokio::test]
async fn a_document_goes_into_a_file_and_needs_neither_secrets_nor_anybody_else() {
    let world = World::agreeing(1).await;
    std::fs::remove_file(world.path().join("key")).unwrap();
    std::fs::remove_file(world.path().join("app.db")).unwrap();
    let document = written(&world, &[]);
    std::fs::create_dir(world.path().join("docs")).unwrap();
    world.write("docs/asyncapi.yaml", &"what was there before, and is longer\n".repeat(1_000));
    assert_eq!(written(&world, &["--out", "docs/asyncapi.yaml"]), "");
    assert_eq!(std::fs::read_to_string(world.path().join("docs/asyncapi.yaml")).unwrap(), document);
    assert_eq!(world.api.requests(), 0);
}

#[tokio::test]
async fn what_cannot_be_written_is_said() {
    let world = World::agreeing(0).await;
    for (args, said) in [
        (vec!["asyncapi", "--domain", "shop.chargs"], "did you mean `shop.charges`?"),
        (vec!["asyncapi", "--out", "nowhere/asyncapi.yaml"], "nowhere/asyncapi.yaml cannot be written"),
        (vec!["status", "--format", "yaml"], "this command does not write `yaml`, but: human, json, jsonl"),
        (vec!["generate", "catalog"], "--owner"),
        (vec!["generate", "catalog", "--owner", "our team"], "`our team` names no entity"),
        (
            vec!["generate", "catalog", "--owner", "payments", "--name", "a b"],
            "`a b` is not a name in a catalogue",
        ),
        (
            vec!["generate", "catalog", "--owner", "payments", "--inline", "--definition", "x.yaml"],
            "--inline",
        ),
    ] {
        let outcome = world.tieout(&args);
        assert_eq!(outcome.code, 2, "{outcome:?}");
        assert!(outcome.stderr.contains(said), "{outcome:?}");
    }
}

#[tokio::test]
async fn backstage_takes_the_catalogue_with_the_document_beside_it_or_in_it() {
    let world = World::agreeing(0).await;
    let folder = world.path().join("docs");
    std::fs::create_dir(&folder).unwrap();
    written(&world, &["--out", "docs/asyncapi.yaml"]);
    let folder = folder.to_str().unwrap();
    let catalog = |args: &[&str]| {
        let common = ["generate", "catalog", "--owner", "group:default/payments", "--system", "billing"];
        let outcome = world.tieout(&[&common, args].concat());
        assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{outcome:?}");
        outcome.stdout
    };
    let beside = catalog(&[]);
    for file in
        [&beside, &catalog(&["--inline"]), &catalog(&["--name", "tieout-eu", "--lifecycle", "experimental"])]
    {
        let Verdict { is_good, said } = judge(BACKSTAGE, &[folder], file);
        assert!(is_good, "{said}\n{file}");
    }
    assert_eq!(judge(BACKSTAGE, &[folder], &beside).said, "API tieout-events\nComponent tieout\n");
    for (from, to) in [
        ("owner:", "owners:"),
        ("lifecycle: production", "lifecycle: ''"),
        ("name: tieout\n", "name: tieout!\n"),
    ] {
        assert!(beside.contains(from), "{from}\n{beside}");
        assert!(!judge(BACKSTAGE, &[folder], &beside.replace(from, to)).is_good, "{to}");
    }
}

#[cfg(feature = "all-queues")]
#[tokio::test]
async fn the_document_of_the_guide_is_what_the_command_writes() {
    use crate::docs::blocks;

    let page = include_str!("../../docs/asyncapi.md");
    let [queues] = blocks(page, "queues:")[..] else { panic!("one configuration") };
    let [emit] = blocks(page, "emit:")[..] else { panic!("what one domain emits") };
    let [document] = blocks(page, "asyncapi:")[..] else { panic!("one document") };
    let [catalog] = blocks(page, "apiVersion:")[..] else { panic!("one catalogue file") };
    let world = World::agreeing(0).await;
    world.edit("tieout.yaml", &format!("queues: {{shop: {{{QUEUE}}}}}\n"), queues);
    let (head, _) = include_str!("world/charges.yaml").split_once("emit:").unwrap();
    world.write("charges.yaml", &format!("{head}{emit}"));
    let told: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("$ tieout ")).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    for (line, shown) in told.into_iter().zip([document, catalog]) {
        let outcome = world.tieout(&line.split_whitespace().collect::<Vec<_>>());
        assert_eq!(outcome.code, 0, "{outcome:?}");
        assert_eq!(outcome.stdout, shown, "docs/asyncapi.md shows another document");
    }
}
