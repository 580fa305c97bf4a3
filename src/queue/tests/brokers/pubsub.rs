//! Google Pub/Sub on Google's own emulator, which is read over its REST interface.

use super::*;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Client, Method};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

const PROJECT: &str = "projects/tieout-test";

struct Topic {
    settings: PubsubSettings,
    subscription: String,
    schema: Option<String>,
    client: Client,
}

impl Topic {
    async fn new(mode: Mode, ordering: bool) -> Self {
        Self::with(mode, ordering, None).await
    }

    /// A topic that takes only events whose data has an amount and nothing else.
    async fn with_schema(ordering: bool) -> Self {
        let amount =
            json!({"type": "record", "name": "Data", "fields": [{"name": "amount", "type": "long"}]});
        let event = json!({
            "type": "record", "name": "Event",
            "fields": [{"name": "id", "type": "string"}, {"name": "data", "type": amount}],
        });
        Self::with(Mode::Structured, ordering, Some(event)).await
    }

    async fn with(mode: Mode, ordering: bool, schema: Option<Value>) -> Self {
        let name = own_name();
        let endpoint = address("TIEOUT_TEST_PUBSUB", "http://127.0.0.1:8085").expose_secret().to_owned();
        let topic = Self {
            settings: PubsubSettings {
                topic: format!("{PROJECT}/topics/{name}"),
                mode,
                ordering,
                login: PubsubLogin::Anonymous,
                endpoint: Some(endpoint),
            },
            subscription: format!("{PROJECT}/subscriptions/{name}"),
            schema: schema.is_some().then(|| format!("{PROJECT}/schemas/{name}")),
            client: Client::new(),
        };
        let mut wanted = json!({});
        if let Some(schema) = schema {
            let schema = json!({"type": "AVRO", "definition": schema.to_string()});
            topic.ask(Method::POST, &format!("{PROJECT}/schemas?schemaId={name}"), &schema).await;
            wanted = json!({"schemaSettings": {"schema": topic.schema, "encoding": "JSON"}});
        }
        topic.ask(Method::PUT, &topic.settings.topic, &wanted).await;
        let read = json!({"topic": topic.settings.topic, "enableMessageOrdering": ordering});
        topic.ask(Method::PUT, &topic.subscription, &read).await;
        topic
    }

    fn queue(&self) -> QueueSettings {
        QueueSettings::Pubsub(self.settings.clone())
    }

    async fn ask(&self, method: Method, what: &str, body: &Value) -> Value {
        let url = format!("{}/v1/{what}", self.settings.endpoint.as_ref().unwrap());
        let answer = self.client.request(method, url).json(body).send().await;
        let answer = answer.expect("Google's emulator is asked at TIEOUT_TEST_PUBSUB, which tests/run sets");
        let answer = answer.error_for_status().unwrap();
        answer.json().await.unwrap()
    }

    /// Takes everything, with the ordering key of each message.
    async fn received(&self) -> Vec<(String, Received)> {
        let mut all = Vec::new();
        loop {
            let pull = json!({"maxMessages": 1_000, "returnImmediately": true});
            let mut pulled =
                self.ask(Method::POST, &format!("{}:pull", self.subscription), &pull).await["receivedMessages"].take();
            let Some(messages) = pulled.as_array_mut() else { return all };
            let ids: Vec<Value> = messages.iter_mut().map(|message| message["ackId"].take()).collect();
            all.extend(messages.iter().map(|message| received(&message["message"])));
            self.ask(Method::POST, &format!("{}:acknowledge", self.subscription), &json!({"ackIds": ids}))
                .await;
        }
    }

    async fn end(self) {
        for made in [&self.subscription, &self.settings.topic].into_iter().chain(self.schema.as_ref()) {
            self.ask(Method::DELETE, made, &json!({})).await;
        }
    }
}

fn received(message: &Value) -> (String, Received) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let headers = message["attributes"].as_object().unwrap();
    let headers = headers.iter().map(|(name, value)| (name.clone(), text(value))).collect();
    let body = String::from_utf8(STANDARD.decode(text(&message["data"])).unwrap()).unwrap();
    (text(&message["orderingKey"]), Received { headers, body })
}

/// Events of so many subjects, in turn.
fn events_of(subjects: usize, count: usize) -> Vec<Outgoing> {
    let mut batch = events(count);
    for (at, event) in batch.iter_mut().enumerate() {
        event.subject = format!("subject_{}", at % subjects);
    }
    batch
}

#[tokio::test]
async fn pubsub_has_every_event_whole_and_those_of_a_subject_in_their_order() {
    let topic = Topic::new(Mode::Structured, true).await;
    let batch = events_of(120, 600);
    assert_eq!(send(&topic.queue(), &batch).await, vec![Outcome::Acknowledged; 600]);
    let came = topic.received().await;
    let mut by_subject: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (key, message) in &came {
        by_subject.entry(key).or_default().push(&message.body);
    }
    let mut expected: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for event in &batch {
        expected.entry(&event.subject).or_default().push(&event.payload);
    }
    assert_eq!(by_subject, expected);
    let first = came.iter().find(|(_, message)| message.body == batch[0].payload);
    insta::assert_debug_snapshot!(first);
    topic.end().await;
}

#[tokio::test]
async fn pubsub_has_the_attributes_beside_the_data_where_that_is_wanted() {
    let topic = Topic::new(Mode::Binary, true).await;
    send(&topic.queue(), &events(1)).await;
    insta::assert_debug_snapshot!(topic.received().await);
    topic.end().await;
}

#[tokio::test]
async fn pubsub_has_every_event_without_a_key_where_order_is_not_wanted() {
    let topic = Topic::new(Mode::Structured, false).await;
    let batch = events(1_500);
    assert_eq!(send(&topic.queue(), &batch).await, vec![Outcome::Acknowledged; 1_500]);
    let mut came: Vec<String> =
        topic.received().await.into_iter().map(|(key, message)| key + &message.body).collect();
    let mut sent = payloads(&batch);
    came.sort();
    sent.sort();
    assert_eq!(came, sent);
    topic.end().await;
}

/// Two subjects, each with an event between others that breaks the schema of the topic.
async fn is_dead_alone(ordering: bool) {
    let topic = Topic::with_schema(ordering).await;
    let mut batch = events_of(2, 8);
    for at in [2, 5] {
        batch[at].payload = batch[at].payload.replace("amount", "sum");
    }
    let outcomes = send(&topic.queue(), &batch).await;
    for (at, outcome) in outcomes.iter().enumerate() {
        match outcome {
            Outcome::Dead { class: "rejected", reason } if [2, 5].contains(&at) => {
                let expected =
                    "the service does not take it, for its size or the topic's schema (INVALID_ARGUMENT)";
                assert_eq!(reason, expected);
            }
            Outcome::Acknowledged if ![2, 5].contains(&at) => {}
            other => panic!("{at}: {other:?}"),
        }
    }
    let came = topic.received().await;
    for subject in ["subject_0", "subject_1"] {
        let good = |event: &&Outgoing| event.subject == subject && event.payload.contains("amount");
        let mut sent: Vec<&str> = batch.iter().filter(good).map(|event| event.payload.as_str()).collect();
        let is_of =
            |(key, message): &&(String, Received)| key == subject || sent.contains(&message.body.as_str());
        let mut came: Vec<&str> =
            came.iter().filter(is_of).map(|(_, message)| message.body.as_str()).collect();
        if !ordering {
            came.sort_unstable();
            sent.sort_unstable();
        }
        assert_eq!(came, sent);
    }
    topic.end().await;
}

#[tokio::test]
async fn what_breaks_the_schema_of_a_topic_is_dead_alone_and_its_subject_goes_on_in_its_order() {
    is_dead_alone(true).await;
}

#[tokio::test]
async fn what_breaks_the_schema_of_a_topic_is_dead_alone_where_a_request_holds_many() {
    is_dead_alone(false).await;
}

#[tokio::test]
async fn what_pubsub_does_not_take_for_its_size_is_dead_and_its_siblings_arrive() {
    let topic = Topic::new(Mode::Structured, false).await;
    let mut batch = events(3);
    batch[0] = event("ch_0", &format!("\"{}\"", "x".repeat(6_000_000)));
    batch[1] = event("ch_1", &format!("\"{}\"", "x".repeat(10_000_000)));
    let outcomes = send(&topic.queue(), &batch).await;
    assert!(matches!(&outcomes[1], Outcome::Dead { class: "too_large", .. }), "{outcomes:?}");
    assert_eq!((&outcomes[0], &outcomes[2]), (&Outcome::Acknowledged, &Outcome::Acknowledged));
    assert_eq!(topic.received().await.len(), 2);
    topic.end().await;
}

#[tokio::test]
async fn a_service_that_nobody_vouches_for_is_refused() {
    let settings = PubsubSettings {
        topic: format!("{PROJECT}/topics/events"),
        mode: Mode::Structured,
        ordering: false,
        login: PubsubLogin::Anonymous,
        endpoint: Some(crate::source::tests::untrusted_server().await),
    };
    let why = refusal(&QueueSettings::Pubsub(settings)).await;
    assert!(why.contains("look whether the server's certificate is good"), "{why}");
}

#[tokio::test]
async fn a_topic_that_is_not_there_is_refused_with_the_way_out() {
    let topic = Topic::new(Mode::Structured, true).await;
    let name = format!("{PROJECT}/topics/{}", own_name());
    let settings = PubsubSettings { topic: name.clone(), ..topic.settings.clone() };
    let why = refusal(&QueueSettings::Pubsub(settings.clone())).await;
    assert_eq!(why, format!("there is no topic `{name}`; make it with `gcloud pubsub topics create {name}`"));
    let delivery = open(&QueueSettings::Pubsub(settings)).send(&events(1)).await;
    assert!(matches!(delivery.fault, Some(QueueFault::Refused { .. })), "{:?}", delivery.fault);
    assert!(delivery.outcomes.is_empty(), "{:?}", delivery.outcomes);
    topic.end().await;
}
