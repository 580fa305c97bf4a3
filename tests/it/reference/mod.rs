//! The references in the book are what the program says of itself: `UPDATE_DOCS=1` writes them anew.

mod codes;
mod schema;

use std::fmt::Write as _;
use std::path::Path;

use clap::{Command, CommandFactory as _};
use tieout::cli::Cli;

const HEAD: &str = "# The command line

What `tieout help` says of each command; the options that all of them have stand with the first. This page is written by a test: `UPDATE_DOCS=1 cargo test --test it reference::`.
";

/// The heading of the options that stand in the help of every command.
const SHARED: &str = "Options of every command:";

/// How to write the pages anew.
const HOW: &str = "UPDATE_DOCS=1 cargo test --test it reference::";

/// A page of the reference is kept as it is made now.
fn is_kept(name: &str, page: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference").join(name);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, page).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == page, "docs/reference/{name} is stale: {HOW}");
}

/// A command and those below it, in the order of the help.
fn chapter(command: &mut Command, path: &str, page: &mut String) {
    let help = command.render_long_help().to_string();
    let is_root = !path.contains(' ');
    let mut is_shared = false;
    let mut help: Vec<&str> = help.lines().map(str::trim_end).collect();
    // What every command understands is told once.
    help.retain(|line| {
        is_shared = !is_root && (*line == SHARED || is_shared && (line.is_empty() || line.starts_with(' ')));
        !is_shared
    });
    let _ = write!(page, "\n## {path}\n\n```text\n{}\n```\n", help.join("\n").trim_end());
    for below in command.get_subcommands_mut().filter(|below| below.get_name() != "help") {
        let path = format!("{path} {}", below.get_name());
        chapter(below, &path, page);
    }
}

#[test]
fn the_reference_of_the_command_line_is_what_its_help_says() {
    let mut cli = Cli::command().term_width(100);
    cli.build();
    let mut page = HEAD.to_owned();
    chapter(&mut cli, "tieout", &mut page);
    is_kept("cli.md", &page);
}
