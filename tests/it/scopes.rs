//! What a call of `run` or `plan` asks for in place of what is due: some keys, everything, a gentler pace, a longer rest.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::process::{Process, until_so};
use crate::world::{Outcome, World, charge, set};

/// Three charges that agree, and three that only the provider has.
async fn lossy() -> World {
    let world = World::agreeing(3).await;
    for (at, id) in ["ch_one", "ch_two", "ch_three"].into_iter().enumerate() {
        world.upstream(&charge(id, 4, 500 + i64::try_from(at).unwrap()));
    }
    world
}

/// The subjects of the events in the queue.
async fn sent(world: &World) -> Vec<String> {
    let events = world.events().await;
    let mut subjects: Vec<String> =
        events.iter().map(|event| event["subject"].as_str().unwrap().to_owned()).collect();
    subjects.sort_unstable();
    subjects
}

fn look_ups(world: &World) -> BTreeSet<String> {
    world.api.shelf.lock().unwrap().look_ups.iter().cloned().collect()
}

/// `tieout` with something on its standard input.
fn fed(world: &World, args: &[&str], input: &[u8]) -> Outcome {
    let mut child = world.command(args).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let ended = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let (stdout, stderr) = (text(ended.stdout), text(ended.stderr));
    Outcome { code: ended.status.code().unwrap_or(-1), stdout, stderr }
}

#[tokio::test]
async fn a_list_of_keys_is_all_that_a_run_looks_at() {
    let world = lossy().await;
    world.write("keys.txt", "\u{feff}ch_one\r\n\r\nch_001\r\nch_one\r\n");
    let run = world.tieout(&["run", "--keys-from", "keys.txt", "--key", "ch_two", "--format", "json"]);
    assert_eq!((run.code, run.findings()), (0, set(["missing ch_one", "missing ch_two"])), "{run:?}");
    assert_eq!(sent(&world).await, ["ch_one", "ch_two"]);
    assert_eq!(run.domain()["items"]["upstream"], 3, "each key counts once: {run:?}");
    let verified = "SELECT CAST(COUNT(*) AS TEXT) FROM coverage";
    assert_eq!(world.asked_of_state(verified).await, "0", "keys say nothing about a range");
    assert!(!look_ups(&world).contains("ch_three"));
}

#[tokio::test]
async fn of_each_named_key_it_is_said_what_is_thought_of_it_and_of_no_other() {
    let world = lossy().await;
    let plan = world.tieout(&["plan", "--key", "ch_one,ch_001,nope"]);
    assert_eq!(plan.code, 4, "{plan:?}");
    for said in [
        "1 different, 1 on neither side, 1 in agreement",
        "  ch_one      missing\n",
        "  nope        on neither side\n",
        "  ch_001      the sides agree\n",
    ] {
        assert!(plan.stdout.contains(said), "{said}: {}", plan.stdout);
    }
    assert_eq!(world.tieout(&["run"]).code, 0);
    let plan = world.tieout(&["plan", "--key", "ch_001,nope", "--format", "json"]);
    assert_eq!(
        (plan.code, plan.findings()),
        (0, set([])),
        "others are open, and nobody asked about them: {plan:?}"
    );
    let verdicts = &plan.domain()["named"]["verdicts"];
    assert_eq!(*verdicts, serde_json::json!({"absent": 1, "agrees": 1}), "{plan:?}");
    let sent = world.tieout(&["plan", "--key", "ch_one"]);
    assert_eq!(sent.code, 0, "it was sent, and nothing would be sent now: {sent:?}");
    assert!(sent.stdout.contains("missing; emitted earlier, not repaired yet"), "{sent:?}");
}

#[tokio::test]
async fn a_list_of_keys_may_come_from_another_program() {
    let world = lossy().await;
    let plan = fed(&world, &["plan", "--keys-from", "-", "--format", "json"], b"ch_three\n");
    assert_eq!((plan.code, plan.findings()), (4, set(["missing ch_three"])), "{plan:?}");
    let run = fed(&world, &["run", "--keys-from", "-"], b"");
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.stderr.contains("standard input names no key"), "{run:?}");
}

#[tokio::test]
async fn a_list_that_cannot_be_used_is_no_run() {
    let world = lossy().await;
    let path = world.path().join("keys.txt");
    for (bytes, wrong) in [
        (b"\n \r\n".as_slice(), "keys.txt names no key"),
        (b"ch_one\nch\xff\n", "line 2: it is not valid UTF-8"),
        (b"ch_one\nch\x01two\n", "line 2: the key is longer than 1024 bytes or holds a control character"),
        (b"\nch_one \n", "line 2: white space around the key"),
    ] {
        std::fs::write(&path, bytes).unwrap();
        for command in ["run", "plan"] {
            let refused = world.tieout(&[command, "--keys-from", "keys.txt"]);
            assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{refused:?}");
            assert!(refused.stderr.contains(wrong), "{wrong}: {refused:?}");
        }
    }
    let gone = world.tieout(&["run", "--keys-from", "nowhere.txt"]);
    assert_eq!(gone.code, 2, "{gone:?}");
    assert!(gone.stderr.contains("nowhere.txt cannot be read"), "{gone:?}");
    for other in [["--since", "2d"], ["--window", "2d"], ["--plan", "p.json"], ["--resume", "latest"]] {
        let refused = world.tieout(&["run", "--keys-from", "keys.txt", other[0], other[1]]);
        assert_eq!(refused.code, 2, "{refused:?}");
    }
    assert_eq!(world.api.requests(), 0);
    assert!(sent(&world).await.is_empty());
}

/// Three domains over the same charges, in this order, of which the second is defined as an edit says.
async fn three(from: &str, to: &str) -> World {
    let world = lossy().await;
    let charges = include_str!("world/charges.yaml");
    assert!(charges.contains(from));
    for (name, text) in
        [("first", charges.to_owned()), ("second", charges.replace(from, to)), ("third", charges.to_owned())]
    {
        let text = text.replace("domain: shop.charges", &format!("domain: shop.{name}"));
        world.write(&format!("{name}.yaml"), &text);
    }
    std::fs::remove_file(world.path().join("charges.yaml")).unwrap();
    let gone = "databases: {gone: {url: \"postgres://nobody@127.0.0.1:1/gone\"}, app:";
    world.edit("tieout.yaml", "databases: {app:", gone);
    world
}

/// `domain status failure` of each domain in the result document.
fn ends(outcome: &Outcome) -> Vec<String> {
    let domains = outcome.json()["domains"].as_array().unwrap().clone();
    let word = |value: &serde_json::Value| value.as_str().unwrap_or("-").to_owned();
    let end =
        |one: &serde_json::Value| ["domain", "status", "failure"].map(|name| word(&one[name])).join(" ");
    domains.iter().map(end).collect()
}

#[tokio::test]
async fn after_a_failure_nothing_else_is_begun_and_what_was_done_is_delivered() {
    let world = three("database: app", "database: gone").await;
    let run = world.tieout(&["run", "--fail-fast", "--format", "json"]);
    let told = ["shop.first done -", "shop.second failed unreachable", "shop.third skipped not_begun"];
    assert_eq!((run.code, ends(&run)), (3, told.map(str::to_owned).to_vec()), "{run:?}");
    assert_eq!(
        run.json()["exit"]["reasons"],
        serde_json::json!(["unreachable:shop.second", "not_begun:shop.third"])
    );
    let problem = run.json()["domains"][2]["problems"][0].as_str().unwrap().to_owned();
    assert!(problem.contains("`shop.second` failed"), "{problem}");
    let sources: BTreeSet<String> =
        world.events().await.iter().map(|event| event["source"].as_str().unwrap().to_owned()).collect();
    assert_eq!(sources, set(["/tieout/shop.first"]));

    let person = world.tieout(&["report", "show", "latest"]);
    assert!(person.stdout.contains("not begun, because another domain failed"), "{person:?}");
    std::fs::remove_file(world.path().join("second.yaml")).unwrap();
    let again = world.tieout(&["run", "--failed", "--format", "json"]);
    assert_eq!(again.code, 2, "{again:?}");
    assert!(again.stderr.contains("`shop.second`"), "it is not defined any more: {again:?}");
}

#[tokio::test]
async fn a_failure_that_only_a_person_mends_is_no_reason_to_try_again() {
    let world = three("FROM charges WHERE id", "FROM chargs WHERE id").await;
    let run = world.tieout(&["run", "--fail-fast", "--format", "json"]);
    let told = ["shop.first done -", "shop.second failed definition", "shop.third skipped not_begun"];
    assert_eq!((run.code, ends(&run)), (2, told.map(str::to_owned).to_vec()), "{run:?}");
    world.edit("second.yaml", "FROM chargs WHERE id", "FROM charges WHERE id");
    let again = world.tieout(&["run", "--failed", "--format", "json"]);
    assert_eq!(
        (again.code, ends(&again)),
        (0, vec!["shop.second done -".into(), "shop.third done -".into()])
    );
}

#[tokio::test]
async fn where_nothing_was_done_before_the_failure_the_run_has_failed() {
    let world = three("database: app", "database: gone").await;
    let run = world.tieout(&["plan", "--fail-fast", "shop.second", "shop.third", "--format", "json"]);
    let told = ["shop.second failed unreachable", "shop.third skipped not_begun"];
    assert_eq!((run.code, ends(&run)), (1, told.map(str::to_owned).to_vec()), "{run:?}");
    assert_eq!(world.api.requests(), 0);
}

#[tokio::test]
async fn a_domain_that_is_only_partial_or_held_stops_no_other() {
    let world = three("settle: 1s", "settle: 1s, max_emits: 1").await;
    let broken = crate::api::Fault::Says(400, "application/json", "{}".to_owned());
    world.api.change(|shelf| shelf.faults.push_back(Some(broken)));
    let run = world.tieout(&["run", "--fail-fast", "--concurrency", "1", "--format", "json"]);
    let told = ["shop.first partial -", "shop.second held -", "shop.third done -"];
    assert_eq!((run.code, ends(&run)), (3, told.map(str::to_owned).to_vec()), "{run:?}");
}

/// How long a command took, and how many requests the provider got for it.
fn timed(world: &World, args: &[&str]) -> (Outcome, Duration, u32) {
    let (before, began) = (world.api.requests(), Instant::now());
    let outcome = world.tieout(args);
    (outcome, began.elapsed(), u32::try_from(world.api.requests() - before).unwrap())
}

#[tokio::test]
async fn a_run_asks_no_more_often_than_it_is_told_to() {
    let world = lossy().await;
    world.edit("provider.yaml", "feeds:", "limits: {rate: 50/s, burst: 20}\nfeeds:");
    world.edit("charges.yaml", "settle: 1s", &format!("settle: 1s, start: {}", days_ago(2)));
    for command in ["plan", "run"] {
        let (outcome, took, requests) = timed(&world, &[command, "--rate", "600/m", "--format", "json"]);
        assert_eq!(outcome.findings(), set(["missing ch_one", "missing ch_three", "missing ch_two"]));
        assert!(requests >= 5, "{requests}");
        // A timer may be late by a hundredth of a second with the first, and not with the last.
        assert!(took >= Duration::from_millis(95) * (requests - 1), "{took:?} for {requests}");
    }
    assert_eq!(sent(&world).await.len(), 3);
}

#[tokio::test]
async fn a_rate_never_lifts_the_limit_of_a_definition() {
    let world = World::agreeing(1).await;
    world.edit("provider.yaml", "feeds:", "limits: {rate: 10/s}\nfeeds:");
    let (outcome, took, requests) = timed(&world, &["run", "--since", "10d", "--rate", "1000/s"]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(requests >= 8 && took >= Duration::from_millis(95) * (requests - 1), "{took:?} for {requests}");
}

#[tokio::test]
async fn a_rate_that_is_none_is_refused() {
    let world = World::agreeing(1).await;
    for wrong in ["fast", "0/s", "-1/s", "5", "5/year", "1/1000h", "inf/s"] {
        let refused = world.tieout(&["run", &format!("--rate={wrong}")]);
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(refused.stderr.contains("--rate"), "{refused:?}");
    }
    assert_eq!(world.api.requests(), 0);
}

#[tokio::test]
async fn items_may_rest_for_longer_than_their_domain_says_and_come_in_the_next_run() {
    let world = World::agreeing(3).await;
    world.upstream(&charge("ch_fresh", 1, 500));
    world.upstream(&charge("ch_old", 5, 500));
    let patient = world.tieout(&["run", "--settle", "2h", "--format", "json"]);
    assert_eq!((patient.code, patient.findings()), (0, set(["missing ch_old"])), "{patient:?}");
    assert_eq!(patient.domain()["settle_seconds"], 7_200);
    let ceiling = patient.domain()["ceiling"].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>();
    assert!(ceiling.unwrap() < chrono::Utc::now() - chrono::TimeDelta::minutes(119));
    assert_eq!(patient.domain()["verified_through"], patient.domain()["ceiling"]);

    let next = world.run();
    assert_eq!(next.code, 0, "{next:?}");
    assert_eq!(next.domain()["settle_seconds"], 1);
    assert_eq!(sent(&world).await, ["ch_fresh", "ch_old"]);
}

#[tokio::test]
async fn a_rest_that_is_shorter_than_the_domain_s_own_is_refused_before_anything_is_read() {
    let world = lossy().await;
    world.edit("charges.yaml", "settle: 1s", "settle: 15m");
    for command in ["run", "plan"] {
        let refused = world.tieout(&[command, "--settle", "14m", "--format", "json"]);
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(refused.stderr.contains("`shop.charges` has its items rest for 15m"), "{refused:?}");
        assert!(refused.stderr.contains("\"code\":\"settle\""), "{refused:?}");
    }
    assert_eq!(world.tieout(&["run", "--settle", "soon"]).code, 2);
    assert_eq!(world.api.requests(), 0);
    let same = world.tieout(&["run", "--settle", "15m", "--format", "json"]);
    assert_eq!((same.code, same.findings().len()), (0, 3), "{same:?}");
}

/// The verified ranges in the state store, as text.
async fn verified(world: &World) -> String {
    world.asked_of_state("SELECT group_concat(from_at || ' ' || to_at, ', ') FROM coverage").await
}

#[tokio::test]
async fn a_full_run_finds_what_was_lost_after_it_had_been_verified() {
    let world = World::agreeing(3).await;
    world.edit("charges.yaml", "settle: 1s", &format!("settle: 1s, start: {}", days_ago(3)));
    assert_eq!(world.run().findings().len(), 0);
    let began = verified(&world).await[..20].to_owned();
    world.sql("DELETE FROM charges WHERE id = 'ch_001'").await;
    assert_eq!(world.run().findings().len(), 0, "verified ranges are not read again");
    let plan = world.tieout(&["plan", "--full", "--format", "json"]);
    assert_eq!((plan.code, plan.findings()), (4, set(["missing ch_001"])), "{plan:?}");
    let full = world.tieout(&["run", "--full", "--format", "json"]);
    assert_eq!((full.code, full.findings()), (0, set(["missing ch_001"])), "{full:?}");
    assert_eq!((full.domain()["items"]["upstream"].as_u64(), sent(&world).await.len()), (Some(3), 1));
    let ranges = verified(&world).await;
    assert!(
        ranges.starts_with(&began) && !ranges.contains(','),
        "one range, from the same beginning: {ranges}"
    );
    assert_eq!(full.domain()["verified_through"], full.domain()["ceiling"]);
}

#[tokio::test]
async fn a_full_run_that_breaks_off_loses_no_coverage() {
    let world = World::agreeing(3).await;
    world.edit("charges.yaml", "settle: 1s", &format!("settle: 1s, start: {}", days_ago(3)));
    world.run();
    let before = verified(&world).await;
    let broken = crate::api::Fault::Says(400, "application/json", "{}".to_owned());
    world.api.change(|shelf| shelf.always = Some(broken));
    let full = world.tieout(&["run", "--full", "--format", "json"]);
    assert_eq!((full.code, full.findings().len()), (3, 0), "{full:?}");
    assert_eq!(verified(&world).await, before);
    world.api.change(|shelf| shelf.always = None);
    assert_eq!(world.run().code, 0);
}

#[tokio::test]
async fn what_a_full_run_was_asked_for_is_kept_for_whoever_goes_on_with_it() {
    let world = World::agreeing(3).await;
    assert_eq!(world.tieout(&["run", "--full"]).code, 0);
    let kept = "SELECT json_extract(args, '$.scope') FROM runs ORDER BY started_at DESC";
    assert_eq!(world.asked_of_state(kept).await, "full");
}

fn days_ago(days: i64) -> String {
    (chrono::Utc::now() - chrono::TimeDelta::days(days)).to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

fn emitted() -> &'static str {
    "SELECT CAST(COUNT(*) AS TEXT) FROM findings WHERE state = 'emitted'"
}

#[tokio::test]
async fn a_run_that_waits_for_its_consumer_reports_what_that_repaired() {
    let world = lossy().await;
    let run = Process::start(&world, &["run", "--confirm", "10m", "--format", "json"]);
    until_so("all is sent", async || world.asked_of_state(emitted()).await == "3").await;
    assert_eq!(world.consume().await, 3);
    let (ended, took) = run.end();
    assert_eq!(ended.code, 0, "{ended:?}");
    let domain = ended.domain();
    assert_eq!(
        (&domain["looked_again"]["emitted"], &domain["looked_again"]["repaired"]),
        (&3.into(), &3.into())
    );
    let states: Vec<&str> =
        domain["findings"].as_array().unwrap().iter().map(|f| f["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["repaired"; 3], "{ended:?}");
    assert!(took < Duration::from_mins(2), "it ends with the last repair: {took:?}");
    let text = world.tieout(&["report", "show", "latest"]);
    assert!(text.stdout.contains("3 events emitted, 3 repaired"), "{text:?}");
    assert_eq!(world.run().domain()["follow_up"]["checked"], 0);
}

#[tokio::test]
async fn a_signal_ends_the_wait_for_a_consumer_and_so_does_the_deadline() {
    let world = lossy().await;
    let run = Process::start(&world, &["run", "--confirm", "1h", "--format", "json"]);
    until_so("all is sent", async || world.asked_of_state(emitted()).await == "3").await;
    let held = "SELECT CAST(COUNT(*) AS TEXT) FROM leases WHERE holder IS NOT NULL";
    until_so("the domain is held again", async || world.asked_of_state(held).await == "1").await;
    run.signal("TERM");
    let (ended, took) = run.end();
    assert_eq!((ended.code, took < Duration::from_secs(20)), (143, true), "{ended:?}");
    assert_eq!(
        (&ended.domain()["status"], &ended.domain()["events"]["emitted"]),
        (&"done".into(), &3.into())
    );
    assert_eq!(world.asked_of_state(held).await, "0");

    world.upstream(&charge("ch_four", 4, 600));
    let late = world.tieout(&["run", "--full", "--confirm", "1h", "--deadline", "15s", "--format", "json"]);
    assert_eq!(late.code, 0, "{late:?}");
    assert_eq!(late.domain()["looked_again"]["emitted"], 1);
    let notes = late.domain()["notes"].to_string();
    assert!(notes.contains("1 of 1 findings that were sent were not seen repaired"), "{notes}");
}

#[tokio::test]
async fn a_gate_decides_the_exit_code_by_what_was_found_and_says_by_which_figure() {
    let world = lossy().await;
    let plan = |gate: &str| world.tieout(&["plan", "--fail-on", gate, "--format", "json"]);
    assert_eq!(world.plan().code, 4);
    for (gate, code) in [
        ("missing>2", 4),
        ("missing>3", 0),
        ("missing>=3", 4),
        ("orphaned>0,mismatched>0", 0),
        ("orphaned>0,findings>2", 4),
        // 5.00, 5.01 and 5.02 in dollars.
        ("money>15.02USD", 4),
        ("money>15.03USD", 0),
        ("money>0EUR", 0),
    ] {
        assert_eq!(plan(gate).code, code, "{gate}");
    }
    let run = world.tieout(&["run", "--fail-on", "missing>2,money>=15.03usd"]);
    assert_eq!(run.code, 4, "{run:?}");
    let told = "; --fail-on: missing>2 (3), money>=15.03USD (15.03 USD)";
    assert!(
        run.stdout.lines().any(|line| line.starts_with("DONE (exit 4)") && line.ends_with(told)),
        "{run:?}"
    );
    let quiet = world.tieout(&["run", "--quiet", "--fail-on", "missing>2"]);
    assert!(quiet.stdout.contains("--fail-on: missing>2 (3)"), "they are still missing: {quiet:?}");
    assert_eq!(sent(&world).await.len(), 3, "and were sent once");
    let shown = world.tieout(&["report", "show", "latest", "--format", "json"]).json();
    assert_eq!(shown["exit"]["reasons"], serde_json::json!(["fail_on:missing>2 (3)"]));
    assert_eq!(shown["domains"][0]["found"]["at_stake"], serde_json::json!({ "USD": "15.03" }));
    world.consume().await;
    assert_eq!(world.tieout(&["run", "--fail-on", "findings>0"]).code, 0, "all is repaired");
}

#[tokio::test]
async fn a_gate_counts_what_is_not_listed_and_nothing_that_is_only_suspected() {
    let world = lossy().await;
    let cut = world.tieout(&["plan", "--limit", "1", "--fail-on", "missing>=3", "--format", "json"]);
    assert_eq!((cut.code, cut.findings().len()), (4, 1), "{cut:?}");
    let young = World::agreeing(2).await;
    young.edit("charges.yaml", "settle: 1s", "settle: 15m");
    let now = "strftime('%Y-%m-%dT%H:%M:%SZ', 'now')";
    young.sql(&format!("UPDATE charges SET amount_minor = 4, updated_at = {now} WHERE id = 'ch_001'")).await;
    let suspected = young.tieout(&["run", "--fail-on", "findings>0", "--format", "json"]);
    assert_eq!(
        (suspected.code, &suspected.domain()["standing"]["suspected"]),
        (0, &1.into()),
        "{suspected:?}"
    );
}

#[tokio::test]
async fn a_partial_run_that_meets_a_condition_is_partial_first() {
    let world = three("settle: 1s", "settle: 1s, max_emits: 9").await;
    let broken = crate::api::Fault::Says(400, "application/json", "{}".to_owned());
    world.api.change(|shelf| shelf.faults.push_back(Some(broken)));
    let run = world.tieout(&["run", "--concurrency", "1", "--fail-on", "missing>5", "--format", "json"]);
    assert_eq!(run.code, 3, "{run:?}");
    let reasons = run.json()["exit"]["reasons"].to_string();
    assert!(reasons.contains("partial:shop.first") && reasons.contains("fail_on:missing>5 (9)"), "{reasons}");
}

#[tokio::test]
async fn a_gate_that_cannot_be_read_is_pointed_at() {
    let world = World::agreeing(1).await;
    for (gate, told) in [
        ("mising>0", "at position 1: `mising` is nothing that can be counted"),
        ("missing>0,money>100", "a currency of ISO 4217 is expected, such as `USD`"),
        ("missing>0,findings<3", "at position 19: `>` or `>=` is expected after `findings`"),
        ("", "a condition such as `missing>0`"),
    ] {
        let refused = world.tieout(&["run", &format!("--fail-on={gate}")]);
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(refused.stderr.contains(told), "{gate}: {refused:?}");
    }
    assert_eq!(world.api.requests(), 0);
}
