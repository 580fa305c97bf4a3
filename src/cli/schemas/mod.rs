//! `tieout schemas`: what the registry holds, whether its versions break each other, and how large events are.

mod check;
mod list;
mod sizes;

use std::path::PathBuf;

use clap::Subcommand;
use tieout_reconcilers::jq::Expression;
use tieout_reconcilers::name::DomainName;

use super::desk::Desk;
use super::failure::Failure;
use super::help;

/// The schemas of events.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum SchemasCommand {
    /// List every schema with its versions, what they promise, and who uses them
    #[command(after_help = help::SCHEMAS_LIST.short(), after_long_help = help::SCHEMAS_LIST.long())]
    List,
    /// Tell breaking from compatible changes; exit code 4 where something breaks, 2 where a file is wrong
    #[command(after_help = help::SCHEMAS_CHECK.short(), after_long_help = help::SCHEMAS_CHECK.long())]
    Check {
        /// Also compare every version with what was published before: another folder of schemas
        #[arg(long, value_name = "DIR", env = "TIEOUT_AGAINST", hide_env_values = true)]
        against: Option<PathBuf>,
    },
    /// Say how large the data of a domain's events is, to choose between thin, mapped, full and original
    #[command(after_help = help::SCHEMAS_SIZES.short(), after_long_help = help::SCHEMAS_SIZES.long())]
    Sizes {
        /// The domain
        #[arg(value_name = "DOMAIN")]
        domain: DomainName,
        /// An expression to try on the items: `{id, total: .amount}`
        #[arg(long, value_name = "EXPRESSION", value_parser = expression)]
        jq: Option<Expression>,
        /// Of how many of the newest events
        #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
        limit: u32,
    },
}

fn expression(text: &str) -> Result<Expression, String> {
    Expression::parse(text).map_err(|error| error.to_string())
}

pub(super) async fn carry_out(desk: &Desk, command: SchemasCommand) -> Result<u8, Failure> {
    match command {
        SchemasCommand::List => list::list(desk),
        SchemasCommand::Check { against } => check::check(desk, against.as_deref()),
        SchemasCommand::Sizes { domain, jq, limit } => sizes::sizes(desk, &domain, jq.as_ref(), limit).await,
    }
}
