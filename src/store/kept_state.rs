//! Everything that is kept of a domain beside its findings and events, read together.

use std::collections::BTreeMap;

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::{DomainName, Each};
use tieout_reconcilers::window::Window;
use uuid::Uuid;

use super::by_hand::{self, ByHand};
use super::coverage::{Overlap, window};
use super::database::Store;
use super::error::StoreError;
use super::sql::{Row, Tx, args};

/// How many acts of people are read.
const ACTS: i64 = 10;

/// What is kept of a domain.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeptState {
    /// By member of the fan-out; one that is empty where there is none.
    pub members: BTreeMap<Each, KeptMember>,
    /// What people changed by hand, newest first.
    pub by_hand: Vec<ByHand>,
}

/// What is kept of a member of a domain's fan-out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeptMember {
    /// By clock.
    pub axes: BTreeMap<String, Axis>,
    /// Where the domain's coverage was first asked to begin.
    pub began: Option<Instant>,
    /// That a token of a change feed is saved.
    pub token: Option<TokenMark>,
    /// Who may write.
    pub lease: Option<LeaseMark>,
}

/// What was verified along a clock.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Axis {
    /// Sorted ranges, none touching another.
    pub verified: Vec<Window>,
    /// The last complete wider re-read.
    pub overlap: Option<Overlap>,
}

/// That a token is saved; the token itself stays where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenMark {
    /// The feed, as `provider/feed`.
    pub feed: String,
    /// The run that saved it.
    pub run_id: Uuid,
    /// When.
    pub saved_at: Instant,
}

/// The state of a lease that somebody holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseMark {
    /// Who holds it.
    pub holder: String,
    /// Which run.
    pub run_id: Option<Uuid>,
    /// Since when.
    pub acquired_at: Instant,
    /// When it lapses, or lapsed, unless it is renewed.
    pub expires_at: Instant,
}

impl Store {
    /// What is kept of a domain, as of one moment.
    pub async fn kept_state(&self, domain: &DomainName) -> Result<KeptState, StoreError> {
        let mut tx = self.read().await?;
        let mut kept = KeptState::default();
        verified(&mut tx, domain, &mut kept).await?;
        overlaps(&mut tx, domain, &mut kept).await?;
        beginnings(&mut tx, domain, &mut kept).await?;
        tokens(&mut tx, domain, &mut kept).await?;
        leases(&mut tx, domain, &mut kept).await?;
        kept.by_hand = by_hand::newest(&mut tx, domain, ACTS).await?;
        Ok(kept)
    }
}

impl KeptState {
    fn member(&mut self, row: &Row) -> Result<&mut KeptMember, StoreError> {
        Ok(self.members.entry(Each::stored(&row.text("each_")?)).or_default())
    }
}

async fn verified(tx: &mut Tx, domain: &DomainName, kept: &mut KeptState) -> Result<(), StoreError> {
    let sql =
        "SELECT each_, clock, from_at, to_at FROM coverage WHERE domain = $1 ORDER BY each_, clock, from_at";
    for row in tx.rows(sql, &args![domain.as_str()]).await? {
        kept.member(&row)?.axes.entry(row.text("clock")?).or_default().verified.push(window(&row)?);
    }
    Ok(())
}

async fn overlaps(tx: &mut Tx, domain: &DomainName, kept: &mut KeptState) -> Result<(), StoreError> {
    let sql = "SELECT each_, clock, through, completed_at FROM overlap_scans WHERE domain = $1";
    for row in tx.rows(sql, &args![domain.as_str()]).await? {
        let overlap = Overlap { through: row.time("through")?, completed_at: row.time("completed_at")? };
        kept.member(&row)?.axes.entry(row.text("clock")?).or_default().overlap = Some(overlap);
    }
    Ok(())
}

async fn beginnings(tx: &mut Tx, domain: &DomainName, kept: &mut KeptState) -> Result<(), StoreError> {
    let sql = "SELECT each_, MIN(from_at) AS began FROM slices WHERE domain = $1 AND purpose = 'coverage' GROUP BY each_";
    for row in tx.rows(sql, &args![domain.as_str()]).await? {
        kept.member(&row)?.began = row.time_or_null("began")?;
    }
    Ok(())
}

async fn tokens(tx: &mut Tx, domain: &DomainName, kept: &mut KeptState) -> Result<(), StoreError> {
    let sql = "SELECT each_, feed, run_id, saved_at FROM saved_tokens WHERE domain = $1";
    for row in tx.rows(sql, &args![domain.as_str()]).await? {
        let mark = TokenMark {
            feed: row.text("feed")?,
            run_id: row.uuid("run_id")?,
            saved_at: row.time("saved_at")?,
        };
        kept.member(&row)?.token = Some(mark);
    }
    Ok(())
}

async fn leases(tx: &mut Tx, domain: &DomainName, kept: &mut KeptState) -> Result<(), StoreError> {
    let sql = "SELECT each_, holder, run_id, acquired_at, expires_at FROM leases WHERE domain = $1 AND holder IS NOT NULL";
    for row in tx.rows(sql, &args![domain.as_str()]).await? {
        let mark = LeaseMark {
            holder: row.text("holder")?,
            run_id: row.uuid_or_null("run_id")?,
            acquired_at: row.time("acquired_at")?,
            expires_at: row.time("expires_at")?,
        };
        kept.member(&row)?.lease = Some(mark);
    }
    Ok(())
}
