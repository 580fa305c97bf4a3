//! The objects of an AsyncAPI document, as far as they are written here, with the names that the specification gives them.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::bindings::{ChannelBindings, MessageBindings, OperationBindings};
use super::schema::Schema;

/// A whole document.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Document {
    /// The version of the specification.
    pub asyncapi: &'static str,
    /// What it is about.
    pub info: Info,
    /// Where events go, by the queue's name.
    pub servers: BTreeMap<String, Server>,
    /// The queues, by their names.
    pub channels: BTreeMap<String, Channel>,
    /// What tieout does with them.
    pub operations: BTreeMap<String, Operation>,
    /// What messages share.
    #[serde(skip_serializing_if = "Components::is_empty")]
    pub components: Components,
}

/// What a document is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Info {
    /// Its title.
    pub title: String,
    /// The version of what it describes.
    pub version: String,
    /// What every reader has to know.
    pub description: &'static str,
}

/// Where a queue is. It holds no credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Server {
    /// The host, with its port where the configuration says one.
    pub host: String,
    /// The protocol.
    pub protocol: &'static str,
    /// The version of the protocol, where that matters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol_version: Option<&'static str>,
    /// The path: a database, a virtual host, a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pathname: Option<String>,
    /// What else is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What stands in braces.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<&'static str, Variable>,
}

/// A part of an address that the document does not know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Variable {
    /// Where it can be found.
    pub description: String,
}

/// A queue.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Channel {
    /// Its address at the server; `null` where nobody knows it.
    pub address: Option<String>,
    /// What a consumer has to know about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<&'static str>,
    /// Its server.
    pub servers: Vec<Reference>,
    /// What stands in braces.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<&'static str, Parameter>,
    /// What may be in it.
    pub messages: BTreeMap<String, Message>,
    /// What its protocol adds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bindings: Option<ChannelBindings>,
}

/// A part of a channel's address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Parameter {
    /// What it may be.
    #[serde(rename = "enum")]
    pub choices: Vec<String>,
    /// Where it stands in a message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
}

/// What tieout does with a queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Operation {
    /// Always `send`.
    pub action: &'static str,
    /// The queue.
    pub channel: Reference,
    /// What it sends.
    pub messages: Vec<Reference>,
    /// What its protocol adds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bindings: Option<OperationBindings>,
}

/// An event of one type as it stands in a queue.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// The event's type.
    pub name: String,
    /// What it is sent about, in words.
    pub title: String,
    /// The media type of the payload.
    pub content_type: &'static str,
    /// What stands beside the payload.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers: Option<Schema>,
    /// Where the event's id stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<CorrelationId>,
    /// What it carries.
    pub payload: Schema,
    /// What its protocol adds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bindings: Option<MessageBindings>,
    /// Which findings it is sent about.
    #[serde(rename = "x-tieout-findings")]
    pub findings: Vec<Findings>,
}

/// Where the event's id stands in a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CorrelationId {
    /// A runtime expression, such as `$message.payload#/id`.
    pub location: String,
}

/// The findings of a domain that are of one kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Findings {
    /// The domain.
    pub domain: String,
    /// The kind: `missing`, `mismatched` or `orphaned`.
    pub kind: &'static str,
}

/// What messages share.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Components {
    /// Schemas by their names.
    pub schemas: BTreeMap<String, Component>,
}

/// A schema that messages share.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
#[expect(clippy::large_enum_variant, reason = "a document has a few of them")]
pub enum Component {
    /// What tieout says.
    Written(Schema),
    /// What the registry holds.
    Registered(Value),
}

/// A place in the document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reference {
    #[serde(rename = "$ref")]
    to: String,
}

impl Reference {
    /// Refers to a place, which is a JSON pointer in pieces.
    pub(super) fn to(pieces: &[&str]) -> Self {
        let escaped = pieces.iter().map(|piece| piece.replace('~', "~0").replace('/', "~1"));
        Self { to: escaped.fold("#".to_owned(), |pointer, piece| pointer + "/" + &piece) }
    }

    pub(super) fn into_text(self) -> String {
        self.to
    }
}

impl Components {
    fn is_empty(&self) -> bool {
        self.schemas.is_empty()
    }
}
