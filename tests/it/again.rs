//! Runs that died or failed, and the runs after them: their reports are closed, and what they left is gone on with.

use serde_json::{Value, json};

use crate::both::{State, on_both};
use crate::process::{Process, until_so};
use crate::world::{Outcome, World, charge};

/// A second domain on the same feed, which the queue keeps apart by its type.
fn with_second_domain(world: &World) {
    let charges = std::fs::read_to_string(world.path().join("charges.yaml")).unwrap();
    let second =
        charges.replace("shop.charges", "shop.more").replace("com.example.charge", "com.example.more");
    world.write("more.yaml", &second);
}

/// Makes the runs of a domain rest for a minute once they have looked something up.
fn rests(world: &World, file: &str) {
    world.edit(file, "settle: 1s", "settle: 1m");
}

/// A world with a lost and a changed charge, in which what changed has to rest.
async fn world() -> World {
    let world = World::agreeing(3).await;
    arrange(&world);
    world
}

fn arrange(world: &World) {
    world.edit("provider.yaml", "mutable: false", "mutable: true\n    overlap_scan: {back: 3d, every: 1d}");
    world.upstream(&charge("ch_lost", 5, 500));
    world.change_upstream("ch_001", |charge| charge["amount"] = json!(5));
}

fn show(world: &World, run: &str) -> Value {
    let shown = world.tieout(&["report", "show", run, "--format", "json"]);
    assert_eq!(shown.code, 0, "{shown:?}");
    shown.json()
}

/// Starts a run, waits until it rests in a domain, and kills it.
async fn killed(world: &World, state: &State, args: &[&str], domain: &str) {
    let run = Process::start(world, args);
    until_rests(world, state, domain).await;
    run.kill();
}

async fn until_rests(world: &World, state: &State, domain: &str) {
    let question = format!(
        "SELECT COUNT(*) FROM findings WHERE state = 'suspected' AND key = 'ch_001' AND domain = '{domain}'"
    );
    until_so("the run rests", async || match state {
        State::Sqlite => {
            world.asked_of_state(&question.replace("COUNT(*)", "CAST(COUNT(*) AS TEXT)")).await == "1"
        }
        State::Postgres(postgres) => {
            let exists =
                postgres.count("SELECT count(*) FROM pg_tables WHERE tablename = 'ended_domains'").await;
            exists == 1
                && postgres.count(&question.replace("FROM findings", "FROM tieout.findings")).await == 1
        }
    })
    .await;
}

#[tokio::test]
async fn a_run_that_was_kept_from_its_domains_hides_neither_the_one_before_nor_what_it_left() {
    let world = world().await;
    rests(&world, "charges.yaml");
    let run = Process::start(&world, &["run"]);
    until_rests(&world, &State::Sqlite, "shop.charges").await;
    let line = || world.tieout(&["status", "--format", "json"]).domain();
    let skipped = world.tieout(&["run", "--if-locked", "skip"]);
    assert_eq!(skipped.code, 0, "{skipped:?}");
    assert!(skipped.stdout.contains("1 skipped"), "{skipped:?}");
    assert!(!skipped.stdout.contains("verified through"), "it looked at nothing: {skipped:?}");
    assert!(line()["running"]["run_id"].is_string() && line()["running"]["since"].is_string(), "{}", line());
    assert!(world.tieout(&["status"]).stdout.contains("shop.charges: running since "));
    run.signal("TERM");
    assert_eq!(run.end().0.code, 143);
    world.edit("charges.yaml", "settle: 1m", "settle: 0s");
    world.tieout(&["state", "pause", "shop.charges"]);
    assert_eq!(world.tieout(&["run"]).code, 0);
    world.tieout(&["state", "resume", "shop.charges"]);
    let last = line()["last_run"].clone();
    assert_eq!(
        (&last["status"], &last["exit_code"], &last["reason"]),
        (&json!("interrupted"), &json!(143), &json!("interrupted"))
    );
    let told = world.tieout(&["status"]).stdout;
    assert!(
        told.contains("shop.charges: interrupted (exit 143, interrupted): tieout report show "),
        "{told}"
    );
    let resumed = world.tieout(&["run", "--resume", "--format", "json"]);
    assert_eq!(resumed.code, 0, "{resumed:?}");
    assert_eq!(resumed.json()["resumes"], last["run_id"], "{resumed:?}");
    assert!(line()["running"].is_null() && line()["last_run"]["reason"].is_null(), "{}", line());
}

#[tokio::test]
async fn a_run_that_died_is_closed_by_the_next_with_what_the_store_knows_of_it() {
    on_both(async |world, state| {
        arrange(world);
        rests(world, "charges.yaml");
        killed(world, state, &["run", "--max-emits", "7"], "shop.charges").await;
        world.edit("charges.yaml", "settle: 1m", "settle: 0s");
        let before = world.tieout(&["report", "show", "--format", "json"]);
        assert!(before.stderr.contains("if it is dead, the next run writes its report"), "{before:?}");

        let next = world.run();
        assert_eq!(next.code, 0, "{next:?}");
        let dead = show(world, "latest~1");
        assert_eq!(
            (dead["status"].as_str(), &dead["successor"]),
            (Some("interrupted"), &next.json()["run_id"])
        );
        assert_eq!(dead["exit"]["reasons"], json!(["died", "died:shop.charges"]));
        assert_eq!(dead["args"], json!({"max_emits": "7"}));
        assert_eq!(dead["trigger"], next.json()["trigger"]);
        let domain = &dead["domains"][0];
        let definition = domain["definition_sha256"].as_str().unwrap();
        assert_ne!(definition, next.domain()["definition_sha256"], "it was another one then");
        assert_eq!(
            (domain["status"].as_str(), domain["failure"].as_str()),
            (Some("interrupted"), Some("died"))
        );
        // One was judged and its event staged; the other one had to rest.
        let items = &domain["items"];
        assert_eq!(
            (&items["upstream"], &items["local"], &items["matched"]),
            (&json!(4), &json!(3), &json!(2))
        );
        assert_eq!((&items["missing"], &items["pending"]), (&json!(1), &json!({"upstream": 1, "local": 1})));
        assert_eq!((&domain["events"]["planned"], &domain["events"]["waiting"]), (&json!(1), &json!(1)));
        assert_eq!(domain["findings_not_listed"], 1);
        assert!(domain["problems"][0].as_str().unwrap().contains("last sign of life"), "{domain}");
        // What the dead run had staged went out with the next.
        assert_eq!(world.events().await.len(), 2);
        let listed = world.tieout(&["report", "list", "--format", "json"]).json();
        assert_eq!(
            (&listed["runs"][1]["status"], &listed["runs"][1]["exit_code"]),
            (&json!("interrupted"), &Value::Null)
        );
    })
    .await;
}

#[tokio::test]
async fn a_run_goes_on_with_the_domains_that_an_interrupted_one_did_not_end() {
    let world = world().await;
    with_second_domain(&world);
    world.edit("charges.yaml", "settle: 1s", "settle: 0s");
    rests(&world, "more.yaml");
    killed(&world, &State::Sqlite, &["run", "--max-emits", "7"], "shop.more").await;
    world.edit("more.yaml", "settle: 1m", "settle: 0s");

    let resumed = world.tieout(&["run", "--resume", "--format", "json"]);
    assert_eq!(resumed.code, 0, "{resumed:?}");
    let report = resumed.json();
    assert_eq!(report["selected"], json!(["shop.more"]));
    let dead = show(&world, "latest~1");
    assert_eq!((&report["resumes"], &dead["successor"]), (&dead["run_id"], &report["run_id"]));
    let statuses: Vec<_> =
        dead["domains"].as_array().unwrap().iter().map(|one| one["status"].clone()).collect();
    assert_eq!(statuses, [json!("done"), json!("interrupted")]);
    assert_eq!(dead["domains"][0]["items"]["matched"], 2, "what had ended is told as it ended: {dead}");
    let asked = world.asked_of_state("SELECT args FROM runs ORDER BY started_at DESC LIMIT 1").await;
    assert!(asked.contains("\"max_emits\":7"), "{asked}");
    let shown = world.tieout(&["report", "show"]);
    assert!(shown.stdout.contains(&format!("it goes on with run {}", dead["run_id"].as_str().unwrap())));
}

#[tokio::test]
async fn a_run_that_was_asked_to_stop_is_gone_on_with_as_it_was_asked_for() {
    let world = world().await;
    rests(&world, "charges.yaml");
    let since = (chrono::Utc::now() - chrono::TimeDelta::days(2)).format("%Y-%m-%d").to_string();
    let run = Process::start(&world, &["run", "--since", &since, "--baseline", "--format", "json"]);
    until_rests(&world, &State::Sqlite, "shop.charges").await;
    run.signal("TERM");
    assert_eq!(run.end().0.code, 143);
    world.edit("charges.yaml", "settle: 1m", "settle: 0s");
    let asked = world.api.shelf.lock().unwrap().lists.len();
    let resumed = world.tieout(&["run", "--resume", "latest", "--format", "json"]);
    let domain = resumed.domain();
    assert_eq!(domain["ranges"][0][0], format!("{since}T00:00:00Z"), "{resumed:?}");
    assert!(resumed.stdout.contains("baseline: what was found is held"), "{resumed:?}");
    assert_eq!(world.events().await.len(), 0);
    assert!(world.api.shelf.lock().unwrap().lists.len() > asked);
}

#[tokio::test]
async fn what_is_alive_unknown_finished_or_a_plan_is_not_gone_on_with() {
    let world = world().await;
    let refused = |args: &[&str], code: i32, why: &str| {
        let said = world.tieout(&[&["run"], args].concat());
        assert_eq!(said.code, code, "{said:?}");
        assert!(said.stderr.contains(why), "{said:?}");
    };
    refused(&["--resume"], 2, "there was no run yet");
    refused(&["--resume", "ffff"], 2, "there is no run `ffff`");
    refused(&["--resume", "latest", "shop.charges"], 2, "cannot be used with");
    world.edit("charges.yaml", "settle: 1s", "settle: 0s");
    assert_eq!(world.run().code, 0);
    refused(&["--resume"], 2, "there is nothing to go on with");
    refused(&["--failed"], 2, "failed, is partial or was interrupted");
    world.plan();
    refused(&["--resume", "latest"], 2, "was a plan");
    world.edit("charges.yaml", "settle: 0s", "settle: 1m");
    world.change_upstream("ch_002", |charge| charge["amount"] = json!(6));
    world.state("UPDATE overlap_scans SET completed_at = '2000-01-01T00:00:00.000000Z'").await;
    let run = Process::start(&world, &["run"]);
    let suspected =
        "SELECT CAST(COUNT(*) AS TEXT) FROM findings WHERE state = 'suspected' AND key = 'ch_002'";
    until_so("the run rests", async || world.asked_of_state(suspected).await == "1").await;
    refused(&["--resume"], 6, "is still alive");
    run.kill();
}

/// Two domains, and what the second one needs is broken.
fn broken(world: &World) {
    with_second_domain(world);
    world.edit(
        "more.yaml",
        "amount_minor, currency, status, created_at, updated_at FROM charges WHERE created_at",
        "amount_minor, currency, status, created_at, updated_at FROM nothing WHERE created_at",
    );
}

fn domains(outcome: &Outcome) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let json = outcome.json();
    json["domains"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (text(&one["domain"]), text(&one["status"])))
        .collect()
}

#[tokio::test]
async fn the_domains_that_failed_are_tried_again_and_no_others() {
    let world = world().await;
    world.edit("charges.yaml", "settle: 1s", "settle: 0s");
    broken(&world);
    let of = |status: &str| ("shop.more".to_owned(), status.to_owned());
    assert_eq!(domains(&world.run())[1], of("failed"));
    world.edit("more.yaml", "FROM nothing WHERE", "FROM charges WHERE");
    let again = world.tieout(&["run", "--failed", "--format", "json"]);
    assert_eq!((again.code, domains(&again)), (0, vec![of("done")]), "{again:?}");
    let nothing = world.tieout(&["run", "--failed"]);
    assert_eq!(nothing.code, 2, "{nothing:?}");
    let named = world.tieout(&["run", "--failed", "latest~1", "--format", "json"]);
    assert_eq!(domains(&named), [of("done")]);
}
