//! A number about a range: what every database counts, and what is no number.

use tieout_reconcilers::zone::Zone;

use super::sqlite::World;
use super::*;

/// Three webhooks of a day, one of the day before.
const WEBHOOKS: [&str; 4] =
    ["2025-11-20 23:59:59", "2025-11-21 00:00:00", "2025-11-21 12:00:00", "2025-11-21 23:59:59"];

fn today() -> Window {
    window("2025-11-21T00:00:00Z", "2025-11-22T00:00:00Z")
}

/// A count, as a funnel hands it over.
fn query(sql: &str) -> Local {
    let place = Place { file: "charges.yaml".to_owned(), line: 9, column: 13 };
    Local { database: "app".to_owned(), rows: sql.to_owned(), rows_place: place, ..Local::default() }
}

const COUNT: &str = "SELECT count(*) FROM webhooks WHERE at >= :from AND at < :to";

async fn counted(database: &Database, local: &Local) -> Result<Option<u64>, LocalError> {
    database.counter(local).await?.count(today()).await
}

async fn refused(database: &Database, sql: &str) -> String {
    counted(database, &query(sql)).await.unwrap_err().to_string()
}

fn setup(kind: &str) -> String {
    let rows: Vec<String> = WEBHOOKS.iter().map(|at| format!("('{at}')")).collect();
    format!("CREATE TABLE webhooks (at {kind}); INSERT INTO webhooks VALUES {}", rows.join(", "))
}

#[tokio::test]
async fn postgres_counts_by_every_kind_of_time() {
    postgres::with_world(&setup("timestamptz"), |mut world| async move {
        let database = world.database().await;
        assert_eq!(counted(&database, &query(COUNT)).await.unwrap(), Some(3));
        let sum = COUNT.replace("count(*)", "sum(1::bigint)");
        assert_eq!(counted(&database, &query(&sum)).await.unwrap(), Some(3));
        world.run("ALTER TABLE webhooks ALTER at TYPE timestamp USING at AT TIME ZONE 'UTC'").await;
        let zoneless = counted(&world.database().await, &query(COUNT)).await.unwrap_err().to_string();
        assert!(zoneless.contains("stands for no instant without a zone"), "{zoneless}");
        let zone = Zone::named("Europe/Berlin");
        let in_berlin = Local { zone, ..query(COUNT) };
        assert_eq!(counted(&world.database().await, &in_berlin).await.unwrap(), Some(2));
    })
    .await;
}

#[tokio::test]
async fn mysql_counts_timestamps_and_what_clocks_of_a_zone_show() {
    mysql::with_world(&setup("timestamp"), |mut world| async move {
        assert_eq!(counted(&world.database().await, &query(COUNT)).await.unwrap(), Some(3));
        world.run("ALTER TABLE webhooks MODIFY at datetime").await;
        let in_berlin = Local { zone: Zone::named("Europe/Berlin"), ..query(COUNT) };
        assert_eq!(counted(&world.database().await, &in_berlin).await.unwrap(), Some(2));
        let sum = COUNT.replace("count(*)", "sum(1)");
        assert_eq!(counted(&world.database().await, &query(&sum)).await.unwrap(), Some(3));
    })
    .await;
}

#[tokio::test]
async fn near_a_change_of_clocks_a_time_without_a_zone_does_not_tell_its_day() {
    let world = World::new(&setup("text")).await;
    let in_berlin = Local { zone: Zone::named("Europe/Berlin"), ..query(COUNT) };
    let counter = world.database().await.counter(&in_berlin).await.unwrap();
    let night = window("2025-10-25T22:00:00Z", "2025-10-26T23:00:00Z");
    assert_eq!(counter.count(night).await.unwrap(), None);
}

#[tokio::test]
async fn a_query_that_gives_no_single_number_is_refused_with_its_place() {
    let mut said = Vec::new();
    let sqlite = World::new(&setup("text")).await.database().await;
    let bad = [
        "SELECT at, count(*) FROM webhooks WHERE at >= :from AND at < :to",
        "SELECT 1 FROM webhooks WHERE at < :to AND :from IS NOT NULL",
        "SELECT 1 FROM webhooks WHERE at < :from AND at > :to",
        "SELECT max(at) FROM webhooks WHERE :from < :to",
        "SELECT -count(*) FROM webhooks WHERE :from < :to",
        "SELECT sum(1) FROM webhooks WHERE at < :from AND at > :to",
        "SELECT 1.5 FROM (SELECT 1) WHERE :from < :to",
        "SELECT count(*) FROM webhooks",
        "SELECT count(*) FROM webhooks WHERE at >= :from AND at < :to AND account = :each.account",
        "DELETE FROM webhooks WHERE at >= :from AND at < :to",
    ];
    for sql in bad {
        said.push(refused(&sqlite, sql).await);
    }
    insta::assert_snapshot!(said.join("\n"));
}

#[tokio::test]
async fn servers_refuse_what_is_no_number_in_the_same_words() {
    let bad = [
        "SELECT 1 FROM webhooks WHERE at < :to AND at > :from",
        "SELECT -count(*) FROM webhooks WHERE at < :to AND at > :from",
        "SELECT 'many' FROM webhooks WHERE at < :to AND at > :from LIMIT 1",
    ];
    postgres::with_world(&setup("timestamptz"), move |world| async move {
        let database = world.database().await;
        for sql in bad {
            let said = refused(&database, sql).await;
            assert!(said.contains("where one row with one whole number, from 0 up, is wanted"), "{said}");
        }
        let float = refused(&database, "SELECT 1::float8 WHERE :from::timestamptz < :to::timestamptz").await;
        assert!(float.contains("which cannot be a number"), "{float}");
    })
    .await;
    mysql::with_world(&setup("timestamp"), move |world| async move {
        let database = world.database().await;
        for sql in bad {
            let said = refused(&database, sql).await;
            assert!(said.contains("where one row with one whole number, from 0 up, is wanted"), "{said}");
        }
    })
    .await;
}
