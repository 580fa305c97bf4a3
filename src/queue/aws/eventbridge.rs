//! A bus of EventBridge. It keeps no order, and knows no event by its id.

use aws_config::SdkConfig;
use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::PutEventsRequestEntry as Entry;

use super::said::Said;
use super::service::{Answers, Parcel, Service};
use crate::queue::binding::Message;
use crate::queue::{EventBridgeSettings, Mode, Outcome};
use crate::store::Outgoing;

/// The longest type of an event: one that is longer is taken and thrown away
/// (<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html>).
const TYPE_LENGTH: usize = 128;
/// What a time counts for in the size of an entry
/// (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html>).
const TIME_SIZE: usize = 14;
/// What a bus takes: less than 1 MiB.
const BYTES: usize = (1 << 20) - 1;

/// A bus.
pub(super) struct EventBridge {
    bus: String,
    source: Option<String>,
    region: String,
}

impl EventBridge {
    pub(super) fn new(settings: &EventBridgeSettings) -> Self {
        let EventBridgeSettings { bus, source, account } = settings;
        Self { bus: bus.clone(), source: source.clone(), region: account.region.clone() }
    }
}

impl Service for EventBridge {
    type Client = Client;
    type Entry = Entry;

    const NOUN: &'static str = "event bus";
    const SYSTEM: &'static str = "eventbridge";
    const RIGHT: &'static str = "events:PutEvents";

    fn place(&self) -> String {
        format!("EventBridge {} in {}", self.bus.rsplit('/').next().unwrap_or_default(), self.region)
    }

    fn connect(&self, config: &SdkConfig) -> Client {
        Client::new(config)
    }

    /// What is sent to a bus that is not there is taken and gone (<https://github.com/aws/aws-sdk/issues/186>), so this is the only way to know.
    async fn look(&self, client: &Client) -> Result<Option<usize>, Said> {
        let asked = client.describe_event_bus().name(&self.bus).send().await;
        asked.map_err(|error| Said::of(&error))?;
        Ok(Some(BYTES))
    }

    fn parcel(&self, event: &Outgoing) -> Result<Parcel<Entry>, Outcome> {
        let attributes = Message::of(event, Mode::Binary)?.attributes;
        let length = event.event_type.chars().count();
        if length > TYPE_LENGTH {
            let reason = format!("its type has {length} characters, and EventBridge takes {TYPE_LENGTH}");
            return Err(Outcome::Dead { class: "rejected", reason });
        }
        let source = self.source.as_deref().unwrap_or(&event.source);
        let time = attributes.get("time").and_then(|time| instant(time));
        let size =
            event.payload.len() + source.len() + event.event_type.len() + time.map_or(0, |_| TIME_SIZE);
        let entry = Entry::builder()
            .event_bus_name(&self.bus)
            .source(source)
            .detail_type(&event.event_type)
            .detail(&event.payload)
            .set_time(time)
            .build();
        Ok(Parcel { entry, size, group: None })
    }

    /// Its answers stand in the order of what was sent.
    fn numbered(entry: Entry, _: String) -> Entry {
        entry
    }

    async fn send(&self, client: &Client, entries: Vec<Entry>) -> Result<Answers, Said> {
        let sent = client.put_events().set_entries(Some(entries)).send().await;
        let said = sent.map_err(|error| Said::of(&error))?;
        let answers = said.entries().iter().enumerate().map(|(at, entry)| {
            let answer = match (entry.error_code(), entry.event_id()) {
                (Some(code), _) => Err(Said::of_entry(code, false)),
                (None, Some(_)) => Ok(()),
                (None, None) => Err(Said::nothing()),
            };
            (at.to_string(), answer)
        });
        Ok(answers.collect())
    }
}

fn instant(time: &str) -> Option<DateTime> {
    let time = chrono::DateTime::parse_from_rfc3339(time).ok()?;
    Some(DateTime::from_millis(time.timestamp_millis()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::AwsAccount;
    use crate::queue::tests::event;

    fn bus(source: Option<&str>) -> EventBridge {
        let account = AwsAccount { region: "eu-west-1".to_owned(), endpoint: None, keys: None };
        let source = source.map(str::to_owned);
        EventBridge::new(&EventBridgeSettings { bus: "billing".to_owned(), source, account })
    }

    #[test]
    fn an_event_is_the_detail_of_an_entry_that_has_its_type_its_source_and_its_time() {
        let mut event = event("ch_1", r#"{"amount":1250}"#);
        event.payload = r#"{"id":"1","time":"2026-11-27T02:00:00.5+01:00","data":{}}"#.to_owned();
        let Parcel { entry, size, .. } = bus(None).parcel(&event).unwrap();
        assert_eq!(entry.detail(), Some(event.payload.as_str()));
        assert_eq!(entry.detail_type(), Some("com.example.charge.created"));
        assert_eq!(entry.source(), Some("/tieout/shop.charges"));
        assert_eq!(entry.time(), Some(&DateTime::from_millis(1_795_741_200_500)));
        assert!(entry.resources().is_empty());
        assert_eq!(size, event.payload.len() + 26 + 20 + TIME_SIZE);
        let named = bus(Some("com.example.billing")).parcel(&event).unwrap().entry;
        assert_eq!(named.source(), Some("com.example.billing"));
    }

    #[test]
    fn what_is_no_json_object_is_poison_and_a_type_that_is_too_long_is_rejected() {
        let mut event = event("ch_1", "{}");
        event.event_type = "\u{e9}".repeat(128);
        assert!(bus(None).parcel(&event).is_ok());
        event.event_type = "x".repeat(129);
        let said = bus(None).parcel(&event).map(|_| ());
        let reason = "its type has 129 characters, and EventBridge takes 128".to_owned();
        assert_eq!(said, Err(Outcome::Dead { class: "rejected", reason }));
        for payload in ["[1]", "1", "{", "null"] {
            event.payload = payload.to_owned();
            let said = bus(None).parcel(&event).map(|_| ());
            assert!(matches!(said, Err(Outcome::Dead { class: "poison", .. })), "{payload}: {said:?}");
        }
    }
}
