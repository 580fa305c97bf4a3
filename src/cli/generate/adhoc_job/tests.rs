use super::*;

/// A sharded CronJob with a sidecar, as an API server gives it back.
fn cronjob() -> Value {
    json!({
        "apiVersion": "batch/v1", "kind": "CronJob",
        "metadata": {
            "name": "tieout-nightly", "namespace": "billing", "uid": "5d1f", "resourceVersion": "81", "generation": 3,
            "creationTimestamp": "2025-11-01T00:00:00Z",
            "labels": { "helm.sh/chart": "tieout-0.1.0" },
            "annotations": { "kubectl.kubernetes.io/last-applied-configuration": "{}" },
        },
        "spec": {
            "schedule": "0 2 * * *", "suspend": true, "concurrencyPolicy": "Forbid",
            "jobTemplate": {
                "metadata": { "creationTimestamp": null, "labels": { "app.kubernetes.io/name": "tieout" }, "annotations": { "team": "billing" } },
                "spec": {
                    "completionMode": "Indexed", "completions": 8, "parallelism": 8, "backoffLimitPerIndex": 1, "maxFailedIndexes": 2,
                    "ttlSecondsAfterFinished": 604_800,
                    "podFailurePolicy": { "rules": [
                        { "action": "FailIndex", "onExitCodes": { "operator": "In", "values": [2] } },
                        { "action": "Ignore", "onPodConditions": [{ "type": "DisruptionTarget", "status": "True" }] },
                    ] },
                    "template": {
                        "metadata": { "labels": { "app.kubernetes.io/name": "tieout" } },
                        "spec": { "restartPolicy": "Never", "containers": [
                            { "name": "proxy", "image": "registry.example.com/proxy:1", "args": ["--quiet"] },
                            { "name": "tieout", "image": "registry.example.com/tieout:0.1.0", "args": ["run"] },
                        ] },
                    },
                },
            },
        },
        "status": { "lastScheduleTime": "2025-11-21T02:00:00Z" },
    })
}

fn ask(args: &[&str]) -> Ask {
    Ask { args: args.iter().map(ToString::to_string).collect(), container: None, shared: true }
}

fn made(cronjob: &Value, ask: &Ask) -> Result<Value, Unusable> {
    adhoc_job(&cronjob.to_string(), ask)
}

#[test]
fn the_job_is_the_cronjobs_with_other_arguments_and_nothing_of_its_life() {
    let job = made(&cronjob(), &ask(&["run", "stripe.charges", "--since", "2025-11-20"])).unwrap();
    insta::assert_json_snapshot!(job);
}

#[test]
fn what_pods_cannot_share_is_done_by_one_pod() {
    let job = made(&cronjob(), &Ask { shared: false, ..ask(&["status"]) }).unwrap();
    for part in ["completionMode", "completions", "parallelism", "backoffLimitPerIndex", "maxFailedIndexes"] {
        assert_eq!(job["spec"].get(part), None, "{part}");
    }
    // `FailIndex` is refused where there are no indexes.
    assert_eq!(job["spec"]["podFailurePolicy"]["rules"][0]["action"], "FailJob");
    assert_eq!(job["spec"]["podFailurePolicy"]["rules"][1]["action"], "Ignore");
}

#[test]
fn a_long_name_leaves_room_for_what_is_added_to_it() {
    let mut long = cronjob();
    long["metadata"]["name"] = format!("{}-{}", "a".repeat(44), "b".repeat(7)).into();
    let job = made(&long, &ask(&["run"])).unwrap();
    let start = job["metadata"]["generateName"].as_str().unwrap();
    assert!(start.len() <= 52 && start.ends_with("a-bbbbbb-"), "{start}");
}

#[test]
fn a_command_keeps_its_program_where_that_is_tieout_and_is_refused_where_it_is_not() {
    let mut own = cronjob();
    own["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][1]["command"] =
        json!(["/usr/local/bin/tieout", "run"]);
    let job = made(&own, &ask(&["plan"])).unwrap();
    let container = &job["spec"]["template"]["spec"]["containers"][1];
    assert_eq!(
        (&container["command"], &container["args"]),
        (&json!(["/usr/local/bin/tieout"]), &json!(["plan"]))
    );

    own["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][1]["command"] =
        json!(["/bin/sh", "-c"]);
    insta::assert_snapshot!(made(&own, &ask(&["plan"])).unwrap_err(), @"the container `tieout` starts `/bin/sh` and not tieout itself, so other arguments would mean something else; its image's entrypoint is tieout: leave `command` out of the CronJob");
}

#[test]
fn of_several_containers_one_must_be_named() {
    let mut other = cronjob();
    other["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][1]["name"] = "job".into();
    let unnamed = made(&other, &ask(&["run"])).unwrap_err();
    assert_eq!(unnamed, Unusable::Which { names: vec!["proxy".into(), "job".into()] });
    let named = made(&other, &Ask { container: Some("job".into()), ..ask(&["run"]) }).unwrap();
    assert_eq!(named["spec"]["template"]["spec"]["containers"][0]["args"], json!(["--quiet"]));
    let wrong = Ask { container: Some("job-2".into()), ..ask(&["run"]) };
    assert!(matches!(made(&other, &wrong), Err(Unusable::Which { .. })));
}

#[test]
fn what_is_no_cronjob_is_refused_with_what_it_is() {
    let refused = |text: &str| adhoc_job(text, &ask(&["run"])).unwrap_err().to_string();
    let of = |value: Value| refused(&value.to_string());
    let all = [
        refused(" \n"),
        refused("apiVersion: batch/v1\nkind: CronJob\n"),
        of(json!({ "apiVersion": "apps/v1", "kind": "Deployment" })),
        of(json!({ "apiVersion": "batch/v1beta1", "kind": "CronJob" })),
        of(json!({ "apiVersion": "v1", "kind": "List", "items": [cronjob(), cronjob()] })),
        of(json!({ "apiVersion": "v1", "kind": "List", "items": [] })),
        of(json!([1])),
        of(json!({ "apiVersion": "batch/v1", "kind": "CronJob", "metadata": { "name": "x" } })),
        of(
            json!({ "apiVersion": "batch/v1", "kind": "CronJob", "metadata": { "name": "x" }, "spec": { "jobTemplate": { "spec": {} } } }),
        ),
    ];
    insta::assert_snapshot!(all.join("\n"));
}
