//! How an event stands in a record, as the binding for Kafka says
//! (<https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md>).

use rdkafka::message::{Header, OwnedHeaders};

use crate::queue::binding::{Message, too_large};
use crate::queue::{Mode, Outcome};
use crate::store::Outgoing;

/// An event on its way into a record.
pub(super) struct Record<'e> {
    /// What finds its partition: the subject.
    pub(super) key: &'e str,
    pub(super) headers: OwnedHeaders,
    pub(super) body: &'e str,
}

impl<'e> Record<'e> {
    /// Puts an event into a record, or says why it can never be one.
    pub(super) fn of(event: &'e Outgoing, mode: Mode, max_bytes: usize) -> Result<Self, Outcome> {
        let message = Message::of(event, mode)?;
        let size = message.size() + event.subject.len();
        if size > max_bytes {
            return Err(too_large(size, max_bytes));
        }
        Ok(Self { key: &event.subject, headers: headers(&message), body: message.body })
    }
}

/// Attributes with the prefix `ce_`, in UTF-8 as they are.
fn headers(message: &Message<'_>) -> OwnedHeaders {
    let headers = OwnedHeaders::new_with_capacity(message.attributes.len() + 1);
    let headers = headers.insert(Header { key: "content-type", value: Some(message.content_type.as_ref()) });
    message.attributes.iter().fold(headers, |headers, (name, value)| {
        headers.insert(Header { key: &format!("ce_{name}"), value: Some(value.as_str()) })
    })
}

#[cfg(test)]
mod tests {
    use rdkafka::message::Headers as _;

    use super::*;
    use crate::queue::tests::event;

    fn shown(record: &Record<'_>) -> Vec<String> {
        let text = |value: &[u8]| String::from_utf8(value.to_vec()).unwrap();
        let header = |header: Header<'_, &[u8]>| format!("{}: {}", header.key, text(header.value.unwrap()));
        record.headers.as_borrowed().iter().map(header).collect()
    }

    #[test]
    fn a_binary_record_has_its_attributes_as_headers_in_plain_text() {
        let mut event = event("ch_1", "{}");
        event.payload =
            r#"{"specversion":"1.0","id":"1","subject":"café 100%","tieoutepisode":2,"data":{"a": 1}}"#
                .to_owned();
        let record = Record::of(&event, Mode::Binary, 1_000).unwrap();
        assert_eq!((record.key, record.body), ("ch_1", r#"{"a": 1}"#));
        assert_eq!(
            shown(&record),
            [
                "content-type: application/json",
                "ce_id: 1",
                "ce_specversion: 1.0",
                "ce_subject: café 100%",
                "ce_tieoutepisode: 2"
            ]
        );
    }

    #[test]
    fn a_structured_record_says_what_it_is_and_nothing_twice() {
        let event = event("ch_1", "{}");
        let record = Record::of(&event, Mode::Structured, 1_000).unwrap();
        assert_eq!(record.body, event.payload);
        assert_eq!(shown(&record), ["content-type: application/cloudevents+json; charset=UTF-8"]);
    }

    #[test]
    fn a_record_over_the_limit_is_never_sent_whatever_takes_the_room() {
        let mut event = event("ch_1", "{}");
        let whole = Message::of(&event, Mode::Structured).unwrap().size() + "ch_1".len();
        assert!(Record::of(&event, Mode::Structured, whole).is_ok());
        let dead = Record::of(&event, Mode::Structured, whole - 1).err();
        assert_eq!(dead, Some(too_large(whole, whole - 1)));
        event.subject = "x".repeat(whole);
        assert!(Record::of(&event, Mode::Structured, whole).is_err());
    }
}
