//! RabbitMQ. Whether the exchange is durable, and of which type, is its owner's business and not known here.

use percent_encoding::percent_decode_str;

use super::{Address, Described};
use crate::asyncapi::bindings::{
    AmqpChannel, AmqpMessage, AmqpNamed, AmqpOperation, ChannelBindings, MessageBindings, OperationBindings,
};
use crate::asyncapi::form::{Form, Text};
use crate::asyncapi::place::Place;
use crate::config::queue::AmqpConfig;

/// The version of the binding (<https://github.com/asyncapi/bindings/blob/master/amqp/README.md>).
const BINDING: &str = "0.3.0";
/// What AMQP calls persistent.
const PERSISTENT: u8 = 2;
/// The longest type that stands in a property of its own.
const SHORT: usize = 255;

/// An exchange, or a queue behind the nameless one.
pub(super) fn exchange(amqp: &AmqpConfig) -> Described {
    let AmqpConfig { url, exchange, routing_key, mode, .. } = amqp;
    let place = Place::of(url.reference());
    let mut server = place.server(if place.has_scheme(&["amqps"]) { "amqps" } else { "amqp" });
    server.protocol_version = Some("0-9-1");
    let address = routing_key.clone().map_or(Address::Type, Address::Known);
    let named = |name: &str| AmqpNamed { name: name.to_owned(), vhost: vhost(&place) };
    let channel = match (exchange.as_str(), routing_key) {
        ("", Some(queue)) => AmqpChannel::Queue { queue: named(queue), binding_version: BINDING },
        (exchange, _) => AmqpChannel::RoutingKey { exchange: named(exchange), binding_version: BINDING },
    };
    let operation = AmqpOperation { delivery_mode: PERSISTENT, binding_version: BINDING };
    Described {
        channel: Some(ChannelBindings { amqp: Some(channel), ..ChannelBindings::default() }),
        operation: Some(OperationBindings { amqp: Some(operation), ..OperationBindings::default() }),
        message: Some(message),
        ..Described::new(server, address, Form::of(*mode, "cloudEvents_", Text::Plain))
    }
}

/// An address without a path means the virtual host `/`, as the client reads it.
fn vhost(place: &Place<'_>) -> Option<String> {
    let path = place.path()?;
    let name = path.get(1..).unwrap_or("/");
    percent_decode_str(name).decode_utf8().ok().map(String::from)
}

fn message(event_type: &str) -> Option<MessageBindings> {
    let amqp = AmqpMessage { message_type: event_type.to_owned(), binding_version: BINDING };
    (event_type.len() <= SHORT).then_some(MessageBindings { amqp: Some(amqp), ..MessageBindings::default() })
}
