//! Leases of single slices: a run offers slices of its domain to other processes, which read them for it and leave what they read as
//! bookmarks. Only the run that holds the domain judges, so a domain still has one writer.
//!
//! Each claim has a name of its own, which fences whoever lost it: where the run took the slice back, or somebody else reads it by
//! now, nothing more is written.

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::{DomainName, Each};
use tieout_reconcilers::window::{Purpose, Slice, Window};
use uuid::Uuid;

use super::again::{Tries, Try, Twice};
use super::bookmark::{place, word};
use super::database::Store;
use super::error::StoreError;
use super::lease::{LEASE_TIME, Lease, fence, is_dead};
use super::sql::{Row, Tx, args};
use crate::process::Process;

/// The right to read one slice for the run that offers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SliceLease {
    domain: DomainName,
    each: Each,
    purpose: Purpose,
    window: Window,
    is_newest: bool,
    begins: Instant,
    claim: Uuid,
    reader_run: Uuid,
}

impl SliceLease {
    /// The slice.
    #[must_use]
    pub fn slice(&self) -> Slice {
        Slice { each: self.each.clone(), newest: self.is_newest, ..Slice::new(self.window, self.purpose) }
    }

    /// What names this claim and no other.
    #[must_use]
    pub const fn claim(&self) -> Uuid {
        self.claim
    }

    /// Where the run began to read that offers it.
    #[must_use]
    pub const fn begins(&self) -> Instant {
        self.begins
    }

    fn lost(&self) -> StoreError {
        StoreError::LeaseLost { domain: self.domain.clone() }
    }
}

/// What fences a write: the lease of a member of a domain, or that of one of its slices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fence {
    /// All of the member.
    Member(Lease),
    /// One slice.
    Slice(SliceLease),
}

impl Fence {
    /// The domain.
    #[must_use]
    pub const fn domain(&self) -> &DomainName {
        match self {
            Self::Member(lease) => lease.domain(),
            Self::Slice(lease) => &lease.domain,
        }
    }

    /// The member of the fan-out.
    #[must_use]
    pub const fn each(&self) -> &Each {
        match self {
            Self::Member(lease) => lease.each(),
            Self::Slice(lease) => &lease.each,
        }
    }

    /// The run that writes.
    #[must_use]
    pub const fn run_id(&self) -> Uuid {
        match self {
            Self::Member(lease) => lease.run_id(),
            Self::Slice(lease) => lease.reader_run,
        }
    }

    pub(super) async fn check(&self, tx: &mut Tx) -> Result<(), StoreError> {
        match self {
            Self::Member(lease) => fence(tx, lease).await,
            Self::Slice(lease) => fence_slice(tx, lease).await,
        }
    }
}

impl Store {
    /// Offers slices of a member of a domain to other processes.
    pub async fn offer(&self, lease: &Lease, slices: &[Slice], begins: Instant) -> Result<(), StoreError> {
        self.again(Twice::IsOnce, || self.offer_once(lease, slices, begins)).await
    }

    async fn offer_once(&self, lease: &Lease, slices: &[Slice], begins: Instant) -> Result<(), StoreError> {
        let mut tx = self.write("slice.offer").await?;
        fence(&mut tx, lease).await?;
        for slice in slices {
            tx.execute(
                "INSERT INTO slice_leases (domain, each_, purpose, from_at, to_at, is_newest, begins_at, run_id)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                 ON CONFLICT (domain, each_, purpose, from_at, to_at) DO NOTHING",
                &args![
                    lease.domain().as_str(),
                    lease.each().as_str(),
                    word(slice.purpose),
                    slice.window.from(),
                    slice.window.to(),
                    i64::from(slice.newest),
                    begins,
                    lease.run_id()
                ],
            )
            .await?;
        }
        tx.commit().await
    }

    /// Takes back the slices whose readers gave no sign of life, and up to `most` of those that nobody has claimed, newest first.
    /// Says which are still with others.
    pub async fn take_back(&self, lease: &Lease, most: usize) -> Result<Vec<(Purpose, Window)>, StoreError> {
        self.again(Twice::IsOnce, || self.take_back_once(lease, most)).await
    }

    async fn take_back_once(&self, lease: &Lease, most: usize) -> Result<Vec<(Purpose, Window)>, StoreError> {
        let mut tx = self.write("slice.take_back").await?;
        fence(&mut tx, lease).await?;
        let now = tx.now().await?;
        // A reader that stands still in the midst of a write keeps its row locked; nobody waits for that.
        let sql = format!(
            "SELECT purpose, from_at, to_at, claim, expires_at, process FROM slice_leases
             WHERE domain = $1 AND each_ = $2 ORDER BY from_at DESC {}",
            tx.dialect().skip_locked
        );
        let of = args![lease.domain().as_str(), lease.each().as_str()];
        let mut left = most;
        for row in &tx.rows(sql, &of).await? {
            let is_free = row.text_or_null("claim")?.is_none();
            let comes_back = if is_free { left > 0 } else { !is_read(row, now)? };
            left -= usize::from(is_free && comes_back);
            if comes_back {
                remove(&mut tx, (lease.domain(), lease.each()), place(row)?).await?;
            }
        }
        let sql = "SELECT purpose, from_at, to_at FROM slice_leases WHERE domain = $1 AND each_ = $2 ORDER BY from_at DESC";
        let away = tx.rows(sql, &of).await?.iter().map(place).collect::<Result<_, _>>()?;
        tx.commit().await?;
        Ok(away)
    }

    /// Takes back all slices of a member of a domain: whoever still reads one can write nothing more.
    pub async fn recall(&self, lease: &Lease) -> Result<(), StoreError> {
        self.again(Twice::IsOnce, || self.recall_once(lease)).await
    }

    async fn recall_once(&self, lease: &Lease) -> Result<(), StoreError> {
        let mut tx = self.write("slice.recall").await?;
        fence(&mut tx, lease).await?;
        let of = args![lease.domain().as_str(), lease.each().as_str()];
        tx.execute("DELETE FROM slice_leases WHERE domain = $1 AND each_ = $2", &of).await?;
        tx.commit().await
    }

    /// Claims the oldest slice of a domain that is offered and free, as long as the run is alive that offers it.
    pub async fn claim_slice(
        &self,
        domain: &DomainName,
        reader_run: Uuid,
        holder: &str,
    ) -> Result<Option<SliceLease>, StoreError> {
        let mut tx = self.write("slice.claim").await?;
        let now = tx.now().await?;
        let sql = format!(
            "SELECT each_, purpose, from_at, to_at, is_newest, begins_at FROM slice_leases s
             WHERE domain = $1 AND claim IS NULL AND EXISTS (
                 SELECT 1 FROM leases l
                 WHERE l.domain = s.domain AND l.each_ = s.each_ AND l.run_id = s.run_id AND l.expires_at > $2
             )
             ORDER BY from_at LIMIT 1 {}",
            tx.dialect().skip_locked
        );
        let Some(row) = tx.row(sql, &args![domain.as_str(), now]).await? else { return Ok(None) };
        let (purpose, window) = place(&row)?;
        let lease = SliceLease {
            domain: domain.clone(),
            each: Each::stored(&row.text("each_")?),
            purpose,
            window,
            is_newest: row.int("is_newest")? == 1,
            begins: row.time("begins_at")?,
            claim: Uuid::now_v7(),
            reader_run,
        };
        let process = Process::this().map(|process| process.to_string());
        tx.execute(
            "UPDATE slice_leases SET claim = $6, reader_run = $7, holder = $8, process = $9, expires_at = $10
             WHERE domain = $1 AND each_ = $2 AND purpose = $3 AND from_at = $4 AND to_at = $5",
            &args![
                domain.as_str(),
                lease.each.as_str(),
                word(purpose),
                window.from(),
                window.to(),
                lease.claim,
                reader_run,
                holder,
                process,
                now + LEASE_TIME
            ],
        )
        .await?;
        tx.commit().await?;
        Ok(Some(lease))
    }

    /// Lets some claims live for another [`LEASE_TIME`].
    pub async fn keep_slices(&self, claims: &[Uuid]) -> Result<(), StoreError> {
        let mut tx = self.write("slice.keep").await?;
        let now = tx.now().await?;
        for claim in claims {
            let sql = "UPDATE slice_leases SET expires_at = $2 WHERE claim = $1";
            tx.execute(sql, &args![*claim, now + LEASE_TIME]).await?;
        }
        tx.commit().await
    }

    /// Gives a slice back to the run that offered it, whatever came of it.
    pub async fn give_back_slice(&self, lease: &SliceLease) -> Result<(), StoreError> {
        let tries = Tries::default();
        self.again(Twice::IsOnce, || self.give_back_slice_once(lease, tries.next())).await
    }

    async fn give_back_slice_once(&self, lease: &SliceLease, this: Try) -> Result<(), StoreError> {
        let mut tx = self.write("slice.give_back").await?;
        match fence_slice(&mut tx, lease).await {
            // It was given back without an answer, or is somebody else's by now; either way it is ours no more.
            Err(StoreError::LeaseLost { .. }) if this == Try::Again => return Ok(()),
            fenced => fenced?,
        }
        remove(&mut tx, (&lease.domain, &lease.each), (lease.purpose, lease.window)).await?;
        tx.commit().await
    }
}

/// Locks the slice's row for the rest of the transaction and requires that the claim is still the one that counts.
async fn fence_slice(tx: &mut Tx, lease: &SliceLease) -> Result<(), StoreError> {
    let sql = format!(
        "SELECT claim FROM slice_leases WHERE domain = $1 AND each_ = $2 AND purpose = $3 AND from_at = $4 AND to_at = $5 {}",
        tx.dialect().for_update
    );
    let (window, claim) = (lease.window, lease.claim);
    let args =
        args![lease.domain.as_str(), lease.each.as_str(), word(lease.purpose), window.from(), window.to()];
    let row = tx.row(sql, &args).await?.ok_or_else(|| lease.lost())?;
    if row.uuid_or_null("claim")? == Some(claim) { Ok(()) } else { Err(lease.lost()) }
}

/// Whether whoever claimed a slice is alive as far as anybody knows.
fn is_read(row: &Row, now: Instant) -> Result<bool, StoreError> {
    Ok(row.time("expires_at")? > now && !is_dead(row)?)
}

async fn remove(
    tx: &mut Tx,
    (domain, each): (&DomainName, &Each),
    (purpose, window): (Purpose, Window),
) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM slice_leases WHERE domain = $1 AND each_ = $2 AND purpose = $3 AND from_at = $4 AND to_at = $5",
        &args![domain.as_str(), each.as_str(), word(purpose), window.from(), window.to()],
    )
    .await?;
    Ok(())
}
