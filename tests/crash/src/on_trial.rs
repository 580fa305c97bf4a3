//! The program that is tried: tieout as it is, with its crash points armed and at most one mistake made.
//!
//! `TIEOUT_CRASH=NAME:N` kills it at the N-th hit of a crash point, `TIEOUT_STOP=NAME:N` stops it there, `TIEOUT_CRASH_LOG=FILE`
//! takes every hit down, `TIEOUT_BUG=NAME` makes a mistake, `TIEOUT_ONE_THREAD=1` leaves it one thread.

use std::env;
use std::ffi::OsString;
use std::process::ExitCode;

use tieout::cli;
use tieout::crash_point::{End, arm};
use tieout::seeded;

fn main() -> ExitCode {
    let word = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    let (kill, stop) = (word("TIEOUT_CRASH"), word("TIEOUT_STOP"));
    let kill = kill.as_deref().map(|at| (at, End::Kill));
    let stop = stop.as_deref().map(|at| (at, End::Stop));
    let log: Option<OsString> = env::var_os("TIEOUT_CRASH_LOG");
    arm(kill.or(stop), log.as_deref().map(AsRef::as_ref)).expect("a crash point and a file for the hits");
    if env::args().nth(1).as_deref() == Some("--bugs") {
        for (name, what) in seeded::CRASHES {
            println!("{name} {what}");
        }
        return ExitCode::SUCCESS;
    }
    if let Some(name) = word("TIEOUT_BUG") {
        seeded::make(Some(name.leak()));
    }
    let mut runtime = match word("TIEOUT_ONE_THREAD") {
        Some(_) => tokio::runtime::Builder::new_current_thread(),
        None => tokio::runtime::Builder::new_multi_thread(),
    };
    let runtime = runtime.enable_all().build().expect("a runtime");
    runtime.block_on(cli::main(env::args_os(), cli::carry_out))
}
