//! One effect for each event, and none for what is late, in a PostgreSQL database of its own.

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

use super::{Inbox, InboxDatabase, Received, Seen, ddl};
use crate::store::tests::with_postgres;

fn event(id: &str, time: &str) -> Received {
    let event =
        format!(r#"{{"source":"/tieout/shop.charges","id":"{id}","subject":"ch_1","time":"{time}"}}"#);
    Received::of(&event).unwrap()
}

/// Runs a test with a database that has an inbox.
async fn with_inbox(test: impl AsyncFnOnce(Inbox, PgConnection)) {
    with_postgres(async |url: String| {
        let mut database = PgConnection::connect(&url).await.unwrap();
        let inbox = Inbox::new("app.Inbox".parse().unwrap(), "invoices");
        database.execute("CREATE SCHEMA app").await.unwrap();
        for _ in 0..2 {
            let made = ddl(InboxDatabase::Postgres, &inbox.table);
            database.execute(AssertSqlSafe(made)).await.unwrap();
        }
        test(inbox, database).await;
    })
    .await;
}

async fn committed(inbox: &Inbox, database: &mut PgConnection, event: &Received) -> Seen {
    let mut tx = database.begin().await.unwrap();
    let seen = inbox.first_time(&mut tx, event).await.unwrap();
    tx.commit().await.unwrap();
    seen
}

#[tokio::test]
async fn an_event_is_applied_once_and_an_older_version_never_after_a_newer_one() {
    with_inbox(async |inbox: Inbox, mut database: PgConnection| {
        let newer = event("b", "2025-11-02T00:00:00.000002Z");
        let older = event("a", "2025-11-02T00:00:00.000001Z");
        let same_version = event("c", "2025-11-02T00:00:00.000002Z");
        let no_version = Received { version: None, ..event("d", "2025-11-01T00:00:00Z") };
        let other_subject =
            Received { subject: Some("ch_2".to_owned()), ..event("e", "2025-11-01T00:00:00Z") };
        for (event, expected) in [
            (&newer, Seen::Apply),
            (&newer, Seen::Duplicate),
            (&older, Seen::Stale),
            (&older, Seen::Duplicate),
            (&same_version, Seen::Apply),
            (&no_version, Seen::Apply),
            (&other_subject, Seen::Apply),
        ] {
            assert_eq!(committed(&inbox, &mut database, event).await, expected, "{event:?}");
        }
        let others = Inbox::new(inbox.table.clone(), "mails");
        assert_eq!(committed(&others, &mut database, &older).await, Seen::Apply);
    })
    .await;
}

#[tokio::test]
async fn what_rolls_back_was_not_seen() {
    with_inbox(async |inbox: Inbox, mut database: PgConnection| {
        let newer = event("b", "2025-11-02T00:00:00Z");
        let mut tx = database.begin().await.unwrap();
        assert_eq!(inbox.first_time(&mut tx, &newer).await.unwrap(), Seen::Apply);
        tx.rollback().await.unwrap();
        let older = event("a", "2025-11-01T00:00:00Z");
        assert_eq!(committed(&inbox, &mut database, &older).await, Seen::Apply);
        assert_eq!(committed(&inbox, &mut database, &newer).await, Seen::Apply);
    })
    .await;
}

#[test]
fn what_is_no_cloud_event_is_not_read() {
    for bad in ["", "{}", r#"{"id":"a"}"#, r#"{"id":"a","source":"b","time":"yesterday"}"#] {
        assert!(Received::of(bad).is_err(), "{bad}");
    }
    let bare = Received::of(r#"{"id":"a","source":"b"}"#).unwrap();
    assert_eq!((bare.subject, bare.version), (None, None));
}
