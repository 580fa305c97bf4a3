//! A consumer of what a broker has, with the inbox that `tieout migrate inbox` prints: each event is applied in the transaction that asks
//! whether it was seen before.

use sqlx::{AssertSqlSafe, Connection as _};
use tieout::inbox::{Inbox, Received, Seen};

use crate::postgres::Postgres;
use crate::world::World;

/// What became of events at a consumer.
pub(super) struct Consumed {
    /// The subject of each effect.
    pub(super) effects: Vec<String>,
    /// How many events had none, because they were seen before.
    pub(super) duplicates: usize,
}

/// Consumes events in the order in which they came.
pub(super) async fn consume(came: &[String]) -> Consumed {
    let printed = World::agreeing(0).await.tieout(&["migrate", "inbox"]);
    assert_eq!(printed.code, 0, "{printed:?}");
    let database = Postgres::create().await;
    database.sql(&printed.stdout).await;
    database.sql("CREATE TABLE effects (subject text)").await;
    let inbox = Inbox::new("tieout_inbox".parse().unwrap(), "invoices");
    let mut consumer = database.connect().await;
    let mut duplicates = 0;
    for event in came {
        let received = Received::of(event).unwrap();
        let mut tx = consumer.begin().await.unwrap();
        match inbox.first_time(&mut tx, &received).await.unwrap() {
            Seen::Apply => {
                let effect = sqlx::query("INSERT INTO effects VALUES ($1)").bind(received.subject.unwrap());
                effect.execute(&mut *tx).await.unwrap();
            }
            Seen::Duplicate => duplicates += 1,
            Seen::Stale => panic!("one event alone is of each subject, and it is late: {event}"),
        }
        tx.commit().await.unwrap();
    }
    let effects = sqlx::query_scalar(AssertSqlSafe("SELECT subject FROM effects ORDER BY subject"));
    let effects = effects.fetch_all(&mut consumer).await.unwrap();
    consumer.close().await.unwrap();
    database.drop().await;
    Consumed { effects, duplicates }
}
