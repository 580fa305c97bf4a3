//! A file for each report: whole or not there, and its absence is said.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::world::{World, charge, set};

async fn world() -> World {
    let world = World::agreeing(3).await;
    std::fs::create_dir(world.path().join("reports")).unwrap();
    world.edit("tieout.yaml", "queues:", "report: {folder: reports}\nqueues:");
    world
}

fn files(world: &World) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(world.path().join("reports"))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn every_run_and_plan_leaves_its_report_in_a_file_that_is_the_stored_one() {
    let world = world().await;
    world.upstream(&charge("ch_lost", 5, 500));
    let plan = world.plan();
    let run = world.run();
    assert_eq!((plan.code, run.code), (4, 0), "{run:?}");
    let names = [&plan, &run].map(|outcome| format!("{}.json", outcome.json()["run_id"].as_str().unwrap()));
    assert_eq!(files(&world), names);
    let kept: Value =
        serde_json::from_slice(&std::fs::read(world.path().join("reports").join(&names[1])).unwrap())
            .unwrap();
    assert_eq!(kept, run.json());
    assert_eq!(kept, world.tieout(&["report", "show", "--format", "json"]).json());
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_said_and_the_report_is_in_the_state_store() {
    let world = world().await;
    std::fs::remove_dir(world.path().join("reports")).unwrap();
    world.upstream(&charge("ch_lost", 5, 500));
    let outcome = world.run();
    assert_eq!((outcome.code, outcome.findings()), (3, set(["missing ch_lost"])), "{outcome:?}");
    assert!(
        outcome.stderr.contains("the file of this report cannot be written into")
            && outcome.stderr.contains("tieout report show"),
        "{outcome:?}"
    );
    assert_eq!(world.tieout(&["report", "show", "--format", "json"]).json(), outcome.json());
}

#[tokio::test]
async fn a_run_that_could_not_begin_says_in_its_report_why() {
    let world = world().await;
    world.edit("tieout.yaml", "sqlite:app.db", "env:NO_SUCH_SECRET");
    let outcome = world.run();
    let why = outcome.domain()["problems"][0].as_str().unwrap().to_owned();
    assert!(outcome.code == 2 && why.contains("NO_SUCH_SECRET"), "{outcome:?}");
    assert_eq!(newest(&world), outcome.json());
    assert_eq!(outcome.json()["exit"], json!({"code": 2, "reasons": ["configuration:shop.charges"]}));
    assert_eq!(outcome.domain()["failure"], "configuration");
}

/// What the newest file says.
fn newest(world: &World) -> Value {
    let name = files(world).pop().unwrap();
    serde_json::from_slice(&std::fs::read(world.path().join("reports").join(name)).unwrap()).unwrap()
}

#[tokio::test]
async fn a_run_whose_definition_is_wrong_leaves_its_report_as_every_other_run_does() {
    let world = world().await;
    world.edit("charges.yaml", "changed:", "chnged:");
    assert_eq!(
        (world.run().code, world.path().join("state.db").exists()),
        (2, false),
        "nothing is made for it"
    );
    world.edit("charges.yaml", "chnged:", "changed:");
    assert_eq!(world.run().code, 0);
    world.edit("charges.yaml", "changed:", "chnged:");
    let known = files(&world).len();
    let plan = world.plan();
    assert_eq!(
        (plan.code, files(&world).len()),
        (2, known),
        "a plan is told to whoever asks for it: {plan:?}"
    );
    let run = world.run();
    assert!(run.code == 2 && run.stderr.contains("chnged"), "{run:?}");

    let report = newest(&world);
    assert_eq!(report["exit"], json!({"code": 2, "reasons": ["definition"]}));
    assert_eq!((&report["selected"], &report["status"]), (&json!(["shop.charges"]), &json!("failed")));
    let domain = &report["domains"][0];
    assert_eq!((&domain["status"], &domain["failure"]), (&json!("failed"), &json!("definition")));
    assert!(domain["problems"][0].as_str().unwrap().contains("charges.yaml"), "{report}");
    world.edit("charges.yaml", "chnged:", "changed:");
    assert_eq!(world.tieout(&["report", "show", "--format", "json"]).json(), report);
    let listed = world.tieout(&["report", "list", "--format", "json"]).json();
    assert_eq!(
        (&listed["runs"][0]["status"], &listed["runs"][0]["exit_code"]),
        (&json!("failed"), &json!(2))
    );
    let status = world.tieout(&["status", "--format", "json"]).json();
    assert_eq!(status["domains"][0]["last_run"]["status"], "failed", "{status}");
}

#[tokio::test]
async fn a_full_disk_under_the_folder_leaves_no_half_file_and_the_report_in_the_state_store() {
    let world = world().await;
    world.upstream(&charge("ch_lost", 5, 500));
    // A file system of one page, in a namespace of its own: nobody else sees it, and it needs no rights.
    let script = "mount -t tmpfs -o size=4k tmpfs reports && head -c 4096 /dev/zero > reports/filler; \
         \"$0\" run --format json; code=$?; ls -A reports >&2; exit $code";
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", script, env!("CARGO_BIN_EXE_tieout")])
        .current_dir(world.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let (stdout, stderr) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(3), "{stdout}{stderr}");
    assert!(stderr.contains("No space left on device"), "{stderr}");
    assert!(stderr.trim_end().ends_with("filler"), "nothing else is left in the folder: {stderr}");
    let report: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(report["domains"][0]["findings"].as_array().unwrap().len(), 1);
    assert_eq!(report["exit"]["code"], json!(0), "the run itself did all that it should");
    assert_eq!(world.tieout(&["report", "show", "--format", "json"]).json(), report);
}
