//! Reports are compared, exported for spreadsheets and programs, and taken out when they are old.

use serde_json::{Value, json};

use crate::both::on_both;
use crate::world::{Outcome, World, charge};

fn report(world: &World, args: &[&str]) -> Outcome {
    world.tieout(&[&["report"], args].concat())
}

fn id(run: &Outcome) -> String {
    run.json()["run_id"].as_str().unwrap().to_owned()
}

/// `change key before after` of every finding that is different.
fn changes(diff: &Outcome) -> Vec<String> {
    let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let of = |one: &Value| [&one["change"], &one["key"], &one["before"], &one["after"]].map(word).join(" ");
    diff.json()["domains"][0]["findings"].as_array().unwrap().iter().map(of).collect()
}

#[tokio::test]
async fn what_came_went_and_moved_between_two_runs_is_told_and_nothing_else() {
    on_both(async |world, _| {
        world.upstream(&charge("ch_sent", 5, 500));
        world.local(&charge("ch_invented", 6, 700)).await;
        let first = world.run();
        let same = report(world, &["diff", "latest", "latest"]);
        assert_eq!(same.code, 0, "{same:?}");
        assert!(same.stdout.ends_with("Nothing is different in 1 domain.\n"), "{same:?}");
        world.consume().await;
        world.upstream(&charge("ch_new", 4, 900));
        let second = world.tieout(&["run", "--key", "ch_new,ch_sent", "--format", "json"]);
        assert_eq!((first.code, second.code), (0, 0), "{second:?}");

        let (from, to) = (id(&first), id(&second));
        let diff = report(world, &["diff", &from, &to, "--format", "json"]);
        assert_eq!(diff.code, 4, "{diff:?}");
        assert_eq!(changes(&diff), ["new ch_new - emitted", "gone ch_sent emitted repaired"]);
        let domain = &diff.json()["domains"][0];
        assert_eq!((&domain["before"], &domain["after"]), (&json!(2), &json!(2)));
        assert_eq!(domain["new_amounts"], json!([{ "currency": "USD", "amount": "9.00" }]));
        assert_eq!(domain["gone_amounts"], json!([{ "currency": "USD", "amount": "5.00" }]));
        let told = report(world, &["diff", "latest~1", "latest"]);
        for line in [
            "shop.charges  2 findings before, 2 after: 1 new (USD 9.00), 1 gone (USD 5.00), 0 changed",
            "+ ch_new   missing  USD 9.00  emitted",
            "- ch_sent  missing  USD 5.00  emitted -> repaired",
            "Diff: 1 new, 1 gone, 0 changed.",
        ] {
            assert!(told.stdout.contains(line), "{line}: {told:?}");
            assert!(include_str!("../../docs/reading.md").contains(line), "the page does not show {line}");
        }

        let ignored = world.tieout(&["findings", "ignore", "shop.charges/ch_invented", "--reason", "known"]);
        assert_eq!(ignored.code, 0, "{ignored:?}");
        world.run();
        let moved = report(world, &["diff", &to, "latest", "--format", "json"]);
        assert_eq!(changes(&moved), ["changed ch_invented open ignored"], "{moved:?}");

        let backwards = report(world, &["diff", "latest", "latest~1"]);
        assert_eq!(backwards.code, 2, "{backwards:?}");
        assert!(backwards.stderr.contains("name the earlier one first"), "{backwards:?}");
        world.plan();
        let plan = report(world, &["diff", &from, "latest"]);
        assert!(plan.code == 2 && plan.stderr.contains("was a plan"), "{plan:?}");
        for nobody in ["latest~99", "ffff", "'"] {
            assert_eq!(report(world, &["diff", &from, nobody]).code, 2);
        }
    })
    .await;
}

#[tokio::test]
async fn findings_are_exported_as_they_stand_or_as_a_run_reported_them() {
    let world = World::agreeing(3).await;
    for at in 0..3 {
        world.upstream(&charge(&format!("ch_lost{at}"), 5 + at, 500));
    }
    world.upstream(&charge("=cmd|' /C calc'!A0", 9, 70));
    let run = world.tieout(&["run", "--limit", "2"]);
    assert_eq!(run.code, 0, "{run:?}");

    let csv = report(&world, &["export", "--to", "-"]);
    assert_eq!(csv.code, 0, "{csv:?}");
    let lines: Vec<&str> = csv.stdout.lines().collect();
    assert_eq!(lines.len(), 5, "{csv:?}");
    assert!(lines[0].starts_with("domain,each,key,kind,state,episode,amount,currency,"), "{csv:?}");
    assert!(csv.stdout.contains("shop.charges,,'=cmd|' /C calc'!A0,missing,emitted,1,0.70,USD,"), "{csv:?}");
    let jsonl = report(&world, &["export", "--as", "jsonl", "--to", "-"]);
    let keys = jsonl.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["key"].clone());
    assert_eq!(keys.collect::<Vec<_>>(), ["=cmd|' /C calc'!A0", "ch_lost0", "ch_lost1", "ch_lost2"]);

    let part = report(&world, &["export", "latest", "--as", "json", "--to", "run.json"]);
    assert_eq!(part.code, 3, "a report that lists two of four is not the whole: {part:?}");
    assert!(part.stdout.contains("exported 2 findings to run.json; 2 more are not listed"), "{part:?}");
    let kept: Value = serde_json::from_slice(&std::fs::read(world.path().join("run.json")).unwrap()).unwrap();
    assert_eq!(
        (&kept["schema"], kept["findings"].as_array().unwrap().len()),
        (&json!("tieout.export/v1"), 2)
    );

    let again = report(&world, &["export", "--to", "run.json"]);
    assert!(again.code == 2 && again.stderr.contains("--overwrite"), "{again:?}");
    assert_eq!(report(&world, &["export", "--to", "run.json", "--overwrite"]).code, 0);
    assert_eq!(report(&world, &["export", "--to", "nowhere/x.csv"]).code, 2);
    assert_eq!(report(&world, &["export", "--to", "-", "--domain", "other.*"]).code, 2);
    assert_eq!(report(&world, &["export", "latest~9", "--to", "-"]).code, 2);
}

#[tokio::test]
async fn old_reports_go_with_their_files_and_the_latest_of_a_domain_stays() {
    let world = World::agreeing(3).await;
    std::fs::create_dir(world.path().join("reports")).unwrap();
    world.edit("tieout.yaml", "queues:", "report: {folder: reports}\nqueues:");
    let runs: Vec<String> = (0..3).map(|_| id(&world.run())).collect();
    let files = || std::fs::read_dir(world.path().join("reports")).unwrap().count();
    assert_eq!(report(&world, &["prune", "--yes"]).code, 2, "it has to be said what stays");
    let kept = report(&world, &["prune", "--keep", "1h", "--yes"]);
    assert_eq!((kept.code, kept.stdout.as_str()), (0, "took out 0 reports and 0 files\n"));
    let unsaid = report(&world, &["prune", "--keep", "0s"]);
    assert!(unsaid.code == 2 && unsaid.stderr.contains("--yes"), "{unsaid:?}");
    let counted = report(&world, &["prune", "--keep", "0s", "--dry-run"]);
    assert_eq!(counted.stdout, "would take out 2 reports and 2 files\n");
    assert_eq!(files(), 3);

    let one = report(&world, &["prune", "--keep-last", "2", "--yes", "--format", "json"]);
    assert_eq!((&one.json()["reports"], &one.json()["files"], files()), (&json!(1), &json!(1), 2));
    let all = report(&world, &["prune", "--keep", "0s", "--yes"]);
    assert_eq!((all.stdout.as_str(), files()), ("took out 1 report and 1 file\n", 1));
    assert_eq!(report(&world, &["show", &runs[2]]).code, 0);
    let gone = report(&world, &["show", &runs[0]]);
    assert_eq!(gone.code, 1, "{gone:?}");
    assert!(gone.stderr.contains("`tieout report prune` took it out"), "{gone:?}");
    let listed = report(&world, &["list", "--format", "json"]).json();
    assert_eq!(listed["runs"].as_array().unwrap().len(), 3, "that there was the run stays known");
    assert_eq!(report(&world, &["diff", &runs[0], &runs[2]]).code, 0, "how findings stood is no report");
    assert_eq!(world.run().code, 0);
}

#[tokio::test]
async fn a_run_is_named_by_how_it_ended_in_every_command_that_takes_one() {
    let world = World::agreeing(3).await;
    world.run();
    world.edit("charges.yaml", "FROM charges WHERE created_at", "FROM nowhere WHERE created_at");
    let failed = world.tieout(&["run", "--format", "json"]);
    world.edit("charges.yaml", "FROM nowhere", "FROM charges");
    world.run();
    let status = failed.json()["status"].as_str().unwrap().to_owned();
    let named = format!("latest:{status}");
    let shown =
        |run: &str| world.tieout(&["report", "show", run, "--format", "json"]).json()["run_id"].clone();
    assert_eq!(shown(&named), failed.json()["run_id"]);
    assert_eq!(shown("latest:done"), shown("latest"));
    assert_eq!(shown("latest:done~1"), shown("latest~2"));

    for (args, code) in [
        (["report", "diff", "latest:done~1", &named].as_slice(), 0),
        (&["report", "export", &named, "--to", "-"], 0),
        (&["run", "--failed", &named], 0),
        (&["replay", "--run", "latest:done", "--dry-run"], 0),
        (&["approve", "latest:held", "--dry-run"], 2),
        (&["report", "show", &format!("{named}~1")], 2),
    ] {
        let outcome = world.tieout(args);
        assert_eq!(outcome.code, code, "{args:?}: {outcome:?}");
    }
    for args in [
        ["report", "show", "latest:faild"].as_slice(),
        &["report", "diff", "latest:faild", "latest"],
        &["report", "diff", "latest", "latest:faild"],
        &["report", "export", "latest:faild", "--to", "-"],
        &["approve", "latest:faild", "--dry-run"],
        &["replay", "--run", "latest:faild", "--dry-run"],
        &["run", "--failed", "latest:faild"],
        &["run", "--resume", "latest:faild"],
    ] {
        let outcome = world.tieout(args);
        assert_eq!(outcome.code, 2, "{args:?}: {outcome:?}");
        assert!(
            outcome.stderr.contains("did you mean `failed`? allowed here: `running`"),
            "{args:?}: {outcome:?}"
        );
    }
}

#[tokio::test]
async fn a_report_says_who_asked_in_which_words_and_by_which_definition() {
    let world = World::agreeing(3).await;
    world.upstream(&charge("ch_lost", 5, 500));
    let nobody = [("CI", ""), ("TF_BUILD", ""), ("JENKINS_URL", ""), ("KUBERNETES_SERVICE_HOST", "")];
    let run = |variables: [(&str, &str); 2], args: &[&str]| {
        let variables = [&nobody[..], &variables].concat();
        let outcome = world.tieout_with(&[args, &["--format", "json"]].concat(), &variables);
        (outcome.json(), outcome.domain()["definition_sha256"].as_str().unwrap().to_owned())
    };
    let plan = ["plan", "--key", "ch_lost", "--out", "plan.json"];
    let (planned, definition) = run([("KUBERNETES_SERVICE_HOST", "10.0.0.1"), ("TIEOUT_LIMIT", "3")], &plan);
    assert_eq!(planned["trigger"], "kubernetes");
    assert_eq!(
        planned["args"],
        json!({"format": "json", "key": null, "limit": "3", "out": "plan.json"}),
        "an item may be a person, and is not named here"
    );
    let kept: Value =
        serde_json::from_slice(&std::fs::read(world.path().join("plan.json")).unwrap()).unwrap();
    assert_eq!(kept["domains"][0]["definition_sha256"], definition.as_str());

    let call = ["run", "shop.*", "--detailed-exitcode"];
    let (ran, same) = run([("CI", "true"), ("KUBERNETES_SERVICE_HOST", "10.0.0.1")], &call);
    assert_eq!((ran["trigger"].as_str(), &same), (Some("ci"), &definition));
    let args = json!({"detailed_exitcode": true, "domains": ["shop.*"], "format": "json"});
    assert_eq!(ran["args"], args);

    world.edit("charges.yaml", "settle: 1s", "settle: 2s");
    let (changed, other) = run([("CI", "false"), ("TIEOUT_MAX_EMITS", "9")], &["run"]);
    assert_eq!(changed["trigger"], "script");
    assert_eq!(changed["args"], json!({"format": "json", "max_emits": "9"}));
    assert_ne!(other, definition);

    let listed = report(&world, &["list", "--format", "json"]).json();
    let triggers = listed["runs"].as_array().unwrap().iter().map(|run| run["trigger"].as_str().unwrap());
    assert_eq!(triggers.collect::<Vec<_>>(), ["script", "ci", "kubernetes"]);
}

#[tokio::test]
async fn a_report_is_shown_as_markdown_for_a_ticket_and_nothing_else_is() {
    let world = World::agreeing(3).await;
    world.upstream(&charge("ch_lost", 5, 500));
    world.local(&charge("ch_invented", 6, 700)).await;
    assert_eq!(world.run().code, 0);
    let shown = report(&world, &["show", "--format", "md"]);
    assert_eq!((shown.code, shown.stderr.as_str()), (0, ""), "{shown:?}");
    for line in [
        "## DONE (exit 0)  1 of 1 domain done; 1 event emitted (looked at again in the next run)",
        "| Status | Domain | Items | Missing | Mismatched | Orphaned | Emitted | Verified through | Result |",
        "### `shop.charges`",
        "| + | `ch_lost` | missing | `USD 5.00` | `emitted com.example.charge.created` |  |",
        "| - | `ch_invented` | orphaned | `USD 7.00` | `not emitted (reported only)` |  |",
    ] {
        assert!(shown.stdout.lines().any(|shown| shown == line), "{line}: {shown:?}");
    }
    let refused = world.tieout(&["run", "--format", "md"]);
    assert!(refused.code == 2 && refused.stderr.contains("does not write `md`"), "{refused:?}");
}

#[tokio::test]
async fn a_run_in_github_actions_is_annotated_and_added_to_the_summary_of_its_step() {
    let world = World::agreeing(3).await;
    world.upstream(&charge("ch_lost", 5, 500));
    let summary = world.path().join("summary.md");
    world.write("summary.md", "what another command wrote");
    let call = |args: &[&str], file: &str| {
        world.tieout_with(args, &[("GITHUB_STEP_SUMMARY", file), ("TIEOUT_LOG", "warn")])
    };
    let plan = call(&["plan", "--format", "github"], "summary.md");
    assert_eq!(plan.code, 4, "{plan:?}");
    assert!(plan.stdout.starts_with("::warning title=shop.charges::shop.charges: done, "), "{plan:?}");
    let text = std::fs::read_to_string(&summary).unwrap();
    assert!(text.starts_with("what another command wrote\n## DONE (exit 4)  1 of 1 domain done\n"), "{text}");
    assert!(text.contains("| + | `ch_lost` | missing |"), "{text}");

    call(&["plan", "--format", "json"], "summary.md");
    assert_eq!(std::fs::read_to_string(&summary).unwrap(), text, "nobody asked for annotations");

    let run = call(&["run", "--format", "github"], "no/such/folder/summary.md");
    assert_eq!(run.code, 0, "{run:?}");
    let said = "the summary of this step cannot be written into no/such/folder/summary.md";
    assert!(run.stderr.contains(said), "{run:?}");
    assert_eq!(run.stdout.lines().count(), 2, "{run:?}");

    world.edit("tieout.yaml", "sqlite:app.db", "postgres://nobody@127.0.0.1:1/none");
    let failed = call(&["run", "--format", "github"], "summary.md");
    assert!(failed.code == 1 && failed.stdout.starts_with("::error title=shop.charges::"), "{failed:?}");
    let text = std::fs::read_to_string(&summary).unwrap();
    assert!(text.contains("\n## FAILED (exit 1)  0 of 1 domain done, 1 failed;"), "{text}");
}

#[tokio::test]
async fn a_summary_that_is_full_stays_as_it_is_and_is_no_failure() {
    let world = World::agreeing(3).await;
    world.write("summary.md", &"x".repeat(1 << 20));
    let run = world.tieout_with(&["run", "--format", "github"], &[("GITHUB_STEP_SUMMARY", "summary.md")]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stderr.contains("leaves no room"), "{run:?}");
    assert_eq!(std::fs::metadata(world.path().join("summary.md")).unwrap().len(), 1 << 20);
}
