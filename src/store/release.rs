//! The release: after a domain's last slice, its staged events become pending together, or are held together.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use tieout_reconcilers::discrepancy::Kind;
use uuid::Uuid;

use super::again::Twice;
use super::database::Store;
use super::error::StoreError;
use super::findings;
use super::lease::{Lease, fence};
use super::outbox;
use super::sql::{Row, Value, args, params};

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

/// Whose staged events are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StagedBy {
    /// Also those of runs that ended before their release.
    AnyRun,
    /// Those of the run that has the lease.
    ThisRun,
}

impl StagedBy {
    /// The condition on the run, which is the parameter of that number.
    pub(super) fn clause(self, number: usize) -> String {
        match self {
            Self::AnyRun => String::new(),
            Self::ThisRun => format!(" AND run_id = ${number}"),
        }
    }

    /// The run as a parameter, where it is one.
    pub(super) fn run(self, lease: &Lease) -> Option<Value<'_>> {
        (self == Self::ThisRun).then(|| lease.run_id().into())
    }

    fn of(self, lease: &Lease) -> Vec<Value<'_>> {
        let domain = args![lease.domain().as_str(), lease.each().as_str()];
        domain.into_iter().chain(self.run(lease)).collect()
    }
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
        self.staged_by(lease, StagedBy::AnyRun).await
    }

    /// What is staged under a lease by some runs.
    pub async fn staged_by(&self, lease: &Lease, by: StagedBy) -> Result<Staged, StoreError> {
        let mut tx = self.read().await?;
        let rows = tx.rows(counted(by, ""), &by.of(lease)).await?;
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
        self.release_by(lease, StagedBy::AnyRun, decide).await
    }

    /// The same about what some runs staged. What others staged waits for the next release.
    pub async fn release_by(
        &self,
        lease: &Lease,
        by: StagedBy,
        decide: impl Fn(&Staged) -> Release + Send + Sync,
    ) -> Result<Released, StoreError> {
        let decided = Mutex::new(None);
        self.again(Twice::IsOnce, || self.release_once(lease, by, &decide, &decided)).await
    }

    /// `decided` is what was decided when this was tried before: where nothing is staged any more, it was done.
    async fn release_once(
        &self,
        lease: &Lease,
        by: StagedBy,
        decide: &(impl Fn(&Staged) -> Release + Send + Sync),
        decided: &Mutex<Option<Released>>,
    ) -> Result<Released, StoreError> {
        let mut tx = self.write("release").await?;
        fence(&mut tx, lease).await?;
        let rows = tx.rows(counted(by, tx.dialect().for_update), &by.of(lease)).await?;
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
                findings::hold(&mut tx, lease, by, reason, now).await?;
            }
            outbox::release(&mut tx, lease, by, &decision, now).await?;
        }
        let released = Released { staged, decision };
        *decided.lock().unwrap_or_else(PoisonError::into_inner) = Some(released.clone());
        tx.commit().await?;
        Ok(released)
    }
}

impl Store {
    /// Takes over events that a dead run had staged, so that this run lets them go. Returns those that were staged.
    pub async fn take_over_staged(&self, lease: &Lease, events: &[Uuid]) -> Result<Vec<Uuid>, StoreError> {
        self.again(Twice::IsOnce, || self.take_over_once(lease, events)).await
    }

    async fn take_over_once(&self, lease: &Lease, events: &[Uuid]) -> Result<Vec<Uuid>, StoreError> {
        let mut tx = self.write("release.take_over").await?;
        fence(&mut tx, lease).await?;
        let mut taken = Vec::new();
        for batch in events.chunks(1_000) {
            let sql = format!(
                "UPDATE outbox SET run_id = $1 WHERE domain = $2 AND each_ = $3 AND aside = 'staged' AND event_id IN ({})
                 RETURNING event_id",
                params(batch.len(), 3)
            );
            let of = args![lease.run_id(), lease.domain().as_str(), lease.each().as_str()];
            let ids: Vec<Value<'_>> = batch.iter().copied().map(Value::from).collect();
            for row in &tx.rows(sql, &[of.as_slice(), &ids].concat()).await? {
                taken.push(row.uuid("event_id")?);
            }
        }
        tx.commit().await?;
        Ok(taken)
    }
}

/// Counts what is staged where it lies, and locks it in order where it is asked to: there may be millions.
fn counted(by: StagedBy, lock: &str) -> String {
    let whose = by.clause(3);
    format!(
        "SELECT kind, run_id, COUNT(*) AS count FROM
             (SELECT kind, run_id FROM outbox WHERE domain = $1 AND each_ = $2 AND aside = 'staged'{whose} ORDER BY seq {lock}) AS staged
         GROUP BY kind, run_id"
    )
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
