//! Google Pub/Sub. Its binding says how a topic is set up, which is its owner's business and not known here.

use super::{Address, Described};
use crate::asyncapi::form::{Form, Holds, Text};
use crate::asyncapi::place::Place;
use crate::config::queue::PubsubConfig;

/// Where the service is, where no region is chosen.
const SERVICE: &str = "https://pubsub.googleapis.com";

/// A topic.
pub(super) fn topic(pubsub: &PubsubConfig) -> Described {
    let endpoint = pubsub.endpoint.as_ref().map_or(SERVICE, |endpoint| endpoint.as_str());
    let form = Form::of(pubsub.mode, "ce-", Text::Plain).with("content-type", Holds::MediaType);
    Described {
        description: pubsub.ordering.then_some(
            "The ordering key of a message is the event's subject, or its SHA-256 where that is too long.",
        ),
        ..Described::new(
            Place::inline(endpoint).server("googlepubsub"),
            Address::Known(pubsub.topic.as_str().to_owned()),
            form,
        )
    }
}
