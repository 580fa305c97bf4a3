//! How an event stands in a message of Pub/Sub. The names are those of the protocol binding that CloudEvents lists for it
//! (<https://github.com/google/knative-gcp/blob/main/docs/spec/pubsub-protocol-binding.md>), the limits those of the service
//! (<https://cloud.google.com/pubsub/quotas#resource_limits>).

use std::collections::HashMap;

use aws_lc_rs::digest::{SHA256, digest};
use google_cloud_pubsub::model::Message;

use crate::queue::binding::{self, too_large};
use crate::queue::{Mode, Outcome};
use crate::source::auth::hex;
use crate::store::Outgoing;

/// The largest message, attributes included.
const MESSAGE_BYTES: usize = 10_000_000;
/// The most attributes of a message, and the longest name and value of one.
const ATTRIBUTES: usize = 100;
const NAME_BYTES: usize = 256;
const VALUE_BYTES: usize = 1_024;
/// The longest ordering key.
const KEY_BYTES: usize = 1_024;

/// An event as a message, or the end of an event that cannot be one.
pub(super) fn message(event: &Outgoing, mode: Mode, ordering: bool) -> Result<Message, Outcome> {
    let message = binding::Message::of(event, mode)?;
    let attributes = attributes(&message);
    check(&attributes, message.body.len())?;
    let ordering_key = if ordering { ordering_key(&event.subject) } else { String::new() };
    Ok(Message::new()
        .set_data(message.body.to_owned())
        .set_attributes(attributes)
        .set_ordering_key(ordering_key))
}

fn attributes(message: &binding::Message<'_>) -> HashMap<String, String> {
    let attributes = message.attributes.iter().map(|(name, value)| (format!("ce-{name}"), value.clone()));
    attributes.chain([("content-type".to_owned(), message.content_type.clone().into_owned())]).collect()
}

/// The emulator takes what is over the limits, the service refuses the whole request.
fn check(attributes: &HashMap<String, String>, body: usize) -> Result<(), Outcome> {
    let over = |what: &str, is: usize, limit: usize| {
        let reason = format!("{what} has {is} bytes, and Pub/Sub takes {limit}");
        Err(Outcome::Dead { class: "too_large", reason })
    };
    if attributes.len() > ATTRIBUTES {
        let reason = format!("it has {} attributes, and Pub/Sub takes {ATTRIBUTES}", attributes.len());
        return Err(Outcome::Dead { class: "too_large", reason });
    }
    let mut size = body;
    for (name, value) in attributes {
        if name.len() > NAME_BYTES {
            return over("the name of an attribute", name.len(), NAME_BYTES);
        }
        if value.len() > VALUE_BYTES {
            return over(&format!("the attribute `{name}`"), value.len(), VALUE_BYTES);
        }
        size += name.len() + value.len();
    }
    if size > MESSAGE_BYTES { Err(too_large(size, MESSAGE_BYTES)) } else { Ok(()) }
}

/// The subject. One that is too long is named by its SHA-256 instead: all its events still have one key, and another subject has the same only
/// by a chance that nobody will see, in which case it is in order as well.
fn ordering_key(subject: &str) -> String {
    if subject.len() <= KEY_BYTES {
        return subject.to_owned();
    }
    format!("sha256:{}", hex(digest(&SHA256, subject.as_bytes()).as_ref()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::queue::tests::event;

    fn sorted(message: &Message) -> BTreeMap<&str, &str> {
        message.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    fn death(outcome: Result<Message, Outcome>) -> String {
        match outcome {
            Err(Outcome::Dead { class, reason }) => format!("{class}: {reason}"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_whole_event_has_its_media_type_and_no_other_attribute() {
        let event = event("ch_1", r#"{"amount":1250}"#);
        let message = message(&event, Mode::Structured, true).unwrap();
        assert_eq!(
            sorted(&message),
            BTreeMap::from([("content-type", "application/cloudevents+json; charset=UTF-8")])
        );
        assert_eq!((&message.data[..], message.ordering_key.as_str()), (event.payload.as_bytes(), "ch_1"));
    }

    #[test]
    fn in_binary_mode_every_attribute_has_its_prefix_and_is_not_encoded() {
        let mut event = event("ch_1", "{}");
        event.payload =
            r#"{"specversion":"1.0","id":"1","subject":"café 100%","tieoutepisode":2,"data":{"amount":12.50}}"#
                .to_owned();
        let message = message(&event, Mode::Binary, false).unwrap();
        let expected = [
            ("ce-id", "1"),
            ("ce-specversion", "1.0"),
            ("ce-subject", "café 100%"),
            ("ce-tieoutepisode", "2"),
            ("content-type", "application/json"),
        ];
        assert_eq!(sorted(&message), BTreeMap::from(expected));
        assert_eq!((&message.data[..], message.ordering_key.as_str()), (&br#"{"amount":12.50}"#[..], ""));
    }

    #[test]
    fn what_is_over_a_limit_is_dead_before_it_is_sent() {
        let large = event("ch_1", &format!("\"{}\"", "x".repeat(MESSAGE_BYTES)));
        assert_eq!(
            death(message(&large, Mode::Structured, true)),
            "too_large: it has 10000110 bytes, and at most 10000000 are taken"
        );
        let mut long = event("ch_1", "{}");
        long.payload = format!(r#"{{"subject":"{}","data":{{}}}}"#, "x".repeat(1_025));
        assert_eq!(
            death(message(&long, Mode::Binary, true)),
            "too_large: the attribute `ce-subject` has 1025 bytes, and Pub/Sub takes 1024"
        );
        assert!(message(&long, Mode::Structured, true).is_ok(), "the body has no such limit");
        let many: Vec<String> = (0..100).map(|at| format!(r#""a{at}":"x""#)).collect();
        long.payload = format!("{{{}}}", many.join(","));
        assert_eq!(
            death(message(&long, Mode::Binary, true)),
            "too_large: it has 101 attributes, and Pub/Sub takes 100"
        );
        long.payload = format!(r#"{{"{}":"x"}}"#, "a".repeat(254));
        assert_eq!(
            death(message(&long, Mode::Binary, true)),
            "too_large: the name of an attribute has 257 bytes, and Pub/Sub takes 256"
        );
    }

    proptest! {
        #[test]
        fn every_subject_has_a_key_that_the_service_takes_and_no_other_subject_has(
            one in "\\PC{1,40}", other in "\\PC{1,40}", times in 1_usize..60,
        ) {
            let (one, other) = (one.repeat(times), other.repeat(times));
            prop_assert!((1..=KEY_BYTES).contains(&ordering_key(&one).len()));
            prop_assert_eq!(ordering_key(&one) == ordering_key(&other), one == other);
        }
    }
}
