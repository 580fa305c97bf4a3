//! Whose turn it is: which domains a run holds, how it keeps them, and what it does when another run holds one.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tieout_reconcilers::name::{DomainName, Each};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use super::dead;
use super::outcome::Failure;
use super::stop::Stop;
use super::{IfLocked, Job, Shard};
use crate::store::{Lease, OfJob, SIGN_OF_LIFE, Signs, SliceLease, Store, StoreError};

/// How often somebody who waits for a lease asks for it.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// The longest that a run waits for a lease without a deadline: no run works longer on a domain.
const LONGEST_WAIT: Duration = super::stage::RUN_TIME;

/// How long the last sign of life is waited for.
const LAST_SIGN: Duration = Duration::from_secs(1);

/// Who holds a lease, for the message that another run gets, where it is one of several that do the same work.
fn holder_of(shard: &Shard) -> String {
    match shard.index {
        Some(index) => format!("shard {index}, {}", holder()),
        None => holder(),
    }
}

/// Who holds a lease, for the message that another run gets.
pub(crate) fn holder() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("process {} on {}", std::process::id(), host.trim())
}

/// The signs of life of a run.
pub(super) struct SignsOfLife {
    over: CancellationToken,
    task: AbortOnDropHandle<()>,
}

impl SignsOfLife {
    /// Ends them between two transactions, unless the store takes too long for one.
    pub(super) async fn end(self) {
        self.over.cancel();
        let _too_long = tokio::time::timeout(LAST_SIGN, self.task).await;
    }
}

/// Each lease, with the work that ends once it is lost.
type Held = HashMap<(DomainName, Each), (Lease, Stop)>;

/// The leases of a run. Clones are about the same ones.
#[derive(Debug, Clone)]
pub(super) struct Leases {
    store: Store,
    run_id: Uuid,
    holder: String,
    /// What the run is part of.
    job: Option<String>,
    /// Runs of the same job that did not come through with a domain.
    failed: Arc<Mutex<Vec<Uuid>>>,
    held: Arc<Mutex<Held>>,
    /// The claims of slices that the run reads for others.
    reads: Arc<Mutex<HashSet<Uuid>>>,
}

/// A claim that lives as long as this.
pub(super) struct KeptSlice {
    claim: Uuid,
    all: Arc<Mutex<HashSet<Uuid>>>,
}

impl KeptSlice {
    fn all(&self) -> MutexGuard<'_, HashSet<Uuid>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for KeptSlice {
    fn drop(&mut self) {
        self.all().remove(&self.claim);
    }
}

impl Leases {
    /// None yet.
    pub(super) fn of(job: &Job) -> Self {
        let shard = &job.options.shard;
        Self {
            store: job.store.clone(),
            run_id: job.run_id,
            holder: holder_of(shard),
            job: shard.job.clone(),
            failed: Arc::default(),
            held: Arc::default(),
            reads: Arc::default(),
        }
    }

    /// Who holds them.
    pub(super) fn holder(&self) -> &str {
        &self.holder
    }

    /// Which run of the same job had a domain last.
    pub(super) async fn had_by_job(&self, domain: &DomainName) -> Result<Option<Uuid>, Failure> {
        match &self.job {
            Some(job) => Ok(self.store.had_by_job(domain, job).await?),
            None => Ok(None),
        }
    }

    /// A run of the same job did not come through with a domain, so this one may have it.
    pub(super) fn note_failed(&self, run_id: Uuid) {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).push(run_id);
    }

    async fn acquire(&self, domain: &DomainName, each: &Each) -> Result<Lease, StoreError> {
        let Some(name) = self.job.clone() else {
            return self.store.acquire(domain, each, self.run_id, &self.holder).await;
        };
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let job = OfJob { name, failed };
        self.store.acquire_for_job((domain, each), self.run_id, &self.holder, &job).await
    }

    /// Takes the lease of a member of a domain, and waits for it where that was asked for. Once it goes to somebody else, the work
    /// on the domain ends.
    pub(super) async fn take(
        &self,
        job: &Job,
        (domain, each): (&DomainName, &Each),
        stop: &Stop,
    ) -> Result<Lease, Failure> {
        let longest = std::time::Instant::now().checked_add(LONGEST_WAIT);
        let until = job.options.deadline.into_iter().chain(longest).min();
        let mut has_said = false;
        let lease = loop {
            let held = match self.acquire(domain, each).await {
                Ok(lease) => break lease,
                // Whoever sleeps in the midst of a write keeps the row, until the database ends its transaction.
                Err(held @ (StoreError::Held { .. } | StoreError::Conflict { .. }))
                    if job.options.if_locked == IfLocked::Wait =>
                {
                    held
                }
                Err(error @ StoreError::Conflict { .. }) if job.options.if_locked == IfLocked::Join => {
                    return Err(Failure::Locked(error.to_string()));
                }
                Err(error) => return Err(error.into()),
            };
            if until.is_some_and(|until| until <= std::time::Instant::now()) {
                return Err(Failure::Locked(format!("{held}, and still was when the wait was over")));
            }
            if !has_said {
                tracing::warn!(%held, "waiting until the domain is free");
                has_said = true;
            }
            // Whoever holds it gives signs of life, so this is no standstill.
            stop.going().moves();
            stop.pause(ASK_AGAIN).await?;
        };
        self.hold(&lease, stop);
        if has_said && let Err(error) = dead::close(&self.store, &job.domains, Some(self.run_id)).await {
            tracing::warn!(%error, "whether the run before is dead could not be found out");
        }
        Ok(lease)
    }

    /// Takes the lease of a member of a domain where nobody else has it, whatever the run was asked to do where somebody has.
    pub(super) async fn take_if_free(
        &self,
        (domain, each): (&DomainName, &Each),
        stop: &Stop,
    ) -> Result<Lease, Failure> {
        let lease = self.store.acquire(domain, each, self.run_id, &self.holder).await?;
        self.hold(&lease, stop);
        Ok(lease)
    }

    /// From now on the lease is renewed, and the work on the domain ends once it is lost.
    fn hold(&self, lease: &Lease, stop: &Stop) {
        let whose = (lease.domain().clone(), lease.each().clone());
        self.held().insert(whose, (lease.clone(), stop.clone()));
    }

    /// Keeps the claim of a slice until the guard is dropped: what nobody reads any more lapses.
    pub(super) fn keep_slice(&self, lease: &SliceLease) -> KeptSlice {
        let kept = KeptSlice { claim: lease.claim(), all: Arc::clone(&self.reads) };
        kept.all().insert(kept.claim);
        kept
    }

    /// Gives a lease back, so that the next run need not wait for it to lapse.
    pub(super) async fn give_back(&self, lease: &Lease) {
        self.held().remove(&(lease.domain().clone(), lease.each().clone()));
        if let Err(error) = self.store.release_lease(lease).await {
            tracing::warn!(domain = %lease.domain(), %error, "the lease could not be given back; it lapses by itself");
        }
    }

    /// Takes all leases of a domain away from whatever still works on it.
    pub(super) async fn fence_off(&self, domain: &DomainName) {
        self.held().retain(|(of, _), _| of != domain);
        if let Err(error) = self.store.fence_off(self.run_id, Some(domain)).await {
            tracing::warn!(%domain, %error, "the lease could not be given back; it lapses by itself");
        }
    }

    /// Gives signs of life until that is ended: the run is not taken for dead, and its leases do not lapse. A lease that went to
    /// somebody else ends the work on its domain at once.
    pub(super) fn keep(&self) -> SignsOfLife {
        let (leases, over) = (self.clone(), CancellationToken::new());
        let ended = over.clone();
        let task = tokio::spawn(async move {
            // The run has just been recorded.
            while tokio::time::timeout(SIGN_OF_LIFE, ended.cancelled()).await.is_err() {
                leases.beat().await;
                leases.keep_slices().await;
            }
        });
        SignsOfLife { over, task: AbortOnDropHandle::new(task) }
    }

    async fn beat(&self) {
        // Whatever is taken while the question is under way is not asked about.
        let known: Vec<(Lease, Stop)> = self.held().values().cloned().collect();
        match self.store.beat(self.run_id).await {
            Ok(Signs { kept, paused }) => {
                for (lease, stop) in &known {
                    if let Some(by) = paused.get(lease.domain()).filter(|_| !stop.going().is_over()) {
                        tracing::warn!(domain = %lease.domain(), %by, "the domain was paused");
                        stop.pause_for(by);
                    }
                }
                for (lease, stop) in known.into_iter().filter(|(lease, _)| !kept.contains(lease)) {
                    let is_given_back = !self.held().values().any(|(held, _)| *held == lease);
                    if !is_given_back {
                        tracing::warn!(domain = %lease.domain(), "another run took the domain over");
                        stop.lose();
                    }
                }
            }
            Err(error) => {
                tracing::warn!(run_id = %self.run_id, %error, "the run's sign of life could not be written");
            }
        }
    }

    async fn keep_slices(&self) {
        let reads: Vec<Uuid> =
            self.reads.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect();
        if !reads.is_empty()
            && let Err(error) = self.store.keep_slices(&reads).await
        {
            tracing::warn!(run_id = %self.run_id, %error, "the slices that are read for others could not be kept");
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
