//! The AsyncAPI document of a configuration: which events go where, and what stands in them. It is made of what was checked already,
//! reads no secret and asks nobody, so the same configuration has the same document everywhere.
//!
//! To add a kind of queue, write a file in `broker/` and name it in `broker::describe`, where the compiler asks for it.

pub mod document;
pub mod schema;
mod bindings;

mod emitted;
mod carried;
mod attribute;

mod broker;
mod place;
mod registered;
mod form;

mod channel;
mod message;
mod write;

pub mod backstage;

use std::sync::Arc;

use tieout_reconcilers::reconciler::Reconciler;

pub use document::Document;
pub use write::{Unwritable, yaml, yamls};

use crate::config::Config;
use document::{Components, Info};

/// The version of the specification that documents follow (<https://www.asyncapi.com/docs/reference/specification/v3.0.0>).
const SPECIFICATION: &str = "3.0.0";

/// What every reader has to know, whatever the queue.
const DESCRIPTION: &str = "CloudEvents about items on which a provider and the records of its user do not agree. An event may arrive more \
     than once, always with the same `id`, so consumers have to know what they have seen.";

/// What a document says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// Its title.
    pub title: String,
    /// The version of what it describes, which its owner counts.
    pub version: String,
}

/// The document of some domains: the queues that they send to, and every event that they may send. A queue that none of them
/// sends to is left out.
#[must_use]
pub fn document(config: &Config, domains: &[Arc<dyn Reconciler>], about: About) -> Document {
    let emitted = emitted::gather(domains);
    let mut document = Document {
        asyncapi: SPECIFICATION,
        info: Info { title: about.title, version: about.version, description: DESCRIPTION },
        servers: [].into(),
        channels: [].into(),
        operations: [].into(),
        components: Components::default(),
    };
    for (name, queue) in &config.queues {
        if let Some(events) = emitted.get(name.as_str()) {
            channel::add(&mut document, name, broker::describe(queue), events, &config.schemas);
        }
    }
    document
}

#[cfg(test)]
mod tests;
