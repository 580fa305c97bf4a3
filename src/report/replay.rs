//! What `tieout replay` shows: plain values that whoever reads the state store fills in.

use std::collections::BTreeMap;

use serde::Serialize;
use tieout_reconcilers::instant::Instant;
use uuid::Uuid;

use crate::store::{Progress, ReplayRecord, ReplayRequest, ReplayState, SentFilter};

/// What became of a replay in one call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ReplayedView {
    /// The replay; nothing where it was only counted.
    pub replay_id: Option<Uuid>,
    /// Events that were to be sent again.
    pub eligible: u64,
    /// Events that are over, or of which there is a newer one; they are among the eligible where that was forced.
    pub over: u64,
    /// Who wanted it.
    pub by: String,
    /// Whether it was more than a count.
    pub was_begun: bool,
    /// Events that calls before this one sent of the same replay.
    pub sent_before: u64,
    /// Events that a queue acknowledged.
    pub sent: u64,
    /// Events that a queue will never take.
    pub refused: u64,
    /// The same by what the queue said, with `<n>`, `<id>` and `<word>` in place of what differs from event to event.
    pub refusals: BTreeMap<String, u64>,
    /// Events that break the schema which their domain names today and were left out, by what is wrong with them.
    pub unfit: BTreeMap<String, u64>,
    /// Why it ended before its end.
    pub stopped: Option<String>,
    /// Whether it can be carried on.
    pub can_go_on: bool,
}

/// A replay as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReplayView {
    /// Its name.
    pub replay_id: Uuid,
    /// How it stands.
    pub state: ReplayState,
    /// Who began it.
    pub by: String,
    /// When.
    pub begun_at: Instant,
    /// The last sign of life of whoever carries it out.
    pub last_sign: Instant,
    /// When it ended.
    pub finished_at: Option<Instant>,
    /// Which events: what was asked for, with instants for times.
    pub filter: SentFilter,
    /// The queue that all of them go to; where they went before without one.
    pub to: Option<String>,
    /// Whether also what is over is sent.
    pub forced: bool,
    /// At most so many.
    pub limit: Option<u64>,
    /// How many go in a second; as fast as the queue takes them without a number.
    pub per_second: Option<f64>,
    /// How many were to be sent when it began.
    pub eligible: u64,
    /// How far it is.
    #[serde(flatten)]
    pub progress: Progress,
    /// Why it was interrupted.
    pub why: Option<String>,
    /// Who cancelled it.
    pub cancelled_by: Option<String>,
}

impl From<&ReplayRecord> for ReplayView {
    fn from(record: &ReplayRecord) -> Self {
        let ReplayRequest { filter, to, is_forced, limit, pause } = record.request.clone();
        Self {
            replay_id: record.replay_id,
            state: record.state,
            by: record.who.clone(),
            begun_at: record.begun_at,
            last_sign: record.heartbeat_at,
            finished_at: record.finished_at,
            filter,
            to,
            forced: is_forced,
            limit,
            per_second: (!pause.is_zero()).then(|| 1.0 / pause.as_secs_f64()),
            eligible: record.eligible,
            progress: record.progress,
            why: record.why.clone(),
            cancelled_by: record.ended_by.clone(),
        }
    }
}
