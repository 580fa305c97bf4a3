//! What was sent is kept for a while, and sent again on request, with the same ids and without any change to what it is about.

use std::collections::BTreeSet;

use serde_json::{Value, json};

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

/// A queue whose table refuses some subjects, as a check of its owner may.
const PICKY: &str = "CREATE TABLE tieout_events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL UNIQUE, source TEXT NOT NULL, type TEXT NOT NULL,
    subject TEXT NOT NULL CHECK (subject <> 'ch_lost1'), event TEXT NOT NULL,
    enqueued_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')), consumed_at TEXT)";

#[tokio::test]
async fn a_replay_says_why_a_queue_refused_what_it_did_not_take() {
    on_both(async |world, _| {
        send(world, 3);
        world.queue("DROP TABLE tieout_events").await;
        world.queue(PICKY).await;
        let part = replay(world, &["--queue", "shop", "--yes"]);
        assert_eq!((part.code, &part.json()["sent"], &part.json()["refused"]), (3, &json!(2), &json!(1)));
        let refusals = part.json()["refusals"].clone();
        let (why, number) = refusals.as_object().unwrap().iter().next().unwrap();
        assert!(why.starts_with("rejected: ") && why.contains("CHECK constraint failed"), "{refusals}");
        assert_eq!(number, 1);
        let told = world.tieout(&["replay", "--queue", "shop", "--key", "ch_lost1", "--yes"]);
        assert!(told.stdout.contains(&format!("\n  1 refused: {why}\n")), "{told:?}");
        assert_eq!(world.stands("ch_lost1").0, "emitted", "it was sent once, and no finding moves");
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

/// A replay that sends one event into `refill.ndjson` and the next one in an hour.
const SLOW: [&str; 9] = ["replay", "--queue", "shop", "--to", "refill", "--rate", "1/h", "--yes", "--by=ada"];

/// A world whose queue has some events, beside an empty file.
fn refilling(world: &World, n: i64) {
    world.edit("tieout.yaml", "queues: {", "queues: {refill: {ndjson: {path: refill.ndjson}}, ");
    send(world, n);
}

/// The ids of what was written into the file, in its order.
fn refilled(world: &World) -> Vec<String> {
    let text = std::fs::read_to_string(world.path().join("refill.ndjson")).unwrap_or_default();
    let ids = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    ids.map(|event| event["id"].as_str().unwrap().to_owned()).collect()
}

fn shown(world: &World) -> Value {
    let shown = world.tieout(&["replay", "show", "--format", "json"]);
    assert_eq!(shown.code, 0, "{shown:?}");
    shown.json()
}

/// Starts the slow replay and waits until its first event is sent and kept.
async fn begun(world: &World) -> Process {
    let mut replay = Process::start(world, &SLOW);
    replay.until_it_says("has begun");
    until_so("its first event is kept", async || shown(world)["sent"] == 1).await;
    replay
}

#[tokio::test]
async fn what_was_killed_in_the_middle_goes_on_and_every_event_arrives_with_its_id() {
    on_both(async |world, _| {
        refilling(world, 5);
        let replay = Process::start(world, &SLOW);
        until_so("an event arrives", async || !refilled(world).is_empty()).await;
        replay.kill();
        until_so("it is known to be dead", async || shown(world)["state"] == "interrupted").await;
        assert!(shown(world)["why"].as_str().unwrap().contains("no sign of life"), "{}", shown(world));
        let on =
            world.tieout(&["replay", "--resume", "latest", "--rate", "100/s", "--yes", "--format", "json"]);
        assert_eq!((on.code, &on.json()["stopped"]), (0, &Value::Null), "{on:?}");
        let got = refilled(world);
        let sent: BTreeSet<String> =
            world.events().await.into_iter().map(|event| event["id"].as_str().unwrap().to_owned()).collect();
        assert_eq!(got.iter().cloned().collect::<BTreeSet<_>>(), sent);
        assert!((5..=6).contains(&got.len()), "more than a batch came twice: {got:?}");
        let done = shown(world);
        assert_eq!(
            (&done["state"], &done["sent"], &done["eligible"]),
            (&json!("done"), &json!(5), &json!(5))
        );
    })
    .await;
}

#[tokio::test]
async fn a_replay_is_cancelled_from_another_process_and_cannot_be_gone_on_with() {
    on_both(async |world, _| {
        refilling(world, 3);
        let replay = begun(world).await;
        let cancelled = world.tieout(&["replay", "--cancel", "latest", "--by", "bob"]);
        assert_eq!(cancelled.code, 0, "{cancelled:?}");
        assert!(cancelled.stdout.contains("cancelled by bob") && cancelled.stdout.contains("within seconds"));
        let (ended, _) = replay.end();
        assert_eq!(ended.code, 3, "{ended:?}");
        assert!(ended.stdout.contains("Stopped: bob cancelled it."), "{ended:?}");
        assert!(!ended.stdout.contains("--resume"), "{ended:?}");
        assert_eq!(refilled(world).len(), 1);
        let on = world.tieout(&["replay", "--resume", "latest", "--yes"]);
        assert!(on.code == 2 && on.stderr.contains("bob cancelled replay"), "{on:?}");
        let again = world.tieout(&["replay", "--cancel", "latest", "--by", "eve"]);
        assert!(again.code == 0 && again.stdout.contains("was cancelled by bob already"), "{again:?}");
    })
    .await;
}

#[tokio::test]
async fn the_same_replay_is_refused_while_it_goes_on_and_begins_anew_with_a_hint_once_it_was_interrupted() {
    let world = World::agreeing(1).await;
    refilling(&world, 3);
    let replay = begun(&world).await;
    let twice = world.tieout(&[&SLOW[..], &["--format", "json"]].concat());
    assert_eq!(twice.code, 6, "{twice:?}");
    assert!(twice.stderr.contains("replay_runs") && twice.stderr.contains("goes on already"), "{twice:?}");
    let on = world.tieout(&["replay", "--resume", "latest", "--yes"]);
    assert!(on.code == 6 && on.stderr.contains("--cancel"), "{on:?}");
    replay.signal("TERM");
    let (ended, _) = replay.end();
    assert!(
        ended.code == 143 && ended.stdout.contains("Go on from there: tieout replay --resume"),
        "{ended:?}"
    );
    let mut anew = SLOW;
    anew[6] = "100/s";
    let anew = world.tieout(&anew);
    assert_eq!(anew.code, 0, "{anew:?}");
    assert!(anew.stderr.contains("was interrupted, and goes on with: tieout replay --resume"), "{anew:?}");
    assert_eq!(refilled(&world).len(), 4);
    let listed = world.tieout(&["replay", "list", "--format", "json"]).json();
    let states: Vec<&Value> = listed["replays"].as_array().unwrap().iter().map(|one| &one["state"]).collect();
    assert_eq!(states, ["done", "interrupted"]);
    let earlier = listed["replays"][1]["replay_id"].as_str().unwrap();
    let counted = world.tieout(&["replay", "--resume", earlier, "--dry-run", "--format", "json"]).json();
    assert_eq!((&counted["eligible"], &counted["sent_before"]), (&json!(2), &json!(1)));
}

#[tokio::test]
async fn a_replay_that_is_not_there_or_over_is_refused_with_the_way_out() {
    let world = World::agreeing(1).await;
    send(&world, 2);
    let nothing = world.tieout(&["replay", "list"]);
    assert!(nothing.code == 0 && nothing.stdout.starts_with("Nothing was ever replayed"), "{nothing:?}");
    for key in ["ch_lost0", "ch_lost1"] {
        assert_eq!(replay(&world, &["--key", key, "--yes"]).code, 0);
    }
    let refused: [(&[&str], &str); 9] = [
        (&["--resume", "ffff", "--yes"], "there is no replay `ffff`: `tieout replay list`"),
        (&["--cancel", "ffff"], "there is no replay `ffff`"),
        (&["show", "ffff"], "there is no replay `ffff`"),
        (&["--resume", "0", "--yes"], "more than one replay begins with `0`: give more"),
        (&["--resume", "latest", "--yes"], "is done: it sent 1 events, so there is nothing to go on with"),
        (&["--cancel", "latest"], "is done: there is nothing to cancel"),
        (&["--resume", "newest"], "expected the id of a replay"),
        (&["--resume", "latest", "--since", "1h"], "cannot be used with"),
        (&["--resume", "latest", "--cancel", "latest"], "cannot be used with"),
    ];
    for (args, why) in refused {
        let outcome = world.tieout(&[&["replay"], args].concat());
        assert_eq!(outcome.code, 2, "{args:?} {outcome:?}");
        assert!(outcome.stderr.contains(why), "{args:?} {outcome:?}");
    }
}

#[tokio::test]
async fn replays_are_taken_out_with_the_events_that_they_sent() {
    on_both(async |world, state: &State| {
        send(world, 1);
        assert_eq!(replay(world, &["--queue", "shop", "--yes"]).code, 0);
        world.run();
        assert_eq!(shown(world)["state"], "done");
        state.sql(world, "UPDATE replays SET heartbeat_at = '2020-01-01T00:00:00.000000Z'").await;
        world.run();
        let listed = world.tieout(&["replay", "list", "--format", "json"]).json();
        assert_eq!(listed["replays"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn old_events_are_taken_out_and_the_report_counts_them() {
    on_both(async |world, state: &State| {
        send(world, 2);
        world.consume().await;
        assert_eq!(world.run().domain()["events"]["purged"], 0);
        state.sql(world, "UPDATE outbox SET staged_at = '2020-01-01T00:00:00.000000Z', finished_at = '2020-01-01T00:00:00.000000Z'").await;
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
