//! How an event stands in a broker's message: whole, in the JSON format ("structured"), or its attributes as headers and its data as
//! the body ("binary"). The words are those of the CloudEvents protocol bindings
//! (<https://github.com/cloudevents/spec/tree/v1.0.2/cloudevents/bindings>).

use std::borrow::Cow;
use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::value::RawValue;

use super::{Mode, Outcome};
use crate::store::Outgoing;

/// The media type of a whole event.
pub(crate) const WHOLE: &str = "application/cloudevents+json; charset=UTF-8";
/// The media type of data that says none.
pub(crate) const DATA: &str = "application/json";

/// What a header must not hold as it is: section 3.1.3.2 of the HTTP binding. Everything that is not ASCII is encoded as well.
const NOT_IN_HEADERS: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'%');

/// An event as a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Message<'e> {
    /// The media type of the body.
    pub(super) content_type: Cow<'e, str>,
    /// The attributes by their names, without any prefix; none where the body has them.
    pub(super) attributes: BTreeMap<String, String>,
    /// What is sent.
    pub(super) body: &'e str,
}

impl<'e> Message<'e> {
    /// Puts an event into a message. One that is no JSON object, which no release has ever written, is dead.
    pub(super) fn of(event: &'e Outgoing, mode: Mode) -> Result<Self, Outcome> {
        match mode {
            Mode::Structured => Ok(Self {
                content_type: WHOLE.into(),
                attributes: BTreeMap::new(),
                body: event.payload.as_str(),
            }),
            Mode::Binary => Self::apart(&event.payload)
                .map_err(|error| Outcome::Dead { class: "poison", reason: error.to_string() }),
        }
    }

    fn apart(payload: &'e str) -> serde_json::Result<Self> {
        let mut parts: BTreeMap<Cow<'e, str>, &'e RawValue> = serde_json::from_str(payload)?;
        let body = parts.remove("data").map_or("", RawValue::get);
        let content_type = parts.remove("datacontenttype").map_or(Ok(DATA.into()), text)?;
        let attributes =
            parts.into_iter().map(|(name, value)| Ok((name.into_owned(), text(value)?.into_owned())));
        Ok(Self { content_type, attributes: attributes.collect::<serde_json::Result<_>>()?, body })
    }

    /// How many bytes it has, headers included.
    #[cfg(any(feature = "amqp", feature = "kafka"))]
    pub(super) fn size(&self) -> usize {
        let headers = self.attributes.iter().map(|(name, value)| name.len() + value.len());
        self.body.len() + self.content_type.len() + headers.sum::<usize>()
    }
}

/// A value of an attribute as it stands in a header of HTTP or NATS.
pub(crate) fn encoded(value: &str) -> String {
    utf8_percent_encode(value, NOT_IN_HEADERS).to_string()
}

/// A text as it is, and everything else as it stands in JSON: numbers and booleans.
fn text(value: &RawValue) -> serde_json::Result<Cow<'_, str>> {
    if value.get().starts_with('"') {
        serde_json::from_str::<String>(value.get()).map(Cow::Owned)
    } else {
        Ok(value.get().into())
    }
}

/// The end of an event that is larger than a broker takes.
pub(super) fn too_large(size: usize, limit: usize) -> Outcome {
    Outcome::Dead {
        class: "too_large",
        reason: format!("it has {size} bytes, and at most {limit} are taken"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::tests::event;

    #[test]
    fn a_binary_message_has_the_data_as_its_body_and_every_other_attribute_as_text() {
        let mut event = event("ch_1", "{}");
        event.payload =
            r#"{"specversion":"1.0","id":"1","subject":"café \"x\"","datacontenttype":"application/json",
            "tieoutepisode":2,"tieoutsynthetic":true,"data":{"amount": 12.50}}"#
                .to_owned();
        let message = Message::of(&event, Mode::Binary).unwrap();
        assert_eq!(message.body, r#"{"amount": 12.50}"#);
        assert_eq!(message.content_type, "application/json");
        let attributes: Vec<(&str, &str)> =
            message.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(
            attributes,
            [
                ("id", "1"),
                ("specversion", "1.0"),
                ("subject", "café \"x\""),
                ("tieoutepisode", "2"),
                ("tieoutsynthetic", "true")
            ]
        );
    }

    #[test]
    fn a_structured_message_is_the_event_as_it_was_committed() {
        let event = event("ch_1", r#"{"a":1}"#);
        let message = Message::of(&event, Mode::Structured).unwrap();
        assert_eq!((message.body, message.attributes.len()), (event.payload.as_str(), 0));
        assert_eq!(message.content_type, WHOLE);
    }

    #[test]
    fn headers_hold_what_the_binding_of_http_permits_and_nothing_else() {
        assert_eq!(encoded("a b%\"\u{e9}\r\n\u{1f600}~"), "a%20b%25%22%C3%A9%0D%0A%F0%9F%98%80~");
    }
}
