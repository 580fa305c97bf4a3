//! Asks once more whether dead letters may be sent, before they are put back. What may be sent is the caller's knowledge.

use std::collections::BTreeMap;

use tieout_reconcilers::discrepancy::Kind;
use tieout_reconcilers::name::DomainName;
use uuid::Uuid;

use super::fate::{Fate, put_back};
use crate::dead_letter::SCHEMA;
use crate::store::error::StoreError;
use crate::store::sql::{Row, Tx, args, params};

/// A dead letter that somebody wants to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revived {
    /// Its domain.
    pub domain: DomainName,
    /// The kind of its finding.
    pub kind: Kind,
    /// The whole event as JSON.
    pub payload: String,
}

/// Whether it may be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ready {
    /// As it is.
    AsItIs,
    /// With this event in its place, which has the same id.
    Anew(String),
    /// Not at all.
    Unfit {
        /// Why.
        reason: String,
    },
}

/// Who knows that.
pub type Check<'c> = &'c (dyn Fn(&Revived) -> Ready + Sync);

/// Whoever names no schemas sends everything as it is.
#[must_use]
pub const fn as_it_is(_: &Revived) -> Ready {
    Ready::AsItIs
}

/// What to change of the events that are put back; those that are not fit get that fate.
pub(super) async fn recheck(
    tx: &mut Tx,
    fates: &mut [(Uuid, Fate)],
    check: Check<'_>,
) -> Result<BTreeMap<Uuid, Ready>, StoreError> {
    let wanted = put_back(fates);
    if wanted.is_empty() {
        return Ok(BTreeMap::new());
    }
    let sql = format!(
        "SELECT event_id, domain, kind, payload FROM outbox WHERE event_id IN ({})",
        params(wanted.len(), 0)
    );
    let rows = tx.rows(sql, &wanted).await?;
    let ready = rows.iter().map(|row| Ok((row.uuid("event_id")?, check(&revived(row)?))));
    let ready: BTreeMap<Uuid, Ready> = ready.collect::<Result<_, StoreError>>()?;
    for (id, fate) in fates {
        if matches!(ready.get(id), Some(Ready::Unfit { .. })) {
            *fate = Fate::Unfit;
        }
    }
    Ok(ready)
}

/// Writes what was found. The reason of an event that stays dead is today's.
pub(super) async fn write(tx: &mut Tx, ready: &BTreeMap<Uuid, Ready>) -> Result<(), StoreError> {
    for (id, ready) in ready {
        match ready {
            Ready::AsItIs => {}
            Ready::Anew(payload) => {
                let sql = "UPDATE outbox SET payload = $2 WHERE event_id = $1";
                tx.execute(sql, &args![*id, payload.as_str()]).await?;
            }
            Ready::Unfit { reason } => {
                let sql = "UPDATE outbox SET class = $2, reason = $3 WHERE event_id = $1";
                tx.execute(sql, &args![*id, SCHEMA, reason.as_str()]).await?;
            }
        }
    }
    Ok(())
}

fn revived(row: &Row) -> Result<Revived, StoreError> {
    Ok(Revived {
        domain: row.word("domain", |name| name.parse().ok())?,
        kind: row.word("kind", Kind::from_word)?,
        payload: row.text("payload")?,
    })
}
