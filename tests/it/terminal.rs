//! What the binary writes where nobody sits at a terminal, and where somebody does.

use std::process::{Command, Stdio};

use crate::world::{World, charge};

const ESCAPE: char = '\u{1b}';

/// Variables by which a terminal, or whoever sits at it, says what it likes.
const TASTES: [&str; 5] = ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "CI", "TIEOUT_COLOR"];

/// What a line of a shell says on a terminal that can show colours, with more variables.
fn on_a_terminal(world: &World, line: &str, variables: &[(&str, &str)]) -> String {
    let mut command = Command::new("script");
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_tieout")).parent().unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
    command.args(["-qec", line, "/dev/null"]).current_dir(world.path()).stdin(Stdio::null());
    for name in TASTES {
        command.env_remove(name);
    }
    command.env("PATH", path).env("TERM", "xterm-256color").envs(variables.iter().copied());
    String::from_utf8(command.output().unwrap().stdout).unwrap()
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
