//! Redis Streams. The binding of Redis has nothing to say, and CloudEvents has none: fields are named as for Kafka.

use super::{Address, Described};
use crate::asyncapi::form::{Form, Holds, Text};
use crate::asyncapi::place::Place;
use crate::config::queue::RedisConfig;

/// A stream.
pub(super) fn stream(redis: &RedisConfig) -> Described {
    let place = Place::of(redis.url.reference());
    let protocol = if place.has_scheme(&["rediss"]) { "rediss" } else { "redis" };
    let form = Form::of(redis.mode, "ce_", Text::Plain).with("content-type", Holds::MediaType);
    Described {
        description: Some(
            "A stream. Each event is an entry: its field `event` is the payload, and its other fields are the headers.",
        ),
        ..Described::new(place.server(protocol), Address::Known(redis.stream.clone()), form)
    }
}
