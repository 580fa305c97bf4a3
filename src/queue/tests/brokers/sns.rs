//! SNS: on moto, which hands everything to a queue of SQS, and what moto never answers on a fake.

use std::fmt::Write as _;

use aws_sdk_sns::Client;
use wiremock::ResponseTemplate;

use super::aws::{Fake, Inbox, account, config, kinds, moto, told};
use super::*;
use crate::queue::SnsSettings;

/// A topic of the test's own, and the queue of SQS that subscribes to it.
struct Topic {
    client: Client,
    arn: String,
    inbox: Inbox,
}

impl Topic {
    async fn standard() -> Self {
        let client = Client::new(&config());
        let made = client.create_topic().name(own_name()).send().await.unwrap();
        Self::of(client, made.topic_arn().unwrap(), Inbox::standard().await).await
    }

    async fn fifo() -> Self {
        let client = Client::new(&config());
        let made = client.create_topic().name(format!("{}.fifo", own_name())).attributes("FifoTopic", "true");
        let made = made.send().await.unwrap();
        Self::of(client, made.topic_arn().unwrap(), Inbox::fifo().await).await
    }

    async fn of(client: Client, arn: &str, inbox: Inbox) -> Self {
        let subscribed = client.subscribe().topic_arn(arn).protocol("sqs").endpoint(&inbox.arn);
        subscribed.attributes("RawMessageDelivery", "true").send().await.unwrap();
        Self { client, arn: arn.to_owned(), inbox }
    }

    fn queue(&self) -> QueueSettings {
        QueueSettings::Sns(SnsSettings { topic: self.arn.clone(), account: account(&moto()) })
    }

    async fn end(self) {
        self.client.delete_topic().topic_arn(&self.arn).send().await.unwrap();
        self.inbox.end().await;
    }
}

#[tokio::test]
async fn whoever_subscribes_to_a_topic_of_sns_has_every_event_whole() {
    let topic = Topic::standard().await;
    let batch = events(45);
    assert_eq!(send(&topic.queue(), &batch).await, vec![Outcome::Acknowledged; 45]);
    let mut received = topic.inbox.received().await;
    received.sort_by_key(|one| payloads(&batch).iter().position(|payload| *payload == one.body));
    assert_eq!(received.iter().map(|one| one.body.clone()).collect::<Vec<_>>(), payloads(&batch));
    insta::assert_debug_snapshot!(received.first());
    topic.end().await;
}

#[tokio::test]
async fn a_fifo_topic_of_sns_keeps_the_order_of_each_subject() {
    let topic = Topic::fifo().await;
    let mut batch = events(24);
    for (at, event) in batch.iter_mut().enumerate() {
        event.subject = format!("subject-{}", at % 3);
    }
    assert_eq!(send(&topic.queue(), &batch).await, vec![Outcome::Acknowledged; 24]);
    let received = topic.inbox.received().await;
    for subject in 0..3 {
        let sent: Vec<String> = payloads(&batch).into_iter().skip(subject).step_by(3).collect();
        let came = received.iter().map(|one| one.body.clone()).filter(|body| sent.contains(body));
        assert_eq!(came.collect::<Vec<_>>(), sent);
    }
    topic.end().await;
}

#[tokio::test]
async fn what_sns_does_not_take_for_its_size_is_dead_and_its_siblings_arrive() {
    let topic = Topic::standard().await;
    let mut batch = events(3);
    batch[1] = event("ch_1", &format!("\"{}\"", "x".repeat(1 << 20)));
    let outcomes = send(&topic.queue(), &batch).await;
    assert_eq!(kinds(&outcomes), ["acknowledged", "too_large", "acknowledged"]);
    topic.end().await;
}

#[tokio::test]
async fn a_topic_that_is_not_there_is_refused_with_the_way_out() {
    let topic = format!("arn:aws:sns:eu-west-1:123456789012:{}", own_name());
    let why = refusal(&QueueSettings::Sns(SnsSettings { topic, account: account(&moto()) })).await;
    assert!(why.ends_with("there is no such topic: make it, or look at its name"), "{why}");
}

#[tokio::test]
async fn sns_that_is_not_there_is_worth_another_attempt() {
    let topic = "arn:aws:sns:eu-west-1:123456789012:billing".to_owned();
    let settings = SnsSettings { topic, account: account("http://127.0.0.1:1") };
    assert!(is_unreachable(&QueueSettings::Sns(settings)).await);
}

/// A topic at a fake.
fn at(fake: &Fake) -> QueueSettings {
    let topic = "arn:aws:sns:eu-west-1:123456789012:billing".to_owned();
    QueueSettings::Sns(SnsSettings { topic, account: fake.account() })
}

fn xml(status: u16, body: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body.to_owned(), "text/xml")
}

/// An error as SNS says it. What it says is never to be repeated.
fn error(status: u16, code: &str) -> ResponseTemplate {
    xml(
        status,
        &format!(
            "<ErrorResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><Error><Type>Sender</Type>\
             <Code>{code}</Code><Message>hunter2</Message></Error></ErrorResponse>"
        ),
    )
}

const LOOKED: &str = "<GetTopicAttributesResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\">\
    <GetTopicAttributesResult><Attributes><entry><key>MaximumMessageSize</key><value>2048</value></entry></Attributes>\
    </GetTopicAttributesResult></GetTopicAttributesResponse>";

#[tokio::test]
async fn every_refusal_of_sns_has_its_consequence_and_what_it_says_is_not_repeated() {
    let mut said = String::new();
    for (status, code) in [
        (400, "Throttling"),
        (429, "Throttled"),
        (403, "AuthorizationError"),
        (403, "InvalidClientTokenId"),
        (403, "ExpiredToken"),
        (403, "SignatureDoesNotMatch"),
        (400, "KMSDisabled"),
        (404, "NotFound"),
        (500, "InternalError"),
    ] {
        let fake = Fake::new(move |call, _| match call.name.as_str() {
            "GetTopicAttributes" => xml(200, LOOKED),
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
async fn what_a_topic_says_that_it_takes_is_its_limit_of_a_message_and_of_a_call() {
    let published = "<PublishBatchResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishBatchResult>\
        <Successful><member><Id>0</Id><MessageId>m</MessageId></member></Successful>\
        <Failed><member><Id>1</Id><Code>InvalidParameter</Code><SenderFault>true</SenderFault><Message>hunter2</Message></member></Failed>\
        </PublishBatchResult></PublishBatchResponse>";
    let fake = Fake::new(|call, _| match call.name.as_str() {
        "GetTopicAttributes" => xml(200, LOOKED),
        _ => xml(200, published),
    })
    .await;
    let mut batch = events(4);
    batch[1] = event("ch_1", &format!("\"{}\"", "x".repeat(2_048)));
    let outcomes = told(&at(&fake), &batch).await.outcomes;
    assert_eq!(kinds(&outcomes)[..3], ["acknowledged", "too_large", "rejected"], "{outcomes:?}");
    assert_eq!(kinds(&outcomes)[3], "retry", "nothing is said of it: {outcomes:?}");
    batch[0] = event("ch_0", &format!("\"{}\"", "x".repeat(1_500)));
    told(&at(&fake), &batch).await;
    assert_eq!(fake.sent().await.len(), 3);
}

#[tokio::test]
async fn whoever_may_only_publish_to_sns_is_ready() {
    let fake = Fake::new(|_, _| error(403, "AuthorizationError")).await;
    assert_eq!(open(&at(&fake)).ready().await, Ok(()));
    let fault = told(&at(&fake), &events(1)).await.fault.unwrap().to_string();
    assert!(fault.ends_with("grant `sns:Publish` on it"), "{fault}");
}
