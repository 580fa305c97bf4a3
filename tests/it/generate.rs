//! Files for other programs, and the last words of a pod, by the real binary.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::world::{Outcome, World, charge};

/// A CronJob as small as an API server would keep it.
fn cronjob() -> Value {
    json!({
        "apiVersion": "batch/v1", "kind": "CronJob",
        "metadata": { "name": "tieout-nightly", "namespace": "billing", "uid": "1" },
        "spec": { "schedule": "0 2 * * *", "jobTemplate": { "spec": { "template": { "spec": {
            "restartPolicy": "Never",
            "containers": [{ "name": "tieout", "image": "registry.example.com/tieout:0.1.0", "args": ["run"] }],
        } } } } },
    })
}

/// Pipes a text into a command.
fn piped(world: &World, args: &[&str], text: &str) -> Outcome {
    let mut running = world.command(args).stdin(Stdio::piped()).spawn().unwrap();
    // One that refuses its arguments hangs up before it has read anything.
    let _ = running.stdin.take().unwrap().write_all(text.as_bytes());
    let output = running.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Outcome {
        code: output.status.code().unwrap_or(-1),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

#[tokio::test]
async fn a_cronjob_goes_in_and_a_job_with_other_arguments_comes_out_without_any_configuration() {
    let world = World::agreeing(0).await;
    fs::remove_file(world.path().join("tieout.yaml")).unwrap();
    let call =
        ["generate", "k8s-job", "--format", "json", "--", "run", "stripe.charges", "--since", "2025-11-20"];
    let outcome = piped(&world, &call, &cronjob().to_string());
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{outcome:?}");
    let job = outcome.json();
    assert_eq!((&job["kind"], &job["apiVersion"]), (&json!("Job"), &json!("batch/v1")));
    let container = &job["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(container["args"], json!(["run", "stripe.charges", "--since", "2025-11-20"]));
    assert_eq!(
        job["metadata"],
        json!({
            "generateName": "tieout-nightly-adhoc-", "namespace": "billing",
            "annotations": { "cronjob.kubernetes.io/instantiate": "manual" },
        })
    );

    world.write("cronjob.json", &cronjob().to_string());
    let to_file =
        world.tieout(&["generate", "k8s-job", "--from", "cronjob.json", "--out", "job.yaml", "--", "plan"]);
    assert_eq!(to_file.code, 0, "{to_file:?}");
    assert!(fs::read_to_string(world.path().join("job.yaml")).unwrap().contains("kind: Job"));
}

#[tokio::test]
async fn what_makes_no_job_is_refused_before_there_is_a_pod() {
    let world = World::agreeing(0).await;
    let good = cronjob().to_string();
    for (args, text, said) in [
        (vec!["--", "rnu"], good.as_str(), "what stands behind `--` is no call of tieout"),
        (vec!["--", "run", "--sinc", "2025-11-20"], &good, "--sinc"),
        (vec![], &good, "ARGS"),
        (vec!["--container", "job-2", "--", "run"], &good, "the pod has the containers `tieout`"),
        (vec!["--from", "nowhere.json", "--", "run"], "", "nowhere.json cannot be read"),
        (vec!["--", "run"], "", "nothing came; pipe it in"),
        (vec!["--", "run"], "kind: CronJob", "this is no JSON"),
        (vec!["--", "run"], "{\"kind\": \"Job\", \"apiVersion\": \"batch/v1\"}", "this is a Job of batch/v1"),
    ] {
        let outcome = piped(&world, &[&["generate", "k8s-job"], args.as_slice()].concat(), text);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{args:?}: {outcome:?}");
        assert!(outcome.stderr.contains(said), "{args:?}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_service_and_its_timer_are_written_and_what_they_cannot_say_is_refused() {
    let world = World::agreeing(0).await;
    fs::create_dir(world.path().join("units")).unwrap();
    let outcome = world.tieout(&[
        "generate",
        "systemd",
        "--to",
        "units",
        "--name",
        "tieout-hourly",
        "--on-calendar",
        "hourly",
        "--credential",
        "stripe_key",
        "--",
        "run",
        "stripe.*",
    ]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.stdout.contains("systemctl enable --now tieout-hourly.timer"), "{outcome:?}");
    let unit = |name: &str| fs::read_to_string(world.path().join("units").join(name)).unwrap();
    let service = unit("tieout-hourly.service");
    assert!(
        service
            .contains("ExecStart=/usr/local/bin/tieout --config /etc/tieout/tieout.yaml run \"stripe.*\"\n")
    );
    assert!(
        service.contains("\nLoadCredential=stripe_key:/etc/tieout/credentials/stripe_key\n"),
        "{service}"
    );
    assert!(unit("tieout-hourly.timer").contains("\nOnCalendar=hourly\n"));

    for (args, said) in [
        (["--on-calendar", "daily\nExecStart=/bin/sh"], "one line"),
        (["--name", "../tieout"], "only letters"),
        (["--credential", "key:relative"], "begins with `/`"),
        (["--to", "nowhere"], "cannot be written"),
    ] {
        let outcome = world.tieout(&[&["generate", "systemd"], args.as_slice()].concat());
        assert_eq!(outcome.code, 2, "{outcome:?}");
        assert!(outcome.stderr.contains(said), "{outcome:?}");
    }
}

#[tokio::test]
async fn completions_and_manual_pages_need_no_configuration() {
    let world = World::agreeing(0).await;
    fs::remove_file(world.path().join("tieout.yaml")).unwrap();
    let script = world.tieout(&["generate", "completions", "bash"]);
    assert_eq!(script.code, 0, "{script:?}");
    assert!(script.stdout.contains("complete -F _tieout"), "{script:?}");
    assert_eq!(world.tieout(&["generate", "completions", "csh"]).code, 2);

    fs::create_dir(world.path().join("man")).unwrap();
    let pages = world.tieout(&["generate", "man", "--to", "man"]);
    assert_eq!(pages.code, 0, "{pages:?}");
    let page = |name: &str| fs::read_to_string(world.path().join("man").join(name)).unwrap();
    assert!(page("tieout.1").contains(".TH tieout 1"));
    assert!(page("tieout-run.1").contains("compare") || page("tieout-run.1").contains("Compare"));
    assert!(page("tieout-generate-k8s-job.1").contains("CronJob"));
    assert_eq!(world.tieout(&["generate", "man", "--to", "nowhere"]).code, 2);
}

#[tokio::test]
async fn a_run_leaves_its_verdict_in_the_file_that_a_pod_is_described_with() {
    let world = World::agreeing(3).await;
    world.upstream(&charge("ch_missing", 5, 700));
    let said = || fs::read_to_string(world.path().join("last-words")).unwrap();
    // Whatever the format of the result is.
    let held =
        world.tieout(&["run", "--max-emits", "0", "--format", "json", "--termination-log", "last-words"]);
    assert_eq!(held.code, 5, "{held:?}");
    assert!(said().starts_with("HELD (exit 5)  0 of 1 domain done"), "{}", said());
    assert!(said().contains("tieout approve"), "{}", said());

    world.edit("tieout.yaml", "queues:", "queuex:");
    let wrong = world.command(&["run"]).env("TIEOUT_TERMINATION_LOG", "last-words").output().unwrap();
    assert_eq!(wrong.status.code(), Some(2));
    assert!(said().starts_with("error: ") && said().contains("queuex"), "{}", said());

    let no_call = world.command(&["rnu"]).env("TIEOUT_TERMINATION_LOG", "last-words").output().unwrap();
    assert_eq!(no_call.status.code(), Some(2));
    assert!(said().contains("rnu"), "{}", said());
}

#[tokio::test]
async fn last_words_that_cannot_be_written_change_no_result() {
    let world = World::agreeing(3).await;
    let outcome = world.tieout(&["run", "--termination-log", "."]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.stderr.contains("the last words cannot be written into ."), "{outcome:?}");
    assert!(outcome.stdout.contains("DONE (exit 0)"), "{outcome:?}");
}
