//! Idempotent inserts of arrays, each a transaction of its own.

use sqlx::PgConnection;
use tieout::store::Outgoing;

use super::Bare;

/// A table with the columns of tieout's queue.
pub struct Postgres {
    /// Where it is.
    pub connection: PgConnection,
    /// The statement.
    pub insert: &'static str,
}

impl Bare for Postgres {
    async fn publish(&mut self, batch: &[Outgoing]) -> anyhow::Result<()> {
        let column = |of: fn(&Outgoing) -> &str| batch.iter().map(of).collect::<Vec<&str>>();
        let ids: Vec<String> = batch.iter().map(|event| event.event_id.to_string()).collect();
        sqlx::query(self.insert)
            .bind(ids)
            .bind(column(|event| &event.source))
            .bind(column(|event| &event.event_type))
            .bind(column(|event| &event.subject))
            .bind(column(|event| &event.payload))
            .execute(&mut self.connection)
            .await?;
        Ok(())
    }
}
