//! The release: after a domain's last slice, its staged events become pending together, or are held together.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use tieout_reconcilers::discrepancy::Kind;

use super::again::Twice;
use super::database::Store;
use super::error::StoreError;
use super::findings;
use super::lease::{Lease, fence};
use super::outbox;
use super::sql::{Row, Value, args};

/// What is staged and waits for the decision.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Staged {
    /// All events.
    pub count: u64,
    /// The events by the kind of their finding.
    pub by_kind: BTreeMap<Kind, u64>,
    /// How many of them were staged by runs that ended before their release.
    pub from_earlier_runs: u64,
}

/// What happens to everything that is staged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Release {
    /// The relay may deliver it.
    Pending,
    /// It is kept back, and its findings are `held`.
    Held {
        /// Why, for the report.
        reason: String,
    },
}

/// What was released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Released {
    /// What was staged.
    pub staged: Staged,
    /// What was decided about it.
    pub decision: Release,
}

impl Store {
    /// What is staged under a lease, whichever run staged it.
    pub async fn staged(&self, lease: &Lease) -> Result<Staged, StoreError> {
        let mut tx = self.read().await?;
        let rows = tx.rows(counted(""), &of(lease)).await?;
        count(&rows, lease)
    }

    /// Decides about everything that is staged under a lease, whichever run staged it, in one transaction.
    ///
    /// `decide` is asked also where nothing is staged.
    pub async fn release(
        &self,
        lease: &Lease,
        decide: impl Fn(&Staged) -> Release + Send + Sync,
    ) -> Result<Released, StoreError> {
        let decided = Mutex::new(None);
        self.again(Twice::IsOnce, || self.release_once(lease, &decide, &decided)).await
    }

    /// `decided` is what was decided when this was tried before: where nothing is staged any more, it was done.
    async fn release_once(
        &self,
        lease: &Lease,
        decide: &(impl Fn(&Staged) -> Release + Send + Sync),
        decided: &Mutex<Option<Released>>,
    ) -> Result<Released, StoreError> {
        let mut tx = self.write("release").await?;
        fence(&mut tx, lease).await?;
        let rows = tx.rows(counted(tx.dialect().for_update), &of(lease)).await?;
        let staged = count(&rows, lease)?;

        let earlier = decided.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(done) = earlier.filter(|_| staged.count == 0) {
            return Ok(done);
        }
        let decision = decide(&staged);
        let is_left = bug!("dead_run_unreleased") && staged.from_earlier_runs > 0;
        if staged.count > 0 && !is_left {
            let now = tx.now().await?;
            if let Release::Held { reason } = &decision {
                findings::hold(&mut tx, lease, reason, now).await?;
            }
            outbox::release(&mut tx, lease, &decision, now).await?;
        }
        let released = Released { staged, decision };
        *decided.lock().unwrap_or_else(PoisonError::into_inner) = Some(released.clone());
        tx.commit().await?;
        Ok(released)
    }
}

/// Counts what is staged where it lies, and locks it in order where it is asked to: there may be millions.
fn counted(lock: &str) -> String {
    format!(
        "SELECT kind, run_id, COUNT(*) AS count FROM
             (SELECT kind, run_id FROM outbox WHERE domain = $1 AND each_ = $2 AND state = 'staged' ORDER BY seq {lock}) AS staged
         GROUP BY kind, run_id"
    )
}

fn of(lease: &Lease) -> [Value<'_>; 2] {
    args![lease.domain().as_str(), lease.each().as_str()]
}

fn count(rows: &[Row], lease: &Lease) -> Result<Staged, StoreError> {
    let mut staged = Staged::default();
    for row in rows {
        let count: u64 = row.count("count")?;
        staged.count += count;
        *staged.by_kind.entry(row.word("kind", Kind::from_word)?).or_default() += count;
        if row.uuid("run_id")? != lease.run_id() {
            staged.from_earlier_runs += count;
        }
    }
    Ok(staged)
}
