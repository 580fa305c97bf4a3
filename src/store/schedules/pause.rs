//! Domains on which no run works until a person says so.

use std::collections::BTreeMap;

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::{DomainName, Each};

use super::journal::{self, Entry, Happened};
use super::kept::domain;
use crate::store::by_hand::note;
use crate::store::database::Store;
use crate::store::error::StoreError;
use crate::store::sql::{Row, Tx, args};

/// Who paused a domain, when and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// Who.
    pub who: String,
    /// Why.
    pub reason: String,
    /// When, by the store's clock.
    pub at: Instant,
}

/// What became of a pause that was to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resumed {
    /// There was none.
    WasNotPaused,
    /// It ended; this is what it was.
    After(Pause),
}

impl Store {
    /// Lets no run work on a domain from now on. A pause that is there already stays as it is and is returned.
    pub async fn pause(
        &self,
        domain: &DomainName,
        who: &str,
        reason: &str,
    ) -> Result<Option<Pause>, StoreError> {
        let mut tx = self.write("pause").await?;
        if let Some(pause) = of(&mut tx, domain).await? {
            return Ok(Some(pause));
        }
        let now = tx.now().await?;
        let sql = "INSERT INTO pauses (domain, who, reason, at) VALUES ($1, $2, $3, $4) ON CONFLICT (domain) DO NOTHING";
        tx.execute(sql, &args![domain.as_str(), who, reason, now]).await?;
        note(&mut tx, domain, &Each::default(), "pause", reason, who).await?;
        say(&mut tx, domain, Happened::Paused, who, reason).await?;
        tx.commit().await?;
        Ok(None)
    }

    /// Ends a pause.
    pub async fn resume(&self, domain: &DomainName, who: &str, reason: &str) -> Result<Resumed, StoreError> {
        let mut tx = self.write("resume").await?;
        let Some(pause) = of(&mut tx, domain).await? else { return Ok(Resumed::WasNotPaused) };
        tx.execute("DELETE FROM pauses WHERE domain = $1", &args![domain.as_str()]).await?;
        note(&mut tx, domain, &Each::default(), "resume", reason, who).await?;
        say(&mut tx, domain, Happened::Resumed, who, reason).await?;
        tx.commit().await?;
        Ok(Resumed::After(pause))
    }

    /// The domains that are paused.
    pub async fn pauses(&self) -> Result<BTreeMap<DomainName, Pause>, StoreError> {
        all(&mut self.read().await?).await
    }
}

async fn say(
    tx: &mut Tx,
    domain: &DomainName,
    happened: Happened,
    who: &str,
    reason: &str,
) -> Result<(), StoreError> {
    let detail = if reason.is_empty() { format!("by {who}") } else { format!("by {who}: {reason}") };
    let entry = Entry { happened, domain: Some(domain.clone()), scheduled_for: None, run_id: None, detail };
    journal::append(tx, &entry, "").await
}

pub(super) async fn all(tx: &mut Tx) -> Result<BTreeMap<DomainName, Pause>, StoreError> {
    let rows = tx.rows("SELECT domain, who, reason, at FROM pauses", &[]).await?;
    rows.iter().map(|row| Ok((domain(row)?, pause(row)?))).collect()
}

/// Refuses whoever would begin to work on a domain that is paused.
pub(in crate::store) async fn refuse_paused(tx: &mut Tx, domain: &DomainName) -> Result<(), StoreError> {
    match of(tx, domain).await? {
        None => Ok(()),
        Some(Pause { who, reason, at }) => {
            Err(StoreError::Paused { domain: domain.clone(), who, since: at, reason })
        }
    }
}

async fn of(tx: &mut Tx, domain: &DomainName) -> Result<Option<Pause>, StoreError> {
    let sql = "SELECT who, reason, at FROM pauses WHERE domain = $1";
    tx.row(sql, &args![domain.as_str()]).await?.as_ref().map(pause).transpose()
}

fn pause(row: &Row) -> Result<Pause, StoreError> {
    Ok(Pause { who: row.text("who")?, reason: row.text("reason")?, at: row.time("at")? })
}
