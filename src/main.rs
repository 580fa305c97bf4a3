//! The tieout binary: parse, load, run, exit code.

use std::process::ExitCode;

use tieout::cli;

#[tokio::main]
async fn main() -> ExitCode {
    cli::main(std::env::args_os(), cli::carry_out).await
}
