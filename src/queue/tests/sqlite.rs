//! The table in SQLite.

use sqlx::{Connection as _, Executor as _, SqliteConnection};

use super::event;
use crate::queue::{Outcome, QueueFault, QueueSettings, TableName, open};
use crate::store::tests::event_id;

const ZERO: &str = r#""a\u0000b""#;

#[tokio::test]
async fn a_sqlite_table_is_made_and_gets_every_event_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    let table: TableName = "outgoing".parse().unwrap();
    let mut queue = open(&QueueSettings::Sqlite { path: path.clone(), table });
    queue.ready().await.unwrap();
    queue.send(&[event("ch_1", ZERO)]).await;
    let delivery = queue.send(&[event("ch_1", ZERO), event("ch_2", "2")]).await;
    assert_eq!(delivery.outcomes, [Outcome::Acknowledged, Outcome::Acknowledged]);

    let mut database = SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.unwrap();
    let stored: Vec<(String, String)> =
        sqlx::query_as("SELECT event_id, event FROM outgoing WHERE consumed_at IS NULL ORDER BY seq")
            .fetch_all(&mut database)
            .await
            .unwrap();
    let expected = [event("ch_1", ZERO), event("ch_2", "2")];
    assert_eq!(stored, expected.map(|event| (event.event_id.to_string(), event.payload)));
}

#[tokio::test]
async fn a_sqlite_table_that_forbids_a_row_takes_its_siblings() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    let url = format!("sqlite://{}?mode=rwc", path.display());
    let mut database = SqliteConnection::connect(&url).await.unwrap();
    let check =
        "CREATE TABLE tieout_events (seq INTEGER PRIMARY KEY, event_id TEXT UNIQUE, source TEXT, type TEXT,
        subject TEXT CHECK (subject <> 'ch_1'), event TEXT, consumed_at TEXT)";
    database.execute(check).await.unwrap();
    let mut queue = open(&QueueSettings::Sqlite { path, table: TableName::default() });
    let delivery = queue.send(&[event("ch_1", "1"), event("ch_2", "2")]).await;
    let [Outcome::Dead { class: "rejected", .. }, Outcome::Acknowledged] = delivery.outcomes.as_slice()
    else {
        panic!("{delivery:?}")
    };
    let ids: Vec<String> =
        sqlx::query_scalar("SELECT event_id FROM tieout_events").fetch_all(&mut database).await.unwrap();
    assert_eq!(ids, [event_id("ch_2").to_string()]);
}

#[tokio::test]
async fn a_sqlite_queue_that_cannot_be_used_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    let with_schema = QueueSettings::Sqlite { path: path.clone(), table: "a.b".parse().unwrap() };
    assert!(matches!(open(&with_schema).ready().await, Err(QueueFault::Refused { .. })));

    std::fs::write(&path, "not a database, but long enough to look like the header of one".repeat(20))
        .unwrap();
    let no_database = QueueSettings::Sqlite { path, table: TableName::default() };
    assert!(matches!(open(&no_database).ready().await, Err(QueueFault::Refused { .. })));
}
