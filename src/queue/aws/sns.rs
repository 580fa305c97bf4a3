//! A topic of SNS.

use aws_config::SdkConfig;
use aws_sdk_sns::Client;
use aws_sdk_sns::error::BuildError;
use aws_sdk_sns::types::{MessageAttributeValue, PublishBatchRequestEntry as Entry};

use super::message::{FIFO, TEXT, Whole, parcel};
use super::said::Said;
use super::service::{Answers, Parcel, Service};
use crate::queue::{Outcome, SnsSettings};
use crate::store::Outgoing;

/// A topic, FIFO where its name ends so.
pub(super) struct Sns {
    topic: String,
    region: String,
}

impl Sns {
    pub(super) fn new(settings: &SnsSettings) -> Self {
        Self { topic: settings.topic.clone(), region: settings.account.region.clone() }
    }

    fn is_fifo(&self) -> bool {
        self.topic.ends_with(FIFO)
    }
}

impl Service for Sns {
    type Client = Client;
    type Entry = Entry;

    const NOUN: &'static str = "topic";
    const SYSTEM: &'static str = "aws.sns";
    const RIGHT: &'static str = "sns:Publish";

    fn place(&self) -> String {
        format!("SNS {} in {}", self.topic.rsplit(':').next().unwrap_or_default(), self.region)
    }

    fn connect(&self, config: &SdkConfig) -> Client {
        Client::new(config)
    }

    async fn look(&self, client: &Client) -> Result<Option<usize>, Said> {
        let asked = client.get_topic_attributes().topic_arn(&self.topic).send().await;
        let said = asked.map_err(|error| Said::of(&error))?;
        Ok(said.attributes().and_then(|attributes| attributes.get("MaximumMessageSize")?.parse().ok()))
    }

    fn parcel(&self, event: &Outgoing) -> Result<Parcel<Entry>, Outcome> {
        parcel(event, self.is_fifo(), entry)
    }

    fn numbered(mut entry: Entry, id: String) -> Entry {
        entry.id = id;
        entry
    }

    async fn send(&self, client: &Client, entries: Vec<Entry>) -> Result<Answers, Said> {
        let sent = client.publish_batch().topic_arn(&self.topic);
        let sent = sent.set_publish_batch_request_entries(Some(entries)).send().await;
        let said = sent.map_err(|error| Said::of(&error))?;
        let taken = said.successful().iter().filter_map(|entry| Some((entry.id()?.to_owned(), Ok(()))));
        let failed = said
            .failed()
            .iter()
            .map(|entry| (entry.id().to_owned(), Err(Said::of_entry(entry.code(), entry.sender_fault()))));
        Ok(taken.chain(failed).collect())
    }
}

fn entry(whole: Whole<'_>) -> Result<Entry, BuildError> {
    let mut entry = Entry::builder().id("0").message(whole.body);
    for (name, value) in whole.attributes {
        let value = MessageAttributeValue::builder().data_type(TEXT).string_value(value).build()?;
        entry = entry.message_attributes(name, value);
    }
    if let Some(queued) = whole.queued {
        entry = entry.message_group_id(queued.group).message_deduplication_id(queued.id);
    }
    entry.build()
}
