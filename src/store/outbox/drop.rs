//! Drops dead letters: they stay as tombstones and are never sent, and the findings that needed them are parked.

use uuid::Uuid;

use super::fate::{Fate, Fates, Over, hold, of, settle};
use super::put_back::{tell, values};
use crate::store::again::Twice;
use crate::store::database::Store;
use crate::store::error::StoreError;
use crate::store::findings;
use crate::store::sql::{Tx, Value, args, params};
use tieout_reconcilers::instant::Instant;

/// Events of one transaction.
const BATCH: usize = 1_000;

impl Store {
    /// Drops dead letters on behalf of a person. Those whose finding does not need them any more become `superseded`; of the
    /// others that are not dead nothing is changed.
    pub async fn drop_dead_letters(&self, ids: &[Uuid], actor: &str, why: &str) -> Result<Fates, StoreError> {
        let mut fates = Fates::new();
        for batch in ids.chunks(BATCH) {
            fates.extend(self.again(Twice::IsTwice, || self.drop_once(batch, actor, why)).await?);
        }
        Ok(fates)
    }

    async fn drop_once(
        &self,
        batch: &[Uuid],
        actor: &str,
        why: &str,
    ) -> Result<Vec<(Uuid, Fate)>, StoreError> {
        let ids = values(batch);
        let mut tx = self.write("dead.drop").await?;
        hold(&mut tx, &ids).await?;
        let now = tx.now().await?;
        let fates = settle(&mut tx, &ids, Over::LeftOut, now).await?;
        let eligible = of(&fates, Fate::Eligible);
        if !eligible.is_empty() {
            bury_for_good(&mut tx, &eligible, (actor, why), now).await?;
            if !bug!("dropped_stays_open") {
                findings::park(&mut tx, &eligible, &format!("its event was dropped: {why}")).await?;
            }
        }
        tell(&mut tx, &fates, ("drop", actor, Some(why)), now).await?;
        tx.commit().await?;
        Ok(fates)
    }
}

async fn bury_for_good(
    tx: &mut Tx,
    ids: &[Value<'_>],
    (actor, why): (&str, &str),
    now: Instant,
) -> Result<(), StoreError> {
    let sql = format!(
        "UPDATE outbox SET dropped_at = $1, dropped_by = $2, dropped_why = $3 WHERE event_id IN ({})",
        params(ids.len(), 3)
    );
    tx.execute(sql, &[args![now, actor, why].as_slice(), ids].concat()).await.map(drop)
}
