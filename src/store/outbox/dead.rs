//! Reads dead letters: the events that were given up, without what they carry. It changes nothing.

use std::collections::BTreeMap;

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::money::Money;
use tieout_reconcilers::name::{DomainName, Each};
use uuid::Uuid;

use super::row::OutboxState;
use crate::dead_letter::Group;
use crate::finding::Identity;
use crate::store::database::Store;
use crate::store::error::StoreError;
use crate::store::findings::amount;
use crate::store::sql::{Row, Value, args, params};

/// Rows of one statement.
const BATCH: u32 = 1_000;

/// Everything about an event but what it carries, with the money that its finding moves while that is about it and not over.
const LETTERS: &str = "SELECT outbox.seq, outbox.event_id, outbox.domain, outbox.each_, outbox.key, outbox.episode, outbox.queue,
        outbox.type, outbox.state, outbox.class, outbox.reason, outbox.attempts, outbox.retries, outbox.run_id,
        outbox.staged_at, outbox.last_due_at, outbox.first_failed_at, outbox.finished_at, outbox.dropped_at,
        outbox.dropped_by, outbox.dropped_why, findings.amount_minor, findings.currency
    FROM outbox LEFT JOIN findings ON findings.domain = outbox.domain AND findings.each_ = outbox.each_
        AND findings.key = outbox.key AND findings.event_id = outbox.event_id
        AND findings.state IN ('suspected', 'open', 'emitted', 'held', 'recurring')";

/// An event that was given up, or one that was asked for by its id, wherever it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The order in which events were committed.
    pub seq: i64,
    /// The deterministic id.
    pub event_id: Uuid,
    /// The finding it is about.
    pub id: Identity,
    /// The finding's episode.
    pub episode: u32,
    /// The queue's name in the configuration.
    pub queue: String,
    /// The CloudEvents type.
    pub event_type: String,
    /// Where it stands.
    pub state: OutboxState,
    /// Why it was given up, in one word.
    pub class: Option<String>,
    /// What the queue said last.
    pub reason: Option<String>,
    /// How often its delivery has failed, over all its lives.
    pub attempts: u32,
    /// How often it was put back after it had been given up.
    pub retries: u32,
    /// The run that staged it.
    pub run_id: Uuid,
    /// When it was committed.
    pub staged_at: Instant,
    /// It is not sent before this instant.
    pub due_at: Instant,
    /// When its delivery failed for the first time.
    pub first_failed_at: Option<Instant>,
    /// When it was sent, given up or superseded.
    pub finished_at: Option<Instant>,
    /// That a person dropped it.
    pub dropped: Option<Dropped>,
    /// The money that its finding moves, while that is about this very event and not over.
    pub at_stake: Option<Money>,
}

/// That a person decided never to send an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// When.
    pub at: Instant,
    /// Who.
    pub by: String,
    /// Why.
    pub why: String,
}

/// Which dead letters are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shown {
    /// Those that somebody has to decide about.
    #[default]
    Dead,
    /// Those that a person dropped.
    Dropped,
}

/// Which dead letters are asked for. An empty list does not restrict.
#[derive(Debug, Clone, Default)]
pub struct DeadFilter {
    /// Of these domains.
    pub domains: Vec<DomainName>,
    /// Of these queues.
    pub queues: Vec<String>,
    /// Of these classes.
    pub classes: Vec<String>,
    /// That died at this instant or later.
    pub since: Option<Instant>,
    /// Dropped or not.
    pub shown: Shown,
}

impl DeadLetter {
    /// Whether a queue was tried and did not take it, the last time that it was given up.
    #[must_use]
    pub const fn was_refused(&self) -> bool {
        self.class.is_some() && self.attempts > 0
    }

    /// Its group.
    #[must_use]
    pub fn group(&self) -> Group {
        let class = self.class.as_deref().unwrap_or_default();
        Group::of(self.id.domain.as_str(), &self.queue, class, self.reason.as_deref().unwrap_or_default())
    }
}

impl Store {
    /// Goes through dead letters in the order of their commit, many to a transaction and none of them held in memory by this.
    pub async fn each_dead_letter(
        &self,
        filter: &DeadFilter,
        mut take: impl FnMut(DeadLetter),
    ) -> Result<(), StoreError> {
        let mut after = 0;
        loop {
            let page = self.dead_letters(filter, after).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.seq;
            page.into_iter().for_each(&mut take);
        }
    }

    async fn dead_letters(&self, filter: &DeadFilter, after: i64) -> Result<Vec<DeadLetter>, StoreError> {
        let dropped = match filter.shown {
            Shown::Dead => "dropped_at IS NULL",
            Shown::Dropped => "dropped_at IS NOT NULL",
        };
        let mut conditions = vec![format!("outbox.aside = 'dead' AND outbox.{dropped} AND outbox.seq > $1")];
        let mut args = args![after].to_vec();
        for (column, words) in restrictions(filter) {
            if !words.is_empty() {
                conditions.push(format!("outbox.{column} IN ({})", params(words.len(), args.len())));
                args.extend(words.into_iter().map(Value::from));
            }
        }
        if let Some(since) = filter.since {
            args.push(since.into());
            conditions.push(format!("outbox.finished_at >= ${}", args.len()));
        }
        let conditions = conditions.join(" AND ");
        let sql = format!("{LETTERS} WHERE {conditions} ORDER BY outbox.seq LIMIT {BATCH}");
        let mut tx = self.read().await?;
        tx.rows(sql, &args).await?.iter().map(letter).collect()
    }

    /// Events by their ids, wherever they stand, in the order of their commit; an unknown id is left out.
    pub async fn letters(&self, ids: &[Uuid]) -> Result<Vec<DeadLetter>, StoreError> {
        let mut letters = Vec::with_capacity(ids.len());
        for batch in ids.chunks(BATCH as usize) {
            let ids: Vec<Value<'_>> = batch.iter().copied().map(Value::from).collect();
            let sql = format!("{LETTERS} WHERE outbox.event_id IN ({})", params(batch.len(), 0));
            let mut tx = self.read().await?;
            for row in &tx.rows(sql, &ids).await? {
                letters.push(letter(row)?);
            }
        }
        letters.sort_by_key(|letter| letter.seq);
        Ok(letters)
    }
}

impl Store {
    /// What events carry, by their ids.
    pub async fn payloads(&self, ids: &[Uuid]) -> Result<BTreeMap<Uuid, String>, StoreError> {
        let values: Vec<Value<'_>> = ids.iter().copied().map(Value::from).collect();
        let sql =
            format!("SELECT event_id, payload FROM outbox WHERE event_id IN ({})", params(ids.len(), 0));
        let mut tx = self.read().await?;
        let rows = tx.rows(sql, &values).await?;
        rows.iter().map(|row| Ok((row.uuid("event_id")?, row.text("payload")?))).collect()
    }
}

fn restrictions(filter: &DeadFilter) -> [(&'static str, Vec<&str>); 3] {
    [
        ("domain", filter.domains.iter().map(DomainName::as_str).collect()),
        ("queue", filter.queues.iter().map(String::as_str).collect()),
        ("class", filter.classes.iter().map(String::as_str).collect()),
    ]
}

fn letter(row: &Row) -> Result<DeadLetter, StoreError> {
    Ok(DeadLetter {
        seq: row.int("seq")?,
        event_id: row.uuid("event_id")?,
        id: identity(row)?,
        episode: row.count("episode")?,
        queue: row.text("queue")?,
        event_type: row.text("type")?,
        state: row.word("state", OutboxState::from_word)?,
        class: row.text_or_null("class")?,
        reason: row.text_or_null("reason")?,
        attempts: row.count("attempts")?,
        retries: row.count("retries")?,
        run_id: row.uuid("run_id")?,
        staged_at: row.time("staged_at")?,
        due_at: row.time("last_due_at")?,
        first_failed_at: row.time_or_null("first_failed_at")?,
        finished_at: row.time_or_null("finished_at")?,
        dropped: match row.time_or_null("dropped_at")? {
            Some(at) => Some(Dropped { at, by: row.text("dropped_by")?, why: row.text("dropped_why")? }),
            None => None,
        },
        at_stake: amount(row)?,
    })
}

fn identity(row: &Row) -> Result<Identity, StoreError> {
    Ok(Identity {
        domain: row.word("domain", |name| name.parse().ok())?,
        each: Each::stored(&row.text("each_")?),
        key: row.word("key", |key| Key::checked(key).ok())?,
    })
}
