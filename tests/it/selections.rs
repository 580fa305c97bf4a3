//! Which domains a command is about: by name, by glob, by tag, and without those that are left out.

use serde_json::Value;

use crate::world::{Outcome, World, charge};

/// Three domains on one feed; two are about money, and one of these about cards.
async fn world() -> World {
    let world = World::agreeing(2).await;
    let charges = std::fs::read_to_string(world.path().join("charges.yaml")).unwrap();
    let tagged = |name: &str, more: &str| {
        let text = charges
            .replace("shop.charges", name)
            .replace("com.example.charge", &format!("com.example.{name}"));
        world.write(&format!("{name}.yaml"), &format!("{more}{text}"));
    };
    tagged("shop.charges", "owner: payments@example.com\ntags: [money, cards]\n");
    tagged("shop.refunds", "tags: [money]\n");
    tagged("shop.orders", "");
    std::fs::remove_file(world.path().join("charges.yaml")).unwrap();
    world
}

/// The domains that a JSON document is about.
fn named(outcome: &Outcome) -> Vec<String> {
    assert!([0, 4].contains(&outcome.code), "{outcome:?}");
    let name = |domain: &Value| domain["domain"].as_str().unwrap().to_owned();
    let mut names: Vec<String> = outcome.json()["domains"].as_array().unwrap().iter().map(name).collect();
    names.sort();
    names
}

#[tokio::test]
async fn tags_choose_domains_and_exclusions_leave_some_out_in_every_command() {
    let world = world().await;
    world.upstream(&charge("ch_lost", 5, 500));
    let json = |args: &[&str]| world.tieout(&[args, &["--format", "json"]].concat());

    assert_eq!(named(&json(&["plan", "tag:money"])), ["shop.charges", "shop.refunds"]);
    assert_eq!(
        named(&json(&["plan", "shop.orders", "--select", "tag:cards"])),
        ["shop.charges", "shop.orders"]
    );
    assert_eq!(named(&json(&["run", "--select", "tag:money", "--exclude", "*.refunds"])), ["shop.charges"]);
    assert_eq!(
        named(&json(&["backfill", "--select", "tag:money", "--exclude", "tag:cards"])),
        ["shop.refunds"]
    );
    assert_eq!(named(&json(&["status", "--exclude", "tag:money"])), ["shop.orders"]);
    assert_eq!(named(&json(&["state", "show", "tag:cards"])), ["shop.charges"]);

    let found = json(&["findings", "list", "--exclude", "shop.refunds"]).json();
    assert_eq!(found["findings"].as_array().unwrap().len(), 1, "{found}");
    let checked = world.tieout(&["check", "tag:money"]);
    assert!(checked.stdout.contains("2 domains: shop.charges, shop.refunds"), "{checked:?}");
    let doctor = world.tieout(&["doctor", "--exclude", "tag:money"]);
    assert!(doctor.stdout.contains("shop.orders") && !doctor.stdout.contains("shop.refunds"), "{doctor:?}");
    let next = json(&["next", "tag:cards"]);
    assert_eq!(next.json()["unscheduled"], serde_json::json!(["shop.charges"]), "{next:?}");
    let letters = world.tieout(&["dlq", "list", "--domain", "tag:money"]);
    assert_eq!(letters.code, 0, "{letters:?}");
}

#[tokio::test]
async fn a_selection_of_nothing_is_refused_before_anything_is_read() {
    let world = world().await;
    let refused = |args: &[&str], code: &str, says: &str| {
        let outcome = world.tieout(&[args, &["--format", "jsonl"]].concat());
        assert_eq!(outcome.code, 2, "{outcome:?}");
        let error: Value = serde_json::from_str(outcome.stderr.lines().last().unwrap()).unwrap();
        assert_eq!(error["code"], code, "{outcome:?}");
        assert!(error["message"].as_str().unwrap().contains(says), "{outcome:?}");
    };
    for command in ["run", "plan", "backfill", "status", "check", "doctor", "next", "daemon"] {
        refused(
            &[command, "--select", "tag:mony"],
            "no_such_tag",
            "did you mean `money`?\nknown tags: cards, money",
        );
        refused(
            &[command, "tag:money", "--exclude", "shop.[cr]*"],
            "all_excluded",
            "shop.charges, shop.refunds",
        );
    }
    refused(&["run", "--exclude", "tag:mony"], "no_such_tag", "known tags");
    refused(&["run", "--exclude", "shop.order"], "no_such_domain", "did you mean `shop.orders`?");
    refused(&["run", "--exclude", "["], "bad_pattern", "not a pattern");
    refused(&["run", "money"], "no_such_domain", "did you mean `tag:money`?");
    refused(&["findings", "list", "--select", "tag:"], "no_such_tag", "known tags");
    for both in [["--failed", "--exclude"], ["--resume", "--select"]] {
        assert_eq!(world.tieout(&[&["run"], both.as_slice(), &["shop.orders"]].concat()).code, 2, "{both:?}");
    }
    assert_eq!(world.tieout(&["backfill", "--exclude", "shop.orders"]).code, 2, "no domain is named");
    assert_eq!(world.api.requests(), 0);
}

#[tokio::test]
async fn what_failed_of_a_selection_is_tried_again_though_the_tags_have_moved() {
    let world = world().await;
    world.edit("shop.refunds.yaml", "FROM charges WHERE id", "FROM nowhere WHERE id");
    let first = world.tieout(&["run", "tag:money", "--format", "json"]);
    assert_ne!(first.code, 0, "{first:?}");
    world.edit("shop.refunds.yaml", "FROM nowhere", "FROM charges");
    world.edit("shop.refunds.yaml", "tags: [money]\n", "");
    let again = world.tieout(&["run", "--failed", "--format", "json"]);
    assert_eq!(named(&again), ["shop.refunds"]);
}

#[tokio::test]
async fn who_owns_a_domain_is_said_where_its_findings_are_shown() {
    let world = world().await;
    world.upstream(&charge("ch_lost", 5, 500));
    let run = world.tieout(&["run", "tag:money"]);
    assert!(run.stdout.contains("owner payments@example.com"), "{run:?}");
    let report = world.tieout(&["report", "show", "--format", "json"]).json();
    assert_eq!(report["domains"][0]["owner"], "payments@example.com");
    assert_eq!(report["domains"][0]["tags"], serde_json::json!(["money", "cards"]));
    assert_eq!(report["domains"][1]["owner"], Value::Null);

    let status = world.tieout(&["status", "--format", "json"]).json();
    assert_eq!(status["domains"][0]["owner"], "payments@example.com");
    let table = world.tieout(&["status"]).stdout;
    assert!(table.lines().next().unwrap().ends_with("OWNER"), "{table}");
    assert!(!world.tieout(&["status", "shop.orders"]).stdout.contains("OWNER"));

    let finding = "shop.charges/ch_lost";
    let explained = world.tieout(&["explain", finding, "--format", "json"]).json();
    assert_eq!(explained["findings"][0]["domain_owner"], "payments@example.com");
    assert_eq!(explained["findings"][0]["owner"], Value::Null);
    for command in [["explain", finding].as_slice(), &["findings", "show", finding]] {
        assert!(world.tieout(command).stdout.contains("payments@example.com"), "{command:?}");
    }
}

#[tokio::test]
async fn a_report_can_be_narrowed_to_some_of_its_domains() {
    let world = world().await;
    world.tieout(&["run", "tag:money"]);
    let shown = world.tieout(&["report", "show", "--domain", "tag:cards", "--format", "json"]);
    assert_eq!(named(&shown), ["shop.charges"]);
    let text = world.tieout(&["report", "show", "latest", "--domain", "*.refunds"]).stdout;
    assert!(text.contains("shop.refunds") && !text.contains("shop.charges"), "{text}");
    let none = world.tieout(&["report", "show", "--domain", "shop.orders"]);
    assert_eq!(none.code, 2, "{none:?}");
    assert!(
        none.stderr.contains("was about none of these domains, but: shop.charges, shop.refunds"),
        "{none:?}"
    );
    assert_eq!(world.tieout(&["report", "show", "--domain", "nobody"]).code, 2);
}
