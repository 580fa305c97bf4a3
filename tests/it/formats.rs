//! A format that is offered is the one that is written, and one that is not written is refused.

use serde_json::Value;

use crate::world::{World, charge};

/// Commands whose result is a document of ours; the world has two runs, the first of which holds what it found.
const OURS: &[&str] = &[
    "approve latest --dry-run",
    "backfill shop.charges",
    "check",
    "config show",
    "dlq list",
    "dlq list --flat",
    "doctor",
    "explain shop.charges/ch_lost",
    "findings list",
    "findings note shop.charges/ch_lost --text hello",
    "findings show shop.charges/ch_lost",
    "metrics show",
    "migrate inbox",
    "migrate info",
    "migrate run",
    "next",
    "preview api/charges",
    "probe api/charges --since 2d",
    "quarantine list",
    "replay --since 1h --dry-run",
    "replay list",
    "report diff latest~1 latest",
    "report list",
    "report prune --keep-last 9 --dry-run",
    "report show",
    "schemas check",
    "schemas list",
    "schemas sizes shop.charges",
    "state journal",
    "state pause shop.charges",
    "state resume shop.charges",
    "state show",
    "state unlock shop.charges",
    "status",
    "run",
    "plan",
];

/// A call that writes what somebody else reads, and a format that it does not write.
const REFUSED: &[(&str, &str)] = &[
    ("daemon", "json"),
    ("demo", "json"),
    ("generate alerts", "json"),
    ("generate completions bash", "json"),
    ("generate dashboard", "yaml"),
    ("generate man --to .", "jsonl"),
    ("generate systemd", "json"),
    ("generate schema run", "yaml"),
    ("plan", "yaml"),
    ("report list", "md"),
    ("run", "md"),
    ("status", "github"),
];

async fn world() -> World {
    let world = World::agreeing(3).await;
    world.upstream(&charge("ch_lost", 5, 500));
    world.upstream(&charge("ch_too", 6, 600));
    for _ in 0..2 {
        world.tieout(&["run", "--max-emits", "1"]);
    }
    world
}

fn call(world: &World, line: &str, format: &str) -> (i32, String, String) {
    let words: Vec<&str> = line.split(' ').chain(["-o", format]).collect();
    let outcome = world.tieout(&words);
    (outcome.code, outcome.stdout, outcome.stderr)
}

#[tokio::test]
async fn whatever_offers_json_writes_json() {
    let world = world().await;
    for line in OURS {
        let (code, stdout, stderr) = call(&world, line, "json");
        let document: Value = serde_json::from_str(&stdout)
            .unwrap_or_else(|error| panic!("{line}: {error}: exit code {code}: {stdout}{stderr}"));
        let schema = document["schema"].as_str().unwrap_or_default();
        assert!(schema.starts_with("tieout.") && schema.ends_with("/v1"), "{line}: {stdout}");
    }
    for line in [
        "asyncapi",
        "generate catalog --owner group:default/shop",
        "generate dashboard",
        "generate schema run",
    ] {
        let (code, stdout, _) = call(&world, line, "json");
        assert!(code == 0 && serde_json::from_str::<Value>(&stdout).is_ok(), "{line}: {stdout}");
    }
}

#[tokio::test]
async fn whatever_offers_lines_writes_records_with_a_type() {
    let world = world().await;
    for line in OURS {
        let (_, stdout, stderr) = call(&world, line, "jsonl");
        for record in stdout.lines() {
            let record: Value = serde_json::from_str(record)
                .unwrap_or_else(|error| panic!("{line}: {error}: {stdout}{stderr}"));
            assert!(record["type"].is_string(), "{line}: {record}");
        }
    }
}

#[tokio::test]
async fn a_format_that_is_not_written_is_refused_with_the_ones_that_are() {
    let world = world().await;
    for (line, format) in REFUSED {
        let (code, stdout, stderr) = call(&world, line, format);
        let told = format!("does not write `{format}`, but: human");
        assert!(code == 2 && stderr.contains(&told), "{line}: {code}: {stdout}{stderr}");
    }
}
