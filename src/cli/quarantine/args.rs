//! The words of `tieout quarantine`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::ask::Consent;
use crate::cli::help;
use crate::cli::person::{Actor, Remark};
use crate::quarantine::{Class, EntryId, Kind};

/// What is done with what cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum QuarantineCommand {
    /// List items, rows and pages that cannot be read
    #[command(after_help = help::QUARANTINE_LIST.short(), after_long_help = help::QUARANTINE_LIST.long())]
    List(QuarantineListArgs),
    /// Show one entry, what it holds back, and what can be done
    #[command(after_help = help::QUARANTINE_SHOW.short(), after_long_help = help::QUARANTINE_SHOW.long())]
    Show(QuarantineShowArgs),
    /// Have the ranges of entries read again by the next run, which clears what it can read
    #[command(after_help = help::QUARANTINE_RETRY.short(), after_long_help = help::QUARANTINE_RETRY.long())]
    Retry(QuarantineRetryArgs),
    /// Go on without items and rows, as long as they stay what they are; pages are never dropped
    #[command(after_help = help::QUARANTINE_DROP.short(), after_long_help = help::QUARANTINE_DROP.long())]
    Drop(QuarantineDropArgs),
    /// Write entries into a file, one a line; what was sent is in none of them
    #[command(after_help = help::QUARANTINE_EXPORT.short(), after_long_help = help::QUARANTINE_EXPORT.long())]
    Export(QuarantineExportArgs),
}

/// What entries share.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct Shared {
    /// Only of these domains, by name, glob or tag (`tag:money`)
    #[arg(long, value_name = "DOMAIN", value_delimiter = ',')]
    pub domain: Vec<String>,
    /// Only of these kinds
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    pub kind: Vec<Kind>,
    /// Only of these classes
    #[arg(long, value_name = "CLASS", value_delimiter = ',')]
    pub class: Vec<Class>,
}

/// `tieout quarantine list`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct QuarantineListArgs {
    /// Which.
    #[command(flatten)]
    pub shared: Shared,
    /// Those that were dropped
    #[arg(long)]
    pub dropped: bool,
    /// Those that are not there any more
    #[arg(long, conflicts_with = "dropped")]
    pub gone: bool,
    /// How many lines to list; 0 lists all
    #[arg(long, value_name = "N", default_value_t = 20, env = "TIEOUT_LIMIT", hide_env_values = true)]
    pub limit: usize,
}

/// `tieout quarantine show`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct QuarantineShowArgs {
    /// An entry, as `quarantine list` writes it, or its first characters
    #[arg(value_name = "ID")]
    pub id: EntryId,
}

/// Which entries something is done to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct Picked {
    /// Entries, by their ids or the first characters of these
    #[arg(value_name = "ID")]
    pub ids: Vec<EntryId>,
    /// What they share.
    #[command(flatten)]
    pub shared: Shared,
    /// Every entry
    #[arg(long, conflicts_with = "ids")]
    pub all: bool,
    /// At most so many, the oldest first
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub limit: Option<u64>,
}

/// `tieout quarantine retry`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct QuarantineRetryArgs {
    /// Which.
    #[command(flatten)]
    pub picked: Picked,
    /// Only say what would be read again
    #[arg(long)]
    pub dry_run: bool,
    /// Whether to ask.
    #[command(flatten)]
    pub consent: Consent,
    /// Who.
    #[command(flatten)]
    pub actor: Actor,
}

/// `tieout quarantine drop`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct QuarantineDropArgs {
    /// Which.
    #[command(flatten)]
    pub picked: Picked,
    /// Why; it is kept with the entry
    #[arg(long, value_name = "TEXT")]
    pub reason: Remark,
    /// Only count what would be dropped
    #[arg(long)]
    pub dry_run: bool,
    /// Whether to ask.
    #[command(flatten)]
    pub consent: Consent,
    /// Who.
    #[command(flatten)]
    pub actor: Actor,
}

/// `tieout quarantine export`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct QuarantineExportArgs {
    /// Which; all that are open or dropped when left out.
    #[command(flatten)]
    pub shared: Shared,
    /// The file; `-` is stdout
    #[arg(long, value_name = "FILE")]
    pub to: PathBuf,
    /// Write over a file that is there
    #[arg(long)]
    pub overwrite: bool,
}
