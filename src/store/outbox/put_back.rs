//! Puts dead letters back, so that the relay delivers them once more: the same ids, in their order, where their findings still need them.

use std::time::Duration;

use tieout_reconcilers::instant::Instant;
use uuid::Uuid;

use super::fate::{Fate, Fates, hold, judge, of, settle};
use super::recheck::{Check, recheck, write};
use crate::dead_letter::{MAX_RETRIES, TRANSIENT, next_retry};
use crate::store::again::Twice;
use crate::store::database::Store;
use crate::store::error::StoreError;
use crate::store::findings;
use crate::store::sql::{Tx, Value, args, params};
use tieout_reconcilers::name::DomainName;

/// Events of one transaction.
const BATCH: usize = 1_000;

/// How dead letters are put back.
#[derive(Debug, Clone, Default)]
pub struct PutBack {
    /// Who wants that, for the history; nobody where it is the retry job.
    pub actor: Option<String>,
    /// What they say about it.
    pub note: Option<String>,
    /// How far apart the events are sent.
    pub pause: Duration,
}

impl Store {
    /// What would become of events now. Nothing is changed.
    pub async fn fates(&self, ids: &[Uuid]) -> Result<Fates, StoreError> {
        let mut fates = Fates::new();
        for batch in ids.chunks(BATCH) {
            let mut tx = self.read().await?;
            fates.extend(judge(&mut tx, &values(batch)).await?);
        }
        Ok(fates)
    }

    /// What would become of events that were put back now. Nothing is changed.
    pub async fn fates_put_back(&self, ids: &[Uuid], check: Check<'_>) -> Result<Fates, StoreError> {
        let mut fates = Fates::new();
        for batch in ids.chunks(BATCH) {
            let mut tx = self.read().await?;
            let mut judged = judge(&mut tx, &values(batch)).await?;
            recheck(&mut tx, &mut judged, check).await?;
            fates.extend(judged);
        }
        Ok(fates)
    }

    /// Puts dead letters back, as far as `check` finds that they may be sent. Those whose finding does not need them any more become
    /// `superseded`; of the others that are not dead nothing is changed.
    pub async fn put_back(&self, ids: &[Uuid], how: &PutBack, check: Check<'_>) -> Result<Fates, StoreError> {
        let mut fates = Fates::new();
        let mut before = 0;
        for batch in ids.chunks(BATCH) {
            // Done twice it is as if done once, but for the answer: what was put back is found waiting.
            let done = self.again(Twice::IsTwice, || self.put_back_once(batch, how, check, before)).await?;
            before += count(&done, Fate::Eligible);
            fates.extend(done);
        }
        Ok(fates)
    }

    async fn put_back_once(
        &self,
        batch: &[Uuid],
        how: &PutBack,
        check: Check<'_>,
        before: u32,
    ) -> Result<Vec<(Uuid, Fate)>, StoreError> {
        let ids = values(batch);
        let mut tx = self.write("dead.put_back").await?;
        hold(&mut tx, &ids).await?;
        let now = tx.now().await?;
        let mut fates = settle(&mut tx, &ids, now).await?;
        let ready = recheck(&mut tx, &mut fates, check).await?;
        write(&mut tx, &ready).await?;
        let eligible = of(&fates, Fate::Eligible);
        if !eligible.is_empty() {
            revive(&mut tx, &eligible, now + how.pause * before, how.pause).await?;
            if let Some(actor) = &how.actor {
                findings::note_events(&mut tx, &eligible, ("retry", actor, how.note.as_deref()), now).await?;
            }
        }
        tx.commit().await?;
        Ok(fates)
    }

    /// The dead letters of some domains and queues that the retry job puts back now, by the store's clock.
    pub async fn due_dead_letters(
        &self,
        domains: &[&DomainName],
        queues: &[&str],
    ) -> Result<Vec<Uuid>, StoreError> {
        if domains.is_empty() || queues.is_empty() {
            return Ok(Vec::new());
        }
        let mut tx = self.read().await?;
        let now = tx.now().await?;
        let mut args: Vec<Value<'_>> = domains.iter().map(|domain| Value::from(domain.as_str())).collect();
        args.extend(queues.iter().map(|queue| Value::from(*queue)));
        let among = format!(
            "domain IN ({}) AND queue IN ({})",
            params(domains.len(), 0),
            params(queues.len(), domains.len())
        );
        let mut due = Vec::new();
        for retries in 0..MAX_RETRIES {
            for class in TRANSIENT {
                let Some(pause) = next_retry(class, retries) else { continue };
                let at = args.len();
                let args = [args.as_slice(), &args![class, retries, now - pause]].concat();
                let sql = format!(
                    "SELECT seq, event_id FROM outbox WHERE state = 'dead' AND dropped_at IS NULL AND {among}
                     AND class = ${} AND retries = ${} AND finished_at <= ${}",
                    at + 1,
                    at + 2,
                    at + 3
                );
                for row in &tx.rows(sql, &args).await? {
                    due.push((row.int("seq")?, row.uuid("event_id")?));
                }
            }
        }
        due.sort_unstable();
        Ok(due.into_iter().map(|(_, id)| id).collect())
    }
}

/// Makes dead letters pending; those that are to be sent apart from each other are due one after the other.
async fn revive(tx: &mut Tx, ids: &[Value<'_>], from: Instant, pause: Duration) -> Result<(), StoreError> {
    let lots: Vec<&[Value<'_>]> = if pause.is_zero() { vec![ids] } else { ids.chunks(1).collect() };
    let mut due = from;
    for lot in lots {
        let sql = format!(
            "UPDATE outbox SET state = 'pending', class = NULL, retries = retries + 1, due_at = $1, finished_at = NULL
             WHERE event_id IN ({})",
            params(lot.len(), 1)
        );
        tx.execute(sql, &[args![due].as_slice(), lot].concat()).await?;
        due = due + pause;
    }
    Ok(())
}

pub(super) fn values(ids: &[Uuid]) -> Vec<Value<'static>> {
    ids.iter().copied().map(Value::from).collect()
}

fn count(fates: &[(Uuid, Fate)], wanted: Fate) -> u32 {
    u32::try_from(fates.iter().filter(|(_, fate)| *fate == wanted).count()).unwrap_or(u32::MAX)
}
