//! The whole job with a local side that speaks the MySQL protocol.

use serde_json::json;
use sqlx::Row as _;
use tieout_reconcilers::zone::Zone;

use crate::causes::{causes, five_losses, where_they_were_lost};
use crate::mysql::MySql;
use crate::outbound::outbound;
use crate::world::{World, charge, set};

/// What the clocks of Paris show.
fn in_paris(at: chrono::DateTime<chrono::Utc>) -> String {
    let paris = Zone::named("Europe/Paris").unwrap();
    paris.shows(at.into()).format("%Y-%m-%d %H:%M:%S").to_string()
}

/// Moves the local side of a world to MariaDB. Its times have no zone: the shop writes them by the clocks of Paris.
pub(crate) async fn on_mysql(world: &World, mysql: &MySql) {
    world.write("app.url", mysql.url());
    world.edit("tieout.yaml", "\"sqlite:app.db\"", "\"file:app.url\"");
    world.edit("charges.yaml", "  key: id", "  key: id\n  zone: Europe/Paris");
    mysql
        .sql(
            "CREATE TABLE charges (id varchar(64) PRIMARY KEY, amount_minor bigint unsigned, currency char(3), status varchar(20), \
             created_at datetime NOT NULL, updated_at datetime NOT NULL, KEY (created_at))",
        )
        .await;
    let rows = sqlx::query("SELECT id, amount_minor, currency, status, created_at FROM charges");
    for row in rows.fetch_all(&world.app).await.unwrap() {
        let (id, amount): (String, i64) = (row.get(0), row.get(1));
        let (currency, status, at): (String, String, String) = (row.get(2), row.get(3), row.get(4));
        let at = at.parse::<chrono::DateTime<chrono::Utc>>().unwrap();
        let at = in_paris(at);
        mysql
            .sql(&format!(
                "INSERT INTO charges VALUES ('{id}', {amount}, '{currency}', '{status}', '{at}', '{at}')"
            ))
            .await;
    }
}

#[tokio::test]
async fn the_whole_job_runs_on_mysql() {
    let mysql = MySql::create().await;
    let world = World::agreeing(15).await;
    on_mysql(&world, &mysql).await;
    world.upstream(&charge("ch_lost", 5, 500));
    world.change_upstream("ch_003", |charge| charge["amount"] = serde_json::json!(5));
    let first = world.run();
    assert_eq!(first.code, 0, "{first:?}");
    assert_eq!(first.findings(), set(["missing ch_lost", "mismatched ch_003"]));
    assert_eq!(world.events().await.len(), 2);
    assert_eq!(world.run().domain()["events"]["planned"], 0);
    mysql.sql("INSERT INTO charges SELECT 'ch_lost', 500, 'USD', 'PAID', created_at, updated_at FROM charges LIMIT 1").await;
    mysql.sql("UPDATE charges SET amount_minor = 5 WHERE id = 'ch_003'").await;
    assert_eq!(world.run().domain()["follow_up"]["repaired"], 2);
    assert_eq!(mysql.count("SELECT count(*) FROM charges").await, 16, "nothing was written by tieout");
    mysql.drop().await;
}

#[tokio::test]
async fn a_row_whose_key_differs_in_case_is_another_row() {
    let mysql = MySql::create().await;
    let world = World::agreeing(3).await;
    on_mysql(&world, &mysql).await;
    // To the collation both are the same key; to the provider they are not.
    mysql.sql("UPDATE charges SET id = 'CH_001' WHERE id = 'ch_001'").await;
    let outcome = world.run();
    assert_eq!(outcome.findings(), set(["missing ch_001", "orphaned CH_001"]), "{outcome:?}");
    mysql.drop().await;
}

#[tokio::test]
async fn a_column_without_a_zone_and_none_declared_ends_the_domain_with_what_to_write() {
    let mysql = MySql::create().await;
    let world = World::agreeing(1).await;
    on_mysql(&world, &mysql).await;
    world.edit("charges.yaml", "  zone: Europe/Paris\n", "");
    let outcome = world.tieout(&["run"]);
    assert_eq!(outcome.code, 2, "{outcome:?}");
    let said = format!("{}{}", outcome.stdout, outcome.stderr);
    assert!(said.contains("column `created_at` has the type datetime"), "{outcome:?}");
    assert!(said.contains("`zone: UTC`"), "{outcome:?}");
    mysql.drop().await;
}

#[tokio::test]
async fn what_the_api_lacks_is_sent_again_as_its_row_of_mysql() {
    let mysql = MySql::create().await;
    let world = outbound(3).await;
    let lost = charge("ch_lost", 5, 500);
    world.local(&lost).await;
    world.change_upstream("ch_001", |charge| charge["amount"] = json!(5));
    on_mysql(&world, &mysql).await;
    mysql.sql("ALTER TABLE charges ADD tags set('new', 'paid'), ADD fee decimal(10,3)").await;
    mysql.sql("UPDATE charges SET tags = 'paid,new', fee = 0.250 WHERE id = 'ch_lost'").await;
    for _statement in ["rows", "keys"] {
        world.edit("charges.yaml", "created_at, updated_at FROM", "created_at, updated_at, tags, fee FROM");
    }
    let outcome = world.run();
    assert_eq!(
        (outcome.code, outcome.findings()),
        (0, set(["missing ch_lost", "mismatched ch_001"])),
        "{outcome:?}"
    );
    let events = world.events().await;
    let of = |key: &str| events.iter().find(|event| event["subject"] == key).unwrap()["data"].clone();
    let at = chrono::DateTime::from_timestamp(lost["created"].as_i64().unwrap(), 0).unwrap();
    let at = at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let row = json!({
        "id": "ch_lost", "amount_minor": 500, "currency": "USD", "status": "PAID", "created_at": at, "updated_at": at,
        "tags": "new,paid", "fee": 0.250,
    });
    assert_eq!(of("ch_lost"), row);
    assert_eq!(
        (of("ch_001")["amount_minor"].clone(), of("ch_001")["tags"].clone()),
        (json!(1_001), json!(null))
    );
    world.upstream(&lost);
    world.change_upstream("ch_001", |charge| charge["amount"] = json!(1_001));
    assert_eq!(world.run().domain()["follow_up"]["repaired"], 2);
    mysql.drop().await;
}

#[tokio::test]
async fn causes_are_found_in_a_table_of_received_webhooks_in_mysql() {
    let mysql = MySql::create().await;
    let world = five_losses().await;
    on_mysql(&world, &mysql).await;
    mysql
        .sql("CREATE TABLE webhooks (charge_id varchar(64), event_id varchar(64), received_at datetime, state varchar(20))")
        .await;
    let at = in_paris(chrono::Utc::now() - chrono::TimeDelta::hours(4));
    mysql
        .sql(&format!(
            "INSERT INTO webhooks VALUES ('ch_unapplied', 'evt_ch_unapplied', '{at}', 'failed'), \
             ('ch_gone', 'evt_ch_gone', '{at}', 'done'), ('CH_UNHEARD', 'evt_ch_unheard', '{at}', 'done')"
        ))
        .await;
    let outcome = world.run();
    // To the collation `ch_unheard` was received; to the provider the other key is another charge.
    assert_eq!(causes(&outcome), where_they_were_lost(), "{outcome:?}");
    mysql.drop().await;
}
