//! What the relay gave up is listed by its causes, sent once more or dropped, and never twice.

use serde_json::{Value, json};

use crate::both::{State, on_both};
use crate::world::{Outcome, World, charge};

/// A queue whose table refuses some subjects, as a check of its owner may.
const PICKY: &str = "CREATE TABLE tieout_events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL UNIQUE, source TEXT NOT NULL, type TEXT NOT NULL,
    subject TEXT NOT NULL CHECK (subject NOT LIKE 'ch_bad%'), event TEXT NOT NULL,
    enqueued_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')), consumed_at TEXT)";

fn dlq(world: &World, args: &[&str]) -> Outcome {
    world.tieout(&[&["dlq"], args].concat())
}

fn with_input(world: &World, args: &[&str], input: &str) -> Outcome {
    use std::io::Write as _;
    let mut command = world.command(args);
    let mut child = command.stdin(std::process::Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Outcome { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// A run that loses three events to the queue's check and sends one.
async fn lose(world: &World) {
    world.queue(PICKY).await;
    for at in 0..3 {
        world.upstream(&charge(&format!("ch_bad{at}"), 5, 500));
    }
    world.upstream(&charge("ch_good", 6, 500));
    let run = world.run();
    assert_eq!(run.code, 3, "{run:?}");
    assert_eq!((&run.domain()["events"]["emitted"], &run.domain()["events"]["dead"]), (&json!(1), &json!(3)));
}

/// The queue's owner mends the table.
async fn mend(world: &World) {
    world.queue("ALTER TABLE tieout_events RENAME TO old").await;
    world.queue(&PICKY.replace(" CHECK (subject NOT LIKE 'ch_bad%')", "")).await;
    world
        .queue(
            "INSERT INTO tieout_events (event_id, source, type, subject, event)
             SELECT event_id, source, type, subject, event FROM old",
        )
        .await;
}

fn groups(world: &World) -> Vec<Value> {
    dlq(world, &["list", "--format", "json"]).json()["groups"].as_array().unwrap().clone()
}

fn ids(world: &World) -> Vec<String> {
    let listed = dlq(world, &["list", "--flat", "--format", "json"]).json();
    let events = listed["events"].as_array().unwrap();
    events.iter().map(|event| event["event_id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn events_that_died_of_one_cause_are_one_group_and_go_out_once_the_queue_is_mended() {
    on_both(async |world, _| {
        assert_eq!(dlq(world, &["list"]).stdout, "No dead letters match.\n");
        lose(world).await;
        let lost = groups(world);
        assert_eq!(lost.len(), 1, "{lost:?}");
        assert_eq!((&lost[0]["count"], &lost[0]["class"]), (&json!(3), &json!("rejected")));
        assert_eq!(lost[0]["at_stake"], json!([{"currency": "USD", "amount": "15.00"}]));
        let group = lost[0]["group"].as_str().unwrap();
        let shown = dlq(world, &["list"]);
        assert!(shown.stdout.contains(group) && shown.stdout.contains("rejected"), "{shown:?}");
        assert!(shown.stdout.contains("AT STAKE") && shown.stdout.contains("USD 15.00"), "{shown:?}");
        let flat = dlq(world, &["list", "--flat", "--limit", "2"]);
        assert!(
            flat.stdout.contains("shop.charges/ch_bad")
                && flat.stdout.contains("USD 5.00")
                && flat.stdout.contains("... 1 more event"),
            "{flat:?}"
        );
        let shown = dlq(world, &["show", &group[..4]]);
        assert!(shown.stdout.contains(&format!("dlq retry --group {group}")), "{shown:?}");
        let one = dlq(world, &["show", &ids(world)[0], "--format", "json"]).json();
        let latest = world.tieout(&["report", "show", "--format", "json"]).json();
        assert_eq!(
            (&one["tool_version"], &one["definition_sha256"]),
            (&latest["tool_version"], &latest["domains"][0]["definition_sha256"])
        );
        assert!(one["definition_sha256"].is_string() && one["dataversion"].is_null(), "{one}");
        let status = world.tieout(&["status"]);
        assert!(status.stdout.contains("tieout dlq list"), "{status:?}");
        let report = world.tieout(&["report", "show"]);
        assert!(report.stdout.contains("tieout dlq list"), "{report:?}");

        let plan = dlq(world, &["retry", "--group", group, "--dry-run", "--format", "json"]);
        assert_eq!((plan.code, &plan.json()["eligible"]), (0, &json!(3)), "{plan:?}");
        let again = dlq(world, &["retry", "--group", group, "--yes", "--limit", "1", "--format", "json"]);
        assert_eq!((again.code, &again.json()["failed_again"]), (3, &json!(1)), "{again:?}");
        assert_eq!(again.json()["beyond_limit"], 2);
        mend(world).await;
        let events = ids(world);
        let sent = dlq(
            world,
            &["retry", "--group", group, "--yes", "--by", "ada", "--note", "mended", "--format", "json"],
        );
        assert_eq!((sent.code, &sent.json()["sent"]), (0, &json!(3)), "{sent:?}");
        assert_eq!(world.events().await.len(), 4);
        assert_eq!(world.stands("ch_bad0"), ("emitted".to_owned(), 1));
        let told = world.tieout(&["explain", "shop.charges/ch_bad0"]);
        assert!(told.stdout.contains("retry: open") && told.stdout.contains("mended"), "{told:?}");

        let twice = dlq(world, &["retry", &events[0], &events[1], "--yes"]);
        assert_eq!(twice.code, 0, "{twice:?}");
        assert!(twice.stdout.contains("2 already done"), "{twice:?}");
        assert_eq!(world.events().await.len(), 4, "nothing is sent twice");
        world.consume().await;
        assert_eq!(world.run().domain()["follow_up"]["repaired"], 4);
    })
    .await;
}

#[tokio::test]
async fn dead_letters_are_told_by_every_later_run_until_somebody_decides_about_them() {
    on_both(async |world, _| {
        lose(world).await;
        let group = groups(world)[0]["group"].as_str().unwrap().to_owned();
        let first = world.tieout(&["report", "show"]).stdout;
        assert!(first.contains("tieout dlq list") && !first.contains("try again"), "{first}");
        let next = world.run();
        assert_eq!((next.code, &next.domain()["standing"]["dead_letters"]), (0, &json!(3)), "{next:?}");
        let told = world.tieout(&["run"]).stdout;
        assert!(told.contains(&format!("dead letter {group} (rejected)")), "{told}");
        assert!(!told.contains("reported only") && told.contains("tieout dlq list"), "{told}");
        let quiet = world.tieout(&["run", "-q"]).stdout;
        assert!(quiet.contains("3 waiting as dead letters"), "{quiet}");
        dlq(world, &["drop", "--group", &group, "--reason", "known", "--yes"]);
        let over = world.tieout(&["run"]).stdout;
        assert!(!over.contains("dead letter") && !over.contains("dlq list"), "{over}");
    })
    .await;
}

#[tokio::test]
async fn an_event_whose_finding_healed_is_superseded_and_one_that_fails_again_keeps_its_attempts() {
    on_both(async |world, state: &State| {
        lose(world).await;
        state.sql(world, "UPDATE findings SET state = 'healed' WHERE key = 'ch_bad1'").await;
        let retried = dlq(world, &["retry", "--all", "--yes", "--format", "json"]);
        assert_eq!(retried.code, 3, "{retried:?}");
        let told = retried.json();
        assert_eq!((&told["superseded"], &told["failed_again"]), (&json!(1), &json!(2)));
        let left = dlq(world, &["list", "--flat", "--format", "json"]).json();
        let left: Vec<_> = left["events"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| {
                (event["key"].as_str().unwrap(), event["attempts"].clone(), event["retries"].clone())
            })
            .map(|(key, attempts, retries)| format!("{key} {attempts} {retries}"))
            .collect();
        assert_eq!(left.iter().map(|line| &line[7..]).collect::<Vec<_>>(), [" 2 1", " 2 1"], "{left:?}");
    })
    .await;
}

#[tokio::test]
async fn what_nobody_needs_any_more_is_sent_where_a_person_forces_it_and_its_finding_stays_over() {
    on_both(async |world, state: &State| {
        lose(world).await;
        mend(world).await;
        state.sql(world, "UPDATE findings SET state = 'healed' WHERE key <> 'ch_bad0'").await;
        let listed = dlq(world, &["list", "--flat", "--format", "json"]).json();
        let of = |key: &str| {
            let letter = listed["events"].as_array().unwrap().iter().find(|letter| letter["key"] == key);
            letter.unwrap()["event_id"].as_str().unwrap().to_owned()
        };
        let (needed, healed) = (of("ch_bad0"), of("ch_bad1"));
        let first = dlq(world, &["retry", &needed, &healed, "--yes", "--format", "json"]).json();
        assert_eq!(
            (&first["sent"], &first["superseded"], &first["forced"]),
            (&json!(1), &json!(1), &json!(0))
        );
        let asked = dlq(world, &["retry", "--all", "--force"]);
        assert!(asked.code == 2 && asked.stderr.contains("1 of them nobody needs any more"), "{asked:?}");
        let plan = dlq(world, &["retry", "--all", "--force", "--dry-run"]);
        assert!(plan.stdout.starts_with("1 eligible of 1 event; 1 of them forced"), "{plan:?}");
        let forced =
            dlq(world, &["retry", "--all", "--force", "--yes", "--by", "ada", "--note", "for the ledger"]);
        assert!(
            forced.code == 0 && forced.stdout.starts_with("sent 1 of 1 event as ada; 1 of them forced"),
            "{forced:?}"
        );

        assert!(ids(world).is_empty(), "what was superseded is in no list, and has its id still");
        let shown = dlq(world, &["show", &healed]);
        assert!(shown.stdout.contains(&format!("tieout dlq retry {healed} --force")), "{shown:?}");
        let forced = dlq(world, &["retry", &healed, "--force", "--yes", "--format", "json"]).json();
        assert_eq!((&forced["sent"], &forced["forced"]), (&json!(1), &json!(1)), "{forced}");
        assert_eq!(world.events().await.len(), 4);
        for key in ["ch_bad1", "ch_bad2"] {
            assert_eq!(world.stands(key).0, "healed");
        }
        let told = world.tieout(&["explain", "shop.charges/ch_bad2"]);
        assert!(told.stdout.contains("forced: for the ledger"), "{told:?}");
        let twice = dlq(world, &["retry", &healed, "--force", "--yes"]);
        assert!(twice.stdout.contains("1 already done"), "{twice:?}");
        let due = dlq(world, &["retry", "--due", "--force"]);
        assert!(due.code == 2 && due.stderr.contains("--due"), "{due:?}");
    })
    .await;
}

#[tokio::test]
async fn what_nobody_decided_about_expires_and_what_a_person_dropped_is_kept_until_its_own_time() {
    on_both(async |world, state: &State| {
        lose(world).await;
        world.edit("tieout.yaml", "queues: {", "events: {keep_dead: 30d}\nqueues: {");
        dlq(world, &["drop", "--all", "--limit", "1", "--reason", "closed", "--by", "ada", "--yes"]);
        let dropped = dlq(world, &["list", "--flat", "--dropped", "--format", "json"]).json();
        let dropped = dropped["events"][0]["key"].as_str().unwrap().to_owned();
        let listed = dlq(world, &["list", "--flat", "--format", "json"]).json();
        let expired = listed["events"][0]["key"].as_str().unwrap().to_owned();

        let long_ago = "'2020-01-01T00:00:00.000000Z'";
        state.sql(world, &format!("UPDATE outbox SET finished_at = {long_ago} WHERE state = 'dead'")).await;
        let first = world.run();
        let counts = |run: &Outcome| {
            let events = &run.domain()["events"];
            (events["expired"].clone(), events["tombstones"].clone())
        };
        assert_eq!(counts(&first), (json!(2), json!(0)), "{first:?}");
        let told = world.tieout(&["report", "show"]).stdout;
        assert!(told.contains("2 expired as dead letters"), "{told}");
        let told = world.tieout(&["explain", &format!("shop.charges/{expired}")]).stdout;
        assert!(told.contains("expire: ") && told.contains("tieout"), "{told}");
        assert_eq!(world.stands(&expired).0, "recurring");

        state.sql(world, &format!("UPDATE outbox SET dropped_at = {long_ago} WHERE state = 'dead'")).await;
        let second = world.run();
        assert_eq!(counts(&second), (json!(0), json!(1)), "{second:?}");
        let told = world.tieout(&["explain", &format!("shop.charges/{dropped}")]).stdout;
        assert!(told.contains("drop: recurring") && !told.contains("expire: "), "{told}");
        assert_eq!(world.stands(&dropped).0, "recurring");
    })
    .await;
}

#[tokio::test]
async fn ids_come_from_the_command_line_and_from_the_list_itself() {
    let world = World::agreeing(2).await;
    lose(&world).await;
    mend(&world).await;
    let list = dlq(&world, &["list", "--flat", "--format", "jsonl"]);
    let first = ids(&world)[0].clone();
    assert_eq!(dlq(&world, &["retry", &first, "--yes"]).code, 0);
    let piped = with_input(&world, &["dlq", "retry", "-", "--yes", "--format", "json"], &list.stdout);
    assert_eq!(piped.code, 0, "{piped:?}");
    assert_eq!((&piped.json()["sent"], &piped.json()["already_done"]), (&json!(2), &json!(1)));
    let wrong = with_input(&world, &["dlq", "retry", "-", "--yes"], "\nnonsense\n");
    assert!(wrong.code == 2 && wrong.stderr.contains("line 2"), "{wrong:?}");
    let none = with_input(&world, &["dlq", "retry", "-", "--yes"], "");
    assert!(none.code == 0 && none.stdout.contains("No dead letters match"), "{none:?}");
}

#[tokio::test]
async fn what_is_put_back_without_a_delivery_goes_out_with_the_next_run() {
    let world = World::agreeing(2).await;
    lose(&world).await;
    mend(&world).await;
    let back = dlq(&world, &["retry", "--class", "rejected", "--yes", "--no-drain", "--format", "json"]);
    assert_eq!((back.code, &back.json()["waiting"]), (3, &json!(3)), "{back:?}");
    assert_eq!(world.events().await.len(), 1);
    assert_eq!(world.run().domain()["events"]["emitted"], 3);
}

#[tokio::test]
async fn a_rate_sends_events_one_after_the_other() {
    let world = World::agreeing(2).await;
    lose(&world).await;
    mend(&world).await;
    let slow =
        dlq(&world, &["retry", "--all", "--yes", "--rate", "1/h", "--drain", "1s", "--format", "json"]);
    assert_eq!(slow.code, 3, "{slow:?}");
    assert_eq!((&slow.json()["sent"], &slow.json()["waiting"]), (&json!(1), &json!(2)));
}

#[tokio::test]
async fn a_dropped_event_is_a_tombstone_and_its_finding_is_parked() {
    on_both(async |world, _| {
        lose(world).await;
        let dropped =
            dlq(world, &["drop", "--all", "--limit", "1", "--reason", "closed", "--by", "ada", "--yes"]);
        assert_eq!(dropped.code, 0, "{dropped:?}");
        assert!(dropped.stdout.starts_with("dropped 1 event as ada: closed"), "{dropped:?}");
        assert_eq!(ids(world).len(), 2);
        let gone = dlq(world, &["list", "--flat", "--dropped", "--format", "json"]).json();
        let (event, key) = (&gone["events"][0], gone["events"][0]["key"].as_str().unwrap());
        assert_eq!((&event["dropped_by"], &event["dropped_why"]), (&json!("ada"), &json!("closed")));
        assert_eq!(world.stands(key).0, "recurring");
        let told = world.tieout(&["explain", &format!("shop.charges/{key}")]);
        assert!(told.stdout.contains("drop: recurring") && told.stdout.contains("closed"), "{told:?}");
        let shown = dlq(world, &["show", event["event_id"].as_str().unwrap()]);
        assert!(shown.stdout.contains("by ada: closed"), "{shown:?}");
        mend(world).await;
        let again = dlq(world, &["retry", event["event_id"].as_str().unwrap(), "--yes"]);
        assert!(again.code == 0 && again.stdout.contains("1 dropped before"), "{again:?}");
        world.run();
        assert_eq!(world.events().await.len(), 1, "no run sends it");
        let status = world.tieout(&["status", "--format", "json"]).json();
        assert_eq!(status["domains"][0]["dead"], 2);
        // A person changes their mind: it is another episode, and another event.
        assert_eq!(world.tieout(&["findings", "reopen", &format!("shop.charges/{key}")]).code, 0);
        assert_eq!(world.run().domain()["events"]["emitted"], 1);
    })
    .await;
}

#[tokio::test]
async fn an_export_has_whole_events_and_writes_over_nothing() {
    let world = World::agreeing(2).await;
    lose(&world).await;
    let wrote = dlq(&world, &["export", "--to", "dead.ndjson"]);
    assert_eq!((wrote.code, wrote.stdout.as_str()), (0, "exported 3 events to dead.ndjson\n"), "{wrote:?}");
    let text = std::fs::read_to_string(world.path().join("dead.ndjson")).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3);
    assert_eq!((&lines[0]["class"], &lines[0]["event"]["specversion"]), (&json!("rejected"), &json!("1.0")));
    assert_eq!(lines[0]["event"]["id"], lines[0]["event_id"]);
    assert_eq!(lines[0]["event"]["data"]["amount"], 500);
    let refused = dlq(&world, &["export", "--to", "dead.ndjson"]);
    assert!(refused.code == 2 && refused.stderr.contains("--overwrite"), "{refused:?}");
    assert_eq!(dlq(&world, &["export", "--to", "dead.ndjson", "--overwrite"]).code, 0);
    assert_eq!(dlq(&world, &["export", "--to", "-"]).stdout, text);
    assert_eq!(dlq(&world, &["export", "--to", "nowhere/dead.ndjson"]).code, 2);
    assert_eq!(dlq(&world, &["export", "--class", "poison", "--to", "-"]).stdout, "");
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_and_what_matches_nothing_is_no_error() {
    let world = World::agreeing(2).await;
    lose(&world).await;
    let known = ids(&world)[0].clone();
    let unknown = "00000000-0000-0000-0000-000000000001";
    let refused: [(&[&str], &str); 14] = [
        (&["retry"], "--all"),
        (&["retry", "--all"], "--yes"),
        (&["drop", "--all", "--reason", "x"], "--yes"),
        (&["drop", "--all", "--yes"], "--reason"),
        (&["retry", "--all", "--yes", "--rate", "fast"], "is not a rate"),
        (&["retry", "--all", "--yes", "--rate", "0/s"], "is not a rate"),
        (&["retry", "--all", "--yes", "--limit", "0"], "--limit"),
        (&["retry", "--group", "ffffffff", "--yes"], "no dead letter is in a group `ffffffff` now"),
        (&["retry", "--group", "Z", "--yes"], "is not a group"),
        (&["retry", &known, unknown, "--yes"], "no event has the id 00000000"),
        (&["retry", &known, "--class", "rejected", "--yes"], "not by both"),
        (&["retry", "--domain", "nobody.*", "--yes"], "nobody.*"),
        (&["show", "ffffffff"], "no dead letter is in a group"),
        (&["show", unknown], "no event has the id"),
    ];
    for (args, why) in refused {
        let outcome = dlq(&world, args);
        assert_eq!(outcome.code, 2, "{args:?} {outcome:?}");
        assert!(outcome.stderr.contains(why), "{args:?} {outcome:?}");
    }
    let nothing: [(&[&str], &str); 5] = [
        (&["list", "--class", "poison"], "No dead letters match.\n"),
        (&["list", "--flat", "--since", "2100-01-01"], "No dead letters match.\n"),
        (&["retry", "--class", "poison"], "No dead letters match; nothing was sent.\n"),
        (&["retry", "--queue", "other", "--dry-run"], "No dead letters match; nothing would be done.\n"),
        (&["drop", "--class", "poison", "--reason", "x"], "No dead letters match; nothing was dropped.\n"),
    ];
    for (args, words) in nothing {
        let outcome = dlq(&world, args);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (0, words), "{args:?} {outcome:?}");
    }
    assert_eq!(ids(&world).len(), 3, "nothing was changed");
}

#[tokio::test]
async fn a_queue_that_is_not_configured_any_more_gets_nothing() {
    let world = World::agreeing(2).await;
    lose(&world).await;
    world.state("UPDATE outbox SET queue = 'gone' WHERE state = 'dead' AND key = 'ch_bad0'").await;
    let plan = dlq(&world, &["retry", "--all", "--dry-run"]);
    assert!(plan.stdout.contains("2 eligible of 3 events; 1 without a configured queue"), "{plan:?}");
    let several = dlq(&world, &["drop", "--queue", "shop,gone", "--reason", "closed", "--dry-run"]);
    assert!(several.stdout.contains("3 eligible of 3 events"), "{several:?}");
}

#[tokio::test]
async fn a_run_tries_transient_dead_letters_again_by_itself_at_most_three_times() {
    on_both(async |world, state: &State| {
        lose(world).await;
        let none = world.run();
        assert_eq!(none.domain()["events"]["retried"], 0, "{none:?}");
        let long_ago = chrono::Utc::now() - chrono::TimeDelta::days(2);
        let at = long_ago.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
        let died =
            format!("UPDATE outbox SET class = 'exhausted', finished_at = '{at}' WHERE state = 'dead'");
        let died = died.as_str();
        state.sql(world, died).await;
        let shown = dlq(world, &["show", &ids(world)[0]]);
        assert!(shown.stdout.contains("tries it again by itself from 20"), "{shown:?}");
        for _ in 0..3 {
            state.sql(world, died).await;
            let run = world.run();
            assert_eq!(run.domain()["events"]["retried"], 3, "{run:?}");
            assert_eq!((run.code, &run.domain()["events"]["dead"]), (3, &json!(3)), "{run:?}");
        }
        state.sql(world, died).await;
        let over = world.run();
        assert_eq!(over.domain()["events"]["retried"], 0, "{over:?}");
        mend(world).await;
        state.sql(world, "UPDATE outbox SET retries = 2 WHERE state = 'dead'").await;
        let last = world.run();
        assert_eq!(
            (&last.domain()["events"]["retried"], &last.domain()["events"]["emitted"]),
            (&json!(3), &json!(3))
        );
        let report = world.tieout(&["report", "show"]);
        assert!(report.stdout.contains("3 retried from dead letters"), "{report:?}");
    })
    .await;
}

#[tokio::test]
async fn the_beginning_of_several_groups_is_nobody_s_and_changes_nothing() {
    let world = World::agreeing(2).await;
    lose(&world).await;
    let begins = |reason: &str| {
        let id = tieout::dead_letter::Group::of("shop.charges", "shop", "rejected", reason).id();
        id.to_string()[..1].to_owned()
    };
    let first = begins("no");
    let other = ('a'..='z').map(|c| format!("no {c}")).find(|reason| begins(reason) == first).unwrap();
    world.state("UPDATE outbox SET reason = 'no' WHERE state = 'dead'").await;
    world.state(&format!("UPDATE outbox SET reason = '{other}' WHERE key = 'ch_bad0'")).await;
    assert_eq!(groups(&world).len(), 2);
    let acts: [&[&str]; 2] =
        [&["drop", "--yes", "--reason", "x", "--group", &first], &["retry", "--yes", "--group", &first]];
    for args in acts {
        let refused = dlq(&world, args);
        assert!(refused.code == 2 && refused.stderr.contains("several groups begin with"), "{refused:?}");
    }
    assert_eq!(ids(&world).len(), 3);
}

#[tokio::test]
async fn what_a_reason_matches_selects_dead_letters_and_narrows_a_group() {
    let world = World::agreeing(3).await;
    lose(&world).await;
    let group = groups(&world)[0]["group"].as_str().unwrap().to_owned();
    let eligible = |args: &[&str]| {
        let plan = dlq(&world, &[&["retry", "--dry-run", "--format", "json"], args].concat());
        assert_eq!(plan.code, 0, "{plan:?}");
        plan.json()["eligible"].clone()
    };
    assert_eq!(eligible(&["--error", "CHECK constraint.*subject"]), 3);
    assert_eq!(eligible(&["--group", &group, "--error", "(?i)check CONSTRAINT"]), 3);
    assert_eq!(eligible(&["--group", &group, "--error", "stale version"]), 0);
    assert_eq!(dlq(&world, &["list", "--error", "^stale"]).stdout, "No dead letters match.\n");
    assert_eq!(
        dlq(&world, &["list", "--error", "CHECK", "--format", "json"]).json()["groups"][0]["count"],
        3
    );
    let wrong = dlq(&world, &["list", "--error", "[a"]);
    assert_eq!(wrong.code, 2, "{wrong:?}");
    assert!(wrong.stderr.contains("--error <REGEX>"), "{wrong:?}");
}

/// Makes all dead letters those of a passing cause that died so many hours ago.
async fn died_ago(world: &World, state: &State, hours: i64) {
    let died = chrono::Utc::now() - chrono::TimeDelta::hours(hours);
    let at = died.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    let statement =
        format!("UPDATE outbox SET class = 'exhausted', finished_at = '{at}' WHERE state = 'dead'");
    state.sql(world, &statement).await;
}

/// What the journal says of retries, oldest first.
fn retries(world: &World) -> Vec<String> {
    let told = world.tieout(&["state", "journal", "shop.charges", "--limit", "0", "--format", "json"]).json();
    let entries = told["entries"].as_array().unwrap().iter();
    let entries = entries.filter(|entry| entry["event"] == "retried");
    entries.map(|entry| entry["detail"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn what_is_due_by_itself_goes_out_without_a_run_and_the_journal_has_a_row_of_it() {
    on_both(async |world, state: &State| {
        let none = dlq(world, &["retry", "--due"]);
        assert_eq!(none.stdout, "No dead letter is due; nothing was sent.\nNone waits for its time.\n");
        lose(world).await;
        died_ago(world, state, 0).await;
        let early = dlq(world, &["retry", "--due"]);
        assert_eq!(early.code, 0, "{early:?}");
        assert!(
            early.stdout.contains("No dead letter is due")
                && early.stdout.contains("The next one is due at 20")
        );

        died_ago(world, state, 2).await;
        let plan = dlq(world, &["retry", "--due", "--dry-run"]);
        assert_eq!((plan.code, plan.stdout.as_str()), (0, "3 eligible of 3 events\nNothing was done.\n"));
        assert!(retries(world).is_empty(), "a dry run is no retry");
        let again = dlq(world, &["retry", "--due", "--format", "json"]);
        assert_eq!((again.code, &again.json()["failed_again"]), (3, &json!(3)), "{again:?}");
        died_ago(world, state, 2).await;
        let early = dlq(world, &["retry", "--due"]);
        assert!(
            early.code == 0 && early.stdout.contains("No dead letter is due"),
            "its second pause is longer"
        );

        died_ago(world, state, 5).await;
        mend(world).await;
        state.sql(world, "UPDATE findings SET state = 'healed' WHERE key = 'ch_bad0'").await;
        let sent = dlq(world, &["retry", "--due", "--domain", "shop.*", "--queue", "shop"]);
        assert_eq!(sent.code, 0, "{sent:?}");
        assert_eq!(
            sent.stdout,
            "sent 2 of 2 events as tieout; 1 superseded: their findings do not need them any more\n"
        );
        assert_eq!(world.events().await.len(), 3);
        assert_eq!(world.stands("ch_bad1"), ("emitted".to_owned(), 1));
        let told = world.tieout(&["explain", "shop.charges/ch_bad1"]).stdout;
        assert!(
            told.contains("retry: open") && told.contains("tieout") && told.contains("by itself"),
            "{told}"
        );
        assert_eq!(
            retries(world),
            [
                "dead letters that were due: 3 failed again",
                "dead letters that were due: 2 sent, 1 superseded"
            ]
        );
    })
    .await;
}

#[tokio::test]
async fn two_retry_jobs_beside_a_run_send_each_event_once() {
    on_both(async |world, state: &State| {
        lose(world).await;
        died_ago(world, state, 2).await;
        mend(world).await;
        let jobs = [&["dlq", "retry", "--due"][..], &["dlq", "retry", "--due"], &["run", "shop.charges"]];
        let jobs = jobs.map(|args| crate::process::Process::start(world, args));
        for (ended, _) in jobs.map(crate::process::Process::end) {
            assert!([0, 3].contains(&ended.code), "{ended:?}");
        }
        dlq(world, &["retry", "--due"]);
        world.run();
        let mut subjects: Vec<String> =
            world.events().await.iter().map(|event| event["subject"].as_str().unwrap().to_owned()).collect();
        subjects.sort();
        assert_eq!(subjects, ["ch_bad0", "ch_bad1", "ch_bad2", "ch_good"]);
        assert_eq!(retried_once(world), 3, "each was put back once");
    })
    .await;
}

/// How many events are known to have been put back once and sent.
fn retried_once(world: &World) -> usize {
    let shown = (0..3).map(|at| world.tieout(&["explain", &format!("shop.charges/ch_bad{at}")]).stdout);
    shown.filter(|told| told.matches("retry: open").count() == 1).count()
}

#[tokio::test]
async fn what_is_due_is_chosen_by_nothing_else_than_domain_and_queue() {
    let world = World::agreeing(2).await;
    lose(&world).await;
    let event = ids(&world)[0].clone();
    let others: [&[&str]; 8] = [
        &["--group", "7f3a"],
        &["--class", "exhausted"],
        &["--error", "x"],
        &["--since", "24h"],
        &["--limit", "1"],
        &["--all"],
        &["--note", "x"],
        &[&event],
    ];
    for other in others {
        let refused = dlq(&world, &[&["retry", "--due"], other].concat());
        assert!(
            refused.code == 2 && refused.stderr.contains("cannot be used with"),
            "{other:?}: {refused:?}"
        );
    }
    let refused = dlq(&world, &["retry", "--due", "--queue", "shopp"]);
    assert!(refused.code == 2 && refused.stderr.contains("known queues: shop"), "{refused:?}");
    let refused = dlq(&world, &["retry", "--due", "--domain", "shop.chargse"]);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert_eq!(ids(&world).len(), 3);
}
