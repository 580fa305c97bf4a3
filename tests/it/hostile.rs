//! What others send is data, wherever it comes to: in statements, paths, logs, terminals and tables. What is ours stays ours.

use serde_json::{Value, json};
use sqlx::Row as _;
use wiremock::matchers::{method, path_regex};
use wiremock::{Mock, Request, ResponseTemplate};

use crate::world::{CANARY, Outcome, World, charge};

/// Ids that would mean something to a database, a path, a template, a shell, a terminal or a spreadsheet.
const IDS: [&str; 13] = [
    "'; DROP TABLE charges; --",
    "\" OR \"\"=\"",
    "ch') OR ('1'='1",
    "../../../etc/passwd",
    "a/b?c=d#e&f",
    ":keys",
    "$1",
    "{secret.key}",
    "%s%n{}{0}",
    "=cmd|'/c calc'!A1",
    "ključ\u{202e}gnirts",
    "`id`$(id)",
    "\\u0000\\",
];

fn is_control(c: char) -> bool {
    c.is_control() && c != '\n'
}

/// No text for people holds what a terminal would obey.
fn steers_nothing(outcome: &Outcome) {
    let turns = |c: char| ('\u{202a}'..='\u{202e}').contains(&c);
    for text in [&outcome.stdout, &outcome.stderr] {
        let found = text.chars().find(|c| is_control(*c) || turns(*c));
        assert_eq!(found, None, "{text}");
    }
}

#[tokio::test]
async fn ids_that_mean_something_elsewhere_are_only_ids() {
    let world = World::agreeing(5).await;
    for (at, id) in IDS.into_iter().enumerate() {
        let wanted = charge(id, 3 + i64::try_from(at).unwrap(), 700);
        match at % 3 {
            0 => world.upstream(&wanted),
            1 => world.local(&wanted).await,
            _ => {
                world.upstream(&wanted);
                world.local(&charge(id, 3 + i64::try_from(at).unwrap(), 600)).await;
            }
        }
    }
    let rows = "SELECT count(*) FROM charges";
    let before: i64 = sqlx::query(rows).fetch_one(&world.app).await.unwrap().get(0);
    let plan = world.tieout(&["plan", "-vvv"]);
    assert_eq!(plan.code, 4, "{plan:?}");
    steers_nothing(&plan);
    let plan = world.plan();
    assert!(!plan.stdout.contains(is_control), "JSON escapes them: {plan:?}");
    let run = world.run();
    assert_eq!(run.code, 0, "{run:?}");
    let found = world.keys_of(&[]);
    assert_eq!(found, IDS.map(str::to_owned).into());
    for id in IDS {
        let shown = world.tieout(&["findings", "show", &format!("shop.charges/{id}")]);
        assert_eq!(shown.code, 0, "{shown:?}");
        steers_nothing(&shown);
        let explained = world.tieout(&["explain", &format!("shop.charges/{id}")]);
        assert_eq!(explained.code, 0, "{explained:?}");
        steers_nothing(&explained);
    }
    let after: i64 = sqlx::query(rows).fetch_one(&world.app).await.unwrap().get(0);
    assert_eq!(before, after);
    world.consume().await;
    let again = world.run();
    assert!(
        again.domain()["findings"].as_array().unwrap().iter().all(|finding| finding["kind"] == "orphaned"),
        "{again:?}"
    );
}

#[tokio::test]
async fn values_that_would_steer_a_terminal_or_a_log_do_not_reach_it_raw() {
    let world = World::agreeing(3).await;
    let hostile = "usd\u{1b}[2J\r\n2026-01-01T00:00:00Z ERROR all is lost\u{202e}\u{0}";
    world.both(&charge("ch_odd", 5, 500)).await;
    world.change_upstream("ch_odd", |charge| charge["currency"] = json!(hostile));
    for args in [
        &["plan", "-vvv"][..],
        &["run", "-vvv"],
        &["findings", "show", "shop.charges/ch_odd"],
        &["report", "show"],
    ] {
        let outcome = world.tieout(args);
        assert!(outcome.code == 0 || outcome.code == 4, "{outcome:?}");
        steers_nothing(&outcome);
        let forged = |line: &str| line.starts_with("2026-01-01T00:00:00Z ERROR");
        assert!(!outcome.stdout.lines().chain(outcome.stderr.lines()).any(forged), "{outcome:?}");
    }
}

/// Whatever a file of the world holds.
fn holds(world: &World, secret: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(world.path()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = std::fs::read(&path).unwrap();
        if name != "key" && bytes.windows(secret.len()).any(|window| window == secret.as_bytes()) {
            found.push(name);
        }
    }
    found
}

/// Errors that repeat what they were shown, as gateways do.
fn echo(request: &Request) -> ResponseTemplate {
    let shown = request.headers.get("authorization").unwrap().to_str().unwrap().to_owned();
    let status = [400, 404, 409, 422][usize::from(request.url.path().bytes().last().unwrap() % 4)];
    let body: Value =
        json!({ "error": { "message": format!("not allowed: {shown}") }, "authorization": shown });
    ResponseTemplate::new(status).insert_header("x-asked-with", shown.as_str()).set_body_json(body)
}

#[tokio::test]
async fn a_credential_that_errors_repeat_is_in_no_log_report_state_or_queue_at_the_lowest_level() {
    let world = World::agreeing(3).await;
    for at in 0..4 {
        world.upstream(&charge(&format!("ch_lost_{at}"), 4 + at, 500));
    }
    Mock::given(method("GET"))
        .and(path_regex("^/v1/charges/ch_lost_[0-3]$"))
        .respond_with(echo)
        .with_priority(1)
        .mount(&world.api.server)
        .await;
    for (format, args) in [("json", "plan"), ("human", "run"), ("jsonl", "run")] {
        let mut command = world.command(&[args, "--format", format]);
        let output = command.env("TIEOUT_LOG", "trace").env("RUST_BACKTRACE", "1").output().unwrap();
        for text in [output.stdout, output.stderr] {
            let text = String::from_utf8(text).unwrap();
            assert!(!text.contains(CANARY), "{format}: {text}");
            assert!(!text.is_empty());
        }
    }
    for args in
        [&["report", "show", "--format", "json"][..], &["findings", "list", "--format", "json"], &["status"]]
    {
        world.tieout(args);
    }
    assert_eq!(holds(&world, CANARY), Vec::<String>::new());
    assert_eq!(holds(&world, "ch_lost_0").len(), 1, "the state holds what the runs found");
}
