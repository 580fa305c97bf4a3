//! One writer per domain: leases with a fencing token that only grows. A holder that lost its lease writes nothing more.

use std::time::Duration;

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::{DomainName, Each};
use uuid::Uuid;

use super::database::Store;
use super::error::StoreError;
use super::sql::{Tx, args};
use crate::finding::Identity;

/// How long a lease lives without being renewed, by the store's clock. Renew it at a third of that.
pub const LEASE_TIME: Duration = Duration::from_mins(1);

/// The right to write on behalf of one domain and one member of its fan-out, until somebody else takes it over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    domain: DomainName,
    each: Each,
    run_id: Uuid,
    token: i64,
}

impl Lease {
    /// The domain.
    #[must_use]
    pub const fn domain(&self) -> &DomainName {
        &self.domain
    }

    /// The member of the fan-out.
    #[must_use]
    pub const fn each(&self) -> &Each {
        &self.each
    }

    /// The run that holds it.
    #[must_use]
    pub const fn run_id(&self) -> Uuid {
        self.run_id
    }

    /// Whether this lease is the one that fences writes to a finding.
    pub(super) fn covers(&self, id: &Identity) -> bool {
        self.domain == id.domain && self.each == id.each
    }

    pub(super) fn lost(&self) -> StoreError {
        StoreError::LeaseLost { domain: self.domain.clone() }
    }
}

impl Store {
    /// Takes the lease where it is free or has run out; otherwise [`StoreError::Held`] says by whom.
    pub async fn acquire(
        &self,
        domain: &DomainName,
        each: &Each,
        run_id: Uuid,
        holder: &str,
    ) -> Result<Lease, StoreError> {
        let mut tx = self.write().await?;
        let token = free_token(&mut tx, domain, each).await? + 1;
        let now = tx.now().await?;
        let args = args![domain.as_str(), each.as_str(), token, holder, run_id, now, now + LEASE_TIME];
        tx.execute(
            "UPDATE leases SET token = $3, holder = $4, run_id = $5, acquired_at = $6, expires_at = $7
             WHERE domain = $1 AND each_ = $2",
            &args,
        )
        .await?;
        tx.commit().await?;
        Ok(Lease { domain: domain.clone(), each: each.clone(), run_id, token })
    }

    /// The members of a domain's fan-out that were ever worked on; none where it has no fan-out.
    pub async fn members(&self, domain: &DomainName) -> Result<Vec<Each>, StoreError> {
        let mut tx = self.read().await?;
        let sql = "SELECT each_ FROM leases WHERE domain = $1 AND each_ <> '' ORDER BY each_";
        let rows = tx.rows(sql, &args![domain.as_str()]).await?;
        rows.iter().map(|row| Ok(Each::stored(&row.text("each_")?))).collect()
    }

    /// Makes the lease live for another [`LEASE_TIME`].
    pub async fn renew(&self, lease: &Lease) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        fence(&mut tx, lease).await?;
        let expires_at = tx.now().await? + LEASE_TIME;
        let args = args![lease.domain.as_str(), lease.each.as_str(), expires_at];
        tx.execute("UPDATE leases SET expires_at = $3 WHERE domain = $1 AND each_ = $2", &args).await?;
        tx.commit().await
    }

    /// Gives the lease back, so that the next run need not wait for it to run out.
    pub async fn release_lease(&self, lease: &Lease) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        fence(&mut tx, lease).await?;
        let args = args![lease.domain.as_str(), lease.each.as_str()];
        tx.execute("UPDATE leases SET holder = NULL, run_id = NULL WHERE domain = $1 AND each_ = $2", &args)
            .await?;
        tx.commit().await
    }
}

/// Locks the lease for the rest of the transaction and requires that it is still ours.
///
/// A lease that ran out while nobody took it over is still good: no other writer can have come between.
pub(super) async fn fence(tx: &mut Tx, lease: &Lease) -> Result<(), StoreError> {
    let sql = format!(
        "SELECT token, holder FROM leases WHERE domain = $1 AND each_ = $2 {}",
        tx.dialect().for_update
    );
    let row = tx.row(sql, &args![lease.domain.as_str(), lease.each.as_str()]).await?;
    let row = row.ok_or_else(|| lease.lost())?;
    let is_ours = row.int("token")? == lease.token && row.text_or_null("holder")?.is_some();
    if is_ours { Ok(()) } else { Err(lease.lost()) }
}

/// Locks a domain's lease for the rest of the transaction, whoever holds it: no commit of a run comes between.
pub(super) async fn hold_back(tx: &mut Tx, domain: &DomainName, each: &Each) -> Result<(), StoreError> {
    let sql =
        format!("SELECT token FROM leases WHERE domain = $1 AND each_ = $2 {}", tx.dialect().for_update);
    tx.rows(sql, &args![domain.as_str(), each.as_str()]).await.map(drop)
}

/// Locks the lease, requires that nobody holds it, and returns its last token.
async fn free_token(tx: &mut Tx, domain: &DomainName, each: &Each) -> Result<i64, StoreError> {
    let now = tx.now().await?;
    tx.execute(
        "INSERT INTO leases (domain, each_, token, acquired_at, expires_at) VALUES ($1, $2, 0, $3, $3)
         ON CONFLICT (domain, each_) DO NOTHING",
        &args![domain.as_str(), each.as_str(), now],
    )
    .await?;
    let sql = format!(
        "SELECT token, holder, acquired_at, expires_at FROM leases WHERE domain = $1 AND each_ = $2 {}",
        tx.dialect().for_update
    );
    let Some(row) = tx.row(sql, &args![domain.as_str(), each.as_str()]).await? else { return Ok(0) };
    match row.text_or_null("holder")? {
        Some(holder) if row.time("expires_at")? > now => {
            let since = row.time("acquired_at")?;
            Err(StoreError::Held { domain: domain.clone(), holder, since, age: age(since, now) })
        }
        _ => row.int("token"),
    }
}

fn age(since: Instant, now: Instant) -> Duration {
    Duration::from_micros(u64::try_from(now.micros() - since.micros()).unwrap_or_default())
}
