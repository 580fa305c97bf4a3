//! Who answers in the place of a provider, and who listens when the provider itself does.
//!
//! A client with a stand-in makes no connection and reads no credential: its requests end here. Whoever listens sees requests
//! before any credential is put on them.

use std::fmt;

use tieout_reconcilers::page::{PageRequest, Response};
use url::Url;

use super::error::SourceError;

/// A request on its way, without any credential.
#[derive(Debug, Clone, Copy)]
pub struct Question<'q> {
    /// What is asked.
    pub asked: &'q PageRequest,
    /// Where it leads.
    pub url: &'q Url,
    /// Where the provider's paths begin.
    pub base: &'q Url,
}

/// What a stand-in answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Header names in lower case with their values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// Answers in the place of a provider.
pub trait StandIn: fmt::Debug + Send + Sync {
    /// The answer to a request; an error is what a connection would have ended with.
    fn answer(&self, question: &Question<'_>) -> Result<Reply, SourceError>;
}

/// Listens to a provider.
pub trait Witness: fmt::Debug + Send + Sync {
    /// Whether a request may be sent; an error is what it ends with otherwise.
    fn permits(&self, question: &Question<'_>) -> Result<(), SourceError>;

    /// What came.
    fn heard(&self, question: &Question<'_>, response: &Response<'_>);
}
