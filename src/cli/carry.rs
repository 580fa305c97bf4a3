//! Carries commands out: what each of them loads, does and shows.

use super::args::{Command, ReportCommand};
use super::desk::Desk;
use super::failure::Failure;
use super::{overview, play, preflight, preview, probe, reconcile, state};

/// Carries a command out and returns the exit code of the process.
pub async fn carry_out(command: Command, desk: &Desk) -> Result<u8, Failure> {
    match command {
        Command::Run(args) => reconcile::run(desk, &args).await,
        Command::Plan(args) => reconcile::plan(desk, &args).await,
        Command::Backfill(args) => reconcile::backfill(desk, &args).await,
        Command::Status => overview::status(desk).await,
        Command::Report(ReportCommand::List { limit }) => overview::runs(desk, limit).await,
        Command::Report(ReportCommand::Show { run }) => overview::run(desk, &run).await,
        Command::Findings(command) => overview::findings(desk, command).await,
        Command::State(command) => state::carry_out(desk, command).await,
        Command::Check(args) => preflight::check(desk, &args).await,
        Command::Preview(args) => preview::preview(desk, &args).await,
        Command::Probe(args) => probe::probe(desk, &args).await,
        Command::Demo(args) => play::demo(desk, &args).await,
    }
}
