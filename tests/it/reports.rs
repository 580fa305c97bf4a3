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
        let second = world.tieout(&["run", "--key", "ch_new", "--format", "json"]);
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
