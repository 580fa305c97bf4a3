//! Which dead letters the retry job puts back, and when the next one is due, by the store's clock. It changes nothing.

use std::time::Duration;

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::DomainName;
use uuid::Uuid;

use crate::dead_letter::{MAX_RETRIES, TRANSIENT, next_retry};
use crate::store::database::Store;
use crate::store::error::StoreError;
use crate::store::sql::{Row, Tx, Value, args, params};

/// When the next dead letter is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NextRetry {
    /// By the store's clock.
    pub at: Instant,
    /// How long that is from now; nothing where it has come.
    pub within: Duration,
}

impl Store {
    /// The dead letters of some domains and queues that the retry job puts back now, in the order of their commit.
    pub async fn due_dead_letters(
        &self,
        domains: &[&DomainName],
        queues: &[&str],
    ) -> Result<Vec<Uuid>, StoreError> {
        let Some((among, args)) = among(domains, queues) else { return Ok(Vec::new()) };
        let mut tx = self.read().await?;
        let now = tx.now().await?;
        due(&mut tx, &among, &args, now).await
    }

    /// When the first of the dead letters of some domains and queues is due; never where there is no answer.
    pub async fn next_retry(
        &self,
        domains: &[&DomainName],
        queues: &[&str],
    ) -> Result<Option<NextRetry>, StoreError> {
        let Some((among, args)) = among(domains, queues) else { return Ok(None) };
        let mut tx = self.read().await?;
        let now = tx.now().await?;
        let sql = format!(
            "SELECT class, retries, MIN(finished_at) AS died FROM outbox
             WHERE aside = 'dead' AND dropped_at IS NULL AND {among} GROUP BY class, retries"
        );
        let rows = tx.rows(sql, &args).await?;
        let first = rows.iter().map(first_due).collect::<Result<Vec<_>, _>>()?.into_iter().flatten().min();
        let until = |at: Instant| u64::try_from(at.micros() - now.micros()).unwrap_or_default();
        Ok(first.map(|at| NextRetry { at, within: Duration::from_micros(until(at)) }))
    }
}

/// Those of some events that are due at an instant, in the order of their commit.
pub(super) async fn still_due(tx: &mut Tx, ids: &[Value<'_>], now: Instant) -> Result<Vec<Uuid>, StoreError> {
    due(tx, &format!("event_id IN ({})", params(ids.len(), 0)), ids, now).await
}

async fn due(tx: &mut Tx, among: &str, args: &[Value<'_>], now: Instant) -> Result<Vec<Uuid>, StoreError> {
    let mut args = args.to_vec();
    let mut steps = Vec::new();
    for (class, retries, pause) in ladder() {
        let at = args.len();
        args.extend_from_slice(&args![class, retries, now - pause]);
        steps.push(format!("(class = ${} AND retries = ${} AND finished_at <= ${})", at + 1, at + 2, at + 3));
    }
    let sql = format!(
        "SELECT event_id FROM outbox WHERE aside = 'dead' AND dropped_at IS NULL AND {among} AND ({}) ORDER BY seq",
        steps.join(" OR ")
    );
    tx.rows(sql, &args).await?.iter().map(|row| row.uuid("event_id")).collect()
}

/// The steps: a class, how often it was put back, and how long after its death it is due.
fn ladder() -> impl Iterator<Item = (&'static str, u32, Duration)> {
    let steps = (0..MAX_RETRIES).flat_map(|retries| TRANSIENT.map(|class| (class, retries)));
    steps.filter_map(|(class, retries)| {
        let pause = next_retry(class, retries)?;
        Some((class, retries, if bug!("retried_at_once") { Duration::ZERO } else { pause }))
    })
}

/// When the oldest death of a step is due.
fn first_due(row: &Row) -> Result<Option<Instant>, StoreError> {
    let class = row.text_or_null("class")?.unwrap_or_default();
    let pause = next_retry(&class, row.count("retries")?);
    Ok(pause.zip(row.time_or_null("died")?).map(|(pause, died)| died + pause))
}

/// The condition that names domains and queues; nothing where one of them is nobody.
fn among<'v>(domains: &[&'v DomainName], queues: &[&'v str]) -> Option<(String, Vec<Value<'v>>)> {
    if domains.is_empty() || queues.is_empty() {
        return None;
    }
    let names = domains.iter().map(|domain| domain.as_str()).chain(queues.iter().copied());
    let among = format!(
        "domain IN ({}) AND queue IN ({})",
        params(domains.len(), 0),
        params(queues.len(), domains.len())
    );
    Some((among, names.map(Value::from).collect()))
}
