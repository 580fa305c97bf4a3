//! The oracle: makes worlds up, lets the product live through their nights, and judges every one of them from what really happened.
//!
//! `tests/oracle` builds and runs it; README.md beside this file says what it holds to be true.

mod args;
#[cfg(feature = "seeded-bugs")]
mod bugs;
mod consumer;
mod files;
mod judge;
mod night;
mod people;
mod play;
mod postgres;
mod replay;
mod server;
mod shop;
mod shrink;
mod story;
mod tally;
mod teller;
mod trail;
mod tray;
mod world;

use std::process::ExitCode;

fn main() -> ExitCode {
    match args::Args::parse(std::env::args().skip(1)) {
        Ok(args) => tally::run(&args),
        Err(usage) => {
            eprintln!("{usage}");
            ExitCode::from(2)
        }
    }
}
