//! How an event stands in a message of SQS or SNS, for which CloudEvents has no binding: whole, as JSON, with some of its attributes
//! beside it, by which consumers and filter policies can choose.

use std::borrow::Cow;

use aws_lc_rs::digest::{SHA256, digest};
use aws_sdk_sqs::error::BuildError;

use super::service::Parcel;
use crate::queue::binding::Message;
use crate::queue::{Mode, Outcome};
use crate::source::auth::hex;
use crate::store::Outgoing;

/// The longest name of a group.
const GROUP_LENGTH: usize = 128;
/// How the names of queues and topics end that keep an order.
pub(super) const FIFO: &str = ".fifo";
/// The data type of every attribute.
pub(super) const TEXT: &str = "String";

/// A message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Whole<'e> {
    pub(super) body: Cow<'e, str>,
    /// Names as in the binding for Kafka, and the values that can stand in an attribute.
    pub(super) attributes: Vec<(&'static str, Cow<'e, str>)>,
    /// Where the order of events is kept.
    pub(super) queued: Option<Queued>,
    /// With the attributes, in bytes.
    pub(super) size: usize,
}

/// What a FIFO queue or topic wants to know.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Queued {
    /// Whose order it stands in.
    pub(super) group: String,
    /// By what it is known when it comes twice within five minutes.
    pub(super) id: String,
}

impl<'e> Whole<'e> {
    pub(super) fn of(event: &'e Outgoing, is_fifo: bool) -> Result<Self, Outcome> {
        let message = Message::of(event, Mode::Structured)?;
        let body = permitted(message.body);
        let attributes: Vec<(&'static str, Cow<'e, str>)> = [
            ("content-type", message.content_type),
            ("ce_id", event.event_id.to_string().into()),
            ("ce_type", event.event_type.as_str().into()),
            ("ce_source", event.source.as_str().into()),
            ("ce_subject", event.subject.as_str().into()),
        ]
        .into_iter()
        .filter(|(_, value)| !value.is_empty() && value.chars().all(is_permitted))
        .collect();
        let sizes = attributes.iter().map(|(name, value)| name.len() + TEXT.len() + value.len());
        let size = body.len() + sizes.sum::<usize>();
        let queued = is_fifo.then(|| Queued { group: group(&event.subject), id: event.event_id.to_string() });
        Ok(Self { body, attributes, queued, size })
    }
}

/// An event as an entry of a call, which both services make in their own way.
pub(super) fn parcel<E>(
    event: &Outgoing,
    is_fifo: bool,
    entry: impl FnOnce(Whole<'_>) -> Result<E, BuildError>,
) -> Result<Parcel<E>, Outcome> {
    let whole = Whole::of(event, is_fifo)?;
    let (size, group) = (whole.size, whole.queued.as_ref().map(|queued| queued.group.clone()));
    let entry = entry(whole);
    let entry = entry.map_err(|error| Outcome::Dead { class: "poison", reason: error.to_string() })?;
    Ok(Parcel { entry, size, group })
}

/// JSON without the characters that SQS and SNS do not take. Control characters are escaped in it anyway; what is left are two that no text
/// needs, and that stand in strings alone.
fn permitted(json: &str) -> Cow<'_, str> {
    if json.chars().all(is_permitted) {
        return json.into();
    }
    json.replace('\u{fffe}', "\\ufffe").replace('\u{ffff}', "\\uffff").into()
}

/// Whether a character is one of XML's, and thereby of SQS's.
const fn is_permitted(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}

/// The name of the group of a subject: itself where it can be, else its SHA-256. Subjects that are equal have one group, and others rarely
/// matter to each other.
fn group(subject: &str) -> String {
    let is_name =
        (1..=GROUP_LENGTH).contains(&subject.len()) && subject.bytes().all(|b| b.is_ascii_graphic());
    if is_name {
        return subject.to_owned();
    }
    format!("sha256:{}", hex(digest(&SHA256, subject.as_bytes()).as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::tests::event;

    #[test]
    fn a_message_is_the_whole_event_with_some_attributes_beside_it() {
        insta::assert_debug_snapshot!(Whole::of(&event("ch_1", r#"{"amount":1250}"#), true));
    }

    #[test]
    fn a_subject_that_can_be_the_name_of_a_group_is_one_and_another_has_its_hash() {
        for name in ["ch_1", "eu/4711", "a:b=c", &"x".repeat(128)] {
            assert_eq!(group(name), name);
        }
        let hash = "sha256:850f7dc43910ff890f8879c0ed26fe697c93a067ad93a7d50f466a7028a9bf4e";
        assert_eq!(group("caf\u{e9}"), hash);
        for bad in ["", "a b", "a\tb", &"x".repeat(129)] {
            let name = group(bad);
            assert!(name.starts_with("sha256:") && name.len() <= GROUP_LENGTH, "{bad:?}: {name}");
        }
    }

    #[test]
    fn what_cannot_stand_in_an_attribute_is_in_the_body_alone_and_what_cannot_stand_in_a_body_is_escaped_there()
     {
        let mut event = event("ch_1", "{}");
        event.subject = "a\u{1}b".to_owned();
        event.payload = "{\"data\":\"\u{fffe}\u{ffff}\u{1f600}\"}".to_owned();
        let whole = Whole::of(&event, false).unwrap();
        assert_eq!(whole.body, "{\"data\":\"\\ufffe\\uffff\u{1f600}\"}");
        let names: Vec<&str> = whole.attributes.iter().map(|(name, _)| *name).collect();
        assert_eq!((names, whole.queued), (vec!["content-type", "ce_id", "ce_type", "ce_source"], None));
        let same = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(same(&whole.body), same(&event.payload));
    }
}
