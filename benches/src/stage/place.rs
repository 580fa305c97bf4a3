//! Where a benchmark works: a database of its own on a server, from its start to its end, whatever happens between.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;

use super::database::Database;
use crate::figures::Figure;

/// The flags of every benchmark that needs PostgreSQL.
#[derive(Debug, Args)]
pub struct Place {
    /// The PostgreSQL server. A database of our own is created there, and dropped.
    #[arg(
        long,
        env = "TIEOUT_TEST_POSTGRES",
        default_value = "postgres://root@127.0.0.1:5432/postgres",
        hide_env_values = true
    )]
    postgres: String,
    /// The name of that database.
    #[arg(long, default_value = "tieout_bench")]
    database: String,
    /// Only drop that database, which an interrupted benchmark may have left.
    #[arg(long)]
    clean: bool,
}

impl Place {
    /// Measures in a database of its own, which is gone afterwards, and prints one line a figure. The exit code is a failure
    /// where a target is missed; a run that was void is an error.
    pub async fn host(
        &self,
        measure: impl AsyncFnOnce(&Database) -> anyhow::Result<Vec<Figure>>,
    ) -> anyhow::Result<ExitCode> {
        let database = Database::named(&self.postgres, &self.database)?;
        if self.clean {
            database.remove().await?;
            return Ok(ExitCode::SUCCESS);
        }
        database.create().await?;
        let measured = measure(&database).await;
        database.remove().await?;
        let figures = measured.context("no figures, because a run was void")?;
        let mut out = io::stdout().lock();
        for figure in &figures {
            writeln!(out, "{figure}")?;
        }
        Ok(if figures.iter().all(Figure::met) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// The program that was built beside this one.
pub fn beside(name: &str) -> anyhow::Result<PathBuf> {
    Ok(std::env::current_exe()?.with_file_name(name))
}
