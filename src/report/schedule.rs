//! What `state pause`, `state resume` and `state journal` say: plain values that whoever reads the state store fills in.

use serde::Serialize;
use tieout_reconcilers::instant::Instant;
use uuid::Uuid;

use crate::store::{JournalRow, Pause};

/// A domain on which no run works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PauseView {
    /// The domain.
    pub domain: String,
    /// Who paused it; absent where its file says so, which keeps a daemon from it and nobody else.
    pub by: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Since when.
    pub since: Option<Instant>,
}

/// What became of a pause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PauseChanged {
    /// The domain.
    pub domain: String,
    /// Whether it is paused now.
    pub paused: bool,
    /// Whether that was so before.
    pub was_paused: bool,
}

/// An entry of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JournalLine {
    /// When, by the store's clock.
    pub at: Instant,
    /// What happened, in a word.
    pub event: &'static str,
    /// To which domain.
    pub domain: Option<String>,
    /// The due time that it is about.
    pub scheduled_for: Option<Instant>,
    /// The run that it is about.
    pub run_id: Option<Uuid>,
    /// Which process wrote it, a daemon or the retry job; absent where a person did.
    pub daemon: Option<String>,
    /// In words.
    pub detail: String,
}

impl PauseView {
    /// A pause of a person.
    #[must_use]
    pub fn of(domain: &str, pause: &Pause) -> Self {
        let reason = Some(pause.reason.clone()).filter(|reason| !reason.is_empty());
        Self { domain: domain.to_owned(), by: Some(pause.who.clone()), reason, since: Some(pause.at) }
    }

    /// A pause that the domain's file asks for.
    #[must_use]
    pub fn in_file(domain: &str) -> Self {
        Self { domain: domain.to_owned(), by: None, reason: None, since: None }
    }
}

impl From<&JournalRow> for JournalLine {
    fn from(row: &JournalRow) -> Self {
        let entry = &row.entry;
        Self {
            at: row.at,
            event: entry.happened.as_str(),
            domain: entry.domain.as_ref().map(ToString::to_string),
            scheduled_for: entry.scheduled_for,
            run_id: entry.run_id,
            daemon: Some(row.daemon.clone()).filter(|daemon| !daemon.is_empty()),
            detail: entry.detail.clone(),
        }
    }
}
