//! The words of `tieout state`.

use clap::{Args, Subcommand};
use tieout_reconcilers::instant::Instant;

use crate::cli::help;
use crate::cli::person::{Actor, Remark};
use crate::cli::select::{Domains, NamedDomains};
use crate::cli::values::instant;

/// What is kept of domains, and what may be changed of it by hand.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum StateCommand {
    /// Show verified ranges, holes, wider re-reads, saved tokens and leases
    #[command(after_help = help::STATE_SHOW.short(), after_long_help = help::STATE_SHOW.long())]
    Show(KeptArgs),
    /// Take coverage back, so that the next run reads again from an instant on; it never goes forward
    #[command(after_help = help::STATE_REWIND.short(), after_long_help = help::STATE_REWIND.long())]
    Rewind(RewindArgs),
    /// Break the lease of a run that is dead
    #[command(after_help = help::STATE_UNLOCK.short(), after_long_help = help::STATE_UNLOCK.long())]
    Unlock(UnlockArgs),
    /// Let no run work on domains until `resume`; a run that does ends them within seconds
    #[command(after_help = help::STATE_PAUSE.short(), after_long_help = help::STATE_PAUSE.long())]
    Pause(PauseArgs),
    /// End the pause of domains
    #[command(after_help = help::STATE_RESUME.short(), after_long_help = help::STATE_RESUME.long())]
    Resume(ResumeArgs),
    /// Show what daemons and the retry job did, and what was left out and why
    #[command(after_help = help::STATE_JOURNAL.short(), after_long_help = help::STATE_JOURNAL.long())]
    Journal(JournalArgs),
}

/// `tieout state pause`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct PauseArgs {
    /// Which domains.
    #[command(flatten)]
    pub domains: NamedDomains,
    /// Why; whoever meets the pause reads it
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<Remark>,
    /// Who.
    #[command(flatten)]
    pub actor: Actor,
}

/// `tieout state resume`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct ResumeArgs {
    /// Which domains.
    #[command(flatten)]
    pub domains: NamedDomains,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<Remark>,
    /// Who.
    #[command(flatten)]
    pub actor: Actor,
}

/// `tieout state journal`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct JournalArgs {
    /// Which domains.
    #[command(flatten)]
    pub domains: Domains,
    /// How many entries to list, the newest ones; 0 lists all
    #[arg(long, value_name = "N", default_value_t = 50, env = "TIEOUT_LIMIT", hide_env_values = true)]
    pub limit: u32,
}

/// `tieout state show`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct KeptArgs {
    /// Which domains.
    #[command(flatten)]
    pub domains: Domains,
}

/// `tieout state rewind`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct RewindArgs {
    /// The domain
    #[arg(value_name = "DOMAIN")]
    pub domain: String,
    /// Nothing from this time on counts as verified any more (`2025-11-21` is midnight UTC)
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub to: Instant,
    /// Only this member of its `each`, as `state show` writes it
    #[arg(long, value_name = "MEMBER")]
    pub each: Option<String>,
    /// Do it; without this flag nothing is changed
    #[arg(long)]
    pub yes: bool,
    /// Only show what it would do
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
    /// Who.
    #[command(flatten)]
    pub actor: Actor,
}

/// `tieout state unlock`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct UnlockArgs {
    /// The domain
    #[arg(value_name = "DOMAIN")]
    pub domain: String,
    /// Only this member of its `each`, as `state show` writes it
    #[arg(long, value_name = "MEMBER")]
    pub each: Option<String>,
    /// Also where the holder gave a sign of life: it can write nothing more, and its run fails
    #[arg(long)]
    pub force: bool,
    /// Who.
    #[command(flatten)]
    pub actor: Actor,
}
