//! The yardsticks: programs that do a part of the work as plainly as it can be done.

use std::path::Path;
use std::process::Command;

use anyhow::ensure;

use super::process::{finish, said_of};
use crate::charges::Population;
use crate::measure::child::Spent;
use crate::stage::database::Database;
use crate::stage::site::Site;

/// Reads the whole feed with a program that only reads: the bare loop, or the walk.
pub async fn reader(program: &Path, site: &Site, scratch: &Path) -> anyhow::Result<Spent> {
    let (spent, said) = finish(against(program, site), scratch).await?;
    let (items, all) = (said_of(&said, "items"), site.population.items.to_string());
    ensure!(items == Some(&all), "{} read {items:?} of {all} items", program.display());
    Ok(spent)
}

/// Reads both sides with a program that fetches and merges; it must find what was planted.
pub async fn merger(
    program: &Path,
    site: &Site,
    database: &Database,
    scratch: &Path,
) -> anyhow::Result<Spent> {
    let mut command = against(program, site);
    command.args(["--table", &site.table]).env("TIEOUT_BENCH_LOCAL", database.url().as_str());
    let (spent, said) = finish(command, scratch).await?;
    check_found(program, &said, &site.population)?;
    Ok(spent)
}

/// Whether a program that compares found what was planted.
pub(super) fn check_found(program: &Path, said: &str, population: &Population) -> anyhow::Result<()> {
    let (missing, mismatched) = population.planted();
    let planted = [population.items, missing, mismatched, 0].map(|count| count.to_string());
    let found = ["items", "missing", "mismatched", "orphaned"].map(|name| said_of(said, name));
    let is_right = planted.iter().zip(found).all(|(planted, found)| found == Some(planted));
    ensure!(is_right, "{} found {found:?} where {planted:?} was planted", program.display());
    Ok(())
}

fn against(program: &Path, site: &Site) -> Command {
    let mut command = Command::new(program);
    command.arg("--base").arg(format!("http://127.0.0.1:{}", site.mock.port()));
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comparison_that_found_anything_but_what_was_planted_is_void() {
        let population = Population { items: 100, start: 0, seconds: 10, one_in: 10 };
        let check = |said| check_found(Path::new("a-loop"), said, &population);
        check("items: 100\nmissing: 10\nmismatched: 10\norphaned: 0\n").unwrap();
        check("items: 100\nmissing: 10\nmismatched: 10\norphaned: 1\n").unwrap_err();
        check("items: 100\nmissing: 9\nmismatched: 10\norphaned: 0\n").unwrap_err();
        check("items: 100\n").unwrap_err();
    }
}
