//! The table: its statements, and the one that inserts. It belongs to its consumers: it is never created, altered or emptied here.

use futures::FutureExt as _;
use futures::future::BoxFuture;
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgConnection;

use super::Target;
use crate::queue::TableName;
use crate::store::Outgoing;

/// The statements that make the table. `json`, not `jsonb`, because `jsonb` cannot hold U+0000.
pub(in crate::queue) fn ddl(table: &TableName) -> String {
    let (index, table) = (table.waiting_index(), table.quoted());
    format!(
        "CREATE TABLE IF NOT EXISTS {table} (
    seq          bigserial PRIMARY KEY,
    event_id     text NOT NULL UNIQUE,
    source       text NOT NULL,
    type         text NOT NULL,
    subject      text NOT NULL,
    event        json NOT NULL,
    enqueued_at  timestamptz NOT NULL DEFAULT now(),
    consumed_at  timestamptz
);
CREATE INDEX IF NOT EXISTS {index} ON {table} (seq) WHERE consumed_at IS NULL;"
    )
}

impl Target for TableName {
    /// One statement, however many events. For none the server checks login, table, columns, constraint and grant all the same.
    fn put<'a>(
        &'a mut self,
        connection: &'a mut PgConnection,
        batch: &'a [Outgoing],
    ) -> BoxFuture<'a, Result<(), sqlx::Error>> {
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

    fn way_out(&self) -> String {
        format!("the table `{self}` is made by\n{}", ddl(self))
    }
}
