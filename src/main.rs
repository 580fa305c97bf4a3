//! The tieout binary: parse, load, run, exit code.

use std::process::ExitCode;
use std::time::Duration;

use tieout::cli;

/// How long reads are waited for that nobody wants any more, such as one of a local database that does not end.
const LEFTOVERS: Duration = Duration::from_millis(500);

fn main() -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: no threads can be started: {error}");
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(cli::main(std::env::args_os(), cli::carry_out));
    runtime.shutdown_timeout(LEFTOVERS);
    code
}
