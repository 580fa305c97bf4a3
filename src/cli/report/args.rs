//! `tieout report`: its words, flags and help.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use crate::cli::ask::Consent;
use crate::cli::help;
use crate::store::RunSelector;

/// Reports of earlier runs.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum ReportCommand {
    /// List runs, newest first
    #[command(after_help = help::REPORT_LIST.short(), after_long_help = help::REPORT_LIST.long())]
    List {
        /// How many to list; 0 lists all
        #[arg(long, value_name = "N", default_value_t = 20, env = "TIEOUT_LIMIT", hide_env_values = true)]
        limit: u32,
    },
    /// Show one report in full
    #[command(after_help = help::REPORT_SHOW.short(), after_long_help = help::REPORT_SHOW.long())]
    Show {
        /// A run: its id or its first characters, `latest`, `latest~1` for the one before, or `latest:failed` for the newest that ended so
        #[arg(value_name = "RUN", default_value = "latest")]
        run: RunSelector,
        /// Only what it says about these domains, by name, glob or tag (`tag:money`)
        #[arg(long, value_name = "DOMAIN", value_delimiter = ',')]
        domain: Vec<String>,
    },
    /// Show which findings came, went or changed between two runs; exit code 4 says that some did
    #[command(after_help = help::REPORT_DIFF.short(), after_long_help = help::REPORT_DIFF.long())]
    Diff(DiffArgs),
    /// Write findings for a spreadsheet or a program, as they stand or as a run reported them
    #[command(after_help = help::REPORT_EXPORT.short(), after_long_help = help::REPORT_EXPORT.long())]
    Export(ExportArgs),
    /// Take old reports out of the state store, and their files out of `report: {folder: ...}`
    #[command(after_help = help::REPORT_PRUNE.short(), after_long_help = help::REPORT_PRUNE.long())]
    Prune(PruneArgs),
}

/// `tieout report diff`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct DiffArgs {
    /// The earlier run: its id or its first characters, `latest`, `latest~1` for the one before, or `latest:failed` for the newest that ended so
    #[arg(value_name = "FROM")]
    pub from: RunSelector,
    /// The later run
    #[arg(value_name = "TO")]
    pub to: RunSelector,
    /// How many findings to show per domain; all are counted, and JSON has all; 0 shows all
    #[arg(long, value_name = "N", default_value_t = 20, env = "TIEOUT_LIMIT", hide_env_values = true)]
    pub limit: usize,
}

/// `tieout report export`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct ExportArgs {
    /// A run, as `report show` takes it; left out, findings as they stand now
    #[arg(value_name = "RUN")]
    pub run: Option<RunSelector>,
    /// Only these domains, by name, glob or tag (`tag:money`)
    #[arg(long, value_name = "DOMAIN", value_delimiter = ',')]
    pub domain: Vec<String>,
    /// Also findings that are over, of those that stand now
    #[arg(long, conflicts_with = "run")]
    pub over: bool,
    /// How they are written
    #[arg(
        long = "as",
        value_name = "KIND",
        default_value = "csv",
        env = "TIEOUT_EXPORT_AS",
        hide_env_values = true
    )]
    pub kind: ExportKind,
    /// The file; `-` is stdout
    #[arg(long, value_name = "FILE")]
    pub to: PathBuf,
    /// Write over a file that is there
    #[arg(long)]
    pub overwrite: bool,
}

/// How findings are exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportKind {
    /// A table for spreadsheets; a cell that would be a formula begins with `'`
    Csv,
    /// One JSON document
    Json,
    /// One JSON object per line
    Jsonl,
}

/// `tieout report prune`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct PruneArgs {
    /// Reports of runs that began within this time stay
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, required_unless_present = "keep_last")]
    pub keep: Option<Duration>,
    /// The newest so many reports stay
    #[arg(long, value_name = "N")]
    pub keep_last: Option<usize>,
    /// Only count what would be taken out
    #[arg(long)]
    pub dry_run: bool,
    /// Whether to ask.
    #[command(flatten)]
    pub consent: Consent,
}
