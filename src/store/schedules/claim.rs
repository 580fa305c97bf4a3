//! Changes of schedules. Each names the revision that it was decided on, so that of several daemons one decides.

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::DomainName;
use uuid::Uuid;

use super::journal::{self, Entry, Happened};
use crate::store::again::Twice;
use crate::store::database::Store;
use crate::store::error::StoreError;
use crate::store::runs::{self, RunRow};
use crate::store::sql::{Tx, args};

/// How many due times of a domain are kept that had their run: those of nearly three hours at one each second, and of 27 years of
/// nights. A clock that is put back by less finds all of them.
const KEPT: i64 = 10_000;

/// The next due time of a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next {
    /// The domain.
    pub domain: DomainName,
    /// The expression, the zone and the jitter that it comes from.
    pub schedule: String,
    /// When it is due.
    pub due_at: Instant,
    /// When its run starts.
    pub starts_at: Instant,
    /// What was known when this was decided; nothing of a domain that no daemon saw before.
    pub revision: Option<i64>,
    /// A run that was cut off and that nobody goes on with any more.
    pub forgets: Option<Uuid>,
}

/// A due time whose run is to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The time.
    pub scheduled_for: Instant,
    /// What comes after it.
    pub next: Next,
    /// What the journal says of it.
    pub detail: String,
    /// The run that had this time and was cut off, where another one goes on with it.
    pub resumes: Option<Uuid>,
}

/// What became of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claimed {
    /// The run is this one's.
    Ours,
    /// Somebody else decided meanwhile, or the domain was paused.
    Theirs,
    /// The time had its run already; what comes after it is written down.
    RanBefore,
}

impl Store {
    /// Writes down what comes next, unless somebody else decided meanwhile, and says in the journal why. Returns whether it was.
    pub async fn plan_due(&self, next: &Next, entry: &Entry, daemon: &str) -> Result<bool, StoreError> {
        self.again(Twice::IsTwice, || self.plan_due_once(next, entry, daemon)).await
    }

    async fn plan_due_once(&self, next: &Next, entry: &Entry, daemon: &str) -> Result<bool, StoreError> {
        let mut tx = self.write("schedule.plan").await?;
        let is_ours = advance(&mut tx, next, None).await?;
        if is_ours {
            journal::append(&mut tx, entry, daemon).await?;
        }
        tx.commit().await?;
        Ok(is_ours)
    }

    /// Begins a run for due times: for each either this run and no other, or not this run. Where none of them is its own, there is no
    /// run.
    pub async fn claim_due(
        &self,
        run: &RunRow,
        claims: &[Claim],
        daemon: &str,
    ) -> Result<Vec<Claimed>, StoreError> {
        self.again(Twice::IsOnce, || self.claim_due_once(run, claims, daemon)).await
    }

    async fn claim_due_once(
        &self,
        run: &RunRow,
        claims: &[Claim],
        daemon: &str,
    ) -> Result<Vec<Claimed>, StoreError> {
        let mut tx = self.write("schedule.claim").await?;
        let mut all = Vec::new();
        for claim in claims {
            all.push(claim_one(&mut tx, run.run_id, claim, daemon).await?);
        }
        if all.contains(&Claimed::Ours) {
            runs::begin(&mut tx, run).await?;
        }
        tx.commit().await?;
        Ok(all)
    }
}

async fn claim_one(tx: &mut Tx, run: Uuid, claim: &Claim, daemon: &str) -> Result<Claimed, StoreError> {
    let domain = &claim.next.domain;
    // Where the answer to a first try was lost, what it did is found again.
    let owner = "SELECT run_id FROM scheduled_runs WHERE domain = $1 AND scheduled_for = $2";
    let had = tx.row(owner, &args![domain.as_str(), claim.scheduled_for]).await?;
    if let Some(row) = &had
        && row.uuid("run_id")? == run
    {
        return Ok(Claimed::Ours);
    }
    let paused = "SELECT domain FROM pauses WHERE domain = $1";
    if tx.row(paused, &args![domain.as_str()]).await?.is_some() {
        return Ok(Claimed::Theirs);
    }
    if let Some(resumed) = claim.resumes {
        return go_on(tx, run, resumed, claim, daemon).await;
    }
    if !advance(tx, &claim.next, had.is_none().then_some(run)).await? {
        return Ok(Claimed::Theirs);
    }
    if let Some(row) = had {
        let detail = format!("the time had its run already: {}", row.text("run_id")?);
        journal::append(tx, &entry(claim, Happened::Skipped, None, detail), daemon).await?;
        return Ok(Claimed::RanBefore);
    }
    let sql = "INSERT INTO scheduled_runs (domain, scheduled_for, run_id) VALUES ($1, $2, $3)";
    tx.execute(sql, &args![domain.as_str(), claim.scheduled_for, run]).await?;
    let forget = "DELETE FROM scheduled_runs WHERE domain = $1 AND seq <=
         (SELECT seq FROM scheduled_runs WHERE domain = $1 ORDER BY seq DESC LIMIT 1 OFFSET $2)";
    tx.execute(forget, &args![domain.as_str(), KEPT]).await?;
    journal::append(tx, &entry(claim, Happened::Fired, Some(run), claim.detail.clone()), daemon).await?;
    Ok(Claimed::Ours)
}

/// Gives a time another run in the place of the one that was cut off, if nobody else did.
async fn go_on(
    tx: &mut Tx,
    run: Uuid,
    resumed: Uuid,
    claim: &Claim,
    daemon: &str,
) -> Result<Claimed, StoreError> {
    if !advance(tx, &claim.next, Some(run)).await? {
        return Ok(Claimed::Theirs);
    }
    let sql =
        "UPDATE scheduled_runs SET run_id = $3 WHERE domain = $1 AND scheduled_for = $2 AND run_id = $4";
    let domain = claim.next.domain.as_str();
    tx.execute(sql, &args![domain, claim.scheduled_for, run, resumed]).await?;
    journal::append(tx, &entry(claim, Happened::Continued, Some(run), claim.detail.clone()), daemon).await?;
    Ok(Claimed::Ours)
}

fn entry(claim: &Claim, happened: Happened, run_id: Option<Uuid>, detail: String) -> Entry {
    let (domain, scheduled_for) = (Some(claim.next.domain.clone()), Some(claim.scheduled_for));
    Entry { happened, domain, scheduled_for, run_id, detail }
}

/// The conditional update: whoever names the revision that stands there goes on from it.
async fn advance(tx: &mut Tx, next: &Next, run: Option<Uuid>) -> Result<bool, StoreError> {
    let (domain, schedule) = (next.domain.as_str(), next.schedule.as_str());
    let changed = if let Some(revision) = next.revision {
        let sql = "UPDATE schedules SET schedule = $2, due_at = $3, starts_at = $4, revision = revision + 1,
             run_id = NULLIF(COALESCE($5, run_id), $7) WHERE domain = $1 AND revision = $6";
        let [run, forgets] = [run, next.forgets].map(|run| run.map(|run| run.to_string()));
        tx.execute(sql, &args![domain, schedule, next.due_at, next.starts_at, run, revision, forgets]).await?
    } else {
        let sql =
            "INSERT INTO schedules (domain, schedule, due_at, starts_at, revision) VALUES ($1, $2, $3, $4, 1)
             ON CONFLICT (domain) DO NOTHING";
        tx.execute(sql, &args![domain, schedule, next.due_at, next.starts_at]).await?
    };
    Ok(changed > 0)
}
