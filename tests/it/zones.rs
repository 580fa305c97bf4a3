//! Times are shown by the clocks of whoever reads them, and by no other clocks than UTC to programs.

use regex_lite::Regex;

use crate::world::{World, charge};

/// A zone whose clocks nobody takes for another's.
const ZONE: &str = "Asia/Kathmandu";
const OFFSET: &str = "+05:45";

/// What a person is shown and told.
fn told(world: &World, args: &[&str]) -> String {
    let outcome = world.tieout(&[args, &["--timezone", ZONE]].concat());
    let streams = [outcome.stdout, outcome.stderr];
    // Logs stay in UTC.
    let lines = streams.iter().flat_map(|stream| stream.lines()).filter(|line| !line.contains(" WARN "));
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn every_time_is_shown_by_the_clocks_of_the_zone_and_told_to_programs_in_utc() {
    let world = World::agreeing(3).await;
    let scheduled = std::fs::read_to_string(world.path().join("charges.yaml")).unwrap();
    world.write(
        "charges.yaml",
        &format!("schedule: {{cron: \"0 2 * * *\", zone: Europe/London}}\n{scheduled}"),
    );
    world.queue("CREATE TABLE tieout_events (refuses TEXT NOT NULL)").await;
    world.upstream(&charge("ch_lost", 5, 500));
    let mut nameless = charge("x", 7, 500);
    nameless.as_object_mut().unwrap().remove("id");
    world.upstream(&nameless);
    let utc = Regex::new(r"\dT\d\d:\d\d:\d\d(\.\d+)?Z").unwrap();
    for args in [
        ["run"].as_slice(),
        &["plan"],
        &["plan", "--out", "plan.json"],
        &["status"],
        &["next"],
        &["report", "list"],
        &["report", "show", "latest:partial"],
        &["findings", "list"],
        &["findings", "show", "shop.charges/ch_lost"],
        &["explain", "shop.charges/ch_lost"],
        &["findings", "ignore", "shop.charges/ch_lost", "--reason", "known", "--until", "2d"],
        &["explain", "shop.charges/ch_lost"],
        &["quarantine", "list"],
        &["state", "show"],
        &["state", "rewind", "shop.charges", "--to", "2000-01-01"],
        &["run", "--since", "2025-11-21", "--until", "2025-11-21"],
        &["doctor"],
    ] {
        let shown = told(&world, args);
        assert!(shown.contains(OFFSET), "{args:?}: {shown}");
        assert!(!utc.is_match(&shown), "{args:?}: {shown}");
        if !["run", "doctor", "plan"].contains(&args[0]) && args[1..].first() != Some(&"ignore") {
            let json = world.tieout(&[args, &["--timezone", ZONE, "--format", "json"]].concat());
            let said = json.stdout + &json.stderr;
            assert!(utc.is_match(&said) && !said.contains(OFFSET), "{args:?}: {said}");
        }
    }
}

#[tokio::test]
async fn a_zone_may_come_from_the_environment_and_has_to_be_one() {
    let world = World::agreeing(1).await;
    world.run();
    let list = |zone: &str| world.tieout_with(&["report", "list"], &[("TIEOUT_TIMEZONE", zone)]);
    assert!(list(ZONE).stdout.contains(OFFSET));
    for (wrong, says) in [
        ("Asia/Katmandoo", "did you mean `Asia/Katmandu`?"),
        ("+02:00", "is not a time zone"),
        ("local", "is not a time zone"),
    ] {
        let refused = list(wrong);
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(refused.stderr.contains(says), "{refused:?}");
    }
}
