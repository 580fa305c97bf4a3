//! NATS JetStream. Its binding knows queues of consumers and nothing of those who publish.

use super::{Address, Described};
use crate::asyncapi::form::{Form, Holds, Text};
use crate::asyncapi::place::Place;
use crate::asyncapi::schema::Schema;
use crate::config::queue::NatsConfig;

/// A subject.
pub(super) fn subject(nats: &NatsConfig) -> Described {
    let place = Place::of(nats.url.reference());
    let mut server = place.server("nats");
    if place.has_scheme(&["tls"]) {
        server.description = Some("It is reached over TLS.".to_owned());
    }
    let id = Schema::formatted("uuid")
        .described("The event's id, by which the stream drops what comes twice within its window.");
    let form = Form::of(nats.mode, "ce-", Text::Encoded)
        .with("Content-Type", Holds::MediaType)
        .with("Nats-Msg-Id", Holds::Value(id));
    Described {
        description: Some("A subject that a stream of JetStream keeps."),
        ..Described::new(server, Address::Known(nats.subject.as_str().to_owned()), form)
    }
}
