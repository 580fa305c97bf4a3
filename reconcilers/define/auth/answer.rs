//! Where the answer of a token endpoint holds the token, and how long it is good.

use std::time::Duration;

use crate::define::checked::{Checked, FromText};
use crate::define::reader::Reader;
use crate::define::value::Length;

use super::door::Door;

/// Where the answer of a token endpoint holds what is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenAnswer {
    /// The token.
    pub token: Reader,
    /// How long it is good: seconds from now, an epoch in seconds or milliseconds, or an RFC 3339 time. An answer may
    /// leave it out.
    pub expires: Option<Reader>,
    /// How long it is good where the answer does not say.
    pub ttl: Option<Duration>,
}

/// The words that say so, in every block that asks for a token.
#[derive(Default)]
pub(super) struct AnswerWords {
    pub(super) token: Option<Checked<Reader>>,
    pub(super) expires: Option<Checked<Reader>>,
    pub(super) ttl: Option<Checked<Length>>,
}

impl TokenAnswer {
    /// Reads the words; what is left out is read where `token` and `expires` say.
    pub(super) fn compile(words: AnswerWords, defaults: [&str; 2], door: &mut Door<'_, '_>) -> Option<Self> {
        let AnswerWords { token, expires, ttl } = words;
        let [token, expires] = [token, expires]
            .into_iter()
            .zip(defaults)
            .map(|(written, default)| match written {
                Some(written) => door.0.take(written),
                None => Reader::from_text(default).ok(),
            })
            .collect::<Vec<_>>()
            .try_into()
            .ok()?;
        Some(Self { token: token?, expires, ttl: door.0.take_option(ttl).map(|ttl| ttl.0) })
    }
}
