//! The coverage ledger as people see it: holes, what fills them, and what may be taken back by hand.

use serde_json::{Value, json};
use sqlx::SqlitePool;
use sqlx::sqlite::SqliteConnectOptions;

use crate::api::Fault;
use crate::postgres::Postgres;
use crate::stores::on_postgres;
use crate::world::{Outcome, World, charge, set};

fn broken() -> Fault {
    Fault::Says(400, "application/json", json!({ "error": "no" }).to_string())
}

/// A world whose first night left a hole: one of its days could not be read. In that day something is missing.
async fn with_a_hole() -> World {
    let world = World::agreeing(0).await;
    for day in 0..25 {
        world.both(&charge(&format!("ch_{day:02}"), 2 + day * 24, 1_000)).await;
    }
    world.edit("charges.yaml", "settle: 1s", &format!("settle: 1s, start: {}", days_ago(26)));
    world.upstream(&charge("ch_lost", 24 * 24 + 5, 500));
    world.api.change(|shelf| shelf.faults = [None, Some(broken())].into());
    let night = world.tieout(&["run", "--format", "json", "--concurrency", "1"]);
    assert_eq!(night.code, 3, "{night:?}");
    world
}

fn days_ago(days: i64) -> String {
    (chrono::Utc::now() - chrono::TimeDelta::days(days)).to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

fn status(world: &World) -> Value {
    world.tieout(&["status", "--format", "json"]).json()["domains"][0].clone()
}

fn notes(outcome: &Outcome) -> String {
    outcome.domain()["notes"].to_string()
}

fn kept(world: &World) -> Value {
    world.tieout(&["state", "show", "shop.charges", "--format", "json"]).json()["domains"][0]["members"][0]
        .clone()
}

#[tokio::test]
async fn status_shows_a_hole_and_backfill_fills_it_and_nothing_else() {
    let world = with_a_hole().await;
    let hole = status(&world)["holes"].clone();
    assert_eq!(hole.as_array().unwrap().len(), 1, "{hole}");
    let told = world.tieout(&["status"]).stdout;
    assert!(
        told.contains("Hole in shop.charges: ") && told.contains("tieout backfill shop.charges"),
        "{told}"
    );

    let before = world.api.shelf.lock().unwrap().lists.len();
    let filled = world.tieout(&["backfill", "shop.charges", "--format", "json"]);
    assert_eq!((filled.code, filled.findings()), (0, set(["missing ch_lost"])), "{filled:?}");
    let (from, to) = (hole[0]["from"].as_str().unwrap(), hole[0]["to"].as_str().unwrap());
    assert!(notes(&filled).contains(&format!("filled {from} to {to}")), "{filled:?}");
    assert_eq!(filled.domain()["ranges"], json!([[from, to]]), "it read something else as well");
    assert!(world.api.shelf.lock().unwrap().lists.len() > before);
    assert_eq!(status(&world)["holes"], json!([]));
    assert!(!status(&world)["verified_through"].is_null());

    let again = world.tieout(&["backfill", "shop.charges", "--format", "json"]);
    assert_eq!(again.code, 0, "{again:?}");
    assert!(notes(&again).contains("nothing to fill: coverage has no hole before"), "{again:?}");
}

#[tokio::test]
async fn a_part_that_a_backfill_cannot_read_stays_a_hole_and_is_named() {
    let world = with_a_hole().await;
    let hole = status(&world)["holes"].clone();
    world.api.change(|shelf| shelf.faults = [Some(broken())].into());
    let partial = world.tieout(&["backfill", "shop.charges", "--format", "json"]);
    assert_eq!(partial.code, 3, "{partial:?}");
    assert!(partial.domain()["problems"].to_string().contains("is not filled yet"), "{partial:?}");
    // The slice that failed is the oldest day of the hole; what was read of the rest is filled.
    let left = status(&world)["holes"].clone();
    assert_eq!((left.as_array().unwrap().len(), &left[0]["from"]), (1, &hole[0]["from"]), "{left}");
    assert!(left[0]["to"].as_str() <= hole[0]["to"].as_str(), "{left} is no part of {hole}");
    assert!(left[0]["to"].as_str() > left[0]["from"].as_str(), "{left}");
}

#[tokio::test]
async fn a_backfill_of_older_times_leaves_the_beginning_where_it_is() {
    let world = with_a_hole().await;
    world.tieout(&["backfill", "shop.charges"]);
    world.consume().await;
    world.upstream(&charge("ch_ancient", 40 * 24, 500));
    let through = status(&world)["verified_through"].clone();
    let old =
        ["backfill", "shop.charges", "--since", &days_ago(41), "--until", &days_ago(39), "--format", "json"];
    let filled = world.tieout(&old);
    assert_eq!((filled.code, filled.findings()), (0, set(["missing ch_ancient"])), "{filled:?}");
    assert_eq!(status(&world)["verified_through"], through);
    assert_eq!(status(&world)["holes"], json!([]), "what lies before the beginning is nobody's hole");
    let again = world.tieout(&old);
    assert!(notes(&again).contains("nothing to fill"), "{again:?}");
}

#[tokio::test]
async fn a_backfill_in_the_past_of_its_deadline_reads_nothing_and_goes_on_later() {
    let world = with_a_hole().await;
    let before = world.api.requests();
    let late = world.tieout(&["backfill", "shop.charges", "--deadline", "0s", "--format", "json"]);
    assert_eq!((late.code, world.api.requests()), (3, before), "{late:?}");
    assert!(late.domain()["problems"].to_string().contains("the deadline came"), "{late:?}");
    assert_eq!(world.tieout(&["backfill", "shop.charges"]).code, 0);
}

#[tokio::test]
async fn what_the_provider_has_forgotten_is_named_and_never_read() {
    let world = with_a_hole().await;
    world.edit("provider.yaml", "span: 1d", "span: 1d, keep: 10d");
    let lost = status(&world)["lost"].clone();
    assert_eq!(lost.as_array().unwrap().len(), 1, "{lost}");
    assert!(world.tieout(&["status"]).stdout.contains("Lost of shop.charges: "));
    let filled = world.tieout(&["backfill", "shop.charges", "--format", "json"]);
    assert_eq!((filled.code, filled.findings()), (3, set([])), "{filled:?}");
    assert!(filled.domain()["problems"].to_string().contains("nothing can be proved about it"), "{filled:?}");
    assert_eq!(status(&world)["holes"].as_array().unwrap().len(), 1, "what was not read is no coverage");
}

#[tokio::test]
async fn a_range_that_the_provider_has_forgotten_makes_no_orphans() {
    let world = World::agreeing(0).await;
    for day in 0..20 {
        world.local(&charge(&format!("ch_{day:02}"), 2 + day * 24, 1_000)).await;
        if day < 10 {
            world.upstream(&charge(&format!("ch_{day:02}"), 2 + day * 24, 1_000));
        }
    }
    world.edit("provider.yaml", "span: 1d", "span: 1d, keep: 10d");
    let asked = world.tieout(&["run", "--since", &days_ago(25), "--format", "json"]);
    assert_eq!((asked.code, asked.findings()), (3, set([])), "{asked:?}");
    assert!(
        asked.domain()["problems"].to_string().contains("what it does not show proves nothing"),
        "{asked:?}"
    );
}

#[tokio::test]
async fn a_rewind_goes_back_and_never_forward_and_does_nothing_without_yes() {
    let world = World::agreeing(3).await;
    world.run();
    let before = kept(&world);
    let rewind = |to: &str, more: &[&str]| {
        world.tieout(&[["state", "rewind", "shop.charges", "--to", to].as_slice(), more].concat())
    };
    for forward in [before["clocks"][0]["verified_through"].as_str().unwrap(), "2999-01-01"] {
        let refused = rewind(forward, &["--yes"]);
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(refused.stderr.contains("it can only be taken back"), "{refused:?}");
    }
    let looked = rewind(&days_ago(5), &["--dry-run"]);
    assert_eq!(looked.code, 0, "{looked:?}");
    assert!(looked.stdout.contains("would be taken back"), "{looked:?}");
    let unsure = rewind(&days_ago(5), &[]);
    assert_eq!(unsure.code, 2, "{unsure:?}");
    assert!(unsure.stderr.contains("--yes"), "{unsure:?}");
    assert_eq!(kept(&world), before);

    let to = days_ago(5);
    assert_eq!(rewind(&to, &["--yes"]).code, 0);
    assert_eq!(kept(&world)["clocks"][0]["verified_through"], json!(to));
    world.upstream(&charge("ch_late", 3 * 24, 500));
    let night = world.run();
    assert_eq!((night.code, night.findings()), (0, set(["missing ch_late"])), "{night:?}");
    let shown = world.tieout(&["state", "show"]).stdout;
    assert!(shown.contains(&format!("rewind to {to} by ")), "{shown}");
}

#[tokio::test]
async fn a_rewind_of_what_was_never_read_or_of_several_domains_is_refused() {
    let world = World::agreeing(1).await;
    let refused = world.tieout(&["state", "rewind", "shop.charges", "--to", "2020-01-01", "--yes"]);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.stderr.contains("nothing is verified yet"), "{refused:?}");
    world.run();
    for (args, word) in [
        (["state", "rewind", "nobody", "--to", "2020-01-01"].as_slice(), "no domain matches"),
        (&["state", "rewind", "shop.charges", "--to", "yesterday"], "expected a date"),
        (
            &["state", "rewind", "shop.charges", "--to", "2020-01-01", "--each", "eu"],
            "nothing is kept of a member",
        ),
        (&["state", "unlock", "shop.charges", "--each", "eu"], "nothing is kept of a member"),
        (&["backfill"], "DOMAIN"),
        (&["backfill", "shop.charges", "--until", "2020-01-01"], "--since"),
        (
            &["backfill", "shop.charges", "--since", "2020-01-02", "--until", "2020-01-01"],
            "nothing lies between",
        ),
    ] {
        let refused = world.tieout(args);
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(refused.stderr.contains(word), "{word}: {refused:?}");
    }
}

/// Gives the domain a holder whose last sign of life was so many seconds ago.
async fn hold(world: &World, seconds_ago: i64) {
    let options = SqliteConnectOptions::new().filename(world.path().join("state.db"));
    let state = SqlitePool::connect_with(options).await.unwrap();
    let stamp = |seconds: i64| {
        let at = chrono::Utc::now() + chrono::TimeDelta::seconds(seconds);
        at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
    };
    sqlx::query("UPDATE leases SET holder = 'process 7 on elsewhere', acquired_at = $1, expires_at = $2")
        .bind(stamp(-seconds_ago))
        .bind(stamp(60 - seconds_ago))
        .execute(&state)
        .await
        .unwrap();
    state.close().await;
}

#[tokio::test]
async fn a_dead_lease_is_broken_and_a_living_one_only_by_force() {
    let world = World::agreeing(1).await;
    world.run();
    let unlock =
        |more: &[&str]| world.tieout(&[["state", "unlock", "shop.charges"].as_slice(), more].concat());
    let free = unlock(&[]);
    assert_eq!(free.code, 0, "{free:?}");
    assert!(free.stdout.contains("nobody holds it"), "{free:?}");

    hold(&world, 20).await;
    let alive = unlock(&[]);
    assert_eq!(alive.code, 6, "{alive:?}");
    assert!(alive.stderr.contains("process 7 on elsewhere") && alive.stderr.contains("--force"), "{alive:?}");
    let locked = world.tieout(&["state", "rewind", "shop.charges", "--to", "2000-01-01", "--yes"]);
    assert_eq!(locked.code, 6, "{locked:?}");
    assert_eq!(kept(&world)["lease"]["state"], "held");
    assert_eq!(unlock(&["--force"]).code, 0);
    assert_eq!(kept(&world)["lease"], Value::Null);

    hold(&world, 90).await;
    assert_eq!(kept(&world)["lease"]["state"], "lapsed");
    let dead = unlock(&["--format", "json"]);
    assert_eq!(
        (dead.code, &dead.json()["broken"][0]["holder"]),
        (0, &json!("process 7 on elsewhere")),
        "{dead:?}"
    );
    assert_eq!(world.run().code, 0);
}

#[tokio::test]
async fn holes_backfill_and_rewind_work_alike_on_postgresql() {
    let postgres = Postgres::create().await;
    let world = World::agreeing(3).await;
    on_postgres(&world, &postgres).await;
    world.api.change(|shelf| shelf.faults = [None, Some(broken())].into());
    assert_eq!(world.tieout(&["run", "--concurrency", "1"]).code, 3);
    assert_eq!(status(&world)["holes"].as_array().unwrap().len(), 1);
    assert_eq!(world.tieout(&["backfill", "shop.charges"]).code, 0);
    assert_eq!(status(&world)["holes"], json!([]));
    let to = days_ago(5);
    assert_eq!(world.tieout(&["state", "rewind", "shop.charges", "--to", &to, "--yes"]).code, 0);
    assert_eq!(kept(&world)["clocks"][0]["verified_through"], json!(to));
    assert_eq!(world.tieout(&["state", "unlock", "shop.charges"]).code, 0);
    postgres.drop().await;
}
