//! `tieout generate schema`: the JSON Schema of what is written for programs. That of what people write is printed by `config schema`.

use clap::{Args, ValueEnum};

use crate::cli::desk::Desk;
use crate::cli::failure::Failure;
use crate::report::{exit, run_schema};

/// `tieout generate schema`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Args)]
pub struct SchemaArgs {
    /// What is described
    #[arg(value_enum, value_name = "WHAT")]
    pub of: Written,
}

/// What is written for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Written {
    /// The report of a run, a plan or a backfill
    Run,
}

/// Carries `generate schema` out: the schema goes to standard output, whatever the format of results is.
pub(super) fn schema(desk: &Desk, args: SchemaArgs) -> Result<u8, Failure> {
    let schema = match args.of {
        Written::Run => run_schema(),
    };
    desk.output.write(&format!("{schema:#}\n"))?;
    Ok(exit::DONE)
}
