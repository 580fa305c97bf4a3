//! Events of one subject come one after the other, and hold nobody else's.

use super::{ack, add, ask, claim, database, fail};

#[tokio::test]
async fn a_failing_event_holds_the_younger_ones_of_its_subject_and_no_others() {
    let postgres = database().await;
    add(&postgres, &[("a1", "a"), ("a2", "a"), ("b1", "b"), ("b2", "b")]).await;
    let mut consumer = postgres.connect().await;
    let first = claim(&mut consumer, "'one'").await;
    assert_eq!(first.ids(), ["a1", "b1"], "one of each subject");
    let later = format!("SELECT tieout_events_fail('a1', '{}', 'try later', '1 hour')", first.claim);
    assert_eq!(ask(&mut consumer, &later).await, "waiting");
    assert_eq!(ack(&mut consumer, "b1", first.claim).await, "1");
    assert_eq!(claim(&mut consumer, "'one'").await.ids(), ["b2"]);
    postgres.sql("UPDATE tieout_events SET visible_at = now() WHERE event_id = 'a1'").await;
    let again = claim(&mut consumer, "'one'").await;
    assert_eq!(again.events, [("a1".to_owned(), 2)]);
    assert_eq!(ack(&mut consumer, "a1", again.claim).await, "1");
    assert_eq!(claim(&mut consumer, "'one'").await.ids(), ["a2"]);
    postgres.drop().await;
}

#[tokio::test]
async fn the_same_subject_of_another_source_is_another_subject() {
    let postgres = database().await;
    add(&postgres, &[("a1", "a"), ("a2", "a")]).await;
    postgres.sql("UPDATE tieout_events SET source = '/tieout/shop.refunds' WHERE event_id = 'a2'").await;
    assert_eq!(claim(&mut postgres.connect().await, "'one'").await.ids(), ["a1", "a2"]);
    postgres.drop().await;
}

#[tokio::test]
async fn a_dead_event_holds_nothing() {
    let postgres = database().await;
    add(&postgres, &[("a1", "a"), ("a2", "a"), ("a3", "a")]).await;
    let mut consumer = postgres.connect().await;
    let held = claim(&mut consumer, "'one'").await;
    let dead = format!("SELECT tieout_events_dead('a1', '{}', 'no such order')", held.claim);
    assert_eq!(ask(&mut consumer, &dead).await, "true");
    let held = claim(&mut consumer, "'one'").await;
    assert_eq!(held.ids(), ["a2"]);
    for expected in ["waiting", "dead"] {
        let claimed =
            if expected == "waiting" { held.claim } else { claim(&mut consumer, "'one'").await.claim };
        assert_eq!(fail(&mut consumer, "a2", claimed).await, expected);
    }
    assert_eq!(claim(&mut consumer, "'one'").await.ids(), ["a3"]);
    let dead = "SELECT string_agg(event_id || ': ' || dead_reason, ', ' ORDER BY seq) FROM tieout_events";
    assert_eq!(ask(&mut consumer, dead).await, "a1: no such order, a2: no such order (after 2 attempts)");
    postgres.drop().await;
}

#[tokio::test]
async fn a_long_line_behind_one_subject_hides_no_other_subject() {
    let postgres = database().await;
    postgres
        .sql(
            "INSERT INTO tieout_events (event_id, source, type, subject, event)
             SELECT 'long' || n, '/s', 't', 'long', '{}' FROM generate_series(1, 25000) AS n;
             INSERT INTO tieout_events (event_id, source, type, subject, event)
             SELECT 'short' || n, '/s', 't', 'short' || n, '{}' FROM generate_series(1, 3) AS n",
        )
        .await;
    let (mut one, mut other) = (postgres.connect().await, postgres.connect().await);
    assert_eq!(claim(&mut one, "'one', 2").await.ids(), ["long1", "short1"]);
    assert_eq!(claim(&mut other, "'other', 9").await.ids(), ["short2", "short3"]);
    assert!(claim(&mut other, "'other', 9").await.events.is_empty());
    postgres.drop().await;
}
