//! Verified ranges, as they are kept. It merges what touches and decides nothing about what to read.

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::{DomainName, Each};
use tieout_reconcilers::window::Window;

use super::commit::{Covered, OverlapDone};
use super::database::Store;
use super::error::StoreError;
use super::lease::Lease;
use super::sql::{Row, Tx, args};

/// The last complete overlap scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overlap {
    /// The end of what it read, in the feed's time.
    pub through: Instant,
    /// When it was committed, by the store's clock.
    pub completed_at: Instant,
}

impl Store {
    /// The verified ranges along a clock, oldest first, none touching another.
    pub async fn coverage(
        &self,
        domain: &DomainName,
        each: &Each,
        clock: &str,
    ) -> Result<Vec<Window>, StoreError> {
        let mut tx = self.read().await?;
        let rows = tx
            .rows(
                "SELECT from_at, to_at FROM coverage WHERE domain = $1 AND each_ = $2 AND clock = $3
                 ORDER BY from_at",
                &args![domain.as_str(), each.as_str(), clock],
            )
            .await?;
        rows.iter().map(window).collect()
    }

    /// Where the domain's coverage was first asked to begin, read to its end or not.
    pub async fn first_slice(&self, domain: &DomainName, each: &Each) -> Result<Option<Instant>, StoreError> {
        let mut tx = self.read().await?;
        let row = tx
            .row(
                "SELECT from_at FROM slices WHERE domain = $1 AND each_ = $2 AND purpose = 'coverage'
                 ORDER BY from_at LIMIT 1",
                &args![domain.as_str(), each.as_str()],
            )
            .await?;
        row.map(|row| row.time("from_at")).transpose()
    }

    /// When the last wider re-read of a domain ended, and what it read.
    pub async fn last_overlap(
        &self,
        domain: &DomainName,
        each: &Each,
        clock: &str,
    ) -> Result<Option<Overlap>, StoreError> {
        let mut tx = self.read().await?;
        let row = tx
            .row(
                "SELECT through, completed_at FROM overlap_scans
                 WHERE domain = $1 AND each_ = $2 AND clock = $3",
                &args![domain.as_str(), each.as_str(), clock],
            )
            .await?;
        let overlap =
            |row: Row| Ok(Overlap { through: row.time("through")?, completed_at: row.time("completed_at")? });
        row.map(overlap).transpose()
    }
}

/// Adds a range and merges it with all that it overlaps or touches. The lease's row is locked, so nobody adds beside us.
pub(super) async fn add(tx: &mut Tx, lease: &Lease, covered: &Covered) -> Result<(), StoreError> {
    let (domain, each, clock) = (lease.domain().as_str(), lease.each().as_str(), covered.clock.as_str());
    let (from, to) = (covered.window.from(), covered.window.to());
    let touched = tx
        .rows(
            "DELETE FROM coverage WHERE domain = $1 AND each_ = $2 AND clock = $3
             AND from_at <= $5 AND to_at >= $4 RETURNING from_at, to_at",
            &args![domain, each, clock, from, to],
        )
        .await?;
    let (mut from, mut to) = (from, to);
    for row in &touched {
        from = from.min(row.time("from_at")?);
        to = to.max(row.time("to_at")?);
    }
    tx.execute(
        "INSERT INTO coverage (domain, each_, clock, from_at, to_at) VALUES ($1, $2, $3, $4, $5)",
        &args![domain, each, clock, from, to],
    )
    .await?;
    Ok(())
}

/// Takes a range out: it has to be read again. The lease's row is locked, so nobody adds beside us.
pub(super) async fn take_out(
    tx: &mut Tx,
    lease: &Lease,
    clock: &str,
    range: Window,
) -> Result<(), StoreError> {
    let (domain, each) = (lease.domain().as_str(), lease.each().as_str());
    let touched = tx
        .rows(
            "DELETE FROM coverage WHERE domain = $1 AND each_ = $2 AND clock = $3
             AND from_at < $5 AND to_at > $4 RETURNING from_at, to_at",
            &args![domain, each, clock, range.from(), range.to()],
        )
        .await?;
    for row in &touched {
        let known = window(row)?;
        let before = Window::new(known.from(), known.to().min(range.from()));
        let after = Window::new(known.from().max(range.to()), known.to());
        for left in before.into_iter().chain(after) {
            tx.execute(
                "INSERT INTO coverage (domain, each_, clock, from_at, to_at) VALUES ($1, $2, $3, $4, $5)",
                &args![domain, each, clock, left.from(), left.to()],
            )
            .await?;
        }
    }
    Ok(())
}

/// Records an overlap scan that ran to its end.
pub(super) async fn scanned(
    tx: &mut Tx,
    lease: &Lease,
    overlap: &OverlapDone,
    now: Instant,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO overlap_scans (domain, each_, clock, through, completed_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (domain, each_, clock)
         DO UPDATE SET through = excluded.through, completed_at = excluded.completed_at",
        &args![lease.domain().as_str(), lease.each().as_str(), overlap.clock.as_str(), overlap.through, now],
    )
    .await?;
    Ok(())
}

pub(super) fn window(row: &Row) -> Result<Window, StoreError> {
    let (from, to) = (row.time("from_at")?, row.time("to_at")?);
    row.known("to_at", &to.to_string(), Window::new(from, to))
}
