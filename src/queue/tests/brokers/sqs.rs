//! SQS: on moto, and what moto never answers on a fake.

use std::fmt::Write as _;

use wiremock::ResponseTemplate;

use super::aws::{Fake, Inbox, account, all_taken, error, kinds, moto, taken, told};
use super::*;
use crate::queue::SqsSettings;

#[tokio::test]
async fn sqs_has_every_event_whole_with_some_attributes_beside_it() {
    let inbox = Inbox::standard().await;
    let batch = events(125);
    assert_eq!(send(&inbox.queue(), &batch).await, vec![Outcome::Acknowledged; 125]);
    let mut received = inbox.received().await;
    received.sort_by_key(|one| payloads(&batch).iter().position(|payload| *payload == one.body));
    assert_eq!(received.iter().map(|one| one.body.clone()).collect::<Vec<_>>(), payloads(&batch));
    insta::assert_debug_snapshot!(received.first());
    inbox.end().await;
}

#[tokio::test]
async fn a_fifo_queue_of_sqs_has_the_events_of_each_subject_in_their_order() {
    let inbox = Inbox::fifo().await;
    let mut batch = events(60);
    for (at, event) in batch.iter_mut().enumerate() {
        event.subject = format!("subject {}", at % 7);
    }
    assert_eq!(send(&inbox.queue(), &batch).await, vec![Outcome::Acknowledged; 60]);
    let received = inbox.received().await;
    insta::assert_debug_snapshot!(received.iter().find(|one| one.body == batch[0].payload));
    for subject in 0..7 {
        let sent: Vec<String> = payloads(&batch).into_iter().skip(subject).step_by(7).collect();
        let came = received.iter().map(|one| one.body.clone()).filter(|body| sent.contains(body));
        assert_eq!(came.collect::<Vec<_>>(), sent);
    }
    inbox.end().await;
}

#[tokio::test]
async fn a_fifo_queue_of_sqs_drops_what_comes_twice_and_acknowledges_it_all_the_same() {
    let inbox = Inbox::fifo().await;
    let batch = events(3);
    send(&inbox.queue(), &batch).await;
    assert_eq!(send(&inbox.queue(), &batch).await, vec![Outcome::Acknowledged; 3]);
    assert_eq!(inbox.received().await.len(), 3);
    inbox.end().await;
}

#[tokio::test]
async fn what_sqs_does_not_take_for_its_size_is_dead_and_its_siblings_arrive() {
    let inbox = Inbox::standard().await;
    let mut batch = events(30);
    batch[1] = event("ch_1", &format!("\"{}\"", "x".repeat(1 << 20)));
    batch[2] = event("ch_2", &format!("\"{}\"", "y".repeat(900_000)));
    batch[3] = event("ch_3", &format!("\"{}\"", "z".repeat(900_000)));
    let outcomes = send(&inbox.queue(), &batch).await;
    let mut expected = ["acknowledged"; 30];
    expected[1] = "too_large";
    assert_eq!(kinds(&outcomes), expected, "{outcomes:?}");
    assert_eq!(inbox.received().await.len(), 29);
    inbox.end().await;
}

#[tokio::test]
async fn sqs_says_what_waits_and_what_a_consumer_has() {
    let inbox = Inbox::standard().await;
    send(&inbox.queue(), &events(5)).await;
    assert_eq!(lag(&inbox.queue(), None).await, Some(Lag { waiting: 5, taken: Some(0) }));
    assert_eq!(inbox.take(2).await, 2);
    assert_eq!(lag(&inbox.queue(), None).await, Some(Lag { waiting: 3, taken: Some(2) }));
    inbox.end().await;
}

#[tokio::test]
async fn a_queue_of_sqs_that_is_not_there_is_refused_with_the_way_out() {
    let url = format!("{}/123456789012/{}", moto(), own_name());
    let queue = QueueSettings::Sqs(SqsSettings { url, account: account(&moto()) });
    let why = refusal(&queue).await;
    assert!(why.ends_with("there is no such queue: make it, or look at its name"), "{why}");
    let delivery = told(&queue, &events(1)).await;
    assert!(matches!(delivery.fault, Some(QueueFault::Refused { .. })), "{:?}", delivery.fault);
}

#[tokio::test]
async fn sqs_that_is_not_there_is_worth_another_attempt() {
    let url = "http://127.0.0.1:1/123456789012/billing".to_owned();
    let settings = SqsSettings { url, account: account("http://127.0.0.1:1") };
    assert!(is_unreachable(&QueueSettings::Sqs(settings)).await);
}

#[tokio::test]
async fn every_refusal_of_sqs_has_its_consequence_and_what_it_says_is_not_repeated() {
    let mut said = String::new();
    for (status, code) in [
        (400, "RequestThrottled"),
        (400, "ThrottlingException"),
        (403, "AccessDeniedException"),
        (403, "InvalidClientTokenId"),
        (403, "ExpiredTokenException"),
        (403, "SignatureDoesNotMatch"),
        (400, "KmsDisabled"),
        (400, "KmsThrottled"),
        (400, "QueueDoesNotExist"),
        (400, "SomethingNew"),
        (500, "InternalFailure"),
        (503, "ServiceUnavailable"),
        (429, "SomethingNew"),
    ] {
        let fake = Fake::new(move |call, _| match call.name.as_str() {
            "GetQueueAttributes" => ResponseTemplate::new(200).set_body_json(serde_json::json!({})),
            _ => error(status, code),
        });
        let delivery = told(&fake.await.sqs("billing"), &events(3)).await;
        assert!(delivery.outcomes.is_empty(), "{delivery:?}");
        let fault = delivery.fault.unwrap();
        let kind = if matches!(fault, QueueFault::Refused { .. }) { "pauses" } else { "rests" };
        let _ = writeln!(said, "{status} {code}: {kind}: {fault}");
    }
    insta::assert_snapshot!(said);
}

#[tokio::test]
async fn each_entry_that_sqs_does_not_take_has_an_outcome_of_its_own() {
    let fake = Fake::new(|call, _| match call.name.as_str() {
        "GetQueueAttributes" => ResponseTemplate::new(200).set_body_json(serde_json::json!({})),
        _ => taken(call, |entry| match entry["Id"].as_str().unwrap() {
            "1" => Some(("InvalidMessageContents", true)),
            "2" => Some(("InternalFailure", false)),
            "3" => Some(("SomethingNew", false)),
            "4" => Some(("SomethingNew", true)),
            "5" => Some(("ThrottlingException", true)),
            _ => None,
        }),
    });
    let delivery = told(&fake.await.sqs("billing"), &events(7)).await;
    assert_eq!(delivery.fault, None);
    insta::assert_debug_snapshot!(delivery.outcomes);
}

#[tokio::test]
async fn an_entry_for_which_sqs_has_no_right_pauses_the_queue_and_costs_no_attempt() {
    let fake = Fake::new(|call, _| match call.name.as_str() {
        "GetQueueAttributes" => ResponseTemplate::new(200).set_body_json(serde_json::json!({})),
        _ => taken(call, |entry| (entry["Id"] == "1").then_some(("KMS.DisabledException", true))),
    });
    let delivery = told(&fake.await.sqs("billing"), &events(3)).await;
    assert_eq!(kinds(&delivery.outcomes), ["acknowledged", "not now", "acknowledged"]);
    assert!(matches!(delivery.fault, Some(QueueFault::Refused { .. })), "{:?}", delivery.fault);
}

#[tokio::test]
async fn where_sqs_refuses_a_whole_call_for_one_message_its_siblings_are_sent_alone() {
    for code in ["BatchRequestTooLong", "InvalidMessageContents"] {
        let fake = Fake::new(move |call, _| match call.name.as_str() {
            "GetQueueAttributes" => error(403, "AccessDeniedException"),
            _ if call.body.contains("ch_13") => error(400, code),
            _ => all_taken(call),
        })
        .await;
        let batch: Vec<Outgoing> =
            (0..20).map(|at| event(&format!("ch_{at}"), &format!("\"ch_{at}\""))).collect();
        let delivery = told(&fake.sqs("billing"), &batch).await;
        let mut expected = ["acknowledged"; 20];
        expected[13] = if code == "BatchRequestTooLong" { "too_large" } else { "rejected" };
        assert_eq!((kinds(&delivery.outcomes), delivery.fault), (expected.to_vec(), None));
        assert_eq!(fake.sent().await.len(), 12);
    }
}

#[tokio::test]
async fn whoever_may_only_send_to_sqs_can_send() {
    let fake = Fake::new(|call, _| match call.name.as_str() {
        "GetQueueAttributes" => error(403, "AccessDeniedException"),
        _ => all_taken(call),
    });
    assert_eq!(send(&fake.await.sqs("billing"), &events(3)).await, vec![Outcome::Acknowledged; 3]);
}

#[tokio::test]
async fn an_event_of_a_group_does_not_overtake_one_that_sqs_did_not_take() {
    let fake = Fake::new(|call, _| match call.name.as_str() {
        "GetQueueAttributes" => ResponseTemplate::new(200).set_body_json(serde_json::json!({})),
        _ => taken(call, |entry| (entry["MessageGroupId"] == "a").then_some(("InternalFailure", false))),
    })
    .await;
    let mut batch = events(6);
    for (event, subject) in batch.iter_mut().zip(["a", "b", "a", "b", "a", "c"]) {
        subject.clone_into(&mut event.subject);
    }
    let delivery = told(&fake.sqs("billing.fifo"), &batch).await;
    let expected = ["not now", "acknowledged", "not now", "acknowledged", "not now", "acknowledged"];
    assert_eq!((kinds(&delivery.outcomes), delivery.fault), (expected.to_vec(), None));
    let calls: Vec<Vec<String>> = fake
        .sent()
        .await
        .iter()
        .map(|call| {
            call.entries().iter().map(|entry| entry["MessageGroupId"].as_str().unwrap().to_owned()).collect()
        })
        .collect();
    assert_eq!(calls, [vec!["a", "b", "c"], vec!["b"]]);
}

#[tokio::test]
async fn after_too_many_calls_fewer_are_on_their_way_at_once() {
    let fake = Fake::new(|call, number| match (call.name.as_str(), number) {
        ("GetQueueAttributes", _) => ResponseTemplate::new(200).set_body_json(serde_json::json!({})),
        (_, ..8) => error(400, "RequestThrottled"),
        _ => all_taken(call),
    })
    .await;
    let mut queue = open(&fake.sqs("billing"));
    let batch = events(200);
    let delivery = queue.send(&batch).await;
    assert!(matches!(delivery.fault, Some(QueueFault::Unreachable { .. })), "{:?}", delivery.fault);
    assert_eq!(fake.sent().await.len(), 8, "calls that were not on their way were begun after a fault");
    assert_eq!(queue.send(&batch).await.outcomes, vec![Outcome::Acknowledged; 200]);
}
