//! One writer per domain: leases with a fencing token that only grows. A holder that lost its lease writes nothing more.
//!
//! A lease lapses by the store's clock. Where its holder is proven to be dead nobody waits for that. What was proven decides only
//! when the next holder begins: that the last one writes nothing more is the token's doing.

use std::collections::BTreeMap;
use std::time::Duration;

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::{DomainName, Each};
use uuid::Uuid;

use super::again::{Tries, Try, Twice};
use super::database::Store;
use super::error::StoreError;
use super::schedules::refuse_paused;
use super::sql::{Row, Tx, args};
use crate::finding::Identity;
use crate::process::Process;

/// How long a lease lives without being renewed, and a run without a sign of life, by the store's clock.
pub const LEASE_TIME: Duration = Duration::from_secs(15);

/// How often a run gives its sign of life: two may be lost before somebody takes over. It takes five statements, and one more for each slice that is read for others, so a run pays one a
/// second, whatever the number of its leases. Where it is killed on purpose it works for less than a second, and has to give one all
/// the same.
pub const SIGN_OF_LIFE: Duration =
    if cfg!(feature = "failpoints") { Duration::from_millis(150) } else { Duration::from_secs(5) };

/// What a run learns when it gives a sign of life.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Signs {
    /// The leases that it still holds.
    pub kept: Vec<Lease>,
    /// Those of its domains that a person paused meanwhile, and who and why.
    pub paused: BTreeMap<DomainName, String>,
}

/// Whether a pause keeps somebody from a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pauses {
    Heeded,
    PassedOver,
}

/// The job that a run belongs to, whose runs do a domain once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfJob {
    /// The job's name.
    pub name: String,
    /// Runs of it that are known not to have come through with the domain: what they had may be had again.
    pub failed: Vec<Uuid>,
}

/// Who works on a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Led {
    /// Nobody holds its lease.
    ByNobody,
    /// Whoever holds it gives signs of life: this run.
    ByTheLiving(Uuid),
    /// Whoever holds it is dead, or gives none.
    ByTheDead,
}

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

    /// Its number: whoever takes the domain over has a greater one.
    #[must_use]
    pub const fn token(&self) -> i64 {
        self.token
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
    /// Takes the lease where it is free, has run out, or belongs to a process that is dead; otherwise [`StoreError::Held`] says
    /// who has it. The lease belongs to this process from then on. [`StoreError::Paused`] where nobody is to work on the domain.
    pub async fn acquire(
        &self,
        domain: &DomainName,
        each: &Each,
        run_id: Uuid,
        holder: &str,
    ) -> Result<Lease, StoreError> {
        let tries = Tries::default();
        let once = || self.acquire_once((domain, each), (run_id, holder), Pauses::Heeded, None, tries.next());
        self.again(Twice::IsOnce, once).await
    }

    /// The same for a run of a job: [`StoreError::HadByJob`] where another run of it had the domain last, let go of it by itself, and
    /// is not known to have failed.
    pub async fn acquire_for_job(
        &self,
        (domain, each): (&DomainName, &Each),
        run_id: Uuid,
        holder: &str,
        job: &OfJob,
    ) -> Result<Lease, StoreError> {
        let tries = Tries::default();
        let once =
            || self.acquire_once((domain, each), (run_id, holder), Pauses::Heeded, Some(job), tries.next());
        self.again(Twice::IsOnce, once).await
    }

    /// Which run of a job had a domain last; nothing where none had it since another job.
    pub async fn had_by_job(&self, domain: &DomainName, job: &str) -> Result<Option<Uuid>, StoreError> {
        let mut tx = self.read().await?;
        let sql = "SELECT job_run FROM leases WHERE domain = $1 AND each_ = '' AND job = $2";
        let row = tx.row(sql, &args![domain.as_str(), job]).await?;
        row.map_or(Ok(None), |row| row.uuid_or_null("job_run"))
    }

    /// The same for what a person does, who may also do it while the domain is paused.
    pub async fn acquire_by_hand(
        &self,
        domain: &DomainName,
        each: &Each,
        run_id: Uuid,
        holder: &str,
    ) -> Result<Lease, StoreError> {
        let tries = Tries::default();
        let once =
            || self.acquire_once((domain, each), (run_id, holder), Pauses::PassedOver, None, tries.next());
        self.again(Twice::IsOnce, once).await
    }

    async fn acquire_once(
        &self,
        (domain, each): (&DomainName, &Each),
        (run_id, holder): (Uuid, &str),
        pauses: Pauses,
        job: Option<&OfJob>,
        this: Try,
    ) -> Result<Lease, StoreError> {
        let mut tx = self.write("lease.acquire").await?;
        if pauses == Pauses::Heeded {
            refuse_paused(&mut tx, domain).await?;
        }
        // What this run took without hearing of it is its own.
        let own = (this == Try::Again).then_some(run_id);
        let token = free_token(&mut tx, domain, each, own).await? + 1;
        if let Some(job) = job.filter(|_| *each == Each::default()) {
            refuse_had(&mut tx, domain, run_id, job).await?;
        }
        let now = tx.now().await?;
        // What the last holder offered of it is nobody's to read any more.
        let of = args![domain.as_str(), each.as_str()];
        tx.execute("DELETE FROM slice_leases WHERE domain = $1 AND each_ = $2", &of).await?;
        let process = Process::this().map(|process| process.to_string());
        tx.execute(
            "UPDATE leases SET token = $3, holder = $4, run_id = $5, acquired_at = $6, expires_at = $7, process = $8,
                 job = COALESCE($9, job), job_run = CASE WHEN $9 IS NULL THEN job_run ELSE $5 END
             WHERE domain = $1 AND each_ = $2",
            &args![
                domain.as_str(),
                each.as_str(),
                token,
                holder,
                run_id,
                now,
                now + LEASE_TIME,
                process,
                job.map(|job| job.name.as_str())
            ],
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

    /// Records that a run is alive, and makes all its leases live for another [`LEASE_TIME`].
    pub async fn beat(&self, run_id: Uuid) -> Result<Signs, StoreError> {
        self.again(Twice::IsOnce, || self.beat_once(run_id)).await
    }

    async fn beat_once(&self, run_id: Uuid) -> Result<Signs, StoreError> {
        let mut tx = self.write("run.beat").await?;
        let now = tx.now().await?;
        if bug!("renewal_takes_back") {
            let sql = "UPDATE leases SET token = token - 1, run_id = $1 WHERE run_id IS DISTINCT FROM $1";
            tx.execute(sql, &args![run_id]).await?;
        }
        let renew = "UPDATE leases SET expires_at = $2 WHERE run_id = $1 AND holder IS NOT NULL RETURNING domain, each_, token,
             (SELECT who || CASE reason WHEN '' THEN '' ELSE ': ' || reason END FROM pauses WHERE pauses.domain = leases.domain)
             AS paused_by";
        let renewed = tx.rows(renew, &args![run_id, now + LEASE_TIME]).await?;
        let alive = "UPDATE runs SET heartbeat_at = $2 WHERE run_id = $1 AND status = 'running'";
        tx.execute(alive, &args![run_id, now]).await?;
        tx.commit().await?;
        let mut signs = Signs::default();
        for row in &renewed {
            let domain: DomainName = row.word("domain", |name| name.parse().ok())?;
            if let Some(by) = row.text_or_null("paused_by")? {
                signs.paused.insert(domain.clone(), by);
            }
            let each = Each::stored(&row.text("each_")?);
            signs.kept.push(Lease { domain, each, run_id, token: row.int("token")? });
        }
        Ok(signs)
    }

    /// Gives the lease back, so that the next run need not wait for it to run out.
    pub async fn release_lease(&self, lease: &Lease) -> Result<(), StoreError> {
        if bug!("lease_kept") {
            return Ok(());
        }
        self.again(Twice::IsTwice, || self.release_lease_once(lease)).await
    }

    async fn release_lease_once(&self, lease: &Lease) -> Result<(), StoreError> {
        let mut tx = self.write("lease.give_back").await?;
        fence(&mut tx, lease).await?;
        let args = args![lease.domain.as_str(), lease.each.as_str()];
        tx.execute(
            "UPDATE leases SET holder = NULL, process = NULL, run_id = NULL WHERE domain = $1 AND each_ = $2",
            &args,
        )
        .await?;
        tx.commit().await
    }

    /// Who works on a domain.
    pub async fn led(&self, domain: &DomainName) -> Result<Led, StoreError> {
        let mut tx = self.read().await?;
        let now = tx.now().await?;
        let sql = "SELECT holder, run_id, expires_at, process FROM leases WHERE domain = $1 AND each_ = ''";
        let Some(row) = tx.row(sql, &args![domain.as_str()]).await? else { return Ok(Led::ByNobody) };
        Ok(match row.text_or_null("holder")? {
            None => Led::ByNobody,
            Some(_) if is_alive(&row, now)? => Led::ByTheLiving(row.uuid("run_id")?),
            Some(_) => Led::ByTheDead,
        })
    }

    /// Takes the leases of a run from it, all or those of one domain: whatever of it still works can write nothing more.
    pub async fn fence_off(&self, run_id: Uuid, domain: Option<&DomainName>) -> Result<(), StoreError> {
        let mut tx = self.write("lease.fence_off").await?;
        tx.execute(
            "UPDATE leases SET holder = NULL, process = NULL, run_id = NULL, token = token + 1
             WHERE run_id = $1 AND ($2 IS NULL OR domain = $2)",
            &args![run_id, domain.map(DomainName::as_str)],
        )
        .await?;
        tx.commit().await
    }
}

/// Whether the process that a row of `leases` or `runs` names is dead for sure.
pub(super) fn is_dead(row: &Row) -> Result<bool, StoreError> {
    let process = row.text_or_null("process")?;
    Ok(process.and_then(|text| text.parse::<Process>().ok()).is_some_and(|process| process.is_dead()))
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

/// Locks the lease, requires that nobody holds it but for `own`, and returns its last token.
async fn free_token(
    tx: &mut Tx,
    domain: &DomainName,
    each: &Each,
    own: Option<Uuid>,
) -> Result<i64, StoreError> {
    let now = tx.now().await?;
    tx.execute(
        "INSERT INTO leases (domain, each_, token, acquired_at, expires_at) VALUES ($1, $2, 0, $3, $3)
         ON CONFLICT (domain, each_) DO NOTHING",
        &args![domain.as_str(), each.as_str(), now],
    )
    .await?;
    let sql = format!(
        "SELECT token, holder, run_id, acquired_at, expires_at, process FROM leases WHERE domain = $1 AND each_ = $2 {}",
        tx.dialect().for_update
    );
    let Some(row) = tx.row(sql, &args![domain.as_str(), each.as_str()]).await? else { return Ok(0) };
    match row.text_or_null("holder")? {
        Some(holder) if is_alive(&row, now)? && !(own.is_some() && row.uuid_or_null("run_id")? == own) => {
            let since = row.time("acquired_at")?;
            Err(StoreError::Held { domain: domain.clone(), holder, since, age: age(since, now) })
        }
        _ => row.int("token"),
    }
}

/// Refuses a domain that another run of the job had last. One that is dead, and did not let go of it, is no reason.
async fn refuse_had(tx: &mut Tx, domain: &DomainName, run_id: Uuid, job: &OfJob) -> Result<(), StoreError> {
    let sql = "SELECT job_run FROM leases WHERE domain = $1 AND each_ = '' AND job = $2 AND holder IS NULL";
    let row = tx.row(sql, &args![domain.as_str(), job.name.as_str()]).await?;
    let had = row.map_or(Ok(None), |row| row.uuid_or_null("job_run"))?;
    let is_open = |had: &Uuid| *had == run_id || job.failed.contains(had) || bug!("job_begins_anew");
    match had.filter(|had| !is_open(had)) {
        Some(run_id) => Err(StoreError::HadByJob { domain: domain.clone(), run_id }),
        None => Ok(()),
    }
}

/// Whether whoever holds a lease is alive as far as anybody knows.
fn is_alive(row: &Row, now: Instant) -> Result<bool, StoreError> {
    let now = if bug!("lease_by_local_clock") { now + Duration::from_hours(1) } else { now };
    let mistaken = [(bug!("living_lease_taken"), false), (bug!("dead_holder_keeps_lease"), true)];
    if let Some((_, is_alive)) = mistaken.into_iter().find(|(is_made, _)| *is_made) {
        return Ok(is_alive);
    }
    Ok(row.time("expires_at")? > now && !is_dead(row)?)
}

fn age(since: Instant, now: Instant) -> Duration {
    Duration::from_micros(u64::try_from(now.micros() - since.micros()).unwrap_or_default())
}
