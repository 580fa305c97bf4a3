//! A replay as a row and back.

use std::time::Duration;

use serde::Serialize;
use tieout_reconcilers::instant::Instant;
use uuid::Uuid;

use crate::store::SentFilter;
use crate::store::error::StoreError;
use crate::store::lease::{LEASE_TIME, is_dead};
use crate::store::sql::Row;

/// Why a replay was interrupted that did not say so itself.
pub(super) const GONE: &str = "its process ended or gave no sign of life any more";

/// How a replay stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ReplayState {
    /// Somebody carries it out.
    Running,
    /// It came to its end.
    Done,
    /// It stopped before its end, and can be carried on.
    Interrupted,
    /// A person said that it is not carried on.
    Cancelled,
}

impl ReplayState {
    const ALL: [Self; 4] = [Self::Running, Self::Done, Self::Interrupted, Self::Cancelled];

    /// The word used in columns and in what is shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Interrupted => "interrupted",
            Self::Cancelled => "cancelled",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// How far a replay is. Everything up to an event of the outbox is done, and the counts are of what is done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// The event, by its place in the outbox, in whose order a replay sends.
    #[serde(skip)]
    pub after: i64,
    /// Events that a queue acknowledged.
    pub sent: u64,
    /// Events that a queue will never take.
    pub refused: u64,
    /// Events that break the schema which their domain names today.
    pub unfit: u64,
    /// Events that were left out because their findings are over.
    pub over: u64,
}

/// What a replay is asked for, whoever carries it out and however far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayRequest {
    /// Which events.
    pub filter: SentFilter,
    /// The queue that all of them go to; where they went before without one.
    pub to: Option<String>,
    /// Whether also what is over is sent.
    pub is_forced: bool,
    /// At most so many.
    pub limit: Option<u64>,
    /// How far apart the events are sent.
    pub pause: Duration,
}

/// A replay that begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReplay {
    /// A UUID of version 7.
    pub replay_id: Uuid,
    /// Who wants it.
    pub who: String,
    /// The same for whoever asks for the same, whenever that is.
    pub likeness: Uuid,
    /// What was asked for.
    pub request: ReplayRequest,
    /// How many were to be sent when it began.
    pub eligible: u64,
}

/// A replay as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayRecord {
    /// Its name.
    pub replay_id: Uuid,
    /// Who began it.
    pub who: String,
    /// What was asked for.
    pub request: ReplayRequest,
    /// How many were to be sent when it began.
    pub eligible: u64,
    /// How far it is.
    pub progress: Progress,
    /// How it stands.
    pub state: ReplayState,
    /// Why it was interrupted.
    pub why: Option<String>,
    /// Who cancelled it.
    pub ended_by: Option<String>,
    /// When it was begun, by the store's clock, as all of these.
    pub begun_at: Instant,
    /// The last sign of life of whoever carries it out.
    pub heartbeat_at: Instant,
    /// When it ended.
    pub finished_at: Option<Instant>,
    pub(super) turn: i64,
    pub(super) likeness: String,
}

/// What a row says of a replay at `now`: one whose process is dead, or silent for [`LEASE_TIME`], is interrupted, whoever wrote that down.
pub(super) fn record(row: &Row, now: Instant) -> Result<ReplayRecord, StoreError> {
    let heartbeat_at = row.time("heartbeat_at")?;
    let state = row.word("state", ReplayState::from_word)?;
    let is_gone = state == ReplayState::Running && (heartbeat_at < now - LEASE_TIME || is_dead(row)?);
    Ok(ReplayRecord {
        replay_id: row.uuid("replay_id")?,
        who: row.text("who")?,
        request: request(row)?,
        eligible: row.count("eligible")?,
        progress: progress(row)?,
        state: if is_gone { ReplayState::Interrupted } else { state },
        why: if is_gone { Some(GONE.to_owned()) } else { row.text_or_null("why")? },
        ended_by: row.text_or_null("ended_by")?,
        begun_at: row.time("begun_at")?,
        heartbeat_at,
        finished_at: row.time_or_null("finished_at")?,
        turn: row.int("turn")?,
        likeness: row.text("likeness")?,
    })
}

fn request(row: &Row) -> Result<ReplayRequest, StoreError> {
    let filter = row.text("filter")?;
    Ok(ReplayRequest {
        filter: row.known("filter", &filter, SentFilter::from_json(&filter))?,
        to: row.text_or_null("queue")?,
        is_forced: row.int("forced")? == 1,
        limit: row.int_or_null("most")?.map(|_| row.count("most")).transpose()?,
        pause: Duration::from_micros(row.count("apart_us")?),
    })
}

fn progress(row: &Row) -> Result<Progress, StoreError> {
    Ok(Progress {
        after: row.int("after_seq")?,
        sent: row.count("sent")?,
        refused: row.count("refused")?,
        unfit: row.count("unfit")?,
        over: row.count("left_out")?,
    })
}

/// A count as both databases keep it.
pub(super) fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The state as a row has it, whatever its sign of life.
pub(super) fn state(row: &Row) -> Result<ReplayState, StoreError> {
    row.word("state", ReplayState::from_word)
}
