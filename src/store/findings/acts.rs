//! What people do to findings, all of it or nothing, in one transaction that no commit of a run comes between.
//!
//! A run may work on the domain meanwhile. Whoever comes first: a run writes no owner and no note, and it leaves alone what it
//! did not know a person had changed. What an act means is decided elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::{DomainName, Each};

use super::record::Done;
use super::row;
use crate::finding::{Finding, Identity};
use crate::plan::{Act, Acted, Refusal, act};
use crate::store::again::Twice;
use crate::store::database::Store;
use crate::store::error::StoreError;
use crate::store::lease::hold_back;
use crate::store::outbox;
use crate::store::sql::{Tx, Value, args, params};

/// How many findings one act takes: their events are locked together, in one statement.
const MOST: usize = 10_000;
/// Keys of one statement.
const BATCH: usize = 1_000;

/// What became of an act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Did {
    /// Every finding is as it was asked for; as they stand now, in the order of their keys.
    All(Vec<Finding>),
    /// Nothing was changed.
    Nothing(ActsRefused),
}

/// Why nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActsRefused {
    /// More findings than one act takes.
    TooMany {
        /// How many it takes.
        most: usize,
    },
    /// The act makes no sense for some of them.
    Refused(Vec<(Identity, Refusal)>),
    /// Nothing was ever found about some of them.
    Unknown(Vec<Identity>),
}

impl Store {
    /// Does something to findings on behalf of `actor`. Time is the store's own.
    pub async fn act(&self, ids: &BTreeSet<Identity>, what: &Act, actor: &str) -> Result<Did, StoreError> {
        self.again(Twice::IsTwice, || self.act_once(ids, what, actor)).await
    }

    async fn act_once(&self, ids: &BTreeSet<Identity>, what: &Act, actor: &str) -> Result<Did, StoreError> {
        if ids.len() > MOST {
            return Ok(Did::Nothing(ActsRefused::TooMany { most: MOST }));
        }
        let mut tx = self.write("act").await?;
        let now = tx.now().await?;
        let groups = by_member(ids);
        for (domain, each) in groups.keys() {
            hold_back(&mut tx, domain, each).await?;
        }
        let known = read(&mut tx, &groups, "").await?;
        if let Some(unknown) = unknown(ids, &known) {
            return Ok(Did::Nothing(ActsRefused::Unknown(unknown)));
        }
        lock_events(&mut tx, &known).await?;
        // A relay may have recorded an acknowledgement meanwhile; now it cannot any more.
        let for_update = tx.dialect().for_update;
        let known = read(&mut tx, &groups, for_update).await?;
        let acted = match decide(&known, what, now) {
            Ok(acted) => acted,
            Err(refused) => return Ok(Did::Nothing(ActsRefused::Refused(refused))),
        };
        let done = Done { what, actor, now };
        done.record(&mut tx, &known, &acted).await?;
        tx.commit().await?;
        Ok(Did::All(acted.into_iter().map(|acted| acted.finding).collect()))
    }
}

type Groups<'a> = BTreeMap<(&'a DomainName, &'a Each), Vec<&'a str>>;

fn by_member(ids: &BTreeSet<Identity>) -> Groups<'_> {
    let mut groups = Groups::new();
    for id in ids {
        groups.entry((&id.domain, &id.each)).or_default().push(id.key.as_str());
    }
    groups
}

/// The findings as they are stored, in the order of their keys.
async fn read(tx: &mut Tx, groups: &Groups<'_>, and_lock: &str) -> Result<Vec<Finding>, StoreError> {
    let mut findings = Vec::new();
    for ((domain, each), keys) in groups {
        for keys in keys.chunks(BATCH) {
            let sql = format!(
                "SELECT * FROM findings WHERE domain = $1 AND each_ = $2 AND key IN ({}) ORDER BY key {and_lock}",
                params(keys.len(), 2)
            );
            let mut args = args![domain.as_str(), each.as_str()].to_vec();
            args.extend(keys.iter().copied().map(Value::from));
            for row in &tx.rows(sql, &args).await? {
                findings.push(row::finding(row)?);
            }
        }
    }
    Ok(findings)
}

fn unknown(ids: &BTreeSet<Identity>, known: &[Finding]) -> Option<Vec<Identity>> {
    let known: BTreeSet<&Identity> = known.iter().map(|finding| &finding.id).collect();
    let unknown: Vec<Identity> = ids.iter().filter(|id| !known.contains(id)).cloned().collect();
    (!unknown.is_empty()).then_some(unknown)
}

/// Outbox before findings, and all of it at once: so nobody waits in a ring.
async fn lock_events(tx: &mut Tx, findings: &[Finding]) -> Result<(), StoreError> {
    let ids: Vec<Value<'_>> =
        findings.iter().filter_map(|finding| finding.event_id).map(Value::from).collect();
    if ids.is_empty() { Ok(()) } else { outbox::lock(tx, &ids).await }
}

fn decide(findings: &[Finding], what: &Act, now: Instant) -> Result<Vec<Acted>, Vec<(Identity, Refusal)>> {
    let decided: Vec<_> = findings.iter().map(|finding| (finding, act(finding, what, now))).collect();
    let refused: Vec<_> = decided
        .iter()
        .filter_map(|(finding, acted)| Some((finding.id.clone(), acted.as_ref().err()?.clone())))
        .collect();
    if refused.is_empty() {
        Ok(decided.into_iter().filter_map(|(_, acted)| acted.ok()).collect())
    } else {
        Err(refused)
    }
}
