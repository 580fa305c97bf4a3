//! Who has an event, for how long, and what comes of whoever is late.

use std::collections::BTreeSet;

use sqlx::postgres::PgListener;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

use super::{Handed, ack, add, ask, claim, database, fail};

/// Claims and acknowledges until everything is consumed, and writes down what it got before it says so.
async fn consume(mut consumer: PgConnection, name: usize) {
    loop {
        let Handed { events, claim: token } = claim(&mut consumer, &format!("'consumer {name}', 3")).await;
        for (id, _) in &events {
            consumer
                .execute(AssertSqlSafe(format!("INSERT INTO got (event_id) VALUES ('{id}')")))
                .await
                .unwrap();
            assert_eq!(ack(&mut consumer, id, token).await, "1");
        }
        let open = "SELECT count(*) FROM tieout_events WHERE consumed_at IS NULL";
        if events.is_empty() && ask(&mut consumer, open).await == "0" {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn consumers_side_by_side_get_every_event_once_and_each_subject_in_order() {
    let postgres = database().await;
    postgres
        .sql(
            "CREATE TABLE got (at bigserial PRIMARY KEY, event_id text NOT NULL);
             INSERT INTO tieout_events (event_id, source, type, subject, event)
             SELECT 'e' || n, CASE n % 2 WHEN 0 THEN '/a' ELSE '/b' END, 't', 'k' || n % 14, '{}'
             FROM generate_series(1, 280) AS n",
        )
        .await;
    let mut consumers = Vec::new();
    for name in 0..4 {
        consumers.push(tokio::spawn(consume(postgres.connect().await, name)));
    }
    for consumer in consumers {
        consumer.await.unwrap();
    }
    assert_eq!(postgres.count("SELECT count(*) FROM got").await, 280);
    assert_eq!(postgres.count("SELECT count(DISTINCT event_id) FROM got").await, 280);
    let out_of_order = "SELECT count(*) FROM (
        SELECT seq < lag(seq) OVER (PARTITION BY source, subject ORDER BY at) AS is_wrong
        FROM got JOIN tieout_events USING (event_id)) AS pairs WHERE is_wrong";
    assert_eq!(postgres.count(out_of_order).await, 0);
    postgres.drop().await;
}

#[tokio::test]
async fn a_claim_waits_for_no_other_and_what_another_rolls_back_is_handed_out_again() {
    let postgres = database().await;
    add(&postgres, &[("e1", "a"), ("e2", "b"), ("e3", "a")]).await;
    let (mut one, mut other) = (postgres.connect().await, postgres.connect().await);
    let mut tx = one.begin().await.unwrap();
    assert_eq!(claim(&mut tx, "'one', 1").await.ids(), ["e1"]);
    assert_eq!(claim(&mut other, "'other'").await.ids(), ["e2"]);
    tx.rollback().await.unwrap();
    assert_eq!(claim(&mut other, "'other'").await.events, [("e1".to_owned(), 1)]);
    postgres.drop().await;
}

#[tokio::test]
async fn an_event_whose_time_is_over_is_handed_out_again_and_who_is_late_can_do_nothing_to_it() {
    let postgres = database().await;
    add(&postgres, &[("e1", "a")]).await;
    let mut consumer = postgres.connect().await;
    let late = claim(&mut consumer, "'one', 1, '1 microsecond'").await;
    // The same name, as another process of the same consumer has it.
    let now = claim(&mut consumer, "'one', 1").await;
    assert_eq!((&late.events[0].1, &now.events[0].1), (&1, &2));
    let token = late.claim;
    let asked = [
        format!("SELECT tieout_events_ack(ARRAY['e1'], '{token}')"),
        format!("SELECT tieout_events_extend(ARRAY['e1'], '{token}')"),
        format!("SELECT tieout_events_fail('e1', '{token}', 'late')"),
        format!("SELECT tieout_events_dead('e1', '{token}', 'late')"),
    ];
    let mut answers = Vec::new();
    for sql in &asked {
        answers.push(ask(&mut consumer, sql).await);
    }
    assert_eq!(answers, ["0", "0", "lost", "false"]);
    assert_eq!(ack(&mut consumer, "e1", now.claim).await, "1");
    assert_eq!(ack(&mut consumer, "e1", now.claim).await, "0");
    assert_eq!(claim(&mut consumer, "'one'").await.ids(), Vec::<&str>::new());
    postgres.drop().await;
}

#[tokio::test]
async fn who_is_late_may_still_acknowledge_what_nobody_else_was_handed() {
    let postgres = database().await;
    add(&postgres, &[("e1", "a")]).await;
    let mut consumer = postgres.connect().await;
    let late = claim(&mut consumer, "'one', 1, '1 microsecond'").await;
    assert_eq!(ack(&mut consumer, "e1", late.claim).await, "1");
    postgres.drop().await;
}

#[tokio::test]
async fn an_extended_claim_keeps_its_event() {
    let postgres = database().await;
    add(&postgres, &[("e1", "a")]).await;
    let mut consumer = postgres.connect().await;
    let held = claim(&mut consumer, "'one', 1, '1 microsecond'").await;
    let extend = format!("SELECT tieout_events_extend(ARRAY['e1', 'e2'], '{}', '1 hour')", held.claim);
    assert_eq!(ask(&mut consumer, &extend).await, "1");
    assert_eq!(claim(&mut consumer, "'two'").await.ids(), Vec::<&str>::new());
    postgres.drop().await;
}

#[tokio::test]
async fn a_failing_event_is_dead_after_its_last_attempt_and_comes_back_when_it_is_requeued() {
    let postgres = database().await;
    add(&postgres, &[("e1", "a")]).await;
    let mut consumer = postgres.connect().await;
    let mut states = Vec::new();
    for _ in 0..2 {
        let held = claim(&mut consumer, "'one', 1").await;
        states.push(fail(&mut consumer, "e1", held.claim).await);
    }
    assert_eq!(states, ["waiting", "dead"]);
    assert_eq!(claim(&mut consumer, "'one'").await.ids(), Vec::<&str>::new());
    let reason = ask(&mut consumer, "SELECT dead_reason FROM tieout_events").await;
    assert_eq!(reason, "no such order (after 2 attempts)");
    assert_eq!(ask(&mut consumer, "SELECT tieout_events_requeue(ARRAY['e1', 'e2'])").await, "1");
    assert_eq!(claim(&mut consumer, "'one'").await.events, [("e1".to_owned(), 1)]);
    postgres.drop().await;
}

#[tokio::test]
async fn an_event_that_every_consumer_died_of_is_dead_and_the_next_one_is_handed_out_in_its_place() {
    let postgres = database().await;
    add(&postgres, &[("e1", "a"), ("e2", "a")]).await;
    let mut consumer = postgres.connect().await;
    let lapses = "'one', 1, '1 microsecond', 2";
    let attempts: Vec<i32> = [claim(&mut consumer, lapses).await, claim(&mut consumer, lapses).await]
        .iter()
        .map(|handed| handed.events[0].1)
        .collect();
    assert_eq!(attempts, [1, 2]);
    assert_eq!(claim(&mut consumer, lapses).await.ids(), ["e2"]);
    let reason = ask(&mut consumer, "SELECT dead_reason FROM tieout_events WHERE event_id = 'e1'").await;
    assert_eq!(reason, "no outcome (after 2 attempts)");
    postgres.drop().await;
}

#[tokio::test]
async fn a_claim_of_nothing_or_for_no_time_is_refused() {
    let postgres = database().await;
    let mut consumer = postgres.connect().await;
    for arguments in [
        "NULL",
        "'one', 0",
        "'one', NULL",
        "'one', 1, '0 seconds'",
        "'one', 1, '-1 hour'",
        "'one', 1, '1 hour', 0",
    ] {
        let sql = format!("SELECT event_id FROM tieout_events_claim({arguments})");
        let refused = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut consumer).await.unwrap_err();
        let code = refused.as_database_error().unwrap().code().unwrap();
        assert_eq!(code, "22023", "{arguments}");
    }
    postgres.drop().await;
}

#[tokio::test]
async fn who_listens_is_woken_once_for_each_transaction_that_inserts_and_when_an_event_is_requeued() {
    let postgres = database().await;
    let mut listener = PgListener::connect(postgres.url()).await.unwrap();
    listener.listen("tieout_events").await.unwrap();
    let row = |id: &str| {
        format!(
            "INSERT INTO tieout_events (event_id, source, type, subject, event) VALUES ('{id}', 's', 't', 'a', '{{}}')"
        )
    };
    postgres.sql(&format!("BEGIN; {}; {}; COMMIT", row("e1"), row("e2"))).await;
    postgres.sql(&format!("BEGIN; {}; ROLLBACK", row("e3"))).await;
    // What was sent before the next one would come before it.
    postgres.sql("SELECT tieout_events_requeue(ARRAY['e1']); NOTIFY tieout_events, 'end'").await;
    let mut heard = Vec::new();
    while heard.last().is_none_or(|payload| payload != "end") {
        let notification = listener.recv().await.unwrap();
        heard.push(notification.payload().to_owned());
    }
    assert_eq!(heard, ["", "", "end"]);
    postgres.drop().await;
}

#[tokio::test]
async fn what_was_consumed_is_purged_after_two_weeks_and_nothing_else() {
    let postgres = database().await;
    add(&postgres, &[("old", "a"), ("new", "b"), ("open", "c")]).await;
    postgres
        .sql(
            "UPDATE tieout_events SET consumed_at = now() - interval '15 days' WHERE event_id = 'old';
             UPDATE tieout_events SET consumed_at = now() - interval '13 days' WHERE event_id = 'new'",
        )
        .await;
    let mut consumer = postgres.connect().await;
    assert_eq!(ask(&mut consumer, "SELECT tieout_events_purge()").await, "1");
    let left: Vec<String> =
        sqlx::query_scalar("SELECT event_id FROM tieout_events").fetch_all(&mut consumer).await.unwrap();
    assert_eq!(left.into_iter().collect::<BTreeSet<_>>(), crate::world::set(["new", "open"]));
    postgres.drop().await;
}

#[tokio::test]
async fn a_consumer_needs_no_more_rights_than_the_shipped_grants_give_and_cannot_add_events() {
    let postgres = database().await;
    add(&postgres, &[("e1", "a"), ("e2", "b"), ("e3", "c")]).await;
    let (role, url) = postgres.grant("consumer", "tieout_events");
    let mut consumer = PgConnection::connect(&url).await.unwrap();

    let Handed { events, claim: token } = claim(&mut consumer, "'billing', 3").await;
    assert_eq!(events.len(), 3);
    assert_eq!(ack(&mut consumer, "e1", token).await, "1");
    assert_eq!(fail(&mut consumer, "e2", token).await, "waiting");
    let buried = format!("tieout_events_dead('e3', '{token}', 'malformed')");
    assert_eq!(ask(&mut consumer, &buried).await, "true");
    assert_eq!(ask(&mut consumer, "tieout_events_requeue(ARRAY['e3'])").await, "1");
    assert_eq!(ask(&mut consumer, "tieout_events_purge(interval '0')").await, "1");

    let added = "INSERT INTO tieout_events (event_id, source, type, subject, event) VALUES ('e4', 's', 't', 'a', '{}')";
    let refused = consumer.execute(added).await.unwrap_err().to_string();
    assert!(refused.contains("permission denied"), "{refused}");
    consumer.close().await.unwrap();
    postgres.drop_with_role(&role).await;
}
