//! EventBridge: on moto, where a rule hands everything to a queue of SQS, and what moto never answers on a fake.

use std::fmt::Write as _;

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::types::Target;
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use super::aws::{Call, Fake, Inbox, account, config, error, kinds, moto, told};
use super::*;
use crate::queue::EventBridgeSettings;

/// A bus of the test's own, with a rule that hands everything to a queue of SQS.
struct Bus {
    client: Client,
    name: String,
    inbox: Inbox,
}

impl Bus {
    async fn new() -> Self {
        let (client, name, inbox) = (Client::new(&config()), own_name(), Inbox::standard().await);
        client.create_event_bus().name(&name).send().await.unwrap();
        let rule = client.put_rule().name(&name).event_bus_name(&name);
        rule.event_pattern(r#"{"detail-type":["com.example.charge.created"]}"#).send().await.unwrap();
        let target = Target::builder().id("inbox").arn(&inbox.arn).build().unwrap();
        client.put_targets().rule(&name).event_bus_name(&name).targets(target).send().await.unwrap();
        Self { client, name, inbox }
    }

    fn queue(&self) -> QueueSettings {
        let source = Some("com.example.billing".to_owned());
        let account = account(&moto());
        QueueSettings::EventBridge(EventBridgeSettings { bus: self.name.clone(), source, account })
    }

    async fn received(&self) -> Vec<Value> {
        let received = self.inbox.received().await;
        received.iter().map(|one| serde_json::from_str(&one.body).unwrap()).collect()
    }

    async fn end(self) {
        let (client, name) = (self.client, self.name);
        client.remove_targets().rule(&name).event_bus_name(&name).ids("inbox").send().await.unwrap();
        client.delete_rule().name(&name).event_bus_name(&name).send().await.unwrap();
        client.delete_event_bus().name(&name).send().await.unwrap();
        self.inbox.end().await;
    }
}

#[tokio::test]
async fn a_rule_of_eventbridge_has_every_event_whole_as_its_detail() {
    let bus = Bus::new().await;
    let mut batch = events(45);
    let timed = r#"{"time":"2026-11-27T02:00:00Z","id""#;
    batch[0].payload = batch[0].payload.replacen("{\"id\"", timed, 1);
    assert_eq!(send(&bus.queue(), &batch).await, vec![Outcome::Acknowledged; 45]);
    let received = bus.received().await;
    let details: BTreeMap<String, &Value> =
        received.iter().map(|event| (event["detail"]["id"].to_string(), event)).collect();
    let sent: Vec<Value> = payloads(&batch).iter().map(|one| serde_json::from_str(one).unwrap()).collect();
    for event in &sent {
        assert_eq!(details[&event["id"].to_string()]["detail"], *event);
    }
    let first = details[&sent[0]["id"].to_string()];
    insta::assert_json_snapshot!(first, {".id" => "[id]"});
    assert_eq!(received.len(), 45);
    bus.end().await;
}

#[tokio::test]
async fn a_bus_that_is_not_there_is_refused_before_anything_is_sent_to_it() {
    let account = account(&moto());
    let settings = EventBridgeSettings { bus: own_name(), source: None, account };
    let why = refusal(&QueueSettings::EventBridge(settings.clone())).await;
    assert!(why.ends_with("there is no such event bus: make it, or look at its name"), "{why}");
    let delivery = told(&QueueSettings::EventBridge(settings), &events(1)).await;
    assert_eq!(delivery.outcomes, []);
    assert!(matches!(delivery.fault, Some(QueueFault::Refused { .. })), "{:?}", delivery.fault);
}

#[tokio::test]
async fn eventbridge_that_is_not_there_is_worth_another_attempt() {
    let account = account("http://127.0.0.1:1");
    let settings = EventBridgeSettings { bus: "billing".to_owned(), source: None, account };
    assert!(is_unreachable(&QueueSettings::EventBridge(settings)).await);
}

/// A bus at a fake.
fn at(fake: &Fake) -> QueueSettings {
    let bus = "billing".to_owned();
    QueueSettings::EventBridge(EventBridgeSettings { bus, source: None, account: fake.account() })
}

/// A fake with the bus, whose entries have some codes, in their order.
async fn answering(codes: &'static [Option<&'static str>]) -> Fake {
    Fake::new(move |call: &Call, _| {
        let entry = |code: Option<&str>| match code {
            Some(code) => json!({"ErrorCode": code, "ErrorMessage": "hunter2"}),
            None => json!({"EventId": "e"}),
        };
        let entries: Vec<Value> = codes.iter().copied().map(entry).collect();
        let n_failed = codes.iter().flatten().count();
        let body = match call.name.as_str() {
            "DescribeEventBus" => json!({"Name": "billing"}),
            _ => json!({"FailedEntryCount": n_failed, "Entries": entries}),
        };
        ResponseTemplate::new(200).set_body_json(body)
    })
    .await
}

#[tokio::test]
async fn each_entry_that_eventbridge_does_not_take_has_an_outcome_of_its_own() {
    let fake = answering(&[
        None,
        Some("InternalFailure"),
        Some("ThrottlingException"),
        Some("MalformedDetail"),
        Some("NotAuthorizedForSourceException"),
        Some("SomethingNew"),
        None,
    ])
    .await;
    let delivery = told(&at(&fake), &events(8)).await;
    assert_eq!(delivery.fault, None);
    insta::assert_debug_snapshot!(delivery.outcomes);
}

#[tokio::test]
async fn an_entry_for_which_there_is_no_right_pauses_the_bus_and_costs_no_attempt() {
    let fake = answering(&[None, Some("AccessDeniedException"), None]).await;
    let delivery = told(&at(&fake), &events(3)).await;
    assert_eq!(kinds(&delivery.outcomes), ["acknowledged", "not now", "acknowledged"]);
    let fault = delivery.fault.unwrap().to_string();
    assert!(fault.ends_with("grant `events:PutEvents` on it"), "{fault}");
}

#[tokio::test]
async fn every_refusal_of_eventbridge_has_its_consequence_and_what_it_says_is_not_repeated() {
    let mut said = String::new();
    for (status, code) in [
        (400, "ThrottlingException"),
        (400, "AccessDeniedException"),
        (403, "UnrecognizedClientException"),
        (400, "ExpiredTokenException"),
        (400, "InvalidSignatureException"),
        (400, "ResourceNotFoundException"),
        (500, "InternalException"),
    ] {
        let fake = Fake::new(move |call, _| match call.name.as_str() {
            "DescribeEventBus" => ResponseTemplate::new(200).set_body_json(json!({"Name": "billing"})),
            _ => error(status, code),
        });
        let delivery = told(&at(&fake.await), &events(3)).await;
        assert!(delivery.outcomes.is_empty(), "{delivery:?}");
        let fault = delivery.fault.unwrap();
        let kind = if matches!(fault, QueueFault::Refused { .. }) { "pauses" } else { "rests" };
        let _ = writeln!(said, "{status} {code}: {kind}: {fault}");
    }
    insta::assert_snapshot!(said);
}

#[tokio::test]
async fn what_is_over_the_limit_of_eventbridge_is_dead_and_not_sent() {
    let fake = answering(&[None]).await;
    let large = event("ch_0", &format!("\"{}\"", "x".repeat(1 << 20)));
    let delivery = told(&at(&fake), &[large, event("ch_1", "{}")]).await;
    assert_eq!(kinds(&delivery.outcomes), ["too_large", "acknowledged"]);
    assert_eq!(fake.sent().await.len(), 1);
}

#[tokio::test]
async fn whoever_may_only_put_events_is_ready() {
    let fake = Fake::new(|_, _| error(400, "AccessDeniedException")).await;
    assert_eq!(open(&at(&fake)).ready().await, Ok(()));
}
