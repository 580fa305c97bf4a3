//! The table: its statements, and the one that inserts. It belongs to its consumers: it is never created, altered or emptied here.

use futures::FutureExt as _;
use futures::future::BoxFuture;
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgConnection;

use super::{Target, Unfit, made};
use crate::queue::TableName;
use crate::store::Outgoing;

/// The statements that make the table and what its consumers call, or bring both up to date. The event is `json`, not
/// `jsonb`, because `jsonb` cannot hold U+0000.
pub(in crate::queue) fn ddl(table: &TableName) -> String {
    let (schema, name) = (table.schema_prefix(), table.bare());
    let made = format!(include_str!("table.sql"), schema = schema, name = name);
    let consumers = format!(include_str!("consumers.sql"), schema = schema, name = name);
    format!("{made}\n{consumers}")
}

impl Target for TableName {
    /// One statement, however many events. For none the server checks login, table, columns, constraint and grant all the same.
    fn put<'a>(
        &'a mut self,
        connection: &'a mut PgConnection,
        batch: &'a [Outgoing],
    ) -> BoxFuture<'a, Result<(), Unfit>> {
        async move {
            let column = |of: fn(&Outgoing) -> &str| batch.iter().map(of).collect::<Vec<&str>>();
            let ids: Vec<String> = batch.iter().map(|event| event.event_id.to_string()).collect();
            let sql = format!(
                "INSERT INTO {} (event_id, source, type, subject, event)
                 SELECT event_id, source, type, subject, event::json
                 FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
                     AS batch (event_id, source, type, subject, event)
                 ON CONFLICT (event_id) DO NOTHING",
                self.quoted()
            );
            sqlx::query(AssertSqlSafe(sql))
                .persistent(false)
                .bind(ids)
                .bind(column(|event| &event.source))
                .bind(column(|event| &event.event_type))
                .bind(column(|event| &event.subject))
                .bind(column(|event| &event.payload))
                .execute(connection)
                .await?;
            Ok(())
        }
        .boxed()
    }

    fn unlike<'a>(
        &'a mut self,
        connection: &'a mut PgConnection,
    ) -> BoxFuture<'a, Result<Option<Vec<String>>, sqlx::Error>> {
        async { made::unlike(connection, self).await.map(Some) }.boxed()
    }

    fn system(&self) -> &'static str {
        "postgres"
    }

    fn way_out(&self) -> String {
        format!(
            "`tieout migrate queue NAME` prints the statements that make the table `{self}` and what its consumers call, or bring both up to date; run them as its owner"
        )
    }
}
