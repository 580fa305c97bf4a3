//! What was sent is kept for a while, and sent again on request, with the same ids and without any change to what it is about.

use serde_json::json;

use crate::both::{State, on_both};
use crate::process::{Process, until_so};
use crate::world::{Outcome, World, charge};

/// A run that sends some lost charges.
fn send(world: &World, n: i64) {
    for at in 0..n {
        world.upstream(&charge(&format!("ch_lost{at}"), 5, 500));
    }
    assert_eq!(world.run().domain()["events"]["emitted"], n);
}

fn replay(world: &World, more: &[&str]) -> Outcome {
    world.tieout(&[&["replay", "--format", "json"], more].concat())
}

#[tokio::test]
async fn a_queue_that_lost_its_events_gets_them_again_with_the_same_ids() {
    on_both(async |world, _| {
        send(world, 3);
        let before = world.events().await;
        world.queue("DELETE FROM tieout_events").await;
        let counted = replay(world, &["--domain", "shop.*", "--dry-run"]);
        assert_eq!(
            (counted.code, &counted.json()["eligible"], &counted.json()["sent"]),
            (0, &json!(3), &json!(0))
        );
        let sent = replay(world, &["--run", "latest", "--limit", "2", "--yes", "--by", "ada"]);
        assert_eq!((sent.code, &sent.json()["sent"]), (0, &json!(2)), "{sent:?}");
        assert_eq!(world.events().await, before[..2]);
        let rest = replay(world, &["--since", "2020-01-01", "--rate", "100/s", "--yes"]);
        assert_eq!(rest.json()["sent"], 3, "{rest:?}");
        assert_eq!(world.events().await, before);
        assert_eq!(world.stands("ch_lost0"), ("emitted".to_owned(), 1));
        let acts = world.tieout(&["state", "show"]);
        assert!(acts.stdout.contains("2 events to shop") && acts.stdout.contains("ada"), "{acts:?}");
    })
    .await;
}

#[tokio::test]
async fn what_is_repaired_is_sent_again_only_by_force_and_stays_repaired() {
    on_both(async |world, _| {
        send(world, 2);
        world.consume().await;
        assert_eq!(world.run().domain()["follow_up"]["repaired"], 2);
        let refused = world.tieout(&["replay", "--domain", "shop.charges", "--yes"]);
        assert_eq!(refused.code, 0, "{refused:?}");
        assert!(refused.stdout.starts_with("0 events eligible; nothing was sent; 2 left out"), "{refused:?}");
        world.edit("tieout.yaml", "queues: {", "queues: {refill: {ndjson: {path: refill.ndjson}}, ");
        let forced = replay(world, &["--queue", "shop", "--to", "refill", "--force", "--yes"]);
        assert_eq!((forced.code, &forced.json()["sent"]), (0, &json!(2)), "{forced:?}");
        let refill = std::fs::read_to_string(world.path().join("refill.ndjson")).unwrap();
        assert_eq!(refill.lines().count(), 2);
        assert_eq!(world.stands("ch_lost0").0, "repaired");
        assert!(world.tieout(&["state", "show"]).stdout.contains("2 events to refill, forced"));
    })
    .await;
}

#[tokio::test]
async fn a_signal_ends_a_replay_which_says_how_far_it_came() {
    let world = World::agreeing(1).await;
    send(&world, 5);
    world.queue("DELETE FROM tieout_events").await;
    let args = ["replay", "--domain", "shop.charges", "--rate", "1/h", "--yes", "--format", "json"];
    let replay = Process::start(&world, &args);
    until_so("it begins", async || !world.events().await.is_empty()).await;
    replay.signal("INT");
    let (ended, _) = replay.end();
    let told = ended.json();
    assert_eq!((ended.code, &told["sent"]), (130, &json!(1)), "{ended:?}");
    assert_eq!(told["stopped"], "it was asked to end");
}

#[tokio::test]
async fn a_replay_that_makes_no_sense_is_refused() {
    let world = World::agreeing(1).await;
    send(&world, 1);
    let refused: [(&[&str], &str); 6] = [
        (&[], "required"),
        (&["--domain", "shop.charges"], "--yes"),
        (&["--domain", "nobody", "--yes"], "nobody"),
        (&["--domain", "shop.charges", "--to", "nowhere", "--yes"], "nowhere"),
        (&["--domain", "shop.charges", "--rate", "fast", "--yes"], "is not a rate"),
        (&["--run", "0000", "--yes"], "0000"),
    ];
    for (args, why) in refused {
        let outcome = replay(&world, args);
        assert_eq!(outcome.code, 2, "{args:?} {outcome:?}");
        assert!(outcome.stderr.contains(why), "{args:?} {outcome:?}");
    }
    let none = replay(&world, &["--key", "nobody", "--yes"]);
    assert_eq!((none.code, &none.json()["eligible"]), (0, &json!(0)));
}

#[tokio::test]
async fn old_events_are_taken_out_and_the_report_counts_them() {
    on_both(async |world, state: &State| {
        send(world, 2);
        world.consume().await;
        assert_eq!(world.run().domain()["events"]["purged"], 0);
        state.sql(world, "UPDATE outbox SET finished_at = '2020-01-01T00:00:00.000000Z'").await;
        world.edit("tieout.yaml", "queues: {", "events: {keep: 36500d}\nqueues: {");
        assert_eq!(world.run().domain()["events"]["purged"], 0);
        world.edit("tieout.yaml", "keep: 36500d", "keep: 7d, keep_dead: 30d");
        assert_eq!(world.run().domain()["events"]["purged"], 2);
        assert_eq!(replay(world, &["--domain", "shop.charges", "--force", "--yes"]).json()["eligible"], 0);
        world.edit("tieout.yaml", "keep: 7d", "keep: soon");
        let wrong = world.tieout(&["check"]);
        assert!(wrong.code == 2 && wrong.stderr.contains("`soon` is not a duration"), "{wrong:?}");
    })
    .await;
}
