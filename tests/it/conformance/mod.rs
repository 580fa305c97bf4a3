//! Whether a definition without code can speak to each API of the matrix, proved by scripts in the APIs' documented shapes.
//!
//! `matrix.json` says which mechanisms reconciling the main object of an API needs. An API is covered when its script plays
//! through with the real client and every one of those mechanisms was seen at work by its law (`laws`).

mod laws;
mod play;
mod script;
mod stage;
mod traffic;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use serde::Deserialize;

use play::Act;
use script::Script;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    /// The folder beside this file.
    folder: String,
    /// The mechanisms, by code.
    needs: String,
    /// Why the API is not covered, where it is not.
    open: Option<String>,
}

/// Plays the script of a folder. What a shipped provider answers lies in its own folder.
async fn played(folder: &str) -> Result<(Script, Vec<Act>), String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("tests/it/conformance").join(folder);
    let script = read(&folder.join("script.yaml"))?;
    let shipped = script.lines().find_map(|line| line.strip_prefix("shipped: "));
    let home = shipped.map_or_else(|| folder.clone(), |name| root.join("reconcilers").join(name.trim()));
    play::play(&home, &script, &read(&home.join("provider.yaml"))?).await
}

/// Every code that was not exercised, or what went wrong before.
async fn verdict(row: &Row) -> Result<(), String> {
    let (script, acts) = played(&row.folder).await?;
    let mut open: BTreeSet<&str> = row.needs.split(' ').collect();
    for (at, step) in script.steps.iter().enumerate() {
        for code in &step.shows {
            laws::shows(code, &acts[..=at]).map_err(|wrong| format!("step {}: {wrong}", at + 1))?;
            open.remove(code.as_str());
        }
    }
    let open: Vec<&str> = open.into_iter().collect();
    if open.is_empty() { Ok(()) } else { Err(format!("not exercised: {}", open.join(", "))) }
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn matrix() -> BTreeMap<String, Row> {
    serde_json::from_str(include_str!("matrix.json")).unwrap()
}

#[tokio::test]
async fn no_law_holds_where_nothing_happens() {
    let (_, acts) = played("nothing").await.unwrap();
    let matrix = matrix();
    let codes: BTreeSet<&str> = matrix.values().flat_map(|row| row.needs.split(' ')).collect();
    assert!(codes.len() > 60, "{codes:?}");
    for acts in [&acts[..1], &acts[..]] {
        let held: Vec<&&str> = codes.iter().filter(|code| laws::shows(code, acts).is_ok()).collect();
        // A walk without a window is what W9 stands for.
        let expected: &[&&str] = if acts.len() == 1 { &[&"W9"] } else { &[] };
        assert_eq!(held, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_api_of_the_matrix_is_covered_or_says_why_not() {
    let only = std::env::var("TIEOUT_TEST_API").ok();
    let chosen = matrix().into_iter().filter(|(_, row)| only.as_ref().is_none_or(|only| *only == row.folder));
    let playing: Vec<_> = chosen
        .map(|(api, row)| (api, row.clone(), tokio::spawn(async move { verdict(&row).await })))
        .collect();
    let (all, mut covered, mut wrong, mut table) = (playing.len(), 0, Vec::new(), String::new());
    for (api, row, playing) in playing {
        let verdict = match playing.await {
            Ok(verdict) => verdict,
            Err(panic) => Err(panic.to_string()),
        };
        match (&verdict, &row.open) {
            (Ok(()), None) => covered += 1,
            (Ok(()), Some(_)) => wrong.push(format!("{api} is covered: take its `open` out of matrix.json")),
            (Err(why), None) => wrong.push(format!("{api}:\n    {why}")),
            (Err(why), Some(open)) => {
                let _ = writeln!(table, "not covered: {api}: {open} ({})", why.trim_start());
            }
        }
    }
    let _ = writeln!(table, "covered {covered} of {all}");
    std::fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join("conformance.txt"), &table).unwrap();
    assert!(wrong.is_empty(), "{}\n{table}", wrong.join("\n"));
}
