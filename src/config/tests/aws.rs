//! Queues of AWS: what is refused and how, and what a loaded one holds.

use std::fmt::Write as _;

use secrecy::ExposeSecret as _;

use super::{CONFIG, DOMAIN, World};
use crate::queue::QueueSettings;

const SQS: &str = "url: \"https://sqs.eu-west-1.amazonaws.com/123456789012/billing\"";
const SNS: &str = "topic: \"arn:aws:sns:eu-west-1:123456789012:billing\"";
const KEYS: &str = "access_key_id: \"file:id\", secret_access_key: \"file:secret\"";

/// A configuration whose queue is of some kind with these settings.
fn world(kind: &str, settings: &str) -> World {
    let queue = format!("billing: {{{kind}: {{{settings}}}}}");
    let config = CONFIG.replace("billing: {sqlite: {path: queue.db, table: events}}", &queue);
    World::new(&config, &[("reconcilers/a.yaml", DOMAIN), ("id", "AKIA\n"), ("secret", "s3cret\n")])
}

fn resolved(kind: &str, settings: &str) -> QueueSettings {
    world(kind, settings).loaded().config.resolve_queue("billing").unwrap()
}

#[test]
fn wrong_queues_of_aws_are_refused_with_place_and_advice() {
    let mut said = String::new();
    for (name, kind, settings) in [
        ("no address", "sqs", String::new()),
        ("an ARN for an address", "sqs", "url: \"arn:aws:sqs:eu-west-1:123456789012:billing\"".to_owned()),
        ("no account", "sqs", "url: \"https://sqs.eu-west-1.amazonaws.com/billing\"".to_owned()),
        ("a login in the address", "sqs", SQS.replace("sqs.eu", "me:hunter2@sqs.eu")),
        ("a query in the address", "sqs", SQS.replace("/billing", "/billing?key=hunter2")),
        ("plain HTTP", "sqs", SQS.replace("https", "http")),
        ("no region", "sqs", "url: \"https://sqs.example.com/123456789012/billing\"".to_owned()),
        ("another region", "sqs", format!("{SQS}, region: us-east-1")),
        ("no such region", "sqs", format!("{SQS}, region: Ireland")),
        ("an endpoint with a path", "sqs", format!("{SQS}, endpoint: \"https://sqs.example.com/queue\"")),
        ("an inline key", "sqs", format!("{SQS}, access_key_id: AKIA, secret_access_key: hunter2")),
        ("half a key", "sqs", format!("{SQS}, access_key_id: \"env:ID\"")),
        ("the other half", "sns", format!("{SNS}, secret_access_key: \"env:KEY\"")),
        ("unknown key", "sqs", format!("{SQS}, mode: binary")),
        ("no topic", "sns", String::new()),
        ("the name of a topic alone", "sns", "topic: billing".to_owned()),
        ("the ARN of a queue", "sns", SNS.replace(":sns:", ":sqs:")),
        ("a region beside an ARN", "sns", format!("{SNS}, region: eu-west-1")),
        ("no bus", "eventbridge", "region: eu-west-1".to_owned()),
        ("no region of a bus", "eventbridge", "bus: billing".to_owned()),
        (
            "the ARN of a rule",
            "eventbridge",
            "bus: \"arn:aws:events:eu-west-1:123456789012:rule/a\"".to_owned(),
        ),
        ("a source of AWS", "eventbridge", "bus: billing, region: eu-west-1, source: aws.s3".to_owned()),
    ] {
        let _ = writeln!(said, "## {name}\n{}", world(kind, &settings).problems());
    }
    assert!(!said.contains("hunter2"), "a secret was repeated:\n{said}");
    insta::assert_snapshot!(said);
}

#[test]
fn queues_of_aws_know_their_region_and_who_sends() {
    let key = format!("{SQS}, {KEYS}, region: eu-west-1");
    let QueueSettings::Sqs(sqs) = resolved("sqs", &key) else { panic!("no queue of SQS") };
    assert_eq!((sqs.account.region.as_str(), &sqs.account.endpoint), ("eu-west-1", &None));
    let keys = sqs.account.keys.as_ref().unwrap();
    assert_eq!((keys.id.expose_secret(), keys.secret.expose_secret()), ("AKIA", "s3cret"));
    assert!(!format!("{sqs:?}").contains("s3cret"), "{sqs:?}");

    let local = "url: \"http://127.0.0.1:5000/123456789012/billing.fifo\", region: eu-west-1";
    let QueueSettings::Sqs(sqs) = resolved("sqs", local) else { panic!("no queue of SQS") };
    assert_eq!(sqs.account.endpoint.as_deref(), Some("http://127.0.0.1:5000"));
    assert!(sqs.account.keys.is_none());

    let QueueSettings::Sns(sns) = resolved("sns", &format!("{SNS}, endpoint: \"https://sns.example.com\""))
    else {
        panic!("no topic of SNS")
    };
    let account = (sns.account.region.as_str(), sns.account.endpoint.as_deref());
    assert_eq!(account, ("eu-west-1", Some("https://sns.example.com")));

    let bus = "bus: \"arn:aws:events:eu-west-1:123456789012:event-bus/billing\", source: com.example.billing";
    let QueueSettings::EventBridge(bus) = resolved("eventbridge", bus) else { panic!("no bus") };
    assert_eq!(
        (bus.account.region.as_str(), bus.source.as_deref()),
        ("eu-west-1", Some("com.example.billing"))
    );
}
