//! Reads what is known of schedules, as of one moment.

use std::collections::{BTreeMap, BTreeSet};

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::DomainName;

use super::cut_off::{self, CutOff};
use super::pause::{self, Pause};
use crate::store::database::Store;
use crate::store::error::StoreError;
use crate::store::lease::{LEASE_TIME, is_dead};
use crate::store::sql::{Row, Tx, args};

/// What is known of all schedules.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Agenda {
    /// The next due time of each domain that a daemon ever saw.
    pub due: BTreeMap<DomainName, KeptDue>,
    /// The domains on which no run works.
    pub pauses: BTreeMap<DomainName, Pause>,
    /// The domains on which somebody works, and who.
    pub works: BTreeMap<DomainName, String>,
    /// The due times whose run was cut off and that nobody has gone on with.
    pub cut_off: BTreeMap<DomainName, CutOff>,
}

/// The next due time of a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptDue {
    /// The expression, the zone and the jitter that the times come from.
    pub schedule: String,
    /// When it is due.
    pub due_at: Instant,
    /// When its run starts: a little later, where the schedule spreads its runs.
    pub starts_at: Instant,
    /// Grows with every change.
    pub revision: i64,
    /// Due times from [`Self::due_at`] or from now on, whichever is earlier, that had their run already.
    pub ran: BTreeSet<Instant>,
}

impl Store {
    /// What is known of all schedules; `now` by the clock that the times are read by.
    pub async fn agenda(&self, now: Instant) -> Result<Agenda, StoreError> {
        let mut tx = self.read().await?;
        let mut due = BTreeMap::new();
        let sql = "SELECT domain, schedule, due_at, starts_at, revision FROM schedules";
        for row in tx.rows(sql, &[]).await? {
            due.insert(domain(&row)?, kept(&row)?);
        }
        had_their_run(&mut tx, now, &mut due).await?;
        let (pauses, works) = (pause::all(&mut tx).await?, at_work(&mut tx).await?);
        Ok(Agenda { due, pauses, works, cut_off: cut_off::all(&mut tx).await? })
    }
}

pub(super) fn domain(row: &Row) -> Result<DomainName, StoreError> {
    row.word("domain", |name| name.parse().ok())
}

fn kept(row: &Row) -> Result<KeptDue, StoreError> {
    Ok(KeptDue {
        schedule: row.text("schedule")?,
        due_at: row.time("due_at")?,
        starts_at: row.time("starts_at")?,
        revision: row.int("revision")?,
        ran: BTreeSet::new(),
    })
}

async fn had_their_run(
    tx: &mut Tx,
    now: Instant,
    due: &mut BTreeMap<DomainName, KeptDue>,
) -> Result<(), StoreError> {
    let sql = "SELECT ran.domain, ran.scheduled_for FROM scheduled_runs ran JOIN schedules due ON due.domain = ran.domain
         WHERE ran.scheduled_for > $1 OR ran.scheduled_for >= due.due_at";
    for row in tx.rows(sql, &args![now]).await? {
        if let Some(kept) = due.get_mut(&domain(&row)?) {
            kept.ran.insert(row.time("scheduled_for")?);
        }
    }
    Ok(())
}

/// Who works on domains: runs that a schedule began and that have not ended with the domain, and whoever holds a lease.
async fn at_work(tx: &mut Tx) -> Result<BTreeMap<DomainName, String>, StoreError> {
    let now = tx.now().await?;
    let mut works = BTreeMap::new();
    let running = "SELECT due.domain, run.run_id, run.heartbeat_at, run.process FROM schedules due
         JOIN runs run ON run.run_id = due.run_id WHERE run.status = 'running' AND NOT EXISTS
         (SELECT 1 FROM ended_domains done WHERE done.run_id = run.run_id AND done.domain = due.domain)";
    for row in tx.rows(running, &[]).await? {
        if row.time("heartbeat_at")? + LEASE_TIME > now && !is_dead(&row)? {
            works.insert(domain(&row)?, format!("run {}", row.text("run_id")?));
        }
    }
    let held = "SELECT domain, holder, expires_at, process FROM leases WHERE holder IS NOT NULL";
    for row in tx.rows(held, &[]).await? {
        if row.time("expires_at")? > now && !is_dead(&row)? {
            works.entry(domain(&row)?).or_insert(row.text("holder")?);
        }
    }
    Ok(works)
}
