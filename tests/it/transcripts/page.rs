//! The blocks of a page, and what of two texts is compared.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use regex_lite::Regex;

use crate::docs;

/// A command, and what the page shows of its output.
#[derive(Default)]
pub(super) struct Step {
    pub(super) command: String,
    pub(super) shown: Vec<String>,
}

pub(super) struct Block {
    /// Such as `docs/findings.md:52`.
    pub(super) place: String,
    pub(super) world: String,
    pub(super) exits: Vec<i32>,
    pub(super) not_run: Option<String>,
    pub(super) steps: Vec<Step>,
}

pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// The pages of the book and the README, as paths from the root.
pub(super) fn pages() -> Vec<String> {
    let pages = docs::pages().into_iter().map(|page| format!("docs/{page}"));
    pages.chain(["README.md".to_owned()]).collect()
}

/// The `console` blocks of a page.
pub(super) fn blocks(page: &str) -> Vec<Block> {
    let text = std::fs::read_to_string(root().join(page)).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let starts = lines.iter().enumerate().filter(|(_, line)| line.trim() == "```console").map(|(at, _)| at);
    starts
        .map(|at| {
            let marks =
                lines[..at].iter().rev().map_while(|line| line.strip_prefix("<!-- ")?.strip_suffix(" -->"));
            let marks: BTreeMap<&str, &str> = marks.filter_map(|mark| mark.split_once(": ")).collect();
            let mut steps: Vec<Step> = Vec::new();
            for line in lines[at + 1..].iter().take_while(|line| line.trim() != "```") {
                match line.strip_prefix("$ ") {
                    Some(command) => steps.push(Step { command: command.to_owned(), ..Step::default() }),
                    None => steps.last_mut().expect("a command").shown.push((*line).to_owned()),
                }
            }
            for mark in marks.keys() {
                assert!(["run", "exits", "not run"].contains(mark), "{page}:{}: what is `{mark}`?", at + 1);
            }
            let exits =
                marks.get("exits").map(|exits| exits.split(' ').map(|exit| exit.parse().unwrap()).collect());
            let exits: Vec<i32> = exits.unwrap_or_else(|| vec![0; steps.len()]);
            assert_eq!(exits.len(), steps.len(), "{page}:{}: an exit code for each command", at + 1);
            Block {
                place: format!("{page}:{}", at + 1),
                world: (*marks.get("run").unwrap_or(&"found")).to_owned(),
                exits,
                not_run: marks.get("not run").map(|reason| (*reason).to_owned()),
                steps,
            }
        })
        .collect()
}

/// A command of a page, with the program that was built for the tests.
pub(super) fn plain(command: &str) -> String {
    command.replace("cargo run --release -- ", "tieout ").replace("target/release/tieout ", "tieout ")
}

/// A text without what is different every time.
pub(super) fn comparable(text: &str) -> String {
    let rules = [
        (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID"),
        (r"\b[0-9a-f]{32}\b", "HASH"),
        (r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?Z?)?", "TIME"),
        (r"\b\d\d:\d\d(:\d\d)?Z?\b", "TIME"),
        (r"127\.0\.0\.1:\d+|hooks\.example\.com", "ADDRESS"),
        (r"\b(\d+(\.\d+)?(ms|s|m|h|d) ?)+\b", "TOOK"),
        (r"\b\d+\.\d\b", "SECONDS"),
        (r"[ \t]+", " "),
        (r"(?m)^ | $", ""),
    ];
    let replaced = rules.iter().fold(text.to_owned(), |text, (rule, by)| {
        Regex::new(rule).unwrap().replace_all(&text, *by).into_owned()
    });
    replaced.trim().to_owned()
}
