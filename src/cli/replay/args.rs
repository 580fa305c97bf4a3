//! The words of `tieout replay`.

use clap::{ArgGroup, Args, Subcommand};
use tieout_reconcilers::key::Key;

use crate::cli::ask::Consent;
use crate::cli::help;
use crate::cli::pace::Pace;
use crate::cli::person::Actor;
use crate::cli::values::{When, key, when};
use crate::store::{ReplaySelector, RunSelector};

/// What says which events a new replay sends. A replay that was begun says so itself.
const NEW: [&str; 10] = ["domain", "since", "until", "type", "key", "run", "queue", "to", "force", "limit"];

/// `tieout replay`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    group(ArgGroup::new("which").required(true).multiple(true)
        .args(["domain", "since", "until", "type", "key", "run", "queue", "resume", "cancel"]))
)]
pub struct ReplayArgs {
    /// What else there is to do about replays.
    #[command(subcommand)]
    pub command: Option<ReplayCommand>,
    /// Only of these domains, by name, glob or tag (`tag:money`)
    #[arg(long, value_name = "DOMAIN", value_delimiter = ',')]
    pub domain: Vec<String>,
    /// Only what was sent from this time on: a date (`2025-11-21` is midnight UTC), a time with its offset, or how long ago (`24h`)
    #[arg(long, value_name = "WHEN", value_parser = when)]
    pub since: Option<When>,
    /// Only what was sent before this time
    #[arg(long, value_name = "WHEN", value_parser = when)]
    pub until: Option<When>,
    /// Only events of these CloudEvents types
    #[arg(long, value_name = "TYPE", value_delimiter = ',')]
    pub r#type: Vec<String>,
    /// Only events about this item; may be given several times
    #[arg(long, value_name = "KEY", value_parser = key)]
    pub key: Vec<Key>,
    /// Only what this run staged: its id or its first characters, `latest`, `latest~1` for the one before, or `latest:failed` for the newest that ended so
    #[arg(long, value_name = "RUN")]
    pub run: Option<RunSelector>,
    /// Only what went to these queues
    #[arg(long, value_name = "QUEUE", value_delimiter = ',')]
    pub queue: Vec<String>,
    /// Send it to this queue instead
    #[arg(long, value_name = "QUEUE")]
    pub to: Option<String>,
    /// Also events whose findings are over or about a newer event
    #[arg(long)]
    pub force: bool,
    /// At most so many, the oldest first
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub limit: Option<u64>,
    /// Go on with an interrupted replay where it stopped: its id or its first characters, or `latest`
    #[arg(long, value_name = "REPLAY", conflicts_with_all = NEW)]
    pub resume: Option<ReplaySelector>,
    /// Cancel a replay that runs, here or elsewhere, or that was interrupted: it cannot be gone on with
    #[arg(long, value_name = "REPLAY", conflicts_with_all = NEW, conflicts_with_all = ["resume", "dry_run"])]
    pub cancel: Option<ReplaySelector>,
    /// How many are sent in which time, such as `5/s`; as fast as the queue takes them when left out, or, with `--resume`, as before
    #[arg(long, value_name = "N/s", env = "TIEOUT_RATE", hide_env_values = true)]
    pub rate: Option<Pace>,
    /// Only count what would be sent
    #[arg(long)]
    pub dry_run: bool,
    /// Whether to ask.
    #[command(flatten)]
    pub consent: Consent,
    /// Who.
    #[command(flatten)]
    pub actor: Actor,
}

/// What is shown of replays.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum ReplayCommand {
    /// List replays, newest first, with how far each is
    #[command(after_help = help::REPLAY_LIST.short(), after_long_help = help::REPLAY_LIST.long())]
    List {
        /// How many to list; 0 lists all
        #[arg(long, value_name = "N", default_value_t = 20, env = "TIEOUT_LIMIT", hide_env_values = true)]
        limit: u32,
    },
    /// Show one replay: what was asked for, how far it is, and how it goes on
    #[command(after_help = help::REPLAY_SHOW.short(), after_long_help = help::REPLAY_SHOW.long())]
    Show {
        /// A replay: its id or its first characters, or `latest`
        #[arg(value_name = "REPLAY", default_value = "latest")]
        replay: ReplaySelector,
    },
}
