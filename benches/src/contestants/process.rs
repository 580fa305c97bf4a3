//! Runs one program to its end, and keeps what it said and what PostgreSQL spent for it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::ensure;

use crate::measure::child::{self, Spent};
use crate::measure::postmaster::Postmaster;
use crate::stage::database::Database;

/// Runs a command that must succeed; returns what it wrote to stdout.
pub(super) async fn finish(mut command: Command, scratch: &Path) -> anyhow::Result<(Spent, String)> {
    let [out, err]: [PathBuf; 2] = [scratch.join("stdout"), scratch.join("stderr")];
    command.stdin(Stdio::null()).stdout(File::create(&out)?).stderr(File::create(&err)?);
    let name = command.get_program().display().to_string();
    let (status, spent) = child::run(command).await?;
    let (out, err) = (fs::read_to_string(out)?, fs::read_to_string(err)?);
    ensure!(status.success(), "{name} ended with {status}\n{}\n{}", last_lines(&out), last_lines(&err));
    Ok((spent, out))
}

/// The same with the work of PostgreSQL's backends beside it; none where that cannot be read.
pub(super) async fn finish_with_postgres(
    command: Command,
    scratch: &Path,
    database: &Database,
    postmaster: Option<Postmaster>,
) -> anyhow::Result<(Spent, String, Option<Duration>)> {
    let before = collected(postmaster, database).await?;
    let (spent, said) = finish(command, scratch).await?;
    let after = collected(postmaster, database).await?;
    let postgres = after.zip(before).map(|(after, before)| after.saturating_sub(before));
    let is_seen = postgres.is_none_or(|spent| !spent.is_zero());
    ensure!(is_seen, "the work of PostgreSQL's backends was not collected");
    Ok((spent, said, postgres))
}

async fn collected(postmaster: Option<Postmaster>, database: &Database) -> anyhow::Result<Option<Duration>> {
    let Some(postmaster) = postmaster else { return Ok(None) };
    postmaster.settled(database.name()).await?;
    postmaster.collected().map(Some)
}

/// What a program says of a name, in a line of its own.
pub(super) fn said_of<'s>(said: &'s str, name: &str) -> Option<&'s str> {
    said.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

/// The end of an output, where programs say what went wrong.
fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_program_that_fails_is_an_error_with_the_end_of_what_it_said() {
        let scratch = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "echo some; echo why >&2; exit 3"]);
        let error = finish(command, scratch.path()).await.unwrap_err().to_string();
        assert!(error.contains("some") && error.contains("why"), "{error}");
    }

    #[test]
    fn what_is_said_of_a_name_is_not_what_is_said_of_a_longer_one() {
        let said = "missing_rows: 1\nmissing: 2\n";
        assert_eq!(said_of(said, "missing"), Some("2"));
        assert_eq!(said_of(said, "rows"), None);
    }
}
