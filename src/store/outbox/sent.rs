//! Reads what was sent, so that it can be sent again. Nothing is changed: neither where an event stands, nor its finding.

use serde::{Deserialize, Serialize};
use tieout_reconcilers::discrepancy::Kind;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::name::DomainName;
use uuid::Uuid;

use super::row::{self, Outgoing};
use crate::store::database::Store;
use crate::store::error::StoreError;
use crate::store::sql::{Row, Value, args, params};

/// Whether the finding of an event is still about this event and not over. It stands in the list of columns.
const IS_NEEDED: &str = "CASE WHEN EXISTS (SELECT 1 FROM findings
    WHERE findings.domain = outbox.domain AND findings.each_ = outbox.each_ AND findings.key = outbox.key
    AND findings.event_id = outbox.event_id AND findings.state NOT IN ('repaired', 'healed', 'ignored'))
    THEN CAST(1 AS BIGINT) ELSE 0 END";

/// Which events that were sent are asked for. An empty list does not restrict. As JSON it says only what restricts, and times are
/// instants, so that what was asked for is the same whenever it is carried on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SentFilter {
    /// Of these domains.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub domains: Vec<DomainName>,
    /// For these queues.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub queues: Vec<String>,
    /// Of these CloudEvents types.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<String>,
    /// About these keys.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<Key>,
    /// Staged by this run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_id: Option<Uuid>,
    /// Sent at this instant or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Instant>,
    /// Sent before this instant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
}

/// An event that a queue has acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentEvent {
    /// The queue that it went to.
    pub queue: String,
    /// Whether its finding is still about it, and not over.
    pub is_needed: bool,
    /// The kind of its finding.
    pub kind: Kind,
    /// The event.
    pub event: Outgoing,
}

/// How many events were sent, by their queue and whether their findings still need them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentCount {
    /// The queue that they went to.
    pub queue: String,
    /// Whether their findings are still about them, and not over.
    pub is_needed: bool,
    /// How many.
    pub count: u64,
}

impl Store {
    /// A page of events that were sent, in the order of their commit.
    pub async fn sent(
        &self,
        filter: &SentFilter,
        after: i64,
        limit: u32,
    ) -> Result<Vec<SentEvent>, StoreError> {
        let (conditions, mut args) = conditions(filter, after);
        args.push(limit.into());
        let sql = format!(
            "SELECT seq, event_id, domain, each_, key, kind, source, type, subject, payload, attempts, queue,
                 {IS_NEEDED} AS is_needed
             FROM outbox WHERE {conditions} ORDER BY seq LIMIT ${}",
            args.len()
        );
        let mut tx = self.read().await?;
        tx.rows(sql, &args).await?.iter().map(sent).collect()
    }

    /// How many events were sent, of those behind one of the outbox.
    pub async fn sent_counts(&self, filter: &SentFilter, after: i64) -> Result<Vec<SentCount>, StoreError> {
        let (conditions, args) = conditions(filter, after);
        let sql = format!(
            "SELECT queue, is_needed, COUNT(*) AS count FROM
                 (SELECT queue, {IS_NEEDED} AS is_needed FROM outbox WHERE {conditions}) AS asked
             GROUP BY queue, is_needed ORDER BY queue, is_needed"
        );
        let mut tx = self.read().await?;
        let count = |row: &Row| {
            let is_needed = row.count::<u8>("is_needed")? == 1;
            Ok(SentCount { queue: row.text("queue")?, is_needed, count: row.count("count")? })
        };
        tx.rows(sql, &args).await?.iter().map(count).collect()
    }
}

fn conditions(filter: &SentFilter, after: i64) -> (String, Vec<Value<'_>>) {
    let mut conditions = vec!["state = 'sent' AND seq > $1".to_owned()];
    let mut args = args![after].to_vec();
    let lists: [(&str, Vec<&str>); 4] = [
        ("domain", filter.domains.iter().map(DomainName::as_str).collect()),
        ("queue", filter.queues.iter().map(String::as_str).collect()),
        ("type", filter.types.iter().map(String::as_str).collect()),
        ("key", filter.keys.iter().map(Key::as_str).collect()),
    ];
    for (column, words) in lists {
        if !words.is_empty() {
            conditions.push(format!("{column} IN ({})", params(words.len(), args.len())));
            args.extend(words.into_iter().map(Value::from));
        }
    }
    let one: [(&str, Option<Value<'_>>); 3] = [
        ("run_id =", filter.run_id.map(Value::from)),
        ("finished_at >=", filter.since.map(Value::from)),
        ("finished_at <", filter.until.map(Value::from)),
    ];
    for (is, value) in one.into_iter().filter_map(|(is, value)| Some((is, value?))) {
        args.push(value);
        conditions.push(format!("{is} ${}", args.len()));
    }
    (conditions.join(" AND "), args)
}

fn sent(row: &Row) -> Result<SentEvent, StoreError> {
    Ok(SentEvent {
        queue: row.text("queue")?,
        is_needed: row.count::<u8>("is_needed")? == 1,
        kind: row.word("kind", Kind::from_word)?,
        event: row::outgoing(row)?,
    })
}
