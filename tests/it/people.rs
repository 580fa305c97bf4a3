//! What people say about findings, and what runs make of it.

use serde_json::json;

use crate::both::{State, on_both};
use crate::world::{Outcome, World, charge};

const LOST: &str = "shop.charges/ch_lost";

/// A run has found a lost charge and sent it.
fn sent(world: &World) {
    world.upstream(&charge("ch_lost", 5, 500));
    assert_eq!(world.run().code, 0);
    assert_eq!(world.stands("ch_lost"), ("emitted".to_owned(), 1));
}

fn ignore(world: &World, more: &[&str]) -> Outcome {
    world.tieout(&[&["findings", "ignore", LOST, "--reason", "known", "--by", "ada"], more].concat())
}

fn counted(world: &World, what: &str) -> u64 {
    world.tieout(&["status", "--format", "json"]).json()["domains"][0]["standing"][what].as_u64().unwrap()
}

#[tokio::test]
async fn an_ignored_finding_is_left_alone_until_upstream_changes() {
    on_both(async |world, _| {
        sent(world);
        let ignored = ignore(world, &[]);
        assert_eq!(ignored.code, 0, "{ignored:?}");
        assert_eq!(counted(world, "ignored"), 1);
        let same = world.tieout(&["run", "--key", "ch_lost", "--format", "json"]);
        assert_eq!((same.code, same.findings().len()), (0, 0), "{same:?}");
        assert_eq!(
            (&same.domain()["items"]["missing"], &same.domain()["items"]["ignored"]["upstream"]),
            (&json!(0), &json!(1))
        );
        assert_eq!(world.stands("ch_lost").0, "ignored");
        world.change_upstream("ch_lost", |charge| charge["amount"] = json!(501));
        world.tieout(&["run", "--key", "ch_lost"]);
        assert_eq!(world.stands("ch_lost"), ("emitted".to_owned(), 2));
        assert_eq!(world.events().await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn an_ignore_that_lapsed_is_looked_at_by_the_next_run() {
    on_both(async |world, state: &State| {
        sent(world);
        assert_eq!(ignore(world, &["--until", "14d"]).code, 0);
        assert_eq!(world.run().domain()["follow_up"]["checked"], 0);
        state.sql(world, "UPDATE findings SET ignored_until = '2000-01-01T00:00:00.000000Z'").await;
        let told = world.tieout(&["explain", LOST]);
        assert!(told.stdout.contains("that has lapsed; the next run looks at it again"), "{told:?}");
        assert_eq!(world.run().domain()["follow_up"]["checked"], 1);
        assert_eq!(world.stands("ch_lost"), ("emitted".to_owned(), 1), "its event has still time to work");
        world.consume().await;
        assert_eq!(world.run().domain()["follow_up"]["repaired"], 1);
    })
    .await;
}

#[tokio::test]
async fn what_people_said_is_in_the_history_with_their_names() {
    on_both(async |world, _| {
        sent(world);
        world.tieout(&["findings", "assign", LOST, "--to", "grace", "--by", "ada"]);
        world.tieout(&["findings", "note", LOST, "--text", "asked the bank", "--by", "grace"]);
        ignore(world, &[]);
        world.tieout(&["findings", "reopen", LOST, "--by", "grace"]);
        let told = world.tieout(&["explain", LOST]);
        for words in ["with grace", "asked the bank", "ignore: ignored", "reopen: emitted", "sent again from"]
        {
            assert!(told.stdout.contains(words), "{words}: {told:?}");
        }
        let shown = world.tieout(&["findings", "show", LOST, "--format", "json"]).json();
        let by: Vec<_> = shown["findings"][0]["timeline"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|moment| moment["by"].as_str().filter(|by| !by.contains(' ') && !by.is_empty()))
            .map(ToOwned::to_owned)
            .collect();
        assert_eq!(by, ["ada", "grace", "ada", "grace"]);
        let listed = world.tieout(&["findings", "list", "--owner", "grace"]);
        assert!(listed.stdout.contains("ch_lost"), "{listed:?}");
        assert!(!world.tieout(&["findings", "list", "--owner", "-"]).stdout.contains("ch_lost"));
        assert_eq!(world.tieout(&["findings", "unassign", LOST]).code, 0);
        assert!(world.tieout(&["findings", "list", "--owner", "-"]).stdout.contains("ch_lost"));
    })
    .await;
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_and_changes_nothing() {
    on_both(async |world, _| {
        world.local(&charge("ch_invented", 5, 500)).await;
        sent(world);
        world.sql("DELETE FROM charges WHERE id = 'ch_invented'").await;
        world.run();
        assert_eq!(world.stands("ch_invented").0, "healed");
        let refused: [(&[&str], &str); 8] = [
            (
                &["ignore", "shop.charges/nobody", "--reason", "x"],
                "nothing was ever found about `shop.charges/nobody`",
            ),
            (
                &["ignore", LOST, "shop.charges/ch_invented", "--reason", "x"],
                "ch_invented: it is healed already",
            ),
            (&["ignore", LOST, "--reason", "x", "--until", "2020-01-01"], "is over already"),
            (&["ignore", LOST], "--reason"),
            (&["ignore", LOST, "--reason", " "], "expected some words"),
            (&["ignore", LOST, "--reason", "x", "--each", "acct_1"], "nothing was found"),
            (&["reopen", LOST], "it is sent and followed"),
            (&["assign", "shop.charges/ch_invented", "--to", "ada"], "it is healed already"),
        ];
        for (args, why) in refused {
            let outcome = world.tieout(&[&["findings"], args].concat());
            assert_eq!(outcome.code, 2, "{args:?} {outcome:?}");
            assert!(outcome.stderr.contains(why), "{args:?} {outcome:?}");
        }
        assert_eq!(world.stands("ch_lost"), ("emitted".to_owned(), 1));
        assert_eq!(world.tieout(&["explain", "shop.charges/nobody"]).code, 2);
    })
    .await;
}

#[tokio::test]
async fn many_findings_are_named_by_a_file_or_by_the_list_itself() {
    let world = World::agreeing(1).await;
    for at in 0..3 {
        world.upstream(&charge(&format!("ch_lost{at}"), 5, 500));
    }
    world.run();
    let listed = world.tieout(&["findings", "list", "--limit", "0", "--format", "jsonl"]);
    world.write("list.jsonl", &listed.stdout);
    let args = ["findings", "ignore", "--keys-from", "list.jsonl", "--reason", "known"];
    let ignored = world.tieout(&args);
    assert_eq!(ignored.code, 0, "{ignored:?}");
    assert_eq!(counted(&world, "ignored"), 3);
    world.write("keys", "shop.charges/ch_lost0\nshop.charges/ch_lost2\n");
    assert_eq!(world.tieout(&["findings", "reopen", "--keys-from", "keys"]).code, 0);
    assert_eq!(counted(&world, "ignored"), 1);
    world.write("keys", "shop.charges/ch_lost1\nnonsense\n");
    let wrong = world.tieout(&["findings", "reopen", "--keys-from", "keys"]);
    assert_eq!(wrong.code, 2, "{wrong:?}");
    assert!(wrong.stderr.contains("line 2"), "{wrong:?}");
    assert_eq!(counted(&world, "ignored"), 1, "one wrong line, and nothing is changed");
}

/// The same drift, every night, and a consumer that never applies it.
#[tokio::test]
async fn a_parked_finding_is_sent_again_only_when_a_person_opens_it() {
    on_both(async |world, state: &State| {
        sent(world);
        for _ in 0..4 {
            state.sql(world, "UPDATE findings SET acknowledged_at = '2000-01-01T00:00:00.000000Z'").await;
            world.run();
        }
        assert_eq!(world.stands("ch_lost"), ("recurring".to_owned(), 4));
        assert_eq!(world.events().await.len(), 4);
        let next = world.run();
        assert_eq!(next.domain()["standing"]["recurring"], 1);
        let told = world.tieout(&["explain", LOST]);
        assert!(told.stdout.contains("sent 4 times and never repaired"), "{told:?}");
        assert!(told.stdout.contains("tieout findings reopen shop.charges/ch_lost"), "{told:?}");
        assert_eq!(world.tieout(&["findings", "reopen", LOST, "--reason", "the consumer is mended"]).code, 0);
        world.run();
        assert_eq!(world.stands("ch_lost"), ("emitted".to_owned(), 5));
        assert_eq!(world.events().await.len(), 5);
    })
    .await;
}

#[tokio::test]
async fn a_report_tells_what_began_and_what_ended_apart_and_how_long_it_took() {
    let world = World::agreeing(3).await;
    world.upstream(&charge("ch_lost", 5, 500));
    let first = world.run().domain();
    assert_eq!((&first["tonight"]["new"], &first["standing"]["still_open"]), (&json!(1), &json!(0)));
    let noticed = first["tonight"]["time_to_detect"]["median_seconds"].as_u64().unwrap();
    assert!((5 * 3_600..5 * 3_600 + 600).contains(&noticed), "{noticed}");
    let second = world.run().domain();
    assert_eq!((&second["tonight"]["new"], &second["standing"]["still_open"]), (&json!(0), &json!(1)));
    world.consume().await;
    let third = world.run().domain();
    assert_eq!((&third["tonight"]["repaired"], &third["standing"]["still_open"]), (&json!(1), &json!(0)));
    assert_eq!(third["tonight"]["time_to_repair"]["of"], 1);
    let shown = world.tieout(&["findings", "show", LOST]);
    assert!(shown.stdout.contains("time to repair"), "{shown:?}");
}
