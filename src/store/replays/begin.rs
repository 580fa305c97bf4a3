//! Begins a replay, or carries an interrupted one on. The same is never sent by two at a time because one person asked twice.

use std::time::Duration;

use super::find::find;
use super::keep::Turn;
use super::row::{GONE, NewReplay, ReplayRecord, ReplayState, record, stored};
use super::selector::ReplaySelector;
use crate::process::Process;
use crate::store::again::Twice;
use crate::store::database::Store;
use crate::store::error::StoreError;
use crate::store::sql::{Tx, Value, args};

/// What became of a replay that was to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// It is under way.
    Now {
        /// The right to carry it out.
        turn: Turn,
        /// The newest one of the same that was interrupted, and could have been carried on.
        interrupted: Option<Box<ReplayRecord>>,
    },
    /// The same person's replay of the same goes on already: nothing was begun.
    Runs(Box<ReplayRecord>),
}

/// What became of a replay that was to be carried on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CarriedOn {
    /// It goes on from where it is.
    Now(Turn, Box<ReplayRecord>),
    /// This one goes on already, it or another one of the same.
    Runs(Box<ReplayRecord>),
    /// It is done or cancelled.
    Over(Box<ReplayRecord>),
}

impl Store {
    /// Records that a replay of this process has begun.
    pub async fn begin_replay(&self, new: &NewReplay) -> Result<Begun, StoreError> {
        self.again(Twice::IsOnce, || self.begin_replay_once(new)).await
    }

    async fn begin_replay_once(&self, new: &NewReplay) -> Result<Begun, StoreError> {
        let mut tx = self.write("replay.begin").await?;
        let likeness = new.likeness.to_string();
        let others = alike(&mut tx, &likeness, new).await?;
        if let Some(running) = running(&others) {
            return Ok(Begun::Runs(running));
        }
        insert(&mut tx, new).await?;
        // Somebody may have begun the same since then, and that one stays.
        let others = alike(&mut tx, &likeness, new).await?;
        if let Some(running) = running(&others) {
            return Ok(Begun::Runs(running));
        }
        tx.commit().await?;
        let interrupted = others.into_iter().rfind(|other| other.state == ReplayState::Interrupted);
        let turn = Turn { replay_id: new.replay_id, number: 1 };
        Ok(Begun::Now { turn, interrupted: interrupted.map(Box::new) })
    }

    /// Takes an interrupted replay over and records that this process carries it on, with so long a pause between two events.
    pub async fn carry_replay_on(
        &self,
        selector: &ReplaySelector,
        pause: Duration,
    ) -> Result<CarriedOn, StoreError> {
        let mut tx = self.write("replay.carry_on").await?;
        let found = find(&mut tx, selector).await?;
        let all = close_the_dead(&mut tx, &found.likeness, &found.who).await?;
        let Some(found) = all.iter().find(|one| one.replay_id == found.replay_id).cloned() else {
            return Err(StoreError::NoSuchReplay(selector.to_string()));
        };
        if matches!(found.state, ReplayState::Done | ReplayState::Cancelled) {
            return Ok(CarriedOn::Over(Box::new(found)));
        }
        if let Some(running) = running(&all) {
            return Ok(CarriedOn::Runs(running));
        }
        let turn = Turn { replay_id: found.replay_id, number: found.turn + 1 };
        let now = tx.now().await?;
        let process = Process::this().map(|process| process.to_string());
        tx.execute(
            "UPDATE replays SET state = 'running', why = NULL, finished_at = NULL, turn = $2, process = $3, heartbeat_at = $4,
                 apart_us = $5
             WHERE replay_id = $1",
            &args![turn.replay_id, turn.number, process, now, apart(pause)],
        )
        .await?;
        tx.commit().await?;
        Ok(CarriedOn::Now(turn, Box::new(found)))
    }
}

fn running(replays: &[ReplayRecord]) -> Option<Box<ReplayRecord>> {
    replays.iter().find(|one| one.state == ReplayState::Running).cloned().map(Box::new)
}

/// A person's replays of the same but for a new one itself, which a try whose answer was lost may have recorded.
async fn alike(tx: &mut Tx, likeness: &str, new: &NewReplay) -> Result<Vec<ReplayRecord>, StoreError> {
    let mut all = close_the_dead(tx, likeness, &new.who).await?;
    all.retain(|one| one.replay_id != new.replay_id);
    Ok(all)
}

/// A person's replays of the same, oldest first, locked for the rest of the transaction. Of those that nobody carries out any more it is
/// written down.
async fn close_the_dead(tx: &mut Tx, likeness: &str, who: &str) -> Result<Vec<ReplayRecord>, StoreError> {
    let now = tx.now().await?;
    let sql = format!(
        "SELECT * FROM replays WHERE likeness = $1 AND who = $2 ORDER BY begun_at, replay_id {}",
        tx.dialect().for_update
    );
    let rows = tx.rows(sql, &args![likeness, who]).await?;
    let all: Vec<ReplayRecord> = rows.iter().map(|row| record(row, now)).collect::<Result<_, _>>()?;
    for dead in all.iter().filter(|one| one.state == ReplayState::Interrupted) {
        tx.execute(
            "UPDATE replays SET state = 'interrupted', why = $2, process = NULL, finished_at = $3
             WHERE replay_id = $1 AND state = 'running'",
            &args![dead.replay_id, GONE, now],
        )
        .await?;
    }
    Ok(all)
}

fn apart(pause: Duration) -> i64 {
    i64::try_from(pause.as_micros()).unwrap_or(i64::MAX)
}

/// Records a replay, unless it is recorded, or another one of the same runs.
async fn insert(tx: &mut Tx, new: &NewReplay) -> Result<(), StoreError> {
    let (now, request) = (tx.now().await?, &new.request);
    tx.execute(
        "INSERT INTO replays (replay_id, who, likeness, filter, queue, forced, most, apart_us, eligible, after_seq, sent, refused,
             unfit, left_out, state, turn, process, begun_at, heartbeat_at)
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 0, 0, 0, 0, 'running', 1, $10, $11, $11
         WHERE NOT EXISTS (SELECT 1 FROM replays WHERE replay_id = $1)
         ON CONFLICT DO NOTHING",
        &args![
            new.replay_id,
            new.who.as_str(),
            new.likeness,
            request.filter.to_json(),
            request.to.as_deref(),
            i64::from(request.is_forced),
            Value::Int(request.limit.map(stored)),
            apart(request.pause),
            stored(new.eligible),
            Process::this().map(|process| process.to_string()),
            now
        ],
    )
    .await
    .map(drop)
}
