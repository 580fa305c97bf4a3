//! An event as a row and back.

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::name::{DomainName, Each};
use uuid::Uuid;

use crate::finding::Identity;
use crate::store::error::StoreError;
use crate::store::sql::Row;

/// Where an event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OutboxState {
    /// Committed; its domain is not released yet.
    Staged,
    /// The relay may deliver it.
    Pending,
    /// A safety limit or a baseline keeps it back.
    Held,
    /// The queue acknowledged it.
    Sent,
    /// Given up, with a class and a reason.
    Dead,
    /// Its drift has gone or changed before it was sent.
    Superseded,
}

impl OutboxState {
    /// Every state.
    pub const ALL: [Self; 6] =
        [Self::Staged, Self::Pending, Self::Held, Self::Sent, Self::Dead, Self::Superseded];

    /// The word used in columns, reports and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Staged => "staged",
            Self::Pending => "pending",
            Self::Held => "held",
            Self::Sent => "sent",
            Self::Dead => "dead",
            Self::Superseded => "superseded",
        }
    }

    /// The state of a stored word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// An event on its way to a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The order in which events were committed; the store's own number of it.
    pub seq: i64,
    /// The deterministic id.
    pub event_id: Uuid,
    /// The finding it is about; its key is the order that queues keep.
    pub id: Identity,
    /// The CloudEvents source.
    pub source: String,
    /// The CloudEvents type.
    pub event_type: String,
    /// The CloudEvents subject.
    pub subject: String,
    /// The whole event as JSON, in the CloudEvents format.
    pub payload: String,
    /// How often its delivery has failed.
    pub attempts: u32,
}

/// An event with its history of delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRow {
    /// The deterministic id.
    pub event_id: Uuid,
    /// The episode of the finding that it is about.
    pub episode: u32,
    /// The run that staged it.
    pub run_id: Uuid,
    /// The queue's name in the configuration.
    pub queue: String,
    /// The CloudEvents type.
    pub event_type: String,
    /// The whole event as JSON, in the CloudEvents format.
    pub payload: String,
    /// Where it stands.
    pub state: OutboxState,
    /// The class of a dead event.
    pub class: Option<String>,
    /// Why it is held or dead, or how the last attempt failed.
    pub reason: Option<String>,
    /// How often its delivery has failed.
    pub attempts: u32,
    /// When it was committed, by the store's clock.
    pub staged_at: Instant,
    /// It is not sent before this instant.
    pub due_at: Instant,
    /// When it was sent, given up or superseded.
    pub finished_at: Option<Instant>,
}

/// How many events are not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsentCount {
    /// The domain.
    pub domain: DomainName,
    /// The queue's name in the configuration.
    pub queue: String,
    /// `staged`, `pending`, `held` or `dead`.
    pub state: OutboxState,
    /// How many.
    pub count: u64,
}

pub(super) fn outgoing(row: &Row) -> Result<Outgoing, StoreError> {
    let id = Identity {
        domain: row.word("domain", |name| name.parse().ok())?,
        each: Each::stored(&row.text("each_")?),
        key: row.word("key", |key| Key::checked(key).ok())?,
    };
    Ok(Outgoing {
        seq: row.int("seq")?,
        event_id: row.uuid("event_id")?,
        id,
        source: row.text("source")?,
        event_type: row.text("type")?,
        subject: row.text("subject")?,
        payload: row.text("payload")?,
        attempts: row.count("attempts")?,
    })
}

pub(super) fn outbox_row(row: &Row) -> Result<OutboxRow, StoreError> {
    Ok(OutboxRow {
        event_id: row.uuid("event_id")?,
        episode: row.count("episode")?,
        run_id: row.uuid("run_id")?,
        queue: row.text("queue")?,
        event_type: row.text("type")?,
        payload: row.text("payload")?,
        state: row.word("state", OutboxState::from_word)?,
        class: row.text_or_null("class")?,
        reason: row.text_or_null("reason")?,
        attempts: row.count("attempts")?,
        staged_at: row.time("staged_at")?,
        due_at: row.time("last_due_at")?,
        finished_at: row.time_or_null("finished_at")?,
    })
}

pub(super) fn unsent(row: &Row) -> Result<UnsentCount, StoreError> {
    Ok(UnsentCount {
        domain: row.word("domain", |name| name.parse().ok())?,
        queue: row.text("queue")?,
        state: row.word("state", OutboxState::from_word)?,
        count: row.count("count")?,
    })
}
