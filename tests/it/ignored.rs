//! What people ignore is in the counts of every run that sees it, and the sums still hold.

use serde_json::{Value, json};

use crate::both::on_both;
use crate::world::{Outcome, World, charge};

/// A run that reads everything again, whatever is verified.
fn read_again(world: &World) -> Outcome {
    let back = (chrono::Utc::now() - chrono::TimeDelta::days(5)).to_rfc3339();
    world.tieout(&["run", "--since", &back, "--format", "json"])
}

fn ignore(world: &World, keys: &[&str]) {
    let paths: Vec<String> = keys.iter().map(|key| format!("shop.charges/{key}")).collect();
    let mut args = vec!["findings", "ignore", "--reason", "known"];
    args.extend(paths.iter().map(String::as_str));
    let ignored = world.tieout(&args);
    assert_eq!(ignored.code, 0, "{ignored:?}");
}

fn number(items: &Value, path: &str) -> u64 {
    items.pointer(path).and_then(Value::as_u64).unwrap_or_else(|| panic!("{path} in {items}"))
}

/// Adds the parts of both sides up, as DESIGN says it and not as the product does.
fn adds_up(domain: &Value) {
    let items = &domain["items"];
    for (side, only) in [("upstream", "/missing"), ("local", "/orphaned")] {
        let parts = ["/matched".to_owned(), "/mismatched".to_owned(), only.to_owned()].into_iter();
        let parts = parts.chain(["pending", "unreadable", "ignored"].map(|part| format!("/{part}/{side}")));
        let sum: u64 = parts.map(|part| number(items, &part)).sum();
        assert_eq!(number(items, &format!("/{side}")), sum, "{side}: {items}");
    }
}

/// A lost charge, a wrong one, an invented one and one that cannot be read, beside nine that agree.
async fn drift(world: &World) {
    for at in 0..9 {
        world.both(&charge(&format!("ch_{at:03}"), 2 + at, 1_000 + at)).await;
    }
    world.upstream(&charge("ch_lost", 5, 500));
    world.both(&charge("ch_wrong", 6, 700)).await;
    world.change_upstream("ch_wrong", |charge| charge["amount"] = json!(900));
    world.local(&charge("ch_invented", 7, 77)).await;
    world.both(&charge("ch_odd", 8, 800)).await;
    world.change_upstream("ch_odd", |charge| charge["status"] = json!("refunded"));
}

#[tokio::test]
async fn ignored_drift_is_counted_as_ignored_on_its_sides_and_the_sums_hold() {
    on_both(async |world, _| {
        drift(world).await;
        adds_up(&read_again(world).domain());
        ignore(world, &["ch_lost", "ch_wrong", "ch_invented", "ch_odd"]);
        let outcome = read_again(world);
        let domain = outcome.domain();
        adds_up(&domain);
        let items = &domain["items"];
        assert_eq!(items["ignored"], json!({ "upstream": 3, "local": 3 }), "{outcome:?}");
        assert_eq!((&items["upstream"], &items["local"]), (&json!(12), &json!(12)), "{items}");
        assert_eq!(items["unreadable"], json!({ "upstream": 0, "local": 0 }));
        assert_eq!(
            [&items["missing"], &items["mismatched"], &items["orphaned"], &items["matched"]],
            [0, 0, 0, 9].map(|n| json!(n)).each_ref(),
        );
        assert_eq!(outcome.findings().len(), 0);
        let amount = &domain["amounts"][0];
        for part in ["difference", "missing", "mismatched", "orphaned", "unexplained"] {
            assert_eq!(amount[part], "0.00", "an ignored amount is on neither side: {amount}");
        }
        let told = world.tieout(&["report", "show"]);
        assert!(told.stdout.contains("in sync, 3 ignored"), "{told:?}");
    })
    .await;
}

#[tokio::test]
async fn some_are_ignored_and_the_others_are_drift_as_before() {
    let world = World::agreeing(1).await;
    drift(&world).await;
    read_again(&world);
    ignore(&world, &["ch_lost", "ch_invented"]);
    let domain = read_again(&world).domain();
    adds_up(&domain);
    let items = &domain["items"];
    assert_eq!(items["ignored"], json!({ "upstream": 1, "local": 1 }), "{items}");
    assert_eq!((&items["mismatched"], &items["unreadable"]["local"]), (&json!(1), &json!(1)), "{items}");
    let amount = &domain["amounts"][0];
    assert_eq!((&amount["difference"], &amount["mismatched"]), (&json!("2.00"), &json!("2.00")), "{amount}");
    world.change_upstream("ch_lost", |charge| charge["amount"] = json!(501));
    let changed = read_again(&world).domain();
    adds_up(&changed);
    assert_eq!(changed["items"]["missing"], 1, "another drift is nobody's decision yet: {changed}");
}
