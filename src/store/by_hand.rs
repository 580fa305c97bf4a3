//! What a person changes of a domain's state by hand: coverage is taken back, a dead lease is broken. Each act is written down in
//! the transaction that does it.

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::{DomainName, Each};

use super::bookmark;
use super::database::Store;
use super::error::StoreError;
use super::lease::{LEASE_TIME, Lease, fence, is_dead};
use super::sql::{Row, Tx, args};

/// Coverage that is taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewind {
    /// Nothing at or after this instant counts as verified any more, along every clock.
    pub to: Instant,
    /// The change feed whose saved token is forgotten with it, as `provider/feed`: it is read whole again.
    pub forget_token_of: Option<String>,
}

/// What became of a lease that was to be broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unlocked {
    /// Nobody held it.
    Free,
    /// It is free now, and whoever held it writes nothing more.
    Broken {
        /// Who held it.
        holder: String,
    },
    /// Its holder gave a sign of life: nothing was changed.
    Alive {
        /// Who holds it.
        holder: String,
        /// Since when.
        since: Instant,
        /// When the holder last renewed it.
        last_sign: Instant,
        /// When it lapses unless the holder renews it.
        lapses_at: Instant,
    },
}

/// Whether a lease is broken whose holder gave a sign of life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Force {
    /// No.
    No,
    /// Yes: somebody knows better.
    Yes,
}

/// One act of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByHand {
    /// The member of the fan-out.
    pub each: Each,
    /// `rewind`, `unlock`, `replay`, `pause`, `resume`, `quarantine drop` or `quarantine retry`.
    pub act: String,
    /// What was changed, in words.
    pub detail: String,
    /// Who did it.
    pub who: String,
    /// When, by the store's clock.
    pub at: Instant,
}

impl Store {
    /// Takes coverage back. It never adds any: a range that reaches beyond `to` ends there.
    pub async fn rewind(&self, lease: &Lease, rewind: &Rewind, who: &str) -> Result<(), StoreError> {
        let mut tx = self.write("rewind").await?;
        fence(&mut tx, lease).await?;
        let (domain, each) = (lease.domain().as_str(), lease.each().as_str());
        let of = args![domain, each, rewind.to];
        for sql in [
            "DELETE FROM coverage WHERE domain = $1 AND each_ = $2 AND from_at >= $3",
            "UPDATE coverage SET to_at = $3 WHERE domain = $1 AND each_ = $2 AND to_at > $3",
            "UPDATE overlap_scans SET through = $3 WHERE domain = $1 AND each_ = $2 AND through > $3",
        ] {
            tx.execute(sql, &of).await?;
        }
        // Whoever asks for a range to be read again does not mean the rest of an old reading.
        bookmark::remove_all(&mut tx, lease).await?;
        if let Some(feed) = &rewind.forget_token_of {
            let sql = "DELETE FROM saved_tokens WHERE domain = $1 AND each_ = $2 AND feed = $3";
            tx.execute(sql, &args![domain, each, feed.as_str()]).await?;
        }
        note(&mut tx, lease.domain(), lease.each(), "rewind", &format!("to {}", rewind.to), who).await?;
        tx.commit().await
    }

    /// Breaks a lease. The next holder's token is a new one, so that whoever held it can write nothing more.
    pub async fn unlock(
        &self,
        domain: &DomainName,
        each: &Each,
        force: Force,
        who: &str,
    ) -> Result<Unlocked, StoreError> {
        let mut tx = self.write("unlock").await?;
        let sql = format!(
            "SELECT holder, acquired_at, expires_at, process FROM leases WHERE domain = $1 AND each_ = $2 {}",
            tx.dialect().for_update
        );
        let of = args![domain.as_str(), each.as_str()];
        let Some(row) = tx.row(sql, &of).await? else { return Ok(Unlocked::Free) };
        let Some(holder) = row.text_or_null("holder")? else { return Ok(Unlocked::Free) };
        let lapses_at = row.time("expires_at")?;
        if force == Force::No && lapses_at > tx.now().await? && !is_dead(&row)? {
            let (since, last_sign) = (row.time("acquired_at")?, lapses_at - LEASE_TIME);
            return Ok(Unlocked::Alive { holder, since, last_sign, lapses_at });
        }
        tx.execute(
            "UPDATE leases SET holder = NULL, process = NULL, run_id = NULL, token = token + 1 WHERE domain = $1 AND each_ = $2",
            &of,
        )
        .await?;
        note(&mut tx, domain, each, "unlock", &format!("was held by {holder}"), who).await?;
        tx.commit().await?;
        Ok(Unlocked::Broken { holder })
    }
}

impl Store {
    /// Writes down what a person did that concerns a domain and changes nothing of its state.
    pub async fn note_by_hand(
        &self,
        domain: &DomainName,
        act: &str,
        detail: &str,
        who: &str,
    ) -> Result<(), StoreError> {
        let mut tx = self.write("by_hand").await?;
        note(&mut tx, domain, &Each::default(), act, detail, who).await?;
        tx.commit().await
    }
}

/// Writes an act down.
pub(super) async fn note(
    tx: &mut Tx,
    domain: &DomainName,
    each: &Each,
    act: &str,
    detail: &str,
    who: &str,
) -> Result<(), StoreError> {
    let now = tx.now().await?;
    tx.execute(
        "INSERT INTO by_hand (domain, each_, act, detail, who, at) VALUES ($1, $2, $3, $4, $5, $6)",
        &args![domain.as_str(), each.as_str(), act, detail, who, now],
    )
    .await?;
    Ok(())
}

/// The newest acts on a domain, newest first.
pub(super) async fn newest(tx: &mut Tx, domain: &DomainName, limit: i64) -> Result<Vec<ByHand>, StoreError> {
    let rows = tx
        .rows(
            "SELECT each_, act, detail, who, at FROM by_hand WHERE domain = $1 ORDER BY seq DESC LIMIT $2",
            &args![domain.as_str(), limit],
        )
        .await?;
    rows.iter().map(act).collect()
}

fn act(row: &Row) -> Result<ByHand, StoreError> {
    Ok(ByHand {
        each: Each::stored(&row.text("each_")?),
        act: row.text("act")?,
        detail: row.text("detail")?,
        who: row.text("who")?,
        at: row.time("at")?,
    })
}
