//! What the binary writes where nobody sits at a terminal, and where somebody does.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::world::{World, charge};

const ESCAPE: char = '\u{1b}';

/// Variables by which a terminal, or whoever sits at it, says what it likes.
const TASTES: [&str; 5] = ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "CI", "TIEOUT_COLOR"];

/// What a line of a shell says on a terminal that can show colours, with more variables.
fn on_a_terminal(world: &World, line: &str, variables: &[(&str, &str)]) -> String {
    let mut command = Command::new("script");
    let binary = Path::new(env!("CARGO_BIN_EXE_tieout")).parent().unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
    command.args(["-qec", line, "/dev/null"]).current_dir(world.path()).stdin(Stdio::null());
    for name in TASTES {
        command.env_remove(name);
    }
    command.env("PATH", path).env("TERM", "xterm-256color").envs(variables.iter().copied());
    String::from_utf8(command.output().unwrap().stdout).unwrap()
}

/// What a line of a shell says on a terminal where somebody types some lines.
fn typed(folder: &Path, line: &str, lines: &str) -> String {
    let mut command = Command::new("script");
    let binary = Path::new(env!("CARGO_BIN_EXE_tieout")).parent().unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
    command.args(["-qec", line, "/dev/null"]).current_dir(folder).env("PATH", path).env("TERM", "dumb");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

#[test]
fn a_new_folder_is_made_of_four_answers_and_a_wrong_one_is_asked_again() {
    let home = tempfile::tempdir().unwrap();
    let told = typed(
        home.path(),
        "tieout init recon",
        "stripe/charg\nstripe/charges\npostgress\npostgres\n\nredis\n",
    );
    assert!(told.contains("`stripe` has no feed `charg`; did you mean `charges`?"), "{told}");
    assert!(told.contains("`postgress` is none of them; did you mean `postgres`?"), "{told}");
    let config = std::fs::read_to_string(home.path().join("recon/tieout.yaml")).unwrap();
    for line in [
        "app: {url: env:APP_DATABASE_URL}",
        "state: {url: \"sqlite:tieout-state.db\"}",
        "events: {redis: {url: env:QUEUE_URL, stream: tieout_events}}",
        "stripe: {secrets: {stripe_key: env:STRIPE_KEY}}",
    ] {
        assert!(config.contains(line), "{line}: {config}");
    }
    assert!(home.path().join("recon/reconcilers/stripe.charges.yaml").exists());
}

#[test]
fn what_a_flag_says_is_not_asked_and_nothing_is_where_nobody_is_to_be_asked() {
    let home = tempfile::tempdir().unwrap();
    let told =
        typed(home.path(), "tieout init a --feed fake/charges --state sqlite --queue ndjson", "mysql\n");
    assert_eq!(told.matches("]: ").count(), 1, "{told}");
    let config = std::fs::read_to_string(home.path().join("a/tieout.yaml")).unwrap();
    assert!(config.contains("mysql://") && config.contains("ndjson"), "{config}");
    let told = typed(home.path(), "tieout init b --yes", "");
    assert!(!told.contains("]: ") && home.path().join("b/tieout.yaml").exists(), "{told}");
    let told = typed(home.path(), "tieout init b", "");
    assert!(
        !told.contains("]: ") && told.contains("is there already"),
        "nobody is asked for nothing: {told}"
    );
}

/// A world in which a charge was lost.
async fn losing() -> World {
    let world = World::agreeing(3).await;
    world.upstream(&charge("ch_lost", 5, 500));
    world
}

#[tokio::test]
async fn a_pipe_gets_colors_only_where_somebody_insists() {
    let world = losing().await;
    let calls: [&[&str]; 5] = [&["plan"], &["run"], &["status"], &["report", "show"], &["nonsense"]];
    for call in calls {
        let told = world.tieout(call);
        assert!(!format!("{}{}", told.stdout, told.stderr).contains(ESCAPE), "{call:?}: {told:?}");
    }
    let plan = |flags: &[&str], variables: &[(&str, &str)]| {
        world.tieout_with(&[&["plan"], flags].concat(), variables).stdout.contains(ESCAPE)
    };
    assert!(plan(&["--color", "always"], &[]));
    assert!(plan(&[], &[("TIEOUT_COLOR", "always")]));
    assert!(plan(&[], &[("CLICOLOR_FORCE", "1")]));
    assert!(!plan(&[], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    assert!(!plan(&["--color", "never"], &[("CLICOLOR_FORCE", "1")]));
    let usage = |color| world.tieout(&["nonsense", "--color", color]).stderr.contains(ESCAPE);
    assert!(usage("always") && !usage("never"));
    for format in ["json", "jsonl"] {
        assert!(!plan(&["--color", "always", "-o", format], &[]), "{format}");
    }
}

#[tokio::test]
async fn a_terminal_gets_colors_unless_it_or_somebody_says_no() {
    let world = losing().await;
    assert!(on_a_terminal(&world, "tieout plan", &[]).contains("\u{1b}["));
    for (line, variables) in [
        ("tieout plan --color never", &[][..]),
        ("tieout plan", &[("NO_COLOR", "1")]),
        ("tieout plan", &[("TERM", "dumb")]),
        ("tieout plan 2>/dev/null | cat", &[]),
    ] {
        let told = on_a_terminal(&world, &format!("{line} 2>/dev/null"), variables);
        assert!(told.contains("ch_lost"), "{line}: {told}");
        assert!(!told.contains(ESCAPE), "{line} {variables:?}: {told}");
    }
    let usage = |color: &str| on_a_terminal(&world, &format!("tieout nonsense --color {color}"), &[]);
    assert!(usage("auto").contains(ESCAPE) && !usage("never").contains(ESCAPE));
    let dumb = on_a_terminal(&world, "tieout plan", &[("TERM", "dumb")]);
    assert!(!dumb.contains(ESCAPE), "nothing moves on a dumb terminal: {dumb:?}");
}

#[tokio::test]
async fn each_stream_has_colors_or_none_for_itself() {
    let world = World::agreeing(1).await;
    world.edit("charges.yaml", "changed:", "chnged:");
    let on_screen = on_a_terminal(&world, "tieout check", &[]);
    assert!(on_screen.contains("chnged") && on_screen.contains(ESCAPE), "{on_screen}");
    on_a_terminal(&world, "tieout check 2> errors", &[]);
    let errors = std::fs::read_to_string(world.path().join("errors")).unwrap();
    assert!(errors.contains("chnged") && !errors.contains(ESCAPE), "{errors}");
    let on_screen = on_a_terminal(&world, "tieout check > results", &[]);
    assert!(on_screen.contains("chnged") && on_screen.contains(ESCAPE), "{on_screen}");
}

#[tokio::test]
async fn without_a_terminal_consent_is_a_flag_which_the_refusal_names() {
    let world = losing().await;
    world.run();
    world.run();
    let calls: [&[&str]; 4] = [
        &["report", "prune", "--keep-last", "1"],
        &["replay", "--since", "1h"],
        &["replay", "--run", "latest~1", "-o", "json"],
        &["replay", "--run", "latest~1", "-o", "jsonl"],
    ];
    for call in calls {
        let told = world.tieout(call);
        assert_eq!(told.code, 2, "{call:?}: {told:?}");
        assert!(
            told.stderr.contains("--yes") && told.stderr.contains("nothing was done"),
            "{call:?}: {told:?}"
        );
    }
    assert_eq!(world.events().await.len(), 1, "nothing was sent");
}

#[tokio::test]
async fn a_person_at_a_terminal_is_asked_unless_they_say_that_they_are_not_to_be() {
    let world = losing().await;
    world.run();
    let replay = |line: &str, variables: &[(&str, &str)]| on_a_terminal(&world, line, variables);
    assert!(replay("tieout replay --since 1h", &[]).contains("Continue? [y/N]"));
    for (line, variables) in [
        ("tieout replay --since 1h --no-input", [].as_slice()),
        ("tieout --no-input replay --since 1h", &[]),
        ("tieout replay --since 1h", &[("TIEOUT_NO_INPUT", "true")]),
    ] {
        let told = replay(&format!("{line}; echo ended with $?"), variables);
        assert!(told.contains("say `--yes` where `--no-input` lets nobody be asked"), "{told}");
        assert!(told.contains("ended with 2") && !told.contains("Continue?"), "{told}");
    }
    assert_eq!(world.events().await.len(), 1, "nothing was sent");
    let sent = replay("tieout replay --since 1h --no-input --yes", &[]);
    assert!(sent.contains("sent 1 of 1 event again"), "{sent}");
}

#[tokio::test]
async fn silence_leaves_the_last_line_and_errors() {
    let world = losing().await;
    let told = world.tieout(&["run", "-q"]);
    assert_eq!((told.code, told.stderr.as_str(), told.stdout.lines().count()), (0, "", 1), "{told:?}");
    world.upstream(&charge("ch_too", 5, 500));
    let stream = world.tieout(&["run", "-q", "-o", "jsonl"]);
    assert_eq!(stream.stderr, "");
    assert!(!stream.stdout.contains("\"type\":\"progress\""), "{stream:?}");
    world.edit("charges.yaml", "changed:", "chnged:");
    let failed = world.tieout(&["run", "-q"]);
    assert!(failed.stdout.is_empty() && failed.stderr.contains("chnged"), "{failed:?}");
}
