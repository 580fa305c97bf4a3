//! The words of `tieout dlq`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::BoolishValueParser;
use clap::{Args, Subcommand};
use uuid::Uuid;

use super::which::{Filters, Which};
use crate::cli::ask::Consent;
use crate::cli::draining::Draining;
use crate::cli::help;
use crate::cli::pace::Pace;
use crate::cli::person::{Actor, Remark};
use crate::dead_letter::GroupId;

/// What is done with events that were given up.
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum DlqCommand {
    /// List dead letters, grouped by what they died of, with the money at stake
    #[command(after_help = help::DLQ_LIST.short(), after_long_help = help::DLQ_LIST.long())]
    List(ListArgs),
    /// Show one group, or one event with its finding
    #[command(after_help = help::DLQ_SHOW.short(), after_long_help = help::DLQ_SHOW.long())]
    Show(ShowLettersArgs),
    /// Send dead letters once more: the same ids, in their order, where their findings still need them
    #[command(after_help = help::DLQ_RETRY.short(), after_long_help = help::DLQ_RETRY.long())]
    Retry(RetryArgs),
    /// Decide that dead letters are never sent; they stay as tombstones, and their findings are parked
    #[command(after_help = help::DLQ_DROP.short(), after_long_help = help::DLQ_DROP.long())]
    Drop(DropArgs),
    /// Write dead letters out, each the whole event with its class and reason beside it
    #[command(after_help = help::DLQ_EXPORT.short(), after_long_help = help::DLQ_EXPORT.long())]
    Export(ExportArgs),
}

/// `tieout dlq list`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct ListArgs {
    /// Which.
    #[command(flatten)]
    pub filters: Filters,
    /// One line for each event
    #[arg(long, env = "TIEOUT_FLAT", hide_env_values = true, value_parser = BoolishValueParser::new())]
    pub flat: bool,
    /// Those that a person dropped
    #[arg(long)]
    pub dropped: bool,
    /// How many lines to list; 0 lists all
    #[arg(long, value_name = "N", default_value_t = 20, env = "TIEOUT_LIMIT", hide_env_values = true)]
    pub limit: usize,
}

/// `tieout dlq show`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct ShowLettersArgs {
    /// A group, as `dlq list` writes it, its first characters, or the id of an event
    #[arg(value_name = "GROUP|EVENT")]
    pub wanted: Wanted,
    /// How many events of a group to list; 0 lists all
    #[arg(long, value_name = "N", default_value_t = 20, env = "TIEOUT_LIMIT", hide_env_values = true)]
    pub limit: usize,
}

/// `tieout dlq retry`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct RetryArgs {
    /// Which.
    #[command(flatten)]
    pub which: Which,
    /// What is due by itself now and nothing else, as a run would; made for schedules, so nobody is asked
    #[arg(long, conflicts_with_all = ["events", "group", "class", "error", "since", "all", "limit", "note", "force"])]
    pub due: bool,
    /// Also what nobody needs any more: its finding is over, or there is a newer event
    #[arg(long)]
    pub force: bool,
    /// How many are sent in which time, such as `5/s`; all at once when left out
    #[arg(long, value_name = "N/s", env = "TIEOUT_RATE", hide_env_values = true)]
    pub rate: Option<Pace>,
    /// Only count what would be sent
    #[arg(long)]
    pub dry_run: bool,
    /// Whether to ask.
    #[command(flatten)]
    pub consent: Consent,
    /// How long.
    #[command(flatten)]
    pub draining: Draining,
    /// Why, for the history
    #[arg(long, value_name = "TEXT")]
    pub note: Option<Remark>,
    /// Who.
    #[command(flatten)]
    pub actor: Actor,
}

/// `tieout dlq drop`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct DropArgs {
    /// Which.
    #[command(flatten)]
    pub which: Which,
    /// Why; it is kept with the event and in the history of its finding
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

/// `tieout dlq export`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct ExportArgs {
    /// Which; all when left out.
    #[command(flatten)]
    pub filters: Filters,
    /// Those that a person dropped
    #[arg(long)]
    pub dropped: bool,
    /// The file; `-` is stdout
    #[arg(long, value_name = "FILE")]
    pub to: PathBuf,
    /// Write over a file that is there
    #[arg(long)]
    pub overwrite: bool,
}

/// A group or an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// A group, by the first characters of its id.
    Group(GroupId),
    /// An event.
    Event(Uuid),
}

impl FromStr for Wanted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(event) = text.parse() {
            return Ok(Self::Event(event));
        }
        text.parse().map(Self::Group).map_err(|_| {
            "expected the id of a group or of an event, as `tieout dlq list` and `dlq list --flat` write them".to_owned()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_and_a_group_are_told_apart() {
        assert!(matches!("7f3a".parse(), Ok(Wanted::Group(_))));
        assert!(matches!("0199c3c0-93f2-7d0e-9a5c-3f0f10b4a6b1".parse(), Ok(Wanted::Event(_))));
        assert!("shop.charges".parse::<Wanted>().unwrap_err().contains("dlq list"));
    }
}
