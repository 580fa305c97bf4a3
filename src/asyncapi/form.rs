//! How an event stands in a message of a queue: which of it is the payload, and what stands beside that.

use super::schema::{Property, Schema};
use crate::queue::Mode;
use crate::queue::binding::{DATA, WHOLE, encoded};

/// The media type of a whole event, without its character set.
pub(super) const CLOUDEVENT: &str = "application/cloudevents+json";

/// Which part of an event is the payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Payload {
    /// The whole event.
    Whole,
    /// The data; the attributes are headers with a prefix.
    Data { prefix: &'static str, text: Text },
    /// The data; there are no attributes.
    DataAlone,
}

/// How a header holds a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Text {
    /// As it is.
    Plain,
    /// Percent-encoded as in HTTP.
    Encoded,
}

/// What a header other than an attribute holds.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "a queue has a few of them")]
pub(super) enum Holds {
    /// The event's type.
    Type,
    /// The media type of the payload as it is sent.
    MediaType,
    /// What a schema says.
    Value(Schema),
}

/// A header other than an attribute.
#[derive(Debug, PartialEq)]
struct Header {
    name: String,
    holds: Holds,
    is_required: bool,
}

/// How an event stands in a message.
#[derive(Debug, PartialEq)]
pub(super) struct Form {
    payload: Payload,
    headers: Vec<Header>,
    /// The header that holds the event's id, where that is nowhere else.
    id: Option<&'static str>,
}

impl Form {
    /// Whole events with nothing beside them.
    pub(super) const fn whole() -> Self {
        Self { payload: Payload::Whole, headers: Vec::new(), id: None }
    }

    /// Events in the mode of a queue, whose attributes have a prefix where they are headers.
    pub(super) const fn of(mode: Mode, prefix: &'static str, text: Text) -> Self {
        let payload = match mode {
            Mode::Structured => Payload::Whole,
            Mode::Binary => Payload::Data { prefix, text },
        };
        Self { payload, headers: Vec::new(), id: None }
    }

    /// The data with nothing of the event beside it but its id, in a header of this name.
    pub(super) const fn data(id: Option<&'static str>) -> Self {
        Self { payload: Payload::DataAlone, headers: Vec::new(), id }
    }

    /// With a header that is always there.
    pub(super) fn with(mut self, name: impl Into<String>, holds: Holds) -> Self {
        self.headers.push(Header { name: name.into(), holds, is_required: true });
        self
    }

    /// With a header that may be missing.
    pub(super) fn perhaps(mut self, name: impl Into<String>, holds: Holds) -> Self {
        self.headers.push(Header { name: name.into(), holds, is_required: false });
        self
    }

    /// Whether the payload is the whole event.
    pub(super) fn is_whole(&self) -> bool {
        self.payload == Payload::Whole
    }

    /// The media type of the payload.
    pub(super) const fn content_type(&self) -> &'static str {
        match self.payload {
            Payload::Whole => CLOUDEVENT,
            Payload::Data { .. } | Payload::DataAlone => DATA,
        }
    }

    /// Where an attribute of the event stands, as a runtime expression.
    pub(super) fn attribute(&self, name: &str) -> Option<String> {
        match self.payload {
            Payload::Whole => Some(format!("$message.payload#/{name}")),
            Payload::Data { prefix, .. } => Some(format!("$message.header#/{prefix}{name}")),
            Payload::DataAlone => None,
        }
    }

    /// Where the event's id stands, as a runtime expression.
    pub(super) fn id(&self) -> Option<String> {
        self.attribute("id").or_else(|| self.id.map(|header| format!("$message.header#/{header}")))
    }

    /// What stands beside the payload of an event with these attributes; nothing where nothing does.
    pub(super) fn headers(&self, event_type: &str, attributes: Vec<Property>) -> Option<Schema> {
        let mut headers: Vec<Property> =
            self.headers.iter().map(|header| self.header(header, event_type)).collect();
        if let Payload::Data { prefix, text } = self.payload {
            headers.extend(attributes.into_iter().map(|attribute| as_header(attribute, prefix, text)));
        }
        (!headers.is_empty()).then(|| Schema::object(headers))
    }

    fn header(&self, Header { name, holds, is_required }: &Header, event_type: &str) -> Property {
        let schema = match holds {
            Holds::Type => Schema::only(event_type),
            Holds::MediaType if self.is_whole() => Schema::only(WHOLE),
            Holds::MediaType => Schema::only(DATA),
            Holds::Value(schema) => schema.clone(),
        };
        Property { name: name.clone(), schema, is_required: *is_required }
    }
}

fn as_header(Property { name, schema, is_required }: Property, prefix: &str, text: Text) -> Property {
    let schema = schema.into_text(|value| match text {
        Text::Plain => value.to_owned(),
        Text::Encoded => encoded(value),
    });
    Property { name: format!("{prefix}{name}"), schema, is_required }
}
