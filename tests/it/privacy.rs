//! What a domain hides from people is nowhere but in the events.

use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Row, SqlitePool};

use crate::docs::blocks;
use crate::world::{Outcome, World, charge};

/// The key of the pseudonyms, which must never appear either.
const KEY: &str = "a-privacy-key-of-thirty-two-characters-or-more";
/// In every value that must not be seen.
const SEEN: [&str; 3] = ["kanarie", "9007199254740993", "Žluťásek"];

/// Values of all shapes, dropped or hashed: upstream's and the local one.
fn shapes() -> Vec<(Value, &'static str)> {
    vec![
        (json!("kanarie@example.com"), "kanarie2@example.com"),
        (json!("\"kanarie\" <kanarie@example.com>\\"), "'kanarie' <kanarie@example.com>"),
        (json!("Žluťásek\u{202e}\n Žluťásek"), "Žluťásek\t"),
        (json!(9_007_199_254_740_993_i64), "90071992547409931"),
        (json!(" kanarie "), "kanarie"),
        (json!({ "kanarie": ["kanarie"] }), "kanarie"),
        (Value::Null, "kanarie"),
    ]
}

/// Compares an email and a customer too, and hides them as `privacy` says.
async fn world(privacy: &str) -> World {
    let world = World::agreeing(3).await;
    for column in ["email", "customer"] {
        world.sql(&format!("ALTER TABLE charges ADD COLUMN {column} TEXT")).await;
    }
    for query in ["rows: SELECT id,", "keys: SELECT id,"] {
        world.edit("charges.yaml", query, &format!("{query} email, customer,"));
    }
    let fields = "money:";
    let more = format!("  email: {{upstream: billing_details.email}}\n  customer:\n{privacy}money:");
    world.edit("charges.yaml", fields, &more);
    world.edit("tieout.yaml", "reconcilers:", "privacy: {key: \"file:privacy.key\"}\nreconcilers:");
    world.write("privacy.key", KEY);
    for (at, (upstream, local)) in shapes().into_iter().enumerate() {
        let with = |id: String, value: &Value| {
            let mut charge = charge(&id, 4 + i64::try_from(at).unwrap(), 500);
            charge["billing_details"]["email"] = value.clone();
            charge["customer"] = value.clone();
            charge
        };
        world.upstream(&with(format!("ch_lost_{at}"), &upstream));
        let wrong = format!("ch_wrong_{at}");
        world.both(&with(wrong.clone(), &upstream)).await;
        let invented = format!("ch_invented_{at}");
        world.local(&with(invented.clone(), &Value::Null)).await;
        for id in [wrong, invented] {
            sqlx::query("UPDATE charges SET email = $1, customer = $1 WHERE id = $2")
                .bind(local)
                .bind(id)
                .execute(&world.app)
                .await
                .unwrap();
        }
    }
    world
}

const HIDE: &str = "privacy: {drop: [email], hash: [customer]}\n";

/// Everything that the state store holds, but for the outbox, whose events stay whole.
async fn kept(world: &World) -> String {
    let options = SqliteConnectOptions::new().filename(world.path().join("state.db"));
    let state = SqlitePool::connect_with(options).await.unwrap();
    let names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'outbox'";
    let mut kept = String::new();
    for table in sqlx::query(names).fetch_all(&state).await.unwrap() {
        let table: String = table.get("name");
        let columns = format!(
            "SELECT group_concat('quote(' || name || ')', ' || '' '' || ') FROM pragma_table_info('{table}')"
        );
        let columns: String = sqlx::query(AssertSqlSafe(columns)).fetch_one(&state).await.unwrap().get(0);
        let rows = format!("SELECT {columns} FROM {table}");
        for row in sqlx::query(AssertSqlSafe(rows)).fetch_all(&state).await.unwrap() {
            kept += &row.get::<String, _>(0);
        }
    }
    state.close().await;
    assert!(kept.contains("ch_lost_0"), "the findings are among what is kept");
    kept
}

fn shows_nothing(what: &str, text: &str) {
    for seen in SEEN.into_iter().chain([KEY]) {
        assert!(!text.contains(seen), "{what} shows {seen:?}: {text}");
    }
}

fn quiet(world: &World, args: &[&str]) -> Outcome {
    let outcome = world.tieout(&[args, &["-vvv"]].concat());
    shows_nothing(&format!("{args:?}"), &format!("{}\n{}", outcome.stdout, outcome.stderr));
    outcome
}

/// A finding as `findings show` has it.
fn fields(world: &World, key: &str) -> Value {
    let shown = quiet(world, &["findings", "show", &format!("shop.charges/{key}"), "--format", "json"]);
    shown.json()["findings"][0]["fields"].clone()
}

fn field(fields: &Value, name: &str) -> Value {
    fields.as_array().unwrap().iter().find(|diff| diff["field"] == name).unwrap().clone()
}

#[tokio::test]
async fn no_hidden_value_is_in_a_finding_a_report_or_a_log_whatever_is_asked_for() {
    let world = world(HIDE).await;
    let formats = ["human", "json", "jsonl"];
    for format in formats {
        assert_eq!(quiet(&world, &["plan", "--format", format]).code, 4);
    }
    assert_eq!(quiet(&world, &["plan", "--out", "plan.json"]).code, 4);
    shows_nothing("a saved plan", &std::fs::read_to_string(world.path().join("plan.json")).unwrap());
    world.edit("charges.yaml", "policy: {", "policy: {max_emits: 3, ");
    let run = quiet(&world, &["run", "--format", "json"]);
    assert_eq!((run.code, &run.domain()["tonight"]["new"]), (5, &json!(21)), "{run:?}");
    shows_nothing("the state store", &kept(&world).await);
    let lost = "shop.charges/ch_lost_0";
    for format in formats {
        for asked in [
            &["findings", "list", "--limit", "0"][..],
            &["findings", "show", lost],
            &["findings", "show", "shop.charges/ch_wrong_2"],
            &["explain", lost],
            &["explain", "shop.charges/ch_invented_1"],
            &["findings", "note", lost, "--text", "asked"],
            &["report", "show"],
            &["report", "list"],
            &["status"],
            &["approve", "latest", "--dry-run"],
            &["run", "--baseline"],
        ] {
            quiet(&world, &[asked, &["--format", format]].concat());
        }
    }
    let approved = quiet(&world, &["approve", "latest", "--expect", "12"]);
    assert_eq!(approved.code, 0, "{approved:?}");
    shows_nothing("the state store", &kept(&world).await);
}

#[tokio::test]
async fn events_stay_whole_and_keep_their_ids() {
    let bare = world("").await;
    let ids = |outcome: &Outcome| {
        let findings = outcome.domain()["findings"].as_array().unwrap().clone();
        findings.into_iter().map(|finding| finding["event_id"].clone()).collect::<Vec<_>>()
    };
    let open = ids(&bare.plan());
    bare.edit("charges.yaml", "money:", &format!("{HIDE}money:"));
    assert_eq!(ids(&bare.plan()), open, "what is hidden is in the digest all the same");
    let run = bare.run();
    assert_eq!((run.code, ids(&run)), (0, open), "{run:?}");
    let events = bare.events().await;
    // What cannot be compared is not sent.
    let sent = shapes().into_iter().enumerate().filter(|(_, (value, _))| !value.is_object());
    for (at, (value, _)) in sent {
        let lost = format!("ch_lost_{at}");
        let event = events.iter().find(|event| event["subject"] == lost.as_str()).unwrap();
        assert_eq!(
            (&event["data"]["customer"], &event["data"]["billing_details"]["email"]),
            (&value, &value)
        );
    }
}

#[tokio::test]
async fn a_dropped_field_keeps_its_name_and_a_hashed_one_shows_what_is_equal() {
    assert_eq!(blocks(include_str!("../../docs/domains.md"), "privacy:"), [HIDE], "the guide says the same");
    let world = world(HIDE).await;
    world.run();
    let wrong = fields(&world, "ch_wrong_0");
    assert_eq!(field(&wrong, "email"), json!({ "field": "email", "hidden": "dropped" }));
    let customer = field(&wrong, "customer");
    assert_eq!(customer["hidden"], "hashed");
    // printf %s kanarie@example.com | openssl dgst -sha256 -hmac "$KEY"
    let expected = "\"hmac:74165ee2617cdaed049202013b44ee8b536cdc012fbb12924e063732f014e538\"";
    assert_eq!(customer["upstream"], expected);
    assert_eq!(field(&fields(&world, "ch_lost_0"), "customer")["upstream"], expected);
    assert_ne!(customer["local"], expected);
    assert_eq!(field(&fields(&world, "ch_wrong_6"), "customer")["upstream"], "null", "nothing is no secret");
    let told = quiet(&world, &["findings", "show", "shop.charges/ch_wrong_0"]);
    assert!(told.stdout.contains("(hidden)") && told.stdout.contains(expected), "{told:?}");
    let again = world.run();
    assert_eq!(again.domain()["follow_up"]["checked"], 21, "a finding is found again by its key: {again:?}");
    world.change_upstream("ch_wrong_0", |charge| {
        charge["billing_details"]["email"] = json!("kanarie2@example.com");
        charge["customer"] = json!("kanarie2@example.com");
    });
    world.run();
    assert_eq!(world.stands("ch_wrong_0").0, "repaired");
}

#[tokio::test]
async fn what_was_stored_before_it_was_hidden_is_not_shown_and_gives_way_with_the_next_run() {
    let world = world("").await;
    world.run();
    assert!(kept(&world).await.contains("kanarie"), "nothing is hidden yet");
    world.edit("charges.yaml", "money:", &format!("{HIDE}money:"));
    for asked in [
        &["findings", "list", "--limit", "0"][..],
        &["report", "show"],
        &["explain", "shop.charges/ch_wrong_0"],
    ] {
        for format in ["human", "json", "jsonl"] {
            quiet(&world, &[asked, &["--format", format]].concat());
        }
    }
    assert_eq!(field(&fields(&world, "ch_wrong_0"), "customer")["hidden"], "dropped", "showing takes no key");
    quiet(&world, &["run"]);
    assert_eq!(field(&fields(&world, "ch_wrong_0"), "customer")["hidden"], "hashed");
}

#[tokio::test]
async fn a_run_without_a_usable_key_ends_before_anything_is_asked() {
    let world = world(HIDE).await;
    let refused = |why: &str| {
        for command in ["run", "plan"] {
            let outcome = world.tieout(&[command]);
            assert_eq!(outcome.code, 2, "{outcome:?}");
            assert!(outcome.stdout.contains(why), "{outcome:?}");
        }
        assert_eq!(world.tieout(&["check"]).code, 0, "`check` needs no secret");
        let checked = world.tieout(&["check", "--vars"]);
        assert_eq!(checked.code, 2, "{checked:?}");
        assert!(checked.stdout.contains(why), "{checked:?}");
        assert_eq!(world.api.requests(), 0);
    };
    world.write("privacy.key", "hunter2\n");
    refused("privacy.key: it must be at least 32 characters long");
    world.edit("tieout.yaml", "file:privacy.key", "env:TIEOUT_TEST_NO_KEY");
    refused("privacy.key: the environment variable `TIEOUT_TEST_NO_KEY` is not set");
    world.edit("charges.yaml", ", hash: [customer]", "");
    assert_eq!(world.run().code, 0, "what is dropped takes no key");
    world.edit("charges.yaml", "drop: [email]", "hash: [emial]");
    let wrong = world.tieout(&["check"]);
    assert_eq!(wrong.code, 2, "{wrong:?}");
    assert!(
        wrong.stderr.contains("charges.yaml:16:") && wrong.stderr.contains("did you mean `email`?"),
        "{wrong:?}"
    );
    world.edit("charges.yaml", "hash: [emial]", "hash: [email]");
    world.edit("tieout.yaml", "privacy: {key: \"env:TIEOUT_TEST_NO_KEY\"}\n", "");
    let keyless = world.tieout(&["check"]);
    assert!(
        keyless.stderr.contains("add `privacy: {key: env:TIEOUT_PRIVACY_KEY}` to tieout.yaml"),
        "{keyless:?}"
    );
}
