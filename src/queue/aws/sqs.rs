//! A queue of SQS.

use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::BuildError;
use aws_sdk_sqs::types::{MessageAttributeValue, QueueAttributeName, SendMessageBatchRequestEntry as Entry};

use super::message::{FIFO, TEXT, Whole, parcel};
use super::said::Said;
use super::service::{Answers, Parcel, Service};
use crate::queue::{Lag, Outcome, SqsSettings};
use crate::store::Outgoing;

/// A queue, FIFO where its name ends so.
pub(super) struct Sqs {
    url: String,
    region: String,
}

impl Sqs {
    pub(super) fn new(settings: &SqsSettings) -> Self {
        Self { url: settings.url.clone(), region: settings.account.region.clone() }
    }

    fn is_fifo(&self) -> bool {
        self.url.ends_with(FIFO)
    }
}

impl Service for Sqs {
    type Client = Client;
    type Entry = Entry;

    const NOUN: &'static str = "queue";
    const SYSTEM: &'static str = "aws_sqs";
    const RIGHT: &'static str = "sqs:SendMessage";

    fn place(&self) -> String {
        format!("SQS {} in {}", self.url.rsplit('/').next().unwrap_or_default(), self.region)
    }

    fn connect(&self, config: &SdkConfig) -> Client {
        Client::new(config)
    }

    async fn look(&self, client: &Client) -> Result<Option<usize>, Said> {
        let size = QueueAttributeName::MaximumMessageSize;
        let asked = client.get_queue_attributes().queue_url(&self.url).attribute_names(size.clone());
        let said = asked.send().await.map_err(|error| Said::of(&error))?;
        Ok(said.attributes().and_then(|attributes| attributes.get(&size)?.parse().ok()))
    }

    /// What waits, what is delayed and what a consumer has, each about right within a minute
    /// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html>).
    async fn lag(&self, client: &Client) -> Result<Option<Lag>, Said> {
        let [waits, is_delayed, is_taken] = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        ];
        let names = [&waits, &is_delayed, &is_taken].map(Clone::clone).to_vec();
        let asked = client.get_queue_attributes().queue_url(&self.url).set_attribute_names(Some(names));
        let said = asked.send().await.map_err(|error| Said::of(&error))?;
        let number = |name: &QueueAttributeName| said.attributes()?.get(name)?.parse::<u64>().ok();
        let (Some(waits), Some(taken)) = (number(&waits), number(&is_taken)) else { return Ok(None) };
        Ok(Some(Lag { waiting: waits + number(&is_delayed).unwrap_or_default(), taken: Some(taken) }))
    }

    fn parcel(&self, event: &Outgoing) -> Result<Parcel<Entry>, Outcome> {
        parcel(event, self.is_fifo(), entry)
    }

    fn numbered(mut entry: Entry, id: String) -> Entry {
        entry.id = id;
        entry
    }

    async fn send(&self, client: &Client, entries: Vec<Entry>) -> Result<Answers, Said> {
        let sent = client.send_message_batch().queue_url(&self.url).set_entries(Some(entries)).send().await;
        let said = sent.map_err(|error| Said::of(&error))?;
        let taken = said.successful().iter().map(|entry| (entry.id().to_owned(), Ok(())));
        let failed = said
            .failed()
            .iter()
            .map(|entry| (entry.id().to_owned(), Err(Said::of_entry(entry.code(), entry.sender_fault()))));
        Ok(taken.chain(failed).collect())
    }
}

fn entry(whole: Whole<'_>) -> Result<Entry, BuildError> {
    let mut entry = Entry::builder().id("0").message_body(whole.body);
    for (name, value) in whole.attributes {
        let value = MessageAttributeValue::builder().data_type(TEXT).string_value(value).build()?;
        entry = entry.message_attributes(name, value);
    }
    if let Some(queued) = whole.queued {
        entry = entry.message_group_id(queued.group).message_deduplication_id(queued.id);
    }
    entry.build()
}
