//! How far the consumers of a table are behind, and what became of the events of a day. It only reads.

use sqlx::postgres::{PgArguments, PgConnection, PgRow};
use sqlx::query::QueryAs;
use sqlx::{AssertSqlSafe, Connection as _, FromRow, Postgres};
use tieout_reconcilers::window::Window;

use super::{BEGIN, Pgmq, PostgresQueue};
use crate::queue::{Lag, QueueFault, TableName, Tally};

/// What a target can be asked about its consumers.
pub(in crate::queue) trait Told {
    /// Counts what is not consumed, and what of that a consumer has.
    fn lag(&self) -> String;

    /// Counts what came from `$1` to `$2` of the source `$3` and of those under it, what of that is consumed and what is dead; nothing
    /// where that is not kept.
    fn tally(&self) -> Option<String>;
}

impl Told for TableName {
    fn lag(&self) -> String {
        format!(
            "SELECT count(*), count(*) FILTER (WHERE claim IS NOT NULL AND visible_at > clock_timestamp())
             FROM {} WHERE consumed_at IS NULL AND dead_at IS NULL",
            self.quoted()
        )
    }

    fn tally(&self) -> Option<String> {
        Some(format!(
            "SELECT count(*), count(*) FILTER (WHERE consumed_at IS NOT NULL),
                 count(*) FILTER (WHERE consumed_at IS NULL AND dead_at IS NOT NULL)
             FROM {} WHERE enqueued_at >= $1 AND enqueued_at < $2 AND (source = $3 OR starts_with(source, $3 || '/'))",
            self.quoted()
        ))
    }
}

/// What was archived or deleted is not there any more.
impl Told for Pgmq {
    fn lag(&self) -> String {
        let waiting = "SELECT count(*), count(*) FILTER (WHERE vt > clock_timestamp()) FROM pgmq";
        format!("{waiting}.\"q_{}\"", self.table())
    }

    fn tally(&self) -> Option<String> {
        None
    }
}

impl PostgresQueue {
    pub(super) async fn lag_told(&mut self) -> Result<Lag, QueueFault> {
        let asked = sqlx::query_as::<Postgres, _>(AssertSqlSafe(self.target.lag())).persistent(false);
        let (all, taken): (i64, i64) = self.ask(asked).await?;
        Ok(Lag { waiting: whole(all - taken), taken: Some(whole(taken)) })
    }

    pub(super) async fn tally_told(
        &mut self,
        source: &str,
        window: Window,
    ) -> Result<Option<Tally>, QueueFault> {
        let Some(sql) = self.target.tally() else { return Ok(None) };
        let asked = sqlx::query_as::<Postgres, _>(AssertSqlSafe(sql))
            .persistent(false)
            .bind(window.from().utc())
            .bind(window.to().utc())
            .bind(source);
        let (received, consumed, failed): (i64, i64, i64) = self.ask(asked).await?;
        Ok(Some(Tally {
            received: Some(whole(received)),
            consumed: Some(whole(consumed)),
            failed: Some(whole(failed)),
            waiting: Some(whole(received - consumed - failed)),
        }))
    }

    /// A connection that did not answer is not used any more.
    async fn ask<T>(&mut self, question: QueryAs<'_, Postgres, T, PgArguments>) -> Result<T, QueueFault>
    where
        T: Send + Unpin + for<'r> FromRow<'r, PgRow>,
    {
        let mut connection = self.connect().await?;
        let told = answer(&mut connection, question).await.map_err(|error| self.queue_fault(&error))?;
        self.connection = Some(connection);
        Ok(told)
    }
}

async fn answer<T>(
    connection: &mut PgConnection,
    question: QueryAs<'_, Postgres, T, PgArguments>,
) -> Result<T, sqlx::Error>
where
    T: Send + Unpin + for<'r> FromRow<'r, PgRow>,
{
    let mut tx = connection.begin_with(BEGIN).await?;
    let told = question.fetch_one(&mut *tx).await?;
    tx.rollback().await?;
    Ok(told)
}

/// A count.
const fn whole(count: i64) -> u64 {
    count.unsigned_abs()
}
