//! `tieout new`: a domain file, and where wanted a provider file, to fill in. They pass `tieout check` as they are.

use clap::Args;
use tieout_reconcilers::name::{DomainName, FeedName, Name};

use super::desk::Desk;
use super::failure::Failure;
use super::values::feed_name;
use super::wire;
use crate::queue::TableName;
use crate::report::exit;

mod domain;
mod draft;
mod known;
mod needs;
mod settings;
mod template;

pub(super) use domain::{DomainText, schema_lines};
pub(super) use known::{known_feed, known_provider};
pub(super) use needs::Needs;
pub use template::Template;

/// What the schema of definition files is called, beside the configuration.
pub(super) const SCHEMA: &str = "definition.schema.json";

/// `tieout new`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct NewArgs {
    /// What the domain is called, such as `stripe.charges`
    #[arg(value_name = "DOMAIN", value_parser = domain_name)]
    pub domain: DomainName,
    /// The feed that it is about, of a shipped provider or of one of yours: `stripe/charges`
    #[arg(long, value_name = "PROVIDER/FEED", value_parser = feed_name, required_unless_present = "template", conflicts_with = "template")]
    pub feed: Option<FeedName>,
    /// Begin a provider file as well, by how the API leads to its next page; provider and feed are the parts of DOMAIN before and behind its dot
    #[arg(long, value_name = "PAGING")]
    pub template: Option<Template>,
    /// The table that the SQL reads; as the feed is called when left out
    #[arg(long, value_name = "TABLE")]
    pub table: Option<TableName>,
    /// The database that it is in, by its name in `tieout.yaml`; the first one when left out
    #[arg(long, value_name = "NAME")]
    pub database: Option<Name>,
    /// The queue that events go to, by its name in `tieout.yaml`; the first one when left out
    #[arg(long, value_name = "NAME")]
    pub queue: Option<Name>,
    /// Print what would be written, and write nothing
    #[arg(long)]
    pub dry_run: bool,
}

fn domain_name(text: &str) -> Result<DomainName, String> {
    text.parse().map_err(|error: tieout_reconcilers::name::NotAName| error.to_string())
}

/// Carries `new` out.
pub(super) fn new(desk: &Desk, args: &NewArgs) -> Result<u8, Failure> {
    let loaded = wire::load_quietly(desk)?;
    let draft = draft::Draft::of(desk, args, &loaded)?;
    if args.dry_run {
        desk.output.write(&draft.shown())?;
        return Ok(exit::DONE);
    }
    let told = draft.write(desk)?;
    if !desk.output.quiet {
        desk.output.write(&told)?;
    }
    Ok(exit::DONE)
}

/// Commands and what they are for, one on each line.
pub(super) fn listed(steps: impl IntoIterator<Item = (String, &'static str)>) -> String {
    let steps: Vec<_> = steps.into_iter().collect();
    let width = steps.iter().map(|(command, _)| command.len()).max().unwrap_or_default();
    let lines = steps.iter().map(|(command, why)| format!("  {command:<width$}  {why}\n"));
    lines.collect::<Vec<_>>().concat()
}
