//! Why what an event carries may not be sent. It names places and never a value.

use tieout_reconcilers::jq::Underivable;
use tieout_reconcilers::schema_id::SchemaId;

/// Why what an event carries may not be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// The registry does not have the schema that the domain names.
    #[error("the registry has no schema {0}")]
    Unknown(SchemaId),
    /// It is nested more deeply than is checked.
    #[error("the data is nested too deeply to be checked against {0}")]
    TooDeep(SchemaId),
    /// It breaks its schema.
    #[error("the data breaks {schema} at {}: {keyword}{}", place(.at), others(*.more))]
    Broken {
        /// Which schema.
        schema: SchemaId,
        /// The JSON pointer of the part of the data.
        at: String,
        /// The keyword of the schema that it breaks.
        keyword: String,
        /// How many other places there are, as far as they were counted.
        more: usize,
    },
    /// An upcaster gives nothing for it.
    #[error("the upcaster {name} did not carry the data over: it is {}", .why.said())]
    NotCarried {
        /// Which upcaster.
        name: String,
        /// Why.
        why: Underivable,
    },
    /// It is no CloudEvent, which no release has ever written.
    #[error("what is stored is no event")]
    NoEvent,
}

fn place(pointer: &str) -> &str {
    if pointer.is_empty() { "its root" } else { pointer }
}

fn others(more: usize) -> String {
    match more {
        0 => String::new(),
        1 => ", and at 1 other place".to_owned(),
        more => format!(", and at {more} other places"),
    }
}
