//! The one transaction of a slice: findings, events, coverage and checkpoint together, or nothing. It decides nothing.

use std::collections::{BTreeMap, HashMap, HashSet};

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::window::{Purpose, Slice, Window};
use uuid::Uuid;

use super::again::Twice;
use super::database::Store;
use super::error::StoreError;
use super::lease::{Lease, fence};
use super::saved_token::{self, SavedToken};
use super::sql::{Tx, args};
use super::{bookmark, coverage, findings, outbox, quarantine};
use crate::event::Event;
use crate::finding::Finding;
use crate::quarantine::Weighed;

/// What is committed together. Everything in it belongs to the lease's domain.
#[derive(Debug, Clone, Default)]
pub struct Commit {
    /// The slice that was judged, if this is one.
    pub slice: Option<SliceDone>,
    /// The range that it verified.
    pub coverage: Option<Covered>,
    /// The overlap scan that it ended.
    pub overlap: Option<OverlapDone>,
    /// Where the next read of a change feed goes on.
    pub token: Option<SavedToken>,
    /// What needs no bookmark any more: nobody has to carry its reading on.
    pub read: Option<(Purpose, Window)>,
    /// Findings in their new state; for two on one key, the last one counts.
    pub findings: Vec<Finding>,
    /// Events to stage; one that is held from the beginning waits for its approval.
    pub events: Vec<Event>,
    /// Events that must not be sent any more. What was sent already stays sent.
    pub supersede: Vec<Uuid>,
    /// What a slice says about what cannot be read.
    pub quarantine: Weighed,
}

/// A slice that was judged.
#[derive(Debug, Clone)]
pub struct SliceDone {
    /// The slice.
    pub slice: Slice,
    /// Its counts as JSON.
    pub counts_json: String,
}

/// A range that was verified.
#[derive(Debug, Clone)]
pub struct Covered {
    /// The feed's clock.
    pub clock: String,
    /// The range.
    pub window: Window,
}

/// An overlap scan that ran to its end.
#[derive(Debug, Clone)]
pub struct OverlapDone {
    /// The feed's clock.
    pub clock: String,
    /// The end of what it read, in the feed's time.
    pub through: Instant,
}

impl Store {
    /// Commits, if the lease still holds. Committing the same twice is committing it once.
    ///
    /// An event whose id is known keeps its row and its state, except that a superseded one is staged again: the drift it
    /// was made for is back within the same episode, and it was never sent. A finding whose event was acknowledged
    /// since the caller read it keeps the acknowledgement, and one whose state a person changed since then stays as it is.
    pub async fn commit(&self, lease: &Lease, commit: Commit) -> Result<(), StoreError> {
        self.again(Twice::IsOnce, || self.commit_once(lease, commit.clone())).await
    }

    async fn commit_once(&self, lease: &Lease, commit: Commit) -> Result<(), StoreError> {
        let mut findings = one_per_key(commit.findings);
        let mut ids = findings
            .iter()
            .map(|finding| &finding.id)
            .chain(commit.events.iter().map(|event| &event.finding));
        if !ids.all(|id| lease.covers(id)) {
            return Err(lease.lost());
        }

        let mut tx = self.write("commit").await?;
        if !bug!("unfenced_commit") {
            fence(&mut tx, lease).await?;
        }
        let now = tx.now().await?;
        if bug!("coverage_before_findings")
            && let Some(covered) = &commit.coverage
        {
            coverage::add(&mut tx, lease, covered).await?;
            tx = self.in_two(tx).await?;
        }
        if bug!("token_before_findings")
            && let Some(token) = &commit.token
        {
            saved_token::save(&mut tx, lease, token, now).await?;
            tx = self.in_two(tx).await?;
        }
        // What a person decided meanwhile stands; the next look sees the key as it is then.
        let stored = findings::interventions(&mut tx, &findings).await?;
        let intervened = remove_intervened(&mut findings, &stored);
        let mut events = commit.events;
        events.retain(|event| !intervened.contains(&event.finding.key));
        // Rows are always locked in this order, outbox before findings, here and in the relay: so nobody waits in a ring.
        outbox::supersede(&mut tx, lease, &commit.supersede, now).await?;
        if !bug!("events_after_findings") {
            outbox::stage(&mut tx, lease, &events, now).await?;
        }
        crash_point!("commit.events_staged");
        findings::upsert(&mut tx, findings, &stored, now).await?;
        crash_point!("commit.findings_written");
        if bug!("events_after_findings") {
            tx = self.in_two(tx).await?;
            outbox::stage(&mut tx, lease, &events, now).await?;
        }
        if let Some(covered) = &commit.coverage {
            coverage::add(&mut tx, lease, covered).await?;
        }
        if let Some(overlap) = &commit.overlap {
            coverage::scanned(&mut tx, lease, overlap, now).await?;
        }
        if let Some(token) = &commit.token {
            saved_token::save(&mut tx, lease, token, now).await?;
        }
        if !commit.quarantine.is_empty() {
            quarantine::record(&mut tx, lease, &commit.quarantine, now).await?;
        }
        if let Some((purpose, range)) = commit.read {
            bookmark::remove(&mut tx, (lease.domain(), lease.each()), purpose, range).await?;
        }
        if let Some(slice) = &commit.slice {
            checkpoint(&mut tx, lease, slice, now).await?;
        }
        tx.commit().await
    }
}

/// Sorted by key, so that rows are locked in one order.
fn one_per_key(findings: Vec<Finding>) -> Vec<Finding> {
    let by_key: BTreeMap<_, _> = findings.into_iter().map(|finding| (finding.id.clone(), finding)).collect();
    by_key.into_values().collect()
}

/// Takes out the findings that people changed since the caller read them, and says which those are.
fn remove_intervened(findings: &mut Vec<Finding>, stored: &HashMap<Key, u32>) -> HashSet<Key> {
    let has_intervened =
        |finding: &mut Finding| stored.get(&finding.id.key).is_some_and(|n| *n != finding.interventions);
    findings.extract_if(.., has_intervened).map(|finding| finding.id.key).collect()
}

async fn checkpoint(tx: &mut Tx, lease: &Lease, done: &SliceDone, now: Instant) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO slices (run_id, domain, each_, purpose, from_at, to_at, counts, committed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (run_id, domain, each_, purpose, from_at, to_at)
         DO UPDATE SET counts = excluded.counts, committed_at = excluded.committed_at",
        &args![
            lease.run_id(),
            lease.domain().as_str(),
            lease.each().as_str(),
            bookmark::word(done.slice.purpose),
            done.slice.window.from(),
            done.slice.window.to(),
            done.counts_json.as_str(),
            now
        ],
    )
    .await?;
    Ok(())
}
