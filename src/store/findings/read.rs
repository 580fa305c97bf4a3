//! Reads findings for the follow-up, for lists and for one look at everything known about a key.

use std::collections::HashSet;

use tieout_reconcilers::discrepancy::Kind;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::name::{DomainName, Each};
use uuid::Uuid;

use super::row;
use crate::finding::{Finding, Identity, State};
use crate::store::database::Store;
use crate::store::error::StoreError;
use crate::store::outbox::{self, OutboxRow};
use crate::store::sql::{Row, Tx, Value, args, params};

/// Keys of one statement: far below both databases' limits of parameters.
const BATCH: usize = 1_000;

/// Which findings to list. An empty list does not restrict.
#[derive(Debug, Clone, Default)]
pub struct FindingFilter {
    /// Only these domains.
    pub domains: Vec<DomainName>,
    /// Only these states.
    pub states: Vec<State>,
    /// Only this kind.
    pub kind: Option<Kind>,
    /// At most so many; `None` for all.
    pub limit: Option<u32>,
}

/// Everything that is known about a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingRecord {
    /// The newest episode.
    pub finding: Finding,
    /// Every state that it was in, oldest first, of all episodes.
    pub history: Vec<HistoryEntry>,
    /// The event of the newest episode.
    pub event: Option<OutboxRow>,
    /// Every event that there ever was about the key, oldest first.
    pub events: Vec<OutboxRow>,
}

/// One step of a finding's life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    /// The episode.
    pub episode: u32,
    /// The state that began.
    pub state: State,
    /// When, by the store's clock.
    pub at: Instant,
    /// The run that wrote it; for `emitted`, the run that staged the event.
    pub run_id: Uuid,
    /// Why, where there is a reason.
    pub note: Option<String>,
    /// What a person did, where it was one: `ignore`, `reopen`, `assign`, `unassign`, `note`, `approve`, `retry`, `drop` or `expire`. The run is then the
    /// one that had written the finding before.
    pub act: Option<String>,
    /// Who that was, as they said.
    pub actor: Option<String>,
}

/// How many findings of a domain are in a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingCount {
    /// The domain.
    pub domain: DomainName,
    /// The state.
    pub state: State,
    /// The kind.
    pub kind: Kind,
    /// How many.
    pub count: u64,
}

impl Store {
    /// The findings that every run looks at again, oldest first; those that are not ignored any more come last.
    pub async fn followed(
        &self,
        domain: &DomainName,
        each: &Each,
        limit: u32,
    ) -> Result<Vec<Finding>, StoreError> {
        // The index has all that is not over, and names no state.
        let states: Vec<String> = State::ALL
            .into_iter()
            .filter(|state| state.is_followed())
            .map(|state| format!("'{}'", state.as_str()))
            .collect();
        let sql = format!(
            "SELECT * FROM findings WHERE domain = $1 AND each_ = $2 AND is_over = 0 AND state IN ({})
             ORDER BY last_seen, first_seen, key LIMIT $3",
            states.join(", ")
        );
        let mut tx = self.read().await?;
        let mut rows = tx.rows(sql, &args![domain.as_str(), each.as_str(), limit]).await?;
        let now = tx.now().await?;
        let lapsed = "SELECT * FROM findings WHERE domain = $1 AND each_ = $2 AND state = 'ignored'
             AND ignored_until <= $3 ORDER BY ignored_until, key LIMIT $4";
        rows.extend(tx.rows(lapsed, &args![domain.as_str(), each.as_str(), now, limit]).await?);
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        rows.iter().map(row::finding).collect()
    }

    /// What is known about some keys, in any state; a key without a finding is left out.
    pub async fn findings_by_key(
        &self,
        domain: &DomainName,
        each: &Each,
        keys: &[Key],
    ) -> Result<Vec<Finding>, StoreError> {
        let mut tx = self.read().await?;
        let mut findings = Vec::new();
        for keys in keys.chunks(BATCH) {
            let sql = format!(
                "SELECT * FROM findings WHERE domain = $1 AND each_ = $2 AND key IN ({})",
                params(keys.len(), 2)
            );
            let mut args = args![domain.as_str(), each.as_str()].to_vec();
            args.extend(keys.iter().map(|key| Value::from(key.as_str())));
            for row in &tx.rows(sql, &args).await? {
                findings.push(row::finding(row)?);
            }
        }
        Ok(findings)
    }

    /// The keys of some findings of one member whose episode before ended as repaired.
    pub async fn ended_repaired(&self, findings: &[&Finding]) -> Result<Vec<Key>, StoreError> {
        let Some(first) = findings.first() else { return Ok(Vec::new()) };
        let mut tx = self.read().await?;
        let mut repaired = Vec::new();
        for findings in findings.chunks(BATCH) {
            let sql = format!(
                "SELECT key, episode FROM finding_history
                 WHERE domain = $1 AND each_ = $2 AND state = 'repaired' AND key IN ({})",
                params(findings.len(), 2)
            );
            let mut args = args![first.id.domain.as_str(), first.id.each.as_str()].to_vec();
            args.extend(findings.iter().map(|finding| Value::from(finding.id.key.as_str())));
            let mut ended = HashSet::new();
            for row in &tx.rows(sql, &args).await? {
                ended.insert((row.text("key")?, row.count::<u32>("episode")?));
            }
            let is_repaired = |finding: &&&Finding| {
                ended.contains(&(finding.id.key.to_string(), finding.episode.saturating_sub(1)))
            };
            repaired.extend(findings.iter().filter(is_repaired).map(|finding| finding.id.key.clone()));
        }
        Ok(repaired)
    }

    /// A list of findings, newest first.
    pub async fn list(&self, filter: &FindingFilter) -> Result<Vec<Finding>, StoreError> {
        let mut conditions = vec!["1 = 1".to_owned()];
        let mut args: Vec<Value<'_>> = Vec::new();
        for (column, words) in restrictions(filter) {
            if !words.is_empty() {
                conditions.push(format!("{column} IN ({})", params(words.len(), args.len())));
                args.extend(words.into_iter().map(Value::from));
            }
        }
        if !filter.states.is_empty() && !filter.states.iter().any(|state| state.is_over()) {
            // The index of the newest has all that is not over, and names no state.
            conditions.push("is_over = 0".to_owned());
        }
        let sql = format!(
            "SELECT * FROM findings WHERE {} ORDER BY first_seen DESC, domain, each_, key LIMIT ${}",
            conditions.join(" AND "),
            args.len() + 1
        );
        args.push(Value::from(filter.limit.map_or(i64::MAX, i64::from)));
        let mut tx = self.read().await?;
        tx.rows(sql, &args).await?.iter().map(row::finding).collect()
    }

    /// The findings on a key, of every member of the domain's fan-out.
    pub async fn of_every_member(&self, domain: &DomainName, key: &Key) -> Result<Vec<Finding>, StoreError> {
        let mut tx = self.read().await?;
        let sql = "SELECT * FROM findings WHERE domain = $1 AND key = $2 ORDER BY each_";
        let rows = tx.rows(sql, &args![domain.as_str(), key.as_str()]).await?;
        rows.iter().map(row::finding).collect()
    }

    /// Everything that is known about one key.
    pub async fn show(&self, id: &Identity) -> Result<Option<FindingRecord>, StoreError> {
        let key = args![id.domain.as_str(), id.each.as_str(), id.key.as_str()];
        let mut tx = self.read().await?;
        let row =
            tx.row("SELECT * FROM findings WHERE domain = $1 AND each_ = $2 AND key = $3", &key).await?;
        let Some(row) = row else { return Ok(None) };
        let finding = row::finding(&row)?;
        let history = history(&mut tx, &key).await?;
        let events = outbox::events_of(&mut tx, &key).await?;
        let event = events.iter().find(|event| Some(event.event_id) == finding.event_id).cloned();
        Ok(Some(FindingRecord { finding, history, event, events }))
    }

    /// How many findings of each domain are in each state, by kind.
    pub async fn finding_counts(&self) -> Result<Vec<FindingCount>, StoreError> {
        let mut tx = self.read().await?;
        let rows = tx
            .rows(
                "SELECT domain, state, kind, COUNT(*) AS count FROM findings
                 GROUP BY domain, state, kind ORDER BY domain, state, kind",
                &[],
            )
            .await?;
        let count = |row: &Row| {
            Ok(FindingCount {
                domain: row.word("domain", |name| name.parse().ok())?,
                state: row.word("state", State::from_word)?,
                kind: row.word("kind", Kind::from_word)?,
                count: row.count("count")?,
            })
        };
        rows.iter().map(count).collect()
    }
}

fn restrictions(filter: &FindingFilter) -> [(&'static str, Vec<&str>); 3] {
    [
        ("domain", filter.domains.iter().map(DomainName::as_str).collect()),
        ("state", filter.states.iter().map(|state| state.as_str()).collect()),
        ("kind", filter.kind.iter().map(|kind| kind.as_str()).collect()),
    ]
}

async fn history(tx: &mut Tx, key: &[Value<'_>]) -> Result<Vec<HistoryEntry>, StoreError> {
    let rows = tx
        .rows(
            "SELECT episode, state, at, run_id, note, act, actor FROM finding_history
             WHERE domain = $1 AND each_ = $2 AND key = $3 ORDER BY seq",
            key,
        )
        .await?;
    let entry = |row: &Row| {
        Ok(HistoryEntry {
            episode: row.count("episode")?,
            state: row.word("state", State::from_word)?,
            at: row.time("at")?,
            run_id: row.uuid("run_id")?,
            note: row.text_or_null("note")?,
            act: row.text_or_null("act")?,
            actor: row.text_or_null("actor")?,
        })
    };
    rows.iter().map(entry).collect()
}
