//! The commands around a run: what they print and how they end.

use crate::world::{World, charge};

#[tokio::test]
async fn status_report_and_findings_tell_what_happened() {
    let world = World::agreeing(3).await;
    world.upstream(&charge("ch_lost", 5, 500));
    world.run();
    let status = world.tieout(&["status"]);
    assert_eq!(status.code, 0, "{status:?}");
    assert!(status.stdout.contains("shop.charges") && status.stdout.contains("USD 5.00"), "{status:?}");
    let list = world.tieout(&["report", "list"]);
    assert!(list.stdout.contains("done"), "{list:?}");
    let show = world.tieout(&["report", "show", "latest", "--format", "json"]);
    assert_eq!(show.json()["domains"][0]["items"]["missing"], 1);
    let findings = world.tieout(&["findings", "list"]);
    assert!(findings.stdout.contains("ch_lost") && findings.stdout.contains("emitted"), "{findings:?}");
    let one = world.tieout(&["findings", "show", "shop.charges/ch_lost"]);
    assert!(one.stdout.contains("missing") && one.stdout.contains("emitted"), "{one:?}");
}

#[tokio::test]
async fn findings_are_listed_oldest_first_and_a_limit_leaves_the_youngest_out() {
    let world = World::agreeing(3).await;
    let keys = |args: &[&str]| {
        let list = world.tieout(&[&["findings", "list", "--format", "json"], args].concat()).json();
        let findings = list["findings"].as_array().unwrap().clone();
        let keys =
            findings.iter().map(|finding| finding["key"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        (keys, list["not_listed"].clone())
    };
    for key in ["ch_m", "ch_z", "ch_a"] {
        world.upstream(&charge(key, 5, 500));
        world.tieout(&["run", "--key", key]);
    }
    assert_eq!(keys(&[]).0, ["ch_m", "ch_z", "ch_a"]);
    assert_eq!(keys(&["--limit", "2"]), (vec!["ch_m".to_owned(), "ch_z".to_owned()], 1.into()));
    assert!(world.tieout(&["findings", "list", "-h"]).stdout.contains("oldest first"));
}

#[tokio::test]
async fn check_needs_neither_network_nor_secrets() {
    let world = World::agreeing(1).await;
    std::fs::remove_file(world.path().join("key")).unwrap();
    std::fs::remove_file(world.path().join("app.db")).unwrap();
    let outcome = world.tieout(&["check"]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert_eq!(world.tieout(&["check", "--vars"]).code, 2);
    assert_eq!(world.api.requests(), 0);
}

#[tokio::test]
async fn config_show_says_where_settings_come_from_without_network_or_secrets() {
    let world = World::agreeing(1).await;
    std::fs::remove_file(world.path().join("key")).unwrap();
    std::fs::remove_file(world.path().join("app.db")).unwrap();
    let human = world.tieout(&["config", "show"]);
    assert_eq!(human.code, 0, "{human:?}");
    assert!(human.stdout.contains("SETTING") && human.stdout.contains("events.keep"), "{human:?}");
    let outcome = world.tieout(&["config", "show", "--format", "json"]).json();
    assert_eq!(outcome["schema"], "tieout.config/v1");
    let from = |name: &str| {
        let settings = outcome["settings"].as_array().unwrap();
        settings.iter().find(|setting| setting["name"] == name).unwrap()["from"].clone()
    };
    assert_eq!(from("--format"), "flag");
    assert_eq!(from("--quiet"), "default");
    assert_eq!(from("databases.app.url"), "file");
    assert_eq!(from("metrics.expected_interval"), "default");
    let quiet = world.command(&["config", "show"]).env("TIEOUT_QUIET", "true").output().unwrap();
    assert!(String::from_utf8(quiet.stdout).unwrap().contains("TIEOUT_QUIET"));
    world.edit("tieout.yaml", "databases:", "databasis:");
    let bad = world.tieout(&["config", "show"]);
    assert_eq!(bad.code, 2, "{bad:?}");
    assert!(bad.stderr.contains("databasis"), "{bad:?}");
    assert_eq!(world.api.requests(), 0);
}

#[tokio::test]
async fn check_annotates_the_wrong_line_for_github() {
    let world = World::agreeing(1).await;
    let good = world.tieout(&["check", "--format", "github"]);
    assert_eq!((good.code, good.stdout.contains("::error")), (0, false), "{good:?}");
    world.edit("charges.yaml", "changed:", "chnged:");
    let bad = world.tieout(&["check", "--format", "github"]);
    assert_eq!(bad.code, 2, "{bad:?}");
    let [line] = bad.stdout.lines().collect::<Vec<_>>()[..] else { panic!("{bad:?}") };
    assert!(line.starts_with("::error file=") && line.contains("charges.yaml,line="), "{bad:?}");
    assert!(line.contains("chnged"), "{bad:?}");
    std::fs::remove_file(world.path().join("key")).unwrap();
    world.edit("charges.yaml", "chnged:", "changed:");
    let unset = world.tieout(&["check", "--vars", "--format", "github"]);
    assert_eq!(unset.code, 2, "{unset:?}");
    assert!(unset.stdout.starts_with("::error title=references::"), "{unset:?}");
    let refused = world.tieout(&["status", "--format", "github"]);
    assert_eq!(refused.code, 2, "{refused:?}");
}

#[tokio::test]
async fn check_online_proves_the_columns_and_the_first_page() {
    let world = World::agreeing(1).await;
    let good = world.tieout(&["check", "--online"]);
    assert_eq!(good.code, 0, "{good:?}");
    world.edit("charges.yaml", "changed: updated_at", "changed: touched_at");
    let bad = world.tieout(&["check", "--online"]);
    assert_eq!(bad.code, 2, "{bad:?}");
    assert!(bad.stdout.contains("touched_at"), "{bad:?}");
}

#[tokio::test]
async fn an_unknown_run_or_finding_is_said() {
    let world = World::agreeing(1).await;
    assert_eq!(world.tieout(&["report", "show", "0000"]).code, 2);
    assert_eq!(world.tieout(&["findings", "show", "shop.charges/nobody"]).code, 2);
}

#[tokio::test]
async fn jsonl_streams_records_that_each_stand_alone() {
    let world = World::agreeing(3).await;
    world.upstream(&charge("ch_lost", 5, 500));
    let outcome = world.tieout(&["run", "--format", "jsonl"]);
    let types: Vec<String> = outcome
        .stdout
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["type"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(types.first().map(String::as_str), Some("run_started"));
    assert_eq!(types.last().map(String::as_str), Some("run_finished"));
    assert!(types.contains(&"finding".to_owned()), "{types:?}");
}

#[tokio::test]
async fn with_a_stdout_queue_the_report_goes_to_stderr() {
    let world = World::agreeing(3).await;
    world.edit("tieout.yaml", "{sqlite: {path: queue.db, table: tieout_events}}", "{stdout: {}}");
    world.upstream(&charge("ch_lost", 5, 500));
    let outcome = world.tieout(&["run"]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let event: serde_json::Value = serde_json::from_str(outcome.stdout.trim()).unwrap();
    assert_eq!(event["subject"], "ch_lost");
    assert!(outcome.stderr.contains("shop.charges"));
}

#[tokio::test]
async fn an_ndjson_queue_holds_one_event_a_line() {
    let world = World::agreeing(3).await;
    world.edit(
        "tieout.yaml",
        "{sqlite: {path: queue.db, table: tieout_events}}",
        "{ndjson: {path: events.ndjson}}",
    );
    world.upstream(&charge("ch_lost", 5, 500));
    world.upstream(&charge("ch_lost2", 5, 500));
    world.run();
    let text = std::fs::read_to_string(world.path().join("events.ndjson")).unwrap();
    assert_eq!(
        text.lines().filter(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()).count(),
        2
    );
}

#[tokio::test]
async fn each_kind_goes_to_its_own_queue_and_one_that_does_not_work_holds_up_no_other() {
    let world = World::agreeing(3).await;
    let queue = "{sqlite: {path: queue.db, table: tieout_events}}";
    world.edit(
        "tieout.yaml",
        &format!("{{shop: {queue}}}"),
        &format!("{{shop: {queue}, corrections: {{ndjson: {{path: later/events.ndjson}}}}}}"),
    );
    world.edit("charges.yaml", "charge.updated}", "charge.updated, queue: corrections}");
    world.upstream(&charge("ch_lost", 5, 500));
    world.change_upstream("ch_000", |charge| charge["amount"] = 7.into());

    let first = world.tieout(&["run"]);
    assert_eq!(first.code, 7, "{first:?}");
    let sent = world.events().await;
    assert_eq!(sent.iter().map(|event| &event["subject"]).collect::<Vec<_>>(), ["ch_lost"]);

    std::fs::create_dir(world.path().join("later")).unwrap();
    world.run();
    let text = std::fs::read_to_string(world.path().join("later/events.ndjson")).unwrap();
    let event: serde_json::Value = serde_json::from_str(text.trim()).unwrap();
    assert_eq!((&event["subject"], &event["type"]), (&"ch_000".into(), &"com.example.charge.updated".into()));
    assert_eq!(world.events().await.len(), 1);
}

#[tokio::test]
async fn an_unknown_queue_of_one_kind_is_refused_where_it_stands() {
    let world = World::agreeing(1).await;
    world.edit("charges.yaml", "charge.updated}", "charge.updated, queue: shpo}");
    let outcome = world.tieout(&["check"]);
    assert_eq!(outcome.code, 2, "{outcome:?}");
    assert!(outcome.stderr.contains("there is no queue `shpo` in tieout.yaml"), "{outcome:?}");
    assert!(outcome.stderr.contains("charges.yaml:19:57"), "{outcome:?}");
    assert!(outcome.stderr.contains("did you mean `shop`"), "{outcome:?}");
}

#[tokio::test]
async fn status_says_what_is_late_and_what_is_due_next_unless_it_is_paused() {
    let world = World::agreeing(3).await;
    let domain = include_str!("world/charges.yaml");
    world.write("charges.yaml", &format!("schedule: {{cron: \"0 * * * *\"}}\n{domain}"));
    world.run();
    let yesterday = (chrono::Utc::now() - chrono::TimeDelta::days(1)).format("%Y-%m-%d").to_string();
    world.tieout(&["state", "rewind", "shop.charges", "--to", &yesterday, "--yes"]);
    let line = || world.tieout(&["status", "--format", "json"]).json()["domains"][0].clone();
    let late = line();
    assert!(late["missed_due"].is_string() && late["next_due"].is_string(), "{late}");
    let told = world.tieout(&["status"]).stdout;
    assert!(
        told.contains("Late: shop.charges was due at ") && told.contains("tieout doctor shop.charges"),
        "{told}"
    );
    assert!(told.contains("Next due: ") && told.contains(":00:00Z (shop.charges)"), "{told}");

    world.tieout(&["state", "pause", "shop.charges"]);
    let paused = line();
    assert!(paused["missed_due"].is_null() && paused["next_due"].is_null(), "{paused}");
    world.tieout(&["state", "resume", "shop.charges"]);
    world.run();
    assert!(line()["missed_due"].is_null() && line()["next_due"].is_string());
}

#[tokio::test]
async fn next_lists_what_is_due_by_the_clocks_of_each_zone_and_names_what_never_is() {
    let world = World::agreeing(0).await;
    let domain = include_str!("world/charges.yaml");
    world
        .write("charges.yaml", &format!("schedule: {{cron: \"30 1 * * *\", zone: Europe/London}}\n{domain}"));
    let other = |name: &str| domain.replace("shop.charges", name);
    world.write("refunds.yaml", &format!("schedule: {{cron: \"0 */12 * * *\"}}\n{}", other("shop.refunds")));
    world.write("orders.yaml", &other("shop.orders"));

    let after = ["--after", "2026-10-24T12:00:00Z", "--count", "5"];
    let told = world.tieout(&[&["next"][..], &after].concat());
    assert_eq!(told.code, 0, "{told:?}");
    insta::assert_snapshot!(told.stdout, @r#"
    DUE                   WALL CLOCK               ZONE           DOMAIN        CRON
    2026-10-25T00:00:00Z  Sun 2026-10-25 00:00:00  UTC            shop.refunds  0 */12 * * *
    2026-10-25T00:30:00Z  Sun 2026-10-25 01:30:00  Europe/London  shop.charges  30 1 * * *
    2026-10-25T12:00:00Z  Sun 2026-10-25 12:00:00  UTC            shop.refunds  0 */12 * * *
    2026-10-26T00:00:00Z  Mon 2026-10-26 00:00:00  UTC            shop.refunds  0 */12 * * *
    2026-10-26T01:30:00Z  Mon 2026-10-26 01:30:00  Europe/London  shop.charges  30 1 * * *
    No schedule: shop.orders; add `schedule: {cron: "0 2 * * *"}`
    "#);
    let only = world.tieout(&[&["next", "shop.c*", "--format", "json"][..], &after].concat());
    let document = only.json();
    let first = &document["due"][0];
    assert_eq!(
        (&document["schema"], &first["at"], &first["shown"]),
        (&"tieout.next/v1".into(), &"2026-10-25T00:30:00Z".into(), &"2026-10-25T01:30:00".into())
    );
    assert_eq!(document["due"].as_array().map(Vec::len), Some(5));
    assert_eq!(world.tieout(&["next", "nothing"]).code, 2);
    assert_eq!(world.tieout(&["next", "--count", "0"]).code, 2);
    assert!(!world.path().join("state.db").exists(), "a look at the schedule makes no state");
}

#[tokio::test]
async fn a_run_says_by_its_exit_code_that_there_were_differences_where_it_is_asked_to() {
    let world = World::agreeing(3).await;
    assert_eq!(world.tieout(&["plan"]).code, 0);
    world.upstream(&charge("ch_lost", 5, 500));
    world.upstream(&charge("ch_other", 6, 500));
    assert_eq!(world.tieout(&["plan"]).code, 4);
    let held = world.tieout(&["run", "--detailed-exitcode", "--max-emits", "1"]);
    assert_eq!(held.code, 5, "what only a person helps against wins: {held:?}");
    assert_eq!(world.tieout(&["approve", "latest", "--expect", "2"]).code, 0);
    assert_eq!(world.tieout(&["run"]).code, 0);
    assert_eq!(world.tieout(&["run", "--detailed-exitcode"]).code, 4, "sent and not repaired yet");
    world.consume().await;
    let repaired = world.tieout(&["run", "--detailed-exitcode"]);
    assert_eq!(repaired.code, 0, "{repaired:?}");
}
