//! `RELIABILITY.md`: what was played, where, and what came of it. A layer that is not played this time keeps its row.

use std::collections::BTreeMap;
use std::path::Path;

use crate::point::Deed;
use crate::tally::{Tally, commit};
use crate::wrong::Class;

/// The violations that were found so far and what mended them; people write it.
const FOUND: &str = include_str!("../found.md");

const HEAD: &str =
    "| layer | stories | disturbances | distinct points | lost | duplicate | false | seed | date | commit |
|---|---|---|---|---|---|---|---|---|---|";

/// A layer as it was played.
pub(crate) struct Layer {
    pub(crate) name: &'static str,
    pub(crate) tally: Tally,
}

impl Layer {
    fn row(&self, seed: u64) -> String {
        let tally = &self.tally;
        let done: Vec<String> = tally.done.iter().map(|(deed, n)| format!("{n} {}", many(*deed))).collect();
        let [lost, duplicate, false_] =
            [Class::Lost, Class::Duplicate, Class::False].map(|class| tally.of(class));
        let date = chrono::Utc::now().format("%Y-%m-%d");
        format!(
            "| {} | {} | {} | {} | {lost} | {duplicate} | {false_} | {seed} | {date} | {} |",
            self.name,
            tally.cases,
            done.join(", "),
            tally.places.len(),
            commit(),
        )
    }
}

const fn many(deed: Deed) -> &'static str {
    match deed {
        Deed::Kill => "kills",
        Deed::Gone => "losses of a host",
        Deed::Rival => "stops",
        Deed::Database => "database crashes",
        Deed::Cut => "cuts",
        Deed::Term => "requests to end",
        Deed::Syscall => "kills at system calls",
    }
}

/// Writes the layers that were played, and keeps the rows of the others.
pub(crate) fn write(path: &Path, layers: &[Layer], seed: u64) {
    let mut rows = kept(path);
    for layer in layers.iter().filter(|layer| layer.tally.cases > 0) {
        rows.insert(layer.name.to_owned(), layer.row(seed));
    }
    let rows: Vec<String> = rows.into_values().collect();
    std::fs::write(path, text(&rows, kept_bugs(path))).unwrap();
}

/// Writes how many of the mistakes were noticed.
pub(crate) fn write_bugs(path: &Path, caught: usize, all: usize) {
    let rows: Vec<String> = kept(path).into_values().collect();
    let date = chrono::Utc::now().format("%Y-%m-%d");
    let line = format!("Mistakes put in: caught {caught} of {all} ({date}, commit {}).", commit());
    std::fs::write(path, text(&rows, Some(line))).unwrap();
}

fn text(rows: &[String], bugs: Option<String>) -> String {
    format!(
        "# What was killed, and what came of it

Written by `tests/crash/run --report RELIABILITY.md`; [tests/crash/README.md](tests/crash/README.md) says what a story is, what the
judge asks, and what is not covered. A layer keeps its row until it is played again.

{HEAD}
{}

{}

{}

{FOUND}",
        rows.join("\n"),
        bugs.unwrap_or_else(|| "Mistakes put in: not tried yet.".to_owned()),
        machine(),
    )
}

/// The rows of an earlier report by their layer.
fn kept(path: &Path) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let table = text.lines().skip_while(|line| !line.starts_with("| layer")).skip(2);
    let rows = table.take_while(|line| line.starts_with("| "));
    rows.filter_map(|row| Some((row.split('|').nth(1)?.trim().to_owned(), row.to_owned()))).collect()
}

fn kept_bugs(path: &Path) -> Option<String> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().find(|line| line.starts_with("Mistakes put in: caught")).map(str::to_owned)
}

/// What it was played on.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kilobytes =
        memory.lines().next().and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    let gigabytes = kilobytes.unwrap_or_default() / (1 << 20);
    format!(
        "Machine: {cores} cores, {gigabytes} GiB, Linux on {}. PostgreSQL with `fsync=off`: its processes die here, never the machine.",
        std::env::consts::ARCH
    )
}
