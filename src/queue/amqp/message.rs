//! How an event stands in a message of AMQP 0-9-1. Names and keys are "short strings" there, of 255 bytes at most, which the client makes
//! of longer texts only by a panic.

use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable, ShortString, ShortStringError};

use crate::queue::binding::Message;
use crate::store::Outgoing;

/// The routing key of an event.
pub(super) fn routing_key(of_all: Option<&str>, event: &Outgoing) -> Result<ShortString, ShortStringError> {
    ShortString::try_new(of_all.unwrap_or(&event.event_type))
}

/// Persistent, with the id where consumers and tools look for it. Attributes are headers with the prefix of the binding for AMQP. A type that
/// is too long for the property is left out of it; it is an attribute as well.
pub(super) fn properties(
    event: &Outgoing,
    message: &Message<'_>,
) -> Result<BasicProperties, ShortStringError> {
    let mut headers = FieldTable::default();
    for (name, value) in &message.attributes {
        let name = ShortString::try_new(format!("cloudEvents_{name}"))?;
        headers.insert(name, AMQPValue::LongString(value.as_str().into()));
    }
    let properties = BasicProperties::default()
        .with_delivery_mode(2)
        .with_message_id(event.event_id.to_string().into())
        .with_content_type(ShortString::try_new(message.content_type.as_ref())?)
        .with_headers(headers)
        .with_app_id("tieout".into());
    Ok(match ShortString::try_new(event.event_type.as_str()) {
        Ok(event_type) => properties.with_type(event_type),
        Err(_) => properties,
    })
}
