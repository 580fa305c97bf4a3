//! Consumers of a queue's table in PostgreSQL: what `tieout migrate queue` prints, used with plain SQL as any language would.

mod claims;
mod guide;
mod inboxes;
mod inboxes_in_mysql;
mod model;
mod orders;
mod shapes;

use sqlx::{AssertSqlSafe, PgConnection, Row as _};
use uuid::Uuid;

use crate::postgres::Postgres;
use crate::world::{Outcome, World};

/// What a consumer is handed: the id and the attempts of each event, and the claim.
#[derive(Debug, PartialEq, Eq)]
struct Handed {
    events: Vec<(String, i32)>,
    claim: Uuid,
}

impl Handed {
    fn ids(&self) -> Vec<&str> {
        self.events.iter().map(|(id, _)| id.as_str()).collect()
    }
}

/// `tieout migrate queue` of a table.
async fn migrate(table: &str) -> Outcome {
    let world = World::agreeing(0).await;
    let queue =
        format!("queues: {{pg: {{postgres: {{url: \"postgres://127.0.0.1/none\", table: {table}}}}}, ");
    world.edit("tieout.yaml", "queues: {", &queue);
    world.tieout(&["migrate", "queue", "pg"])
}

/// What it prints.
async fn statements(table: &str) -> String {
    let printed = migrate(table).await;
    assert_eq!(printed.code, 0, "{printed:?}");
    printed.stdout
}

/// A database with the table `tieout_events`.
async fn database() -> Postgres {
    let postgres = Postgres::create().await;
    postgres.sql(&statements("tieout_events").await).await;
    postgres
}

/// Adds events, each an id and a subject.
async fn add(postgres: &Postgres, events: &[(&str, &str)]) {
    for (id, subject) in events {
        let row =
            format!("('{id}', '/tieout/shop.charges', 'charge.created', '{subject}', '{{\"id\":\"{id}\"}}')");
        postgres
            .sql(&format!("INSERT INTO tieout_events (event_id, source, type, subject, event) VALUES {row}"))
            .await;
    }
}

/// Claims with arguments of SQL.
async fn claim(consumer: &mut PgConnection, arguments: &str) -> Handed {
    let sql = format!("SELECT event_id, attempts, claim FROM tieout_events_claim({arguments})");
    let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(consumer).await.unwrap();
    Handed {
        events: rows.iter().map(|row| (row.get(0), row.get(1))).collect(),
        claim: rows.first().map_or_else(Uuid::nil, |row| row.get(2)),
    }
}

/// The first value of a statement, as text.
async fn ask(consumer: &mut PgConnection, sql: &str) -> String {
    let sql = format!("SELECT ({sql})::text");
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(consumer).await.unwrap()
}

/// Acknowledges one event of a claim: how many were still held.
async fn ack(consumer: &mut PgConnection, id: &str, claim: Uuid) -> String {
    ask(consumer, &format!("SELECT tieout_events_ack(ARRAY['{id}'], '{claim}')")).await
}

/// Lets an event fail, to come again at once.
async fn fail(consumer: &mut PgConnection, id: &str, claim: Uuid) -> String {
    ask(consumer, &format!("SELECT tieout_events_fail('{id}', '{claim}', 'no such order', '0 seconds', 2)"))
        .await
}
