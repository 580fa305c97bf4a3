//! What the tests of SQS, SNS and EventBridge share: queues of SQS at moto, in which everything ends, and a fake of the services.
//!
//! moto is a simulator, not AWS: it has no limits of size, no rights and no throttling. What it never answers, the fake does.

use std::sync::atomic::{AtomicUsize, Ordering};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::Credentials;
use aws_sdk_sqs::types::{
    DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName, QueueAttributeName,
};
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::{BTreeMap, Outcome, Received, env, own_name};
use crate::queue::{AwsAccount, AwsKeys, Delivery, QueueSettings, SqsSettings, open};
use crate::store::Outgoing;

const REGION: &str = "eu-west-1";

/// Where moto is.
pub(super) fn moto() -> String {
    env::var("TIEOUT_TEST_MOTO").unwrap_or_else(|_| "http://127.0.0.1:5000".to_owned())
}

/// Who sends to a service at some address.
pub(super) fn account(endpoint: &str) -> AwsAccount {
    let keys = AwsKeys { id: "test".to_owned().into(), secret: "s3cret".to_owned().into() };
    AwsAccount { region: REGION.to_owned(), endpoint: Some(endpoint.to_owned()), keys: Some(keys) }
}

/// What clients of moto are made of.
pub(super) fn config() -> SdkConfig {
    let credentials = Credentials::new("test", "s3cret", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .endpoint_url(moto())
        .credentials_provider(aws_sdk_sqs::config::SharedCredentialsProvider::new(credentials))
        .build()
}

/// A queue of the test's own.
pub(super) struct Inbox {
    client: Client,
    pub(super) url: String,
    pub(super) arn: String,
}

impl Inbox {
    pub(super) async fn standard() -> Self {
        Self::of(Client::new(&config()).create_queue().queue_name(own_name())).await
    }

    pub(super) async fn fifo() -> Self {
        let made = Client::new(&config()).create_queue().queue_name(format!("{}.fifo", own_name()));
        Self::of(made.attributes(QueueAttributeName::FifoQueue, "true")).await
    }

    async fn of(made: aws_sdk_sqs::operation::create_queue::builders::CreateQueueFluentBuilder) -> Self {
        let client = Client::new(&config());
        let url = made.send().await.unwrap().queue_url().unwrap().to_owned();
        let name = QueueAttributeName::QueueArn;
        let asked = client.get_queue_attributes().queue_url(&url).attribute_names(name.clone()).send().await;
        let arn = asked.unwrap().attributes().unwrap()[&name].clone();
        Self { client, url, arn }
    }

    pub(super) fn settings(&self) -> SqsSettings {
        SqsSettings { url: self.url.clone(), account: account(&moto()) }
    }

    pub(super) fn queue(&self) -> QueueSettings {
        QueueSettings::Sqs(self.settings())
    }

    /// Takes everything out.
    pub(super) async fn received(&self) -> Vec<Received> {
        let mut received = Vec::new();
        loop {
            let asked = self.client.receive_message().queue_url(&self.url).max_number_of_messages(10);
            let asked = asked.message_attribute_names("All");
            let asked = asked.message_system_attribute_names(MessageSystemAttributeName::All);
            let messages = asked.send().await.unwrap().messages.unwrap_or_default();
            if messages.is_empty() {
                return received;
            }
            let done = messages.iter().zip(0..).map(|(message, id): (_, usize)| {
                let entry = DeleteMessageBatchRequestEntry::builder().id(id.to_string());
                entry.set_receipt_handle(message.receipt_handle.clone()).build().unwrap()
            });
            let deleted = self.client.delete_message_batch().queue_url(&self.url);
            deleted.set_entries(Some(done.collect())).send().await.unwrap();
            received.extend(messages.iter().map(read));
        }
    }

    /// Receives so many messages and keeps them.
    pub(super) async fn take(&self, count: i32) -> usize {
        let asked = self.client.receive_message().queue_url(&self.url).max_number_of_messages(count);
        asked.send().await.unwrap().messages.unwrap_or_default().len()
    }

    pub(super) async fn end(self) {
        self.client.delete_queue().queue_url(&self.url).send().await.unwrap();
    }
}

fn read(message: &Message) -> Received {
    let attributes = message.message_attributes().into_iter().flatten();
    let attributes = attributes.map(|(name, value)| (name.clone(), value.string_value().unwrap().to_owned()));
    let order =
        [MessageSystemAttributeName::MessageGroupId, MessageSystemAttributeName::MessageDeduplicationId];
    let order = order
        .into_iter()
        .filter_map(|name| Some((name.as_str().to_owned(), message.attributes()?.get(&name)?.clone())));
    let headers: BTreeMap<String, String> = attributes.chain(order).collect();
    Received { headers, body: message.body().unwrap().to_owned() }
}

/// A fake of a service, which answers a call by its name and its number among those of that name.
pub(super) struct Fake {
    server: MockServer,
}

/// What a fake is asked.
pub(super) struct Call {
    pub(super) name: String,
    /// The JSON of SQS and EventBridge; the form of SNS.
    pub(super) body: String,
}

impl Call {
    fn of(request: &Request) -> Self {
        let body = String::from_utf8(request.body.clone()).unwrap();
        let target = request.headers.get("x-amz-target").map(|target| target.to_str().unwrap());
        let action = || body.split('&').find_map(|field| field.strip_prefix("Action=")).unwrap();
        let name = target.map_or_else(action, |target| target.rsplit('.').next().unwrap());
        Self { name: name.to_owned(), body }
    }

    /// The entries of a call to SQS or EventBridge.
    pub(super) fn entries(&self) -> Vec<Value> {
        serde_json::from_str::<Value>(&self.body).unwrap()["Entries"].as_array().unwrap().clone()
    }
}

impl Fake {
    pub(super) async fn new(
        answer: impl Fn(&Call, usize) -> ResponseTemplate + Send + Sync + 'static,
    ) -> Self {
        let server = MockServer::start().await;
        let (looks, sends) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let respond = move |request: &Request| {
            let call = Call::of(request);
            let is_look = call.name.starts_with("Get") || call.name.starts_with("Describe");
            let number = if is_look { &looks } else { &sends }.fetch_add(1, Ordering::SeqCst);
            answer(&call, number)
        };
        Mock::given(any()).respond_with(respond).mount(&server).await;
        Self { server }
    }

    pub(super) fn account(&self) -> AwsAccount {
        account(&self.server.uri())
    }

    pub(super) fn sqs(&self, name: &str) -> QueueSettings {
        let url = format!("{}/123456789012/{name}", self.server.uri());
        QueueSettings::Sqs(SqsSettings { url, account: self.account() })
    }

    /// The calls that send.
    pub(super) async fn sent(&self) -> Vec<Call> {
        let all = self.server.received_requests().await.unwrap();
        let is_sending = |call: &Call| !call.name.starts_with("Get") && !call.name.starts_with("Describe");
        all.iter().map(Call::of).filter(is_sending).collect()
    }
}

/// An error as SQS and EventBridge say it. What it says is never to be repeated.
pub(super) fn error(status: u16, code: &str) -> ResponseTemplate {
    let body = json!({"__type": format!("com.example#{code}"), "message": "hunter2"});
    ResponseTemplate::new(status).set_body_raw(body.to_string(), "application/x-amz-json-1.0")
}

/// An answer of SQS that every entry was taken.
pub(super) fn all_taken(call: &Call) -> ResponseTemplate {
    taken(call, |_| None)
}

/// The same, but for the entries of which something else is said: a code, and whether it is the entry's own fault.
pub(super) fn taken(
    call: &Call,
    failed: impl Fn(&Value) -> Option<(&'static str, bool)>,
) -> ResponseTemplate {
    let (mut successful, mut failures) = (Vec::new(), Vec::new());
    for entry in call.entries() {
        match failed(&entry) {
            None => successful.push(json!({"Id": entry["Id"], "MessageId": "m", "MD5OfMessageBody": "d"})),
            Some((code, own)) => failures
                .push(json!({"Id": entry["Id"], "Code": code, "SenderFault": own, "Message": "hunter2"})),
        }
    }
    ResponseTemplate::new(200).set_body_json(json!({"Successful": successful, "Failed": failures}))
}

/// What is told of a batch, which repeats nothing that the service says besides its codes.
pub(super) async fn told(settings: &QueueSettings, batch: &[Outgoing]) -> Delivery {
    let delivery = open(settings).send(batch).await;
    assert!(!format!("{delivery:?}").contains("hunter2"), "{delivery:?}");
    delivery
}

/// The kinds of some outcomes.
pub(super) fn kinds(outcomes: &[Outcome]) -> Vec<&'static str> {
    let kind = |outcome: &Outcome| match outcome {
        Outcome::Acknowledged => "acknowledged",
        Outcome::Retry(_) => "retry",
        Outcome::NotNow(_) => "not now",
        Outcome::Unroutable(_) => "unroutable",
        Outcome::Dead { class, .. } => class,
    };
    outcomes.iter().map(kind).collect()
}
