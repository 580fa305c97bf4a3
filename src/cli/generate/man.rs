//! `tieout generate man`: a manual page for each command, made of the same words as the help.

use std::path::PathBuf;

use clap::{Args, CommandFactory};

use crate::cli::args::Cli;
use crate::cli::desk::Desk;
use crate::cli::failure::Failure;
use crate::report::exit;

/// `tieout generate man`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct ManArgs {
    /// The folder for the pages, such as `/usr/local/share/man/man1`; it must be there, and pages in it are replaced
    #[arg(long, value_name = "DIR")]
    pub to: PathBuf,
}

/// Carries `generate man` out.
pub(super) fn man(desk: &Desk, args: &ManArgs) -> Result<u8, Failure> {
    // Without it every page of a group would describe a `help` of its own.
    let command = Cli::command().disable_help_subcommand(true);
    clap_mangen::generate_to(command, &args.to).map_err(|error| {
        Failure::usage("to", format!("manual pages cannot be written into {}: {error}", args.to.display()))
    })?;
    if !desk.output.quiet {
        desk.output.write(&format!("manual pages are in {}\n", args.to.display()))?;
    }
    Ok(exit::DONE)
}
