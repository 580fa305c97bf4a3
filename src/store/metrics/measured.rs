//! Everything that metrics say, read in one transaction.

use std::collections::{BTreeMap, BTreeSet};

use tieout_reconcilers::discrepancy::Kind;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::window::Window;

use super::ends::Counted;
use super::pushes;
use crate::finding::{BASELINE, State};
use crate::store::database::Store;
use crate::store::error::StoreError;
use crate::store::sql::{Row, Tx, args};

/// What the state store says at one moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Measured {
    /// What ended runs left, by domain.
    pub kept: BTreeMap<String, Kept>,
    /// Findings that are not over.
    pub findings: Vec<FindingGroup>,
    /// Findings that safety limits hold, by domain.
    pub held: BTreeMap<String, Backlog>,
    /// Events that were given up and that nobody dropped, by domain.
    pub dead: BTreeMap<String, Backlog>,
    /// Whoever was ever worked on, by domain and member; the member is empty where the domain has no fan-out.
    pub members: BTreeMap<String, BTreeMap<String, MemberCoverage>>,
    /// The domains that a person paused.
    pub paused: BTreeSet<String>,
    /// How often metrics could not be sent since they last were, by target.
    pub push_failures: BTreeMap<String, u64>,
}

/// What ended runs left of a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Since when the domain is known.
    pub known_since: Instant,
    /// The start of the last run over all that was due.
    pub started_at: Option<Instant>,
    /// When such a run last came to its end.
    pub completed_at: Option<Instant>,
    /// When everything was last done.
    pub succeeded_at: Option<Instant>,
    /// What that run says, as JSON.
    pub last_run_json: Option<String>,
    /// What all runs counted.
    pub counted: Counted,
}

/// Findings of one domain, kind, state and currency.
#[derive(Debug, Clone, PartialEq)]
pub struct FindingGroup {
    /// The domain.
    pub domain: String,
    /// Their kind.
    pub kind: Kind,
    /// Their state.
    pub state: State,
    /// The currency of the money they move.
    pub currency: Option<String>,
    /// How many.
    pub count: u64,
    /// When the oldest was first seen.
    pub oldest: Instant,
    /// The sum of what each moves, whatever its sign, in minor units.
    pub minor: f64,
}

/// What waits for somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backlog {
    /// How many.
    pub count: u64,
    /// Since when the oldest waits.
    pub oldest: Instant,
}

/// How far a member of a domain is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemberCoverage {
    /// Since when a run holds it, where one does.
    pub held_since: Option<Instant>,
    /// Where its first slice began.
    pub began: Option<Instant>,
    /// Its verified ranges, by clock.
    pub verified: BTreeMap<String, Vec<Window>>,
}

const FINDINGS: &str = "SELECT domain, kind, state, currency, COUNT(*) AS count, MIN(first_seen) AS oldest,
        SUM(ABS(CAST(amount_minor AS DOUBLE PRECISION))) AS minor
    FROM findings WHERE state IN ('suspected', 'open', 'emitted', 'held', 'recurring')
    GROUP BY domain, kind, state, currency ORDER BY domain, kind, state, currency";

/// What a person asked to be held is not urgent.
const HELD: &str = "SELECT domain, COUNT(*) AS count, MIN(first_seen) AS oldest
    FROM findings WHERE state = 'held' AND (reason IS NULL OR reason <> $1) GROUP BY domain";

const DEAD: &str = "SELECT domain, COUNT(*) AS count, MIN(COALESCE(first_failed_at, staged_at)) AS oldest
    FROM outbox WHERE aside = 'dead' AND dropped_at IS NULL GROUP BY domain";

const MEMBERS: &str = "SELECT domain, each_, holder, acquired_at, expires_at,
        (SELECT MIN(from_at) FROM slices WHERE slices.domain = leases.domain AND slices.each_ = leases.each_
            AND slices.purpose = 'coverage') AS began
    FROM leases";

impl Store {
    /// Reads what metrics are made of.
    pub async fn measured(&self) -> Result<Measured, StoreError> {
        let mut tx = self.read().await?;
        let now = tx.now().await?;
        let mut members = members(&mut tx, now).await?;
        coverage(&mut tx, &mut members).await?;
        Ok(Measured {
            kept: kept(&mut tx).await?,
            findings: tx.rows(FINDINGS, &[]).await?.iter().map(finding_group).collect::<Result<_, _>>()?,
            held: tx.rows(HELD, &args![BASELINE]).await?.iter().map(backlog).collect::<Result<_, _>>()?,
            dead: tx.rows(DEAD, &[]).await?.iter().map(backlog).collect::<Result<_, _>>()?,
            members,
            paused: paused(&mut tx).await?,
            push_failures: pushes::failures(&mut tx).await?,
        })
    }
}

async fn paused(tx: &mut Tx) -> Result<BTreeSet<String>, StoreError> {
    tx.rows("SELECT domain FROM pauses", &[]).await?.iter().map(|row| row.text("domain")).collect()
}

async fn kept(tx: &mut Tx) -> Result<BTreeMap<String, Kept>, StoreError> {
    let one = |row: &Row| {
        let counted = Counted {
            requests_ok: row.count("requests_ok")?,
            requests_throttled: row.count("requests_throttled")?,
            requests_failed: row.count("requests_failed")?,
            events_emitted: row.count("events_emitted")?,
            events_failed: row.count("events_failed")?,
            events_confirmed: row.count("events_confirmed")?,
        };
        let kept = Kept {
            known_since: row.time("known_since")?,
            started_at: row.time_or_null("started_at")?,
            completed_at: row.time_or_null("completed_at")?,
            succeeded_at: row.time_or_null("succeeded_at")?,
            last_run_json: row.text_or_null("last_run")?,
            counted,
        };
        Ok((row.text("domain")?, kept))
    };
    tx.rows("SELECT * FROM domain_metrics", &args![]).await?.iter().map(one).collect()
}

fn finding_group(row: &Row) -> Result<FindingGroup, StoreError> {
    Ok(FindingGroup {
        domain: row.text("domain")?,
        kind: row.word("kind", Kind::from_word)?,
        state: row.word("state", State::from_word)?,
        currency: row.text_or_null("currency")?,
        count: row.count("count")?,
        oldest: row.time("oldest")?,
        minor: row.float_or_null("minor")?.unwrap_or_default(),
    })
}

fn backlog(row: &Row) -> Result<(String, Backlog), StoreError> {
    Ok((row.text("domain")?, Backlog { count: row.count("count")?, oldest: row.time("oldest")? }))
}

type Members = BTreeMap<String, BTreeMap<String, MemberCoverage>>;

async fn members(tx: &mut Tx, now: Instant) -> Result<Members, StoreError> {
    let mut members = Members::new();
    for row in tx.rows(MEMBERS, &[]).await? {
        let is_held = row.text_or_null("holder")?.is_some() && row.time("expires_at")? > now;
        let held_since = is_held.then(|| row.time("acquired_at")).transpose()?;
        let member =
            MemberCoverage { held_since, began: row.time_or_null("began")?, verified: BTreeMap::new() };
        members.entry(row.text("domain")?).or_default().insert(row.text("each_")?, member);
    }
    Ok(members)
}

/// Adds the verified ranges, oldest first.
async fn coverage(tx: &mut Tx, members: &mut Members) -> Result<(), StoreError> {
    let sql =
        "SELECT domain, each_, clock, from_at, to_at FROM coverage ORDER BY domain, each_, clock, from_at";
    for row in tx.rows(sql, &[]).await? {
        let Some(range) = Window::new(row.time("from_at")?, row.time("to_at")?) else { continue };
        let member = members.entry(row.text("domain")?).or_default().entry(row.text("each_")?).or_default();
        member.verified.entry(row.text("clock")?).or_default().push(range);
    }
    Ok(())
}
